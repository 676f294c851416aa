"""A medication as a course in time: from when to when it was surely, and possibly, taken."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.events import MedicationTaken
from domain.participant import Participant
from domain.standing import Noted
from domain.time import MINUTE, Period, Span, day_after, local_date, midnight, to_the_minute


@dataclass(frozen=True, slots=True)
class Course:
    """From the first to the last dose, with the minutes at which a dose is known.

    `open`: it may have gone on after `end`. `continuous`: it is one dose, given from start to end.
    """

    start: Span
    end: Span
    known: frozenset[datetime]
    open: bool = False
    continuous: bool = False


def course(medication: Noted[MedicationTaken], participant: Participant, zone: str) -> Course:
    """A single dose starts and ends at once; a course whose stop nobody recorded is sure until the eve of the last look at it."""
    fact = medication.fact
    start = fact.start.span(zone)
    if fact.stop is None and fact.doses_per_day is not None:
        return Course(start, _sure_end(medication, participant, start, zone), _minutes(start), open=True)
    end = start if fact.stop is None else fact.stop.span(zone)
    return Course(start, end, _minutes(start) | _minutes(end), continuous=fact.stop is not None and fact.doses_per_day is None)


def released(taken: Course, period: Period, zone: str) -> Course:
    """Injections that go on releasing for a period after each of them, as doses on every date of it."""
    earliest, latest = (_last_minute(period.after(local_date(end, zone)), zone) for end in (taken.end.earliest, taken.end.latest))
    return Course(taken.start, Span(earliest, latest), _minutes(taken.start), open=taken.open)


def _last_minute(day: date, zone: str) -> datetime:
    return midnight(day_after(day), zone) - MINUTE


def _sure_end(medication: Noted[MedicationTaken], participant: Participant, start: Span, zone: str) -> Span:
    reviews = (review.fact.at.span(zone).earliest for review in participant.reviews if review.fact.review == "medicines")
    looked = max([to_the_minute(medication.recorded_at), *reviews])
    eve = midnight(local_date(looked, zone), zone) - MINUTE
    end = max(eve, _last_minute(local_date(start.latest, zone), zone))
    return Span(end, end)


def _minutes(span: Span) -> frozenset[datetime]:
    return frozenset({span.earliest}) if span.exact else frozenset()
