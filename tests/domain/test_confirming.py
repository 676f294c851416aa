"""Confirming eligibility: the investigator signs what was judged and nothing else, or it was confirmed on paper."""

from decimal import Decimal

import pytest

from app.demo.screened import screened
from domain import commands as c
from domain import events as e
from domain.criteria.report import eligibility
from domain.record import Record
from domain.rejections import Refused
from domain.signatures import to_sign
from domain.time import MINUTE, When
from domain.words import Role
from tests.builders import DIGEST, Story, Trial, codes
from tests.domain.enrolling import malignancy, refusal, report_of, screened_story, signs, standing


@pytest.fixture
def story() -> Story:
    return screened_story()


# What is signed


def test_the_signature_binds_the_very_report_and_the_report_can_be_derived_again(story: Story) -> None:
    report = report_of(story)
    asked = c.ConfirmEligibility(judged_at=report.at, report=report.digest)
    assert signs(story, report) == (e.EligibilityConfirmed(at=story.at(), report=report.digest),)
    entry = story.record.entries[-1]
    assert entry.circumstances.signature is not None
    assert entry.circumstances.signature.signed == to_sign(story.id, asked, entry.circumstances)
    before = Record.of(story.id, story.record.entries[:-1])
    again = eligibility(before.participant, story.trial.participants.desk.at(entry.study_version), report.at)
    assert again.digest == report.digest


def test_a_signature_of_the_report_alone_confirms_nothing(story: Story) -> None:
    """It would bind neither the reason nor who else had a part in it."""
    report = report_of(story)
    assert codes(refusal(story, report, signed=report.digest)) == {"signed-otherwise"}
    signs(story, report)
    assert story.now.eligible is not None


def test_a_report_can_be_signed_while_it_is_read_and_no_longer(story: Story) -> None:
    report = report_of(story)
    story.trial.clock.move(minutes=60)
    signs(story, report)
    assert story.now.eligible is not None
    assert story.now.eligible.fact.at == When.at(report.at)


def test_a_report_of_an_hour_and_a_minute_ago_or_of_the_time_to_come_is_refused(story: Story) -> None:
    report = report_of(story)
    story.trial.clock.move(minutes=61)
    assert codes(refusal(story, report)) == {"another-instant"}
    ahead = eligibility(story.now, story.trial.participants.study(), story.trial.clock() + MINUTE)
    assert codes(refusal(story, ahead)) == {"another-instant"}
    assert story.now.eligible is None


def test_what_was_recorded_while_the_report_was_read_makes_it_another_report(story: Story) -> None:
    report = report_of(story)
    story.reports(e.ObservationMade(at=story.at(), test="body-weight", value=Decimal("61.4"), unit="kg"))
    assert codes(refusal(story, report)) == {"another-report"}
    signs(story, report_of(story))


def test_what_says_nothing_of_eligibility_leaves_the_report_as_it_was_read(story: Story) -> None:
    report = report_of(story)
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    signs(story, report)
    assert story.now.eligible is not None


def test_one_participants_report_confirms_no_other(story: Story) -> None:
    other = Story(story.trial, "BER-002")
    other.asks(c.Register(site="BER"))
    other.consents()
    other.reports(e.ScreeningStarted(at=other.at()))
    other.is_screened()
    assert codes(refusal(other, report_of(story))) == {"another-report"}


@pytest.mark.parametrize(
    ("role", "signed", "expected"),
    [
        ("coordinator", True, {"investigator-only"}),
        ("investigator", False, {"signature-missing"}),
        ("investigator", DIGEST, {"signed-otherwise"}),
        ("coordinator", False, {"investigator-only", "signature-missing"}),
    ],
)
def test_only_an_investigators_signature_on_the_report_itself_confirms(
    story: Story, role: Role, *, signed: bool | str, expected: set[str]
) -> None:
    assert codes(refusal(story, report_of(story), role=role, signed=signed)) == expected
    assert story.now.eligible is None


# What does not pass


def test_parts_that_do_not_pass_are_all_named_and_the_refusal_is_on_record(story: Story) -> None:
    story.reports(malignancy(story.at()))
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="indeterminate"))
    report = report_of(story)
    assert report.overall == "not eligible"
    refused = refusal(story, report)
    assert {reason.rule for reason in refused.reasons} == {"E32", "I7a", "E31a"}
    assert codes(refused) == {"rule-fails", "rule-not-yet-known"}
    recorded = story.record.entries[-1].event
    assert isinstance(recorded, e.ConfirmationRefused)
    assert recorded.report == report.digest
    assert recorded.reasons == tuple(reason.says for reason in refused.reasons)
    assert story.now.eligible is None


def test_a_test_that_grew_too_old_between_reading_and_signing_is_refused() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.is_screened()
    story.trial.clock.move(days=8, hours=-9, minutes=-30)
    report = report_of(story)
    assert report.overall == "eligible", "on the seventh date after the pregnancy test, half an hour before midnight"
    story.trial.clock.move(minutes=31)
    assert {reason.rule for reason in refusal(story, report).reasons} == {"I7a", "E31a"}


@pytest.mark.parametrize(("days", "confirmed"), [(28, True), (29, False)])
def test_a_screening_is_confirmed_on_its_28th_date_and_not_after(days: int, *, confirmed: bool) -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(days=days)
    story.is_screened()
    if confirmed:
        signs(story, report_of(story))
        assert story.now.eligible is not None
    else:
        assert {reason.rule for reason in refusal(story, report_of(story)).reasons} == {"screening-in-time"}


def test_nobody_is_confirmed_without_a_screening_after_it_failed_or_after_leaving(story: Story) -> None:
    report = report_of(story)
    story.reports(e.ScreenFailed(at=story.at(), why="declined"))
    assert codes(refusal(story, report)) >= {"not-screening", "left"}


# On paper


def test_a_confirmation_on_paper_is_judged_and_stands_against_it_until_the_evidence_is_there() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(days=7)
    at = story.trial.clock()
    events = story.reports(e.EligibilityConfirmed(at=When.at(at)), "investigator", signed=True).events
    assert [event.kind for event in events[1:]] == ["eligibility-reconsidered.v1", "deviation-recorded.v1"]
    assert story.now.reconsidered is not None
    assert story.now.reconsidered.fact.overall == "not yet known"
    story.trial.clock.move(days=1)
    protocol = story.trial.participants.study().protocol(1)
    story.asks(c.ReportTogether(facts=screened(protocol, at)), "investigator", signed=True)
    assert story.now.reconsidered is None
    assert not standing(story)


def test_a_confirmation_on_paper_can_be_followed_by_a_signature_on_the_report() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(days=7)
    story.is_screened()
    story.reports(e.EligibilityConfirmed(at=story.at()), "investigator", signed=True)
    assert story.now.reconsidered is None
    report = report_of(story)
    signs(story, report)
    assert story.now.eligible is not None
    assert story.now.eligible.fact.report == report.digest


def test_a_report_on_paper_carries_no_digest_of_ours(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.reports(e.EligibilityConfirmed(at=story.at(), report=report_of(story).digest), "investigator", signed=True)
    assert codes(refused.value) == {"not-on-paper"}
