"""What tests of enrolment do: a screening that lets somebody join, its report signed, and facts that come late."""

from datetime import timedelta
from uuid import NAMESPACE_OID

import pytest

from domain import commands as c
from domain import events as e
from domain.criteria.report import EligibilityReport, confirmation, eligibility
from domain.rejections import Refused
from domain.signatures import to_sign
from domain.time import When
from domain.words import Role
from tests.builders import Story, Trial, by_, dose

DAY = timedelta(days=1)


def screened_story() -> Story:
    """A participant in whom screening has found everything that lets somebody join."""
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(days=7)
    return story.is_screened()


def report_of(story: Story) -> EligibilityReport:
    study = story.trial.participants.study()
    return eligibility(story.now, study, confirmation(story.now, study, story.trial.clock()))


def signs(story: Story, report: EligibilityReport, *, role: Role = "investigator", signed: bool | str = True) -> tuple[e.Event, ...]:
    """Sign a report, unless something else is signed."""
    command = c.ConfirmEligibility(judged_at=report.at, report=report.digest)
    what = to_sign(story.id, command, by_(role, NAMESPACE_OID)) if signed is True else signed
    by = by_(role, story.trial.next_id(), signed=what)
    return story.trial.participants.handle(story.id, command, by).events


def refusal(story: Story, report: EligibilityReport, *, role: Role = "investigator", signed: bool | str = True) -> Refused:
    with pytest.raises(Refused) as refused:
        signs(story, report, role=role, signed=signed)
    return refused.value


def malignancy(at: When) -> e.ConditionNoted:
    """What excludes for life, noted at a time."""
    return e.ConditionNoted(at=at, condition="malignancy", start=at, marks={})


def standing(story: Story) -> set[str]:
    return {key for key in story.now.deviations if key.startswith("eligibility:")}


def haemodialysis(story: Story) -> e.ProcedurePerformed:
    """Long enough before screening to exclude nobody by itself; with severe nephritis it would."""
    at = When.at(story.trial.clock() - 40 * DAY)
    return e.ProcedurePerformed(name="haemodialysis", category="haemodialysis", major=False, at=at)


def belimumab_or_rituximab(drug: str) -> e.MedicationTaken:
    return dose(drug, "400", When("2020-05"), route="intravenous")
