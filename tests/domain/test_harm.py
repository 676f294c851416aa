"""Adverse events: what is serious must reach the sponsor within 24 hours of when the site learned of it, however it was told."""

from datetime import datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.harm import adverse_events
from domain.rejections import Refused
from domain.time import MINUTE, When, local_date, midnight
from domain.words import SERIOUSNESS, Role, Seriousness
from tests.builders import BERLIN, Story, Trial, codes, pregnancy_test
from tests.domain.harms import DEADLY, IN_HOSPITAL, adverse, calls, more_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT_ONCE, LATE = [("safety-report", "urgent", "investigator")], [("safety-report-late", "urgent", "investigator")]


@pytest.fixture
def story() -> Story:
    """Enrolled some days ago."""
    story = Trial().participant().is_eligible()
    story.trial.clock.move(days=10)
    return story


def ago(story: Story, by: timedelta) -> When:
    return When.at(story.trial.clock() - by)


def clocks(story: Story) -> list[datetime]:
    """Since when the hours run of each matter that is to be reported."""
    return [one.since for one in story.now.safety_reports.values() if one.open]


def says(story: Story) -> list[str]:
    return [one.says for one in story.now.safety_reports.values() if one.open]


def reports_it(story: Story) -> None:
    """Everything that is open is reported to the sponsor."""
    for one in [one for one in story.now.safety_reports.values() if one.open]:
        story.reports(e.SafetyReported(at=story.at(), key=one.key), "investigator")


def happens(story: Story, fact: e.AdverseEvent) -> int:
    """The entry that tells of an adverse event."""
    story.reports(fact)
    return story.now.adverse_events[-1].entry


# What is to be reported


@pytest.mark.parametrize("criterion", SERIOUSNESS)
def test_each_criterion_of_seriousness_starts_the_clock_by_itself(story: Story, criterion: Seriousness) -> None:
    events = story.reports(adverse(story.at(), serious=(criterion,), grade=5 if criterion == "fatal" else 3)).events
    assert [event.kind for event in events] == ["adverse-event.v1", "safety-report-due.v1"]
    assert clocks(story) == [story.trial.clock()]
    assert says(story) == [f"serious adverse event, {criterion.replace('-', ' ')}: pneumonia"]


def test_what_is_not_serious_starts_no_clock_however_severe(story: Story) -> None:
    assert len(story.reports(adverse(story.at(), grade=4)).events) == 1
    assert (clocks(story), calls(story)) == ([], [])


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(0), AT_ONCE),
        (24 * HOUR - MINUTE, AT_ONCE),
        (24 * HOUR, LATE),
        (100 * HOUR, LATE),
    ],
)
def test_the_hours_run_from_when_the_site_learned_of_it_whenever_it_was_recorded(
    story: Story, passed: timedelta, told: list[tuple[str, str, str]]
) -> None:
    story.reports(adverse(ago(story, passed), **IN_HOSPITAL))
    assert clocks(story) == [story.trial.clock() - passed]
    story.advances()
    given = [event for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue) and not event.skipped]
    found = [(one.key.partition(":")[0], one.urgency, one.to) for one in given if one.key.startswith("safety-report")]
    assert found == told


def test_of_a_date_the_hours_run_from_its_first_minute_but_from_no_minute_before_it_began(story: Story) -> None:
    today = local_date(story.trial.clock(), BERLIN)
    story.reports(adverse(When.on(today), start=When("2026-01"), **IN_HOSPITAL))
    story.reports(adverse(When.on(today), start=ago(story, HOUR), **IN_HOSPITAL))
    assert clocks(story) == [midnight(today, BERLIN), story.trial.clock() - HOUR]


def test_two_events_have_two_clocks(story: Story) -> None:
    story.reports(adverse(story.at(), **IN_HOSPITAL))
    story.trial.clock.move(hours=5)
    story.reports(adverse(story.at(), term="a fall", **IN_HOSPITAL))
    assert clocks(story) == [story.trial.clock() - 5 * HOUR, story.trial.clock()]


# What becomes known later


def test_what_becomes_serious_later_starts_its_clock_when_the_site_learned_of_that(story: Story) -> None:
    entry = happens(story, adverse(story.at()))
    story.trial.clock.move(days=3)
    story.reports(more_of(entry, ago(story, 2 * HOUR), grade=3, **IN_HOSPITAL))
    assert clocks(story) == [story.trial.clock() - 2 * HOUR]


def test_what_is_told_again_before_it_was_reported_is_one_matter_with_the_hours_of_the_first(story: Story) -> None:
    entry, learned = happens(story, adverse(story.at(), **IN_HOSPITAL)), story.trial.clock()
    story.trial.clock.move(hours=20)
    story.reports(more_of(entry, story.at(), serious=("life-threatening",), grade=4))
    assert clocks(story) == [learned]
    assert says(story) == ["serious adverse event, life threatening, hospitalisation: pneumonia"]


