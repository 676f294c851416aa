"""What is decided about somebody is recorded first, and then carried out in the accounts: where these fail, that is said, and mended."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import Response

from app.demo.people import PASSWORD
from app.web.application import application
from domain.doorkeeping import DoorEvent, PasswordSet, SignedIn
from domain.entry import Circumstances
from domain.people import AccessGiven, PersonAdmitted, PersonLeft
from store.people import PeopleDesk
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Browser, Desk
from tests.app.web.test_in_vain import broken
from tests.app.web.test_staff import GIVEN, NEW
from tests.builders import START

HALF_DONE = "is on record, but not all of it could be carried out"


@contextmanager
def failing(door: Desk, table: str, change: str) -> Iterator[None]:
    """The accounts, of which one table does not let itself be changed meanwhile."""
    with closing(sqlite3.connect(door.office.daybook.settings.accounts.removeprefix("sqlite:///"))) as accounts:
        accounts.execute(f"CREATE TRIGGER fails BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'it fails'); END")
        yield
        accounts.execute("DROP TRIGGER fails")


@pytest.fixture
def berg(door: Desk) -> Browser:
    return door.browser(ADMINISTRATOR)


def of_the_people(door: Desk, kind: type) -> int:
    people = door.office.daybook.people
    return sum(isinstance(entry.event, kind) for entry in door.office.daybook.ledger.read(people.stream)[-3:])


@pytest.mark.clause("21 CFR 11", "11.300(c)")
@pytest.mark.parametrize(
    ("table", "change"), [("passwords", "INSERT"), ("calendars", "DELETE"), ("sessions", "DELETE"), ("carried_out", "INSERT")]
)
def test_a_password_that_was_only_half_given_is_given_when_the_form_is_sent_again(
    door: Desk, berg: Browser, table: str, change: str
) -> None:
    door.office.accounts.calendars.give(COORDINATOR)
    weber, form, path = door.browser(COORDINATOR), {"command_id": str(uuid4())}, f"/people/{COORDINATOR}/password"
    with failing(door, table, change):
        broken = berg.post(path, **form)
    assert (broken.status_code, HALF_DONE in broken.text, "Nothing was changed" in broken.text) == (503, True, False)
    mended = berg.post(path, **form)
    found = GIVEN.search(mended.text)
    assert found, "it is shown, for nobody has seen any yet"
    assert weber.get("/worklist").status_code == 303
    assert door.office.accounts.sessions.of(COORDINATOR) == []
    assert door.browser().signs_in(COORDINATOR).status_code == 403, "the password before opens nothing"
    assert "Choose a password" in door.browser().signs_in(COORDINATOR, found[1]).text
    assert of_the_people(door, AccessGiven) == 1
    assert berg.post(path, **form).status_code == 303, "now it is done"


@pytest.mark.parametrize(("table", "change"), [("passwords", "INSERT"), ("carried_out", "INSERT")])
def test_whoever_was_only_half_admitted_gets_their_password_when_the_form_is_sent_again(
    door: Desk, berg: Browser, table: str, change: str
) -> None:
    form = NEW | {"command_id": str(uuid4())}
    with failing(door, table, change):
        broken = berg.post("/people", **form)
    assert (broken.status_code, HALF_DONE in broken.text) == (503, True)
    found = GIVEN.search(berg.post("/people", **form).text)
    assert found
    assert "Choose a password" in door.browser().signs_in("n-new", found[1]).text
    assert (of_the_people(door, PersonAdmitted), of_the_people(door, AccessGiven)) == (1, 1)


def test_whoever_left_and_was_not_shown_out_is_when_the_form_is_sent_again(door: Desk, berg: Browser) -> None:
    door.browser(COORDINATOR)
    form = {"command_id": str(uuid4())}
    with failing(door, "sessions", "DELETE"):
        broken = berg.post(f"/people/{COORDINATOR}/leave", **form)
    assert (broken.status_code, HALF_DONE in broken.text) == (503, True)
    assert len(door.office.accounts.sessions.of(COORDINATOR)) == 1
    assert berg.post(f"/people/{COORDINATOR}/leave", **form).status_code == 303
    assert door.office.accounts.sessions.of(COORDINATOR) == []
    assert of_the_people(door, PersonLeft) == 1


def test_whoever_came_back_is_not_shown_out_by_an_old_form(door: Desk, berg: Browser) -> None:
    form = {"command_id": str(uuid4())}
    assert berg.post(f"/people/{COORDINATOR}/leave", **form).status_code == 303
    assert berg.post("/people", command_id=str(uuid4()), person=COORDINATOR, name="M. Weber").status_code == 303
    weber = door.browser(COORDINATOR)
    assert berg.post(f"/people/{COORDINATOR}/leave", **form).status_code == 303
    assert weber.get("/worklist").status_code == 200


FIRST = {"person": "t-first", "name": "T. First", "password": "the first of all passwords"}
OTHER = {"person": "t-other", "name": "T. Other", "password": "the password of somebody else"}
ID = re.compile(r'name="command_id" value="([^"]+)"')


def says_so(answer: Response, typed: str) -> bool:
    """Whether the form is there again with what was typed, and tells that it did not get through."""
    again = answer.status_code == 503 and "This did not get through" in answer.text and f'value="{typed}"' in answer.text
    return again and "No account was made" not in answer.text and "You are not signed in" not in answer.text


def test_a_set_up_that_did_not_get_through_is_shown_again_and_can_be_sent_again(new_door: Desk) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with broken(new_door):
        answer = browser.sets_up(**sent)
    assert says_so(answer, "T. First")
    assert FIRST["password"] not in answer.text
    assert ID.findall(answer.text) == [sent["command_id"]]
    assert not new_door.office.daybook.people.current().anybody
    assert browser.sets_up(**sent).headers["location"] == "/people"


def test_a_first_account_that_was_only_half_made_is_made_whole_when_its_form_is_sent_again(new_door: Desk) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with failing(new_door, "passwords", "INSERT"):
        answer = browser.sets_up(**sent)
    assert says_so(answer, "T. First")
    assert HALF_DONE in answer.text
    other = new_door.browser().sets_up(**(sent | {"command_id": str(uuid4())}))
    assert (other.status_code, "omebody has an account already" in other.text) == (403, True)
    assert browser.sets_up(**sent).headers["location"] == "/people"
    assert len(new_door.office.daybook.people.current().persons) == 1
    assert not new_door.office.daybook.settings.set_up_code.exists()


@pytest.mark.parametrize("later", [timedelta(hours=15, minutes=59), timedelta(hours=16), timedelta(days=40)])
def test_a_first_account_that_was_half_made_is_made_whole_by_its_form_on_any_later_day(new_door: Desk, later: timedelta) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with failing(new_door, "passwords", "INSERT"):
        browser.sets_up(**sent)
    new_door.clock.move_to(START + later)
    assert browser.sets_up(**sent).headers["location"] == "/people"
    people = new_door.office.daybook.people
    grants = [grant.delegated for grant in people.current().persons["t-first"].grants(new_door.clock().date())]
    assert (people.current().version, grants) == (2, [START.date()]), "what is on record stays as it is"
    assert new_door.happened() == [PasswordSet(person="t-first", chosen=True), SignedIn(person="t-first", by="password")]
    assert not new_door.office.daybook.settings.set_up_code.exists()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (OTHER | {"code": "wrong"}, "not the code"),
        (OTHER | {"code": "wrong", "command_id": str(uuid4())}, "not the code"),
        ({"password": OTHER["password"], "code": "wrong"}, "not the code"),
        (OTHER, "omebody has an account already"),
        ({"password": OTHER["password"], "command_id": str(uuid4())}, "omebody has an account already"),
        ({"name": "T. Other"}, "was recorded already"),
    ],
)
def test_nobody_takes_over_a_first_account_that_was_half_made_the_day_before(new_door: Desk, typed: dict[str, str], says: str) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with failing(new_door, "passwords", "INSERT"):
        browser.sets_up(**sent)
    new_door.clock.move(hours=24)
    answer = new_door.browser().sets_up(**(sent | typed))
    assert (answer.status_code, says in answer.text) == (403, True)
    assert [(one.id, one.name) for one in new_door.office.daybook.people.current().persons.values()] == [("t-first", "T. First")]
    assert not any(new_door.office.accounts.passwords.kept(person) for person in ("t-first", "t-other"))
    assert browser.sets_up(**sent).headers["location"] == "/people"


def test_that_the_first_password_was_chosen_is_put_on_record_where_only_that_was_missing(new_door: Desk) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with failing(new_door, "passwords", "INSERT"):
        browser.sets_up(**sent)
    new_door.office.accounts.passwords.set("t-first", FIRST["password"], chosen=True)
    assert browser.sets_up(**sent).headers["location"] == "/people"
    assert new_door.happened() == [PasswordSet(person="t-first", chosen=True), SignedIn(person="t-first", by="password")]


class SentTwice(PeopleDesk):
    """The people, while a form comes a second time and is answered just before it is put on record what the first brought about."""

    second: Callable[[], Response]
    answered: Response | None = None

    def done_for(self, event: DoorEvent, by: Circumstances) -> None:
        if self.answered is None:
            self.answered = self.second()
        super().done_for(event, by)


def test_of_a_first_account_whose_form_is_sent_twice_at_once_it_is_on_record_once_that_its_password_was_chosen(new_door: Desk) -> None:
    daybook, sent = new_door.office.daybook, FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    people = SentTwice(daybook.ledger, daybook.desk)
    people.second = lambda: new_door.browser().sets_up(**sent)
    slower = application(replace(new_door.office, daybook=replace(daybook, people=people)), ("127.0.0.1",))
    first = replace(new_door, app=slower).browser().sets_up(**sent)
    assert [answer and answer.headers["location"] for answer in (first, people.answered)] == ["/people"] * 2
    came_in = SignedIn(person="t-first", by="password")
    assert new_door.happened() == [PasswordSet(person="t-first", chosen=True), came_in, came_in]


def test_that_a_password_was_chosen_is_not_said_of_one_that_was_given(new_door: Desk) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with failing(new_door, "passwords", "INSERT"):
        browser.sets_up(**sent)
    new_door.office.accounts.passwords.give("t-first")
    assert browser.sets_up(**sent).status_code == 403
    assert PasswordSet(person="t-first", chosen=True) not in new_door.happened()


def test_a_password_that_was_chosen_meanwhile_is_not_replaced_by_the_old_form_of_the_first_account(new_door: Desk) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    with failing(new_door, "passwords", "INSERT"):
        browser.sets_up(**sent)
    new_door.office.accounts.passwords.set("t-first", "chosen in the meantime", chosen=True)
    browser.sets_up(**sent)
    assert browser.signs_in("t-first", FIRST["password"]).status_code == 403
    assert browser.signs_in("t-first", "chosen in the meantime").status_code == 303


def test_a_first_account_that_is_whole_is_not_made_again_by_an_old_form(new_door: Desk) -> None:
    browser, sent = new_door.browser(), FIRST | {"code": new_door.code(), "command_id": str(uuid4())}
    assert browser.sets_up(**sent).status_code == 303
    again = new_door.browser().sets_up(**(sent | {"password": "another of all passwords"}))
    assert (again.status_code, "not the code" in again.text) == (403, True)
    assert new_door.browser().signs_in("t-first", FIRST["password"]).status_code == 303
    assert not new_door.office.daybook.settings.set_up_code.exists()


def test_whoever_made_the_first_account_and_could_not_be_let_in_is_at_the_door_with_their_name(new_door: Desk) -> None:
    browser = new_door.browser()
    with failing(new_door, "sessions", "INSERT"):
        answer = browser.sets_up(**(FIRST | {"code": new_door.code()}))
    assert says_so(answer, "t-first")
    assert 'action="/sign-in"' in answer.text
    assert browser.signs_in("t-first", FIRST["password"], then="/people").headers["location"] == "/people"


@pytest.mark.parametrize("table", ["attempts", "sessions"])
def test_whoever_could_not_be_let_in_finds_the_door_as_they_left_it(door: Desk, table: str) -> None:
    browser = door.browser()
    with failing(door, table, "INSERT"):
        answer = browser.signs_in(COORDINATOR, then="/worklist?site=BER")
    assert says_so(answer, COORDINATOR)
    assert 'name="then" value="/worklist?site=BER"' in answer.text
    assert PASSWORD not in answer.text
    assert browser.signs_in(COORDINATOR).status_code == 303


@pytest.mark.parametrize(("table", "change"), [("sessions", "DELETE"), ("sessions", "INSERT")])
def test_whoever_chose_a_password_and_was_not_let_in_then_comes_in_by_that_one(door: Desk, table: str, change: str) -> None:
    door.browser(COORDINATOR)
    given = door.office.accounts.passwords.give(COORDINATOR)
    chosen, browser = "four words of my own", door.browser()
    with failing(door, table, change):
        answer = browser.signs_in(COORDINATOR, given, chosen=chosen)
    assert says_so(answer, COORDINATOR)
    assert "Choose a password" not in answer.text
    assert browser.signs_in(COORDINATOR, chosen).status_code == 303


def test_whoever_could_not_keep_the_password_that_they_chose_chooses_again(door: Desk) -> None:
    given = door.office.accounts.passwords.give(COORDINATOR)
    chosen, browser = "four words of my own", door.browser()
    with failing(door, "passwords", "INSERT"):
        answer = browser.signs_in(COORDINATOR, given, chosen=chosen)
    assert says_so(answer, COORDINATOR)
    assert "Choose a password" in answer.text
    assert browser.signs_in(COORDINATOR, given, chosen=chosen).status_code == 303
