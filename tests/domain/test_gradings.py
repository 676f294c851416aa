"""Toxicities of the cells: graded by ASTCT, and from grade 3 on somebody is called at any hour."""

import re
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.letters import letter
from domain.notices import notices, tag
from domain.rejections import Refused
from domain.time import MINUTE, When, local_date
from domain.words import AstctGrade
from tests.builders import BERLIN, Story, Trial, codes
from tests.domain.harms import IN_HOSPITAL, adverse, calls
from tests.domain.test_reminded_of_visits import given, to_come

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CALLED = [("severe-toxicity", "urgent", "investigator")]


@pytest.fixture
def story() -> Story:
    """Infused two days ago."""
    story = Trial().participant().is_ready().is_infused()
    story.lives_until(story.trial.clock() + 2 * DAY)
    return story


def release(at: When, grade: AstctGrade) -> e.CytokineReleaseGraded:
    return e.CytokineReleaseGraded(at=at, grade=grade)


def neuro(at: When, grade: AstctGrade, ice: int | None = None) -> e.NeurotoxicityGraded:
    return e.NeurotoxicityGraded(at=at, grade=grade, ice=ice)


@pytest.mark.parametrize("graded", [release, neuro], ids=["cytokine release", "neurotoxicity"])
@pytest.mark.parametrize(("grade", "called"), [(0, []), (2, []), (3, CALLED), (5, CALLED)])
def test_from_grade_3_on_somebody_is_called_at_once(
    story: Story, graded: object, grade: AstctGrade, called: list[tuple[str, str, str]]
) -> None:
    assert callable(graded)
    story.reports(graded(story.at(), grade))
    assert calls(story) == called


def test_whoever_acknowledges_it_ends_the_calls_and_nothing_of_it_is_clinical_in_the_key(story: Story) -> None:
    story.reports(release(story.at(), 3))
    story.advances()
    [key] = given(story, "severe-toxicity")
    assert key == f"severe-toxicity:{story.entry_of(e.CytokineReleaseGraded)}:3"
    story.asks(c.Acknowledge(key=key), "investigator")
    assert calls(story) == []


@pytest.mark.parametrize(("hours_ago", "minutes", "called"), [(24, 1, CALLED), (24, 0, []), (30, 0, [])])
def test_for_a_day_after_the_grading_somebody_is_called_and_then_it_would_be_in_vain(
    story: Story, hours_ago: int, minutes: int, called: list[tuple[str, str, str]]
) -> None:
    story.reports(release(When.at(story.trial.clock() - hours_ago * HOUR + minutes * MINUTE), 3))
    assert calls(story) == called


def test_of_a_date_somebody_is_called_until_a_day_after_its_last_minute(story: Story) -> None:
    today = local_date(story.trial.clock(), BERLIN)
    story.reports(release(When.on(today), 3))
    [one] = to_come(story, "severe-toxicity")
    assert one.pointless_after == When.on(today).span(BERLIN).latest + DAY


def graded_in_turn(story: Story, *gradings: tuple[timedelta, AstctGrade]) -> list[int]:
    """The grades for which somebody is called, when these were found one after the other, each so long after the one before."""
    for passed, grade in gradings:
        story.lives_until(story.trial.clock() + passed)
        story.reports(release(story.at(), grade))
        story.advances()
    return [int(key.rpartition(":")[2]) for key in given(story, "severe-toxicity")]


NOW = timedelta(0)


@pytest.mark.parametrize(
    ("gradings", "called"),
    [
        ([(NOW, 3), (8 * HOUR, 3), (8 * HOUR, 3), (8 * HOUR, 3)], [3]),
        ([(NOW, 3), (8 * HOUR, 4)], [3, 4]),
        ([(NOW, 4), (8 * HOUR, 3)], [4]),
        ([(NOW, 3), (8 * HOUR, 2), (8 * HOUR, 3)], [3, 3]),
        ([(NOW, 3), (DAY, 3)], [3]),
        ([(NOW, 3), (DAY + MINUTE, 3)], [3, 3]),
    ],
)
def test_somebody_is_called_once_while_it_grows_no_worse(
    story: Story, gradings: list[tuple[timedelta, AstctGrade]], called: list[int]
) -> None:
    assert graded_in_turn(story, *gradings) == called


