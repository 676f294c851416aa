"""What must be possible to forget, on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect
from stat import S_IMODE

import pytest
from argon2.profiles import CHEAPEST

from app.accounts import Accounts, accounts_at
from app.accounts.passwords import FAILURES, LOCKED_FOR, LONGEST, SHORTEST, Locked
from app.accounts.sessions import ABSOLUTE, IDLE, REMEMBERED, digest_of
from domain.rejections import Refused
from store.errors import Fault
from tests.builders import Clock
from tests.store.conftest import as_url

MINE = "four words of mine"
A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def accounts(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    sqlite = request.param == "sqlite"
    address = f"sqlite:///{tmp_path / 'accounts.sqlite'}" if sqlite else as_url(request.getfixturevalue("postgres"))
    with accounts_at(address, clock, CHEAPEST) as opened:
        yield opened


@pytest.mark.clause("21 CFR 11", "11.300(a)", "11.100(a)")
def test_a_password_proves_one_person_and_nobody_else(accounts: Accounts) -> None:
    accounts.passwords.set("m-weber", MINE, chosen=True)
    assert accounts.passwords.proves("m-weber", MINE)
    assert not accounts.passwords.proves("m-weber", MINE.upper())
    assert not accounts.passwords.proves("k-adler", MINE)
    assert (accounts.passwords.kept("m-weber"), accounts.passwords.kept("k-adler")) == (True, False)


@pytest.mark.parametrize(
    ("password", "strong"),
    [
        ("x" * 7 + "yz" * 4, True),
        ("abcdefghijklmno", True),
        ("abcdefghijklmn", False),
        ("abc" + "d" * (LONGEST - 3), True),
        ("abc" + "d" * (LONGEST - 2), False),
        ("a" * SHORTEST, False),
        ("ab" * SHORTEST, False),
        ("a-long-short-name", False),
        ("alongshortname", False),
        ("A-LONG-SHORT-NAME", False),
        ("nul\0" * SHORTEST, False),
        ("\ud800 and much more text", False),
    ],
)
def test_a_password_that_anybody_would_guess_or_nobody_can_type_is_refused(accounts: Accounts, password: str, *, strong: bool) -> None:
    if strong:
        accounts.passwords.set("a-long-short-name", password, chosen=True)
        assert accounts.passwords.proves("a-long-short-name", password)
    else:
        with pytest.raises(Refused):
            accounts.passwords.set("a-long-short-name", password, chosen=True)
        assert not accounts.passwords.kept("a-long-short-name")


def test_a_password_that_is_given_is_not_chosen_until_its_person_chooses(accounts: Accounts) -> None:
    given = accounts.passwords.give("m-weber")
    assert given != accounts.passwords.give("k-adler")
    assert accounts.passwords.proves("m-weber", given)
    assert not accounts.passwords.chosen("m-weber")
    accounts.passwords.set("m-weber", MINE, chosen=True)
    assert accounts.passwords.chosen("m-weber")
    assert not accounts.passwords.proves("m-weber", given)


def fails(accounts: Accounts, times: int) -> None:
    for _ in range(times):
        assert not accounts.passwords.proves("m-weber", "not the password")


def test_the_fifth_failure_locks_for_a_quarter_of_an_hour_and_no_longer(accounts: Accounts, clock: Clock) -> None:
    accounts.passwords.set("m-weber", MINE, chosen=True)
    fails(accounts, FAILURES - 1)
    assert not accounts.passwords.locked("m-weber")
    fails(accounts, 1)
    assert accounts.passwords.locked("m-weber")
    clock.move_to(clock() + LOCKED_FOR - A_MOMENT)
    with pytest.raises(Locked):
        accounts.passwords.proves("m-weber", MINE)
    clock.move_to(clock() + A_MOMENT)
    assert not accounts.passwords.locked("m-weber")
    fails(accounts, FAILURES - 1)
    assert accounts.passwords.proves("m-weber", MINE), "failures of long ago count no more"


def test_the_right_password_forgets_the_failures_before_it(accounts: Accounts) -> None:
    accounts.passwords.set("m-weber", MINE, chosen=True)
    for _ in range(3):
        fails(accounts, FAILURES - 1)
        assert accounts.passwords.proves("m-weber", MINE)


def test_unlocking_and_another_password_both_let_somebody_try_again(accounts: Accounts) -> None:
    accounts.passwords.set("m-weber", MINE, chosen=True)
    fails(accounts, FAILURES)
    accounts.passwords.unlock("m-weber")
    assert accounts.passwords.proves("m-weber", MINE)
    fails(accounts, FAILURES)
    assert accounts.passwords.proves("m-weber", accounts.passwords.give("m-weber"))


def test_whoever_guesses_many_times_at_once_is_counted_every_time(accounts: Accounts) -> None:
    def guess(number: int) -> str:
        try:
            return "looked at" if not accounts.passwords.proves("m-weber", f"guess number {number}") else "right"
        except Locked:
            return "locked"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(20)))
    assert (answers.count("looked at"), answers.count("locked")) == (FAILURES, 20 - FAILURES)


@pytest.mark.parametrize("name", ["", "M-Weber", "m\0weber", "m" * 61, "'; DROP TABLE passwords; --", "\ud800"])
def test_a_name_that_nobody_can_have_is_never_asked_for_in_the_database(accounts: Accounts, name: str) -> None:
    for _ in range(FAILURES + 1):
        assert not accounts.passwords.proves(name, MINE)


def test_a_session_is_found_by_its_secret_alone_and_only_its_digest_is_kept(accounts: Accounts) -> None:
    secret = accounts.sessions.begin("m-weber", "password")
    found = accounts.sessions.find(secret)
    assert found
    assert (found.person, found.by) == ("m-weber", "password")
    assert secret not in repr(found)
    assert accounts.sessions.find(found.digest) is None
    assert accounts.sessions.find("") is None


def test_a_session_knows_whether_anything_was_signed_in_it_and_no_other_does(accounts: Accounts) -> None:
    secret, other = (accounts.sessions.begin("k-adler", "password") for _ in range(2))
    found = accounts.sessions.find(secret)
    assert found
    assert not found.signed
    for _ in range(2):
        accounts.sessions.note_signed(found)
    known = {one.digest: one.signed for one in accounts.sessions.of("k-adler")}
    assert known == {found.digest: True, digest_of(other): False}


def test_accounts_that_were_kept_before_sessions_knew_of_signatures_go_on(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "accounts.sqlite"
    with accounts_at(f"sqlite:///{path}", clock, CHEAPEST) as before:
        secret = before.sessions.begin("k-adler", "password")
    with connect(path) as kept:
        kept.execute("DROP TABLE signers")
    kept.close()
    with accounts_at(f"sqlite:///{path}", clock, CHEAPEST) as after:
        found = after.sessions.find(secret)
        assert found
        assert not found.signed
        after.sessions.note_signed(found)
        assert [one.signed for one in after.sessions.of("k-adler")] == [True]


def test_nothing_is_kept_of_a_session_that_is_over(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "accounts.sqlite"
    with accounts_at(f"sqlite:///{path}", clock, CHEAPEST) as accounts:
        found = accounts.sessions.find(accounts.sessions.begin("k-adler", "password"))
        assert found
        accounts.sessions.note_signed(found)
        accounts.sessions.end(found)
        accounts.sessions.begin("k-adler", "password")
    with connect(path) as kept:
        assert kept.execute("SELECT count(*) FROM signers").fetchone() == (0,)
    kept.close()


@pytest.mark.parametrize(("after", "stays"), [(IDLE - A_MOMENT, True), (IDLE, False)])
def test_a_session_that_nobody_uses_ends(accounts: Accounts, clock: Clock, after: timedelta, *, stays: bool) -> None:
    secret = accounts.sessions.begin("m-weber", "password")
    clock.move_to(clock() + after)
    assert len(accounts.sessions.of("m-weber")) == int(stays)
    assert (accounts.sessions.find(secret) is not None) == stays


@pytest.mark.parametrize(("after", "stays"), [(ABSOLUTE - A_MOMENT, True), (ABSOLUTE, False)])
def test_a_session_that_is_used_ends_after_a_long_shift(accounts: Accounts, clock: Clock, after: timedelta, *, stays: bool) -> None:
    secret, began = accounts.sessions.begin("m-weber", "password"), clock()
    while clock() + timedelta(minutes=29) < began + after:
        clock.move(minutes=29)
        assert accounts.sessions.find(secret)
    clock.move_to(began + after)
    assert (accounts.sessions.find(secret) is not None) == stays


def test_one_session_ends_and_the_others_of_somebody_stay(accounts: Accounts) -> None:
    secrets = [accounts.sessions.begin("m-weber", "password") for _ in range(3)]
    theirs = accounts.sessions.begin("k-adler", "password")
    first = accounts.sessions.find(secrets[0])
    assert first
    assert accounts.sessions.end_one("k-adler", first.digest) == 0, "it is not that person's"
    assert accounts.sessions.end(first) == 1
    kept = accounts.sessions.find(secrets[1])
    assert kept
    assert accounts.sessions.end_all("m-weber", but=kept.digest) == 1
    assert [accounts.sessions.find(one) is not None for one in (*secrets, theirs)] == [False, True, False, True]


@pytest.mark.parametrize(("after", "whose"), [(REMEMBERED - A_MOMENT, "m-weber"), (REMEMBERED, None)])
def test_whose_a_session_was_is_remembered_for_a_week_and_it_opens_nothing(
    accounts: Accounts, clock: Clock, after: timedelta, whose: str | None
) -> None:
    secret = accounts.sessions.begin("m-weber", "password")
    clock.move_to(clock() + after)
    accounts.sessions.begin("k-adler", "password")
    assert accounts.sessions.find(secret) is None
    assert accounts.sessions.whose(secret) == whose
    assert accounts.sessions.whose("") is None


def test_of_a_session_that_somebody_ended_nothing_is_remembered_and_only_those_that_lasted_are_counted(
    accounts: Accounts, clock: Clock
) -> None:
    old = accounts.sessions.begin("m-weber", "password")
    clock.move_to(clock() + IDLE)
    new = accounts.sessions.begin("m-weber", "password")
    assert accounts.sessions.end_all("m-weber") == 1
    assert [accounts.sessions.whose(one) for one in (old, new)] == [None, None]


def test_a_calendars_secret_opens_one_feed_until_another_is_given_or_it_is_taken_back(accounts: Accounts) -> None:
    first, theirs = accounts.calendars.give("m-weber"), accounts.calendars.give("k-adler")
    assert accounts.calendars.whose(first) == "m-weber"
    second = accounts.calendars.give("m-weber")
    assert [accounts.calendars.whose(one) for one in (first, second, theirs, "")] == [None, "m-weber", "k-adler", None]
    accounts.calendars.take_back("m-weber")
    assert [accounts.calendars.whose(one) for one in (second, theirs)] == [None, "k-adler"]


def test_what_is_done_for_one_person_at_once_is_done_one_after_the_other(accounts: Accounts) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: accounts.calendars.give("m-weber"), range(8)))
        list(pool.map(lambda n: accounts.passwords.set("m-weber", f"four words, number {n}", chosen=True), range(8)))
    assert [accounts.calendars.whose(one) for one in given].count("m-weber") == 1


def test_accounts_outlive_the_process_and_belong_to_their_owner_alone(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "accounts.sqlite"
    with accounts_at(f"sqlite:///{path}", clock, CHEAPEST) as accounts:
        accounts.passwords.set("m-weber", MINE, chosen=True)
    with accounts_at(f"sqlite:///{path}", clock, CHEAPEST) as accounts:
        assert accounts.passwords.proves("m-weber", MINE)
    assert {S_IMODE(file.stat().st_mode) for file in tmp_path.glob("accounts.sqlite*")} == {0o600}
    assert MINE.encode() not in path.read_bytes()


@pytest.mark.parametrize("address", ["sqlite:///{folder}/nowhere/accounts.sqlite", "postgresql://nobody@127.0.0.1:9/nothing"])
def test_accounts_that_cannot_be_opened_say_so_in_plain_words(tmp_path: Path, clock: Clock, address: str) -> None:
    with pytest.raises(Fault, match="Put DAYBOOK_ACCOUNTS right"), accounts_at(address.format(folder=tmp_path), clock):
        pass


def test_accounts_that_do_not_answer_are_a_fault_and_no_bug(accounts: Accounts) -> None:
    with accounts.sessions._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")
    with pytest.raises(Fault, match="do not answer"):
        accounts.sessions.find("anything")
