from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.notices import (
    A_CALL,
    FINISHED,
    MOST_CALLS,
    SPREAD,
    Notice,
    Turn,
    at_work,
    best_told,
    message_id,
    notices,
    opening,
    tag,
    turn,
    unfinished,
)
from domain.rejections import Refused
from domain.reminding.reminder import Reminder
from domain.study import SiteOpened
from domain.words import Role, Urgency
from tests.builders import BERLIN, SAO_PAULO, Story, Trial, by_, local

SITE = SiteOpened(site="BER", zone=BERLIN, opens=time(8), closes=time(17))
WEBER = ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example", rung="coordinator")
NOVAK = ContactNamed(person="k-novak", roles=("coordinator",), mail="k.novak@ber.example", rung="second-coordinator")
ITO = ContactNamed(person="dr-ito", roles=("investigator",), mail="dr.ito@ber.example", rung="investigator")
FAR = local("2027-01-01 00:00")


def names(trial: Trial, *contacts: ContactNamed) -> None:
    trial.participants.desk.record(contacts, by_("administrator", trial.next_id()))


def on_the_last_day(trial: Trial, hour: int = 10) -> Story:
    """The last day of the screening visit's window: something timely has fallen due."""
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    [closes] = [item.due for item in trial.participants.agenda(story.id)[1].items if item.key.startswith("visit-closes")]
    trial.clock.move_to(closes + timedelta(hours=hour))
    story.advances()
    return story


def urgent(trial: Trial) -> Story:
    """The product expires within the week, so everybody is called who stands on the ladder."""
    story = trial.participant().is_eligible().is_collected()
    trial.clock.move(days=1)
    expires = (trial.clock() + timedelta(days=3)).date()
    story.reports(e.ProductReceived(at=story.at(), identity="COI-0001", expires=expires), "cell-lab")
    story.advances()
    return story


def key_of(story: Story, beginning: str) -> str:
    [key] = [one for one in notices(story.record) if one.startswith(beginning)]
    return key


def turns(story: Story, key: str) -> Turn:
    trial = story.trial
    return turn(notices(story.record)[key], story.record, trial.participants.study(), trial.clock())


def record(story: Story, fact: e.NoticeFact, role: Role = "notices") -> None:
    by = by_(role, story.trial.next_id()).model_copy(update={"source": "notices"})
    story.trial.participants.handle(story.id, c.RecordNotice(fact=fact), by)


def sent(key: str, to: str = "m-weber", call: int = 1) -> e.ReminderSent:
    return e.ReminderSent(key=key, to=to, channel="mail", call=call, message=message_id("BER-001", key, to, call))


def refused(story: Story, fact: e.NoticeFact, role: Role = "notices") -> set[str]:
    with pytest.raises(Refused) as refusal:
        record(story, fact, role)
    return {reason.code for reason in refusal.value.reasons}


@pytest.mark.parametrize(
    ("instant", "works"),
    [
        ("2026-03-10 07:59", False),
        ("2026-03-10 08:00", True),
        ("2026-03-10 16:59", True),
        ("2026-03-10 17:00", False),
        ("2026-03-14 10:00", True),  # a Saturday: nobody has said that it is free
    ],
)
def test_working_hours_are_those_of_the_sites_clocks(instant: str, *, works: bool) -> None:
    assert at_work(local(instant), SITE) is works
    assert at_work(local(instant, SAO_PAULO), SITE.model_copy(update={"zone": SAO_PAULO})) is works


@pytest.mark.parametrize(
    ("instant", "opens"),
    [
        ("2026-03-10 00:00", "2026-03-10 08:00"),
        ("2026-03-10 08:00", "2026-03-10 08:00"),
        ("2026-03-10 08:01", "2026-03-11 08:00"),
        ("2026-03-28 12:00", "2026-03-29 08:00"),  # the clocks go forward in the night
        ("2026-10-24 12:00", "2026-10-25 08:00"),  # and back
    ],
)
def test_work_begins_next_by_the_sites_clocks(instant: str, opens: str) -> None:
    assert opening(local(instant), SITE) == local(opens)


def test_the_night_of_a_clock_change_is_as_long_as_it_is() -> None:
    assert opening(local("2026-03-28 20:00"), SITE) - local("2026-03-28 20:00") == timedelta(hours=11)
    assert opening(local("2026-10-24 20:00"), SITE) - local("2026-10-24 20:00") == timedelta(hours=13)


def test_a_site_that_opens_in_the_hour_that_is_skipped_opens_after_it() -> None:
    early = SITE.model_copy(update={"opens": time(2, 30)})
    assert opening(local("2026-03-28 20:00"), early) == local("2026-03-29 03:30")


def told_at(urgency: Urgency, since: datetime, pointless: datetime = FAR) -> datetime:
    due = e.ReminderDue(key="visit-opens:day-1:20260310", urgency=urgency, to="coordinator", says="told")
    applies = Reminder(due.key, since, pointless, urgency, "coordinator", "told")
    return best_told(Notice(due, since, since), applies, SITE, "BER-001")


