from domain.notices import A_CALL
from tests.builders import Trial
from tests.domain.test_notices import NOVAK, WEBER, key_of, names, on_the_last_day, urgent
from tests.workflows.test_gathering import Post
from tests.workflows.test_sent_again import tries


def test_each_call_bears_its_own_time() -> None:
    trial, post = Trial(), Post()
    names(trial, WEBER, NOVAK)
    story = urgent(trial)
    key, first = key_of(story, "product-expires"), trial.clock()
    tries(story, key, post)
    trial.clock.move(seconds=A_CALL.total_seconds())
    tries(story, key, post)
    assert [letter.at for letter in post.taken] == [first, first + A_CALL]


def test_what_is_told_late_bears_the_time_at_which_it_was_handed_over() -> None:
    trial, post = Trial(), Post()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    trial.clock.move(hours=3)
    tries(story, key_of(story, "visit-closes"), post)
    assert [letter.at for letter in post.taken] == [trial.clock()]
