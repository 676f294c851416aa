from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from app.searched import AS_BEFORE
from app.settings import Settings
from app.web.door import Turnstile
from app.web.needs import COOKIE
from app.wiring import opened
from domain.doorkeeping import PasswordSet, SignedIn
from domain.people import PersonAdmitted, RoleGranted
from domain.rejections import Refused
from tests.app.at_the_desk import Desk as CommandLine
from tests.app.web.at_the_door import Desk, at_the_door, by
from tests.builders import START, Clock

FIRST = {"person": "t-first", "name": "T. First", "password": "the first of all passwords"}


def test_the_first_account_is_an_administrators_and_signed_in_at_once(new_door: Desk) -> None:
    browser = new_door.browser()
    assert browser.get("/sign-in").headers["location"] == "/set-up"
    answer = browser.sets_up(**(FIRST | {"code": f" {new_door.code()} "}))
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    today = START.date()
    people = new_door.office.daybook.people.current()
    assert people.administrators(today) == {"t-first"}
    assert new_door.happened() == [PasswordSet(person="t-first", chosen=True), SignedIn(person="t-first", by="password")]
    assert not new_door.office.daybook.settings.set_up_code.exists(), "the code opens nothing any more"


@pytest.mark.parametrize(("code", "status"), [("", 422), (" ", 422), ("wrong", 403), ("ä" * 100, 403), ("\0", 403)])
def test_nobody_makes_the_first_account_without_the_code(new_door: Desk, code: str, status: int) -> None:
    new_door.code()
    assert new_door.browser().sets_up(**(FIRST | {"code": code})).status_code == status
    assert not new_door.office.daybook.people.current().anybody


@pytest.mark.parametrize("code", ["", " "])
def test_no_blank_code_opens_anything_where_the_file_of_the_code_is_empty(new_door: Desk, code: str) -> None:
    new_door.office.daybook.settings.set_up_code.touch()
    assert new_door.browser().sets_up(**(FIRST | {"code": code})).status_code == 422
    assert not new_door.office.daybook.people.current().anybody


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"person": "T First"}, 422),
        ({"person": "t" * 61}, 422),
        ({"name": ""}, 422),
        ({"name": "n" * 2001}, 422),
        ({"password": "short"}, 403),
        ({"person": "T First", "password": "short"}, 403),
    ],
)
def test_what_cannot_be_an_account_is_refused_before_anything_is_made(new_door: Desk, typed: dict[str, str], status: int) -> None:
    answer = new_door.browser().sets_up(**(FIRST | typed | {"code": new_door.code()}))
    assert answer.status_code == status
    assert not new_door.office.daybook.people.current().anybody


