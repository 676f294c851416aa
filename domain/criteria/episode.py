"""One screening as it is judged at an instant: its anchors, and what is on record that had occurred by then."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, TypeVar

from domain.criteria.language import Anchor
from domain.events import ConsentSigned, Evidence, MedicationTaken, ReviewMade, VaccineGiven, begins
from domain.participant import Participant
from domain.protocol import Protocol
from domain.rules.courses import Course, course
from domain.rules.reviews import Reviews, start_of_cover
from domain.standing import Noted
from domain.study import Study
from domain.time import Span, local_date, midnight, to_the_minute
from domain.words import ReviewKind, Route


class Given(NamedTuple):
    """A drug or a vaccine on record: over what time, by which route (None: a vaccine), of which classes (None: nobody has said)."""

    name: str
    entry: int
    course: Course
    route: Route | None
    classes: frozenset[str] | None


T = TypeVar("T", bound=Evidence)
FIRST = 1
"""The version of the first entry."""


class Looked(NamedTuple):
    """A review, when it was made, and since when it and those before it cover the time without a gap."""

    review: Noted[ReviewMade]
    made: Span
    reaches: datetime


@dataclass(frozen=True)
class Episode:
    """The participant's last screening, judged for a confirmation at `at`, a whole minute in UTC.

    Nothing counts that surely came after `at`: a later event changes no eligibility, a fact about the time before does.
    """

    participant: Participant
    study: Study
    at: datetime

    @classmethod
    def of(cls, participant: Participant, study: Study, at: datetime) -> "Episode":
        """The screening as judged at an instant, by the evidence that does not surely come after it.

        An assessment that does may date items to the time before, and stays.
        """
        minute, zone = to_the_minute(at), study.zone(participant.site)

        def seen(told: tuple[Noted[T], ...]) -> tuple[Noted[T], ...]:
            return tuple(one for one in told if begins(one.fact).span(zone).earliest <= minute)

        known = replace(
            participant,
            observations=seen(participant.observations),
            conditions=seen(participant.conditions),
            attestations=seen(participant.attestations),
            vaccines=seen(participant.vaccines),
            medications=seen(participant.medications),
            procedures=seen(participant.procedures),
            reviews=seen(participant.reviews),
        )
        return cls(known, study, minute)

    @cached_property
    def zone(self) -> str:
        """The IANA zone of the participant's site."""
        return self.study.zone(self.participant.site)

    @cached_property
    def protocol(self) -> Protocol:
        return self.study.protocol(self.participant.protocol)

    @cached_property
    def screening(self) -> Span | None:
        """When the first study-specific procedure of the last screening took place."""
        started = self.participant.screenings[-1] if self.participant.screenings else None
        return None if started is None else started.fact.at.span(self.zone)

    @cached_property
    def consents(self) -> tuple[Noted[ConsentSigned], ...]:
        """Every consent signed for this screening: one from before an earlier screening failed does not count."""
        began = self.participant.screenings[-1].entry if self.participant.screenings else FIRST
        failed = max((one.entry for one in self.participant.screenings_failed if one.entry < began), default=0)
        return tuple(one for one in self.participant.consents if one.entry > failed)

    @cached_property
    def consent(self) -> tuple[Span, int] | None:
        """The first consent signed for this screening, with its entry."""
        signed = {one.entry: one.fact.at.span(self.zone) for one in self.consents}
        first = first_of(signed.values())
        return None if first is None else (first, min(signed, key=lambda entry: signed[entry].latest))

    def anchored(self, anchor: Anchor) -> Span | None:
        """The time of an anchor, as precisely as it is known; None before it has come about."""
        match anchor:
            case "consent":
                return self.consent[0] if self.consent else None
            case "screening":
                return self.screening
            case "confirmation":
                return Span(self.at, self.at)

    @cached_property
    def drugs(self) -> tuple[Given, ...]:
        """Every drug and vaccine on record, which criteria look through again and again."""
        given = []
        for one, fact in ((one, one.fact) for one in self.participant.medications):
            taken, classes = course(one, self.participant, self.zone), self._classes(fact.drug, fact)
            given.append(Given(fact.drug, one.entry, taken, fact.route, classes))
        for vaccine, shot in ((one, one.fact) for one in self.participant.vaccines):
            span: Span = shot.at.span(self.zone)
            classes = self._classes(shot.vaccine, shot)
            given.append(Given(shot.vaccine, vaccine.entry, Course(span, span, frozenset()), None, classes))
        return tuple(given)

    def _classes(self, name: str, fact: MedicationTaken | VaccineGiven) -> frozenset[str] | None:
        return self.study.classes(name, fact.classes, outside=fact.outside_every_class)

    @cached_property
    def looked(self) -> Mapping[ReviewKind, tuple[Looked, ...]]:
        """The reviews that surely were made in this screening and by the time of judging, by kind, each with how far back it reaches.

        To its reach those count that were made before it, also before this screening.
        """
        by_kind: dict[ReviewKind, list[Noted[ReviewMade]]] = {}
        for one in self.participant.reviews:
            by_kind.setdefault(one.fact.review, []).append(one)
        return {kind: tuple(self._made_here(tuple(every))) for kind, every in by_kind.items()}

    def _made_here(self, of_kind: Reviews) -> Iterator[Looked]:
        for review in of_kind:
            made = review.fact.at.span(self.zone)
            if self.surely_within(made) and made.latest <= self.at:
                yield Looked(review, made, start_of_cover(review, of_kind, self.zone))

    def surely_within(self, made: Span) -> bool:
        """Whether something that was done then surely belongs to this screening; its first date belongs to it whole."""
        return self._begun is not None and made.earliest >= self._begun.latest

    def perhaps_within(self, made: Span) -> bool:
        """Whether it may belong to this screening, and may have been done by the time of judging; never before the consent."""
        if self._begun is None or (self.consent is not None and made.latest < self.consent[0].earliest):
            return False
        return self._begun.earliest <= made.latest and made.earliest <= self.at

    @cached_property
    def _begun(self) -> Span | None:
        """The first instant of the screening's first date at the site."""
        if self.screening is None:
            return None
        return Span(*(midnight(local_date(instant, self.zone), self.zone) for instant in (self.screening.earliest, self.screening.latest)))


def first_of(spans: Collection[Span]) -> Span | None:
    """When the first of several was, as precisely as that is known; None where there is none."""
    return Span(min(one.earliest for one in spans), min(one.latest for one in spans)) if spans else None