def test_what_makes_it_more_serious_after_it_was_reported_is_another_matter_and_anything_else_is_none(story: Story) -> None:
    entry = happens(story, adverse(story.at(), **IN_HOSPITAL))
    reports_it(story)
    story.trial.clock.move(days=2)
    story.reports(more_of(entry, story.at(), narrative="on the mend", **IN_HOSPITAL))
    assert clocks(story) == []
    story.reports(more_of(entry, story.at(), **DEADLY))
    assert clocks(story) == [story.trial.clock()]
    assert says(story) == ["serious adverse event, fatal: pneumonia"]


def test_an_event_stands_as_it_was_told_last_with_the_worst_of_its_grades_and_all_its_criteria(story: Story) -> None:
    entry = happens(story, adverse(story.at(), grade=4, relation="related", narrative="a cough", **IN_HOSPITAL))
    story.reports(more_of(entry, story.at(), grade=1, relation="not-related", serious=("disability",), narrative="a virus was found"))
    story.reports(more_of(entry, story.at(), stop=story.at()))
    (one,) = adverse_events(story.now)
    assert (one.grade, one.serious, one.relation, one.stop) == (4, ("hospitalisation", "disability"), "not-related", story.at())
    assert one.narratives == ("a cough", "a virus was found")


# Corrections


def test_a_correction_to_not_serious_voids_the_matter_and_one_back_starts_it_anew(story: Story) -> None:
    learned = story.at()
    entry = happens(story, adverse(learned, **IN_HOSPITAL))
    events = story.asks(c.Correct(entry=entry, fact=adverse(learned)), reason="seen in the ward, not kept").events
    assert [event.kind for event in events] == ["entry-corrected.v1", "safety-report-voided.v1"]
    assert clocks(story) == []
    story.trial.clock.move(hours=2)
    story.asks(c.Correct(entry=entry, fact=adverse(learned, **IN_HOSPITAL)), reason="kept after all")
    assert clocks(story) == [learned.span(BERLIN).earliest]
    assert calls(story) == AT_ONCE


@pytest.mark.parametrize("what", ["the event", "the update"])
def test_what_is_taken_back_takes_its_clock_along(story: Story, what: str) -> None:
    entry = happens(story, adverse(story.at()))
    story.reports(more_of(entry, story.at(), **IN_HOSPITAL))
    story.asks(c.Retract(entry=entry if what == "the event" else story.entry_of(e.AdverseEventUpdated)), reason="another participant's")
    assert (clocks(story), calls(story)) == ([], [])
    assert len(adverse_events(story.now)) == (what == "the update")


def test_a_correction_of_when_the_site_learned_of_it_moves_the_hours(story: Story) -> None:
    began = ago(story, 30 * HOUR)
    entry = happens(story, adverse(story.at(), start=began, **IN_HOSPITAL))
    fact = adverse(ago(story, 23 * HOUR), start=began, **IN_HOSPITAL)
    story.asks(c.Correct(entry=entry, fact=fact), reason="the ward rang yesterday")
    assert clocks(story) == [story.trial.clock() - 23 * HOUR]


def test_a_slip_that_is_corrected_after_the_report_starts_no_clock_and_a_criterion_that_comes_to_light_does(story: Story) -> None:
    learned = story.at()
    entry = happens(story, adverse(learned, **IN_HOSPITAL))
    reports_it(story)
    story.asks(c.Correct(entry=entry, fact=adverse(learned, term="bronchitis", **IN_HOSPITAL)), reason="misread")
    assert clocks(story) == []
    both = adverse(learned, serious=("hospitalisation", "disability"))
    story.asks(c.Correct(entry=entry, fact=both), reason="the letter has a second page")
    assert says(story) == ["serious adverse event, disability: pneumonia"]
    assert len(story.now.safety_reports) == 2


def test_a_report_that_is_taken_back_leaves_everything_to_be_reported_as_one_matter(story: Story) -> None:
    entry, learned = happens(story, adverse(story.at(), **IN_HOSPITAL)), story.trial.clock()
    reports_it(story)
    report = story.entry_of(e.SafetyReported)
    story.trial.clock.move(days=1)
    story.reports(more_of(entry, story.at(), **DEADLY))
    story.asks(c.Retract(entry=report), "investigator", reason="it was never sent")
    assert clocks(story) == [learned]
    assert says(story) == ["serious adverse event, fatal, hospitalisation: pneumonia"]


def test_what_was_reported_stays_reported_though_it_turns_out_not_to_have_been_serious(story: Story) -> None:
    learned = story.at()
    entry = happens(story, adverse(learned, **IN_HOSPITAL))
    reports_it(story)
    events = story.asks(c.Correct(entry=entry, fact=adverse(learned)), reason="an ambulance only").events
    assert [event.kind for event in events] == ["entry-corrected.v1"]
    story.asks(c.Correct(entry=entry, fact=adverse(learned, **IN_HOSPITAL)), reason="it was as it was told")
    assert clocks(story) == []


