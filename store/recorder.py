"""What the ledger asks of a database; SQLite and PostgreSQL each answer it in a module of their own."""

from collections.abc import Callable, Sequence
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

    def stream(self, stream: str) -> Found: ...

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

    def destroy_key(self, stream: str) -> None: ...

    def claim(self, name: str) -> Claim:
        """Take over a follower's position, with a token higher than any before."""
        ...

    def move(self, name: str, token: int, before: int, after: int) -> bool:
        """Move a follower's position, if the token is still the highest and the position is where it was."""
        ...

    def candidate(self, name: str) -> Candidate: ...

    def ears(self) -> Ears: ...

    def close(self) -> None: ...
