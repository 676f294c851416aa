"""Sets of instants: what every rule answers with, and what verdicts, earliest instants and black-outs are read from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.time import BEGINNING, FOREVER, MINUTE, Span

Pair = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class InstantSet:
    """A set of instants as disjoint half-open intervals in order; build it with `of`, which tidies its input."""

    intervals: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> "InstantSet":
        """Unite intervals in any order; empty ones vanish, touching ones melt into one."""
        found = [pair for pair in pairs if pair[0] < pair[1]]
        if len(found) <= 1:
            return cls(tuple(found))
        merged: list[Pair] = []
        for start, end in sorted(found):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return cls(tuple(merged))

    @classmethod
    def between(cls, start: datetime, end: datetime) -> "InstantSet":
        return cls(((start, end),)) if start < end else NEVER

    @classmethod
    def during(cls, span: Span) -> "InstantSet":
        """The whole minutes at which something can have been."""
        return cls.between(span.earliest, span.latest + MINUTE)

    @classmethod
    def since(cls, start: datetime) -> "InstantSet":
        return cls.between(start, FOREVER)

    def __contains__(self, instant: datetime) -> bool:
        return any(start <= instant < end for start, end in self.intervals)

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __or__(self, other: "InstantSet") -> "InstantSet":
        return InstantSet.of((*self.intervals, *other.intervals)) if self and other else self or other

    def __and__(self, other: "InstantSet") -> "InstantSet":
        pairs = [(max(a, c), min(b, d)) for a, b in self.intervals for c, d in other.intervals if a < d and c < b]
        return InstantSet(tuple(pairs))  # Of tidy sets it is tidy.

    def __invert__(self) -> "InstantSet":
        edges = [BEGINNING, *(edge for pair in self.intervals for edge in pair), FOREVER]
        return InstantSet(tuple(pair for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1]))

    def __sub__(self, other: "InstantSet") -> "InstantSet":
        return self & ~other if self and other else self

    def __le__(self, other: "InstantSet") -> bool:
        return all(any(a <= c and d <= b for a, b in other.intervals) for c, d in self.intervals)

    def first_from(self, instant: datetime) -> datetime | None:
        """The first member at or after an instant."""
        return next((max(start, instant) for start, end in self.intervals if end > instant), None)

    def around(self, instant: datetime) -> Pair | None:
        """The interval that an instant lies in."""
        return next((pair for pair in self.intervals if pair[0] <= instant < pair[1]), None)

    def edges_within(self, start: datetime, end: datetime) -> list[datetime]:
        """The instants after `start` and up to `end` at which membership changes."""
        return sorted({edge for pair in self.intervals for edge in pair if start < edge <= end})


ALWAYS = InstantSet.between(BEGINNING, FOREVER)
NEVER = InstantSet()
