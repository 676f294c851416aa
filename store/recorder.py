"""What the ledger asks of a database; SQLite and PostgreSQL each answer it in a module of their own."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from store.codec import Row
from store.orders import Appended, InTheWay, Order


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
    """A database with the entries, the commands, the keys and the followers of one ledger."""

    def record(self, orders: Sequence[Order]) -> int | InTheWay:
        """Append all orders in one durable transaction and return the head before them; or append nothing and say why."""
        ...

    def stream(self, stream: str) -> list[Row]: ...

    def tail(self, stream: str) -> Row | None: ...

    def after(self, position: int, limit: int) -> list[Row]: ...

    def head(self) -> int: ...

    def streams(self, prefix: str) -> list[str]: ...

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
