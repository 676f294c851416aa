"""What falls due comes round once, in order, and falls silent when it is done; what reaches a ward is safe to obey."""

import re
from datetime import datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import Agenda
from domain.letters import says
from domain.reminding.reminder import Reminder
from domain.time import MINUTE, When, local_date, midnight
from tests.builders import BERLIN, Story, Trial, dose, local, slot


@pytest.fixture
def story() -> Story:
    return Trial().participant().is_eligible().is_collected().has_product()


def agenda(story: Story) -> Agenda:
    return story.trial.participants.agenda(story.id)[1]


def due(story: Story, beginning: str) -> dict[str, datetime]:
    """When the items whose key begins so are due."""
    return {item.key: item.due for item in agenda(story).items if item.key.startswith(beginning)}


def reminded(story: Story, beginning: str, *, skipped: bool = False) -> list[str]:
    """The reminders that have been given, or skipped, by the last part of their key."""
    told = [event for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue)]
    return [event.key.split(":")[-1] for event in told if event.key.startswith(beginning) and event.skipped == skipped]


# The law of progress


def test_items_come_soonest_first_and_each_key_once(story: Story) -> None:
    story.plans("infusion", story.trial.clock() + timedelta(days=9))
    items = agenda(story).items
    assert [item.due for item in items] == sorted(item.due for item in items)
    assert len({item.key for item in items}) == len(items)


def test_acting_on_what_is_due_makes_it_no_longer_due(story: Story) -> None:
    story.plans("infusion", story.trial.clock() + timedelta(days=2))
    story.plans("lymphodepletion", story.trial.clock() + timedelta(days=1))
    story.trial.clock.move(days=3)
    while items := agenda(story).due(story.trial.clock()):
        story.asks(c.ActOn(key=items[0].key), "journey")
        after = agenda(story).item(items[0].key)
        assert after is None or after.due > story.trial.clock()


def test_keys_stay_the_same_while_nothing_is_recorded_and_time_passes(story: Story) -> None:
    story.plans("infusion", story.trial.clock() + timedelta(days=9))
    before = [item.key for item in agenda(story).items]
    story.trial.clock.move(days=30)
    assert [item.key for item in agenda(story).items] == before


def test_the_journey_of_somebody_unknown_or_gone_has_nothing_to_do(story: Story) -> None:
    assert Story(story.trial, "BER-099").trial.participants.agenda("BER-099")[1] == Agenda((), (), finished=True)
    assert not agenda(story).finished
    story.reports(e.ProductFailed(at=story.at(), identity="COI-0001", why="too few cells"))
    story.reports(e.Died(at=story.at()))
    story.advances()
    assert agenda(story).finished


# Black-outs


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("2026-03-12 09:00", "2026-03-09 09:00"),
        ("2026-03-30 09:00", "2026-03-27 08:00"),
        ("2026-10-26 09:00", "2026-10-23 10:00"),
    ],
    ids=["plainly", "across the spring change", "across the autumn change"],
)
def test_the_black_out_of_the_infusion_starts_exactly_72_hours_before_it(start: str, begins: str) -> None:
    story = Trial().participant().consents()
    story.trial.clock.move_to(local(start) - timedelta(days=20))
    story.plans("infusion", local(start))
    found = due(story, "black-out:infusion")
    assert [when for key, when in found.items() if key.endswith(":start")] == [local(begins)]
    assert [when for key, when in found.items() if key.endswith(":day-before")] == [local(begins) - timedelta(days=1)]
    assert [when for key, when in found.items() if key.endswith(":planned")] == [story.trial.clock()]


def test_a_dose_in_the_first_minute_of_the_black_out_blocks_the_planned_start_and_a_minute_earlier_does_not(story: Story) -> None:
    story.is_depleted()
    start = story.now.plans["infusion"].slot.start
    begins = next(when for key, when in due(story, "black-out:infusion").items() if key.endswith(":start"))
    story.lives_until(start - timedelta(hours=1))
    story.is_seen_before("infusion")
    story.checks_identity()
    for minutes, leave in ((0, False), (-1, True)):
        taken = dose("prednisone", "20", type(story.at()).at(begins + timedelta(minutes=minutes)))
        story.reports(taken)
        story.advances()
        clearance = story.now.clearance("infusion")
        assert (clearance is not None and clearance.covers_from == start) == leave
        story.asks(c.Retract(entry=story.entry_of(e.MedicationTaken)), reason="a rehearsal")


