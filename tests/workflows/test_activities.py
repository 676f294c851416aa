from datetime import timedelta
from random import Random

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain import commands as c
from domain import events as e
from domain.entry import Circumstances
from domain.rejections import Reason, Refused
from store.errors import Busy
from store.participants import Outcome, Participants
from tests.builders import Story, Trial, by_
from workflows.activities import AT_ONCE, LONGEST_SLEEP, SHORTEST_SLEEP, TRIES, Activities, Next

SECRET = "prednisone 40 mg for BER-001's flare"


def advance(participants: Participants, participant_id: str = "BER-001", within: timedelta = AT_ONCE) -> Next:
    return ActivityEnvironment().run(Activities(participants, within).advance, participant_id)


class WithoutEffect(Participants):
    """A desk at which the journey's acts change nothing."""

    asked = 0

    def handle(self, participant_id: str, command: c.Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        if isinstance(command, c.ActOn):
            self.asked += 1
            raise Refused(Reason(code="not-due", says="nothing is due"))
        return super().handle(participant_id, command, by, seen=seen)


class Overtaken(Participants):
    """A desk at which somebody else acts just before the journey does."""

    def handle(self, participant_id: str, command: c.Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        if isinstance(command, c.ActOn):
            other = by.model_copy(update={"command_id": by_("journey", by.command_id, id="another").command_id, "reason": "was faster"})
            super().handle(participant_id, command, other.model_copy(update={"actor": by_("journey", by.command_id, id="another").actor}))
        return super().handle(participant_id, command, by, seen=seen)


class Breaking(Participants):
    """A desk that breaks, with words that belong to nobody else."""

    error: Exception = ValueError(SECRET)

    def handle(self, participant_id: str, command: c.Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        if isinstance(command, c.ActOn):
            raise self.error
        return super().handle(participant_id, command, by, seen=seen)


def screened(trial: Trial, participant_id: str = "BER-001") -> Story:
    """A participant for whom a reminder is due at once and a window closes in four weeks."""
    story = trial.participant(participant_id).consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    return story


def test_nothing_that_is_due_remains() -> None:
    trial = Trial()
    story = screened(trial)
    for day in range(60):
        advance(trial.participants)
        assert not trial.participants.agenda(story.id)[1].due(trial.clock()), f"on day {day}"
        trial.clock.move(days=1)
    assert "screening" in story.now.missed


def test_a_pass_at_the_same_instant_adds_nothing() -> None:
    trial = Trial()
    story = screened(trial)
    first = advance(trial.participants)
    assert first.version == story.record.version > 4
    assert advance(trial.participants) == first


def test_the_journey_sleeps_until_the_next_item_is_due() -> None:
    trial = Trial()
    story = screened(trial)
    trial.clock.move(days=26)
    step = advance(trial.participants)
    [following, *_] = trial.participants.agenda(story.id)[1].items
    assert step.sleep == following.due - trial.clock()
    assert not step.finished


def test_a_herd_wakes_for_its_reminders_one_after_the_other_each_always_at_the_same_moment() -> None:
    trial, within = Trial(), timedelta(minutes=5)
    herd = [f"BER-{number:03}" for number in range(1, 31)]
    for participant_id in herd:
        screened(trial, participant_id)
        advance(trial.participants, participant_id)
    [due] = {trial.participants.agenda(participant_id)[1].items[0].due for participant_id in herd}
    trial.clock.move_to(due - timedelta(hours=1))
    sleeps = [advance(trial.participants, participant_id, within).sleep for participant_id in herd]
    assert sleeps == [advance(trial.participants, participant_id, within).sleep for participant_id in herd]
    assert all(timedelta(hours=1) <= sleep < timedelta(hours=1) + within for sleep in sleeps)
    assert len(set(sleeps)) == len(herd)
    assert max(sleeps) - min(sleeps) > within / 2


def woken_late(story: Story, within: timedelta) -> dict[str, bool]:
    """For everything that falls due, whether the journey wakes only after that."""
    trial, late = story.trial, dict[str, bool]()
    advance(trial.participants, within=within)
    while items := trial.participants.agenda(story.id)[1].items:
        trial.clock.move_to(max(trial.clock(), items[0].due - timedelta(hours=1)))
        wakes = trial.clock() + advance(trial.participants, within=within).sleep
        late[items[0].key.split(":")[0]] = wakes > items[0].due
        trial.clock.move_to(items[0].due)
        advance(trial.participants, within=within)
    return late


def test_only_a_reminder_that_is_not_urgent_is_ever_given_late() -> None:
    expected = {"screening-expires": True, "visit-closes": True, "close": False, "finalise": False}
    assert woken_late(screened(Trial()), timedelta(minutes=5)) == expected
    eligible = Trial().participant().is_eligible()
    eligible.trial.clock.move(minutes=1)
    eligible.reports(e.ConditionNoted(at=eligible.at(), condition="pregnancy", start=eligible.at(), marks={}))
    assert woken_late(eligible, timedelta(minutes=5)) == {"safety-report-late": False}


def test_the_journey_sleeps_no_longer_than_a_week() -> None:
    trial = Trial()
    screened(trial)
    assert advance(trial.participants).sleep == LONGEST_SLEEP


def test_the_journey_sleeps_no_shorter_than_a_second() -> None:
    trial = Trial()
    story = screened(trial)
    advance(trial.participants)
    [following, *_] = trial.participants.agenda(story.id)[1].items
    trial.clock.move_to(following.due - timedelta(milliseconds=1))
    assert advance(trial.participants).sleep == SHORTEST_SLEEP


def test_of_an_unknown_participant_nothing_will_ever_fall_due() -> None:
    assert advance(Trial().participants, "BER-999") == Next(sleep=LONGEST_SLEEP, finished=True, version=0)


def test_a_clock_behind_the_last_entry_does_not_delay_what_that_entry_made_due() -> None:
    trial = Trial()
    story = screened(trial)
    trial.clock.instant -= timedelta(hours=1)
    advance(trial.participants)
    assert story.now.reminded


def test_a_refused_act_is_a_value_and_the_record_is_read_again() -> None:
    trial = Trial()
    screened(trial)
    overtaken = Overtaken(trial.participants.ledger, trial.participants.desk)
    step = advance(overtaken)
    record, agenda = overtaken.agenda("BER-001")
    assert step.version == record.version
    assert not agenda.due(trial.clock())


def test_a_pass_that_changes_nothing_though_something_is_due_is_tried_again_later() -> None:
    trial = Trial()
    story = screened(trial)
    version = story.record.version
    futile = WithoutEffect(trial.participants.ledger, trial.participants.desk)
    with pytest.raises(ApplicationError) as stuck:
        advance(futile)
    assert (stuck.value.type, stuck.value.message, stuck.value.non_retryable) == ("Stuck", "1 items stay due", False)
    assert futile.asked == TRIES
    assert story.record.version == version


def test_a_bug_is_retried_and_its_words_stay_out_of_temporal() -> None:
    trial = Trial()
    screened(trial)
    with pytest.raises(ApplicationError) as failed:
        advance(Breaking(trial.participants.ledger, trial.participants.desk))
    assert failed.value.type == "ValueError"
    assert not failed.value.non_retryable
    failure = Failure()
    pydantic_data_converter.failure_converter.to_failure(failed.value, pydantic_data_converter.payload_converter, failure)
    assert SECRET not in str(failure)
    assert not failure.HasField("cause")


def test_a_fault_is_retried_and_says_what_it_is() -> None:
    trial = Trial()
    screened(trial)
    broken = Breaking(trial.participants.ledger, trial.participants.desk)
    broken.error = Busy("The database is busy with another program.")
    with pytest.raises(ApplicationError, match="busy with another program") as failed:
        advance(broken)
    assert not failed.value.non_retryable


@pytest.mark.slow
def test_whenever_the_journey_looks_nothing_that_is_due_remains_to_the_end() -> None:
    trial, dice = Trial(), Random(7)
    story = trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    step = advance(trial.participants)
    while not step.finished:
        trial.clock.move(seconds=dice.choice([step.sleep.total_seconds(), dice.uniform(1, 60 * 86400)]))
        step = advance(trial.participants)
        assert not trial.participants.agenda(story.id)[1].due(trial.clock())
    assert story.now.completed_at is not None
