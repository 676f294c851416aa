from datetime import timedelta

import pytest

from domain import events as e
from domain.contacts import ContactNamed
from domain.digests import Morning, digest_id, morning, told_by
from domain.letters import LOOK, letter_of_a_morning
from domain.notices import SPREAD, Notice, notices, tag, unfinished
from domain.time import midnight
from tests.builders import BERLIN, Story, Trial
from tests.domain.test_notices import FAR, NOVAK, WEBER, key_of, names, record, sent

DAY = timedelta(days=1)


def in_screening(trial: Trial, participant_id: str = "BER-001") -> Story:
    """In the afternoon the screening visit can take place, which is told once a morning."""
    story = trial.participant(participant_id).consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.advances()
    return story


def of(story: Story, person: str = "m-weber") -> Morning:
    return morning(story.record, story.trial.participants.study(), person, story.trial.clock())


def notice_of(story: Story) -> Notice:
    return notices(story.record)[key_of(story, "visit-opens")]


def next_morning(story: Story) -> None:
    until = of(story).until
    assert until is not None
    story.trial.clock.move_to(until)


def test_what_falls_due_once_a_morning_waits_for_it_and_is_then_told_to_everybody() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = in_screening(trial)
    until = of(story).until
    assert until is not None
    opens = midnight(trial.clock().date() + DAY, BERLIN) + timedelta(hours=8)
    assert opens <= until < opens + SPREAD
    trial.clock.move_to(until - timedelta(seconds=1))
    assert of(story) == Morning(until=until)
    trial.clock.move_to(until)
    assert of(story) == of(story, "k-novak") == Morning(tell=(notice_of(story),))


def test_everything_of_a_site_is_told_at_one_moment() -> None:
    trial = Trial()
    names(trial, WEBER)
    assert len({of(in_screening(trial, f"BER-{number:03}")).until for number in range(1, 6)}) == 1


def test_what_was_told_to_a_person_is_not_told_again_and_the_other_still_waits() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = in_screening(trial)
    next_morning(story)
    record(story, sent(key_of(story, "visit-opens")))
    assert of(story) == Morning()
    assert of(story, "k-novak").tell == (notice_of(story),)
    assert unfinished(story.record, trial.participants.study(), trial.clock()).persons == ("k-novak",)


def test_whoever_serves_elsewhere_or_looks_into_the_inbox_is_told_nothing() -> None:
    trial = Trial()
    names(trial, WEBER.model_copy(update={"site": "SAO"}), NOVAK.model_copy(update={"digest": "inbox"}))
    story = in_screening(trial)
    trial.clock.move(days=1)
    assert of(story) == of(story, "k-novak") == Morning()


def test_what_no_longer_applies_in_the_morning_is_withdrawn() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = in_screening(trial)
    notice = notice_of(story)
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert of(story).record == ((notice, e.ReminderWithdrawn(key=notice.due.key)),)


def test_what_would_be_pointless_by_the_morning_is_told_by_itself() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    [closes] = [item.due for item in trial.participants.agenda(story.id)[1].items if item.key.startswith("visit-closes")]
    trial.clock.move_to(closes + timedelta(hours=10))
    story.advances()
    assert of(story) == Morning()
    left = unfinished(story.record, trial.participants.study(), trial.clock())
    assert key_of(story, "visit-opens") in left.keys
    assert left.persons == ()


def test_what_waits_for_the_morning_is_not_told_by_itself() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = in_screening(trial)
    left = unfinished(story.record, trial.participants.study(), trial.clock())
    assert (left.keys, left.persons) == ((), ("m-weber",))


def test_a_message_has_the_same_id_whenever_it_is_of_the_same_reminders_for_the_same_person() -> None:
    some = [("BER-001", "a"), ("BER-002", "b")]
    assert digest_id("m-weber", some) == digest_id("m-weber", list(some))
    assert len({digest_id("m-weber", some), digest_id("k-novak", some), digest_id("m-weber", some[:1]), digest_id("m-weber", [])}) == 4


def test_a_message_was_taken_if_anything_is_on_record_as_told_by_it() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = in_screening(trial)
    assert not told_by(story.record, "one")
    record(story, sent(key_of(story, "visit-opens")).model_copy(update={"message": "one"}))
    assert told_by(story.record, "one")
    assert not told_by(story.record, "another")


@pytest.mark.parametrize(("count", "heading"), [(1, "1 reminder this morning"), (3, "3 reminders this morning")])
def test_a_message_of_a_morning_has_a_line_for_each_and_says_nothing_that_the_single_one_would_not(count: int, heading: str) -> None:
    trial = Trial()
    stories = [in_screening(trial, f"BER-{number:03}") for number in range(1, count + 1)]
    told = [(notice_of(story), story.now) for story in stories]
    written = letter_of_a_morning("id", told, WEBER, "BER", trial.participants.study(), FAR)
    assert written.heading == f"cd19-cart-sle BER: {heading}"
    assert written.reminders == tuple((story.id, tag(notice_of(story).due.key)) for story in stories)
    first, *lines, look, how = written.lines
    assert first == "Study cd19-cart-sle, site BER."
    assert [line.split(":")[0] for line in lines] == [story.id for story in stories]
    assert "The visit screening can take place; its window closes at the end of" in lines[0]
    assert look == LOOK
    assert how.endswith(f"daybook acknowledge BER-001 {written.reminders[0][1]}")
    assert written.at == FAR, "not when they fell due"


def test_a_message_of_a_morning_goes_the_way_its_person_wants() -> None:
    trial = Trial()
    story = in_screening(trial)
    ito = ContactNamed(
        person="dr-ito", roles=("coordinator",), webhook="https://pager.example/", urgent="webhook", digest="webhook", timely="webhook"
    )
    written = letter_of_a_morning("id", [(notice_of(story), story.now)], ito, "BER", trial.participants.study(), FAR)
    assert (written.channel, written.address, written.urgency) == ("webhook", "https://pager.example/", "digest")
