"""Laws of evidence: telling it more precisely never turns a verdict over, and the order in which it is told never matters."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain.gates import Gate, judge
from domain.time import When, local_date
from domain.words import STEPS, HoldPoint, ReviewKind, Route
from tests.builders import BERLIN, CODE, consent, dose, go, local, pregnancy_test, review, study_of, temperature, told

STEP = local("2026-03-30 12:00")
"""When the step would be; the clocks changed the day before."""
ASKED = [STEP + timedelta(minutes=minutes) for minutes in (-4320, -1440, -721, -1, 0, 1, 600, 1440, 4319, 4321, 10080)]
RULES: list[tuple[HoldPoint, str]] = [
    ("leukapheresis", "E24a"),
    ("leukapheresis", "E25"),
    ("lymphodepletion", "E26a"),
    ("infusion", "E24b"),
    ("lymphodepletion", "no-infection"),
]
BY_THE_LAST: list[tuple[HoldPoint, str]] = [
    ("lymphodepletion", "pregnancy-test"),
    ("infusion", "afebrile"),
    ("leukapheresis", "go"),
    ("infusion", "go"),
]
"""Rules for which what was found last decides."""


class Told(NamedTuple):
    """A fact told precisely, and as somebody might tell it who remembers less."""

    precise: e.Fact
    coarse: e.Fact


def instants(days: int = 40) -> st.SearchStrategy[datetime]:
    near = st.sampled_from([0, 1, 60 * 24, 60 * 72, 60 * 72 + 1, 60 * 24 * 7, 60 * 24 * 28])
    return st.one_of(near, st.integers(-2 * 60 * 24, days * 60 * 24)).map(lambda minutes: STEP - timedelta(minutes=minutes))


@st.composite
def whens(draw: st.DrawFn, earliest: datetime | None = None) -> tuple[When, When]:
    """A time to the minute, and the same to the minute, the day, the month or the year."""
    instant = max(draw(instants()), earliest or datetime.min.replace(tzinfo=STEP.tzinfo))
    day = local_date(instant, BERLIN).isoformat()
    return When.at(instant), draw(st.sampled_from([When.at(instant), When(day), When(day), When(day[:7]), When(day[:4])]))


@st.composite
def doses(draw: st.DrawFn) -> Told:
    start, vague = draw(whens())
    drug, mg = draw(st.sampled_from(["prednisone", "dexamethasone", "paracetamol"])), draw(st.sampled_from(["1", "4", "6", "10", "10.01"]))
    route: Route = draw(st.sampled_from(["oral", "intravenous", "intramuscular", "intra-articular", "topical"]))
    marked = {"investigational": draw(st.booleans()), "depot": draw(st.sampled_from([None, True, False]))}
    precise, coarse = dose(drug, mg, start, route=route), dose(drug, mg, vague, route=route)
    return Told(precise.model_copy(update=marked), coarse.model_copy(update=marked))


@st.composite
def courses(draw: st.DrawFn) -> Told:
    start, vague = draw(whens())
    stop, vague_stop = draw(whens(start.span(BERLIN).earliest))
    one_date = local_date(start.span(BERLIN).earliest, BERLIN) == local_date(stop.span(BERLIN).earliest, BERLIN)
    per_day, mg = draw(st.integers(2 if one_date else 1, 3)), draw(st.sampled_from(["4", "5", "6", "11"]))
    ended = draw(st.booleans())
    marked = {"investigational": draw(st.booleans())}
    precise = dose("prednisone", mg, start, per_day=per_day, stop=stop if ended else None)
    coarse = dose("prednisone", mg, vague, per_day=per_day, stop=vague_stop if ended else None)
    return Told(precise.model_copy(update=marked), coarse.model_copy(update=marked))


@st.composite
def given_over_hours(draw: st.DrawFn) -> Told:
    """A dose with a start and an end, which are known to the minute or not at all."""
    start = draw(instants())
    stop = start + timedelta(minutes=draw(st.sampled_from([1, 60, 60 * 9, 60 * 30])))
    given = dose("methylprednisolone", draw(st.sampled_from(["4", "8", "8.01", "500"])), When.at(start), stop=When.at(stop))
    return Told(given, given)


@st.composite
def operations(draw: st.DrawFn) -> Told:
    at, vague = draw(whens())
    major = draw(st.booleans())
    precise, coarse = (e.ProcedurePerformed(name="an operation", major=major, at=when) for when in (at, vague))
    return Told(precise, coarse)


@st.composite
def reviews(draw: st.DrawFn) -> Told:
    at, vague = draw(whens())
    kind: ReviewKind = draw(st.sampled_from(["medicines", "procedures"]))
    covers = draw(st.sampled_from([None, date(2026, 1, 1), local_date(at.span(BERLIN).earliest, BERLIN) - timedelta(days=3)]))
    return Told(review(at, covers, kind), review(vague, covers, kind))


@st.composite
def results(draw: st.DrawFn) -> Told:
    """A pregnancy test, a temperature, or the investigator's word."""
    at, vague = draw(whens())
    makes: list[Callable[[When], e.Fact]] = [
        partial(pregnancy_test, result="negative"),
        partial(pregnancy_test, result="positive"),
        partial(temperature, degrees="37.9"),
        partial(temperature, degrees="38"),
        partial(go, so=True),
        partial(go, so=False),
    ]
    of = draw(st.sampled_from(makes))
    return Told(of(at), of(vague))


