"""Erasing at the desk: what goes and what stays is shown first, it is decided by signature, and afterwards every page says so."""

import re
import sqlite3
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from markupsafe import escape

from app.accounts.accesses import Wanted
from app.demo.people import PASSWORD
from domain.doorkeeping import TurnedAway
from domain.keeping import IdentifiersErased
from domain.participant import PARTICIPANT
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Browser, Desk

AUDITOR, CODE = "r-haas", "BER-009"
PATH = "/system/erase"
WHO = {"name": "Erika Mustermann", "phone": "+49 30 1234"}
TYPED = {"participant": CODE, "approved_by": "the data protection officer", "legal_decision": "a court's order", "reason": "as ordered"}
SIGNED = {"meaning": "It is to be erased", "signer": ADMINISTRATOR, "password": PASSWORD}
CONFIRMS = re.compile(r'name="confirmed" value="([^"]+)"')


@pytest.fixture
def named(door: Desk) -> Desk:
    """A participant whose contact data are on record."""
    answer = door.program(COORDINATOR).post(f"/api/participants/{CODE}", json={"site": "BER", "identifiers": WHO})
    assert answer.status_code == 201, answer.text
    return door


def sends(browser: Browser, **typed: str) -> Any:
    return browser.post(PATH, **(TYPED | {"command_id": str(uuid4())} | typed))


def confirms(answer: Any) -> str:
    found = CONFIRMS.search(answer.text)
    assert found, answer.text
    return found[1]


def erases(door: Desk, **typed: str) -> Any:
    """Look at what would be erased, and confirm it."""
    browser, command = door.browser(ADMINISTRATOR), {"command_id": str(uuid4())}
    shown = sends(browser, **command, **typed)
    return sends(browser, **(command | typed | SIGNED | {"confirmed": confirms(shown)}))


def is_named(door: Desk, code: str = CODE) -> bool:
    return any(entry.identifiers for entry in door.office.daybook.ledger.read(PARTICIPANT + code))


def test_what_goes_what_stays_and_until_when_it_is_forbidden_stand_before_the_form(named: Desk) -> None:
    said = named.browser(ADMINISTRATOR).get(PATH).text
    for part in ("Destroyed", "Stays", "nobody has said until when the record is to be kept", "A legal decision orders it"):
        assert part in said


def test_it_is_shown_first_and_nothing_is_erased_by_that(named: Desk) -> None:
    shown = sends(named.browser(ADMINISTRATOR))
    assert shown.status_code == 200
    assert "What would be erased" in shown.text
    assert f"The contact data that were recorded of <b>{CODE}</b>" in shown.text
    assert is_named(named)
    assert not named.office.daybook.desk.erasures()


def test_who_looks_at_what_would_be_erased_is_noted(named: Desk) -> None:
    sends(named.browser(ADMINISTRATOR), command_id=str(uuid4()))
    looks = named.office.accounts.accesses.page(Wanted(("BER",), participant=CODE), 1, 9).rows
    assert [(one.look.person, one.look.what, one.look.site) for one in looks] == [(ADMINISTRATOR, PATH, "BER")]


def test_of_whom_nothing_is_kept_that_is_said(named: Desk) -> None:
    assert "No contact data are kept here of <b>BER-001</b>" in sends(named.browser(ADMINISTRATOR), participant="BER-001").text


