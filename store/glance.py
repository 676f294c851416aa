"""What somebody who only looks has asked of the ledger already: it is asked once, and all that they see is of one piece."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Glance:
    """What was found out while somebody looks; no longer known once they have looked, or record something themselves."""

    def __init__(self) -> None:
        self._found: dict[Hashable, int] = {}
        self._over = False

    def of(self, what: Hashable, ask: Callable[[], int]) -> int:
        """What was found out before, or else is found out now."""
        if self._over:
            return ask()
        if what not in self._found:
            self._found[what] = ask()
        return self._found[what]

    def forget(self) -> None:
        """Something was recorded, and is to be seen."""
        self._found = {}

    def end(self) -> None:
        """They have looked: what is asked from now on is asked anew."""
        self._over = True


_GLANCE: ContextVar[Glance | None] = ContextVar("glance", default=None)


def glance() -> Glance | None:
    """The glance at hand; None for whoever acts, who is to know how things stand at each moment."""
    return _GLANCE.get()


@contextmanager
def glancing() -> Iterator[Glance]:
    """Look once, in every thread that works on it."""
    begun = Glance()
    token = _GLANCE.set(begun)
    try:
        yield begun
    finally:
        begun.end()
        _GLANCE.reset(token)
