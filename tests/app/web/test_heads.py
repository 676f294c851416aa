"""Each site is sent the head of each day once, and keeps with it a proof against whoever runs the server."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.notices.heads import AGAIN_AFTER, Heads
from app.notices.mail import composed
from app.proving import verification
from app.signing import LATE, SIGNED_EVERY
from app.status import lines, status
from app.wiring import Daybook, opened
from domain.contacts import ContactNamed
from domain.doorkeeping import TurnedAway
from domain.entry import Actor, Circumstances
from domain.handing_out import HeadGiven
from domain.letters import Letter
from domain.time import clock_time, local_date
from store.errors import Busy
from store.heads import held
from store.keys import Keyring
from store.ledger import Ledger
from store.orders import Appended, Drafts
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk
from tests.workflows.telling import Mailroom
from tests.workflows.waiting import until

CONTACTS = (
    ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example"),
    ContactNamed(person="j-silva", roles=("coordinator",), site="SAO", mail="j.silva@sao.example"),
    ContactNamed(person="k-novak", roles=("cell-lab",), mail="k.novak@lab.example"),
    ContactNamed(person="k-adler", roles=("investigator",), mail="k.adler@study.example"),
)


class Postbox:
    """Takes letters."""

    def __init__(self) -> None:
        self.taken: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.taken.append(letter)

    def to(self) -> list[str]:
        return [f"{letter.id.removeprefix('head-cd19-cart-sle-')}" for letter in self.taken]


@pytest.fixture
def named(door: Desk) -> Desk:
    return at_work(door)


def at_work(door: Desk) -> Desk:
    """A study whose contacts are named, at half past nine in Berlin and half past five in São Paulo."""
    names(door, *CONTACTS)
    door.clock.move_to(clock_time(local_date(door.clock(), "Europe/Berlin") + timedelta(days=1), 9, 30, "Europe/Berlin"))
    return door


def names(desk: Desk, *contacts: ContactNamed) -> None:
    by = Circumstances(actor=Actor(id=ADMINISTRATOR, role="administrator"), source="web", command_id=uuid4())
    desk.office.daybook.desk.record(contacts, by)


def given(desk: Desk) -> list[HeadGiven]:
    facts = (entry.event for entry in desk.office.daybook.handed_out.read())
    return [one for one in facts if isinstance(one, HeadGiven)]


def happens(desk: Desk) -> None:
    desk.office.daybook.people.note(TurnedAway(person=COORDINATOR), "web")


def gives(heads: Heads) -> None:
    asyncio.run(heads.give())


def signs(heads: Heads) -> None:
    asyncio.run(heads.sign())


def signed(desk: Desk) -> int:
    return len(desk.office.daybook.ledger.recorder.heads())


@pytest.mark.clause("EMA 2023", "control of data")
def test_each_site_is_sent_the_head_of_the_day_once_work_has_begun_there(named: Desk) -> None:
    postbox, daybook = Postbox(), named.office.daybook
    heads = Heads(daybook, postbox.send)
    gives(heads)
    day = local_date(named.clock(), "Europe/Berlin")
    assert sorted(postbox.to()) == [f"BER-{day}-k-adler", f"BER-{day}-m-weber"]
    named.clock.move_to(clock_time(day, 7, 29, "America/Sao_Paulo"))
    gives(heads)
    assert len(postbox.taken) == 2
    named.clock.move_to(clock_time(day, 7, 30, "America/Sao_Paulo"))
    gives(heads)
    gives(Heads(daybook, postbox.send))
    assert sorted(postbox.to()[2:]) == [f"SAO-{day}-j-silva", f"SAO-{day}-k-adler"]
    assert sorted((one.site, one.people) for one in given(named)) == [
        ("BER", ("k-adler",)),
        ("BER", ("m-weber",)),
        ("SAO", ("j-silva",)),
        ("SAO", ("k-adler",)),
    ]
    named.clock.move(days=1)
    gives(heads)
    assert len(postbox.taken) == 8


def test_what_a_site_holds_is_a_head_of_the_ledger(named: Desk) -> None:
    postbox, daybook = Postbox(), named.office.daybook
    gives(Heads(daybook, postbox.send))
    message = composed(postbox.taken[0], "daybook@study.example", "http://127.0.0.1")
    enclosed = next(iter(message.iter_attachments()))
    assert enclosed.get_filename() == f"head-BER-{local_date(named.clock(), 'Europe/Berlin')}.txt"
    note = held(enclosed.get_content())
    assert note == daybook.ledger.recorder.heads()[0][1]
    assert verification(daybook, kept=(note,)).damage == ()
    assert str(daybook.signing.first()) in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # There is one.


class BusyAtFirst(Ledger):
    """A ledger whose database is busy when something is first to be recorded."""

    busy = True

    def append(self, drafts: Drafts, *, expect: Mapping[str, int], command_digest: str) -> Appended:
        if self.busy:
            self.busy = False
            raise Busy("The database is busy with another program.")
        return super().append(drafts, expect=expect, command_digest=command_digest)


@pytest.mark.parametrize(
    ("busy", "other"), [("m.weber@ber.example", "k.adler@study.example"), ("k.adler@study.example", "m.weber@ber.example")]
)
def test_a_mailbox_that_says_not_now_is_left_in_peace_for_a_while_and_nobody_else_is_sent_theirs_twice(
    named: Desk, busy: str, other: str
) -> None:
    room = Mailroom(busy={busy})
    heads = Heads(named.office.daybook, room.send)

    async def live() -> None:
        async with room.open():
            await heads.give()
            assert (room.to(), room.asked.count(busy)) == ([other], 1)
            named.clock.move_to(named.clock() + AGAIN_AFTER - timedelta(seconds=1))
            await heads.give()
            assert room.asked.count(busy) == 1
            named.clock.move(seconds=1)
            await heads.give()
            assert room.asked.count(busy) == 2
            room.busy.clear()
            named.clock.move_to(named.clock() + AGAIN_AFTER)
            await heads.give()
            await heads.give()

    asyncio.run(live())
    assert room.to() == [other, busy]
    assert sorted(one.people for one in given(named)) == [("k-adler",), ("m-weber",)]


def test_a_mailbox_of_one_site_keeps_no_other_site_from_theirs(named: Desk) -> None:
    room = Mailroom(busy={"m.weber@ber.example"})
    named.clock.move_to(clock_time(local_date(named.clock(), "Europe/Berlin"), 8, 0, "America/Sao_Paulo"))

    async def live() -> None:
        async with room.open():
            await Heads(named.office.daybook, room.send).give()

    asyncio.run(live())
    assert sorted(room.to()) == ["j.silva@sao.example", "k.adler@study.example", "k.adler@study.example"]
    assert sorted((one.site, one.people) for one in given(named)) == [("BER", ("k-adler",)), ("SAO", ("j-silva",)), ("SAO", ("k-adler",))]


@contextmanager
def another_worker(desk: Desk) -> Iterator[Daybook]:
    """The same record, opened once more as another process does."""
    with opened(desk.office.daybook.settings, desk.clock) as daybook:
        yield daybook


@dataclass
class SlowMailroom(Mailroom):
    """A real mail server that takes its time over the first message, until it is let go on."""

    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        await self.goes_on.wait()
        return await super().handle_DATA(server, session, envelope)


def test_two_workers_at_once_send_everybody_one_message_a_day(named: Desk) -> None:
    room = SlowMailroom()

    async def live(other: Heads) -> None:
        one = Heads(named.office.daybook, room.send)
        async with room.open():
            under_way = asyncio.create_task(one.give())
            await until(lambda: is_so(len(room.asked) == 2))
            async with asyncio.timeout(30):
                await other.give()
            assert (len(room.asked), given(named)) == (2, []), "whoever comes meanwhile leaves it to the one who came first"
            room.goes_on.set()
            await under_way
            await asyncio.gather(one.give(), other.give())

    with another_worker(named) as daybook:
        asyncio.run(live(Heads(daybook, room.send)))
    assert sorted(room.to()) == ["k.adler@study.example", "m.weber@ber.example"]
    assert sorted(one.people for one in given(named)) == [("k-adler",), ("m-weber",)]


def test_a_worker_that_ends_amid_sending_leaves_it_to_the_other(named: Desk) -> None:
    room = SlowMailroom()

    async def live(other: Heads) -> None:
        async with room.open():
            ends = asyncio.create_task(Heads(named.office.daybook, room.send).give())
            await until(lambda: is_so(len(room.asked) == 2))
            ends.cancel()
            await asyncio.wait([ends])
            room.goes_on.set()
            await other.give()

    with another_worker(named) as daybook:
        asyncio.run(live(Heads(daybook, room.send)))
    assert sorted(one.people for one in given(named)) == [("k-adler",), ("m-weber",)]


def test_what_one_worker_sent_and_could_not_put_on_record_yet_no_other_sends_again(named: Desk) -> None:
    postbox, daybook = Postbox(), named.office.daybook
    heads = Heads(replace(daybook, ledger=BusyAtFirst(daybook.ledger.recorder, named.clock, Keyring(None))), postbox.send)
    gives(heads)
    with another_worker(named) as other:
        gives(Heads(other, postbox.send))
        assert (len(given(named)), len(postbox.taken)) == (1, 2)
        named.clock.move_to(named.clock() + AGAIN_AFTER)
        gives(heads)
        gives(Heads(other, postbox.send))
    assert (len(given(named)), len(postbox.taken)) == (2, 2)


async def is_so(found: bool) -> bool:  # noqa: FBT001 - It is the answer.
    return found


def test_what_was_sent_while_the_database_was_busy_is_put_on_record_and_not_sent_again(named: Desk) -> None:
    postbox, daybook = Postbox(), named.office.daybook
    busy = BusyAtFirst(daybook.ledger.recorder, named.clock, Keyring(None))
    heads = Heads(replace(daybook, ledger=busy), postbox.send)
    gives(heads)
    assert len(given(named)) == 1
    named.clock.move_to(named.clock() + AGAIN_AFTER)
    gives(heads)
    assert (len(given(named)), len(postbox.taken)) == (2, 2)


def test_a_mailbox_that_takes_nothing_keeps_nobody_else_from_theirs_and_is_tried_again_tomorrow(named: Desk) -> None:
    room = Mailroom(unknown={"m.weber@ber.example"})
    heads = Heads(named.office.daybook, room.send)

    async def live() -> None:
        async with room.open():
            await heads.give()
            named.clock.move_to(named.clock() + AGAIN_AFTER)
            await heads.give()
            assert (room.to(), room.asked.count("m.weber@ber.example")) == (["k.adler@study.example"], 1)
            room.unknown.clear()
            named.clock.move(days=1)
            await heads.give()

    asyncio.run(live())
    assert sorted(room.to()[1:]) == ["k.adler@study.example", "m.weber@ber.example"]


def test_a_head_is_signed_every_hour_in_which_anything_was_recorded(named: Desk) -> None:
    heads = Heads(named.office.daybook, None)
    signs(heads)
    assert signed(named) == 1
    happens(named)
    named.clock.move_to(named.clock() + SIGNED_EVERY - timedelta(seconds=1))
    signs(heads)
    assert signed(named) == 1
    named.clock.move(seconds=1)
    signs(heads)
    assert signed(named) == 2
    named.clock.move_to(named.clock() + SIGNED_EVERY)
    signs(heads)
    assert signed(named) == 2
    assert given(named) == []


def test_a_machine_without_the_signing_key_goes_on_without_and_says_so_once(named: Desk) -> None:
    signing, away = named.office.daybook.settings.signing, named.office.daybook.settings.folder / "away"
    postbox = Postbox()
    heads = Heads(named.office.daybook, postbox.send)
    with capture_logs() as logs:
        for _ in range(2):
            signs(heads)
        signing.rename(away)
        for _ in range(3):
            named.clock.move_to(named.clock() + SIGNED_EVERY)
            signs(heads)
            gives(heads)
        assert (signed(named), postbox.taken) == (1, [])
        away.rename(signing)
        for _ in range(2):
            signs(heads)
            gives(heads)
    assert [(line["event"], line["log_level"]) for line in logs] == [("heads-not-signed", "warning"), ("heads-go-on", "info")]
    assert len(postbox.taken) == 4


def test_the_status_says_when_entries_wait_for_a_head_longer_than_they_should(named: Desk) -> None:
    heads = Heads(named.office.daybook, None)
    signs(heads)
    named.clock.move(days=3)
    assert unsigned(named) == 0, "nothing was recorded since"
    happens(named)
    happens(named)
    named.clock.move_to(named.clock() + SIGNED_EVERY + LATE)
    assert unsigned(named) == 0
    named.clock.move(seconds=1)
    found = status(named.office.daybook, 0, proving=False)
    assert (found.entries_unsigned, found.troubled) == (2, True)
    assert "no head has been signed for 2 entries" in dict(lines(found))["Heads"]
    signs(heads)
    assert unsigned(named) == 0


def unsigned(desk: Desk) -> int:
    found = status(desk.office.daybook, 0, proving=False)
    assert ("Heads" in dict(lines(found))) == bool(found.entries_unsigned)
    return found.entries_unsigned


def test_whoever_may_see_the_history_keeps_the_last_head(named: Desk) -> None:
    assert named.browser(COORDINATOR).get("/head.txt").status_code == 409
    signs(Heads(named.office.daybook, None))
    found = named.browser(COORDINATOR).get("/head.txt")
    assert held(found.text) == named.office.daybook.ledger.recorder.heads()[-1][1]
    assert found.headers["content-disposition"] == 'attachment; filename="head.txt"'
    assert named.browser(ADMINISTRATOR).get("/head.txt").status_code == 403