@pytest.mark.clause("EMA 2023", "data protection")
@pytest.mark.clause("21 CFR 11", "11.50")
def test_whoever_confirms_by_signature_erases_for_good_and_every_page_says_so(named: Desk) -> None:
    assert is_named(named)
    answer = erases(named)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/system/erasures?done={CODE}")
    assert not is_named(named)
    event, signed = named.office.daybook.desk.erasures()[CODE]
    assert event == IdentifiersErased(participant=CODE, approved_by="the data protection officer", legal_decision="a court's order")
    assert (signed.meaning, signed.authenticated, signed.standing, signed.by.reason) == ("It is to be erased", True, "stands", "as ordered")
    named.catches_up()
    listed = named.browser(AUDITOR).get(answer.headers["location"]).text
    for part in (f"What identifies {CODE} is erased for good", "Key destroyed", "T. Berg (invented)", "As ordered", "a court&#39;s order"):
        assert part in listed
    site = named.browser(COORDINATOR)
    assert "Identity erased" in site.get(f"/participants/{CODE}").text
    assert "Identity erased" not in site.get("/participants/BER-001").text
    assert site.get("/participants").text.count("Identity erased") == 1


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"legal_decision": ""}, "legal_decision", "only a legal decision, named here, goes before that"),
        ({"participant": "BER-999"}, "participant", "there is no participant BER-999"),
        ({"reason": ""}, "reason", "needs a reason"),
    ],
)
def test_what_would_be_refused_is_refused_before_anything_is_shown_or_anybody_proves_who_they_are(
    named: Desk, typed: dict[str, str], field: str, says: str
) -> None:
    browser = named.browser(ADMINISTRATOR)
    answer = sends(browser, **typed)
    assert answer.status_code == 409
    assert says in answer.text.partition(f'id="{field}-fault"')[2].partition("</p>")[0]
    assert not CONFIRMS.search(answer.text)
    for name, value in (TYPED | typed).items():
        assert f'name="{name}" type="text" value="{escape(value)}"' in answer.text
    assert sends(browser, **SIGNED, **typed, confirmed="x").status_code == 409
    assert TurnedAway(person=ADMINISTRATOR) not in named.happened()
    assert is_named(named)


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"participant": "Erika"}, "participant"), ({"approved_by": ""}, "approved_by"), ({"reason": "x" * 2001}, "reason")],
)
def test_what_cannot_be_read_is_named_beside_its_field(named: Desk, typed: dict[str, str], field: str) -> None:
    answer = sends(named.browser(ADMINISTRATOR), **typed)
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text


def test_what_is_confirmed_is_what_was_shown(named: Desk) -> None:
    browser = named.browser(ADMINISTRATOR)
    agreed = confirms(sends(browser))
    for changed in ({"participant": "BER-001"}, {"reason": "for another reason"}, {"legal_decision": "another order"}):
        answer = sends(browser, **(SIGNED | {"confirmed": agreed} | changed))
        assert (answer.status_code, "What would be erased" in answer.text) == (200, True)
    assert not named.office.daybook.desk.erasures()


@pytest.mark.clause("21 CFR 11", "11.200(a)(1)")
def test_a_session_without_the_password_erases_nothing_and_what_was_shown_can_still_be_confirmed(named: Desk) -> None:
    browser, command = named.browser(ADMINISTRATOR), {"command_id": str(uuid4())}
    agreed = {"confirmed": confirms(sends(browser, **command))}
    answer = sends(browser, **(command | SIGNED | agreed | {"password": "a guess of some length"}))
    assert answer.status_code == 409
    assert "not your short name with your password" in answer.text.partition('id="password-fault"')[2]
    assert is_named(named)
    assert confirms(answer) == agreed["confirmed"]
    assert sends(browser, **(command | SIGNED | agreed)).status_code == 303


def test_nobody_is_erased_twice_and_a_form_that_is_sent_twice_erases_once(named: Desk) -> None:
    browser, command = named.browser(ADMINISTRATOR), {"command_id": str(uuid4())}
    agreed = {"confirmed": confirms(sends(browser, **command))}
    assert sends(browser, **(command | SIGNED | agreed)).status_code == 303
    assert sends(browser, **(command | SIGNED | agreed)).status_code == 303
    again = sends(browser)
    assert "was erased before" in again.text.partition('id="participant-fault"')[2].partition("</p>")[0]
    assert len(named.office.daybook.desk.erasures()) == 1


def test_what_was_decided_and_could_not_be_carried_out_is_listed_so_and_is_when_the_form_is_sent_again(named: Desk) -> None:
    browser, command, register = named.browser(ADMINISTRATOR), {"command_id": str(uuid4())}, named.office.daybook.settings.erasures
    agreed = {"confirmed": confirms(sends(browser, **command))}
    register.mkdir()
    answer = sends(browser, **(command | SIGNED | agreed))
    assert (answer.status_code, is_named(named)) == (303, True)
    listed = browser.get(answer.headers["location"]).text
    assert ("Not carried out yet" in listed, "is erased for good" in listed) == (True, False)
    named.catches_up()
    assert "Identity to be erased" in named.browser(COORDINATOR).get("/participants").text
    register.rmdir()
    assert sends(browser, **(command | SIGNED | agreed)).status_code == 303
    assert not is_named(named)


