"""What is severe, active or a crisis only an investigator says, and signs; everything else of a condition anybody notes."""

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.time import When
from domain.words import Role
from tests.builders import Story, Trial, codes, study_of

JUDGED = {
    "lupus-nephritis": "severe",
    "central-nervous-system-disease": "active",
    "lupus-flare": "crisis",
    "inflammatory-skin-disease": "more-than-minor",
    "vasculitis-not-of-lupus": "severe",
}
every_judged_mark = pytest.mark.parametrize(("condition", "mark"), JUDGED.items())


def noted(condition: str, **marks: bool) -> e.ConditionNoted:
    named = {name.replace("_", "-"): holds for name, holds in marks.items()}
    return e.ConditionNoted(at=When("2026-01-05"), condition=condition, start=When("2025-06-01"), marks=named)


def refused(story: Story, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> set[str]:
    """The codes of the reasons for which a command is refused; nothing is recorded."""
    before = story.record.version
    with pytest.raises(Refused) as refusal:
        story.asks(command, role, reason=reason, signed=signed)
    assert story.record.version == before
    return codes(refusal.value)


def consented() -> Story:
    return Trial().participant().consents()


def test_the_protocol_names_the_marks_that_are_the_investigators() -> None:
    conditions = study_of().protocol(1).conditions
    assert {name: condition.judged for name, condition in conditions.items() if condition.judged} == {
        name: (mark,) for name, mark in JUDGED.items()
    }


@every_judged_mark
@pytest.mark.parametrize("so", [True, False])
def test_only_an_investigator_sets_such_a_mark_and_signs(condition: str, mark: str, so: bool) -> None:  # noqa: FBT001 - It is what is judged.
    story, command = consented(), c.Report(fact=noted(condition, **{mark: so}))
    assert refused(story, command) == {"investigator-only", "signature-missing"}
    assert refused(story, command, signed=True) == {"investigator-only"}
    assert refused(story, command, "medical-monitor", signed=True) == {"investigator-only"}
    assert refused(story, command, "investigator") == {"signature-missing"}
    assert story.asks(command, "investigator", signed=True).events == (command.fact,)


@every_judged_mark
def test_anybody_notes_the_condition_without_it(condition: str, mark: str) -> None:  # noqa: ARG001 - The mark is what is left out.
    story = consented()
    story.reports(noted(condition))
    assert [one.fact.condition for one in story.now.conditions] == [condition]


def test_other_marks_anybody_sets() -> None:
    story = consented()
    story.reports(noted("infection", uncontrolled=True, needs_anti_infective=True))
    story.reports(noted("hypersensitivity", severe=True))
    assert len(story.now.conditions) == 2


def test_an_investigator_adds_the_mark_to_what_a_coordinator_noted() -> None:
    story = consented()
    story.reports(noted("lupus-nephritis"))
    entry = story.entry_of(e.ConditionNoted)
    judgement = c.Correct(entry=entry, fact=noted("lupus-nephritis", severe=False))
    assert refused(story, judgement, reason="judged") == {"investigator-only", "signature-missing"}
    story.asks(judgement, "investigator", reason="judged on the biopsy", signed=True)
    assert story.now.conditions[0].fact.marks == {"severe": False}


def test_what_an_investigator_judged_nobody_else_takes_back_or_corrects_away() -> None:
    story = consented()
    story.asks(c.Report(fact=noted("lupus-nephritis", severe=True)), "investigator", signed=True)
    entry = story.entry_of(e.ConditionNoted)
    for command in (c.Retract(entry=entry), c.Correct(entry=entry, fact=noted("lupus-nephritis"))):
        assert refused(story, command, reason="x") == {"investigator-only", "signature-missing"}
        assert refused(story, command, "investigator", reason="x") == {"signature-missing"}
    story.asks(c.Correct(entry=entry, fact=noted("lupus-nephritis")), "investigator", reason="not judged yet", signed=True)
    assert story.now.conditions[0].fact.marks == {}


def test_a_condition_that_the_protocol_has_not_is_refused_as_that() -> None:
    assert refused(consented(), c.Report(fact=noted("lupus", severe=True))) == {"unknown-condition"}