def test_every_form_of_the_first_set_up_counts_as_an_attempt_for_it_may_guess_at_the_code(new_door: Desk) -> None:
    browser, blank = new_door.browser(), {"person": "", "name": "", "password": ""}
    answers = [browser.sets_up(**blank, code=code).status_code for code in ("", "a guess") * (Turnstile().most // 2)]
    assert set(answers) == {422, 403}
    assert browser.sets_up(**(FIRST | {"code": new_door.code()})).status_code == 429
    new_door.clock.move(minutes=1, seconds=1)
    assert browser.sets_up(**(FIRST | {"code": new_door.code()})).status_code == 303


def test_once_somebody_has_an_account_the_code_opens_nothing(new_door: Desk) -> None:
    code = new_door.code()
    new_door.browser().sets_up(**(FIRST | {"code": code}))
    second = FIRST | {"person": "t-second", "code": code}
    assert new_door.browser().sets_up(**second).status_code == 403
    assert new_door.browser().get("/set-up").headers["location"] == "/sign-in"
    assert set(new_door.office.daybook.people.current().persons) == {"t-first"}


def test_of_several_who_set_up_at_once_one_is_the_first_and_keeps_their_password(new_door: Desk) -> None:
    code = new_door.code()

    def sets_up(number: int) -> bool:
        typed = FIRST | {"code": code, "password": f"the first of all passwords, {number}"}
        return COOKIE in new_door.browser().sets_up(**typed).cookies

    with ThreadPoolExecutor(4) as pool:
        first = list(pool.map(sets_up, range(4)))
    assert first.count(True) == 1
    passwords = new_door.office.accounts.passwords
    assert passwords.proves("t-first", f"the first of all passwords, {first.index(True)}")


@pytest.mark.parametrize("path", ["/worklist", "/worklist.csv", "/matrix", "/calendar", "/participants", "/deviations", "/reminders"])
def test_before_the_first_protocol_is_released_every_list_is_empty(empty_desk: CommandLine, path: str) -> None:
    for command in ("study open --demonstration", "study site BER Europe/Berlin"):
        empty_desk(*command.split(), who="administrator:root")
    day, roles = START.date(), ("administrator", "coordinator")
    with at_the_door(empty_desk.folder, Clock(START)) as desk:
        given = [RoleGranted.model_validate({"person": "t-one", "role": role, "delegated": day, "trained": day}) for role in roles]
        desk.office.daybook.people.record((PersonAdmitted(person="t-one", name="One"), *given), by("t-one"), first=True)
        desk.catches_up()
        assert desk.browser("t-one").get(path).status_code == 200


def test_where_no_site_is_open_yet_nothing_is_found_to_be_reviewed(empty_desk: CommandLine) -> None:
    empty_desk("study", "open", "--demonstration", who="administrator:root")
    day, roles = START.date(), ("administrator", "auditor")
    with at_the_door(empty_desk.folder, Clock(START)) as desk:
        given = [RoleGranted.model_validate({"person": "t-one", "role": role, "delegated": day, "trained": day}) for role in roles]
        desk.office.daybook.people.record((PersonAdmitted(person="t-one", name="One"), *given), by("t-one"), first=True)
        desk.catches_up()
        browser = desk.browser("t-one")
        sent = {"shelf": AS_BEFORE, "upto": "1", "command_id": str(uuid4()), "meaning": "I have reviewed these entries"}
        answer = browser.post("/search", **sent)
        assert (answer.status_code, "search found no entry" in answer.text) == (409, True)


def test_what_is_recorded_as_the_first_account_is_refused_where_there_is_one(new_door: Desk) -> None:
    today, people = START.date(), new_door.office.daybook.people
    one = (PersonAdmitted(person="t-one", name="One"), RoleGranted(person="t-one", role="administrator", delegated=today, trained=today))
    people.record(one, by("t-one"), first=True)
    with pytest.raises(Refused, match="somebody has an account already"):
        people.record((PersonAdmitted(person="t-two", name="Two"),), by("t-two"), first=True)


@pytest.fixture
def bare_door(tmp_path: Path) -> Iterator[Desk]:
    """A ledger that nobody has opened a study in."""
    folder = tmp_path / "daybook"
    with opened(Settings(folder=folder), Clock(START), create=True):
        pass
    with at_the_door(folder, Clock(START)) as desk:
        yield desk


def test_before_any_study_is_open_the_first_administrator_comes_in_and_is_told_what_is_next(bare_door: Desk) -> None:
    browser = bare_door.browser()
    assert "daybook study open" in browser.get("/set-up").text
    assert browser.sets_up(**(FIRST | {"code": bare_door.code()})).status_code == 303
    for path in ("/people", "/people/t-first", "/system", "/profile", "/access", "/vouching"):
        answer = browser.get(path)
        assert (answer.status_code, "No study is open yet" in answer.text) == (200, True), path
    assert browser.post("/people", command_id=str(uuid4()), person="n-new", name="N. New").status_code == 200
    assert browser.get("/worklist").status_code == 403, "an administrator sees no participant"


def test_whoever_was_admitted_before_the_study_is_open_opens_it(bare_door: Desk) -> None:
    bare_door.browser().sets_up(**(FIRST | {"code": bare_door.code()}))
    typed = CommandLine(bare_door.office.daybook.settings.folder, Clock(START))
    page = ""
    for command, said in (
        ("study open --demonstration", "No site is open yet"),
        ("study site BER Europe/Berlin", "No protocol is released yet"),
        ("study release 1", ""),
    ):
        typed(*command.split(), who="administrator:t-first")
        page = bare_door.browser("t-first").get("/people").text
        assert said in page
        assert "No study is open yet" not in page
    assert "is released yet" not in page
    assert "may run study" in typed("study", "release", "1", who="administrator:somebody", code=2).stderr
