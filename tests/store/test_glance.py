"""Whoever only looks is told each thing once by the ledger; whoever records something sees how things stand at each moment."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from threading import Thread

import pytest

from domain import events as e
from domain.study import TimeZoneDataAdopted
from store.errors import DamagedEntry
from store.glance import glancing
from store.ledger import Ledger
from tests.builders import Clock, Story, Trial, by_
from tests.store.given import Hand, counted, opened

STUDY, BER = "study:cd19-cart-sle", "participant:BER-001"


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    """A participant, read before by this process."""
    story = Trial(clock, ledger).participant()
    looks(story)
    return story


@pytest.fixture
def asked(story: Story) -> Counter[str]:
    """How often the database is asked for the end of each stream."""
    return counted(story.trial.participants.ledger)


@pytest.fixture
def elsewhere(shared: str, story: Story) -> Iterator[Story]:
    """The same participant, in another process."""
    ledger = opened(shared, story.trial.clock)
    yield Story(Trial(story.trial.clock, ledger, numbers=1000), story.id)
    ledger.close()


def looks(story: Story) -> tuple[int, int]:
    """How many entries the study and the participant have."""
    return story.trial.participants.study().record.version, story.record.version


def screened(story: Story) -> None:
    story.consents().reports(e.ScreeningStarted(at=story.at()))


def adopted(story: Story) -> None:
    by = by_("administrator", story.trial.next_id())
    story.trial.participants.desk.record((TimeZoneDataAdopted(version="2026z"),), by)


def without_a_glance(happens: Callable[[Story], None], story: Story) -> None:
    """As it happens in a process of its own."""
    Context().run(happens, story)


def test_in_a_glance_the_end_of_each_stream_is_asked_for_once(story: Story, asked: Counter[str]) -> None:
    with glancing():
        assert looks(story) == looks(story) == looks(story)
    assert asked == {STUDY: 1, BER: 1}


def test_without_one_it_is_asked_for_each_time(story: Story, asked: Counter[str]) -> None:
    assert looks(story) == looks(story)
    assert asked == {STUDY: 2, BER: 2}


def test_threads_that_work_for_one_glance_share_it(story: Story, asked: Counter[str]) -> None:
    with glancing():
        looks(story)
        thread = Thread(target=copy_context().run, args=(looks, story))
        thread.start()
        thread.join()
    assert asked == {STUDY: 1, BER: 1}


def test_one_glance_knows_nothing_of_another(story: Story, asked: Counter[str]) -> None:
    for _ in range(2):
        with glancing():
            looks(story)
    assert asked == {STUDY: 2, BER: 2}


@pytest.mark.parametrize("happens", [screened, adopted])
def test_what_another_process_records_is_seen_after_the_glance(story: Story, elsewhere: Story, happens: Callable[[Story], None]) -> None:
    with glancing() as glance:
        before = looks(story)
        without_a_glance(happens, elsewhere)
        assert looks(story) == before, "what is seen is of one piece"
        glance.end()
        assert sum(looks(story)) > sum(before)
    assert looks(story) == looks(elsewhere)


def test_what_other_requests_of_the_process_have_read_since_makes_nobody_read_the_study_again(story: Story, asked: Counter[str]) -> None:
    with glancing():
        before = looks(story)
        without_a_glance(adopted, story)
        asked.clear()
        assert [story.trial.participants.study() is story.trial.participants.study(), looks(story)] == [True, before]
    assert not asked


@pytest.mark.parametrize("happens", [screened, adopted])
def test_what_is_recorded_in_a_glance_is_seen_in_it(story: Story, happens: Callable[[Story], None]) -> None:
    with glancing():
        before = looks(story)
        happens(story)
        after = looks(story)
    assert sum(after) > sum(before)
    assert after == looks(story)


def test_a_race_that_was_lost_in_a_glance_is_won_when_it_is_decided_again(story: Story, elsewhere: Story) -> None:
    with glancing():
        before = looks(story)
        without_a_glance(adopted, elsewhere)
        screened(story)
        assert looks(story)[0] == before[0] + 1
    assert looks(story) == looks(elsewhere)


def test_two_ledgers_in_one_glance_are_two(story: Story) -> None:
    other = Trial(Clock()).participant()
    screened(other)
    with glancing():
        assert looks(story) != looks(other)


def test_damage_is_told_each_time_and_nothing_is_remembered_instead(story: Story, address: str) -> None:
    with Hand(address, story.trial.participants.ledger).reaching() as hand:
        hand.free()(f"DELETE FROM entries WHERE stream = '{BER}'")
        with glancing():
            for _ in range(2):
                with pytest.raises(DamagedEntry):
                    looks(story)
