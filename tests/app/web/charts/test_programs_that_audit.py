"""What the interface for programs says of past moments, of signatures and of entries."""

from typing import Any

from domain import events as e
from tests.app.web.at_the_door import Desk
from tests.builders import dose

WHO = "/api/participants/BER-001"


def asked(desk: Desk, path: str, status: int = 200) -> Any:
    answer = desk.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_program_is_told_of_a_moment_what_the_page_tells(desk: Desk) -> None:
    consented = desk.story("BER-001").entry_of(e.ConsentSigned)
    then = asked(desk, f"{WHO}/replay?at_entry={consented}&against=now")
    assert (then["version"], then["cut"]["entry"], then["protocol"]["version"]) == (consented, consented, 1)
    assert [gate["step"] for gate in then["gates"]] == ["leukapheresis", "lymphodepletion", "infusion"]
    first = then["against"]["changes"][0]
    assert (first["was"], first["becomes"]) == ("Consented", "Eligibility confirmed")
    recorded = desk.story("BER-001").record.entries[consented - 1].recorded_at
    by_the_clock = asked(desk, f"{WHO}/replay?recorded={recorded:%Y-%m-%dT%H:%M}Z")
    assert by_the_clock["state"]["consents"] == then["state"]["consents"]


def test_a_moment_that_cannot_be_told_is_a_problem_with_its_reason(desk: Desk) -> None:
    assert asked(desk, f"{WHO}/replay?recorded=2020-01-01T10:00Z", 404)["reasons"][0]["code"] == "not-on-record-yet"
    assert asked(desk, f"{WHO}/replay?against=yesterday", 422)["reasons"][0]["code"] == "no-moment"
    assert asked(desk, f"{WHO}/replay?occurred=soon", 422)["reasons"][0]["code"] == "not-a-time"


def test_the_signatures_of_a_record_are_told_as_they_were_known_at_a_moment(desk: Desk) -> None:
    confirmed = desk.story("BER-001").entry_of(e.EligibilityConfirmed)
    now, before = asked(desk, f"{WHO}/signatures"), asked(desk, f"{WHO}/signatures?at={confirmed - 1}")
    assert confirmed in {one["first"] for one in now} - {one["first"] for one in before}
    (one,) = [one for one in now if one["first"] == confirmed]
    assert (one["superseded"], one["authenticated"]) == (None, False)
    assert one["binds"] is True


def test_entries_are_found_as_the_desk_finds_them(desk: Desk) -> None:
    story = desk.story("BER-001")
    story.reports(dose("prednisone", "5", story.at()))
    desk.catches_up()
    found = asked(desk, "/api/entries?participant=BER-001&kind=medication-taken.v1")
    assert found["entries"][0]["version"] == story.record.version
    assert "prednisone" not in str(found)
    assert asked(desk, f"/api/entries?after={found['upto']}")["found"] == 0
    assert asked(desk, "/api/entries?late_hours=soon", 422)["reasons"][0]["code"] == "no-number"
