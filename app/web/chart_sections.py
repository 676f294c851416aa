"""What a participant's page tells besides steps and visits: medications, harm, matters of safety and signatures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from app.clinic_time import SiteClock
from app.web.harm_page import HarmShown, harm_shown
from app.web.next_step import StepShown
from domain.events import Event, MedicationTaken
from domain.participant import Participant
from domain.record import Record
from domain.signatures import Signed, StudyThen, signatures
from domain.standing import Noted, SafetyReport
from projections.sentences import says

LAST_COURSES, LAST_SIGNATURES, LAST_EVENTS, LAST_GRADINGS = 12, 12, 12, 6
"""How many are shown at most, so that the page of a long life stays light; all of them stand where the section leads."""
SHORTEST = 80
"""How much of what was signed is said beside a signature."""


@dataclass(frozen=True, slots=True)
class Washout:
    """A rule that forbids a step because of a course, and until when as far as that is known."""

    rule: str
    step: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Course:
    """A drug as it was taken for one reason by one route: each of its doses or tapers, and what hangs on them."""

    drug: str
    route: str
    indication: str
    lines: tuple[Noted[MedicationTaken], ...]
    washouts: tuple[Washout, ...]


@dataclass(frozen=True, slots=True)
class SignatureShown:
    """A signature, whether it stands, and in short what it is under."""

    signed: Signed
    says: str


@dataclass(frozen=True, slots=True)
class ChartSections:
    """The sections, each with how much of it is on record."""

    courses: tuple[Course, ...]
    courses_on_record: int
    safety: tuple[SafetyReport, ...]
    harm: HarmShown
    signatures: tuple[SignatureShown, ...]
    signatures_on_record: int


def chart_sections(record: Record, steps: Sequence[StepShown], clock: SiteClock, study_then: StudyThen) -> ChartSections:
    """The sections as of now: the course that was begun last, and what was signed last, come first."""
    courses, signed = list(_courses(record.participant, steps, clock)), signatures(record, study_then)
    harm = harm_shown(record.participant, clock)
    return ChartSections(
        courses=tuple(courses[:LAST_COURSES]),
        courses_on_record=len(courses),
        safety=tuple(sorted(record.participant.safety_reports.values(), key=lambda one: (not one.open, one.void, one.due))),
        harm=HarmShown(harm.events[:LAST_EVENTS], harm.gradings[:LAST_GRADINGS]),
        signatures=tuple(_shown(one, record, clock) for one in signed[: -LAST_SIGNATURES - 1 : -1]),
        signatures_on_record=len(signed),
    )


def _courses(participant: Participant, steps: Sequence[StepShown], clock: SiteClock) -> Iterator[Course]:
    def began(one: Noted[MedicationTaken]) -> datetime:
        return one.fact.start.span(clock.zone).earliest

    def course(one: Noted[MedicationTaken]) -> tuple[str, str, str]:
        return one.fact.drug, one.fact.route, one.fact.indication

    found = [(key, sorted(some, key=began)) for key, some in groupby(sorted(participant.medications, key=course), key=course)]
    for key, lines in sorted(found, key=lambda pair: began(pair[1][-1]), reverse=True):
        yield Course(*key, tuple(lines), tuple(_washouts({one.entry for one in lines}, steps)))


def _washouts(entries: set[int], steps: Sequence[StepShown]) -> Iterator[Washout]:
    """What the gates of the steps ahead do not let pass because of these entries."""
    for step in steps:
        for rule in step.in_the_way:
            if any(entries.intersection(found.evidence) for found in rule.findings):
                yield Washout(rule.id, step.step, rule.until)


def _shown(one: Signed, record: Record, clock: SiteClock) -> SignatureShown:
    return SignatureShown(one, _words(record.entries[one.first - 1].event, clock))


def _words(event: Event, clock: SiteClock) -> str:
    told = says(event, clock.zone)
    return told if len(told) <= SHORTEST else f"{told[:SHORTEST].rpartition(' ')[0]} …"
