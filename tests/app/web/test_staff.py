import re
from datetime import timedelta
from uuid import uuid4

import pytest

from app.demo.people import PASSWORD
from domain.doorkeeping import CalendarAddressTakenBack, DoorEvent, PasswordSet, SignedOut, Unlocked
from domain.people import AccessGiven, PersonAdmitted, PersonLeft, RoleGranted, RoleWithdrawn
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, INVESTIGATOR, Browser, Desk, by
from tests.builders import START

TODAY = START.date()
GIVEN = re.compile(r"<code>([a-z0-9]{5}(?:-[a-z0-9]{5}){3})</code>")
NEW = {"person": "n-new", "name": "N. New", "mail": "n.new@study.example"}


@pytest.fixture
def berg(door: Desk) -> Browser:
    return door.browser(ADMINISTRATOR)


def sends(browser: Browser, path: str, **typed: str) -> int:
    return browser.post(path, command_id=str(uuid4()), **typed).status_code


def test_whoever_is_admitted_gets_a_password_that_is_shown_once_and_opens_only_the_way_to_another(door: Desk, berg: Browser) -> None:
    shown = berg.post("/people", command_id=str(uuid4()), **NEW)
    found = GIVEN.search(shown.text)
    assert found
    assert found[1] not in berg.get("/people/n-new").text
    assert "Choose a password" in door.browser().signs_in("n-new", found[1]).text
    entry, given = door.office.daybook.ledger.read(door.office.daybook.people.stream)[-2:]
    assert (entry.event, given.event) == (PersonAdmitted.model_validate(NEW), AccessGiven(person="n-new"))
    assert (entry.circumstances.actor.id, entry.circumstances.actor.role) == (ADMINISTRATOR, "administrator")
    assert (entry.circumstances.source, entry.circumstances.assurance) == ("web", "password")


def test_a_form_that_is_sent_twice_is_recorded_once_and_shows_no_second_password(door: Desk, berg: Browser) -> None:
    form = NEW | {"command_id": str(uuid4())}
    first, again = berg.post("/people", **form), berg.post("/people", **form)
    assert (first.status_code, again.status_code) == (200, 303)
    assert len([person for person in door.office.daybook.people.current().persons if person == "n-new"]) == 1
    version = door.office.daybook.people.current().version
    changed = berg.post("/people", **form | {"name": "Somebody Else"})
    assert changed.status_code == 409
    assert door.office.daybook.people.current().version == version


def test_to_put_a_name_right_gives_no_password_anew(door: Desk, berg: Browser) -> None:
    assert sends(berg, "/people", person=COORDINATOR, name="M. Weber-Roth") == 303
    assert door.office.daybook.people.current().persons[COORDINATOR].name == "M. Weber-Roth"
    assert door.browser().signs_in(COORDINATOR).status_code == 303


def test_a_role_is_delegated_and_withdrawn_and_can_be_used_at_once(door: Desk, berg: Browser) -> None:
    weber = door.browser(COORDINATOR)
    assert weber.get("/participants/SAO-001").status_code == 404
    day = str(TODAY)
    assert sends(berg, f"/people/{COORDINATOR}/grant", role="coordinator", site="SAO", delegated=day, trained=day) == 303
    assert weber.get("/participants/SAO-001").status_code == 200
    assert sends(berg, f"/people/{COORDINATOR}/withdraw", role="coordinator", site="SAO") == 303
    assert weber.get("/participants/SAO-001").status_code == 404
    recorded = [entry.event for entry in door.office.daybook.ledger.read(door.office.daybook.people.stream)[-2:]]
    role = {"person": COORDINATOR, "role": "coordinator", "site": "SAO"}
    assert recorded == [RoleGranted.model_validate(role | {"delegated": TODAY, "trained": TODAY}), RoleWithdrawn.model_validate(role)]


@pytest.mark.clause("ICH E6(R3)", "4.2.1")
def test_what_was_typed_is_kept_and_each_fault_stands_beside_its_field(berg: Browser) -> None:
    path = f"/people/{COORDINATOR}/grant"
    said = berg.post(path, command_id=str(uuid4()), role="coordinator", site="SAO", delegated="2026-13-01", trained="soon")
    assert said.status_code == 422
    assert 'id="delegated-fault"' in said.text
    assert 'id="trained-fault"' in said.text
    assert 'value="2026-13-01"' in said.text
    wrong = berg.post("/people", command_id=str(uuid4()), person="N New", name="", mail="nobody")
    assert [f'id="{field}-fault"' in wrong.text for field in ("person", "name", "mail")] == [True] * 3
    assert 'value="N New"' in wrong.text


def test_the_last_administrator_neither_leaves_nor_loses_the_role(door: Desk, berg: Browser) -> None:
    for what, typed in (("leave", {}), ("withdraw", {"role": "administrator"})):
        said = berg.post(f"/people/{ADMINISTRATOR}/{what}", command_id=str(uuid4()), **typed)
        assert said.status_code == 409
        assert "omebody must remain who can admit others" in said.text
    assert door.browser(ADMINISTRATOR).get("/people").status_code == 200