@st.composite
def infections(draw: st.DrawFn) -> Told:
    start, vague = draw(whens())
    stop, vague_stop = draw(whens(start.span(BERLIN).earliest))
    marks = {mark: draw(st.booleans()) for mark in draw(st.sets(st.sampled_from(["uncontrolled", "needs-anti-infective"])))}
    precise, coarse = (
        e.ConditionNoted(at=begun, condition="infection", start=begun, stop=over, marks=marks)
        for begun, over in ((start, stop), (vague, vague_stop))
    )
    return Told(precise, coarse)


EVIDENCE = st.lists(st.one_of(doses(), courses(), given_over_hours(), operations(), infections(), reviews(), reviews()), max_size=6)
RESULTS = st.lists(results(), max_size=5)
SHE = e.DemographicsRecorded(at=When("2026-01-05"), born=When("1990"), sex="female")
RECORDED = local("2026-04-15 12:00")


RULINGS = st.sampled_from([None, "outside", "as-systemic", "three-weeks"])


def gate(step: HoldPoint, facts: Sequence[e.Fact], ruling: str | None = "as-systemic") -> Gate:
    return judge(step, told([SHE, *facts], RECORDED).participant, study_of(BERLIN, ruling), ASKED[0])


def outcomes(
    facts: Sequence[e.Fact], ruling: str | None = "as-systemic", rules: Sequence[tuple[HoldPoint, str]] = RULES
) -> list[tuple[str, datetime, str]]:
    """What every rule that asks for an absence, or every one of `rules`, says at every instant that is asked for."""
    found = [(rule, gate(step, facts, ruling)) for step, rule in rules]
    return [(rule, at, one.outcome) for rule, judged in found for at in ASKED for one in judged.derivation(at).rules if one.rule == rule]


@pytest.mark.slow
@given(EVIDENCE, RULINGS)
def test_more_precise_evidence_never_turns_a_verdict_over(evidence: list[Told], ruling: str | None) -> None:
    coarse, precise = outcomes([one.coarse for one in evidence], ruling), outcomes([one.precise for one in evidence], ruling)
    assert [was for was, now in zip(coarse, precise, strict=True) if was[-1] not in {now[-1], "not yet known"}] == []


BEGAN = e.LymphodepletionDose(at=When.at(STEP - timedelta(days=5)), day=-5, drug="fludarabine")


@pytest.mark.slow
@given(RESULTS)
def test_a_result_that_is_told_more_precisely_never_turns_a_verdict_over(results: list[Told]) -> None:
    coarse, precise = (
        outcomes([BEGAN, *facts], rules=BY_THE_LAST) for facts in ([r.coarse for r in results], [r.precise for r in results])
    )
    assert [was for was, now in zip(coarse, precise, strict=True) if was[-1] not in {now[-1], "not yet known"}] == []


@pytest.mark.slow
@given(EVIDENCE, RULINGS)
def test_one_more_dose_or_operation_never_makes_a_rule_pass(evidence: list[Told], ruling: str | None) -> None:
    facts = [one.coarse for one in evidence]
    for last in range(len(facts)):
        fewer = outcomes([fact for n, fact in enumerate(facts) if n != last or isinstance(fact, e.ReviewMade)], ruling)
        assert [more for less, more in zip(fewer, outcomes(facts, ruling), strict=True) if more[-1] == "passes" != less[-1]] == []


