"""The report that somebody signed, derived again by today's program: the same, or otherwise, and what of it."""

from dataclasses import replace

import pytest

from domain import events as e
from domain.record import Record
from domain.rederiving import ReportAgain, derived_again, verdicts_to_explain
from domain.study import Study
from tests.builders import Story, Trial


@pytest.fixture
def ready() -> Story:
    return Trial().participant().is_ready()


def again(record: Record, study: Study) -> ReportAgain:
    (confirmed,) = [entry.version for entry in record.entries if isinstance(entry.event, e.EligibilityConfirmed)]
    found = derived_again(record, confirmed, study)
    assert isinstance(found, ReportAgain)
    return found


@pytest.mark.clause("FDA Q&A 2024", "audit trails")
def test_the_report_that_was_signed_is_explained_and_derived_again_as_it_was(ready: Story) -> None:
    found = again(ready.record, ready.trial.participants.study())
    assert found.entry in verdicts_to_explain(ready.record)
    assert (found.same, found.instruments, found.today.overall) == (True, (), "eligible")
    assert found.today.digest == found.event.report


def test_a_report_that_another_program_makes_alike_is_the_same_and_the_program_is_named(ready: Story) -> None:
    found = again(ready.record, replace(ready.trial.participants.study(), program="another program"))
    assert (found.same, found.instruments) == (True, ("program",))
    assert found.today.digest != found.event.report


def test_a_report_that_does_not_follow_from_the_entries_before_it_is_another_and_what_does_not_pass_is_told(ready: Story) -> None:
    entries = ready.record.entries
    tested = next(entry for entry in entries if isinstance(entry.event, e.ObservationMade) and entry.event.test == "pregnancy-test")
    assert isinstance(tested.event, e.ObservationMade)
    other = replace(tested, event=tested.event.model_copy(update={"result": "positive"}))
    altered = Record.of(ready.id, tuple(other if entry == tested else entry for entry in entries))
    found = again(altered, ready.trial.participants.study())
    assert (found.same, found.made_with, found.today.overall) == (False, None, "not eligible")
    assert "E31a" in {part.id for part in found.today.not_passing}


def test_what_was_confirmed_on_paper_has_no_report_to_derive() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.EligibilityConfirmed(at=story.at()), "investigator", signed=True)
    assert derived_again(story.record, story.entry_of(e.EligibilityConfirmed), story.trial.participants.study()) is None