@pytest.mark.parametrize(
    ("urgency", "since", "earliest"),
    [
        ("urgent", "2026-03-10 03:00", "2026-03-10 03:00"),
        ("timely", "2026-03-10 08:00", "2026-03-10 08:00"),
        ("timely", "2026-03-10 16:59", "2026-03-10 16:59"),
        ("timely", "2026-03-10 17:00", "2026-03-11 08:00"),
        ("timely", "2026-03-10 03:00", "2026-03-10 08:00"),
        ("digest", "2026-03-10 08:00", "2026-03-10 08:00"),
        ("digest", "2026-03-10 08:01", "2026-03-11 08:00"),
    ],
)
def test_each_class_is_told_at_its_time(urgency: Urgency, since: str, earliest: str) -> None:
    found = told_at(urgency, local(since))
    waits = since != earliest or urgency == "digest"
    assert local(earliest) <= found < local(earliest) + (SPREAD if waits else timedelta(minutes=1))
    assert found == told_at(urgency, local(since)), "always at the same moment"


def test_what_waits_for_the_morning_is_not_all_sent_in_the_same_second() -> None:
    due = e.ReminderDue(key="a", urgency="timely", to="coordinator", says="told")
    since = local("2026-03-10 03:00")
    applies = Reminder("a", since, FAR, "timely", "coordinator", "told")
    moments = {best_told(Notice(due, since, since), applies, SITE, f"BER-{number:03}") for number in range(100)}
    assert len(moments) > 50
    assert max(moments) - min(moments) < SPREAD


@pytest.mark.parametrize(("pointless", "waits"), [("2026-03-11 08:00", False), ("2026-03-11 09:00", True)])
def test_what_would_be_pointless_by_the_morning_is_told_at_once(pointless: str, *, waits: bool) -> None:
    since = local("2026-03-10 18:00")
    assert (told_at("timely", since, local(pointless)) > since) is waits


def test_everybody_named_for_the_role_is_told_once() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    assert [one.person for one in turns(story, key).tell] == ["m-weber", "k-novak"]
    record(story, sent(key))
    assert [one.person for one in turns(story, key).tell] == ["k-novak"]
    record(story, e.ReminderFailed(key=key, to="k-novak", channel="mail", why="refused"))
    assert turns(story, key) == FINISHED


def test_nobody_of_another_site_and_nobody_who_only_looks_into_the_inbox_is_told() -> None:
    trial = Trial()
    names(trial, WEBER.model_copy(update={"site": "SAO"}), NOVAK.model_copy(update={"timely": "inbox"}))
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    assert turns(story, key) == FINISHED


def test_what_is_told_is_on_record_once() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    record(story, sent(key))
    assert refused(story, sent(key)) == {"told-already"}
    assert refused(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", why="refused")) == {"told-already"}


def test_only_the_notices_record_what_became_of_them() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    assert refused(story, sent(key_of(story, "visit-closes")), "coordinator") == {"notices-only"}
    with pytest.raises(Refused, match="in the name of"):
        story.trial.participants.handle(
            story.id, c.Acknowledge(key="any"), by_("notices", trial.next_id()).model_copy(update={"source": "notices"})
        )


def test_nothing_is_recorded_of_a_reminder_that_never_fell_due() -> None:
    story = on_the_last_day(Trial())
    assert refused(story, sent("visit-closes:day-1:20260401")) == {"not-due"}


def test_of_two_who_acknowledge_at_once_the_second_is_told_who_was_first() -> None:
    story = on_the_last_day(Trial())
    key = key_of(story, "visit-closes")
    story.asks(c.Acknowledge(key=key))
    with pytest.raises(Refused, match="a-coordinator has acknowledged this reminder already"):
        story.asks(c.Acknowledge(key=key), "investigator")
    assert len(story.told_of(e.ReminderAcknowledged)) == 1


def test_what_was_acknowledged_is_told_to_nobody_else() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    story.asks(c.Acknowledge(key=key))
    assert turns(story, key) == FINISHED
    assert key not in unfinished(story.record, trial.participants.study(), trial.clock()).keys


def test_a_reminder_that_no_longer_applies_is_withdrawn_before_it_is_sent_and_falls_due_anew_should_it_apply_again() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial, hour=3)
    key = key_of(story, "visit-closes")
    assert turns(story, key).until is not None, "it waits for the morning"
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert turns(story, key).record == (e.ReminderWithdrawn(key=key),)
    record(story, e.ReminderWithdrawn(key=key))
    assert turns(story, key) == FINISHED
    assert refused(story, e.ReminderWithdrawn(key=key)) == {"still-applies"}
    story.asks(c.Retract(entry=story.entry_of(e.VisitCompleted)), reason="it was another participant")
    story.advances()
    assert len([one for _, one in story.told_of(e.ReminderDue) if isinstance(one, e.ReminderDue) and one.key == key]) == 2
    assert not notices(story.record)[key].over


