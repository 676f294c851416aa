"""What the ledger asks of a database; SQLite and PostgreSQL each answer it in a module of their own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self
from uuid import UUID

from store.codec import Row
from store.orders import Appended, InTheWay, Order


class Found(NamedTuple):
    """The rows that stand on disk, and how far commands have appended: the last version of the stream, or position of the ledger.

    Both come from one statement, so that an append meanwhile does not look like damage.
    """

    upto: int
    rows: list[Row]

    @classmethod
    def of(cls, answer: Sequence[tuple[Any, ...]]) -> Self:
        """From rows that each stand behind `upto`; it stands alone where there is no row."""
        return cls(answer[0][0], [Row(*row[1:]) for row in answer if row[1] is not None])


class Stretch(NamedTuple):
    """What stands on disk from a position on, as bytes and unread, so that it can be proved whatever became of it."""

    entries: Sequence[tuple[Any, ...]]
    """The columns of a row, in their order."""
    commands: Sequence[tuple[Any, ...]]
    """Position, actor, command, digest, stream, first and last version of each command that ended here."""
    appended: Sequence[tuple[Any, ...]]
    """Position, stream, first and last version of what each command appended to each of its streams."""


LEAST, MOST = -(2**63), 2**63 - 1
"""The least and the greatest position that a database can hold."""


class Claim(NamedTuple):
    """A follower's right to move its position: only the highest token may."""

    token: int
    position: int


class Ears(Protocol):
    """Hears that another process has appended."""

    def wait(self, wait: Callable[[float, int | None], bool]) -> None:
        """Return when something may have been appended, or when `wait` says that somebody called; it takes seconds and a descriptor."""
        ...

    def close(self) -> None: ...


class Candidate(Protocol):
    """Somebody who wants the lock on a name."""

    def take(self) -> bool:
        """Lock the name, or say that somebody else has it; never waits. The lock ends with the process, however that ends."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Recorder(Protocol):
    """A database with the entries, the commands and what they appended, the keys and the followers of one ledger."""

    def record(self, orders: Sequence[Order]) -> int | InTheWay:
        """Append all orders in one durable transaction and return the head before them; or append nothing and say why."""
        ...

    def stream(self, stream: str, after: int = 0) -> Found:
        """The rows of a stream that stand after a version."""
        ...

    def tail(self, stream: str) -> Found:
        """The last row of a stream, if there is one."""
        ...

    def after(self, position: int, limit: int) -> Found: ...

    def head(self) -> int:
        """The last position, whether or not a row still stands there."""
        ...

    def streams(self, prefix: str) -> list[str]:
        """Every stream to which anything was ever appended, whether or not anything is left of it."""
        ...

    def command(self, actor_id: str, command_id: UUID) -> Appended | None: ...

    def keys(self, streams: Sequence[str]) -> dict[str, bytes]: ...

    def destroy_key(self, stream: str) -> bool:
        """Overwrite a key, and have every file of its table let go of it; False where one cannot yet, so that it is to be repeated.

        The log of writes of PostgreSQL, and an archive of that, let go of it in their own time.
        """
        ...

    def sealed(self) -> list[Row]:
        """The first row of each stream that begins with something sealed."""
        ...

    def stretch(self, first: int, limit: int) -> Stretch:
        """So many rows from a position on, with the commands and what they appended up to the last of these rows.

        Where there are fewer rows than that, with all commands and all that was appended beyond them too.
        """
        ...

    def before(self, stream: str, position: int) -> tuple[int, bytes] | None:
        """Version and hash of the last entry of a stream before a position, if there is one."""
        ...

    def heads(self) -> list[tuple[int, str]]:
        """Number and note of every head, in their order."""
        ...

    def tile(self, row: int, number: int) -> bytes:
        """The hashes of a tile of the tree; none where it was never kept."""
        ...

    def tiles(self) -> int:
        """How many tiles are kept."""
        ...

    def flaw(self) -> str | None:
        """What the database itself finds wrong with its file, where it can look: also in what nobody asked for, such as an index."""
        ...

    def add_head(self, number: int, note: str, tiles: Mapping[tuple[int, int], bytes]) -> bool:
        """Keep a head and the tiles as they have become, unless there is a head of that number already."""
        ...

    def claim(self, name: str) -> Claim:
        """Take over a follower's position, with a token higher than any before."""
        ...

    def move(self, name: str, token: int, before: int, after: int) -> bool:
        """Move a follower's position, if the token is still the highest and the position is where it was."""
        ...

    def candidate(self, name: str) -> Candidate: ...

    def ears(self) -> Ears: ...

    def close(self) -> None: ...
