from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.accounts.passwords import FAILURES, LOCKED_FOR, Locked
from app.accounts.sessions import ABSOLUTE, IDLE
from app.demo.people import PASSWORD
from app.web.needs import COOKIE
from domain.doorkeeping import PasswordSet, SignedIn, SignedOut, TurnedAway
from domain.people import PersonLeft
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk, by

A_MOMENT = timedelta(seconds=1)
WRONG = "this is somebody else's password"
MINE = "four words of my own"


def test_whoever_proves_who_they_are_is_let_in_and_that_is_on_record(door: Desk) -> None:
    browser = door.browser()
    answer = browser.signs_in(COORDINATOR, then="/worklist?site=BER")
    assert (answer.status_code, answer.headers["location"]) == (303, "/worklist?site=BER")
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert browser.get("/worklist").status_code == 200
    assert door.happened() == [SignedIn(person=COORDINATOR, by="password")]


@pytest.mark.parametrize("person", [COORDINATOR, "nobody-at-all", "M-Weber", "m" * 60, "m\0weber", "' OR 1=1 --"])
def test_whoever_does_not_is_told_the_same_whether_or_not_there_is_such_a_person(door: Desk, person: str) -> None:
    answer = door.browser().signs_in(person, WRONG)
    assert answer.status_code == 403
    assert "There is no account with this name and this password." in answer.text
    assert COOKIE not in answer.cookies
    known = [TurnedAway(person=COORDINATOR)] if person == COORDINATOR else []
    assert door.happened() == known


@pytest.mark.parametrize(
    ("typed", "status"), [("", 422), ("ä" * 1024, 403), ("nul\0nul\0nul\0nul\0nul", 403), ("\x1b[31m and more of it", 403)]
)
def test_no_password_that_is_typed_makes_the_door_fall_over(door: Desk, typed: str, status: int) -> None:
    assert door.browser().signs_in(COORDINATOR, typed).status_code == status


def test_after_five_wrong_passwords_the_right_one_lets_nobody_in_for_a_quarter_of_an_hour(door: Desk) -> None:
    browser = door.browser()
    for _ in range(FAILURES):
        assert "no account with this name" in browser.signs_in(COORDINATOR, WRONG).text
    assert "Too many wrong passwords" in browser.signs_in(COORDINATOR).text
    assert door.happened() == [*[TurnedAway(person=COORDINATOR)] * 4, TurnedAway(person=COORDINATOR, locked=True)]
    door.clock.move_to(door.clock() + LOCKED_FOR - A_MOMENT)
    assert browser.signs_in(COORDINATOR).status_code == 403
    door.clock.move_to(door.clock() + A_MOMENT)
    assert browser.signs_in(COORDINATOR).status_code == 303


def test_four_wrong_passwords_lock_nobody_out(door: Desk) -> None:
    browser = door.browser()
    for _ in range(FAILURES - 1):
        browser.signs_in(COORDINATOR, WRONG)
    assert browser.signs_in(COORDINATOR).status_code == 303


def test_somebody_elses_failures_lock_nobody_else_out(door: Desk) -> None:
    for _ in range(FAILURES):
        door.browser().signs_in(COORDINATOR, WRONG)
    assert door.browser().signs_in(ADMINISTRATOR).status_code == 303


def test_from_one_address_nobody_tries_more_than_thirty_times_a_minute(door: Desk) -> None:
    browser = door.browser()
    answers = [browser.signs_in(f"guess-{number}", "").status_code for number in range(30)]
    assert 429 not in answers
    late = [browser.signs_in(f"guess-{number}", WRONG) for number in range(31)]
    assert [answer.status_code for answer in late].count(429) == 1
    assert browser.client.post("/api/session", json={"person": COORDINATOR, "password": PASSWORD}).status_code == 429
    door.clock.move(seconds=61)
    assert browser.signs_in(COORDINATOR).status_code == 303


