"""Whoever looks at a participant is noted before they are answered; auditors and administrators read that."""

import pytest

from app.accounts.accesses import Look
from app.web.needs import OF_PARTICIPANTS
from domain.doorkeeping import AccessesSealed
from domain.words import PersonsRole
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, ELSEWHERE, Desk
from tests.app.web.test_rights import ALL

AUDITOR: PersonsRole = "auditor"
BER = "/participants/BER-001"


def noted(desk: Desk) -> list[Look]:
    return [one.look for one in desk.office.accounts.accesses.all()]


@pytest.mark.clause("ICH E6(R3)", "4.2.2")
@pytest.mark.clause("FDA Q&A 2024", "access and logs")
def test_whoever_looks_at_a_participant_on_a_page_or_by_the_interface_is_noted(door: Desk) -> None:
    door.browser(COORDINATOR).get(f"{BER}/history?at=1")
    door.program(COORDINATOR).get("/api/participants/BER-001")
    door.browser(COORDINATOR).get("/worklist")
    assert noted(door) == [
        Look(COORDINATOR, f"{BER}/history", "web", "BER-001", "BER"),
        Look(COORDINATOR, "/api/participants/BER-001", "api", "BER-001", "BER"),
        Look(COORDINATOR, "/worklist", "web"),
    ]


def test_what_a_page_asks_for_by_itself_what_was_refused_and_what_shows_no_participant_is_not_noted(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    browser.get("/worklist", **{"hx-request": "true"})
    browser.get("/profile")
    door.browser(ELSEWHERE).get(BER)
    door.browser(ADMINISTRATOR).get("/people")
    assert noted(door) == []


def test_no_header_keeps_a_look_at_a_participant_from_being_noted(door: Desk) -> None:
    door.browser(COORDINATOR).get(BER, **{"hx-request": "true"})
    assert noted(door) == [Look(COORDINATOR, BER, "web", "BER-001", "BER")]


ITSELF = {"/worklist", "/worklist/live"}
"""What a page asks for by itself."""
LISTS = sorted(
    {one.path for one in ALL if one.method == "GET" and one.action in OF_PARTICIPANTS and "{participant}" not in one.path} - ITSELF
)


@pytest.mark.parametrize("by_itself", [{"hx-request": "true"}, {"accept": "text/event-stream"}])
@pytest.mark.parametrize("path", LISTS)
def test_no_header_keeps_it_from_being_noted_that_somebody_asked_for_a_list(door: Desk, path: str, by_itself: dict[str, str]) -> None:
    door.browser(COORDINATOR).get(path, **by_itself)
    assert noted(door) == [Look(COORDINATOR, path, "api" if path.startswith("/api") else "web")]


def test_who_asks_whose_identity_was_erased_is_noted(door: Desk) -> None:
    door.browser(ADMINISTRATOR).get("/system/erasures")
    door.program(ADMINISTRATOR).get("/api/study/erasures")
    assert noted(door) == [Look(ADMINISTRATOR, "/system/erasures", "web"), Look(ADMINISTRATOR, "/api/study/erasures", "api")]


def test_there_are_lists_of_which_that_is_tried() -> None:
    assert {"/worklist.csv", "/search.csv", "/deviations.csv", "/api/entries", "/api/worklist", "/participants"} <= set(LISTS)


def test_a_look_that_opens_a_day_binds_the_day_before_into_the_ledger(door: Desk) -> None:
    door.browser(COORDINATOR).get(BER)
    door.browser(COORDINATOR).get(f"{BER}/history")
    *_, last = door.office.accounts.accesses.all()
    door.clock.move(days=1)
    door.browser(COORDINATOR).get(BER)
    assert [one for one in door.happened() if isinstance(one, AccessesSealed)] == [
        AccessesSealed(person=COORDINATOR, number=2, hash=last.hash)
    ]


@pytest.mark.parametrize("person", ["r-haas", ADMINISTRATOR])
def test_auditors_and_administrators_read_who_looked_by_participant_person_and_period(door: Desk, person: str) -> None:
    door.browser(COORDINATOR).get(BER)
    reader = door.browser(person)
    assert f"<code>{BER}</code>" in reader.get("/accesses").text
    assert f"<code>{BER}</code>" in reader.get(f"/accesses?participant=ber-001&person={COORDINATOR}&since=2026-01-05&until=2026-01-05").text
    for nothing in ("participant=BER-002", "person=j-silva", "since=2026-01-06", "until=2026-01-04"):
        assert "Nobody looked" in reader.get(f"/accesses?{nothing}").text
    wrong = reader.get("/accesses?since=soon")
    assert wrong.status_code == 422
    assert "is no time that can be read" in wrong.text


def test_the_account_is_a_table_and_is_proved_on_request(door: Desk) -> None:
    door.browser(COORDINATOR).get(BER)
    reader = door.browser("r-haas")
    head, line = reader.get("/accesses.csv").text.splitlines()
    assert head == "number,at,person,participant,site,what,source,hash"
    assert line.startswith(f"1,2026-01-05 08:00:00+00:00,{COORDINATOR},BER-001,BER,{BER},web,")
    assert "Every row follows from the one before it" in reader.get("/accesses?check=yes").text


def test_who_looks_at_the_account_of_looks_sees_no_participant(door: Desk) -> None:
    door.browser("r-haas").get("/accesses")
    assert noted(door) == []
