"""A screening waits for the investigator's signature, expires without it, and can be failed and started again."""

from datetime import timedelta

import pytest

from domain import events as e
from domain.agenda import agenda
from domain.criteria.report import eligibility
from domain.rejections import Refused
from domain.reminding.reminder import Reminder
from domain.screening import awaited
from domain.time import MINUTE, When, local_date
from tests.builders import BERLIN, Story, Trial, codes, local

DAY = timedelta(days=1)
EXPIRES = local("2026-02-03 00:00")
"""The first instant of the 29th date after the start of screening on 2026-01-05."""


@pytest.fixture
def story() -> Story:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    return story


def reminders(story: Story) -> list[tuple[str, str]]:
    """What falls due about screening and eligibility, with whom it is for."""
    acts = [item.act for item in agenda(story.now, story.trial.participants.study()).items if isinstance(item.act, Reminder)]
    wanted = ("screening-", "eligibility-")
    return [(act.key.split(":")[0], act.to) for act in acts if act.key.startswith(wanted)]


def waits(story: Story) -> str | None:
    found = awaited(story.now, story.trial.participants.study())
    return None if found is None else found.state


def test_a_screening_says_until_when_it_can_be_confirmed_and_reminds_a_week_before(story: Story) -> None:
    found = awaited(story.now, story.trial.participants.study())
    assert found is not None
    assert (found.state, found.expires) == ("to confirm", EXPIRES)
    story.lives_until(EXPIRES)
    given = [(event.key, at) for at, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue)]
    told = {key: at for key, at in given if key.startswith("screening-exp")}
    assert told == {"screening-expires:20260202": EXPIRES - 7 * DAY, "screening-expired:20260202": EXPIRES}


def test_a_confirmation_or_a_failure_silences_it(story: Story) -> None:
    story.is_screened()
    story.confirms()
    assert (waits(story), reminders(story)) == (None, [])
    other = Story(story.trial, "BER-002")
    story.trial.participant("BER-002").consents()
    other.reports(e.ScreeningStarted(at=other.at()))
    assert waits(other) == "to confirm"
    other.reports(e.ScreenFailed(at=other.at(), criteria=("E11b",)))
    assert (waits(other), reminders(other)) == (None, [])


def test_who_did_not_start_screening_or_has_left_waits_for_nothing() -> None:
    story = Trial().participant().consents()
    assert waits(story) is None
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(minutes=1)
    story.reports(e.ConsentWithdrawn(at=story.at(), scope="everything"))
    assert waits(story) is None


def test_what_is_learned_late_reminds_the_investigator_until_it_is_signed_anew(story: Story) -> None:
    story.is_screened()
    story.confirms()
    at = When.at(story.trial.clock() - 40 * DAY)
    story.trial.clock.move(days=1)
    story.reports(e.ProcedurePerformed(name="haemodialysis", category="haemodialysis", major=False, at=at))
    assert (waits(story), reminders(story)) == ("superseded", [("eligibility-superseded", "investigator")])
    story.confirms()
    assert (waits(story), reminders(story)) == (None, [])


# Screening that fails, and again


def test_what_fails_is_a_part_of_the_protocol_or_told_in_words(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.reports(e.ScreenFailed(at=story.at()))
    assert codes(refused.value) == {"nothing-failed"}
    with pytest.raises(Refused) as refused:
        story.reports(e.ScreenFailed(at=story.at(), criteria=("E11", "E32")))
    assert codes(refused.value) == {"unknown-criterion"}
    story.reports(e.ScreenFailed(at=story.at(), why="the participant declined"))
    assert story.now.screen_failed is not None


def test_a_new_screening_judges_anew_and_the_old_one_stays_as_it_was(story: Story) -> None:
    story.is_screened()
    story.reports(e.ConditionNoted(at=story.at(), condition="surgical-wound", start=story.at(), marks={}))
    study, then = story.trial.participants.study(), story.trial.clock()
    old = eligibility(story.now, study, then)
    assert [part.id for part in old.parts if part.verdict == "fails"] == ["E26c"]
    story.trial.clock.move(hours=1)
    story.reports(e.ScreenFailed(at=story.at(), criteria=("E26c",)))
    story.trial.clock.move(days=30)
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(hours=1)
    story.is_screened()
    now = eligibility(story.now, study, story.trial.clock())
    assert [part.id for part in now.parts if part.verdict == "fails"] == ["E26c"], "the wound has no end on record"
    known_then = story.record.as_known_at(then)
    assert eligibility(known_then.participant, study, then).digest == old.digest


def test_a_screening_that_expires_on_the_date_of_a_clock_change_counts_dates() -> None:
    trial = Trial()
    trial.clock.move_to(local("2026-03-01 09:00"))
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    found = awaited(story.now, trial.participants.study())
    assert found is not None
    assert found.expires == local("2026-03-30 00:00")
    assert local_date(found.expires - MINUTE, BERLIN).isoformat() == "2026-03-29"


def test_the_visit_of_a_screening_that_failed_is_none_of_the_next_one(story: Story) -> None:
    story.trial.clock.move(days=3)
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    story.reports(e.ScreenFailed(at=story.at(), why="a passing infection"))
    story.trial.clock.move(days=60)
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    assert not [key for key in story.now.deviations if key.startswith("visit:screening")]
    story.trial.clock.move(days=2)
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert not story.now.deviations
