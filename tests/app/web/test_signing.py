"""A signature is its signer's alone: a stolen session, an administrator or a guess signs nothing."""

import json
from hashlib import sha256
from typing import Any

import pytest

from app.accounts.passwords import FAILURES
from app.demo.people import PASSWORD
from domain.commands import RecordDeviation, ReviewDeviation
from domain.doorkeeping import AccessRefused, TurnedAway
from domain.entry import Entry
from domain.events import DeviationDetails, Event
from domain.signatures import to_sign
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, INVESTIGATOR, Browser, Client, Desk, by
from tests.app.web.reading_forms import Forms

MEANING = "I have read this and agree"
PATH, PAGE = "/api/participants/BER-001/commands", "/participants/BER-001/deviations"
FOUND = RecordDeviation(says="the chart was read late", category="procedure", details=DeviationDetails())


@pytest.fixture
def deviating(door: Desk) -> Desk:
    """A deviation at BER waits for the investigator's review."""
    answer = door.program(COORDINATOR).post(PATH, json={"command": FOUND.model_dump(mode="json")})
    assert answer.status_code == 201, answer.text
    return door


def waiting(door: Desk) -> ReviewDeviation:
    [known] = door.office.daybook.participants.read("BER-001").participant.deviations.values()
    return ReviewDeviation(key=known.key, entry=known.told_in)


def signs(door: Desk, client: Client, password: str | None, person: str = INVESTIGATOR) -> Any:
    signed = {} if password is None else {"signature": {"meaning": MEANING, "password": password, "person": person}}
    return client.post(PATH, json={"command": waiting(door).model_dump(mode="json")} | signed)


def last(door: Desk) -> Entry[Event]:
    return door.office.daybook.participants.read("BER-001").entries[-1]


@pytest.mark.clause("21 CFR 11", "11.50")
@pytest.mark.clause("FDA Q&A 2024", "signatures")
@pytest.mark.clause("EU Annex 11", "14")
@pytest.mark.clause("EMA 2023", "electronic signatures")
def test_a_signature_bears_name_meaning_and_the_digest_of_what_was_signed_and_was_proved(deviating: Desk) -> None:
    said = {"participant": "BER-001", "request": waiting(deviating).model_dump(mode="json"), "reason": None, "document": None}
    said |= {"performed_by": None, "witnessed_by": None}
    assert signs(deviating, deviating.program(INVESTIGATOR), PASSWORD).status_code == 201
    by = last(deviating).circumstances
    assert by.signature
    assert (by.signature.name, by.signature.meaning, by.signature.authenticated) == ("K. Adler (invented)", MEANING, True)
    assert by.signature.signed == sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    assert (by.actor.id, by.actor.role, by.assurance) == (INVESTIGATOR, "investigator", "password")


@pytest.mark.parametrize(
    ("password", "code"), [(None, "signature-missing"), ("", "wrong-password"), ("a guess of some length", "wrong-password")]
)
def test_a_session_without_the_password_signs_nothing(deviating: Desk, password: str | None, code: str) -> None:
    before = last(deviating).version
    answer = signs(deviating, deviating.program(INVESTIGATOR), password)
    assert [reason["code"] for reason in answer.json()["reasons"]] == [code]
    assert last(deviating).version == before


@pytest.mark.clause("21 CFR 11", "11.200(a)(1)")
@pytest.mark.clause("EMA 2023", "electronic signatures")
def test_a_stolen_session_cookie_signs_nothing_by_the_form_either_which_the_password_does(deviating: Desk) -> None:
    browser, before, sheet = deviating.browser(INVESTIGATOR), last(deviating).version, f"review:{waiting(deviating).key}"
    shown = Forms(browser.get(PAGE).text).found[sheet].typed
    stolen = browser.client.post(PAGE, data=shown | {"signer": INVESTIGATOR, "password": "a guess of some length"})
    assert (stolen.status_code, "not your short name with your password" in stolen.text) == (409, True)
    assert (last(deviating).version, deviating.happened()) == (before, [TurnedAway(person=INVESTIGATOR)])
    again = Forms(stolen.text).found[sheet].typed
    assert browser.client.post(PAGE, data=again | {"signer": INVESTIGATOR, "password": PASSWORD}).status_code == 303
    assert last(deviating).version > before
    assert last(deviating).circumstances.signature


BOTH = {"signer": INVESTIGATOR, "password": PASSWORD}


def reviews(door: Desk) -> tuple[str, str]:
    """Two deviations wait for their reviews, each with a form of its own."""
    door.program(COORDINATOR).post(PATH, json={"command": FOUND.model_dump(mode="json")})
    first, second = door.office.daybook.participants.read("BER-001").participant.deviations
    return f"review:{first}", f"review:{second}"


def form(browser: Browser, sheet: str) -> dict[str, list[str]]:
    return Forms(browser.get(PAGE).text).found[sheet].typed


@pytest.mark.clause("21 CFR 11", "11.200(a)(1)(i)")
def test_the_first_signature_of_a_session_takes_short_name_and_password_and_those_that_follow_the_password(deviating: Desk) -> None:
    first, second = reviews(deviating)
    browser = deviating.browser(INVESTIGATOR)
    shown = form(browser, first)
    assert (shown["signer"], shown["password"]) == ([""], [""]), "nothing is filled in"
    alone = browser.client.post(PAGE, data=shown | {"password": PASSWORD})
    assert (alone.status_code, "takes your short name as well as your password" in alone.text) == (409, True)
    assert not deviating.happened(), "nothing was tried, so nothing counts as wrong"
    assert browser.client.post(PAGE, data=shown | BOTH).status_code == 303
    following = form(browser, second)
    assert "signer" not in following
    assert browser.client.post(PAGE, data=following | {"password": PASSWORD}).status_code == 303