@pytest.mark.parametrize("start", ["2026-03-12 09:00", "2026-03-30 09:00", "2026-10-26 23:30"])
def test_the_black_out_of_the_collection_starts_with_the_date_seven_days_before_it(start: str) -> None:
    story = Trial().participant().consents()
    story.trial.clock.move_to(local(start) - timedelta(days=20))
    story.plans("leukapheresis", local(start))
    begins = [when for key, when in due(story, "black-out:leukapheresis").items() if key.endswith(":start")]
    assert begins == [midnight(local_date(local(start), BERLIN) - timedelta(days=7), BERLIN)]


def test_a_ward_is_told_at_planning_a_day_before_and_at_the_start(story: Story) -> None:
    story.plans("infusion", story.trial.clock() + timedelta(days=10))
    story.lives_until(story.trial.clock() + timedelta(days=9))
    assert reminded(story, "black-out:infusion") == ["planned", "day-before", "start"]


def test_after_downtime_what_has_become_pointless_is_recorded_as_skipped(story: Story) -> None:
    story.plans("infusion", story.trial.clock() + timedelta(days=10))
    story.trial.clock.move(days=9)
    story.advances()
    assert reminded(story, "black-out:infusion") == ["start"]
    assert reminded(story, "black-out:infusion", skipped=True) == ["planned", "day-before"]


def test_a_step_that_is_given_up_or_taken_reminds_of_nothing_more(story: Story) -> None:
    story.plans("infusion", story.trial.clock() + timedelta(days=10))
    assert due(story, "black-out:infusion")
    story.asks(c.Cancel(step="infusion"))
    assert not due(story, "black-out:infusion")
    assert not due(story, "review:infusion")


# Reviews, visits, product


def test_a_review_that_has_been_made_is_not_asked_for(story: Story) -> None:
    start = story.trial.clock() + timedelta(days=10)
    story.plans("infusion", start)
    assert set(due(story, "review:infusion").values()) == {start - timedelta(hours=24)}
    story.lives_until(start - timedelta(hours=24))
    assert len(reminded(story, "review:infusion")) == 1
    story.asks(c.Plan(step="infusion", slot=slot(start, hours=9)))
    story.reviews()
    assert not due(story, "review:infusion")


def test_what_a_gate_asks_somebody_to_look_at_is_asked_for_once_it_would_be_fresh_enough_until_it_is_on_record(story: Story) -> None:
    start = story.trial.clock() + timedelta(days=20)
    story.plans("lymphodepletion", start).plans("infusion", start + timedelta(days=5))
    a_day, a_week = (midnight(local_date(start, BERLIN) - timedelta(days=days), BERLIN) for days in (1, 7))
    hours = start + timedelta(days=5) - timedelta(hours=24)
    asked = {
        "review:lymphodepletion:medicines": a_day,
        "review:lymphodepletion:procedures": a_day,
        "test:lymphodepletion:pregnancy-test": a_week,
        "attestation:lymphodepletion:go": a_day,
        "review:infusion:medicines": hours,
        "test:infusion:body-temperature": hours,
        "attestation:infusion:go": hours,
    }

    def evidence() -> dict[str, datetime]:
        return {
            key.rpartition(":")[0]: when for key, when in due(story, "").items() if key.startswith(("review:", "test:", "attestation:"))
        }

    assert evidence() == asked
    story.trial.clock.move_to(start - timedelta(days=8))
    story.is_seen_before("lymphodepletion")
    assert evidence() == asked, "all of that is too old by then"
    story.trial.clock.move_to(start - timedelta(hours=1))
    story.is_seen_before("lymphodepletion")
    assert evidence().keys() == {key for key in asked if ":infusion:" in key}


