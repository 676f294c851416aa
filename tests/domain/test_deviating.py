"""Deviations as people handle them: recorded by hand, looked into, reviewed by signature, taken back; and how a review is superseded."""

from datetime import date, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.standing import Deviation
from domain.time import When, local_date
from domain.words import Role
from tests.builders import BERLIN, CODE, Story, Trial, codes
from tests.domain.planned import SAMPLE, infused_under, window_of

pytestmark = pytest.mark.slow

KEY = "visit:day-3:window"
DAY = timedelta(days=1)


@pytest.fixture
def story() -> Story:
    """Somebody who came to the visit of day 3 a day late."""
    story = Trial().participant().is_ready().is_infused()
    story.trial.clock.move(days=5)
    story.reports(e.VisitCompleted(visit="day-3", at=story.at()), reason="a strike of the railway")
    return story


def stands(story: Story, key: str = KEY) -> Deviation:
    return story.now.deviations[key]


def today(story: Story) -> date:
    return local_date(story.trial.clock(), BERLIN)


def describes(story: Story, key: str = KEY, **details: object) -> None:
    story.asks(c.DescribeDeviation(key=key, details=e.DeviationDetails.model_validate(details)))


def reviews(story: Story, key: str = KEY) -> None:
    story.asks(c.ReviewDeviation(key=key, entry=stands(story, key).told_in), "investigator", signed=True)


def by_hand(story: Story, **details: object) -> str:
    command = c.RecordDeviation(
        says="the consent form was not copied.", category="procedure", details=e.DeviationDetails.model_validate(details)
    )
    story.asks(command)
    return f"by-hand:{story.entry_of(e.DeviationRecorded)}"


def refusals(story: Story, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> set[str]:
    with pytest.raises(Refused) as refused:
        story.would(command, role, reason=reason, signed=signed)
    return codes(refused.value)


def test_a_deviation_that_no_rule_finds_is_recorded_with_what_is_known_of_it(story: Story) -> None:
    key = by_hand(story, important=True, occurred_on=today(story) - DAY, discovered_on=today(story), cause="the copier was broken")
    found = stands(story, key)
    assert (found.says, found.final, found.category, found.important) == ("the consent form was not copied", True, "procedure", True)
    assert found.details is not None
    assert found.details.cause == "the copier was broken"
    assert by_hand(story) != key


@pytest.mark.parametrize(
    ("ahead", "code"),
    [(0, None), (1, "future")],
)
@pytest.mark.parametrize("name", ["occurred_on", "discovered_on", "reported_to_sponsor_on", "reported_to_ethics_committee_on"])
def test_no_date_of_a_deviation_lies_in_the_future(story: Story, name: str, ahead: int, code: str | None) -> None:
    details = e.DeviationDetails.model_validate({name: today(story) + ahead * DAY})
    for command in (
        c.DescribeDeviation(key=KEY, details=details),
        c.RecordDeviation(says="x", category="procedure", details=details),
    ):
        assert (refusals(story, command) == {code}) if code else story.would(command)


def test_nothing_is_discovered_or_reported_before_it_occurred(story: Story) -> None:
    day = today(story) - DAY
    for name in ("discovered_on", "reported_to_sponsor_on", "reported_to_ethics_committee_on"):
        on, before = (
            c.DescribeDeviation(key=KEY, details=e.DeviationDetails.model_validate({"occurred_on": day, name: at}))
            for at in (day, day - DAY)
        )
        assert story.would(on)
        assert refusals(story, before) == {"before-it-occurred"}


def test_what_was_found_out_last_counts_and_is_not_said_twice(story: Story) -> None:
    describes(story, cause="a strike")
    describes(story, cause="a strike", prevention="a taxi", important=True)
    found = stands(story)
    assert found.important
    assert found.details == e.DeviationDetails(cause="a strike", prevention="a taxi", important=True)
    assert refusals(story, c.DescribeDeviation(key=KEY, details=found.details)) == {"same-details"}
    assert refusals(story, c.DescribeDeviation(key="visit:day-7:window", details=found.details)) == {"unknown-deviation"}


def test_an_important_deviation_stays_important_until_somebody_says_otherwise() -> None:
    story = infused_under(SAMPLE)
    story.lives_until(window_of(story, "sample").closes_at)
    story.reports(e.VisitCompleted(visit="sample", at=story.at()), reason="the sample was drawn late")
    key = "visit:sample:window"
    for details, important in (
        (e.DeviationDetails(cause="a strike"), True),
        (e.DeviationDetails(cause="a strike", important=False), False),
        (e.DeviationDetails(cause="a strike", important=True), True),
    ):
        story.asks(c.DescribeDeviation(key=key, details=details))
        assert story.now.deviations[key].important is important


def test_a_review_is_not_superseded_when_the_first_thing_that_is_said_of_a_deviation_is_that_it_was_reported(story: Story) -> None:
    reviews(story)
    describes(story, reported_to_sponsor_on=today(story))
    assert stands(story).reviewed
    describes(story, reported_to_sponsor_on=today(story), important=True)
    assert not stands(story).reviewed


def test_a_review_takes_an_investigators_signature_on_what_was_last_said(story: Story) -> None:
    read = stands(story).told_in
    command = c.ReviewDeviation(key=KEY, entry=read)
    assert refusals(story, command) == {"investigator-only", "signature-missing"}
    assert refusals(story, command, "investigator") == {"signature-missing"}
    assert refusals(story, command, signed=True) == {"investigator-only"}
    describes(story, cause="a strike")
    assert refusals(story, command, "investigator", signed=True) == {"says-otherwise"}
    reviews(story)
    assert stands(story).reviewed
    again = c.ReviewDeviation(key=KEY, entry=stands(story).told_in)
    assert refusals(story, again, "investigator", signed=True) == {"already-reviewed"}


def test_a_review_is_superseded_when_something_else_is_said_and_not_by_a_report_of_it(story: Story) -> None:
    describes(story, cause="a strike")
    reviews(story)
    describes(story, cause="a strike", reported_to_sponsor_on=today(story), reported_to_ethics_committee_on=today(story))
    assert stands(story).reviewed
    describes(story, cause="she forgot", reported_to_sponsor_on=today(story))
    assert not stands(story).reviewed
    reviews(story)
    moved = story.now.infusions[0].fact.at.span(BERLIN).earliest - DAY
    story.asks(
        c.Correct(entry=story.entry_of(e.InfusionStarted), fact=e.InfusionStarted(at=When.at(moved), identity=CODE)), reason="misread"
    )
    assert not stands(story).reviewed, "its window is another one by now"
    assert stands(story).details is not None, "what was found out stays"


def test_what_was_found_out_about_a_deviation_is_there_when_it_arises_again_after_it_was_voided(story: Story) -> None:
    describes(story, cause="a strike", prevention="a taxi", reported_to_sponsor_on=today(story))
    told = stands(story).details
    reviews(story)
    right = story.now.infusions[0].fact
    later = right.model_copy(update={"at": When.at(right.at.span(BERLIN).earliest + DAY)})
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=later), reason="misread")
    assert KEY not in story.now.deviations, "by that date it was in its window"
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=right), reason="it was right before")
    assert stands(story).details == told
    assert not stands(story).reviewed, "it is another finding, which somebody signs anew"


