"""The log is about the program: names, ids and counts, one line for each command and activity, never a clinical value."""

import logging
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, Protocol

import structlog

PERMITTED = frozenset(
    {
        "acts",
        "actor",
        "attempt",
        "cause",
        "command",
        "command_id",
        "entries",
        "error",
        "event",
        "exit_code",
        "level",
        "participant",
        "participants",
    }
    | {"position", "process", "role", "seconds", "site", "sleep", "step", "stream", "study", "timestamp", "version"}
)
"""The only keys that reach a log. Each holds an id, a name or a number."""
AN_ID = re.compile(r"[\w.:+/@-]{1,120}")
"""Ids and names have no blanks; what has any is a sentence, and a sentence can say anything."""

Line = MutableMapping[str, Any]


class Writable(Protocol):
    """What a log is written to."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


@contextmanager
def logging_to(file: Writable, form: Literal["console", "json"]) -> Iterator[None]:
    """Write the log of this process there meanwhile, with the warnings of its libraries."""
    before = structlog.get_config()
    render = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=file.isatty())
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, ids_only, render],
        logger_factory=lambda *_: structlog.WriteLogger(file),  # type: ignore[arg-type]  # It asks for no more than this.
        cache_logger_on_first_use=False,
    )
    if not any(isinstance(handler, Libraries) for handler in logging.root.handlers):
        logging.root.addHandler(Libraries(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(**before)


def ids_only(_logger: object, _method: str, line: Line) -> Mapping[str, Any]:
    """Drop everything but permitted keys with plain values, so that nothing clinical can slip into the log."""
    return {key: value for key, value in line.items() if key in PERMITTED and _plain(value)}


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and AN_ID.fullmatch(value) is not None)


class Libraries(logging.Handler):
    """Notes of a library's line only where in its code it was written: its words may quote anything."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, f"{record.name}:{record.lineno}")