def test_the_investigator_is_told_of_the_go_and_a_man_is_asked_for_no_pregnancy_test(story: Story) -> None:
    story.reports(e.DemographicsRecorded(at=story.at(), born=When("1990"), sex="male"))
    start = story.trial.clock() + timedelta(days=10)
    story.plans("lymphodepletion", start)
    story.lives_until(start)
    told = {event.key.split(":")[0]: event.to for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue)}
    assert "test" not in told
    assert (told["attestation"], told["review"]) == ("investigator", "coordinator")


def test_a_visit_reminds_until_it_has_taken_place_and_is_closed_only_when_it_has_not() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.advances()
    assert {key.split(":")[0] for key in due(story, "") if ":day-7" in key} == {"visit-opens", "visit-closes", "close"}
    story.trial.clock.move(days=7)
    story.reports(e.VisitCompleted(visit="day-7", at=story.at()))
    assert not [key for key in due(story, "") if ":day-7" in key]


@pytest.mark.slow
def test_a_visit_is_closed_at_the_end_of_its_last_date_and_final_fourteen_days_later() -> None:
    story = Trial().participant().is_ready().is_infused()
    day_0 = local_date(story.trial.clock(), BERLIN)
    story.lives_until(midnight(day_0 + timedelta(days=23), BERLIN))
    told = {(type(event), event.visit): at for at, event in story.told_of(e.VisitUnaccounted, e.VisitMissed) if hasattr(event, "visit")}
    assert told[e.VisitUnaccounted, "day-7"] == midnight(day_0 + timedelta(days=9), BERLIN)
    assert told[e.VisitMissed, "day-7"] == midnight(day_0 + timedelta(days=23), BERLIN)


def test_a_product_that_expires_is_urgent_until_it_has_been_infused() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    assert [
        item.act.urgency for item in agenda(story).items if isinstance(item.act, Reminder) and item.key.startswith("product-expires")
    ] == ["urgent"]
    story = Trial().participant().is_ready().is_infused()
    assert not due(story, "product-expires")


def test_a_product_reminds_a_week_before_it_expires_and_again_when_the_date_is_corrected(story: Story) -> None:
    entry = story.entry_of(e.ProductReceived)
    fact = story.told_of(e.ProductReceived)[-1][1]
    assert isinstance(fact, e.ProductReceived)
    ends = midnight(fact.expires + timedelta(days=1), BERLIN)
    assert due(story, "product-expires") == {f"product-expires:{entry}:{fact.expires:%Y%m%d}": ends - timedelta(days=7)}
    story.lives_until(ends - timedelta(days=7))
    assert not due(story, "product-expires")
    later = fact.expires + timedelta(days=30)
    story.asks(c.Correct(entry=entry, fact=fact.model_copy(update={"expires": later})), reason="the label was misread")
    again = midnight(later + timedelta(days=1), BERLIN) - timedelta(days=7)
    assert due(story, "product-expires") == {f"product-expires:{entry}:{later:%Y%m%d}": again}


def test_the_product_of_somebody_who_has_left_reminds_of_nothing(story: Story) -> None:
    assert due(story, "product-expires")
    story.reports(e.TreatmentStopped(at=story.at(), why="too tired"))
    assert not due(story, "product-expires")


# The toxicity period


@pytest.mark.slow
def test_the_toxicity_period_ends_with_day_28_and_the_investigator_is_told_once() -> None:
    story = Trial().participant().is_ready().is_infused()
    last = local_date(story.trial.clock(), BERLIN) + timedelta(days=28)
    ends = midnight(last + timedelta(days=1), BERLIN)
    assert due(story, "toxicity-ends") == {f"toxicity-ends:{last:%Y%m%d}": ends}
    story.lives_until(ends - MINUTE)
    assert reminded(story, "toxicity-ends") == []
    story.lives_until(ends)
    assert reminded(story, "toxicity-ends") == [f"{last:%Y%m%d}"]
    told = [
        event for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue) and event.key.startswith("toxicity-ends")
    ]
    assert [(event.to, event.urgency) for event in told] == [("investigator", "digest")]
    assert not due(story, "toxicity-ends")


