"""Harm as it cannot have been, and as it is told by a slip of the hand."""

from collections.abc import Iterator

from domain import events as e
from domain.harm import adverse_event
from domain.participant import Participant, first
from domain.rejections import Reason
from domain.time import When
from domain.words import AstctGrade, CtcaeGrade, IceScore, Seriousness

DEATH: CtcaeGrade = 5
LEAST_GRADES: tuple[tuple[IceScore, AstctGrade], ...] = ((10, 0), (7, 1), (3, 2), (0, 3))
"""From which ICE score on neurotoxicity is at least of which grade. Source: the ASTCT consensus (Lee et al. 2019), table 5."""


def impossible_harm(fact: e.Harm, participant: Participant, zone: str) -> Iterator[Reason]:
    """What is wrong with what is told of harm, whatever else is on record. `zone` is the site's IANA zone."""
    match fact:
        case e.AdverseEvent():
            yield from _times(fact.at, fact.start, fact.stop, zone)
            yield from _death(fact.grade, fact.serious)
        case e.AdverseEventUpdated():
            yield from _update(fact, participant, zone)
        case e.CytokineReleaseGraded() | e.NeurotoxicityGraded():
            pass


def improbable_grading(fact: e.Grading, participant: Participant, zone: str) -> Iterator[str]:
    """Why a grading is taken for a slip; what is graded 0 may have been looked for at any time."""
    infused = min((one.fact.at for one in participant.infusions), key=first, default=None)
    if fact.grade and (infused is None or fact.at.span(zone).latest < infused.span(zone).earliest):
        yield "no infusion is on record that lies before it"
    if isinstance(fact, e.NeurotoxicityGraded) and fact.ice is not None:
        least = next(grade for score, grade in LEAST_GRADES if fact.ice >= score)
        if fact.grade < least:
            yield f"an ICE score of {fact.ice} is of grade {least} or more, unless something else explains it"


def _update(fact: e.AdverseEventUpdated, participant: Participant, zone: str) -> Iterator[Reason]:
    known = adverse_event(participant, fact.entry)
    if known is None:
        told = ", ".join(str(one.entry) for one in participant.adverse_events) or "none"
        yield Reason(code="no-such-event", says=f"entry {fact.entry} tells of no adverse event that stands; these entries do: {told}")
        return
    yield from _times(fact.at, known.first.fact.start, fact.stop, zone)
    yield from _death(fact.grade, fact.serious)
    if not any((fact.grade, fact.stop, fact.serious, fact.relation, fact.narrative)):
        yield Reason(code="nothing-said", says="say what more is known of the adverse event")


def _times(learned: When, start: When, stop: When | None, zone: str) -> Iterator[Reason]:
    """Its 24 hours run from when the site learned of it, so that date is known, and lies after the event began."""
    if not learned.dated(zone):
        yield Reason(code="too-vague", says="the date on which the site learned of it must be known")
    if learned.span(zone).latest < start.span(zone).earliest:
        yield Reason(code="learned-before-start", says="the site cannot have learned of it before it began")
    if stop is not None and stop.span(zone).latest < start.span(zone).earliest:
        yield Reason(code="stop-before-start", says="the adverse event ends before it starts")


def _death(grade: CtcaeGrade | None, serious: tuple[Seriousness, ...]) -> Iterator[Reason]:
    """Grade 5 and the criterion say the same."""
    if (grade == DEATH) != ("fatal" in serious):
        yield Reason(code="death-by-half", says=f"an adverse event is fatal if, and only if, it is of grade {DEATH}")
