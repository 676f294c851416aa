"""A session that ends, or is begun anew in another tab, loses nothing that somebody typed: it comes back to them, and to nobody else."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from httpx import Response

from app.accounts.errands import LASTS
from app.accounts.sessions import IDLE
from app.demo.people import PASSWORD
from app.web.guarding import MOST_BYTES
from domain.participant import PARTICIPANT
from tests.app.web.at_the_door import COORDINATOR, ELSEWHERE, Browser, Desk

NEW = "/participants/new"
A_MOMENT = timedelta(seconds=1)
REVIEW = {"finds": "all is <well>", "meaning": "I have read these", "password": PASSWORD}


def before(door: Desk, person: str = COORDINATOR) -> Browser:
    """A browser in which somebody signed in at the door."""
    browser = door.browser()
    assert browser.signs_in(person).status_code == 303
    return browser


def typed(browser: Browser) -> dict[str, str]:
    """A form as it was shown and filled in, while the session lasts."""
    return {"csrf": browser.csrf(), "command_id": str(uuid4()), "code": "BER-777", "site": "BER"}


def sent_too_late(door: Desk, browser: Browser, form: dict[str, str], path: str = NEW) -> str:
    """Where somebody is led who sends a form after time has ended their session."""
    door.clock.move_to(door.clock() + IDLE)
    answer = browser.client.post(path, data=form)
    assert answer.status_code == 303
    return answer.headers["location"]


def comes_back(browser: Browser, door_: str, person: str = COORDINATOR) -> Response:
    """What somebody is shown who signs in at this door."""
    then = parse_qs(urlsplit(door_).query)["then"][0]
    answer = browser.signs_in(person, then=then)
    assert (answer.status_code, answer.headers["location"]) == (303, then)
    return browser.get(then)


def form_of(answer: Response) -> dict[str, str]:
    return {name: unescape(text) for name, text in re.findall(r'name="(\w+)"(?: type="\w+")? value="([^"]*)"', answer.text)}


def registered(door: Desk, code: str = "BER-777") -> bool:
    return door.office.daybook.ledger.version_of(PARTICIPANT + code) > 0


def test_what_was_typed_comes_back_once_one_has_signed_in_again_and_is_recorded_under_its_id(door: Desk) -> None:
    browser = before(door)
    form = typed(browser)
    led = sent_too_late(door, browser, form)
    assert "It is kept for ten minutes" in browser.get(led).text
    shown = comes_back(browser, led)
    assert "so nothing was recorded" in shown.text
    again = form_of(shown)
    assert {name: again[name] for name in ("command_id", "code", "site")} == {name: form[name] for name in ("command_id", "code", "site")}
    assert again["csrf"] != form["csrf"]
    assert not registered(door)
    assert [browser.client.post(NEW, data=again).status_code for _ in range(2)] == [303, 303]
    assert registered(door)


def test_it_comes_back_to_whoever_typed_it_and_to_nobody_else(door: Desk) -> None:
    browser = before(door)
    led = sent_too_late(door, browser, typed(browser))
    other = comes_back(browser, led, ELSEWHERE)
    assert (other.status_code, "BER-777" in other.text) == (404, False)
    assert comes_back(browser, led).status_code == 200
    assert comes_back(before(door), led).status_code == 404, "it is another browser, which holds no key"


@pytest.mark.parametrize(("later", "status"), [(LASTS - A_MOMENT, 200), (LASTS, 404)])
def test_it_is_kept_for_ten_minutes_however_often_it_is_looked_at(door: Desk, later: timedelta, status: int) -> None:
    browser = before(door)
    led = sent_too_late(door, browser, typed(browser))
    assert comes_back(browser, led).status_code == 200
    door.clock.move_to(door.clock() + later)
    assert browser.get(parse_qs(urlsplit(led).query)["then"][0]).status_code == status


def test_nothing_is_kept_of_what_is_sent_in_a_session_that_somebody_ended(door: Desk) -> None:
    browser = before(door)
    form = typed(browser)
    door.office.accounts.sessions.end_all(COORDINATOR)
    assert browser.client.post(NEW, data=form).headers["location"] == "/sign-in?then=%2Fparticipants%2Fnew&unsent=yes"


def test_a_password_is_not_kept_but_asked_for_again(door: Desk) -> None:
    door.catches_up()
    browser, upto = before(door, "r-haas"), str(door.office.daybook.views.position())
    form = {"csrf": browser.csrf(), "command_id": str(uuid4()), "upto": upto, **REVIEW}
    led = sent_too_late(door, browser, form, "/search")
    shown = comes_back(browser, led, "r-haas")
    assert PASSWORD not in shown.text
    assert form_of(shown)["password"] == ""
    assert "all is &lt;well&gt;" in shown.text
    assert (
        browser.client.post("/search", data=form_of(shown) | {"signer": "r-haas", "password": PASSWORD}).headers["location"] == "/reviews"
    )


def test_a_password_that_somebody_chose_is_kept_nowhere(door: Desk) -> None:
    browser = before(door)
    form = {"csrf": browser.csrf(), "username": COORDINATOR, "password": PASSWORD, "chosen": "another four words of mine"}
    assert sent_too_late(door, browser, form, "/profile/password") == "/sign-in?then=%2F&unsent=yes"


def test_a_form_of_a_session_that_was_begun_anew_in_another_tab_is_shown_again_at_once(door: Desk) -> None:
    browser = before(door)
    form = typed(browser)
    assert browser.signs_in(COORDINATOR).status_code == 303
    shown = browser.client.post(NEW, data=form)
    assert (shown.status_code, registered(door)) == (403, False)
    again = form_of(shown)
    assert (again["code"], again["command_id"]) == ("BER-777", form["command_id"])
    assert browser.client.post(NEW, data=again).status_code == 303
    assert registered(door)


def test_whose_name_it_will_bear_is_said_before_it_is_sent_again(door: Desk) -> None:
    browser = before(door)
    form = typed(browser)
    assert browser.signs_in(ELSEWHERE).status_code == 303
    shown = browser.client.post(NEW, data=form)
    assert "in the name of J. Silva (invented)" in shown.text
    assert browser.client.post(NEW, data=form_of(shown)).status_code == 409, "what was typed for BER is still not theirs"
    assert not registered(door)


async def in_pieces() -> AsyncIterator[bytes]:
    for _ in range(MOST_BYTES // 1000 + 1):
        yield b"x" * 1000


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "application/json", "text/x"]
)
def test_what_cannot_be_read_or_is_too_long_is_not_kept_and_nothing_falls_over(door: Desk, kind: str) -> None:
    browser = before(door)
    door.clock.move_to(door.clock() + IDLE)
    for content in (in_pieces(), b"\xff\x00=&%"):
        answer = browser.client.post(NEW, content=content, headers={"content-type": kind})
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