def test_a_password_that_was_given_only_opens_the_way_to_choose_another(door: Desk) -> None:
    given = door.office.accounts.passwords.give(COORDINATOR)
    browser = door.browser()
    asked = browser.signs_in(COORDINATOR, given)
    assert asked.status_code == 403
    assert "Choose a password" in asked.text
    assert COOKIE not in browser.client.cookies
    assert "another password than the one" in browser.signs_in(COORDINATOR, given, chosen=given).text
    assert "at least 15 characters" in browser.signs_in(COORDINATOR, given, chosen="short").text
    assert browser.signs_in(COORDINATOR, given, chosen=MINE).status_code == 303
    assert browser.get("/worklist").status_code == 200
    assert door.happened() == [PasswordSet(person=COORDINATOR, chosen=True), SignedIn(person=COORDINATOR, by="password")]
    assert door.browser().signs_in(COORDINATOR, given).status_code == 403


def test_a_program_does_not_come_in_by_a_password_that_was_given(door: Desk) -> None:
    given = door.office.accounts.passwords.give(COORDINATOR)
    answer = door.browser().client.post("/api/session", json={"person": COORDINATOR, "password": given})
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "not-chosen")


def test_whoever_tries_to_replace_a_password_without_knowing_it_is_turned_away_on_record(door: Desk) -> None:
    assert door.browser().signs_in(COORDINATOR, WRONG, chosen=MINE).status_code == 403
    assert door.happened() == [TurnedAway(person=COORDINATOR)]


def test_a_password_that_is_replaced_shows_out_whoever_came_in_by_it(door: Desk) -> None:
    thief = door.browser(COORDINATOR)
    assert door.browser().signs_in(COORDINATOR, PASSWORD, chosen=MINE).status_code == 303
    assert thief.get("/worklist").status_code == 303


@pytest.mark.clause("EMA 2023", "security")
@pytest.mark.parametrize(("after", "status"), [(IDLE - A_MOMENT, 200), (IDLE, 303)])
def test_a_session_that_nobody_uses_ends_after_half_an_hour(door: Desk, after: timedelta, status: int) -> None:
    browser = door.browser(COORDINATOR)
    door.clock.move_to(door.clock() + after)
    assert browser.get("/worklist").status_code == status


@pytest.mark.parametrize(
    ("path", "then"), [("/participants/BER-001/screening", "%2Fparticipants%2FBER-001%2Fscreening"), ("/profile/sessions", "%2F")]
)
def test_whoever_sends_a_form_of_which_nothing_can_be_kept_is_told_that_nothing_was_recorded(door: Desk, path: str, then: str) -> None:
    browser = door.browser(COORDINATOR)
    shown = browser.csrf()
    door.clock.move_to(door.clock() + IDLE)
    sent = browser.client.post(path, data={"csrf": shown}).headers["location"]
    assert sent == f"/sign-in?then={then}&unsent=yes"
    assert "was not recorded" in browser.get(sent).text
    assert "was not recorded" not in browser.get("/sign-in").text
    assert browser.client.post("/sign-out", data={"csrf": shown}).headers["location"] == "/sign-in"