def test_whoever_leaves_is_shown_out_and_what_they_recorded_stays(door: Desk, berg: Browser) -> None:
    weber, entries = door.browser(COORDINATOR), door.office.daybook.ledger.head()
    assert sends(berg, f"/people/{COORDINATOR}/leave") == 303
    assert weber.get("/worklist").status_code == 303
    assert door.office.accounts.sessions.of(COORDINATOR) == []
    assert door.office.daybook.ledger.head() == entries + 2
    assert door.happened() == [SignedOut(person=COORDINATOR)]
    assert door.office.daybook.ledger.read(door.office.daybook.people.stream)[-1].event == PersonLeft(person=COORDINATOR)


@pytest.mark.clause("21 CFR 11", "11.300(c)", "11.300(b)")
def test_another_password_ends_every_session_and_says_on_record_who_gave_it(door: Desk, berg: Browser) -> None:
    weber = door.browser(COORDINATOR)
    form = {"command_id": str(uuid4())}
    shown = berg.post(f"/people/{COORDINATOR}/password", **form)
    found = GIVEN.search(shown.text)
    assert found
    assert weber.get("/worklist").status_code == 303
    assert door.browser().signs_in(COORDINATOR).status_code == 403, "the password before opens nothing"
    entry = door.office.daybook.ledger.read(door.office.daybook.people.stream)[-1]
    assert entry.event == AccessGiven(person=COORDINATOR)
    assert entry.circumstances.actor.id == ADMINISTRATOR
    assert berg.post(f"/people/{COORDINATOR}/password", **form).status_code == 303, "sent again, it gives none anew"
    assert "Choose a password" in door.browser().signs_in(COORDINATOR, found[1]).text


def test_an_id_under_which_something_else_was_done_is_a_conflict_and_no_password_that_was_only_seemingly_given(
    door: Desk, berg: Browser
) -> None:
    form = {"command_id": str(uuid4())}
    assert berg.post(f"/people/{COORDINATOR}/withdraw", role="coordinator", site="BER", **form).status_code == 303
    assert berg.post(f"/people/{COORDINATOR}/password", **form).status_code == 409
    assert door.happened() == []
    assert door.browser().signs_in(COORDINATOR).status_code == 303, "the password is the one before"


def test_every_form_about_somebody_has_an_id_of_its_own(door: Desk, berg: Browser) -> None:
    door.browser(COORDINATOR)
    ids = re.findall(r'name="command_id" value="([^"]+)"', berg.get(f"/people/{COORDINATOR}").text)
    assert len(ids) >= 5
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("what", ["password", "leave"])
def test_whoever_is_shown_out_sees_nothing_by_their_calendars_secret_address_either(door: Desk, berg: Browser, what: str) -> None:
    address = f"/calendar/{door.office.accounts.calendars.give(COORDINATOR)}.ics"
    assert door.browser().get(address).status_code == 200
    assert sends(berg, f"/people/{COORDINATOR}/{what}") in {200, 303}
    assert sends(berg, "/people", person=COORDINATOR, name="M. Weber") == 303, "they are here, or here again"
    assert door.browser().get(address).status_code == 404


def gives_up(door: Desk, typed: dict[str, str] | None, path: str) -> list[DoorEvent]:
    """What is recorded while somebody who has the address of a calendar sends a form of their profile; the address opens nothing then."""
    address = f"/calendar/{door.office.accounts.calendars.give(COORDINATOR)}.ics"
    mine = door.browser(COORDINATOR)
    assert door.browser().get(address).status_code == 200
    assert mine.post(path, **(typed or {})).status_code == 303
    assert door.browser().get(address).status_code == 404
    return door.happened()


def test_whoever_chooses_another_password_gives_up_the_address_that_was_asked_for_under_the_one_before(door: Desk) -> None:
    happened = gives_up(door, {"password": PASSWORD, "chosen": "another four words of mine"}, "/profile/password")
    assert happened == [PasswordSet(person=COORDINATOR, chosen=True), CalendarAddressTakenBack(person=COORDINATOR)]
    assert "if you had one, opens nothing any more" in door.browser(COORDINATOR).get("/profile?changed=password").text


def test_whoever_ends_all_others_gives_up_the_address_that_one_of_them_may_have_asked_for(door: Desk) -> None:
    door.browser(COORDINATOR)
    happened = gives_up(door, None, "/profile/sessions")
    assert happened == [CalendarAddressTakenBack(person=COORDINATOR), SignedOut(person=COORDINATOR)]
    door.browser(COORDINATOR)
    assert "then opens nothing any more" in door.browser(COORDINATOR).get("/profile").text


def test_whoever_ends_one_other_session_keeps_their_address(door: Desk) -> None:
    secret = door.office.accounts.calendars.give(COORDINATOR)
    mine = door.browser(COORDINATOR)
    door.clock.move(seconds=1)
    door.browser(COORDINATOR)
    latest = door.office.accounts.sessions.of(COORDINATOR)[0]
    assert mine.post("/profile/sessions", session=latest.digest).status_code == 303
    assert door.happened() == [SignedOut(person=COORDINATOR)]
    assert door.office.accounts.calendars.whose(secret) == COORDINATOR