def test_the_toxicity_period_moves_with_the_infusion_and_is_silent_for_whoever_comes_no_more() -> None:
    story = Trial().participant().is_ready().is_infused()
    earlier = type(story.at()).at(story.trial.clock() - timedelta(hours=20))
    moved = local_date(story.trial.clock(), BERLIN) + timedelta(days=27)
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=e.InfusionStarted(at=earlier, identity="COI-0001")), reason="x")
    assert list(due(story, "toxicity-ends")) == [f"toxicity-ends:{moved:%Y%m%d}"]
    story.reports(e.TreatmentStopped(at=story.at(), why="too tired"))
    assert due(story, "toxicity-ends")
    story.reports(e.Died(at=story.at()))
    assert not due(story, "toxicity-ends")


# Urgency and words


def test_leave_that_is_revoked_close_to_the_step_is_urgent() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.reports(dose("dexamethasone", "8", story.at(), route="intravenous"))
    story.advances()
    told = [event for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue) and event.urgency == "urgent"]
    assert [event.key.split(":")[0] for event in told] == ["held-near"], "one call for what is one matter"
    assert told[0].says.startswith("Leave for the infusion has been revoked. The planned infusion is held")
    assert ": Leave has been revoked. It is held, and there is no leave to begin it." in says(told[0].key, story.now, BERLIN)


def test_leave_that_stands_again_reminds_no_more_that_it_was_revoked() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.reports(dose("dexamethasone", "8", story.at(), route="intravenous"))
    assert due(story, "revoked:infusion")
    story.asks(c.Retract(entry=story.entry_of(e.MedicationTaken)), reason="another participant's")
    story.asks(c.ActOn(key="judge:infusion"), "journey")
    assert story.now.clearance("infusion") is not None
    assert not due(story, "revoked:infusion")
    story.advances()
    assert reminded(story, "revoked:infusion") == []


def lapsing(*, ahead: timedelta) -> Story:
    """Leave whose review goes stale in the middle of the slot, `ahead` before its end."""
    story = Trial().participant().is_ready()
    planned = story.now.plans["infusion"].slot
    story.lives_until(planned.until - ahead - timedelta(hours=24))
    story.is_seen_before("infusion")
    story.lives_until(planned.start)
    story.checks_identity()
    story.advances()
    clearance = story.now.clearance("infusion")
    assert clearance is not None
    assert clearance.covers_until == min(planned.until, planned.until - ahead + MINUTE)
    return story


def test_leave_that_lapses_in_the_middle_of_the_slot_is_urgent_and_once_somebody_has_looked_silent() -> None:
    story = lapsing(ahead=timedelta(hours=4))
    lapses = story.now.plans["infusion"].slot.until - timedelta(hours=4) + MINUTE
    story.lives_until(lapses - MINUTE)
    assert reminded(story, "lapsed:infusion") == []
    story.lives_until(lapses)
    told = [event for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue) and event.key.startswith("lapsed")]
    assert [(event.urgency, event.to) for event in told] == [("urgent", "coordinator")]
    story.is_seen_before("infusion")
    story.advances()
    assert story.now.clearance("infusion") is not None
    assert len(reminded(story, "lapsed:infusion")) == 1


def test_leave_that_lapses_with_its_slot_reminds_of_no_lapse() -> None:
    story = lapsing(ahead=timedelta(0))
    story.lives_until(story.now.plans["infusion"].slot.until + timedelta(hours=1))
    assert story.told_of(e.ClearanceLapsed)
    assert reminded(story, "lapsed:infusion") == []


ABRUPT = re.compile(r"\b(stop|discontinue|withhold|no steroids)\b", re.IGNORECASE)
SAFE = "Do not stop maintenance or replacement abruptly"


def test_no_reminder_asks_anybody_to_stop_a_drug() -> None:
    story = Trial().participant().is_ready()
    story.reports(dose("prednisone", "20", story.at()))
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=1))))
    story.lives_until(story.trial.clock() + timedelta(days=20))
    words = [event.says for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue)]
    assert any(SAFE in says for says in words)
    assert not [says for says in words if ABRUPT.search(says.replace(SAFE, ""))]
    black_outs = [says for says in words if "blocks the" in says]
    assert all("above 10 mg/day prednisone-equivalent" in says and "In an emergency treat, then record." in says for says in black_outs)
