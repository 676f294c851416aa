"""None within: an exposure or an operation in the look-back before a step, and somebody who has looked."""

from collections.abc import Iterator

from domain.instants import InstantSet
from domain.participant import Participant
from domain.protocol import NoneWithin
from domain.rules.courses import Course, course
from domain.rules.judgement import Found
from domain.rules.reviews import reviewed
from domain.time import FOREVER, Span, found_until


def none_within(rule: NoneWithin, participant: Participant, zone: str) -> tuple[Found, ...]:
    """An event counts when it overlaps the look-back, not only when it begins in it."""
    found = [one for entry, name, taken in _events(rule, participant, zone) for one in _found(rule, entry, name, taken, zone)]
    return (*found, *reviewed(participant.reviews, rule.review, rule.within, zone))


def _events(rule: NoneWithin, participant: Participant, zone: str) -> Iterator[tuple[int, str, Course]]:
    match rule.event:
        case "investigational-drug":
            for drug in participant.medications:
                if drug.fact.investigational:
                    yield drug.entry, f"investigational drug {drug.fact.drug}", course(drug, participant, zone)
        case "major-surgery":
            for done in participant.procedures:
                if done.fact.major:
                    span: Span = done.fact.at.span(zone)
                    yield done.entry, f"major surgery ({done.fact.name})", Course(span, span, frozenset())


def _found(rule: NoneWithin, entry: int, name: str, taken: Course, zone: str) -> Iterator[Found]:
    sure = InstantSet.between(taken.start.latest, found_until(taken.end.earliest, rule.within, zone))
    until = FOREVER if taken.open else found_until(taken.end.latest, rule.within, zone)
    possible = InstantSet.between(taken.start.earliest, until)
    yield Found("fails", sure, f"{name} lies in the {rule.within} before", (entry,))
    yield Found(
        "not yet known", possible - sure, f"{name} may lie in the {rule.within} before: its dates are not sure", (entry,), "coordinator"
    )
