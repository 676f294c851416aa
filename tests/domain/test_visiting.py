"""Visits booked, outside their windows, unscheduled, and with all or part of what they require."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.rejections import Refused
from domain.time import MINUTE, When, local_date, midnight
from domain.words import Role
from tests.builders import BERLIN, CODE, Story, Trial, codes
from tests.domain.planned import SAMPLE, infused_under, window_of

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


@pytest.fixture
def story() -> Story:
    """A participant who has just been infused, by the book."""
    return Trial().participant().is_ready().is_infused()


def day(story: Story, number: int) -> date:
    return local_date(story.now.infusions[0].fact.at.span(BERLIN).earliest, BERLIN) + number * DAY


def at_ten(story: Story, number: int) -> datetime:
    return midnight(day(story, number), BERLIN) + timedelta(hours=10)


def reasons(story: Story, fact: e.Fact, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> set[str]:
    try:
        story.would(c.Report(fact=fact), role, reason=reason, signed=signed)
    except Refused as refused:
        return codes(refused)
    return set()


def told(story: Story, visit: str) -> set[str]:
    """What falls due about a visit, by the beginning of its key."""
    items = agenda(story.now, story.trial.participants.study()).items
    return {item.key.split(":")[0] for item in items if f":{visit}" in item.key}


# Booked


@pytest.mark.parametrize(
    ("booked", "falls_due"),
    [
        (5, {"visit-booked-early", "visit-passed", "visit-closes", "close"}),
        (6, {"visit-passed", "visit-closes", "close"}),
        (7, {"visit-passed", "visit-closes", "close"}),
        (8, {"close"}),
        (9, {"visit-booked-late", "visit-passed", "visit-closes", "close"}),
    ],
    ids=["a day early", "the first day", "before the last day", "the last day", "a day late"],
)
def test_a_booked_visit_is_not_announced_and_its_closing_is_warned_of_unless_it_is_booked_for_then(
    story: Story, booked: int, falls_due: set[str]
) -> None:
    assert told(story, "day-7") == {"visit-opens", "visit-closes", "close"}
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, booked))))
    assert told(story, "day-7") == falls_due


def test_a_booking_outside_the_window_is_told_at_once_in_words_and_told_again_when_it_is_moved(story: Story) -> None:
    story.advances()
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 9))))
    [said] = [one for one in story.advances() if isinstance(one, e.ReminderDue)]
    shown = When.at(at_ten(story, 9)).shown(BERLIN)
    assert said.says == f"The visit day-7 is booked for {shown}, outside its window: {day(story, 6)} to {day(story, 8)}."
    assert not [one for one in story.advances() if isinstance(one, e.ReminderDue)]
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 10))))
    assert len([one for one in story.advances() if isinstance(one, e.ReminderDue)]) == 1


def test_the_last_booking_counts_and_a_retraction_cancels_it(story: Story) -> None:
    for number in (6, 8):
        story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, number))))
    assert window_of(story, "day-7").booked == When.at(at_ten(story, 8))
    for _ in range(2):
        entry = max(one.version for one in story.record.entries if story.record.entry(one.version) and isinstance(one.event, e.VisitBooked))
        story.asks(c.Retract(entry=entry), reason="the participant cannot come")
    assert window_of(story, "day-7").booked is None
    assert told(story, "day-7") == {"visit-opens", "visit-closes", "close"}


def test_a_visit_that_took_place_is_no_longer_booked(story: Story) -> None:
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 7))))
    story.trial.clock.move_to(at_ten(story, 7))
    story.reports(e.VisitCompleted(visit="day-7", at=story.at()))
    assert window_of(story, "day-7").booked is None
    assert reasons(story, e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 8)))) == {"already-completed"}


def test_what_cannot_be_booked_is_refused(story: Story) -> None:
    ahead = When.at(at_ten(story, 7))
    assert reasons(story, e.VisitBooked(visit="day-99", at=ahead)) == {"unknown-visit"}
    assert reasons(story, e.VisitBooked(visit="infusion", at=ahead)) == {"settled-by-treatment"}
    assert reasons(story, e.VisitBooked(visit="day-7", at=When("2026-02"))) == {"too-vague"}
    now = story.trial.clock().replace(second=0, microsecond=0)
    assert reasons(story, e.VisitBooked(visit="day-7", at=When.at(now))) == set()
    assert reasons(story, e.VisitBooked(visit="day-7", at=When.at(now - MINUTE))) == {"past"}
    early = Trial().participant().is_eligible()
    assert reasons(early, e.VisitBooked(visit="day-7", at=When.at(early.trial.clock() + DAY))) == {"awaiting"}
    story.reports(e.VisitsStopped(at=story.at(), why="moved away", records_allowed=True))
    assert reasons(story, e.VisitBooked(visit="day-7", at=ahead)) == {"left"}


def test_an_appointment_that_has_passed_is_corrected_to_what_it_was_for_but_to_no_time_before_it_was_made(story: Story) -> None:
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 7))))
    made, entry = story.trial.clock(), story.entry_of(e.VisitBooked)
    story.trial.clock.move_to(at_ten(story, 9))

    def correction(at: datetime) -> c.Correct:
        return c.Correct(entry=entry, fact=e.VisitBooked(visit="day-7", at=When.at(at.replace(second=0, microsecond=0))))

    with pytest.raises(Refused) as refused:
        story.would(correction(made - MINUTE), reason="misread")
    assert codes(refused.value) == {"past"}
    assert story.would(correction(made), reason="misread")
    story.reports(e.VisitCompleted(visit="day-7", at=When.at(at_ten(story, 8))))
    story.asks(correction(at_ten(story, 8)), reason="misread")
    story.reports(e.Died(at=story.at()))
    assert story.would(correction(at_ten(story, 6)), reason="misread"), "what was arranged is told right, whoever has left since"


def test_a_corrected_anchor_moves_the_window_away_from_under_a_booking(story: Story) -> None:
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 8))))
    assert told(story, "day-7") == {"close"}
    earlier = When.at(story.now.infusions[0].fact.at.span(BERLIN).earliest - DAY)
    booked = window_of(story, "day-7").booked
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=e.InfusionStarted(at=earlier, identity=CODE)), reason="misread")
    assert window_of(story, "day-7").booked == booked
    assert told(story, "day-7") == {"visit-booked-late", "visit-passed", "visit-closes", "close"}


def test_an_appointment_of_long_ago_that_a_correction_leaves_outside_its_window_is_told_of_at_the_correction(story: Story) -> None:
    story.reports(e.VisitBooked(visit="day-28", at=When.at(at_ten(story, 25))))
    story.lives_until(at_ten(story, 10))
    later = When.at(story.now.infusions[0].fact.at.span(BERLIN).earliest + DAY)
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=e.InfusionStarted(at=later, identity=CODE)), reason="misread")
    [told_of] = [one for one in story.advances() if isinstance(one, e.ReminderDue) and one.key.startswith("visit-booked-early:day-28")]
    assert not told_of.skipped


# Outside the window: only recorded, approved, stopped


@pytest.mark.parametrize("number", [5, 9])
def test_a_visit_outside_its_window_is_asked_the_reason_and_inside_it_is_not(story: Story, number: int) -> None:
    story.trial.clock.move_to(at_ten(story, 10))
    inside = 6 if number == 5 else 8
    assert reasons(story, e.VisitCompleted(visit="day-7", at=When.at(at_ten(story, inside)))) == set()
    outside = e.VisitCompleted(visit="day-7", at=When.at(at_ten(story, number)))
    assert reasons(story, outside) == {"reason-missing"}
    story.reports(outside, reason="a strike of the railway")
    deviation = story.now.deviations["visit:day-7:window"]
    assert (deviation.final, deviation.important, deviation.category) == (True, False, "early" if number == 5 else "late")
    assert reasons(story, e.VisitBooked(visit="day-10", at=When.at(at_ten(story, 12)))) == set(), "a plan is only told of"


APPROVED = ("day = 7, early = 1, late = 1, interp", 'day = 7, early = 1, late = 1, outside = "approve", interp')


def test_a_window_that_needs_approval_takes_an_investigators_signature_and_reason() -> None:
    story = infused_under(APPROVED)
    booking = e.VisitBooked(visit="day-7", at=When.at(at_ten(story, 9)))
    assert reasons(story, booking) == {"investigator-only", "signature-missing", "reason-missing"}
    assert reasons(story, booking, "investigator", signed=True, reason="no bed") == set()
    story.trial.clock.move_to(at_ten(story, 9))
    late = e.VisitCompleted(visit="day-7", at=story.at())
    assert reasons(story, late) == {"investigator-only", "signature-missing", "reason-missing"}
    assert reasons(story, late, "investigator", reason="no bed") == {"signature-missing"}
    assert reasons(story, late, "investigator", signed=True) == {"reason-missing"}
    assert reasons(story, late, reason="no bed", signed=True) == {"investigator-only"}
    story.reports(late, "investigator", reason="no bed", signed=True)
    assert story.now.deviations["visit:day-7:window"].category == "late"


def test_approval_is_asked_of_a_correction_as_well() -> None:
    story = infused_under(APPROVED)
    story.trial.clock.move_to(at_ten(story, 9))
    story.reports(e.VisitCompleted(visit="day-7", at=When.at(at_ten(story, 8))))
    correction = c.Correct(entry=story.entry_of(e.VisitCompleted), fact=e.VisitCompleted(visit="day-7", at=When.at(at_ten(story, 9))))
    with pytest.raises(Refused) as refused:
        story.would(correction, reason="misread")
    assert codes(refused.value) == {"investigator-only", "signature-missing"}
    assert story.would(correction, "investigator", reason="misread", signed=True)


def test_a_window_that_stops_lets_nothing_be_booked_outside_and_makes_what_happened_there_important() -> None:
    story = infused_under(SAMPLE)
    outside = When.at(window_of(story, "sample").closes_at)
    assert reasons(story, e.VisitBooked(visit="sample", at=outside), "investigator", reason="x", signed=True) == {"window-stops"}
    assert reasons(story, e.VisitBooked(visit="sample", at=When.at(window_of(story, "sample").closes_at - MINUTE))) == set()
    story.trial.clock.move_to(window_of(story, "sample").closes_at)
    assert reasons(story, e.VisitCompleted(visit="sample", at=outside)) == {"reason-missing"}
    story.reports(e.VisitCompleted(visit="sample", at=outside), reason="it did happen then")
    assert story.now.deviations["visit:sample:window"].important


# Unscheduled


def test_an_unscheduled_visit_is_recorded_and_settles_nothing(story: Story) -> None:
    story.trial.clock.move_to(at_ten(story, 7))
    before = told(story, "day-7")
    story.reports(e.UnscheduledVisit(at=story.at(), why="a fever at home"))
    assert [one.fact.why for one in story.now.unscheduled] == ["a fever at home"]
    assert told(story, "day-7") == before
    assert window_of(story, "day-7").held is None


# What a visit requires

BOTH = 'assessments = ["disease-activity", "late-effects"]'
REQUIRED = ("day = 7, early = 1, late = 1, interp", f"day = 7, early = 1, late = 1, {BOTH}, interp")


def activity(at: When) -> tuple[e.Fact, e.Fact]:
    score = e.ScoreAssessed(at=at, score="selena-sledai", items=(e.ScoreItem(item="rash", present=True),))
    return score, e.ObservationMade(at=at, test="physicians-global-assessment", value=Decimal(1), unit="points of 0 to 3")


def came(*found: int) -> Story:
    """Somebody who came on day 7, of whom the score was found on these days."""
    story = infused_under(REQUIRED)
    story.trial.clock.move_to(at_ten(story, 7))
    story.reports(e.VisitCompleted(visit="day-7", at=story.at()))
    story.trial.clock.move_to(at_ten(story, 8))
    for number in found:
        for fact in activity(When.at(at_ten(story, number))):
            story.reports(fact)
    return story


def test_a_visit_shows_what_is_missing_until_it_is_on_record() -> None:
    story = came()
    assert window_of(story, "day-7").missing == ("disease-activity", "late-effects")
    score, observation = activity(When.at(at_ten(story, 7)))
    story.reports(score)
    assert "disease-activity" in window_of(story, "day-7").missing, "the global assessment is still missing"
    story.reports(observation)
    assert window_of(story, "day-7").missing == ("late-effects",)
    story.reports(e.AssessmentDone(visit="day-7", assessment="late-effects", at=story.at()))
    assert window_of(story, "day-7").missing == ()


@pytest.mark.parametrize("found", [6, 7, 8])
def test_what_is_found_on_another_date_is_not_of_the_visit(found: int) -> None:
    assert ("disease-activity" in window_of(came(found), "day-7").missing) == (found != 7)


def test_a_result_that_was_taken_back_leaves_the_assessment_missing() -> None:
    story = came(7)
    made = next(one for one in reversed(story.now.observations) if one.fact.test == "physicians-global-assessment")
    story.asks(c.Correct(entry=made.entry, fact=made.fact.model_copy(update={"valid": False})), reason="another chart")
    assert "disease-activity" in window_of(story, "day-7").missing


def grace_is_over(story: Story) -> datetime:
    """14 whole dates after the last one of the window of day 7, or after the date of the entry."""
    return midnight(window_of(story, "day-7").closes + 15 * DAY, BERLIN)


def test_a_visit_with_something_missing_is_a_possible_deviation_once_its_days_of_grace_are_over_until_it_comes() -> None:
    story = came(7)
    story.lives_until(grace_is_over(story) - MINUTE)
    assert "visit:day-7:incomplete" not in story.now.deviations
    story.lives_until(grace_is_over(story))
    deviation = story.now.deviations["visit:day-7:incomplete"]
    assert (deviation.final, deviation.says) == (False, "of the visit day-7 these assessments are missing: late-effects")
    story.reports(e.AssessmentDone(visit="day-7", assessment="late-effects", at=story.at()))
    assert "visit:day-7:incomplete" not in story.now.deviations
    story.asks(c.Retract(entry=story.entry_of(e.AssessmentDone)), reason="it was not asked")
    assert "visit:day-7:incomplete" in story.now.deviations


def test_a_corrected_date_of_the_visit_takes_what_was_found_on_the_other_date_from_it() -> None:
    story = came(7)
    story.lives_until(grace_is_over(story))
    fact = e.VisitCompleted(visit="day-7", at=When.at(at_ten(story, 8)))
    story.asks(c.Correct(entry=story.entry_of(e.VisitCompleted), fact=fact), reason="misread")
    assert window_of(story, "day-7").missing == ("disease-activity", "late-effects")
    assert story.now.deviations["visit:day-7:incomplete"].says.endswith("disease-activity, late-effects")


def test_a_window_that_moves_is_open_again_for_what_is_missing() -> None:
    story = came(7)
    story.lives_until(grace_is_over(story))
    later = When.at(story.now.infusions[0].fact.at.span(BERLIN).earliest + DAY)
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=e.InfusionStarted(at=later, identity=CODE)), reason="misread")
    assert "visit:day-7:incomplete" not in story.now.deviations
    story.lives_until(grace_is_over(story))
    assert "visit:day-7:incomplete" in story.now.deviations


def test_an_assessment_that_is_not_required_or_shows_by_itself_is_not_said_to_be_done() -> None:
    story = came()
    at = story.at()
    assert reasons(story, e.AssessmentDone(visit="day-99", assessment="late-effects", at=at)) == {"unknown-visit"}
    assert reasons(story, e.AssessmentDone(visit="day-10", assessment="late-effects", at=at)) == {"unknown-assessment"}
    assert reasons(story, e.AssessmentDone(visit="day-7", assessment="disease-activity", at=at)) == {"record-itself"}
