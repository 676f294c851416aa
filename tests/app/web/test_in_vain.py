"""Whatever becomes of a form, what was typed into it comes back, under the id under which it is safe to send it again."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from httpx import Response

from app.demo.people import PASSWORD
from app.web.in_vain import in_vain
from app.web.problems import problem_of
from domain.contacts import ContactNamed
from domain.rejections import Reason, Refused
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Browser, Desk, by
from tests.builders import START

IDS = re.compile(r'name="command_id" value="([^"]+)"')
DAY = str(START.date())


@dataclass(frozen=True, slots=True)
class Form:
    """A form, what is typed into it, and what somebody changes in it afterwards."""

    person: str
    path: str
    typed: dict[str, str]
    changed: dict[str, str]
    secret: dict[str, str] = field(default_factory=dict)


FORMS = (
    Form(COORDINATOR, "/participants/new", {"code": "BER-777", "site": "BER"}, {"code": "BER-778"}),
    Form(ADMINISTRATOR, "/people", {"person": "n-new", "name": "N. New", "mail": "n.new@study.example"}, {"name": "Somebody Else"}),
    Form(ADMINISTRATOR, "/people/m-weber/grant", {"role": "coordinator", "site": "SAO", "delegated": DAY, "trained": DAY}, {"trained": ""}),
    Form(
        COORDINATOR,
        "/profile/notifications",
        {"mail": "new@study.example", "webhook": "", "urgent": "mail", "timely": "inbox", "digest": "inbox"},
        {"mail": "newer@study.example"},
    ),
    Form(
        "r-haas",
        "/search",
        {"upto": "1", "finds": "all is well", "meaning": "I have read these"},
        {"finds": "nearly"},
        {"signer": "r-haas", "password": PASSWORD},
    ),
)
of_each = pytest.mark.parametrize("form", FORMS, ids=[one.path for one in FORMS])


class Shown(NamedTuple):
    """A form as somebody has it before them: its sender, its id, and what stands in it."""

    form: Form
    browser: Browser
    id: UUID
    typed: dict[str, str]

    def sent(self, **changed: str) -> Response:
        return self.browser.post(self.form.path, command_id=str(self.id), **(self.typed | changed))


def shown(door: Desk, form: Form) -> Shown:
    """A form that can be sent."""
    daybook = door.office.daybook
    daybook.desk.record((ContactNamed(person=COORDINATOR, roles=("coordinator",), site="BER", mail="m.weber@study.example"),), by())
    typed = form.typed | form.secret
    if form.path == "/search":
        door.catches_up()
        typed |= {"upto": str(daybook.views.position())}
    return Shown(form, door.browser(form.person), uuid4(), typed)


def comes_back(answer: Response, form: Form, changed: dict[str, str]) -> bool:
    """Whether what was typed stands on the page."""
    typed = {name: text for name, text in (form.typed | changed).items() if name != "upto" and text}
    return all(f'value="{text}"' in answer.text or f">{text}</textarea>" in answer.text for text in typed.values())


@contextmanager
def broken(door: Desk) -> Iterator[None]:
    """The ledger, while nothing can be recorded in it."""
    path = door.office.daybook.settings.folder / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as ledger:
        ledger.execute("CREATE TRIGGER fails BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'it fails'); END")
        yield
        ledger.execute("DROP TRIGGER fails")


@of_each
def test_what_was_changed_in_a_form_that_was_recorded_already_comes_back_under_another_id(door: Desk, form: Form) -> None:
    before = shown(door, form)
    assert before.sent().status_code in {200, 303}
    head = door.office.daybook.ledger.head()
    again = before.sent(**form.changed)
    assert (again.status_code, "This form was recorded already" in again.text) == (409, True)
    assert comes_back(again, form, form.changed)
    assert str(before.id) not in IDS.findall(again.text)
    assert door.office.daybook.ledger.head() == head


@of_each
def test_what_did_not_get_through_comes_back_under_the_same_id_and_is_recorded_once(door: Desk, form: Form) -> None:
    before = shown(door, form)
    with broken(door):
        answer = before.sent()
    assert (answer.status_code, "This did not get through" in answer.text) == (503, True)
    assert comes_back(answer, form, {})
    assert str(before.id) in IDS.findall(answer.text)
    head = door.office.daybook.ledger.head()
    assert before.sent().status_code in {200, 303}
    recorded = door.office.daybook.ledger.head()
    assert recorded > head
    before.sent()
    assert door.office.daybook.ledger.head() == recorded


@pytest.mark.parametrize("what", ["password", "leave", "withdraw"])
def test_what_an_administrator_could_not_do_is_said_on_the_persons_page(door: Desk, what: str) -> None:
    berg = door.browser(ADMINISTRATOR)
    form = {"role": "coordinator", "site": "BER"} if what == "withdraw" else {}
    with broken(door):
        answer = berg.post(f"/people/{COORDINATOR}/{what}", command_id=str(uuid4()), **form)
    assert (answer.status_code, "This did not get through" in answer.text) == (503, True)
    assert "M. Weber (invented)" in answer.text


def test_a_password_that_was_set_without_showing_the_others_out_is_told_so(door: Desk) -> None:
    mine, other = door.browser(COORDINATOR), door.browser(COORDINATOR)
    chosen = "another four words of mine"
    with broken(door):
        answer = mine.post("/profile/password", password=PASSWORD, chosen=chosen)
    assert (answer.status_code, "could not be shown out" in answer.text, "stays as it was" in answer.text) == (503, True, False)
    assert other.get("/worklist").status_code == 200
    assert door.browser().signs_in(COORDINATOR, chosen).status_code == 303


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        (["malformed"], 422),
        (["malformed", "not-a-date"], 422),
        (["malformed", "password-too-short"], 409),
        (["password-too-short"], 409),
        (["malformed", "too-many"], 429),
    ],
)
def test_what_is_refused_is_answered_to_a_program_as_it_is_to_whoever_sent_a_form(codes: list[str], status: int) -> None:
    refused = Refused(*(Reason(code=code, says="it is refused") for code in codes))
    assert (in_vain(refused).status, problem_of(refused).status) == (status, status)
