"""Whatever a program sends, by the description of the interface or against it, is answered; nothing falls over and nothing leaks."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok

from app.logs import PERMITTED, logging_to
from domain.commands import RecordDeviation
from domain.events import DeviationDetails
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, ELSEWHERE, Client, Desk
from tests.campaign import Campaign

OF_BER, OF_SAO = "quiet-linden-seven", "early-harbour-nine"
"""What stands in the record of a participant at each site, and nowhere else."""
TENTH, FULL = 4, 150


@pytest.fixture
def written(door: Desk) -> Desk:
    for person, participant, says in ((COORDINATOR, "BER-001", OF_BER), (ELSEWHERE, "SAO-001", OF_SAO)):
        command = RecordDeviation(says=says, category="procedure", details=DeviationDetails()).model_dump(mode="json")
        answer = door.program(person).post(f"/api/participants/{participant}/commands", json={"command": command})
        assert answer.status_code == 201, answer.text
    door.catches_up()
    return door


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("person", [COORDINATOR, ADMINISTRATOR])
def test_every_request_is_answered_without_a_fault_or_a_word_from_another_site(written: Desk, campaign: Campaign, person: str) -> None:
    description = written.browser().get("/api/openapi.json").json()
    client, examples = written.program(person), FULL if campaign.full else TENTH
    log = io.StringIO()
    with logging_to(log, "json"):
        for found in schemathesis.openapi.from_dict(description).get_all_operations():
            assert isinstance(found, Ok), "the description can be read"
            tried(client, found.ok(), examples)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert lines
    assert all(line.keys() <= PERMITTED for line in lines)
    assert OF_BER not in log.getvalue()


def tried(client: Client, operation: Any, examples: int) -> None:
    """Send what could be sent to one address."""

    @given(operation.as_strategy() | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def send(case: Any) -> None:
        if (case.method.upper(), case.path) == ("DELETE", "/api/session"):
            return  # It would end what everything else is asked in.
        sent = {name: value for name, value in case.as_transport_kwargs(base_url="http://127.0.0.1").items() if name in TAKEN}
        if isinstance(sent.get("data"), str | bytes):
            sent["content"] = sent.pop("data")
        sent["headers"] = {name: str(value).encode("utf-8", "replace") for name, value in sent.get("headers", {}).items()}
        sound(client.request(sent.pop("method"), sent.pop("url"), **sent))

    send()


TAKEN = {"method", "url", "headers", "params", "json", "data"}


def sound(answer: Any) -> None:
    assert answer.status_code < 500, f"{answer.request.method} {answer.request.url} {answer.request.content!r}: {answer.text}"
    assert OF_SAO not in answer.text
    assert "Traceback" not in answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", answer.request.url
        assert set(answer.json()) == {"type", "title", "status", "reasons"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]
)
@pytest.mark.parametrize(
    "path", ["/api/session", "/api/participants/BER-009", "/api/participants/BER-001/commands", "/api/people/commands"]
)
def test_what_is_sent_as_something_else_than_json_is_not_understood(door: Desk, path: str, kind: str) -> None:
    for person in (COORDINATOR, ADMINISTRATOR):
        sound(door.program(person).post(path, content=b'<x/>"', headers={"content-type": kind}))


def test_script_in_what_was_recorded_is_shown_as_text(door: Desk) -> None:
    script = "<script>alert(1)</script>"
    command = RecordDeviation(says=script, category="procedure", details=DeviationDetails()).model_dump(mode="json")
    answer = door.program(COORDINATOR).post("/api/participants/BER-001/commands", json={"command": command, "reason": script})
    assert answer.status_code == 201
    door.catches_up()
    browser = door.browser(COORDINATOR)
    pages = (
        "/worklist",
        "/participants/BER-001",
        "/participants/BER-001/record",
        f"/worklist?text={script}",
        "/sign-in?then=/%3Cscript%3E",
    )
    shown = [browser.get(path).text for path in pages]
    assert not any("<script>alert" in page for page in shown)
    assert any("&lt;script&gt;alert(1)" in page for page in shown[:3]), "it is shown, as text"


@pytest.mark.parametrize("name", ["joining.screen", "evidence.procedure", "reviews.review", "visits.visit", "deviations.record"])
def test_script_that_was_typed_into_a_form_is_shown_again_as_text(door: Desk, name: str) -> None:
    browser = door.browser(COORDINATOR)
    path = f"/participants/BER-001/record/{name}"
    assert browser.get(path).status_code == 200, "there is such a form"
    typed = dict.fromkeys(FIELDS, '"><script>alert(1)</script>') | {"csrf": browser.csrf(), "command_id": "0" * 32, "seen": "1"}
    shown = browser.client.post(path, data=typed)
    assert shown.status_code in {409, 422}
    assert "<script>alert" not in shown.text


FIELDS = (
    "at",
    "drug",
    "name",
    "reason",
    "document",
    "performed_by",
    "witnessed_by",
    "meaning",
    "password",
    "kind",
    "since",
    "source",
    "visit",
)


BEYOND = (2**63 - 1, 2**63, 2**64, -(2**63) - 1)
"""Numbers of which a database holds the first, and no other."""


def whole_numbers(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every parameter that is a whole number, with its address."""
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                shapes = parameter["schema"].get("anyOf", [parameter["schema"]])
                if any(shape.get("type") == "integer" for shape in shapes):
                    yield method, path, parameter


def test_a_number_that_no_database_holds_is_answered_wherever_a_whole_number_is_asked_for(door: Desk) -> None:
    client, tried = door.program(COORDINATOR), set()
    for method, path, parameter in whole_numbers(client.get("/api/openapi.json").json()):
        for number in BEYOND:
            said: dict[str, Any] = {{"query": "params", "header": "headers"}[parameter["in"]]: {parameter["name"]: str(number)}}
            sound(client.request(method.upper(), path.replace("{participant}", "BER-001"), json=CANCELS, **said))
        tried.add((path, parameter["name"]))
    assert {("/api/entries", "after"), ("/api/entries", "page"), ("/api/worklist", "limit"), ("/api/worklist", "after")} <= tried
    assert ("/api/participants/{participant}/commands", "if-match") in tried


CANCELS = {"command": {"kind": "cancel", "step": "infusion"}}
