from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from queue import Queue
from threading import Thread

import pytest

from app.notices.accounts import LOCK_OUT_WORTH_TELLING, WORTH_TELLING, AccountNews
from domain.doorkeeping import TurnedAway
from domain.letters import Letter
from domain.people import AccessGiven, PeopleEvent, PersonAdmitted
from tests.app.web.at_the_door import COORDINATOR, INVESTIGATOR, Desk, by
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
    follower = AccountNews(door.office.daybook, postbox.send).follower()
    thread = Thread(target=follower.run)
    thread.start()
    try:
        yield
    finally:
        follower.stop()
        thread.join()


def locked_out(door: Desk, person: str) -> None:
    door.office.daybook.people.note(TurnedAway(person=person, locked=True), "web")


@pytest.mark.clause("21 CFR 11", "11.300(d)")
@pytest.mark.clause("EMA 2023", "security")
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


@pytest.mark.parametrize(("later", "told"), [(LOCK_OUT_WORTH_TELLING, 2), (LOCK_OUT_WORTH_TELLING + timedelta(seconds=1), 1)])
def test_what_happened_long_ago_is_not_told_any_more(door: Desk, later: timedelta, told: int) -> None:
    locked_out(door, COORDINATOR)
    door.clock.move_to(door.clock() + later)
    locked_out(door, INVESTIGATOR)
    postbox = Postbox()
    with telling(door, postbox):
        letters = [postbox.taken.get(timeout=WITHIN_SECONDS) for _ in range(told)]
    assert letters[-1].address == "k.adler@study.example"
    assert postbox.tried == told


def told(door: Desk, *events: PeopleEvent) -> list[Letter]:
    """The letters about what an administrator decides."""
    postbox = Postbox()
    with telling(door, postbox):
        for event in events:
            door.office.daybook.people.record((event,), by())
        locked_out(door, "p-lind")
        letters: list[Letter] = []
        while not letters or letters[-1].address != "p.lind@study.example":
            letters.append(postbox.taken.get(timeout=WITHIN_SECONDS))
    return letters[:-1]


def test_whoever_was_given_a_password_hears_of_it_and_the_letter_says_no_more_than_that(door: Desk) -> None:
    [letter] = told(door, AccessGiven(person=INVESTIGATOR))
    assert letter.address == "k.adler@study.example"
    assert "a password was given for your account k-adler" in letter.heading
    assert "Adler" not in " ".join(letter.lines)


def test_a_changed_address_or_name_is_told_at_the_address_before_and_anything_else_is_not(door: Desk) -> None:
    same = door.office.daybook.people.current().persons[INVESTIGATOR]
    kept = PersonAdmitted(person=INVESTIGATOR, name=same.name, mail=same.mail)
    moved, renamed = kept.model_copy(update={"mail": "new@study.example"}), kept.model_copy(update={"name": "K. Other"})
    letters = told(door, kept, moved, renamed, PersonAdmitted(person="n-new", name="N. New", mail="n.new@study.example"))
    assert [letter.address for letter in letters] == ["k.adler@study.example", "new@study.example"]
    assert all("your account k-adler was changed" in letter.heading for letter in letters)


@pytest.mark.parametrize(("later", "telling_"), [(WORTH_TELLING, 1), (WORTH_TELLING + timedelta(seconds=1), 0)])
def test_that_a_password_was_given_is_worth_telling_for_a_week(door: Desk, later: timedelta, telling_: int) -> None:
    door.office.daybook.people.record((AccessGiven(person=INVESTIGATOR),), by())
    door.clock.move_to(door.clock() + later)
    assert len(told(door)) == telling_