def test_a_proposed_deviation_that_becomes_final_is_reviewed_again() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.lives_until(story.trial.clock() + 3 * DAY)
    key = "visit:day-1:missed"
    reviews(story, key)
    assert (stands(story, key).final, stands(story, key).reviewed) == (False, True)
    story.asks(c.MissVisit(visit="day-1"))
    assert (stands(story, key).final, stands(story, key).reviewed) == (True, False)


def test_what_a_person_recorded_a_person_takes_back_with_a_reason_and_what_a_rule_found_nobody(story: Story) -> None:
    key = by_hand(story)
    assert refusals(story, c.VoidDeviation(key=key)) == {"reason-missing"}
    assert refusals(story, c.VoidDeviation(key=KEY), reason="x") == {"by-rule"}
    story.asks(c.VoidDeviation(key=key), reason="another participant's")
    assert key not in story.now.deviations
    assert refusals(story, c.VoidDeviation(key=key), reason="x") == {"unknown-deviation"}


def test_a_deviation_by_hand_outlives_whatever_is_recorded_after_it(story: Story) -> None:
    key = by_hand(story)
    story.asks(c.Retract(entry=story.entry_of(e.VisitCompleted)), reason="another participant's")
    assert key in story.now.deviations
    assert KEY not in story.now.deviations


def test_rules_that_an_investigator_overrode_are_deviations_of_their_own_category() -> None:
    story = Trial().participant().is_eligible()
    story.plans("leukapheresis", story.trial.clock())
    story.signs(c.Override(beginning=c.BeginLeukapheresis(), ground="immediate-hazard"))
    assert {one.category for key, one in story.now.deviations.items() if key.startswith("gate:")} == {"override"}
    reported = Trial().participant().is_eligible()
    reported.reports(e.LeukapheresisStarted(at=reported.at()))
    assert {one.category for key, one in reported.now.deviations.items() if key.startswith("gate:")} == {"procedure"}
