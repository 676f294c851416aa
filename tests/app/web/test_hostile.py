"""What nobody who means well would send."""

from collections.abc import AsyncIterator
from time import perf_counter

import pytest

from app.web.forms import gathered
from app.web.guarding import MOST_BYTES
from app.web.needs import COOKIE
from domain.doorkeeping import AccessRefused
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, ELSEWHERE, Desk

ACKNOWLEDGE = "/participants/BER-001/record/safety.adverse-event"


async def in_pieces(length: int) -> AsyncIterator[bytes]:
    """A body of which nobody says beforehand how long it is."""
    for _ in range(length // 1000):
        yield b"x" * 1000


def test_a_form_that_shows_nothing_of_its_session_changes_nothing(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    assert browser.client.post("/sign-out", data={}).status_code == 403
    assert browser.get("/worklist").status_code == 200


@pytest.mark.clause("21 CFR 11", "11.10(h)")
def test_a_form_that_shows_another_session_changes_nothing(door: Desk) -> None:
    theirs = door.browser(ADMINISTRATOR).csrf("/people")
    browser = door.browser(COORDINATOR)
    assert browser.client.post("/sign-out", data={"csrf": theirs}).status_code == 403
    assert browser.client.post("/sign-out", headers={"x-csrf-token": theirs}).status_code == 403
    assert browser.client.post("/sign-out", headers={"x-csrf-token": "ä".encode()}).status_code == 403
    assert browser.get("/worklist").status_code == 200


def test_a_browser_may_show_its_session_to_the_interface_for_programs_in_a_header(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    refused = browser.client.request("DELETE", "/api/session")
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    shown = {"x-csrf-token": browser.csrf("/worklist")}
    assert browser.client.request("DELETE", "/api/session", headers=shown).status_code == 204


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}]
)
@pytest.mark.parametrize("path", ["/sign-in", "/api/session"])
def test_nothing_is_taken_from_another_sites_page(door: Desk, headers: dict[str, str], path: str) -> None:
    answer = door.browser().client.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.text.count("another site") == 1
    assert ("problem+json" in answer.headers["content-type"]) == path.startswith("/api")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example"])
def test_the_desk_answers_to_no_other_name(door: Desk, host: str) -> None:
    assert door.browser().get("/sign-in", host=host).status_code == 400


@pytest.mark.parametrize("path", ["/sign-in", "/api/session"])
def test_what_is_larger_than_anything_that_is_asked_for_is_not_read(door: Desk, path: str) -> None:
    kind = {"content-type": "application/json" if path.startswith("/api") else "application/x-www-form-urlencoded"}
    announced = door.browser().client.post(path, content=b"x" * (MOST_BYTES + 1), headers=kind)
    in_parts = door.browser().client.post(path, content=in_pieces(MOST_BYTES + 1000), headers=kind)
    misannounced = door.browser().client.post(path, content=b"{}", headers=kind | {"content-length": "-1"})
    assert [announced.status_code, in_parts.status_code, misannounced.status_code] == [413] * 3


