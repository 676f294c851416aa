"""Whatever anybody states about any time, a decision grants it or refuses it, and the agenda is drawn up: nothing crashes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_OID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.decisions import decide
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Refused
from domain.study import Study
from domain.time import When, to_the_minute
from domain.words import STEPS, HoldPoint, Role
from tests.builders import BERLIN, CODE, SAO_PAULO, START, Trial, by_, codes, consent, dose, review, slot, study_of

ZONES = [BERLIN, SAO_PAULO, "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
EDGES = ["1900-01-01T00:00Z", "1900-01-01", "1900-01", "1900", "2200-12-31T23:59Z", "2200-12-31", "2200-12", "2200"]
TODAY = ["2026-01-05T08:00Z", "2026-01-05T07:59Z", "2026-01-05", "2026-01", "2026", "2025-12-31", "2024-02-29"]


def years(first: int, last: int) -> st.SearchStrategy[datetime]:
    least, most = datetime(first, 1, 1), datetime(last, 12, 31, 23, 59)  # noqa: DTZ001 - Hypothesis adds the zone.
    return st.datetimes(least, most, timezones=st.just(UTC))


WHENS = st.one_of(st.sampled_from(EDGES), st.sampled_from(TODAY), years(1900, 2200).map(lambda at: When.at(at).root)).map(When)
DAYS = st.one_of(st.sampled_from([date(1900, 1, 1), date(2026, 1, 5), date(2200, 12, 31)]), st.dates(date(1900, 1, 1), date(2200, 12, 31)))
PLANNED = st.one_of(
    st.sampled_from([datetime(1900, 1, 1, tzinfo=UTC), START, START + timedelta(days=1), datetime(2200, 12, 31, tzinfo=UTC)]),
    years(1900, 2200).filter(lambda at: at <= datetime(2200, 12, 31, tzinfo=UTC)),
)
SLOTS = st.one_of(
    st.builds(e.Slot, start=PLANNED, until=PLANNED, target=PLANNED),
    PLANNED.filter(lambda at: at < datetime(2200, 12, 30, tzinfo=UTC)).map(slot),
)
WORDS = st.one_of(st.just("x"), st.just("x" * 2000))
"""As much as a sentence holds."""


@st.composite
def facts(draw: st.DrawFn) -> e.Fact:
    at = draw(WHENS)
    kinds: list[Callable[[], e.Fact]] = [
        lambda: consent(at),
        lambda: e.ScreeningStarted(at=at),
        lambda: e.EligibilityConfirmed(at=at),
        lambda: dose(
            draw(st.sampled_from(["prednisone", "dexamethasone", "paracetamol"])),
            draw(st.sampled_from(["0.01", "10", "100000"])),
            at,
            per_day=draw(st.sampled_from([None, 1, 24])),
            stop=draw(st.one_of(st.none(), WHENS)),
            route=draw(st.sampled_from(["oral", "intramuscular", "intra-articular"])),
        ).model_copy(update={"investigational": draw(st.booleans()), "indication": draw(WORDS)}),
        lambda: e.ProcedurePerformed(name=draw(WORDS), major=True, at=at),
        lambda: review(at, draw(st.one_of(st.none(), DAYS)), draw(st.sampled_from(["medicines", "procedures"]))),
        lambda: e.LeukapheresisStarted(at=at),
        lambda: e.LeukapheresisEnded(at=at, identity=CODE, yield_e6_per_kg=Decimal(9)),
        lambda: e.ProductReceived(at=at, identity=CODE, expires=draw(DAYS)),
        lambda: e.ProductReleased(at=at, identity=CODE),
        lambda: e.LymphodepletionDose(at=at, day=draw(st.sampled_from([-5, -4, -3])), drug="fludarabine"),
        lambda: e.IdentityChecked(at=at, identity=CODE, checked_by=("one", "two")),
        lambda: e.ThawStarted(at=at, identity=CODE),
        lambda: e.InfusionStarted(at=at, identity=CODE),
        lambda: e.VisitCompleted(visit=draw(st.sampled_from(["screening", "day-7", "month-24"])), at=at),
        lambda: e.AdverseEvent(
            at=at, term=draw(WORDS), grade=3, start=draw(WHENS), stop=draw(st.one_of(st.none(), WHENS)), serious=("hospitalisation",)
        ),
        lambda: e.AdverseEventUpdated(entry=draw(st.integers(1, 8)), at=at, stop=draw(st.one_of(st.none(), WHENS)), narrative=draw(WORDS)),
        lambda: e.CytokineReleaseGraded(at=at, grade=3),
        lambda: e.ContactLost(at=at),
        lambda: e.Died(at=at),
    ]
    return draw(st.sampled_from(kinds))()


@st.composite
def commands(draw: st.DrawFn) -> c.Command:
    step = draw(st.sampled_from(STEPS))
    beginnings: dict[HoldPoint, c.Beginning] = {
        "leukapheresis": c.BeginLeukapheresis(),
        "lymphodepletion": c.BeginLymphodepletion(day=-5, drug="fludarabine"),
        "infusion": c.ReleaseToThaw(identity=CODE),
    }
    beginning = beginnings[step]
    kinds: list[Callable[[], c.Command]] = [
        *([lambda: c.Report(fact=draw(facts()))] * 6),
        lambda: c.Plan(step=step, slot=draw(SLOTS)),
        lambda: c.Perform(beginning=beginning),
        lambda: c.Override(beginning=beginning, ground="immediate-hazard"),
        lambda: c.ReleaseManually(step=step),
        lambda: c.Correct(entry=draw(st.integers(1, 8)), fact=draw(facts())),
        lambda: c.Retract(entry=draw(st.integers(1, 8))),
    ]
    return draw(st.sampled_from(kinds))()


CLOCKS = [START, datetime(2100, 2, 28, 23, 59, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, tzinfo=UTC)]


@pytest.mark.slow
@given(st.sampled_from(ZONES), st.sampled_from(CLOCKS), st.lists(commands(), max_size=12))
def test_no_time_that_can_be_stated_crashes_a_decision_or_the_agenda(zone: str, clock: datetime, asked: list[c.Command]) -> None:
    study, record = study_of(zone, None), Record("BER-001", (), Participant())
    planned = [c.Plan(step=step, slot=slot(to_the_minute(clock), hours=30)) for step in STEPS if clock.year < 2200]
    story: list[tuple[c.Command, Role]] = [
        (c.Register(site="BER"), "coordinator"),
        *((command, "investigator") for command in (c.Report(fact=consent(When("2026-01-05T08:00Z"))), *planned, *asked)),
    ]
    for command, role in story:
        record = after(command, role, record, clock, study)
        for item in agenda(record.participant, study).due(clock)[:3]:
            record = after(c.ActOn(key=item.key), "journey", record, clock, study)


def after(command: c.Command, role: Role, record: Record, clock: datetime, study: Study) -> Record:
    """The record after a command, granted or refused."""
    by = by_(role, NAMESPACE_OID, reason="it was so", signed=role == "investigator")
    try:
        events = decide(command, record, study, clock, by)
    except Refused as refused:
        events = (refused.recorded,) if refused.recorded else ()
    return record.then(events, clock, by) if events else record


@pytest.mark.parametrize("letters", [1960, 2000])
def test_words_as_long_as_they_may_be_stop_neither_the_journey_nor_a_refusal(letters: int) -> None:
    story = Trial().participant().consents().plans("lymphodepletion", START)
    story.reports(e.ProcedurePerformed(name="x" * letters, major=True, at=story.at()))
    story.advances()
    with pytest.raises(Refused, match="x" * letters):
        story.asks(c.Perform(beginning=c.BeginLymphodepletion(day=-5, drug="fludarabine")))


def test_as_many_doses_as_there_may_be_stop_neither_the_journey_nor_a_refusal() -> None:
    story = Trial().participant().consents().plans("leukapheresis", START)
    trial_drug = dose("a" * 60, "5", story.at()).model_copy(update={"investigational": True, "outside_every_class": True})
    for days in range(28):
        taken = trial_drug.model_copy(update={"start": When.at(START - timedelta(days=days))})
        story.reports(taken)
    story.advances()
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    assert "rule-fails" in codes(refused.value)


# What lies outside the years that can be stated


@pytest.mark.parametrize("text", ["1899", "1899-12", "1899-12-31", "1899-12-31T23:59Z", "2201", "2201-01-01", "0001-01-01", "9999-12-31"])
def test_a_time_outside_the_years_1900_to_2200_is_no_time(text: str) -> None:
    with pytest.raises(ValidationError):
        When(text)


@pytest.mark.parametrize("text", EDGES)
def test_the_first_and_the_last_of_these_years_are(text: str) -> None:
    assert When(text).span(BERLIN).earliest <= When(text).span(BERLIN).latest


@pytest.mark.parametrize(("day", "stands"), [("1899-12-31", False), ("1900-01-01", True), ("2200-12-31", True), ("2201-01-01", False)])
def test_an_expiry_and_a_cover_lie_in_these_years(day: str, *, stands: bool) -> None:
    for build in (
        lambda: e.ProductReceived(at=When("2026"), identity=CODE, expires=date.fromisoformat(day)),
        lambda: review(When("2026"), date.fromisoformat(day)),
    ):
        if stands:
            build()
        else:
            with pytest.raises(ValidationError):
                build()


@pytest.mark.parametrize(
    ("start", "stands"),
    [
        (datetime(1899, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(1900, 1, 1, tzinfo=UTC), True),
        (datetime(2200, 12, 30, tzinfo=UTC), True),
        (datetime(2200, 12, 31, 0, 1, tzinfo=UTC), False),
    ],
)
def test_a_slot_lies_in_these_years(start: datetime, *, stands: bool) -> None:
    if stands:
        slot(start)
    else:
        with pytest.raises(ValidationError):
            slot(start)
