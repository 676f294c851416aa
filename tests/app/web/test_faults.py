"""The forms of accounts, and the filters of who looked, say what is wrong beside the field that it is about."""

from uuid import uuid4

import pytest

from app.accounts.passwords import FAILURES
from app.demo.people import PASSWORD
from app.web.door import Turnstile
from domain.doorkeeping import SignedIn
from tests.app.web.at_the_door import COORDINATOR, INVESTIGATOR, Desk
from tests.app.web.faults import beside
from tests.app.web.test_vouching import code_of, comes_in

FIRST = {"person": "t-first", "name": "T. First", "password": "the first of all passwords"}
TRIES = Turnstile().most + 1
BLANK = "something must be said"


@pytest.mark.parametrize(
    ("typed", "field", "says", "status"),
    [
        *[({name: blank}, name, BLANK, 422) for name in ("person", "name", "password", "code") for blank in ("", " ")],
        ({"name": "n" * 2001}, "name", "at most 2000 characters", 422),
        ({"person": "T First"}, "person", "is not written as it must be", 422),
        ({"person": "t" * 61}, "person", "at most 60 characters", 422),
        ({"password": "short"}, "password", "at least 15 characters", 403),
        ({"code": "wrong"}, "code", "not the code that Daybook showed", 403),
    ],
)
def test_the_first_set_up_names_each_fault_beside_its_field_and_keeps_the_rest(
    new_door: Desk, typed: dict[str, str], field: str, says: str, status: int
) -> None:
    sent = FIRST | {"code": new_door.code()} | typed
    answer = new_door.browser().sets_up(**sent)
    assert answer.status_code == status
    assert says in beside(answer.text, field)
    assert answer.text.count('aria-invalid="true"') == 1
    assert all(f'value="{sent[name]}"' in answer.text for name in ("code", "person", "name"))
    assert FIRST["password"] not in answer.text
    assert not new_door.office.daybook.people.current().anybody


def test_whoever_sets_up_is_told_of_all_that_is_wrong_at_once(new_door: Desk) -> None:
    answer = new_door.browser().sets_up()
    assert answer.status_code == 422
    assert all(BLANK in beside(answer.text, field) for field in ("person", "name", "password", "code"))
    assert "No account was made" in answer.text


def test_whoever_sets_up_without_the_code_is_told_that_first_whatever_else_they_left_blank(new_door: Desk) -> None:
    answer = new_door.browser().sets_up(**(FIRST | {"code": "wrong", "name": ""}))
    assert answer.status_code == 403
    assert BLANK in beside(answer.text, "name")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"person": "", "password": PASSWORD}, "person"),
        ({"person": " ", "password": PASSWORD}, "person"),
        ({"person": COORDINATOR, "password": ""}, "password"),
        ({"person": COORDINATOR, "password": " "}, "password"),
        ({"person": COORDINATOR, "password": PASSWORD, "choosing": "yes", "chosen": ""}, "chosen"),
    ],
)
def test_a_field_that_is_left_blank_at_the_door_is_named_as_on_every_form(door: Desk, typed: dict[str, str], field: str) -> None:
    answer = door.browser().client.post("/sign-in", data={"then": "/people", **typed})
    assert answer.status_code == 422
    assert BLANK in beside(answer.text, field)
    assert answer.text.count('aria-invalid="true"') == 1
    assert f'name="person" type="text" value="{typed["person"]}"' in answer.text
    assert 'name="then" value="/people"' in answer.text
    assert PASSWORD not in answer.text
    assert ("Choose a password" in answer.text) == ("choosing" in typed)


def test_all_that_is_left_blank_at_the_door_is_told_at_once(door: Desk) -> None:
    answer = door.browser().client.post("/sign-in", data={})
    assert (answer.status_code, answer.text.count(f"{BLANK}</p>")) == (422, 2)


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"person": COORDINATOR, "password": f"{PASSWORD}?"}, "password", "no account with this name and this password"),
        ({"person": "n" * 61, "password": PASSWORD}, "password", "no account with this name and this password"),
        ({"person": COORDINATOR, "password": "p" * 1025}, "password", "no account with this name and this password"),
        ({"person": COORDINATOR, "password": PASSWORD, "chosen": "short"}, "chosen", "at least 15 characters"),
        ({"person": COORDINATOR, "password": PASSWORD, "chosen": PASSWORD}, "chosen", "another password than the one that you were given"),
    ],
)
def test_the_door_names_each_fault_beside_its_field_and_keeps_the_name(door: Desk, typed: dict[str, str], field: str, says: str) -> None:
    answer = door.browser().client.post("/sign-in", data={"then": "/people", **typed})
    assert answer.status_code == 403
    assert says in beside(answer.text, field)
    assert answer.text.count('aria-invalid="true"') == 1
    assert f'name="person" type="text" value="{typed["person"]}"' in answer.text
    assert 'name="then" value="/people"' in answer.text
    assert typed["password"] not in answer.text
    assert ("Choose a password" in answer.text) == ("chosen" in typed)


