"""One screening and one part of a criterion, without a ledger: what the boundary tables of eligibility ask."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from domain import events as e
from domain.criteria.episode import Episode
from domain.criteria.report import Part, Verdict, part_of
from domain.study import Study
from domain.time import When
from domain.words import ReviewKind, Route
from tests.builders import BERLIN, consent, local, minute, review, study_of, told

CONSENTED = minute("2026-03-30 08:00")
SCREENED = minute("2026-03-30 09:00")
"""A Monday; the clocks were put forward on the day before."""
CONFIRMED = local("2026-04-10 12:00")


def ruled(rulings: dict[str, str], zone: str = BERLIN) -> Study:
    """The demonstration study, having ruled so and not otherwise."""
    study = study_of(zone, None)
    return replace(study, record=replace(study.record, rulings=rulings))


def judged(part: str, *facts: e.Event, at: datetime = CONFIRMED, zone: str = BERLIN, rulings: dict[str, str] | None = None) -> Part:
    """A part as judged for a confirmation, when consent, the start of screening and these facts are on record."""
    return in_screening(part, consent(CONSENTED), e.ScreeningStarted(at=SCREENED), *facts, at=at, zone=zone, rulings=rulings)


def in_screening(part: str, *facts: e.Event, at: datetime = CONFIRMED, zone: str = BERLIN, rulings: dict[str, str] | None = None) -> Part:
    """A part as judged for a confirmation, when these facts are all that is on record."""
    episode = Episode.of(told(facts, at).participant, ruled(rulings or {}, zone), at)
    return next(part_of(one, episode) for one in episode.protocol.criteria if one.id == part)


def verdict(part: str, *facts: e.Event, at: datetime = CONFIRMED, rulings: dict[str, str] | None = None) -> Verdict:
    """Only the verdict."""
    return judged(part, *facts, at=at, rulings=rulings).verdict


def looked(*kinds: ReviewKind, at: str = "2026-04-02 10:00", covers_from: date | None = None) -> list[e.ReviewMade]:
    """Reviews made in the screening, of the whole life unless told otherwise."""
    return [review(_when(at), covers_from, kind) for kind in kinds]


def observed(test: str, outcome: str, at: str = "2026-04-01 08:00", *, unit: str | None = None, valid: bool = True) -> e.ObservationMade:
    """A test with a value, where the outcome is a number, or a result."""
    number = outcome.replace(".", "", 1).isdigit()
    value, result = (Decimal(outcome), None) if number else (None, outcome)
    return e.ObservationMade(at=_when(at), test=test, value=value, result=result, unit=unit, valid=valid)


def noted(
    condition: str, start: str, stop: str | None = None, *, at: str = "2026-04-01 10:00", grade: int | None = None, **marks: bool
) -> e.ConditionNoted:
    """A condition with its marks, noted in the screening."""
    named = {name.replace("_", "-"): holds for name, holds in marks.items()}
    return e.ConditionNoted(
        at=_when(at), condition=condition, start=_when(start), stop=_when(stop) if stop else None, marks=named, grade=grade
    )


def done(category: str, at: str, ml: int | None = None) -> e.ProcedurePerformed:
    """A procedure of a category."""
    return e.ProcedurePerformed(name=category, category=category, major=False, at=_when(at), volume_ml=ml)


def taken(  # noqa: PLR0913 - All that a line of a medication chart says.
    drug: str, start: str, stop: str | None = None, *, mg: str = "10", per_day: int | None = None, route: Route = "oral"
) -> e.MedicationTaken:
    """A single dose, or a course when it has doses per day."""
    return e.MedicationTaken(
        drug=drug,
        dose_mg=Decimal(mg),
        doses_per_day=per_day,
        route=route,
        start=_when(start),
        stop=_when(stop) if stop else None,
        indication="lupus",
    )


def attested(at: str = "2026-04-02 11:00", **holds: bool) -> e.Attested:
    """What was attested in the screening."""
    return e.Attested(at=_when(at), holds={name.replace("_", "-"): so for name, so in holds.items()})


def assessed(
    score: str, *present: str, absent: tuple[str, ...] = (), at: str = "2026-04-01 09:00", since: str | None = None
) -> e.ScoreAssessed:
    """Items of a score that were present, since a time, and items that were not."""
    items = [
        *(e.ScoreItem(item=name, present=True, since=_when(since) if since else None) for name in present),
        *(e.ScoreItem(item=name, present=False) for name in absent),
    ]
    return e.ScoreAssessed(at=_when(at), score=score, items=tuple(items))


def born(on: str, sex: str = "female") -> e.DemographicsRecorded:
    """Who the participant is."""
    return e.DemographicsRecorded.model_validate({"at": SCREENED, "born": When(on), "sex": sex})


def _when(text: str) -> When:
    """A time on the clocks of Berlin, or a date, month or year as it is."""
    return minute(text) if ":" in text else When(text)
