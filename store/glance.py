"""What somebody who only looks was told by the ledger already: they are told it once, so that all that they see is of one piece."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")


class Glance:
    """What was found out while somebody looks; known no longer once they have looked, or something is recorded for them."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Any] = {}
        self._over = False

    def of(self, what: Hashable, ask: Callable[[], T]) -> T:
        """What was found out before, or else is found out now."""
        if self._over:
            return ask()
        found = self._found
        if what not in found:
            found[what] = ask()
        known: T = found[what]
        return known

    def forget(self) -> None:
        """Something was recorded, and is to be seen."""
        self._found = {}

    def end(self) -> None:
        """They have looked: what is asked from now on is asked anew."""
        self._over = True


_GLANCE: ContextVar[Glance | None] = ContextVar("glance", default=None)


def glanced(what: Hashable, ask: Callable[[], T]) -> T:
    """What is found out once in a glance; without one, how things stand now."""
    glance = _GLANCE.get()
    return ask() if glance is None else glance.of(what, ask)


def recorded_meanwhile() -> None:
    """Whoever looks is to see what was just recorded for them, or found to have been recorded by somebody else."""
    if glance := _GLANCE.get():
        glance.forget()


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
