import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from queue import Queue
from threading import Event, Thread

import pytest

from app.notices.accounts import LOCK_OUT_WORTH_TELLING, NAME, WORTH_TELLING, AccountNews
from domain.doorkeeping import TurnedAway
from domain.letters import Letter
from domain.people import AccessGiven, PeopleEvent, PersonAdmitted
from tests.app.web.at_the_door import COORDINATOR, INVESTIGATOR, Desk, by
from tests.workflows.telling import Mailroom
from tests.workflows.waiting import wait_until
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
def telling(door: Desk, post: Postbox | Mailroom) -> Iterator[None]:
    """Meanwhile people are told, by a real mail server where there is one."""
    stopped = Event()

    async def live() -> None:
        async with post.open() if isinstance(post, Mailroom) else nullcontext():
            running = asyncio.create_task(AccountNews(door.office.daybook, post.send).run())
            await asyncio.to_thread(stopped.wait)
            running.cancel()
            await asyncio.wait([running])

    thread = Thread(target=asyncio.run, args=(live(),))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
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
        told = postbox.taken.get(timeout=WITHIN_SECONDS).address
    assert (told in {"m.weber@study.example", "k.adler@study.example"}, postbox.tried) == (True, 2), "whichever of them was refused"


def test_a_mailbox_that_says_not_now_keeps_nobody_else_waiting_and_has_nobody_told_twice(door: Desk) -> None:
    room = Mailroom(busy={"m.weber@study.example"})
    for person in (INVESTIGATOR, COORDINATOR, "p-lind"):
        locked_out(door, person)
    with telling(door, room):
        wait_until(lambda: len(room.taken) >= 2 and room.asked.count("m.weber@study.example") >= 3)
        assert sorted(room.to()) == ["k.adler@study.example", "p.lind@study.example"]
        room.busy.clear()
        wait_until(lambda: len(room.taken) == 3)
        assert room.to()[-1] == "m.weber@study.example"
    assert len(room.taken) == 3


def test_whoever_could_not_be_told_before_the_process_ended_is_told_by_the_next_and_nobody_who_was_is_told_again(door: Desk) -> None:
    room = Mailroom(busy={"m.weber@study.example"})
    for person in (INVESTIGATOR, COORDINATOR):
        locked_out(door, person)
    head = door.office.daybook.ledger.head()
    with telling(door, room):
        wait_until(lambda: "m.weber@study.example" in room.asked and followed_to(door) == head - 1)
    room.busy.clear()
    with telling(door, room):
        wait_until(lambda: followed_to(door) == head)
    with telling(door, room):
        locked_out(door, "p-lind")
        wait_until(lambda: "p.lind@study.example" in room.to())
    assert room.to() == ["k.adler@study.example", "m.weber@study.example", "p.lind@study.example"]


def test_whoever_never_answers_is_tried_for_as_long_as_it_is_worth_telling(door: Desk) -> None:
    room = Mailroom(busy={"m.weber@study.example"})
    locked_out(door, COORDINATOR)
    with telling(door, room):
        wait_until(lambda: "m.weber@study.example" in room.asked)
        door.clock.move_to(door.clock() + LOCK_OUT_WORTH_TELLING + timedelta(seconds=1))
        locked_out(door, INVESTIGATOR)
        head = door.office.daybook.ledger.head()
        wait_until(lambda: followed_to(door) == head)
    assert room.to() == ["k.adler@study.example"]


def followed_to(door: Desk) -> int:
    """The position that everybody has been told up to."""
    with closing(sqlite3.connect(door.office.daybook.settings.folder / "ledger.sqlite")) as database:
        found = database.execute("SELECT position FROM followers WHERE name = ?", (NAME,)).fetchone()
    return int(found[0]) if found else 0


@pytest.mark.parametrize(("later", "told"), [(LOCK_OUT_WORTH_TELLING, 2), (LOCK_OUT_WORTH_TELLING + timedelta(seconds=1), 1)])
def test_what_happened_long_ago_is_not_told_any_more(door: Desk, later: timedelta, told: int) -> None:
    locked_out(door, COORDINATOR)
    door.clock.move_to(door.clock() + later)
    locked_out(door, INVESTIGATOR)
    postbox = Postbox()
    with telling(door, postbox):
        letters = [postbox.taken.get(timeout=WITHIN_SECONDS) for _ in range(told)]
    assert "k.adler@study.example" in {letter.address for letter in letters}
    assert postbox.tried == told


def told(door: Desk, *events: PeopleEvent) -> list[Letter]:
    """The letters about what an administrator decides."""
    postbox = Postbox()
    with telling(door, postbox):
        for event in events:
            door.office.daybook.people.record((event,), by())
        head = door.office.daybook.ledger.head()
        wait_until(lambda: followed_to(door) == head)
    return [postbox.taken.get_nowait() for _ in range(postbox.taken.qsize())]


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
    assert sorted(letter.address for letter in letters) == ["k.adler@study.example", "new@study.example"]
    assert all("your account k-adler was changed" in letter.heading for letter in letters)


@pytest.mark.parametrize(("later", "telling_"), [(WORTH_TELLING, 1), (WORTH_TELLING + timedelta(seconds=1), 0)])
def test_that_a_password_was_given_is_worth_telling_for_a_week(door: Desk, later: timedelta, telling_: int) -> None:
    door.office.daybook.people.record((AccessGiven(person=INVESTIGATOR),), by())
    door.clock.move_to(door.clock() + later)
    assert len(told(door)) == telling_
