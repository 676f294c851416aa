"""The files of keys, which only their owner can read: 32 random bytes in base64, each on a line of its own."""

import os
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from store.errors import Fault
from store.keys import KEY_BYTES


@dataclass(frozen=True, slots=True)
class Kind:
    """Which key it is, and the setting that names its file."""

    name: str
    setting: str


MASTER = Kind("master key", "DAYBOOK_KEYS")
SIGNING = Kind("signing key", "DAYBOOK_SIGNING")


def secret_in(path: Path, kind: Kind, *, create: bool = False) -> bytes | None:
    """A key, or None where it is kept away from this process; a new one only its owner can read. Raises a Fault."""
    try:
        if create and not path.exists():
            written_whole(path, b64encode(os.urandom(KEY_BYTES)) + b"\n", kind)
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Fault(
            f"Daybook cannot read the {kind.name} at {path}: {error.strerror}. Put it right, or name another file in {kind.setting}."
        ) from error
    return _key_in(text, path, kind)


def written_whole(path: Path, text: bytes, kind: Kind) -> None:
    """Write a file beside its place, and put it there whole: a disk that is full leaves none, and two who come at once share one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    except OSError as error:
        raise Fault(f"Daybook cannot write a {kind.name} to {path}: {error.strerror}. Put that right, then repeat.") from error
    finally:
        beside.unlink(missing_ok=True)


def _key_in(text: bytes, path: Path, kind: Kind) -> bytes:
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Fault(f"{path} holds no {kind.name}. Put the right file back, or name another in {kind.setting}.")
    return key
