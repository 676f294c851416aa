"""Each site is sent the head of each day once, and keeps with it a proof against whoever runs the server."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.notices.heads import EVERY, Heads
from app.notices.mail import composed
from app.proving import verification
from app.status import status
from domain.contacts import ContactNamed
from domain.doorkeeping import TurnedAway
from domain.entry import Actor, Circumstances
from domain.handing_out import HeadGiven
from domain.letters import Letter
from domain.time import clock_time, local_date
from store.heads import held
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk
from workflows.sending import NotNow, RefusedForGood

CONTACTS = (
    ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example"),
    ContactNamed(person="j-silva", roles=("coordinator",), site="SAO", mail="j.silva@sao.example"),
    ContactNamed(person="k-novak", roles=("cell-lab",), mail="k.novak@lab.example"),
    ContactNamed(person="k-adler", roles=("investigator",), mail="k.adler@study.example"),
)


class Postbox:
    """Takes letters, or answers as it was told to, by address."""

    def __init__(self) -> None:
        self.taken: list[Letter] = []
        self.answers: dict[str, Exception] = {}

    async def send(self, letter: Letter) -> None:
        if letter.address in self.answers:
            raise self.answers[letter.address]
        self.taken.append(letter)

    def to(self) -> list[str]:
        return [f"{letter.id.removeprefix('head-cd19-cart-sle-')}" for letter in self.taken]


@pytest.fixture
def named(door: Desk) -> Desk:
    """A study whose contacts are named, at half past nine in Berlin and half past five in São Paulo."""
    by = Circumstances(actor=Actor(id=ADMINISTRATOR, role="administrator"), source="web", command_id=uuid4())
    door.office.daybook.desk.record(CONTACTS, by)
    door.clock.move_to(clock_time(local_date(door.clock(), "Europe/Berlin") + timedelta(days=1), 9, 30, "Europe/Berlin"))
    return door


def given(desk: Desk) -> list[HeadGiven]:
    facts = (entry.event for entry in desk.office.daybook.handed_out.read())
    return [one for one in facts if isinstance(one, HeadGiven)]


def happens(desk: Desk) -> None:
    desk.office.daybook.people.note(TurnedAway(person=COORDINATOR), "web")


def signed(desk: Desk) -> int:
    return len(desk.office.daybook.ledger.recorder.heads())


@pytest.mark.clause("EMA 2023", "control of data")
def test_each_site_is_sent_the_head_of_the_day_once_work_has_begun_there(named: Desk) -> None:
    postbox, daybook = Postbox(), named.office.daybook
    heads = Heads(daybook, postbox.send)
    heads.look()
    day = local_date(named.clock(), "Europe/Berlin")
    assert postbox.to() == [f"BER-{day}-m-weber", f"BER-{day}-k-adler"]
    named.clock.move_to(clock_time(day, 7, 29, "America/Sao_Paulo"))
    heads.look()
    assert len(postbox.taken) == 2
    named.clock.move_to(clock_time(day, 7, 30, "America/Sao_Paulo"))
    heads.look()
    Heads(daybook, postbox.send).look()
    assert postbox.to()[2:] == [f"SAO-{day}-j-silva", f"SAO-{day}-k-adler"]
    assert [(one.site, one.people) for one in given(named)] == [("BER", ("m-weber", "k-adler")), ("SAO", ("j-silva", "k-adler"))]
    named.clock.move(days=1)
    heads.look()
    assert len(postbox.taken) == 8


def test_what_a_site_holds_is_a_head_of_the_ledger(named: Desk) -> None:
    postbox, daybook = Postbox(), named.office.daybook
    Heads(daybook, postbox.send).look()
    message = composed(postbox.taken[0], "daybook@study.example", "http://127.0.0.1")
    enclosed = next(iter(message.iter_attachments()))
    assert enclosed.get_filename() == f"head-BER-{local_date(named.clock(), 'Europe/Berlin')}.txt"
    note = held(enclosed.get_content())
    assert note == daybook.ledger.recorder.heads()[0][1]
    assert verification(daybook, kept=(note,)).damage == ()
    assert str(daybook.signing.first()) in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # There is one.


def test_what_cannot_be_sent_now_is_sent_at_the_next_look(named: Desk) -> None:
    postbox = Postbox()
    postbox.answers = {"k.adler@study.example": NotNow("SMTP 421")}
    heads = Heads(named.office.daybook, postbox.send)
    heads.look()
    assert given(named) == []
    postbox.answers = {}
    heads.look()
    assert [one.people for one in given(named)] == [("m-weber", "k-adler")]


def test_a_mailbox_that_takes_nothing_keeps_nobody_else_from_theirs(named: Desk) -> None:
    postbox = Postbox()
    postbox.answers = {"m.weber@ber.example": RefusedForGood("SMTP 550")}
    Heads(named.office.daybook, postbox.send).look()
    assert [one.people for one in given(named)] == [("k-adler",)]


def test_a_head_is_signed_every_hour_in_which_anything_was_recorded(named: Desk) -> None:
    heads = Heads(named.office.daybook, None)
    heads.look()
    assert signed(named) == 1
    happens(named)
    named.clock.move_to(named.clock() + EVERY - timedelta(seconds=1))
    heads.look()
    assert signed(named) == 1
    named.clock.move(seconds=1)
    heads.look()
    assert signed(named) == 2
    named.clock.move_to(named.clock() + EVERY)
    heads.look()
    assert signed(named) == 2
    assert given(named) == []


def test_a_machine_without_the_signing_key_goes_on_without(named: Desk) -> None:
    named.office.daybook.settings.signing.unlink()
    postbox = Postbox()
    Heads(named.office.daybook, postbox.send).look()
    assert (signed(named), postbox.taken) == (0, [])
    assert status(named.office.daybook, 0, proving=False).verification is None


def test_whoever_may_see_the_history_keeps_the_last_head(named: Desk) -> None:
    assert named.browser(COORDINATOR).get("/head.txt").status_code == 409
    Heads(named.office.daybook, None).look()
    found = named.browser(COORDINATOR).get("/head.txt")
    assert held(found.text) == named.office.daybook.ledger.recorder.heads()[-1][1]
    assert found.headers["content-disposition"] == 'attachment; filename="head.txt"'
    assert named.browser(ADMINISTRATOR).get("/head.txt").status_code == 403
