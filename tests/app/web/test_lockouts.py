from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue
from threading import Thread

import pytest

from app.notices.lockouts import WORTH_TELLING, Lockouts
from domain.doorkeeping import TurnedAway
from domain.letters import Letter
from tests.app.web.at_the_door import COORDINATOR, INVESTIGATOR, Desk
from workflows.sending import NotNow, RefusedForGood

WITHIN_SECONDS = 60


class Postbox:
    """Takes letters, once it has answered as it was told to."""

    def __init__(self, *answers: Exception) -> None:
        self.answers, self.taken, self.tried = list(answers), Queue[Letter](), 0

    async def send(self, letter: Letter) -> None:
        self.tried += 1
        if self.answers:
            raise self.answers.pop(0)
        self.taken.put(letter)


@contextmanager
def telling(door: Desk, postbox: Postbox) -> Iterator[None]:
    follower = Lockouts(door.office.daybook, postbox.send).follower()
    thread = Thread(target=follower.run)
    thread.start()
    try:
        yield
    finally:
        follower.stop()
        thread.join()


def locked_out(door: Desk, person: str) -> None:
    door.office.daybook.people.note(TurnedAway(person=person, locked=True), "web")


@pytest.mark.parametrize("answers", [(), (NotNow("SMTP 421"),)])
def test_whoever_is_locked_out_hears_of_it_by_mail_although_the_server_does_not_answer_at_once(
    door: Desk, answers: tuple[Exception, ...]
) -> None:
    door.office.daybook.people.note(TurnedAway(person=INVESTIGATOR), "web")
    postbox = Postbox(*answers)
    with telling(door, postbox):
        locked_out(door, COORDINATOR)
        letter = postbox.taken.get(timeout=WITHIN_SECONDS)
    assert (letter.address, letter.reminders) == ("m.weber@study.example", ())
    assert "your account m-weber is locked" in letter.heading
    assert postbox.taken.empty(), "whoever only failed once is not told"


def test_a_mailbox_that_takes_nothing_holds_nobody_else_up(door: Desk) -> None:
    postbox = Postbox(RefusedForGood("SMTP 550"))
    locked_out(door, COORDINATOR)
    locked_out(door, INVESTIGATOR)
    with telling(door, postbox):
        assert postbox.taken.get(timeout=WITHIN_SECONDS).address == "k.adler@study.example"


@pytest.mark.parametrize(("later", "told"), [(WORTH_TELLING, 2), (WORTH_TELLING + timedelta(seconds=1), 1)])
def test_what_happened_long_ago_is_not_told_any_more(door: Desk, later: timedelta, told: int) -> None:
    locked_out(door, COORDINATOR)
    door.clock.move_to(door.clock() + later)
    locked_out(door, INVESTIGATOR)
    postbox = Postbox()
    with telling(door, postbox):
        letters = [postbox.taken.get(timeout=WITHIN_SECONDS) for _ in range(told)]
    assert letters[-1].address == "k.adler@study.example"
    assert postbox.tried == told
