"""Laws of evidence: telling it more precisely never turns a verdict over, and the order in which it is told never matters."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain.gates import Gate, judge
from domain.time import When, local_date
from domain.words import STEPS, HoldPoint, ReviewKind, Route
from tests.builders import BERLIN, CODE, consent, dose, local, review, study_of, told

STEP = local("2026-03-30 12:00")
"""When the step would be; the clocks changed the day before."""
ASKED = [STEP + timedelta(minutes=minutes) for minutes in (-4320, -1440, -721, -1, 0, 1, 600, 1440, 4319, 4321, 10080)]
RULES: list[tuple[HoldPoint, str]] = [
    ("leukapheresis", "E24a"),
    ("leukapheresis", "E25"),
    ("lymphodepletion", "E26a"),
    ("infusion", "E24b"),
]


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
    route: Route = draw(st.sampled_from(["oral", "intravenous", "topical"]))
    marked = {"investigational": draw(st.booleans())}
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


EVIDENCE = st.lists(st.one_of(doses(), courses(), operations(), reviews(), reviews()), max_size=6)
RECORDED = local("2026-04-15 12:00")


def gate(step: HoldPoint, facts: Sequence[e.Fact]) -> Gate:
    return judge(step, told(facts, RECORDED).participant, study_of(), ASKED[0])


def outcomes(facts: Sequence[e.Fact]) -> list[tuple[str, datetime, str]]:
    """What every rule that asks for an absence says at every instant that is asked for."""
    found = [(rule, gate(step, facts)) for step, rule in RULES]
    return [(rule, at, one.outcome) for rule, judged in found for at in ASKED for one in judged.derivation(at).rules if one.rule == rule]


@given(EVIDENCE)
def test_more_precise_evidence_never_turns_a_verdict_over(evidence: list[Told]) -> None:
    coarse, precise = outcomes([one.coarse for one in evidence]), outcomes([one.precise for one in evidence])
    assert [was for was, now in zip(coarse, precise, strict=True) if was[-1] not in {now[-1], "not yet known"}] == []


@given(EVIDENCE)
def test_one_more_dose_or_operation_never_makes_a_rule_pass(evidence: list[Told]) -> None:
    facts = [one.coarse for one in evidence]
    reviewed = outcomes([fact for fact in facts if isinstance(fact, e.ReviewMade)])
    assert [more for less, more in zip(reviewed, outcomes(facts), strict=True) if more[-1] == "passes" != less[-1]] == []


@given(EVIDENCE)
def test_without_a_review_nothing_passes(evidence: list[Told]) -> None:
    seen = outcomes([one.precise for one in evidence if not isinstance(one.precise, e.ReviewMade)])
    assert [one for one in seen if one[-1] == "passes"] == []


@st.composite
def treatments(draw: st.DrawFn) -> e.Fact:
    """Facts of treatment of which the order of telling says nothing."""
    at = When.at(draw(instants()))
    kinds: list[Callable[[], e.Fact]] = [
        lambda: consent(at),
        lambda: e.IdentityChecked(at=at, identity=draw(st.sampled_from([CODE, "COI-0002"])), checked_by=("one", "two")),
        lambda: e.LymphodepletionDose(at=at, day=-3, drug="fludarabine", outcome=draw(st.sampled_from(["given", "reduced", "omitted"]))),
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


@given(st.data(), EVIDENCE, st.lists(treatments(), max_size=5, unique_by=lambda fact: fact.model_dump_json()))
def test_the_order_of_telling_changes_no_verdict(data: st.DataObject, evidence: list[Told], facts: list[e.Fact]) -> None:
    releases = [fact for fact in facts if isinstance(fact, e.ProductReleased)][:1]
    rest = [fact for fact in facts if not isinstance(fact, e.ProductReleased)]
    in_order = [*STANDING, *releases, *rest, *(one.coarse for one in evidence)]
    shuffled = data.draw(st.permutations(in_order))
    for step in STEPS:
        for one, other in zip(gate(step, COLLECTED + in_order).judgements, gate(step, COLLECTED + shuffled).judgements, strict=True):
            assert (one.passes, one.fails) == (other.passes, other.fails), one.rule.id
