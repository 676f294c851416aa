"""What a failure tells Temporal, which keeps it: an exception may quote the record, so only its name and its place go there."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

log = structlog.get_logger()


@contextmanager
def in_few_words(event: str, *speakable: type[Exception], **whose: str) -> Iterator[None]:
    """Raise whatever goes wrong so that Temporal tries again, in words of our own choosing; note it in the log as an event, by ids."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - Temporal retries whatever was raised, faults and bugs alike.
        words = str(error) if isinstance(error, speakable) else _place(error)
        log.warning(event, **whose, error=type(error).__name__, says=words, attempt=activity.info().attempt)
        raise ApplicationError(words, type=type(error).__name__) from None


def _place(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