def test_only_who_runs_the_study_erases_and_who_audits_it_sees_what_was(named: Desk) -> None:
    auditor = named.browser(AUDITOR)
    assert auditor.get("/system/erasures").status_code == 200
    assert PATH not in auditor.get("/system/erasures").text
    assert PATH in named.browser(ADMINISTRATOR).get("/system/erasures").text
    for person in (AUDITOR, COORDINATOR):
        assert named.browser(person).get(PATH).status_code == 403
        assert sends(named.browser(person)).status_code == 403
    assert named.browser(COORDINATOR).get("/system/erasures").status_code == 403


@pytest.mark.parametrize(("until", "says"), [("2026-01-05", "Until the end of"), ("2026-01-04", "No more")])
def test_the_last_date_of_keeping_is_told_and_on_the_next_no_legal_decision_is_asked_for(door: Desk, until: str, says: str) -> None:
    kept = {"kind": "retention-set.v1", "until": until}
    assert door.program(ADMINISTRATOR).post("/api/study/commands", json={"events": [kept]}).status_code == 201
    assert says in door.browser(ADMINISTRATOR).get(PATH).text
    answer = sends(door.browser(ADMINISTRATOR), participant="BER-001", legal_decision="")
    assert answer.status_code == (409 if says == "Until the end of" else 200)


def test_a_program_erases_by_signature_and_lists_what_was(named: Desk) -> None:
    event = {"kind": "identifiers-erased.v1"} | {name: TYPED[name] for name in ("participant", "approved_by", "legal_decision")}
    program = named.program(ADMINISTRATOR)
    body = {"events": [event], "reason": "as ordered"}
    unsigned = program.post("/api/study/commands", json=body)
    assert [reason["code"] for reason in unsigned.json()["reasons"]] == ["signature-missing"]
    signature = {"meaning": SIGNED["meaning"], "person": ADMINISTRATOR, "password": PASSWORD}
    assert program.post("/api/study/commands", json=body | {"signature": signature}).status_code == 201
    assert not is_named(named)
    [listed] = named.program(AUDITOR).get("/api/study/erasures").json()["erasures"]
    assert (listed["erased"]["participant"], listed["state"], listed["signature_stands"]) == (CODE, "erased", "stands")
    again = program.post("/api/study/commands", json=body | {"signature": signature | {"password": "a guess"}})
    assert [reason["code"] for reason in again.json()["reasons"]] == ["erased-already"]


def test_a_program_whose_decision_cannot_be_carried_out_is_told_that_it_is_on_record_and_repeats_it_to_no_harm(named: Desk) -> None:
    register = named.office.daybook.settings.erasures
    hindrance = register.with_name(f"{register.name}.lock")
    hindrance.mkdir()
    program, asked = named.program(ADMINISTRATOR), {
        "events": [{"kind": "identifiers-erased.v1", "participant": CODE, "approved_by": "the board", "legal_decision": "an order"}],
        "reason": "as ordered",
        "signature": {"meaning": "It is to be erased", "person": ADMINISTRATOR, "password": PASSWORD},
    }  # fmt: skip
    repeated = {"idempotency-key": str(uuid4())}
    hindered = program.post("/api/study/commands", json=asked, headers=repeated)
    assert (hindered.status_code, hindered.json()["title"][:44]) == (503, "The decision is on record, and need not be m")
    hindrance.rmdir()
    assert program.post("/api/study/commands", json=asked, headers=repeated).status_code == 201
    assert (is_named(named), list(named.office.daybook.desk.erasures())) == (False, [CODE])


def test_while_a_file_of_the_database_may_still_hold_the_key_that_is_said(named: Desk) -> None:
    with closing(sqlite3.connect(named.office.daybook.settings.ledger.removeprefix("sqlite:///"), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchall()
        erases(named)
        assert not is_named(named)
        listed = named.browser(AUDITOR).get(f"/system/erasures?done={CODE}").text
        assert ("Not finished" in listed, "is erased for good" in listed) == (True, False)
    named.office.daybook.erasures.carry_out()
    listed = named.browser(AUDITOR).get(f"/system/erasures?done={CODE}").text
    assert ("Key destroyed" in listed, "is erased for good" in listed) == (True, True)