@pytest.mark.slow
@given(EVIDENCE)
def test_what_may_go_on_never_passes_where_it_would_not_pass_stopped(evidence: list[Told]) -> None:
    """A course without a stop is never judged more mildly than the same course with its stop on the last date that was asked about."""
    open_ = [one.precise for one in evidence]
    for stop in (ASKED[0], ASKED[4], ASKED[-1]):
        stopped = [_stopped(fact, When.on(local_date(stop, BERLIN))) for fact in open_]
        pairs = zip(outcomes(stopped, "as-systemic"), outcomes(open_, "as-systemic"), strict=True)
        assert [more for less, more in pairs if more[-1] == "passes" != less[-1]] == []


def _stopped(fact: e.Fact, stop: When) -> e.Fact:
    goes_on = isinstance(fact, e.MedicationTaken) and fact.doses_per_day is not None and fact.stop is None
    if not goes_on or not isinstance(fact, e.MedicationTaken) or fact.start.span(BERLIN).latest > stop.span(BERLIN).earliest:
        return fact
    return fact.model_copy(update={"stop": stop})


@pytest.mark.slow
@given(EVIDENCE)
def test_until_the_study_has_ruled_nothing_passes_that_would_not_pass_under_every_ruling(evidence: list[Told]) -> None:
    facts = [one.coarse for one in evidence]
    unruled = outcomes(facts, None)
    for ruling in ("outside", "as-systemic", "three-weeks"):
        assert [one for one, ruled in zip(unruled, outcomes(facts, ruling), strict=True) if one[-1] == "passes" != ruled[-1]] == []
        assert [one for one, ruled in zip(unruled, outcomes(facts, ruling), strict=True) if one[-1] == "fails" != ruled[-1]] == []


@pytest.mark.slow
@given(EVIDENCE)
def test_without_a_review_nothing_passes(evidence: list[Told]) -> None:
    seen = outcomes([one.precise for one in evidence if not isinstance(one.precise, e.ReviewMade)], "as-systemic")
    assert [one for one in seen if one[-1] == "passes"] == []


@st.composite
def treatments(draw: st.DrawFn) -> e.Fact:
    """Facts of treatment of which the order of telling says nothing."""
    at = When.at(draw(instants()))
    kinds: list[Callable[[], e.Fact]] = [
        lambda: consent(at),
        lambda: e.IdentityChecked(at=at, identity=draw(st.sampled_from([CODE, "COI-0002"])), checked_by=("one", "two")),
        lambda: e.LymphodepletionDose(
            at=at,
            day=draw(st.sampled_from([-5, -4, -3])),
            drug="fludarabine",
            outcome=draw(st.sampled_from(["given", "reduced", "omitted"])),
        ),
        lambda: e.ProductReleased(at=at, identity=CODE),
        lambda: e.ConsentWithdrawn(at=at, scope="treatment"),
    ]
    return draw(st.sampled_from(kinds))()


COLLECTED: list[e.Fact] = [
    e.LeukapheresisStarted(at=When("2026-01-20")),
    e.LeukapheresisEnded(at=When("2026-01-20"), identity=CODE, yield_e6_per_kg=Decimal(9)),
]
STANDING: list[e.Fact] = [
    e.EligibilityConfirmed(at=When("2026-01-12")),
    e.ProductReceived(at=When("2026-03-01"), identity=CODE, expires=date(2026, 4, 2)),
]


def told_once(fact: e.Fact) -> object:
    """The same dose told twice would begin another course, so there the order of telling does matter."""
    return fact.day if isinstance(fact, e.LymphodepletionDose) else fact.model_dump_json()


@pytest.mark.slow
@given(st.data(), st.one_of(EVIDENCE, RESULTS), st.lists(treatments(), max_size=5, unique_by=told_once))
def test_the_order_of_telling_changes_no_verdict(data: st.DataObject, evidence: list[Told], facts: list[e.Fact]) -> None:
    releases = [fact for fact in facts if isinstance(fact, e.ProductReleased)][:1]
    rest = [fact for fact in facts if not isinstance(fact, e.ProductReleased)]
    in_order = [*STANDING, *releases, *rest, *(one.coarse for one in evidence)]
    shuffled = data.draw(st.permutations(in_order))
    for step in STEPS:
        for one, other in zip(gate(step, COLLECTED + in_order).judgements, gate(step, COLLECTED + shuffled).judgements, strict=True):
            assert (one.passes, one.fails) == (other.passes, other.fails), one.rule.id
