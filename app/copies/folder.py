"""The folder that something is handed out in: made for it, written in plain words where that fails, and stated file by file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.copies import NotWhole, verify
from domain.rejections import Reason, Refused
from store.errors import Fault, in_plain_words

UNREADABLE = "what is stored, or what is kept of the tree, cannot be read as it was recorded. `daybook verify` says more."


def make_folder(folder: Path) -> None:
    """Make a folder in which nothing lies yet. Raises Refused or a Fault."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise Fault(f"Daybook cannot make the folder {folder}: {error.strerror}. Name another.") from error
    if taken:
        raise Refused(Reason(code="folder-taken", says=f"{folder} holds something already; a copy is made in a folder of its own"))


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Say in plain words what stands in the way of writing into a folder. Raises NotWhole or a Fault."""
    with in_plain_words():
        try:
            yield
        except (LookupError, ValueError) as error:
            raise NotWhole(f"Nothing was certified: {UNREADABLE}") from error
        except OSError as error:
            raise Fault(
                f"Daybook cannot write the copy to {folder}: {error.strerror}. Put that right, and begin with a new folder."
            ) from error


def files_in(folder: Path) -> dict[str, dict[str, str | int]]:
    """Every file of a folder, by its SHA-256 and how long it is."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): {"sha256": verify.digest_of(path), "bytes": path.stat().st_size} for path in paths}