@pytest.mark.parametrize("cookie", ["", "x", "=;=", "a" * 8000, '"quoted"', "\xe4\xf6"])
def test_a_cookie_that_is_none_of_ours_is_nobodys(door: Desk, cookie: str) -> None:
    answer = door.browser().client.get("/worklist", headers={"cookie": f"{COOKIE}={cookie}".encode("latin-1")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?then=%2Fworklist")


@pytest.mark.parametrize("token", ["", "x", "Bearer", "Bearer ", "Basic bS13ZWJlcjo=", "Bearer \xe4"])
def test_a_token_that_is_none_of_ours_is_nobodys(door: Desk, token: str) -> None:
    answer = door.browser().client.get("/api/worklist", headers={"authorization": token.encode("latin-1")})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("code", ["x", "A" * 10_000, "BER-001%00", "BER-001%0a", "%ff%fe", "..%2f..%2fetc%2fpasswd", "ber-001", "BER-999"])
def test_what_is_no_participant_of_theirs_is_nobody_to_whoever_asks(door: Desk, code: str) -> None:
    answer = door.browser(COORDINATOR, raises=True).get(f"/participants/{code}")
    assert answer.status_code == 404
    assert len(answer.text) < 10_000


def test_unknown_and_forbidden_answer_alike_to_the_letter_and_both_are_on_record(door: Desk) -> None:
    browser = door.browser(ELSEWHERE)
    forbidden, unknown = browser.get("/participants/BER-001"), browser.get("/participants/BER-999")
    assert forbidden.status_code == unknown.status_code == 404
    assert forbidden.text.replace("BER-001", "BER-999") == unknown.text
    program = door.program(ELSEWHERE)
    theirs, nobodys = program.get("/api/participants/BER-001"), program.get("/api/participants/BER-999")
    assert theirs.text.replace("BER-001", "BER-999") == nobodys.text
    told = [(event.participant, event.action) for event in door.happened() if isinstance(event, AccessRefused)]
    assert told == [("BER-001", "see-participants"), ("BER-999", "see-participants")] * 2


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b'{"person": "\xff"}', b'{"\\ud800": 1, "person": "\\ud800", "password": "x"}', b"[" * 10_000]
)
def test_bytes_that_are_no_text_are_not_understood_and_nothing_falls_over(door: Desk, body: bytes) -> None:
    answer = door.browser(raises=True).client.post("/api/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "application/x-www-form-urlencoded; charset=x", "text/x"]
)
def test_a_form_in_no_shape_that_forms_have_is_refused(door: Desk, kind: str) -> None:
    answer = door.browser(raises=True).client.post("/sign-in", content=b"person=\xff&password=\x00", headers={"content-type": kind})
    assert answer.status_code in {400, 403, 422}


@pytest.mark.parametrize("field", ["csrf", "name"])
def test_text_in_letters_that_no_page_can_show_is_answered(door: Desk, field: str) -> None:
    browser = door.browser(COORDINATOR)
    typed = {"csrf": browser.csrf(), "command_id": "0" * 32, "seen": "1", "name": "x"} | {field: "\\ud800"}
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in typed.items())
    kind = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    answer = browser.client.post("/participants/BER-001/record/evidence.vaccine", content=f"{parts}--x--\r\n", headers=kind)
    assert answer.status_code == (403 if field == "csrf" else 422)


def test_a_form_of_very_many_fields_is_read_in_one_pass() -> None:
    """Were each field looked for among all, these would take minutes, in which nobody else is answered."""
    began = perf_counter()
    found = gathered((f"{number}", "\ud800") for number in [*range(60_000), 0])
    assert perf_counter() - began < 10
    assert (found["0"], found["1"]) == (["?", "?"], ["?"])


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/nowhere", 404), ("PUT", "/api/worklist", 405), ("GET", "/api/worklist?site=x", 422)]
)
def test_whatever_goes_wrong_for_a_program_is_a_problem(door: Desk, method: str, path: str, status: int) -> None:
    answer = door.program(COORDINATOR).request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert set(answer.json()) == {"type", "title", "status", "reasons"}
    assert answer.json()["status"] == status
    assert ("allow" in answer.headers) == (status == 405)


def test_the_description_of_the_interface_tells_of_problems_as_they_are_answered(door: Desk) -> None:
    program = door.program(COORDINATOR)
    described = program.get("/api/openapi.json").json()
    operations = [one for path in described["paths"].values() for one in path.values()]
    schema, *others = [one["responses"]["default"]["content"]["application/problem+json"]["schema"] for one in operations]
    assert all(other == schema for other in others)
    assert not any("422" in one["responses"] for one in operations), "FastAPI tells of a shape there that nothing is answered in"
    problem = program.post("/api/participants/BER-001/commands", json={"command": {"kind": "cancel", "step": "infusion"}}).json()
    assert set(problem) == set(schema["required"]) == set(schema["properties"])
    reason = schema["properties"]["reasons"]["items"]
    assert problem["reasons"]
    assert all(set(reason["required"]) <= set(one) <= set(reason["properties"]) for one in problem["reasons"])


def test_every_answer_carries_what_protects_the_browser(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    for path in ("/worklist", "/nowhere", "/static/daybook.css", "/api/worklist", "/sign-in"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == ("public, max-age=300" if path.startswith("/static") else "no-store")
        assert "strict-transport-security" not in headers, "nobody came by a safe way"
