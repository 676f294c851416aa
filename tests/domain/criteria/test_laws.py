"""Laws of eligibility: more precise evidence never turns a verdict over, the order of telling never matters, the past stays as it was."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain.criteria.report import Verdict, eligibility
from domain.protocol import Protocol
from domain.record import Record
from domain.time import When, local_date
from domain.words import Route
from tests.builders import BERLIN, consent, local, study_of, told
from tests.domain.criteria.given import CONFIRMED, CONSENTED, SCREENED, ruled

SCREENING = local("2026-03-30 09:00")
PROTOCOL: Protocol = study_of().protocol(1)
DRUGS = ["prednisone", "dexamethasone", "tofacitinib", "filgotinib", "belimumab", "rituximab", "adalimumab", "hydroxychloroquine"]
ROUTES: list[Route] = ["oral", "intravenous", "topical"]
BEGINNING = (consent(CONSENTED), e.ScreeningStarted(at=SCREENED))


class Told(NamedTuple):
    """A fact told precisely, and as somebody might tell it who knows less."""

    precise: e.Fact
    coarse: e.Fact


@st.composite
def whens(draw: st.DrawFn, after: datetime | None = None) -> tuple[When, When]:
    """A time to the minute, and the same to the minute, the day, the month or the year."""
    near = st.sampled_from([0, 1, 14, 28, 29, 56, 57, 168, 183, 365]).map(lambda days: SCREENING - timedelta(days=days))
    inside = st.integers(-60, 16 * 24 * 60).map(lambda minutes: SCREENING + timedelta(minutes=minutes))
    far = st.integers(0, 900 * 24).map(lambda hours: SCREENING - timedelta(hours=hours))
    instant = max(draw(st.one_of(near, inside, far)), after or SCREENING - timedelta(days=9999))
    day = local_date(instant, BERLIN).isoformat()
    return When.at(instant), draw(st.sampled_from([When.at(instant), When(day), When(day[:7]), When(day[:4])]))


@st.composite
def conditions(draw: st.DrawFn) -> Told:
    name = draw(st.sampled_from(sorted(PROTOCOL.conditions)))
    kind = PROTOCOL.conditions[name]
    (start, vague), marks = draw(whens()), {mark: draw(st.booleans()) for mark in kind.marks}
    noted = When.at(max(start.span(BERLIN).earliest, SCREENING) + timedelta(hours=1))
    stop, vague_stop = draw(st.one_of(st.just((None, None)), whens(start.span(BERLIN).earliest)))
    known = draw(st.sets(st.sampled_from(kind.marks))) if kind.marks else set()
    grade = draw(st.integers(1, 5)) if kind.graded else None
    precise = e.ConditionNoted(at=noted, condition=name, start=start, stop=stop, marks=marks, grade=grade)
    fewer = {mark: holds for mark, holds in marks.items() if mark in known}
    coarse = e.ConditionNoted(
        at=noted, condition=name, start=vague, stop=vague_stop, marks=fewer, grade=draw(st.sampled_from([grade, None]))
    )
    return Told(precise, coarse)


@st.composite
def procedures(draw: st.DrawFn) -> Told:
    category = draw(st.sampled_from(sorted(PROTOCOL.procedures)))
    at, vague = draw(whens())
    ml = draw(st.sampled_from([150, 250, 399, 400])) if PROTOCOL.procedures[category].measured else None
    precise = e.ProcedurePerformed(name=category, category=category, major=False, at=at, volume_ml=ml)
    return Told(precise, precise.model_copy(update={"at": vague, "volume_ml": draw(st.sampled_from([ml, None]))}))


@st.composite
def medications(draw: st.DrawFn) -> Told:
    start, vague = draw(whens())
    stop, vague_stop = draw(whens(start.span(BERLIN).earliest + timedelta(days=1)))
    per_day, ended = draw(st.sampled_from([None, 1, 2])), draw(st.booleans())
    route = draw(st.sampled_from(ROUTES))
    precise = e.MedicationTaken(
        drug=draw(st.sampled_from(DRUGS)),
        dose_mg=Decimal(draw(st.sampled_from(["10", "100", "125"]))),
        doses_per_day=per_day,
        route=route,
        start=start,
        stop=stop if per_day and ended else None,
        indication="lupus",
    )
    return Told(precise, precise.model_copy(update={"start": vague, "stop": vague_stop if per_day and ended else None}))


@st.composite
def observations(draw: st.DrawFn) -> Told:
    name = draw(st.sampled_from(sorted(PROTOCOL.tests)))
    test, (at, vague) = PROTOCOL.tests[name], draw(whens())
    value = draw(st.sampled_from([test.least, test.most, Decimal(1), Decimal(40)])) if not test.results else None
    result = draw(st.sampled_from(test.results)) if test.results else None
    precise = e.ObservationMade(at=at, test=name, value=value, unit=test.unit if value is not None else None, result=result)
    return Told(precise, precise.model_copy(update={"at": vague}))


@st.composite
def assessments(draw: st.DrawFn) -> Told:
    name = draw(st.sampled_from(sorted(PROTOCOL.scores)))
    (at, vague), items = draw(whens()), []
    for item in draw(st.lists(st.sampled_from(sorted(PROTOCOL.scores[name].items)), min_size=1, max_size=6, unique=True)):
        present = draw(st.booleans())
        items.append(e.ScoreItem(item=item, present=present, since=When("2024-05-01") if present else None))
    kept = draw(st.lists(st.sampled_from(items), min_size=1, unique_by=lambda item: item.item))
    times = {item.item: draw(whens()) for item in items if item.item in PROTOCOL.scores[name].laboratory}
    known = {item.item: times[item.item][1] for item in kept if item.item in times and draw(st.booleans())}
    precise = e.ScoreAssessed(at=at, score=name, items=tuple(items), drawn={item: told[0] for item, told in times.items()})
    return Told(precise, e.ScoreAssessed(at=vague, score=name, items=tuple(kept), drawn=known))


@st.composite
def reviews(draw: st.DrawFn) -> Told:
    at, vague = draw(whens())
    covers = draw(st.sampled_from([None, local_date(SCREENING - timedelta(days=57), BERLIN), local_date(SCREENING, BERLIN)]))
    covers = None if covers is not None and covers > local_date(at.span(BERLIN).earliest, BERLIN) else covers
    kind = draw(st.sampled_from(["history", "medicines", "procedures", "psychiatric", "plans"]))
    made = e.ReviewMade.model_validate({"at": at, "covers_from": covers, "review": kind, "sources": ("chart",)})
    return Told(made, made.model_copy(update={"at": vague}))


@st.composite
def attestations(draw: st.DrawFn) -> Told:
    at, vague = draw(whens())
    names = draw(st.lists(st.sampled_from(sorted(PROTOCOL.attestations)), min_size=1, max_size=5, unique=True))
    made = e.Attested(at=at, holds={name: draw(st.booleans()) for name in names})
    return Told(made, made.model_copy(update={"at": vague}))


@st.composite
def demographics(draw: st.DrawFn) -> Told:
    born = draw(st.sampled_from(["2008-03-30", "2008-03-31", "1955-03-30", "1955-03-31", "1985-06-01"]))
    sex = draw(st.sampled_from(["female", "male"]))
    told_ = {"at": SCREENED, "sex": sex}
    vague = born[: draw(st.sampled_from([10, 7, 4]))]
    return Told(*(e.DemographicsRecorded.model_validate(told_ | {"born": When(day)}) for day in (born, vague)))


PIECES = st.one_of(conditions(), procedures(), medications(), observations(), assessments(), reviews(), attestations(), demographics())
EVIDENCE = st.lists(PIECES, min_size=1, max_size=12)
RULINGS = st.dictionaries(st.sampled_from(sorted(PROTOCOL.rulings)), st.just("")).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sampled_from(sorted(PROTOCOL.rulings[name].choices)) for name in names})
)


def verdicts(facts: Sequence[e.Event], rulings: dict[str, str], at: datetime = CONFIRMED) -> dict[str, Verdict]:
    """The verdict of every part, with consent and screening on record before these facts."""
    return of(told((*BEGINNING, *facts), at), rulings, at)


def of(record: Record, rulings: dict[str, str], at: datetime = CONFIRMED) -> dict[str, Verdict]:
    return {part.id: part.verdict for part in eligibility(record.participant, ruled(rulings), at).parts}


@pytest.mark.slow
@given(EVIDENCE, RULINGS)
def test_more_precise_evidence_never_turns_a_verdict_over(evidence: list[Told], rulings: dict[str, str]) -> None:
    precise, coarse = verdicts([one.precise for one in evidence], rulings), verdicts([one.coarse for one in evidence], rulings)
    turned = {
        part: (verdict, precise[part]) for part, verdict in coarse.items() if verdict in {"passes", "fails"} and precise[part] != verdict
    }
    assert not turned


@pytest.mark.slow
@given(EVIDENCE, RULINGS, st.randoms())
def test_the_order_in_which_evidence_is_told_never_matters(evidence: list[Told], rulings: dict[str, str], dice: object) -> None:
    facts = [one.coarse for one in evidence]
    other = list(facts)
    dice.shuffle(other)  # type: ignore[attr-defined]  # Hypothesis gives a source of randomness.
    kept = [fact for fact in facts if not isinstance(fact, e.DemographicsRecorded)]
    again = [fact for fact in other if not isinstance(fact, e.DemographicsRecorded)]
    assert verdicts(kept, rulings) == verdicts(again, rulings)


@pytest.mark.slow
@given(EVIDENCE, RULINGS)
def test_a_ruling_turns_only_what_was_not_known(evidence: list[Told], rulings: dict[str, str]) -> None:
    facts = [one.precise for one in evidence]
    unruled, ruled_so = verdicts(facts, {}), verdicts(facts, rulings)
    known = {part: verdict for part, verdict in unruled.items() if verdict in {"passes", "fails"}}
    assert {part: ruled_so[part] for part in known} == known
