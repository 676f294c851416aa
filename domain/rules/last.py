"""The last decides: of several results or attestations, whose times may be uncertain, the one that came last, until it is too old."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.instants import InstantSet
from domain.rules.judgement import Found
from domain.rules.reviews import fresh_until
from domain.time import FOREVER, Period, Span
from domain.verdicts import Outcome
from domain.words import Role


class Dated(NamedTuple):
    """Something that was found at a time, which may be uncertain: what it means, in words, by which entry, and until when at most."""

    made: Span
    outcome: Outcome
    says: str
    entry: int
    until: datetime = FOREVER

    def unsure(self, why: str) -> "Dated":
        """The same, deciding nothing."""
        return self._replace(outcome="not yet known", says=f"{self.says}; {why}")

    def until_older_than(self, age: Period, zone: str) -> "Dated":
        """The same, deciding nothing once it is older than that."""
        return self._replace(until=fresh_until(self.made.earliest, age, zone))


def last_decides(made: Sequence[Dated], asks: Role = "coordinator") -> Iterator[Found]:
    """Each decides from when it surely was made until another may have been, or it is too old.

    While it is not sure which of several was the last, they decide only where they agree; one that is too old itself leaves in
    doubt all the same whether another was the last.
    """
    over = [_is_last(one, made) for one in made]
    perhaps = [its | InstantSet.between(one.made.earliest, one.made.latest) for one, its in zip(made, over, strict=True)]
    for n, one in enumerate(made):
        decides = over[n] - InstantSet.since(one.until)
        others = InstantSet.of(
            pair for other, its in zip(made, perhaps, strict=True) if other.outcome != one.outcome for pair in its.intervals
        )
        yield Found(one.outcome, decides - others, one.says, (one.entry,), asks)
        unsure = (decides & others) | InstantSet.between(one.made.earliest, one.made.latest)
        yield Found("not yet known", unsure, f"{one.says}; it is not sure that it came last", (one.entry,), asks)


def _is_last(one: Dated, made: Sequence[Dated]) -> InstantSet:
    later = min((other.made.earliest for other in made if other.made.earliest > one.made.latest), default=FOREVER)
    return InstantSet.between(one.made.latest, later)
