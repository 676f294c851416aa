"""What was sent of the heads is put on record, whatever happened between, and nobody keeps a turn that they lost or do not need."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from app.notices.heads import NAME, Heads
from app.wiring import Daybook
from domain.contacts import ContactNamed
from domain.letters import Letter
from store.errors import Unreachable
from store.follow import turn
from store.keys import Keyring
from store.ledger import Ledger
from store.orders import Appended, Drafts
from tests.app.web.at_the_door import Desk
from tests.app.web.test_heads import CONTACTS, BusyAtFirst, Postbox, another_worker, at_work, given, gives, names
from tests.store.conftest import as_url
from tests.store.given import KEYS, append, opened

ELSEWHERE = ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="weber@another.example")
ANOTHER_ROLE = ContactNamed(person="m-weber", roles=("cell-lab",), site="BER", mail="m.weber@ber.example")
CUT = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def named(door: Desk) -> Desk:
    return at_work(door)


class LosesAnAnswer(Ledger):
    """A ledger whose database breaks off once, after something was recorded and before it has said so."""

    answers = False

    def append(self, drafts: Drafts, *, expect: Mapping[str, int], command_digest: str) -> Appended:
        appended = super().append(drafts, expect=expect, command_digest=command_digest)
        if not self.answers:
            self.answers = True
            raise Unreachable("The database does not answer.")
        return appended


def worker(desk: Desk, postbox: Postbox, kind: type[Ledger]) -> Heads:
    daybook = desk.office.daybook
    return Heads(replace(daybook, ledger=kind(daybook.ledger.recorder, desk.clock, Keyring(None))), postbox.send)


def test_whoever_was_not_told_that_it_is_on_record_keeps_the_turn_no_longer_than_until_the_next_look(named: Desk) -> None:
    postbox = Postbox()
    heads = worker(named, postbox, LosesAnAnswer)
    for _ in range(2):
        gives(heads)
    named.clock.move(days=1)
    with another_worker(named) as other:
        gives(Heads(other, postbox.send))
    assert (len(given(named)), len(postbox.taken)) == (4, 4)


@pytest.mark.parametrize("now", [CONTACTS[0], ELSEWHERE, ANOTHER_ROLE], ids=["as before", "at another address", "with another role"])
def test_what_was_sent_is_put_on_record_whatever_became_of_the_contact(named: Desk, now: ContactNamed) -> None:
    postbox = Postbox()
    heads = worker(named, postbox, BusyAtFirst)
    gives(heads)
    assert len(given(named)) == 1
    names(named, now)
    gives(heads)
    assert (sorted(one.people for one in given(named)), len(postbox.taken)) == ([("k-adler",), ("m-weber",)], 2)


def test_what_was_sent_yesterday_is_put_on_record_today(named: Desk) -> None:
    postbox = Postbox()
    heads = worker(named, postbox, BusyAtFirst)
    gives(heads)
    named.clock.move(days=1)
    gives(heads)
    assert (len(given(named)), len(postbox.taken)) == (4, 4)
    with another_worker(named) as other, turn(other.ledger, NAME) as ours:
        assert ours()


class CutsOff(Postbox):
    """Takes letters; at the first, the server breaks off every connection to a database."""

    def __init__(self, database: str) -> None:
        super().__init__()
        self._database = database

    async def send(self, letter: Letter) -> None:
        await super().send(letter)
        if len(self.taken) == 1:
            with psycopg.connect(self._database, autocommit=True) as connection:
                connection.execute(CUT)


@pytest.fixture
def workers(postgres: str, named: Desk) -> Iterator[tuple[Daybook, Daybook]]:
    """Two workers over a ledger in PostgreSQL that the first finds busy, for a site where one person keeps the heads."""
    names(named, ContactNamed(person="k-adler", roles=("cell-lab",), mail="k.adler@study.example"))
    with closing(opened(as_url(postgres), named.clock)) as one, closing(opened(as_url(postgres), named.clock)) as other:
        append(other, "participant:BER-001")
        busy = BusyAtFirst(one.recorder, named.clock, KEYS)
        yield replace(named.office.daybook, ledger=busy), replace(named.office.daybook, ledger=other)


@pytest.mark.slow
def test_whoever_lost_the_turn_with_the_database_sends_nothing_more_before_it_is_theirs_again(
    named: Desk, postgres: str, workers: tuple[Daybook, Daybook]
) -> None:
    (one, other), postbox = workers, CutsOff(postgres)
    heads = Heads(one, postbox.send)
    gives(heads)
    assert (len(postbox.taken), len(one.handed_out.read())) == (1, 0), "it was sent, and the database broke before that was on record"
    named.clock.move(days=1)
    with turn(other.ledger, NAME) as ours:
        assert ours(), "the database has let go of the turn"
        gives(heads)
        assert (len(postbox.taken), len(one.handed_out.read())) == (1, 1)
    gives(heads)
    assert (len(postbox.taken), len(one.handed_out.read())) == (2, 2)


@pytest.mark.slow
def test_what_was_sent_once_more_by_whoever_had_the_turn_next_is_in_nobodys_way(
    named: Desk, postgres: str, workers: tuple[Daybook, Daybook]
) -> None:
    (one, other), postbox = workers, CutsOff(postgres)
    heads = Heads(one, postbox.send)
    gives(heads)
    append(other.ledger, "participant:BER-001")
    gives(Heads(other, postbox.send))
    gives(heads)
    assert (len(postbox.taken), len(one.handed_out.read())) == (2, 1)
    named.clock.move(days=1)
    gives(heads)
    with turn(other.ledger, NAME) as ours:
        assert ours()
    assert (len(postbox.taken), len(one.handed_out.read())) == (3, 2)
