"""The three hold points: performed with leave, reported as they were, overridden by signature, released by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import get_args

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.time import When, local_date, to_the_minute
from domain.words import HoldPoint, Role
from tests.builders import BERLIN, CODE, START, Clock, Story, Trial, codes, dose, local, pregnancy_test, slot, study_of

PROTOCOL = study_of().protocol(1)
THAW = c.ReleaseToThaw(identity=CODE)
PERFORM: dict[str, c.Perform] = {
    "leukapheresis": c.Perform(beginning=c.BeginLeukapheresis()),
    "lymphodepletion": c.Perform(beginning=c.BeginLymphodepletion(day=-5, drug="fludarabine")),
    "infusion": c.Perform(beginning=THAW),
}


SEEN = {"E24b", "no-infection", "afebrile", "go"}
"""The rules that pass before an infusion only once somebody has looked."""


@pytest.fixture
def story() -> Story:
    """A participant whose infusion is planned, with leave that has just been given."""
    return Trial().participant().is_ready().is_cleared()


@pytest.fixture
def waiting() -> Story:
    """A participant whose infusion would be cleared but for what nobody has looked at: medicines, temperature, the go."""
    story = Trial().participant().is_ready()
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.checks_identity()
    story.advances()
    return story


def refusal(story: Story, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> Refused:
    """A refusal; where a step was submitted it is the only thing that is recorded."""
    before = story.record.version
    with pytest.raises(Refused) as refused:
        story.asks(command, role, reason=reason, signed=signed)
    assert [entry.event for entry in story.record.entries[before:]] == ([refused.value.recorded] if refused.value.recorded else [])
    return refused.value


def against(story: Story, step: str = "infusion") -> set[str]:
    """What the deviations of a step name: rules of its gate, or leave."""
    return {key.split(":")[3] for key in story.now.deviations if key.startswith(f"gate:{step}:")}


# Perform asks leave


def test_a_step_with_leave_is_taken_and_nothing_else_is_recorded(story: Story) -> None:
    outcome = story.asks(PERFORM["infusion"])
    assert outcome.events == (e.ThawStarted(at=story.at(), identity=CODE),)
    assert "infusion" not in story.now.plans
    assert story.now.clearance("infusion") is None
    assert not against(story)


@pytest.mark.parametrize("step", PERFORM)
def test_a_step_that_has_not_even_been_planned_is_refused_for_every_reason_at_once(step: str) -> None:
    story = Trial().participant().consents()
    refused = refusal(story, PERFORM[step])
    gate = {rule.id for rule in PROTOCOL.steps[PERFORM[step].beginning.kind].rules}
    assert {reason.rule for reason in refused.reasons if reason.rule} == gate
    assert codes(refused) == {"rule-not-yet-known", "no-leave"} | ({"no-collection"} if step == "infusion" else set())
    assert isinstance(refused.recorded, e.StepRefused)
    assert len(refused.recorded.reasons) == len(refused.reasons)
    assert refused.recorded.derivation is not None
    assert {rule.rule for rule in refused.recorded.derivation.rules} == gate


def test_a_step_whose_rules_pass_still_needs_leave(story: Story) -> None:
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock())))
    assert codes(refusal(story, PERFORM["infusion"])) == {"no-leave"}


def test_leave_alone_is_not_enough_when_a_rule_no_longer_passes(story: Story) -> None:
    story.trial.clock.move(hours=1)
    story.reports(dose("dexamethasone", "8", story.at(), route="intravenous"))
    refused = refusal(story, PERFORM["infusion"])
    assert codes(refused) == {"rule-fails", "no-leave"}
    earliest = next(reason.earliest for reason in refused.reasons if reason.rule == "E24b")
    assert earliest == to_the_minute(story.trial.clock()) + timedelta(hours=72, minutes=1)


def test_a_bag_of_another_code_and_a_day_that_is_none_are_refused(story: Story) -> None:
    other = c.Perform(beginning=c.ReleaseToThaw(identity="COI-0002"))
    assert codes(refusal(story, other)) == {"wrong-identity"}
    day = c.Perform(beginning=c.BeginLymphodepletion(day=-9, drug="fludarabine"))
    assert {"unknown-day", "already-taken"} <= codes(refusal(story, day))


def test_a_step_is_taken_once(story: Story) -> None:
    story.asks(PERFORM["infusion"])
    assert {"already-taken", "no-leave"} <= codes(refusal(story, PERFORM["infusion"]))
    assert {"already-taken", "no-leave"} <= codes(refusal(story, PERFORM["leukapheresis"]))


def test_the_refusal_of_a_command_that_is_sent_again_is_recorded_once(waiting: Story) -> None:
    refusal(waiting, PERFORM["infusion"])
    assert len(waiting.told_of(e.StepRefused)) == 1
    assert not waiting.now.thaws


SLOTS = {
    "plainly": (START, "2026-02-10 01:00", "2026-02-10 09:00"),
    "across the spring change": (START + timedelta(days=47), "2026-03-29 01:00", "2026-03-29 10:00"),
    "across the autumn change": (START + timedelta(days=257), "2026-10-25 01:00", "2026-10-25 08:00"),
}
"""When a trial begins, and a slot of eight hours in it on the clocks of the site."""


@pytest.mark.parametrize(("began", "starts", "ends"), SLOTS.values(), ids=SLOTS)
@pytest.mark.parametrize(
    ("from_start", "minutes", "granted"),
    [
        pytest.param(True, -1, False, id="a minute before the slot"),
        pytest.param(True, 0, True, id="in its first minute"),
        pytest.param(False, -1, True, id="in its last minute"),
        pytest.param(False, 0, False, id="when it is over"),
    ],
)
def test_leave_holds_from_the_first_to_the_last_minute_of_the_slot(  # noqa: PLR0913 - A slot, and both sides of its bounds.
    began: datetime, starts: str, ends: str, *, from_start: bool, minutes: int, granted: bool
) -> None:
    story = Trial(Clock(began)).participant().is_ready()
    start, end = local(starts), local(ends)
    assert end - start == timedelta(hours=8)
    story.asks(c.Plan(step="infusion", slot=slot(start)))
    story.lives_until(start - timedelta(hours=1))
    story.is_seen_before("infusion")
    story.checks_identity()
    story.lives_until((start if from_start else end) + timedelta(minutes=minutes))
    if granted:
        story.asks(PERFORM["infusion"])
        assert not against(story)
    else:
        assert codes(refusal(story, PERFORM["infusion"])) == {"no-leave"}


@pytest.mark.parametrize(("minutes", "granted"), [(-1, True), (0, True), (1, False)])
def test_leave_ends_in_the_middle_of_the_slot_with_the_last_minute_at_which_the_review_is_fresh(minutes: int, *, granted: bool) -> None:
    story = Trial().participant().is_ready()
    planned = story.now.plans["infusion"].slot
    reviewed = planned.start - timedelta(hours=20)
    story.lives_until(reviewed)
    story.is_seen_before("infusion")
    story.lives_until(planned.start)
    story.checks_identity()
    story.lives_until(reviewed + timedelta(hours=24, minutes=minutes))
    assert story.trial.clock() < planned.until
    if granted:
        story.asks(PERFORM["infusion"])
        assert not against(story)
    else:
        assert codes(refusal(story, PERFORM["infusion"])) == {"rule-not-yet-known", "no-leave"}


# Report states what has happened


def test_what_has_happened_is_recorded_with_a_deviation_for_every_rule_that_did_not_pass_and_for_leave() -> None:
    story = Trial().participant().is_eligible()
    story.trial.clock.move(days=2)
    outcome = story.reports(e.LeukapheresisStarted(at=story.at()))
    assert [event.kind for event in outcome.events] == ["leukapheresis-started.v1"] + ["deviation-recorded.v1"] * 5
    assert against(story, "leukapheresis") == {"E24a", "E25", "no-infection", "go", "leave"}
    assert all(one.final for one in story.now.deviations.values())


def test_an_infusion_out_of_the_blue_is_recorded_against_every_rule() -> None:
    story = Trial().participant()
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE), reason="given as an emergency elsewhere")
    assert against(story) == {rule.id for rule in PROTOCOL.steps["infusion"].rules} | {"leave"}


@pytest.mark.parametrize("fact", [e.ThawStarted, e.InfusionStarted], ids=["thaw", "infusion"])
def test_a_second_bag_that_is_told_first_passes_the_gate_as_the_first_would(fact: type[e.ThawStarted] | type[e.InfusionStarted]) -> None:
    story = Trial().participant().is_eligible().is_collected()
    story.reports(fact(at=story.at(), identity=CODE, bag=2))
    assert against(story) == {"steps-before", "days-since-lymphodepletion", "product-ready", "same-identity", "afebrile", "leave"}
    story.reports(fact(at=story.at(), identity=CODE, bag=1))
    assert len(story.now.taken) == 2


@pytest.mark.parametrize(
    ("minutes", "deviations"),
    [
        pytest.param(-1, SEEN | {"same-identity", "leave"}, id="a minute before review, check and leave"),
        pytest.param(0, set(), id="at the minute leave was given"),
        pytest.param(90, set(), id="an hour and a half later"),
    ],
)
def test_a_report_is_judged_by_the_leave_and_the_facts_of_when_it_happened(story: Story, minutes: int, deviations: set[str]) -> None:
    happened = story.trial.clock() + timedelta(minutes=minutes)
    story.trial.clock.move(hours=2)
    story.reports(e.ThawStarted(at=When.at(happened), identity=CODE))
    assert against(story) == deviations


@pytest.mark.parametrize(
    ("told", "deviations"),
    [
        pytest.param("2026-02-09T12:00Z", set(), id="a minute that leave covers"),
        pytest.param("2026-02-09", SEEN | {"same-identity", "leave"}, id="a date that leave covers in part"),
    ],
)
def test_leave_stood_only_where_it_stood_for_all_of_an_uncertain_time(story: Story, told: str, deviations: set[str]) -> None:
    assert story.at() == When("2026-02-09T12:00Z")
    story.trial.clock.move(hours=12)
    story.reports(e.ThawStarted(at=When(told), identity=CODE))
    assert against(story) == deviations


@pytest.mark.parametrize(("starts", "covered"), [(-24, [True, False]), (0, [False, True])], ids=["its first minute", "its last minute"])
def test_leave_that_covers_one_end_of_an_uncertain_time_only_does_not_cover_it(starts: int, covered: list[bool]) -> None:
    story = Trial().participant().is_ready()
    noon = story.now.plans["infusion"].slot.start.replace(hour=11)
    story.asks(c.Plan(step="infusion", slot=slot(noon + timedelta(hours=starts), hours=24)))
    story.lives_until(noon + timedelta(hours=starts) + timedelta(hours=2))
    story.is_seen_before("infusion")
    story.checks_identity()
    story.advances()
    clearance = story.now.clearance("infusion")
    assert clearance is not None
    at = When.on(local_date(noon, BERLIN))
    span = at.span(BERLIN)
    assert [clearance.covers(instant) for instant in (span.earliest, span.latest)] == covered
    story.lives_until(noon + timedelta(hours=20))
    story.reports(e.ThawStarted(at=at, identity=CODE))
    assert "leave" in against(story)


def test_what_is_learned_after_the_thaw_about_the_time_after_it_says_nothing_against_it(story: Story) -> None:
    happened = story.at()
    story.trial.clock.move(hours=2)
    story.checks_identity()
    story.reports(dose("dexamethasone", "8", story.at(), route="intravenous"))
    story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="the second bag leaked"), "cell-lab")
    story.reports(e.ThawStarted(at=happened, identity=CODE), reason="written down late")
    assert against(story) == set()


def test_a_report_is_judged_by_what_is_known_now_and_by_the_leave_that_stood_then(story: Story) -> None:
    happened = story.trial.clock() + timedelta(minutes=30)
    story.trial.clock.move(hours=2)
    story.reports(dose("dexamethasone", "8", When.at(happened - timedelta(hours=5)), route="intravenous"))
    assert story.now.clearance("infusion") is None
    story.reports(e.ThawStarted(at=When.at(happened), identity=CODE))
    assert against(story) == {"E24b"}


def test_a_date_without_the_hour_had_leave_only_where_leave_stood_all_day(story: Story) -> None:
    day = When(story.at().root[:10])
    story.reports(e.ThawStarted(at=day, identity=CODE))
    assert "leave" in against(story)


def test_after_the_thaw_nothing_stops_the_infusion_and_it_is_part_of_the_same_occurrence(story: Story) -> None:
    story.asks(PERFORM["infusion"])
    story.trial.clock.move(minutes=5)
    outcome = story.reports(e.InfusionStarted(at=story.at(), identity=CODE))
    assert [event.kind for event in outcome.events] == ["infusion-started.v1"]
    assert [(taken.step, taken.occurrence) for taken in story.now.taken if taken.step == "infusion"] == [("infusion", 1)]
    assert not against(story)


@pytest.mark.parametrize(
    ("minutes", "deviations"),
    [
        pytest.param(0, {"E24b"}, id="at the minute of the thaw"),
        pytest.param(4, {"E24b"}, id="between thaw and infusion"),
        pytest.param(5, {"E24b"}, id="at the minute of the infusion"),
        pytest.param(6, set(), id="a minute after its start"),
    ],
)
@pytest.mark.parametrize("told", ["before", "after"])
def test_a_steroid_until_the_infusion_starts_is_a_deviation_whenever_it_is_told(
    story: Story, minutes: int, deviations: set[str], told: str
) -> None:
    steroid = dose("methylprednisolone", "80", When.at(story.trial.clock() + timedelta(minutes=minutes)), route="intravenous")
    infused = e.InfusionStarted(at=When.at(story.trial.clock() + timedelta(minutes=5)), identity=CODE)
    story.asks(PERFORM["infusion"])
    story.trial.clock.move(minutes=10)
    for fact in (steroid, infused) if told == "before" else (infused, steroid):
        story.reports(fact)
    assert against(story) == deviations


# An infusion that is told before its thaw


@pytest.mark.parametrize(
    ("minutes", "deviations"),
    [
        pytest.param(-1, SEEN | {"same-identity", "leave"}, id="a thaw a minute before review, check and leave"),
        pytest.param(0, set(), id="a thaw at the minute leave was given"),
        pytest.param(20, set(), id="a thaw later, with leave"),
    ],
)
def test_a_thaw_that_is_told_after_its_infusion_is_the_hold_point_and_leave_is_judged_there(
    story: Story, minutes: int, deviations: set[str]
) -> None:
    began = story.trial.clock()
    story.trial.clock.move(hours=1)
    infused = story.at()
    story.reports(e.InfusionStarted(at=infused, identity=CODE))
    story.trial.clock.move(hours=1)
    thawed = When.at(began + timedelta(minutes=minutes))
    story.reports(e.ThawStarted(at=thawed, identity=CODE))
    taken = story.now.taken_step("infusion")
    assert taken is not None
    assert (taken.at, taken.done, taken.occurrence) == (thawed, infused, 1)
    assert against(story) == deviations


def test_leave_that_had_lapsed_at_the_infusion_and_stood_at_the_thaw_is_no_deviation_once_the_thaw_is_told() -> None:
    story = Trial().participant().is_ready().is_cleared()
    until = story.now.plans["infusion"].slot.until
    story.lives_until(until + timedelta(minutes=10))
    story.reviews()
    story.reports(e.InfusionStarted(at=When.at(until + timedelta(minutes=5)), identity=CODE))
    assert against(story) == {"leave"}
    story.reports(e.ThawStarted(at=When.at(until - timedelta(minutes=1)), identity=CODE))
    assert against(story) == set()


def test_the_hold_point_moves_to_the_thaw_also_when_another_step_was_told_in_between() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    story.trial.clock.move(days=8)
    infused, thawed = story.at(), When.at(story.trial.clock() - timedelta(minutes=20))
    story.reports(e.InfusionStarted(at=infused, identity=CODE))
    story.reports(e.LymphodepletionDose(at=When.at(story.trial.clock() - timedelta(days=5)), day=-5, drug="fludarabine"))
    story.reports(e.ThawStarted(at=thawed, identity=CODE))
    taken = story.now.taken_step("infusion")
    assert taken is not None
    assert (taken.at, taken.done) == (thawed, infused)


# Again


def infused(story: Story) -> Story:
    story.asks(PERFORM["infusion"])
    story.trial.clock.move(minutes=5)
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE))
    return story


AGAIN: dict[str, tuple[HoldPoint, timedelta, Callable[[When], e.Fact]]] = {
    "the same lymphodepletion": (
        "lymphodepletion",
        timedelta(minutes=1),
        lambda at: e.LymphodepletionDose(at=at, day=-3, drug="fludarabine"),
    ),
    "the same bag thawed": ("infusion", timedelta(minutes=1), lambda at: e.ThawStarted(at=at, identity=CODE)),
    "the same bag infused": ("infusion", timedelta(minutes=1), lambda at: e.InfusionStarted(at=at, identity=CODE)),
    "another bag infused 48 hours and a minute after the first": (
        "infusion",
        timedelta(hours=48, minutes=1),
        lambda at: e.InfusionStarted(at=at, identity=CODE, bag=2),
    ),
    "another bag thawed 48 hours and a minute after the first infusion": (
        "infusion",
        timedelta(hours=48, minutes=1),
        lambda at: e.ThawStarted(at=at, identity=CODE, bag=2),
    ),
}


@pytest.mark.parametrize(("step", "later", "fact_of"), AGAIN.values(), ids=AGAIN.keys())
def test_what_is_done_again_is_a_slip_or_with_a_reason_an_occurrence_of_its_own_and_a_deviation(
    story: Story, step: HoldPoint, later: timedelta, fact_of: Callable[[When], e.Fact]
) -> None:
    infused(story)
    story.trial.clock.move_to(story.trial.clock() + later)
    fact = fact_of(story.at())
    assert codes(refusal(story, c.Report(fact=fact))) == {"already-reported"}
    story.reports(fact, reason="it was done again")
    taken = story.now.taken_step(step)
    assert taken is not None
    assert (taken.occurrence, taken.at) == (2, story.at())
    assert f"gate:{step}:2:again" in story.now.deviations
    assert f"gate:{step}:2:leave" in story.now.deviations
    assert not [key for key in story.now.deviations if key.startswith(f"gate:{step}:1:")]


@pytest.mark.parametrize("fact", [e.ThawStarted, e.InfusionStarted], ids=["thaw", "infusion"])
def test_another_bag_within_48_hours_belongs_to_the_first(story: Story, fact: type[e.ThawStarted] | type[e.InfusionStarted]) -> None:
    thawed = infused(story).now.thaws[0].fact.at.span("UTC").earliest
    after = {e.ThawStarted: thawed, e.InfusionStarted: thawed + timedelta(minutes=5)}[fact]
    story.trial.clock.move_to(after + timedelta(hours=48))
    story.reports(fact(at=story.at(), identity=CODE, bag=2))
    assert [taken.occurrence for taken in story.now.taken if taken.step == "infusion"] == [1]
    assert not against(story)


def test_the_bags_of_a_second_infusion_belong_together_too(story: Story) -> None:
    infused(story)
    story.trial.clock.move(days=20)
    story.reports(e.ThawStarted(at=story.at(), identity=CODE, bag=2), reason="the rest of the cells")
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE, bag=2))
    story.reports(e.ThawStarted(at=story.at(), identity=CODE, bag=3))
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE, bag=3))
    assert [taken.occurrence for taken in story.now.taken if taken.step == "infusion"] == [1, 2]


def test_a_collection_that_is_repeated_after_a_failure_is_listed_by_the_protocol_and_one_without_is_not(story: Story) -> None:
    story.reports(e.LeukapheresisStarted(at=story.at()))
    assert "gate:leukapheresis:2:again" in story.now.deviations
    story.trial.clock.move(minutes=1)
    story.reports(e.LeukapheresisFailed(at=story.at(), why="no line"))
    story.trial.clock.move(days=1)
    story.reports(e.LeukapheresisStarted(at=story.at()))
    assert "gate:leukapheresis:3:again" in story.now.deviations, "one failure allows one repeat, and two were made"
    assert "gate:leukapheresis:2:again" in story.now.deviations, "the failure came after it"


# Maintenance that may have gone on, and a new dose on the morning of the infusion


def on_maintenance() -> Story:
    """Prednisone 10 mg a day without a stop, reviewed the day before; leave for the infusion stands."""
    story = Trial().participant().is_ready()
    story.reports(dose("prednisone", "10", When("2025-11-03"), per_day=1))
    start = story.now.plans["infusion"].slot.start
    story.lives_until(start - timedelta(hours=20))
    story.is_seen_before("infusion")
    story.lives_until(start)
    story.checks_identity()
    story.advances()
    assert story.now.clearance("infusion") is not None
    return story


def morning(story: Story, mg: str) -> e.MedicationTaken:
    """Methylprednisolone, of which 4 mg count for 5, on the morning of the infusion."""
    return dose("methylprednisolone", mg, When.at(story.trial.clock() - timedelta(hours=4)), route="intravenous")


def test_maintenance_by_itself_does_not_stand_in_the_way() -> None:
    story = on_maintenance()
    story.asks(PERFORM["infusion"])
    assert not against(story)


def test_maintenance_that_goes_on_and_a_new_dose_add_up_so_leave_is_revoked_and_the_step_refused() -> None:
    story = on_maintenance()
    outcome = story.reports(morning(story, "7"))
    assert [event.kind for event in outcome.events] == ["medication-taken.v1", "clearance-revoked.v1"]
    revoked = outcome.events[1]
    assert isinstance(revoked, e.ClearanceRevoked)
    assert {rule.rule: rule.outcome for rule in revoked.derivation.rules if rule.outcome != "passes"} == {"E24b": "not yet known"}
    refused = refusal(story, PERFORM["infusion"])
    assert codes(refused) == {"rule-not-yet-known", "no-leave"}
    assert "18.8 mg" in next(reason.says for reason in refused.reasons if reason.rule == "E24b")
    assert not story.now.thaws


@pytest.mark.parametrize("mg", ["0.01", "7"])
def test_what_may_have_gone_on_counts_in_full_down_to_the_smallest_new_dose(mg: str) -> None:
    story = on_maintenance()
    story.reports(morning(story, mg))
    assert "rule-not-yet-known" in codes(refusal(story, PERFORM["infusion"]))


def test_once_a_stop_is_told_that_lies_before_it_the_new_dose_counts_alone_and_leave_comes_back() -> None:
    story = on_maintenance()
    story.reports(morning(story, "7"))
    stopped = dose("prednisone", "10", When("2025-11-03"), per_day=1, stop=When.at(story.trial.clock() - timedelta(days=1)))
    course = next(one.entry for one in story.now.medications if one.fact.drug == "prednisone")
    story.asks(c.Correct(entry=course, fact=stopped), reason="it was stopped yesterday")
    story.advances()
    story.asks(PERFORM["infusion"])
    assert not against(story)


def test_once_a_later_review_says_that_it_still_went_on_the_sum_surely_blocks() -> None:
    story = on_maintenance()
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock(), hours=30)))
    story.reports(morning(story, "7"))
    story.advances()
    story.lives_until(story.trial.clock() + timedelta(hours=24))
    story.is_seen_before("infusion")
    story.advances()
    held = story.told_of(e.StepHeld)[-1][1]
    assert isinstance(held, e.StepHeld)
    assert {rule.rule: rule.outcome for rule in held.derivation.rules if rule.outcome != "passes"} == {"E24b": "fails"}
    assert "rule-fails" in codes(refusal(story, PERFORM["infusion"]))


# Override


def test_an_investigator_takes_a_step_against_its_gate_on_a_ground_of_the_list(waiting: Story) -> None:
    outcome = waiting.signs(c.Override(beginning=THAW, ground="immediate-hazard"))
    assert [event.kind for event in outcome.events] == ["override-signed.v1", "thaw-started.v1", *["deviation-recorded.v1"] * 4]
    signed = outcome.events[0]
    assert isinstance(signed, e.OverrideSigned)
    assert signed.rules == ("E24b", "no-infection", "afebrile", "go")
    assert against(waiting) == SEEN


def test_a_step_that_was_overridden_needs_no_leave_wherever_a_correction_moves_it(waiting: Story) -> None:
    waiting.signs(c.Override(beginning=THAW, ground="immediate-hazard"))
    entry, right = waiting.entry_of(e.ThawStarted), waiting.at()
    waiting.trial.clock.move(hours=1)
    for at, deviations in (
        (When.at(waiting.trial.clock() - timedelta(minutes=1)), SEEN),
        (When.at(waiting.trial.clock() - timedelta(hours=1, minutes=1)), SEEN | {"same-identity"}),
        (right, SEEN),
    ):
        waiting.asks(c.Correct(entry=entry, fact=e.ThawStarted(at=at, identity=CODE)), reason="the clock of the bath was wrong")
        assert against(waiting) == deviations


def test_an_override_excuses_no_other_dose_than_the_one_that_was_signed_for() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    story.plans("lymphodepletion", story.trial.clock() + timedelta(days=1))
    story.trial.clock.move(days=1)
    story.reports(pregnancy_test(story.at()))
    story.signs(c.Override(beginning=c.BeginLymphodepletion(day=-5, drug="fludarabine"), ground="immediate-hazard"))
    assert against(story, "lymphodepletion") == {"E26a", "no-infection", "go"}
    before = When.at(story.trial.clock() - timedelta(hours=2))
    story.reports(e.LymphodepletionDose(at=before, day=-5, drug="cyclophosphamide"))
    assert against(story, "lymphodepletion") == {"E26a", "no-infection", "pregnancy-test", "go", "leave"}


def test_an_override_by_somebody_else_unsigned_or_without_a_reason_is_refused(waiting: Story) -> None:
    override = c.Override(beginning=THAW, ground="immediate-hazard")
    assert codes(refusal(waiting, override)) == {"investigator-only", "signature-missing", "reason-missing"}
    assert codes(refusal(waiting, override, "investigator")) == {"signature-missing", "reason-missing"}
    assert codes(refusal(waiting, override, "investigator", signed=True)) == {"reason-missing"}
    assert codes(refusal(waiting, override, "coordinator", reason="x", signed=True)) == {"investigator-only"}


def test_an_override_needs_a_ground_of_the_closed_list_and_a_plan(waiting: Story) -> None:
    waiting.asks(c.Cancel(step="infusion"))
    override = c.Override(beginning=THAW, ground="convenience")
    assert codes(refusal(waiting, override, "investigator", reason="x", signed=True)) == {"unknown-ground", "not-planned"}


def lost_consent(story: Story) -> None:
    story.asks(c.Retract(entry=story.entry_of(e.ConsentSigned)), reason="signed by somebody else")


def lost_eligibility(story: Story) -> None:
    story.asks(c.Retract(entry=story.entry_of(e.EligibilityConfirmed)), "investigator", reason="confirmed by mistake", signed=True)


def lost_release(story: Story) -> None:
    story.asks(c.Retract(entry=story.entry_of(e.ProductReleased)), "cell-lab", reason="released by mistake")


def lost_identity(story: Story) -> None:
    story.trial.clock.move(minutes=1)
    other = e.IdentityChecked(at=story.at(), identity="COI-0002", checked_by=("nurse one", "nurse two"))
    story.reports(other, reason="the bag carries another code")


@pytest.mark.parametrize(
    ("lose", "rule"),
    [
        (lost_consent, "consent-and-eligibility"),
        (lost_eligibility, "consent-and-eligibility"),
        (lost_release, "product-ready"),
        (lost_identity, "same-identity"),
    ],
    ids=["consent", "eligibility", "release", "identity"],
)
@pytest.mark.parametrize("ground", ["immediate-hazard", "system-unavailable", "protocol-exception"])
def test_some_rules_are_never_overridden(waiting: Story, lose: Callable[[Story], None], rule: str, ground: str) -> None:
    lose(waiting)
    refused = refusal(waiting, c.Override(beginning=THAW, ground=ground), "investigator", reason="x", signed=True)
    assert {reason.rule for reason in refused.reasons} == {rule}
    assert refused.recorded is not None
    assert not waiting.now.thaws


def test_nobody_overrides_for_a_participant_who_has_left(waiting: Story) -> None:
    waiting.reports(e.TreatmentStopped(at=waiting.at(), why="too tired"))
    refused = refusal(waiting, c.Override(beginning=THAW, ground="immediate-hazard"), "investigator", reason="x", signed=True)
    assert codes(refused) == {"left", "not-planned"}


@pytest.mark.clause("EU Annex 11", "6")
def test_whose_cells_they_are_is_checked_by_two_people_and_not_twice_by_one(waiting: Story) -> None:
    alone = e.IdentityChecked(at=waiting.at(), identity=CODE, checked_by=("nurse one", "nurse one"))
    with pytest.raises(Refused) as refused:
        waiting.reports(alone)
    assert codes(refused.value) == {"one-person"}
    waiting.reports(alone.model_copy(update={"checked_by": ("nurse one", "nurse two")}))


# Release by hand


@pytest.mark.clause("EMA 2023", "contingency")
@pytest.mark.clause("EU Annex 11", "16")
@pytest.mark.clause("ICH E6(R3)", "4.3.6")
def test_while_no_journey_answers_an_investigator_gives_leave_by_hand_when_every_rule_passes(waiting: Story) -> None:
    waiting.is_seen_before("infusion")
    outcome = waiting.signs(c.ReleaseManually(step="infusion"), "the server is down")
    released = outcome.events[0]
    assert isinstance(released, e.ManuallyReleased)
    assert (released.covers_from, released.covers_until) == (waiting.trial.clock(), waiting.now.plans["infusion"].slot.until)
    clearance = waiting.now.clearance("infusion")
    assert clearance is not None
    assert clearance.by_hand
    waiting.asks(PERFORM["infusion"])
    assert not against(waiting)


def test_leave_by_hand_is_refused_like_any_other_when_a_rule_does_not_pass(waiting: Story) -> None:
    refused = refusal(waiting, c.ReleaseManually(step="infusion"), "investigator", reason="x", signed=True)
    assert [(reason.code, reason.rule) for reason in refused.reasons] == [
        ("rule-not-yet-known", rule) for rule in ("E24b", "no-infection", "afebrile", "go")
    ]
    assert refused.recorded is not None


def test_leave_by_hand_needs_an_investigator_a_signature_a_reason_a_plan_and_a_slot_that_is_not_over(waiting: Story) -> None:
    by_hand = c.ReleaseManually(step="infusion")
    assert codes(refusal(waiting, by_hand)) == {"investigator-only", "signature-missing", "reason-missing"}
    assert codes(refusal(waiting, c.ReleaseManually(step="leukapheresis"), "investigator", reason="x", signed=True)) == {"not-planned"}
    waiting.trial.clock.move_to(waiting.now.plans["infusion"].slot.until)
    waiting.is_seen_before("infusion")
    assert codes(refusal(waiting, by_hand, "investigator", reason="x", signed=True)) == {"slot-past"}


def test_leave_by_hand_is_revoked_and_lapses_like_any_other(waiting: Story) -> None:
    waiting.is_seen_before("infusion")
    waiting.signs(c.ReleaseManually(step="infusion"), "the server is down")
    early = When.at(waiting.trial.clock() - timedelta(hours=3))
    outcome = waiting.reports(dose("dexamethasone", "8", early, route="intravenous"))
    assert [event.kind for event in outcome.events] == ["medication-taken.v1", "clearance-revoked.v1"]
    waiting.asks(c.Retract(entry=waiting.entry_of(e.MedicationTaken)), reason="another participant's")
    waiting.signs(c.ReleaseManually(step="infusion"), "the server is down")
    waiting.lives_until(waiting.now.plans["infusion"].slot.until)
    assert waiting.told_of(e.ClearanceLapsed)


def test_every_hold_point_has_a_beginning() -> None:
    assert {kind.model_fields["kind"].default for kind in get_args(get_args(c.Beginning)[0])} == set(PERFORM)
