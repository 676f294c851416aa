"""A request that will be signed is weighed first: nobody proves anything for what is refused, and nothing is recorded that is granted."""

import pytest

from domain import commands as c
from domain import events as e
from domain.entry import Circumstances
from domain.rejections import Refused
from store.errors import CommandReused
from store.ledger import Ledger
from store.participants import Overtaken
from tests.builders import CODE, Clock, Story, Trial, by_, dose

OVERRIDE = c.Override(beginning=c.ReleaseToThaw(identity=CODE), ground="immediate-hazard")
OTHERS = c.Override(beginning=c.ReleaseToThaw(identity=f"{CODE}9"), ground="immediate-hazard")


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    return Trial(clock, ledger).participant().is_ready().is_cleared()


def supposed(story: Story, reason: str | None = "the participant is in danger") -> Circumstances:
    return by_("investigator", story.trial.next_id(), reason=reason, signed=True)


def test_what_would_be_granted_is_not_recorded(story: Story) -> None:
    before = story.record.version
    story.trial.participants.weigh(story.id, OVERRIDE, supposed(story))
    assert story.record.version == before


def test_what_would_be_refused_is_refused_with_every_reason_and_a_step_that_was_is_recorded_unsigned(story: Story) -> None:
    before = story.record.version
    with pytest.raises(Refused, match="needs a reason"):
        story.trial.participants.weigh(story.id, OVERRIDE, supposed(story, reason=None))
    assert story.record.version == before
    with pytest.raises(Refused, match="is not the one that the participant's cells carry"):
        story.trial.participants.weigh(story.id, OTHERS, supposed(story))
    [refusal] = story.record.entries[before:]
    assert isinstance(refusal.event, e.StepRefused)
    assert refusal.circumstances.signature is None


def test_weighed_twice_under_one_id_a_refusal_is_recorded_once(story: Story) -> None:
    by = supposed(story)
    for _ in range(2):
        with pytest.raises(Refused, match="is not the one that the participant's cells carry") as refused:
            story.trial.participants.weigh(story.id, OTHERS, by)
        assert isinstance(refused.value.recorded, e.StepRefused)
    assert sum(isinstance(entry.event, e.StepRefused) for entry in story.record.entries) == 1


def test_what_was_recorded_already_is_not_weighed_again(story: Story) -> None:
    by = supposed(story)
    outcome = story.trial.participants.handle(story.id, OVERRIDE, by)
    story.trial.participants.weigh(story.id, OTHERS, by)
    assert story.trial.participants.handle(story.id, OVERRIDE, by) == outcome
    with pytest.raises(CommandReused):
        story.trial.participants.handle(story.id, OTHERS, by)


def test_what_somebody_recorded_meanwhile_is_looked_at_before_anybody_signs(story: Story) -> None:
    seen = story.record.version
    story.reports(dose("prednisone", "5", story.at()))
    with pytest.raises(Overtaken):
        story.trial.participants.weigh(story.id, OVERRIDE, supposed(story), seen=seen)
    story.trial.participants.weigh(story.id, OVERRIDE, supposed(story), seen=seen + 1)