def test_somebody_who_is_locked_out_is_let_try_again(door: Desk, berg: Browser) -> None:
    for _ in range(5):
        door.browser().signs_in(COORDINATOR, "this is not the password")
    assert "Locked" in berg.get("/people").text
    assert sends(berg, f"/people/{COORDINATOR}/unlock") == 303
    assert "Locked" not in berg.get("/people").text
    assert door.happened()[-1] == Unlocked(person=COORDINATOR)
    assert door.browser().signs_in(COORDINATOR).status_code == 303


def test_an_administrator_ends_one_session_of_somebody_or_all(door: Desk, berg: Browser) -> None:
    first, second, third = (door.browser(COORDINATOR) for _ in range(3))
    one = door.office.accounts.sessions.of(COORDINATOR)[0]
    assert sends(berg, f"/people/{INVESTIGATOR}/sessions", session=one.digest) == 303
    assert len(door.office.accounts.sessions.of(COORDINATOR)) == 3, "it is not that person's"
    assert sends(berg, f"/people/{COORDINATOR}/sessions", session=one.digest) == 303
    assert len(door.office.accounts.sessions.of(COORDINATOR)) == 2
    assert sends(berg, f"/people/{COORDINATOR}/sessions") == 303
    assert [browser.get("/worklist").status_code for browser in (first, second, third)] == [303] * 3
    assert door.happened() == [SignedOut(person=COORDINATOR), SignedOut(person=COORDINATOR, sessions=2)]


def test_the_review_says_what_was_known_by_the_end_of_a_day(door: Desk, berg: Browser) -> None:
    assert "Coordinator" in berg.get("/access").text
    door.clock.move(days=1)
    berg = door.browser(ADMINISTRATOR)
    assert sends(berg, f"/people/{COORDINATOR}/withdraw", role="coordinator", site="BER") == 303
    before, after = berg.get(f"/access?on={TODAY}").text, berg.get(f"/access?on={TODAY + timedelta(days=1)}").text
    row = f'href="/people/{COORDINATOR}"'
    assert (row in before, row in after) == (True, False)
    assert "Nobody had a role by then" in berg.get(f"/access?on={TODAY - timedelta(days=1)}").text
    for typed in ("yesterday", "9999-12-31", "0001-01-01"):
        assert "write a date as 2026-03-01" in berg.get(f"/access?on={typed}").text


def test_one_ends_ones_other_sessions_and_keeps_ones_own(door: Desk) -> None:
    mine, other, third = (door.browser(COORDINATOR) for _ in range(3))
    theirs = door.browser(INVESTIGATOR)
    assert mine.post("/profile/sessions").status_code == 303
    assert [one.get("/worklist").status_code for one in (mine, other, third, theirs)] == [200, 303, 303, 200]
    assert door.happened() == [SignedOut(person=COORDINATOR, sessions=2)]


def test_one_changes_ones_password_by_the_present_one_and_every_other_session_ends(door: Desk) -> None:
    mine, other = door.browser(COORDINATOR), door.browser(COORDINATOR)
    new = "another four words of mine"
    assert mine.post("/profile/password", password="not the present one", chosen=new).status_code == 409
    assert mine.post("/profile/password", password="synthetic people only", chosen="short").status_code == 409
    assert mine.post("/profile/password", password="synthetic people only", chosen="synthetic people only").status_code == 409
    assert mine.post("/profile/password", password="synthetic people only", chosen=new).headers["location"] == "/profile?changed=password"
    assert [one.get("/worklist").status_code for one in (mine, other)] == [200, 303]
    assert door.browser().signs_in(COORDINATOR, new).status_code == 303


@pytest.mark.parametrize(
    ("person", "place"), [(COORDINATOR, "/worklist"), (ADMINISTRATOR, "/people"), ("r-haas", "/worklist"), ("n-new", "/profile")]
)
def test_everybody_begins_at_a_place_that_is_theirs(door: Desk, person: str, place: str) -> None:
    door.office.daybook.people.record((PersonAdmitted(person="n-new", name="N. New"),), by())
    browser = door.browser(person)
    assert browser.get("/").headers["location"] == place
    assert browser.get(place).status_code == 200


@pytest.mark.parametrize("person", ["nobody-here", "x" * 10_000, "%00", "..%2f"])
def test_a_page_about_nobody_is_not_found(berg: Browser, person: str) -> None:
    assert berg.get(f"/people/{person}").status_code == 404
    assert sends(berg, f"/people/{person}/password") in {404, 409}


def test_script_in_a_name_is_shown_as_text(berg: Browser) -> None:
    assert sends(berg, "/people", person="n-new", name="<script>alert(1)</script>") == 200
    for path in ("/people", "/people/n-new", "/access"):
        assert "<script>alert" not in berg.get(path).text
    assert "&lt;script&gt;alert(1)" in berg.get("/people").text