def test_one_kind_keeps_nobody_from_being_called_for_the_other(story: Story) -> None:
    story.reports(release(story.at(), 3))
    story.reports(neuro(story.at(), 3))
    assert calls(story) == CALLED * 2


def test_what_was_recorded_too_late_to_call_anybody_keeps_nobody_from_being_called(story: Story) -> None:
    story.reports(release(When.at(story.trial.clock() - 30 * HOUR), 3))
    story.reports(release(When.at(story.trial.clock() - 20 * HOUR), 3))
    assert calls(story) == CALLED


def test_a_correction_to_a_worse_grade_calls_again_and_one_to_a_mild_grade_calls_no_more(story: Story) -> None:
    at = story.at()
    story.reports(release(at, 3))
    entry = story.entry_of(e.CytokineReleaseGraded)
    story.advances()
    story.asks(c.Correct(entry=entry, fact=release(at, 4)), reason="two vasopressors")
    assert calls(story) == CALLED
    story.asks(c.Correct(entry=entry, fact=release(at, 1)), reason="another participant's")
    assert calls(story) == []


# What is improbable


def refusals(story: Story, fact: e.Fact, reason: str | None = None) -> set[str]:
    try:
        story.would(c.Report(fact=fact), reason=reason)
    except Refused as refused:
        return codes(refused)
    return set()


@pytest.mark.parametrize(("ice", "least"), [(10, 0), (9, 1), (7, 1), (6, 2), (3, 2), (2, 3), (0, 3)])
def test_a_grade_milder_than_the_ice_score_needs_a_reason(story: Story, ice: int, least: AstctGrade) -> None:
    assert refusals(story, neuro(story.at(), least, ice)) == set()
    if least:
        milder = neuro(story.at(), least - 1, ice)
        assert refusals(story, milder) == {"improbable-grading"}
        assert refusals(story, milder, "asleep after sedation") == set()


def test_a_grade_before_any_infusion_needs_a_reason_and_that_there_was_none_does_not(story: Story) -> None:
    infused: datetime = story.now.infusions[0].fact.at.span(BERLIN).earliest
    assert refusals(story, release(When.at(infused), 1)) == set()
    before = When.at(infused - MINUTE)
    assert refusals(story, release(before, 1)) == {"improbable-grading"}
    assert refusals(story, release(before, 1), "the times are of two clocks") == set()
    assert refusals(story, neuro(before, 0, 10)) == set()
    nobody = Trial().participant().consents()
    assert refusals(nobody, release(nobody.at(), 1)) == {"improbable-grading"}
    assert refusals(nobody, release(nobody.at(), 0)) == set()


@pytest.mark.parametrize(("grade", "stands"), [(-1, False), (0, True), (5, True), (6, False)])
def test_grades_go_from_0_to_5(grade: int, *, stands: bool) -> None:
    for build in (release, neuro):
        if stands:
            build(When("2026"), grade)
        else:
            with pytest.raises(ValidationError):
                build(When("2026"), grade)


@pytest.mark.parametrize(("score", "stands"), [(-1, False), (0, True), (10, True), (11, False)])
def test_the_ice_score_goes_from_0_to_10(score: int, *, stands: bool) -> None:
    if stands:
        neuro(When("2026"), 3, score)
    else:
        with pytest.raises(ValidationError):
            neuro(When("2026"), 3, score)


def test_a_message_says_that_a_matter_of_safety_waits_and_neither_what_nor_how_severe(story: Story) -> None:
    story.reports(neuro(story.at(), 4))
    story.reports(adverse(story.at(), **IN_HOSPITAL))
    story.advances()
    to = ContactNamed(person="k-adler", roles=("investigator",), mail="k.adler@ber.example")
    told = {key: one for key, one in notices(story.record).items() if key.startswith(("severe-toxicity", "safety-report"))}
    assert len(told) == 2
    for key, notice in told.items():
        written = letter(notice, 1, to, story.now, story.trial.participants.study(), story.trial.clock())
        words = " ".join((written.heading, *written.lines)).replace(tag(key), "").lower()
        assert "a matter of safety" in words
        assert not re.search(r"grade|neuro|icans|cytokine|adverse|serious|hospital|pneumonia", words), words
