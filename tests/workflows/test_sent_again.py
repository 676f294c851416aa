"""Whoever is refused once more, after it was asked that they be told again, is on record as such, and is not tried for ever."""

from collections.abc import Callable

import pytest

from domain import commands as c
from domain import events as e
from domain.notices import notices, tag
from tests.builders import Story, Trial
from tests.domain.test_notices import WEBER, key_of, names, on_the_last_day, urgent
from tests.workflows.test_gathering import Post, batch_of, gathered, on_a_morning, run, tell
from workflows.gathering import Gathered
from workflows.sending import About, RefusedForGood, Sending


def tries(story: Story, key: str, post: Post) -> None:
    """Whoever is to be told is told, as the notice does."""
    sending = Sending(story.trial.participants, post.send)
    for telling in run(sending.look, About(participant=story.id, tag=tag(key))).tell:
        run(sending.tell, telling)


def refusals(story: Story, key: str) -> int:
    return len([one for _, one in story.told_of(e.ReminderFailed) if isinstance(one, e.ReminderFailed) and one.key == key])


@pytest.mark.parametrize(("falls_due", "beginning"), [(on_the_last_day, "visit-closes"), (urgent, "product-expires")])
def test_who_is_refused_again_is_on_record_as_such_and_not_tried_for_ever(falls_due: Callable[[Trial], Story], beginning: str) -> None:
    trial, post = Trial(), Post([RefusedForGood("SMTP 550"), RefusedForGood("SMTP 550")])
    names(trial, WEBER)
    story = falls_due(trial)
    key = key_of(story, beginning)
    tries(story, key, post)
    story.asks(c.SendAgain(key=key))
    tries(story, key, post)
    assert (refusals(story, key), post.answers) == (2, [])
    assert notices(story.record)[key].unreached == {"m-weber"}
    tries(story, key, post)
    assert not post.taken


def test_who_is_refused_the_message_of_a_morning_again_is_on_record_as_such_and_not_tried_for_ever() -> None:
    [story], post = on_a_morning(1), Post([RefusedForGood("SMTP 550"), RefusedForGood("SMTP 550")])
    key = key_of(story, "visit-opens")
    for sendings in (1, 2):
        tell(story.trial.participants, post, batch_of([story]))
        assert refusals(story, key) == sendings
        assert gathered(story.trial.participants) == Gathered(batch=None, left=(), wait=None)
        story.asks(c.SendAgain(key=key))
    assert not post.taken