@pytest.mark.clause("21 CFR 11", "11.200(a)(1)(ii)")
def test_each_session_begins_with_a_signature_by_both_and_what_was_not_recorded_was_none(deviating: Desk) -> None:
    first, second = reviews(deviating)
    for sheet in (first, second):
        browser = deviating.browser(INVESTIGATOR)
        refused = browser.client.post(PAGE, data=form(browser, sheet) | BOTH | {"password": "a guess of some length"})
        assert Forms(refused.text).found[sheet].typed["signer"] == [""]
        assert browser.client.post(PAGE, data=form(browser, sheet) | BOTH).status_code == 303


@pytest.mark.parametrize("person", [COORDINATOR, "K-ADLER", "K. Adler (invented)"])
def test_a_short_name_that_is_not_theirs_is_refused_as_a_wrong_password_is_and_counted(deviating: Desk, person: str) -> None:
    client = deviating.program(INVESTIGATOR)
    named, guessed = signs(deviating, client, PASSWORD, person), signs(deviating, client, "a guess of some length")
    assert (named.status_code, named.json()) == (403, guessed.json())
    assert deviating.happened() == [TurnedAway(person=INVESTIGATOR)] * 2
    for _ in range(FAILURES - 2):
        signs(deviating, client, PASSWORD, person)
    assert signs(deviating, client, PASSWORD).json()["reasons"][0]["code"] == "locked"


@pytest.mark.clause("21 CFR 11", "11.300(d)")
def test_wrong_passwords_at_signing_lock_the_account_and_are_on_record(deviating: Desk) -> None:
    client = deviating.program(INVESTIGATOR)
    for _ in range(FAILURES):
        signs(deviating, client, "a guess of some length")
    assert signs(deviating, client, PASSWORD).json()["reasons"][0]["code"] == "locked"
    assert deviating.browser().signs_in(INVESTIGATOR).status_code == 403
    failed = [event for event in deviating.happened() if isinstance(event, TurnedAway)]
    assert failed == [*[TurnedAway(person=INVESTIGATOR)] * 4, TurnedAway(person=INVESTIGATOR, locked=True)]


@pytest.mark.parametrize("person", [ADMINISTRATOR, COORDINATOR, "d-okoro", "r-haas"])
def test_nobody_but_an_investigator_signs_a_judgement_and_that_they_tried_is_on_record(deviating: Desk, person: str) -> None:
    before = last(deviating).version
    assert signs(deviating, deviating.program(person), PASSWORD, person).status_code in {403, 404}
    assert last(deviating).version == before
    [refused] = deviating.happened()
    assert isinstance(refused, AccessRefused)
    assert refused.person == person


def test_an_administrator_signs_nothing_by_the_password_that_they_gave_somebody(deviating: Desk) -> None:
    """Whoever was given a password must choose another before anything is signed, and sessions from before are over."""
    stolen = deviating.program(INVESTIGATOR)
    given = deviating.office.accounts.passwords.give(INVESTIGATOR)
    answer = signs(deviating, stolen, given)
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "not-chosen")


def test_the_same_signed_command_sent_again_is_recorded_once_and_still_takes_the_password(deviating: Desk) -> None:
    client, key = deviating.program(INVESTIGATOR), "6f1c2a52-3a0f-4d11-9e4e-0f0c5d3f9a10"
    client.headers["idempotency-key"] = key
    body = {
        "command": waiting(deviating).model_dump(mode="json"),
        "signature": {"meaning": MEANING, "password": PASSWORD, "person": INVESTIGATOR},
    }
    first, again = client.post(PATH, json=body), client.post(PATH, json=body)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    body["signature"] = {"meaning": MEANING, "password": "a guess of some length"}
    assert client.post(PATH, json=body).status_code == 403


@pytest.mark.parametrize(
    ("tag", "status"), [("3", 412), ('"3"', 412), ("4", 412), ("5", 201), ('"5"', 201), ("x", 422), ("-1", 422), ("9" * 50, 201)]
)
def test_a_command_says_which_version_its_asker_has_seen(deviating: Desk, tag: str, status: int) -> None:
    """Registered, adopted, consented, and the deviation in two entries, of which the last is the sixth or before."""
    client = deviating.program(COORDINATOR)
    client.headers["if-match"] = tag.replace("5", str(last(deviating).version))
    answer = client.post(PATH, json={"command": FOUND.model_dump(mode="json")})
    assert answer.status_code == status, answer.text


def test_an_id_of_a_command_that_was_used_for_something_else_is_a_conflict(deviating: Desk) -> None:
    client = deviating.program(COORDINATOR)
    client.headers["idempotency-key"] = "6f1c2a52-3a0f-4d11-9e4e-0f0c5d3f9a11"
    body = {"command": FOUND.model_dump(mode="json")}
    first, again = client.post(PATH, json=body), client.post(PATH, json=body)
    assert (first.status_code, first.json()) == (201, again.json())
    other = client.post(PATH, json=body | {"reason": "another"})
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")


@pytest.mark.parametrize("other", [{"reason": "another"}, {"document": "a"}, {"performed_by": "a"}, {"witnessed_by": "a"}])
def test_a_signature_binds_why_from_what_and_by_whom_as_well(other: dict[str, str]) -> None:
    plain = by("k-adler", "why")
    said = plain.model_copy(update=other)
    assert to_sign("BER-001", FOUND, said) != to_sign("BER-001", FOUND, plain)
    assert to_sign("BER-002", FOUND, plain) != to_sign("BER-001", FOUND, plain)
