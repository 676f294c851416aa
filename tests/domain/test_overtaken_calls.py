"""Calls that another one overtook before they reached anybody, as where whoever told them was killed."""

from tests.builders import Trial
from tests.domain.test_notices import ITO, NOVAK, WEBER, key_of, names, record, sent, turns, urgent


def test_whoever_an_overtaken_call_never_reached_is_still_told_in_it() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    trial.clock.move(minutes=15)
    first = turns(story, key)
    assert (first.tell, first.overtaken) == ((WEBER,), ())
    [escalated] = first.record
    record(story, escalated)
    second = turns(story, key)
    assert (second.tell, second.call, second.overtaken) == ((NOVAK,), 2, ((WEBER, 1),))
    record(story, sent(key, "k-novak", 2))
    assert turns(story, key).overtaken == ((WEBER, 1),)
    record(story, sent(key))
    assert turns(story, key).overtaken == ()


def test_whoever_was_called_anew_is_told_in_that_call_alone() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    for _ in range(3):
        trial.clock.move(minutes=15)
        [escalated] = turns(story, key).record
        record(story, escalated)
    fourth = turns(story, key)
    assert (fourth.tell, fourth.call, fourth.overtaken) == ((WEBER,), 4, ((NOVAK, 2), (ITO, 3)))
