"""Secrets that lie in files, each named by a setting."""

from pathlib import Path

from store.errors import Fault


def secret_in(path: Path) -> str:
    """What a file holds, without the blanks around it. Raises Fault."""
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Fault(f"Daybook cannot read the secret at {path}: {error.strerror}. Put it right, or name another file.") from error