def test_a_form_at_the_door_that_leaves_its_fields_blank_is_no_attempt_to_come_in(door: Desk) -> None:
    browser = door.browser()
    for _ in range(FAILURES):
        assert browser.signs_in(COORDINATOR, "").status_code == 422
        assert browser.signs_in(COORDINATOR, " ").status_code == 422
    assert browser.signs_in(COORDINATOR).status_code == 303
    assert door.happened() == [SignedIn(person=COORDINATOR, by="password")]


def test_a_program_that_leaves_blank_who_it_is_or_what_proves_it_is_told_so_and_that_is_no_attempt(door: Desk) -> None:
    client = door.browser().client
    for _ in range(TRIES):
        answer = client.post("/api/session", json={"person": COORDINATOR, "password": ""})
        reasons = [{"code": "malformed", "says": f"password: {BLANK}", "rule": None, "earliest": None}]
        assert (answer.status_code, answer.json()["reasons"]) == (422, reasons)
    both = client.post("/api/session", json={"person": " ", "password": " "})
    assert [one["says"] for one in both.json()["reasons"]] == [f"person: {BLANK}", f"password: {BLANK}"]
    assert client.post("/api/session", json={"person": COORDINATOR, "password": PASSWORD}).status_code == 201
    assert door.happened() == [SignedIn(person=COORDINATOR, by="password")]


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"password": "not theirs", "chosen": "what nobody else knows"}, "password", "not your password"),
        ({"password": "p" * 1025, "chosen": "what nobody else knows"}, "password", "not your password"),
        ({"password": PASSWORD, "chosen": "c" * 1025}, "chosen", "at most 1024 characters"),
        ({"password": PASSWORD, "chosen": "short"}, "chosen", "at least 15 characters"),
        ({"password": PASSWORD, "chosen": PASSWORD}, "chosen", "another password than the present one"),
    ],
)
def test_a_change_of_password_names_each_fault_beside_its_field(door: Desk, typed: dict[str, str], field: str, says: str) -> None:
    answer = door.browser(COORDINATOR).post("/profile/password", **typed)
    assert says in beside(answer.text, field)
    assert answer.text.count('aria-invalid="true"') == 1


def test_a_span_that_cannot_be_read_is_named_beside_each_of_its_bounds(door: Desk) -> None:
    answer = door.browser("r-haas").get("/accesses?since=soon&until=later&person=m-weber")
    assert answer.status_code == 422
    assert "'soon' is no time that can be read" in beside(answer.text, "since")
    assert "'later' is no time that can be read" in beside(answer.text, "until")
    assert 'value="m-weber"' in answer.text
    assert "is no time that can be read" in door.browser("r-haas").get("/accesses.csv?since=soon").text


def test_who_looked_at_a_participant_is_told_by_the_clocks_of_the_site_and_by_utc(door: Desk) -> None:
    door.browser(INVESTIGATOR).get("/participants/BER-001")
    door.browser(INVESTIGATOR).get("/worklist")
    shown = door.browser("r-haas").get("/accesses").text
    assert '2026-01-05 09:00<span class="offset"> +01:00</span></time><span class="stamp">2026-01-05 08:00 UTC</span>' in shown
    assert '<th scope="row">2026-01-05 08:00 UTC</th>' in shown, "a list is of no one site"


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"person": ""}, "person", BLANK),
        ({"code": "00000000"}, "code", "code"),
        ({"code": "0" * 21}, "code", "code"),
        ({"signer": ""}, "signer", "takes your short name"),
        ({"password": "a guess of some length"}, "password", "not your short name"),
    ],
)
def test_who_vouches_is_told_of_each_fault_beside_its_field(door: Desk, typed: dict[str, str], field: str, says: str) -> None:
    comes_in(door, COORDINATOR)
    sent = {
        "command_id": str(uuid4()),
        "person": COORDINATOR,
        "code": code_of(door, COORDINATOR),
        "signer": INVESTIGATOR,
        "password": PASSWORD,
    }
    answer = door.browser(INVESTIGATOR).post("/vouching", shown_at="/vouching", **(sent | typed))
    assert says in beside(answer.text, field)
    assert f'value="{(sent | typed)["code"]}"' in answer.text, "what was read out is not asked for again"
