"""In a real study nobody is believed who has not proved who they are."""

from dataclasses import replace
from typing import Literal

import pytest

from domain import commands as c
from domain import events as e
from domain.decisions import decide
from domain.entry import Circumstances, Signature
from domain.rejections import Refused
from domain.study import Study
from domain.words import Role
from tests.builders import DIGEST, Story, Trial, by_

Assurance = Literal["asserted", "password", "identity-provider"]


@pytest.fixture(scope="module")
def story() -> Story:
    return Trial().participant().consents()


def study(story: Story, *, demonstration: bool = False) -> Study:
    study = story.trial.participants.study()
    return replace(study, record=replace(study.record, demonstration=demonstration))


def codes(story: Story, by: Circumstances, *, demonstration: bool = False) -> list[str]:
    command = c.Report(fact=e.ScreeningStarted(at=story.at()))
    try:
        decide(command, story.record, study(story, demonstration=demonstration), story.trial.clock(), by)
    except Refused as refused:
        return [reason.code for reason in refused.reasons]
    return []


def asks(story: Story, assurance: Assurance = "password", *, signed: bool | None = None, role: Role = "coordinator") -> Circumstances:
    signature = None if signed is None else Signature(meaning="I have read this", signed=DIGEST, authenticated=signed)
    return by_(role, story.trial.next_id()).model_copy(update={"assurance": assurance, "signature": signature})


@pytest.mark.parametrize(("assurance", "refused"), [("asserted", ["not-signed-in"]), ("password", []), ("identity-provider", [])])
def test_who_is_only_asserted_records_nothing_in_a_real_study(story: Story, assurance: Assurance, refused: list[str]) -> None:
    assert codes(story, asks(story, assurance)) == refused
    assert codes(story, asks(story, assurance), demonstration=True) == []


@pytest.mark.parametrize(("signed", "refused"), [(None, []), (False, ["not-proven"]), (True, [])])
def test_a_signature_that_was_not_proved_counts_for_nothing_in_a_real_study(
    story: Story, refused: list[str], *, signed: bool | None
) -> None:
    assert codes(story, asks(story, signed=signed)) == refused
    assert codes(story, asks(story, signed=signed), demonstration=True) == []


def test_both_are_said_at_once(story: Story) -> None:
    assert codes(story, asks(story, "asserted", signed=False)) == ["not-signed-in", "not-proven"]


def test_nobody_gets_around_this_by_calling_themselves_the_journey(story: Story) -> None:
    for by in (asks(story, "asserted", role="journey"), asks(story, "asserted").model_copy(update={"source": "journey"})):
        assert codes(story, by) == ["not-the-journey"]


def test_the_journey_itself_proves_nothing_and_acts(story: Story) -> None:
    by = by_("journey", story.trial.next_id())
    with pytest.raises(Refused) as refused:
        decide(c.ActOn(key="nothing-of-this-kind"), story.record, study(story), story.trial.clock(), by)
    assert {"not-signed-in", "not-proven"}.isdisjoint(reason.code for reason in refused.value.reasons)
