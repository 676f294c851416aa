"""What people ask of a record is granted, or refused with every reason at once and nothing recorded."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_OID

import pytest

from domain import commands as c
from domain import events as e
from domain.decisions import decide
from domain.entry import Actor
from domain.rejections import Refused
from domain.time import When
from domain.words import Role, Source
from tests.builders import CODE, START, Story, Trial, by_, codes, consent, dose, review, slot

LATER = START + timedelta(days=10)
OTHER = "COI-0002"


def refused(story: Story, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> set[str]:
    """The codes of the reasons for which a command is refused; nothing but the refusal of a step is recorded."""
    before = story.record.version
    with pytest.raises(Refused) as refusal:
        story.asks(command, role, reason=reason, signed=signed)
    added = [entry.event for entry in story.record.entries[before:]]
    assert added == ([refusal.value.recorded] if refusal.value.recorded else [])
    assert all(reason.says for reason in refusal.value.reasons)
    return codes(refusal.value)


def report(fact: e.Fact) -> c.Report:
    return c.Report(fact=fact)


def registered() -> Story:
    return Trial().participant()


def consented() -> Story:
    return registered().consents()


def eligible() -> Story:
    return registered().is_eligible()


def collected() -> Story:
    return eligible().is_collected()


# Joining


def test_a_participant_is_registered_under_the_protocol_that_the_site_has_approved() -> None:
    story = Story(Trial(), "BER-007")
    assert [event.kind for event in story.asks(c.Register(site="BER")).events] == ["registered.v1", "protocol-adopted.v1"]
    assert (story.now.site, story.now.protocol) == ("BER", 1)


def test_registering_twice_and_at_an_unknown_site_is_refused_for_both_reasons_at_once() -> None:
    assert refused(registered(), c.Register(site="XYZ")) == {"already-registered", "unknown-site"}


@pytest.mark.parametrize(
    "command",
    [report(consent(When("2026-01-05"))), c.Plan(step="infusion", slot=slot(LATER)), c.Cancel(step="infusion"), c.Retract(entry=1)],
    ids=lambda command: command.kind,
)
def test_nothing_is_asked_of_a_participant_who_is_not_registered(command: c.Command) -> None:
    assert refused(Story(Trial(), "BER-009"), command) == {"unknown-participant"}


# Reports that are impossible or ill-formed

NOW = When.at(START)
TOMORROW = When("2026-01-06")
DIFFERENT: dict[str, tuple[e.Fact, set[str]]] = {
    "a minute ahead": (dose("prednisone", "5", When("2026-01-05T08:01Z")), {"future"}),
    "tomorrow": (dose("prednisone", "5", TOMORROW), {"future"}),
    "a month that has not begun": (dose("prednisone", "5", When("2026-02")), {"future"}),
    "a stop that lies ahead": (dose("prednisone", "5", NOW, per_day=1, stop=TOMORROW), {"future"}),
    "a birth tomorrow, of a year not over": (e.DemographicsRecorded(at=When("2026"), born=TOMORROW, sex="female"), {"future"}),
    "an item since tomorrow, of a year not over": (
        e.ScoreAssessed(at=When("2026"), score="selena-sledai", items=(e.ScoreItem(item="rash", present=True, since=TOMORROW),)),
        {"future"},
    ),
    "a stop before its start": (dose("prednisone", "5", When("2026-01-05"), per_day=1, stop=When("2026-01-04")), {"stop-before-start"}),
    "a single dose from date to date": (dose("prednisone", "5", When("2026-01-04"), stop=When("2026-01-05")), {"single-dose"}),
    "a single dose that stops at some hour": (
        dose("prednisone", "5", When("2026-01-04T08:00Z"), stop=When("2026-01-05")),
        {"single-dose"},
    ),
    "a single dose that starts at some hour": (
        dose("prednisone", "5", When("2026-01-04"), stop=When("2026-01-05T08:00Z")),
        {"single-dose"},
    ),
    "one dose a day at two times of a date": (
        dose("prednisone", "5", When("2026-01-04T08:00Z"), per_day=1, stop=When("2026-01-04T18:00Z")),
        {"doses-per-day"},
    ),
    "a drug nobody has classified": (dose("snake-oil", "5", NOW), {"unclassified-drug"}),
    "everything at once": (
        dose("snake-oil", "5", TOMORROW, stop=When("2026-01-05")),
        {"future", "stop-before-start", "single-dose", "unclassified-drug"},
    ),
    "a review of the future only": (review(NOW, date(2026, 1, 6)), {"covers-nothing"}),
    "a representative without a relation": (consent(NOW).model_copy(update={"signer": "representative"}), {"relation-missing"}),
    "an identity check by one person": (
        e.IdentityChecked(at=NOW, identity=CODE, checked_by=("nurse one", "nurse one")),
        {"one-person", "no-collection"},
    ),
    "a lymphodepletion day that is none": (e.LymphodepletionDose(at=NOW, day=-9, drug="fludarabine"), {"unknown-day"}),
    "a treatment in some month": (e.LeukapheresisStarted(at=When("2026-01")), {"too-vague"}),
    "a visit that is none": (e.VisitCompleted(visit="day-99", at=NOW), {"unknown-visit"}),
    "a visit that a treatment settles": (e.VisitCompleted(visit="infusion", at=NOW), {"settled-by-treatment", "awaiting"}),
    "a visit whose anchor is ahead": (e.VisitCompleted(visit="day-7", at=NOW), {"awaiting"}),
    "the end of a collection that never began": (
        e.LeukapheresisEnded(at=NOW, identity=CODE, yield_e6_per_kg=Decimal(1)),
        {"not-started"},
    ),
    "a collection that failed before it began": (e.LeukapheresisFailed(at=NOW, why="no line"), {"not-started"}),
    "a product without a collection": (e.ProductReceived(at=NOW, identity=CODE, expires=date(2026, 5, 1)), {"no-collection"}),
    "the end of an infusion that never began": (e.InfusionEnded(at=NOW), {"not-started"}),
    "eligibility by a coordinator, unsigned, without screening": (
        e.EligibilityConfirmed(at=NOW),
        {"not-screening", "investigator-only", "signature-missing"},
    ),
    "contact regained that was never lost": (e.ContactRegained(at=NOW), {"not-lost"}),
}


@pytest.mark.parametrize(("fact", "why"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_a_report_that_cannot_be_so_is_refused_for_every_reason(fact: e.Fact, why: set[str]) -> None:
    assert refused(consented(), report(fact)) == why


def test_a_drug_outside_the_reference_is_settled_by_saying_that_it_is_outside_every_class() -> None:
    story, taken = consented(), dose("snake-oil", "5", NOW)
    assert refused(story, report(taken.model_copy(update={"investigational": True}))) == {"unclassified-drug"}
    assert refused(story, report(taken), reason="it was so") == {"unclassified-drug"}
    for investigational in (False, True):
        story.reports(taken.model_copy(update={"outside_every_class": True, "investigational": investigational}))
    assert len(story.now.medications) == 2


@pytest.mark.parametrize(
    "fact",
    [
        dose("prednisone", "5", NOW),
        e.ProcedurePerformed(name="an operation", major=True, at=NOW),
        review(NOW, None),
        e.ScreeningStarted(at=NOW),
        e.LeukapheresisStarted(at=NOW),
        e.InfusionStarted(at=NOW, identity=CODE),
        e.ContactLost(at=NOW),
        e.Died(at=NOW),
    ],
    ids=lambda fact: fact.kind,
)
def test_without_consent_on_record_everything_is_taken_for_a_slip_and_recorded_when_a_reason_comes_with_it(fact: e.Fact) -> None:
    assert "no-consent" in refused(registered(), report(fact))
    assert registered().reports(fact, reason="it did happen").events[0] == fact


MINUTE_BEFORE = When("2026-01-05T07:59Z")


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        pytest.param(e.ScreeningStarted(at=MINUTE_BEFORE), {"before-consent"}, id="screening"),
        pytest.param(e.LeukapheresisStarted(at=MINUTE_BEFORE), {"before-consent"}, id="treatment"),
        pytest.param(e.ScreeningStarted(at=NOW), set(), id="screening at the minute of consent"),
        pytest.param(e.ScreeningStarted(at=When("2026-01-05")), set(), id="screening at some hour of its date"),
        pytest.param(dose("prednisone", "5", MINUTE_BEFORE), set(), id="a medication of the time before"),
        pytest.param(review(MINUTE_BEFORE, None), set(), id="a review of the time before"),
    ],
)
def test_what_the_study_does_before_consent_needs_a_reason(fact: e.Fact, why: set[str]) -> None:
    story = consented()
    if why:
        assert refused(story, report(fact)) == why
        story.reports(fact, reason="the form was signed later that morning")
    else:
        story.reports(fact)
    assert story.record.entries[-1].event == fact or story.told_of(e.LeukapheresisStarted)


# Out of order in time


def minute_after(story: Story) -> Story:
    story.trial.clock.move(minutes=1)
    return story


def screening() -> Story:
    story = minute_after(consented())
    story.reports(e.ScreeningStarted(at=story.at()))
    return minute_after(story)


def collecting() -> Story:
    story = eligible()
    story.reports(e.LeukapheresisStarted(at=story.at()))
    return minute_after(story)


def thawing() -> Story:
    story = registered().is_ready().is_cleared()
    story.reports(e.ThawStarted(at=story.at(), identity=CODE))
    return minute_after(story)


def infusing() -> Story:
    story = thawing()
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE))
    return minute_after(story)


def lost() -> Story:
    story = consented()
    story.reports(e.ContactLost(at=story.at()))
    return minute_after(story)


ORDERED: dict[str, tuple[Callable[[], Story], Callable[[When], e.Fact]]] = {
    "a failed screening before it began": (screening, lambda at: e.ScreenFailed(at=at, criteria=("I3",))),
    "a collection that ends before it began": (
        collecting,
        lambda at: e.LeukapheresisEnded(at=at, identity=CODE, yield_e6_per_kg=Decimal(9)),
    ),
    "a collection that fails before it began": (collecting, lambda at: e.LeukapheresisFailed(at=at, why="no line")),
    "a product before the collection ended": (
        lambda: minute_after(collected()),
        lambda at: e.ProductReceived(at=at, identity=CODE, expires=date(2026, 5, 1)),
    ),
    "an infusion before its thaw": (thawing, lambda at: e.InfusionStarted(at=at, identity=CODE)),
    "an infusion that ends before it began": (infusing, lambda at: e.InfusionEnded(at=at)),
    "contact regained before it was lost": (lost, lambda at: e.ContactRegained(at=at)),
}


@pytest.mark.parametrize(("story_of", "fact_of"), ORDERED.values(), ids=ORDERED.keys())
def test_what_lies_before_what_comes_first_is_taken_for_a_slip(story_of: Callable[[], Story], fact_of: Callable[[When], e.Fact]) -> None:
    story = story_of()
    first = story.trial.clock() - timedelta(minutes=1)
    assert refused(story, report(fact_of(When.at(first - timedelta(minutes=1))))) == {"out-of-order"}
    story.would(report(fact_of(When.at(first))))
    story.reports(fact_of(When.at(first - timedelta(minutes=1))), reason="the clocks of the two wards differ")


# Nobody but the journey is the journey


@pytest.mark.parametrize(("role", "source"), [("journey", "cli"), ("coordinator", "journey"), ("journey", "journey")], ids=str)
def test_nobody_asks_in_the_name_of_the_journey(role: Role, source: Source) -> None:
    story = consented()
    by = by_("coordinator", NAMESPACE_OID).model_copy(update={"actor": Actor(id="somebody", role=role), "source": source})
    with pytest.raises(Refused) as refusal:
        decide(report(dose("prednisone", "5", NOW)), story.record, story.trial.participants.study(), START, by)
    assert codes(refusal.value) == {"not-the-journey"}


REPEATED: dict[str, tuple[Callable[[], Story], Callable[[Story], e.Fact], set[str]]] = {
    "a second screening": (eligible, lambda s: e.ScreeningStarted(at=s.at()), {"already-screening"}),
    "a second confirmation": (
        eligible,
        lambda s: e.EligibilityConfirmed(at=s.at()),
        {"already-confirmed", "investigator-only", "signature-missing"},
    ),
    "a failed screening after confirmation": (eligible, lambda s: e.ScreenFailed(at=s.at(), criteria=("I3",)), {"already-confirmed"}),
    "a visit twice": (eligible, lambda s: e.VisitCompleted(visit="screening", at=s.at()), {"already-completed"}),
    "the end of a collection twice": (
        collected,
        lambda s: e.LeukapheresisEnded(at=s.at(), identity=CODE, yield_e6_per_kg=Decimal(1)),
        {"not-started"},
    ),
    "a product of another code": (collected, lambda s: e.ProductReleased(at=s.at(), identity=OTHER), {"wrong-identity"}),
    "a thaw of another code": (collected, lambda s: e.ThawStarted(at=s.at(), identity=OTHER), {"wrong-identity"}),
    "death twice": (lambda: dead(consented()), lambda s: e.Died(at=s.at()), {"already-reported"}),
    "a dose twice": (
        lambda: eligible().is_collected().has_product().is_depleted(),
        lambda s: e.LymphodepletionDose(at=s.at(), day=-3, drug="fludarabine"),
        {"already-reported"},
    ),
    "a thaw twice": (lambda: registered().is_ready().is_infused(), lambda s: e.ThawStarted(at=s.at(), identity=CODE), {"already-reported"}),
    "an infusion twice": (
        lambda: registered().is_ready().is_infused(),
        lambda s: e.InfusionStarted(at=s.at(), identity=CODE),
        {"already-reported"},
    ),
    "never infused after the infusion": (
        lambda: registered().is_ready().is_infused(),
        lambda s: e.NeverInfused(at=s.at(), why="x"),
        {"infused"},
    ),
}


def dead(story: Story) -> Story:
    story.reports(e.Died(at=story.at()))
    return story


@pytest.mark.parametrize(("story_of", "fact_of", "why"), REPEATED.values(), ids=REPEATED.keys())
def test_what_contradicts_the_record_is_refused(story_of: Callable[[], Story], fact_of: Callable[[Story], e.Fact], why: set[str]) -> None:
    story = story_of()
    assert refused(story, report(fact_of(story))) == why


def test_another_code_on_the_bag_is_recorded_when_a_reason_comes_with_it_and_is_a_deviation() -> None:
    story = registered().is_ready().is_cleared()
    story.reports(e.ThawStarted(at=story.at(), identity=CODE))
    outcome = story.reports(e.InfusionStarted(at=story.at(), identity=OTHER), reason="the wrong bag was hung")
    assert [event.kind for event in outcome.events] == ["infusion-started.v1", "deviation-recorded.v1"]
    assert "cells:infusion-started.v1:1" in story.now.deviations
    right = e.InfusionStarted(at=story.at(), identity=CODE)
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=right), reason="the code was misread")
    assert "cells:infusion-started.v1:1" not in story.now.deviations


# Planning


@pytest.mark.parametrize(
    ("planned", "why"),
    [
        (e.Slot(start=LATER, until=LATER, target=LATER), {"slot-order"}),
        (e.Slot(start=LATER, until=LATER - timedelta(hours=1), target=LATER), {"slot-order"}),
        (e.Slot(start=LATER, until=LATER + timedelta(hours=1), target=LATER + timedelta(hours=1)), {"slot-order"}),
        (e.Slot(start=LATER, until=LATER + timedelta(hours=1), target=LATER - timedelta(minutes=1)), {"slot-order"}),
        (slot(LATER + timedelta(seconds=1)), {"slot-minutes"}),
        (slot(START - timedelta(hours=8)), {"slot-past"}),
        (slot(LATER, hours=7 * 24 + 1), {"slot-long"}),
        (
            e.Slot(start=START - timedelta(days=30), until=START - timedelta(days=20), target=START),
            {"slot-order", "slot-past", "slot-long"},
        ),
    ],
)
def test_a_slot_that_cannot_be_planned_is_refused_for_every_reason(planned: e.Slot, why: set[str]) -> None:
    assert refused(consented(), c.Plan(step="leukapheresis", slot=planned)) == why


@pytest.mark.parametrize("start", [datetime(2026, 3, 25, 8, tzinfo=UTC), datetime(2026, 10, 22, 8, tzinfo=UTC), LATER])
def test_a_slot_of_seven_dates_is_the_longest_across_clock_changes_too(start: datetime) -> None:
    story = consented()
    story.trial.clock.move_to(start - timedelta(days=1))
    longest = {datetime(2026, 3, 25, 8, tzinfo=UTC): 167, datetime(2026, 10, 22, 8, tzinfo=UTC): 169}.get(start, 168)
    assert refused(story, c.Plan(step="leukapheresis", slot=slot(start, hours=longest + 0.5))) == {"slot-long"}
    story.asks(c.Plan(step="leukapheresis", slot=slot(start, hours=longest)))
    assert "leukapheresis" in story.now.plans


def test_planning_before_consent_or_what_has_been_taken_is_refused() -> None:
    assert refused(registered(), c.Plan(step="leukapheresis", slot=slot(LATER))) == {"no-consent"}
    story = collected()
    assert refused(story, c.Plan(step="leukapheresis", slot=slot(story.trial.clock() + timedelta(days=9)))) == {"already-taken"}


def test_cancelling_what_is_not_planned_is_refused() -> None:
    assert refused(consented(), c.Cancel(step="infusion")) == {"not-planned"}


# Visits, corrections, the journey


def test_a_visit_is_missed_for_good_only_when_its_window_has_closed_with_nothing_recorded() -> None:
    story = consented()
    story.reports(e.ScreeningStarted(at=story.at()))
    assert refused(story, c.MissVisit(visit="screening")) == {"not-unaccounted"}
    assert refused(story, c.MissVisit(visit="day-7")) == {"not-unaccounted"}
    story.lives_until(story.trial.clock() + timedelta(days=29))
    outcome = story.asks(c.MissVisit(visit="screening"))
    assert [event.kind for event in outcome.events] == ["visit-missed.v1", "deviation-recorded.v1"]
    assert refused(story, c.MissVisit(visit="screening")) == {"not-unaccounted"}


def test_only_the_journey_acts_and_only_on_what_is_due() -> None:
    story = consented()
    story.reports(e.ScreeningStarted(at=story.at()))
    assert refused(story, c.ActOn(key="close:screening"), "investigator") == {"journey-only"}
    assert refused(story, c.ActOn(key="close:screening"), "journey") == {"not-due"}
    assert refused(story, c.ActOn(key="judge:infusion"), "journey") == {"not-due"}


def test_an_amendment_needs_a_reason_an_entry_of_a_person_and_a_fact_of_the_same_kind_that_differs() -> None:
    story = consented()
    signed = story.entry_of(e.ConsentSigned)
    fact = consent(When("2026-01-05"))
    assert refused(story, c.Correct(entry=signed, fact=fact)) == {"reason-missing"}
    assert refused(story, c.Retract(entry=99)) == {"reason-missing", "unknown-entry"}
    assert refused(story, c.Retract(entry=1), reason="x") == {"not-amendable"}
    assert refused(story, c.Correct(entry=signed, fact=dose("prednisone", "5", NOW)), reason="x") == {"other-kind"}
    assert refused(story, c.Correct(entry=signed, fact=consent(NOW)), reason="x") == {"same-fact"}
    assert refused(story, c.Correct(entry=signed, fact=consent(TOMORROW)), reason="x") == {"future"}
    story.asks(c.Retract(entry=signed), reason="signed by somebody else")
    assert refused(story, c.Retract(entry=signed), reason="x") == {"unknown-entry"}
    assert refused(story, c.Retract(entry=story.record.version), reason="x") == {"not-amendable"}


def test_a_single_dose_that_is_given_over_hours_has_an_exact_start_and_stop() -> None:
    story = consented()
    story.reports(dose("methylprednisolone", "500", When("2026-01-05T06:00Z"), stop=NOW, route="intravenous"))
    assert story.now.medications[0].fact.stop == NOW


def test_a_visit_is_not_corrected_to_another_that_is_on_record() -> None:
    story = registered().is_ready().is_infused()
    story.trial.clock.move(days=7)
    for visit in ("day-3", "day-7"):
        story.reports(e.VisitCompleted(visit=visit, at=story.at()), reason="the participant was away")
    last = story.entry_of(e.VisitCompleted)
    assert refused(story, c.Correct(entry=last, fact=e.VisitCompleted(visit="day-3", at=story.at())), reason="x") == {"already-completed"}
    story.asks(c.Correct(entry=last, fact=e.VisitCompleted(visit="toxicity-day-7", at=story.at())), reason="it was the check")
    assert {"day-3", "toxicity-day-7"} <= story.now.visits.keys()
    assert "day-7" not in story.now.visits


def test_only_an_investigator_takes_back_what_an_investigator_signed() -> None:
    story = eligible()
    retraction = c.Retract(entry=story.entry_of(e.EligibilityConfirmed))
    assert refused(story, retraction, reason="x") == {"investigator-only", "signature-missing"}
    assert refused(story, retraction, "investigator", reason="x") == {"signature-missing"}
    story.asks(retraction, "investigator", reason="a laboratory value was misread", signed=True)
    assert story.now.eligible is None


def test_only_an_investigator_corrects_what_an_investigator_signed() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.EligibilityConfirmed(at=story.at()), "investigator", signed=True)
    story.trial.clock.move(days=1)
    correction = c.Correct(entry=story.entry_of(e.EligibilityConfirmed), fact=e.EligibilityConfirmed(at=story.at()))
    assert refused(story, correction, reason="x") == {"investigator-only", "signature-missing"}
    story.asks(correction, "investigator", reason="the date was wrong", signed=True)
    assert story.now.eligible is not None
    assert story.now.eligible.fact.at == story.at()