def test_a_list_that_keeps_itself_up_to_date_leads_to_the_door_as_a_whole_once_its_session_has_ended(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    assert browser.get("/worklist?site=BER", **{"hx-request": "true"}).status_code == 200
    door.clock.move_to(door.clock() + IDLE)
    answer = browser.get("/worklist?site=BER", **{"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?then=%2Fworklist%3Fsite%3DBER")
    assert answer.text == "", "nothing takes the place of the rows"


@pytest.mark.parametrize(("after", "status"), [(ABSOLUTE - A_MOMENT, 200), (ABSOLUTE, 303)])
def test_a_session_ends_after_twelve_hours_however_busy_it_was(door: Desk, after: timedelta, status: int) -> None:
    browser, began = door.browser(COORDINATOR), door.clock()
    while door.clock() + IDLE - A_MOMENT < began + after:
        door.clock.move_to(door.clock() + IDLE - A_MOMENT)
        assert browser.get("/worklist").status_code == 200
    door.clock.move_to(began + after)
    assert browser.get("/worklist").status_code == status


def asks_again_at_the_end(door: Desk, path: str) -> int:
    """What somebody is answered after half an hour in which only this was asked for as a page asks that keeps itself up to date."""
    browser = door.browser(COORDINATOR)
    door.clock.move_to(door.clock() + IDLE - A_MOMENT)
    assert browser.get(path, **{"hx-request": "true"}).status_code == 200
    door.clock.move_to(door.clock() + A_MOMENT)
    return browser.get("/worklist").status_code


def test_a_page_that_keeps_itself_up_to_date_keeps_no_session_alive(door: Desk) -> None:
    assert asks_again_at_the_end(door, "/worklist") == 303


def test_whoever_asks_for_anything_else_is_there_whatever_a_header_says(door: Desk) -> None:
    assert asks_again_at_the_end(door, "/worklist.csv") == 200


def test_signing_out_ends_the_session_and_not_only_the_cookie(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    kept = browser.client.cookies[COOKIE]
    assert browser.post("/sign-out", "/worklist").status_code == 303
    browser.client.cookies.set(COOKIE, kept)
    assert browser.get("/worklist").status_code == 303
    assert door.happened() == [SignedOut(person=COORDINATOR)]


def test_a_program_signs_in_and_out(door: Desk) -> None:
    client = door.browser().client
    token = client.post("/api/session", json={"person": COORDINATOR, "password": PASSWORD}).json()["token"]
    client.headers["authorization"] = f"Bearer {token}"
    assert client.get("/api/participants").json() == {"participants": ["BER-001"]}
    assert client.request("DELETE", "/api/session").status_code == 204
    stale = client.get("/api/participants")
    assert (stale.status_code, stale.headers["www-authenticate"]) == (401, "Bearer")
    assert stale.headers["content-type"] == "application/problem+json"


def test_a_session_that_somebody_planted_is_never_the_one_that_a_person_gets(door: Desk) -> None:
    planted = door.office.accounts.sessions.begin(ADMINISTRATOR, "password")
    browser = door.browser()
    browser.client.cookies.set(COOKIE, planted)
    answer = browser.signs_in(COORDINATOR)
    assert answer.cookies[COOKIE] != planted
    assert door.office.accounts.sessions.find(planted) is None, "the session before is over"


@pytest.mark.clause("21 CFR 11", "11.300(c)")
@pytest.mark.clause("ICH E6(R3)", "4.3.8")
def test_whoever_has_left_is_let_in_no_more_and_their_session_shows_nothing(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    door.office.daybook.people.record((PersonLeft(person=COORDINATOR),), by())
    assert browser.get("/worklist").status_code == 303
    assert door.browser().signs_in(COORDINATOR).status_code == 403


@pytest.mark.parametrize(
    "then", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "\r\nx: y", "javascript:alert(1)", "/" * 1001]
)
def test_the_door_leads_nowhere_but_into_this_desk(door: Desk, then: str) -> None:
    assert door.browser().signs_in(COORDINATOR, then=then[:1024]).headers["location"] == "/"
    page = door.browser().client.get("/sign-in", params={"then": then})
    assert 'name="then" value="/"' in page.text


def test_whoever_is_sent_to_the_door_goes_on_to_the_very_page_that_they_asked_for(door: Desk) -> None:
    sent = door.browser().get("/worklist?site=BER&then=//evil.example").headers["location"]
    assert sent == "/sign-in?then=%2Fworklist%3Fsite%3DBER%26then%3D%2F%2Fevil.example"


def test_many_who_guess_at_once_have_no_more_tries_than_one_who_guesses_in_turn(door: Desk) -> None:
    passwords = door.office.accounts.passwords

    def guess(number: int) -> bool:
        try:
            return passwords.proves(COORDINATOR, f"guess number {number} of many")
        except Locked:
            return True

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(24)))
    assert answers.count(False) == FAILURES, "five were looked at, and everybody else found the door locked"
