"""Answers that hold until something changes: found out once, for everybody who asks the same meanwhile."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

REMEMBERED = 32
T = TypeVar("T")


class Answers:
    """The answers that were asked for last. Who asks while somebody else finds the answer out waits for theirs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stand: Hashable = None
        self._kept: OrderedDict[Hashable, _Answer] = OrderedDict()

    def once(self, stand: Hashable, question: Hashable, made: Callable[[], T]) -> T:
        """The answer to a question as things stand, found out by whoever asks first; answers of another stand are let go."""
        with self._lock:
            if stand != self._stand:
                self._stand, self._kept = stand, OrderedDict()
            answer = self._kept.setdefault(question, _Answer())
            self._kept.move_to_end(question)
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        with answer.lock:
            if not answer.found:
                answer.found = (made(),)
            found: T = answer.found[0]
            return found


@dataclass(slots=True)
class _Answer:
    """An answer once it is found, alone in its tuple."""

    lock: Lock = field(default_factory=Lock)
    found: tuple[Any, ...] = ()