def test_matters_of_harm_and_of_promises_leave_each_other_alone(story: Story) -> None:
    story.reports(adverse(story.at(), **IN_HOSPITAL))
    story.reports(pregnancy_test(story.at(), "positive"))
    assert sorted(one.key.partition(":")[0] for one in story.now.safety_reports.values() if one.open) == ["adverse-event", "conduct"]
    story.asks(c.Retract(entry=story.entry_of(e.ObservationMade)), reason="another participant's sample")
    assert [one.key.partition(":")[0] for one in story.now.safety_reports.values() if one.open] == ["adverse-event"]
    story.reports(pregnancy_test(story.at(), "positive"))
    story.asks(c.Retract(entry=story.entry_of(e.AdverseEvent)), reason="another participant's")
    assert [one.key.partition(":")[0] for one in story.now.safety_reports.values() if one.open] == ["conduct"]


@pytest.mark.parametrize("role", ["coordinator", "investigator", "pharmacist", "cell-lab"])
def test_whoever_saw_it_records_it(story: Story, role: Role) -> None:
    assert len(story.reports(adverse(story.at(), **IN_HOSPITAL), role).events) == 2


# What cannot be


def refusals(story: Story, fact: e.Fact, reason: str | None = None) -> set[str]:
    try:
        story.would(c.Report(fact=fact), reason=reason)
    except Refused as refused:
        return codes(refused)
    return set()


@pytest.mark.parametrize(
    ("learned", "start", "stop", "why"),
    [
        ("2026-01-20T08:00Z", "2026-01-20T08:00Z", "2026-01-20T08:00Z", set[str]()),
        ("2026-01-20T08:00Z", "2026-01-20T08:01Z", None, {"learned-before-start"}),
        ("2026-01-20T08:00Z", "2026-01-20T08:00Z", "2026-01-20T07:59Z", {"stop-before-start"}),
        ("2026-01-20", "2026-01-20T20:00Z", None, set[str]()),
        ("2026-01-19", "2026-01-20", None, {"learned-before-start"}),
        ("2026-01", "2026-01", None, {"too-vague"}),
        ("2026-01-20", "2025", "2025-11", set[str]()),
        ("2026-01-22T08:01Z", "2026-01-20", None, {"future"}),
    ],
)
def test_its_times_must_be_possible(story: Story, learned: str, start: str, stop: str | None, why: set[str]) -> None:
    assert story.trial.clock() == When("2026-01-22T08:00Z").span(BERLIN).earliest
    assert refusals(story, adverse(When(learned), start=start, stop=stop)) == why


@pytest.mark.parametrize(
    ("grade", "serious", "why"),
    [
        (5, ("fatal",), set[str]()),
        (4, ("life-threatening",), set[str]()),
        (5, ("hospitalisation",), {"death-by-half"}),
        (4, ("fatal",), {"death-by-half"}),
    ],
)
def test_grade_5_is_death_and_death_is_grade_5(story: Story, grade: int, serious: tuple[str, ...], why: set[str]) -> None:
    assert refusals(story, adverse(story.at(), grade=grade, serious=serious)) == why


def test_an_update_tells_something_of_an_event_that_stands(story: Story) -> None:
    began = ago(story, DAY)
    entry = happens(story, adverse(story.at(), start=began))
    assert refusals(story, more_of(entry, story.at(), grade=1)) == set()
    assert refusals(story, more_of(entry, story.at())) == {"nothing-said"}
    assert refusals(story, more_of(entry + 1, story.at(), grade=1)) == {"no-such-event"}
    assert refusals(story, more_of(entry, story.at(), **IN_HOSPITAL | {"grade": 5})) == {"death-by-half"}
    assert refusals(story, more_of(entry, story.at(), stop=began)) == set()
    assert refusals(story, more_of(entry, story.at(), stop=ago(story, DAY + MINUTE))) == {"stop-before-start"}
    assert refusals(story, more_of(entry, ago(story, DAY + MINUTE), grade=1)) == {"learned-before-start"}
    story.asks(c.Retract(entry=entry), reason="another participant's")
    assert refusals(story, more_of(entry, story.at(), grade=1)) == {"no-such-event"}


def test_a_correction_moves_no_update_to_another_event(story: Story) -> None:
    one, other = happens(story, adverse(story.at())), happens(story, adverse(story.at(), term="a fall"))
    story.reports(more_of(one, story.at(), grade=1))
    update = story.entry_of(e.AdverseEventUpdated)
    with pytest.raises(Refused) as refused:
        story.asks(c.Correct(entry=update, fact=more_of(other, story.at(), grade=1)), reason="the other one")
    assert codes(refused.value) == {"other-event"}
    story.asks(c.Correct(entry=update, fact=more_of(one, story.at(), grade=3)), reason="misread")
    assert adverse_events(story.now)[0].grade == 3