def test_a_reminder_that_was_sent_is_not_withdrawn_and_stays_in_the_record() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    record(story, sent(key))
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert turns(story, key) == FINISHED
    assert refused(story, e.ReminderWithdrawn(key=key)) == {"still-applies"}
    assert notices(story.record)[key].sent == 1


def test_a_reminder_that_still_applies_is_not_withdrawn() -> None:
    story = on_the_last_day(Trial())
    assert refused(story, e.ReminderWithdrawn(key=key_of(story, "visit-closes"))) == {"still-applies"}


def test_what_became_pointless_before_it_was_told_has_failed() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial, hour=23)
    key = key_of(story, "screening-expires")
    trial.clock.move(hours=1)
    [failed] = turns(story, key).record
    assert failed == e.ReminderFailed(key=key, to="m-weber", channel="mail", why="too-late")
    record(story, failed)
    assert turns(story, key) == FINISHED


def test_the_ladder_is_climbed_every_quarter_of_an_hour_until_somebody_acknowledges() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    called = []
    for call in range(1, 6):
        step = turns(story, key)
        [person] = step.tell
        called.append(person.person)
        record(story, sent(key, person.person, call))
        assert step.until is not None
        trial.clock.move_to(step.until - timedelta(seconds=1))
        assert turns(story, key) == Turn(call=call, until=step.until), "nobody is called before the time"
        trial.clock.move_to(step.until)
        [climbed] = turns(story, key).record
        record(story, climbed)
    assert called == ["m-weber", "k-novak", "dr-ito", "m-weber", "k-novak"]
    rungs = [one.rung for _, one in story.told_of(e.ReminderEscalated) if isinstance(one, e.ReminderEscalated)]
    assert rungs == ["second-coordinator", "investigator", "coordinator", "second-coordinator", "investigator"]
    story.asks(c.Acknowledge(key=key), "investigator")
    assert turns(story, key) == FINISHED
    assert refused(story, e.ReminderEscalated(key=key, call=7, rung="coordinator")) == {"not-next"}


def test_calling_ends_after_three_hours_where_days_are_left() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    for call in range(2, MOST_CALLS + 1):
        [told] = turns(story, key).tell
        record(story, sent(key, told.person, call - 1))
        trial.clock.move(seconds=A_CALL.total_seconds())
        record(story, e.ReminderEscalated(key=key, call=call, rung="coordinator"))
    step = turns(story, key)
    assert [one.person for one in step.tell] == ["dr-ito"]
    assert step.until is None
    record(story, sent(key, "dr-ito", MOST_CALLS))
    assert turns(story, key).finished


def test_a_matter_of_safety_is_called_out_for_all_of_its_24_hours() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = trial.participant().is_eligible()
    story.reports(e.ConditionNoted(at=story.at(), condition="pregnancy", start=story.at(), marks={}))
    story.advances()
    key = key_of(story, "safety-report")
    called: list[str] = []
    while not (step := turns(story, key)).finished:
        called += [one.person for one in step.tell]
        for fact in (*step.record, *(sent(key, one.person, step.call) for one in step.tell)):
            record(story, fact)
        if not step.record and step.until is not None:
            trial.clock.move_to(step.until)
    assert called == ["m-weber", "k-novak", "dr-ito"] * 32, "every quarter of an hour"


def test_a_call_that_begins_late_reaches_the_rung_that_was_missed_as_well() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    trial.clock.move(minutes=20)
    step = turns(story, key)
    assert [one.person for one in step.tell] == ["m-weber"]
    assert [fact.kind for fact in step.record] == ["reminder-escalated.v1"]


def test_somebody_of_the_role_who_stands_on_no_rung_is_called_with_the_lowest() -> None:
    trial = Trial()
    names(trial, WEBER.model_copy(update={"rung": None}), NOVAK, ITO)
    story = urgent(trial)
    assert [one.person for one in turns(story, key_of(story, "product-expires")).tell] == ["k-novak", "m-weber"]


def test_a_tag_says_nothing_and_a_message_id_is_the_same_for_every_attempt() -> None:
    assert tag("test:infusion:pregnancy-test") == tag("test:infusion:pregnancy-test")
    assert len({tag(f"review:infusion:{n}") for n in range(100)}) == 100
    ids = {message_id(p, k, who, call) for p in ("BER-001", "BER-002") for k in "ab" for who in ("m-weber", "dr-ito") for call in (1, 2)}
    assert len(ids) == 16


def test_a_skipped_reminder_is_told_to_nobody() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    notice = notices(story.record)[key]
    late = replace(notice, due=notice.due.model_copy(update={"skipped": True}))
    assert turn(late, story.record, trial.participants.study(), trial.clock()) == FINISHED
