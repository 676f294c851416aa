"""Whoever gave a password signs nothing in another's name: an account signs once somebody else has vouched for it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.demo.people import PASSWORD
from app.staff import codes_of
from domain.doorkeeping import AccessRefused
from domain.people import AccessGiven, IdentityVerified, PersonAdmitted, RoleGranted
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, ELSEWHERE, INVESTIGATOR, Browser, Desk, by
from tests.app.web.test_signing import MEANING, PATH, deviating, last, signs, waiting
from tests.app.web.test_staff import GIVEN
from tests.builders import START

__all__ = ["deviating"]
CHOSEN = "four words of my own choice"
OTHER = "o-other"


def reset(door: Desk, person: str) -> str:
    """An administrator gives somebody another password."""
    found = GIVEN.search(door.browser(ADMINISTRATOR).post(f"/people/{person}/password", command_id=str(uuid4())).text)
    assert found
    return found[1]


def comes_in(door: Desk, person: str) -> Browser:
    """Whoever knows the password that was given comes in by it, and chooses another."""
    browser = door.browser()
    assert browser.signs_in(person, reset(door, person), chosen=CHOSEN).status_code == 303
    return browser


def code_of(door: Desk, person: str) -> str:
    return door.office.accounts.sessions.of(person)[0].code


def vouches(door: Desk, voucher: str, person: str, code: str, password: str = PASSWORD) -> int:
    typed = {"command_id": str(uuid4()), "person": person, "code": code, "signer": voucher, "password": password}
    return door.browser(voucher).post("/vouching", **typed).status_code


@pytest.fixture
def admins(door: Desk) -> Desk:
    """Another administrator, for whom somebody has vouched, stands beside the one."""
    granted = RoleGranted(person=OTHER, role="administrator", delegated=START.date(), trained=START.date())
    door.office.daybook.people.record((PersonAdmitted(person=OTHER, name="O. Other"), granted), by())
    door.office.daybook.people.record((IdentityVerified(person=OTHER),), by(INVESTIGATOR))
    door.office.accounts.passwords.set(OTHER, PASSWORD, chosen=True)
    return door


@pytest.mark.clause("21 CFR 11", "11.200(a)(3)", "11.100(a)")
@pytest.mark.clause("EMA 2023", "user management")
def test_an_administrator_who_resets_a_password_and_comes_in_by_it_signs_nothing_in_that_name(deviating: Desk) -> None:
    thief, before = comes_in(deviating, INVESTIGATOR), last(deviating).version
    command = waiting(deviating).model_dump(mode="json")
    token = deviating.program(INVESTIGATOR)
    signed = token.post(PATH, json={"command": command, "signature": {"meaning": MEANING, "password": CHOSEN}})
    assert (signed.status_code, [one["code"] for one in signed.json()["reasons"]]) == (403, ["not-vouched-for"])
    assert last(deviating).version == before
    assert thief.get("/participants/BER-001").status_code == 200, "everything else can be done"


@pytest.mark.clause("21 CFR 11", "11.100(b)")
@pytest.mark.clause("FDA Q&A 2024", "identity")
def test_once_another_person_has_vouched_the_account_signs_again(deviating: Desk, admins: Desk) -> None:
    comes_in(deviating, INVESTIGATOR)
    assert vouches(admins, OTHER, INVESTIGATOR, code_of(deviating, INVESTIGATOR)) == 303
    assert signs(deviating, deviating.program(INVESTIGATOR), CHOSEN).status_code == 201
    entry = deviating.office.daybook.ledger.read(deviating.office.daybook.people.stream)[-1]
    assert (entry.event, entry.circumstances.actor.id) == (IdentityVerified(person=INVESTIGATOR), OTHER)
    assert entry.circumstances.signature
    assert entry.circumstances.signature.authenticated


def test_neither_who_gave_the_password_nor_the_person_vouches_and_that_they_tried_is_on_record(admins: Desk) -> None:
    comes_in(admins, INVESTIGATOR)
    code = code_of(admins, INVESTIGATOR)
    assert vouches(admins, ADMINISTRATOR, INVESTIGATOR, code) == 409
    assert vouches(admins, INVESTIGATOR, INVESTIGATOR, code, CHOSEN) == 409
    assert admins.happened()[-1] == AccessRefused(person=ADMINISTRATOR, action="vouch")
    assert not admins.office.daybook.people.current().persons[INVESTIGATOR].verified


@pytest.mark.parametrize("person", [COORDINATOR, "r-haas", "d-okoro"])
def test_who_has_no_such_right_vouches_for_nobody(admins: Desk, person: str) -> None:
    comes_in(admins, ELSEWHERE)
    assert vouches(admins, person, ELSEWHERE, code_of(admins, ELSEWHERE)) == 403
    assert AccessRefused(person=person, action="vouch") in admins.happened()


def test_an_investigator_vouches_for_whoever_works_at_their_site(door: Desk) -> None:
    comes_in(door, COORDINATOR)
    assert vouches(door, INVESTIGATOR, COORDINATOR, f" {code_of(door, COORDINATOR).upper()} ") == 303
    assert door.office.daybook.people.current().persons[COORDINATOR].verified


def test_nobody_vouches_who_is_not_vouched_for_themselves(admins: Desk) -> None:
    comes_in(admins, INVESTIGATOR)
    comes_in(admins, COORDINATOR)
    assert vouches(admins, INVESTIGATOR, COORDINATOR, code_of(admins, COORDINATOR), CHOSEN) == 409
    assert not admins.office.daybook.people.current().persons[COORDINATOR].verified


def test_a_stolen_session_vouches_for_nobody(admins: Desk) -> None:
    comes_in(admins, INVESTIGATOR)
    assert vouches(admins, OTHER, INVESTIGATOR, code_of(admins, INVESTIGATOR), "a guess of some length") == 409
    assert not admins.office.daybook.people.current().persons[INVESTIGATOR].verified


@pytest.mark.parametrize("code", ["", "00000000", "another's"])
def test_whoever_vouches_is_shown_the_code_that_only_the_account_shows(admins: Desk, code: str) -> None:
    comes_in(admins, INVESTIGATOR)
    admins.program(OTHER)
    typed = code_of(admins, OTHER) if code == "another's" else code
    assert vouches(admins, OTHER, INVESTIGATOR, typed) == 409
    assert not admins.office.daybook.people.current().persons[INVESTIGATOR].verified


def test_whoever_took_a_password_that_another_chose_chooses_one_before_the_code_is_shown(admins: Desk) -> None:
    """The administrator came in first, chose a password, and told the person that it is theirs."""
    comes_in(admins, INVESTIGATOR)
    admins.clock.move(minutes=1)
    adler = admins.browser()
    assert adler.signs_in(INVESTIGATOR, CHOSEN).status_code == 303
    mine = admins.office.accounts.sessions.of(INVESTIGATOR)[0].code
    assert mine not in adler.get("/profile").text
    assert vouches(admins, OTHER, INVESTIGATOR, mine) == 409
    assert adler.post("/profile/password", password=CHOSEN, chosen="what nobody else knows").status_code == 303
    assert mine in adler.get("/profile").text
    assert [one.code for one in admins.office.accounts.sessions.of(INVESTIGATOR)] == [mine], "the administrator is out"
    assert vouches(admins, OTHER, INVESTIGATOR, mine) == 303


@pytest.mark.parametrize(("seconds", "shown"), [(5, True), (6, False)])
def test_a_session_counts_as_the_one_in_which_a_password_was_chosen_for_five_seconds(door: Desk, seconds: int, *, shown: bool) -> None:
    comes_in(door, INVESTIGATOR)
    door.clock.move_to(door.clock() + timedelta(seconds=seconds))
    door.program(INVESTIGATOR)
    latest = door.office.accounts.sessions.of(INVESTIGATOR)[0].code
    assert (latest in codes_of(door.office.accounts, door.office.daybook.people, INVESTIGATOR)) == shown


def test_no_page_of_an_administrators_shows_the_code_of_another(admins: Desk) -> None:
    code = (comes_in(admins, INVESTIGATOR), code_of(admins, INVESTIGATOR))[1]
    berg = admins.browser(ADMINISTRATOR)
    for path in ("/people", f"/people/{INVESTIGATOR}", "/vouching", "/profile"):
        assert code not in berg.get(path).text


def test_no_program_of_an_administrators_records_that_an_identity_was_verified(door: Desk) -> None:
    reset(door, INVESTIGATOR)
    for event in (IdentityVerified(person=INVESTIGATOR), AccessGiven(person=INVESTIGATOR)):
        answer = door.program(ADMINISTRATOR).post("/api/people/commands", json={"events": [event.model_dump(mode="json")]})
        assert answer.status_code == 422
    assert not door.office.daybook.people.current().persons[INVESTIGATOR].verified


def test_the_profile_the_persons_page_and_the_form_say_why_nothing_is_signed_and_who_can_help(deviating: Desk, admins: Desk) -> None:
    mine = comes_in(deviating, INVESTIGATOR)
    says = f"go and see {OTHER}"
    assert says in mine.get("/profile").text
    assert code_of(deviating, INVESTIGATOR) in mine.get("/profile").text
    assert says in mine.get("/participants/BER-001/deviations").text
    assert says in admins.browser(ADMINISTRATOR).get(f"/people/{INVESTIGATOR}").text
    assert "Signs nothing yet" in admins.browser(ADMINISTRATOR).get("/people").text
    assert "You cannot sign yet" not in admins.browser(OTHER).get("/profile").text


def test_the_first_administrator_works_and_signs_nothing_until_the_machines_operator_vouches(new_door: Desk) -> None:
    typed = {"person": "t-first", "name": "T. First", "password": CHOSEN, "code": new_door.code()}
    browser = new_door.browser()
    assert browser.sets_up(**typed).status_code == 303
    assert "daybook people vouch t-first CODE" in browser.get("/profile").text
    assert "You cannot vouch for anybody yet" in browser.get("/vouching").text
    operators = by("operator")
    new_door.office.daybook.people.record((IdentityVerified(person="t-first", operator="O. Perator"),), operators)
    assert "You cannot vouch for anybody yet" not in browser.get("/vouching").text
