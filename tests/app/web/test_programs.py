"""What programs send: every fact and decision there is, as the JSON that the description promises to take."""

import json
from typing import Any

from domain.events import FACTS
from domain.time import When
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk
from tests.builders import dose
from tests.fossils.test_entries import FOSSILS

PATH = "/api/participants/BER-001/commands"
KINDS = [kind for fact in FACTS if (kind := fact.model_fields["kind"].default) in FOSSILS]


def codes(answer: Any) -> set[str]:
    return {reason["code"] for reason in answer.json().get("reasons", ())}


def test_a_dose_that_a_program_reports_is_on_record_to_the_milligram(door: Desk) -> None:
    fact = dose("prednisone", "7.5", When("2026-01-03")).model_dump(mode="json")
    answer = door.program(COORDINATOR).post(PATH, json={"command": {"kind": "report", "fact": fact}})
    assert answer.status_code == 201, answer.text
    assert answer.json()["events"][0]["dose_mg"] == "7.5"


def test_every_fact_is_understood_as_it_is_stored(door: Desk) -> None:
    """Whether it is then granted is another matter."""
    program = door.program(COORDINATOR)
    for kind in KINDS:
        fact = json.loads(FOSSILS[kind])["event"]
        answer = program.post(PATH, json={"command": {"kind": "report", "fact": fact}})
        assert "malformed" not in codes(answer), f"{kind}: {answer.text}"


def test_an_amount_that_is_none_is_named(door: Desk) -> None:
    program = door.program(COORDINATOR)
    for amount in ("seven", None, ["7.5"], {"mg": 7.5}, "NaN"):
        fact = dose("prednisone", "7.5", When("2026-01-03")).model_dump(mode="json") | {"dose_mg": amount}
        answer = program.post(PATH, json={"command": {"kind": "report", "fact": fact}})
        assert answer.status_code == 422
        assert any("dose_mg" in reason["says"] for reason in answer.json()["reasons"]), answer.text


def test_a_person_is_admitted_and_a_site_opened_by_a_program(door: Desk) -> None:
    program = door.program(ADMINISTRATOR)
    admitted = {"kind": "person-admitted.v1", "person": "n-quint", "name": "Nora Quint"}
    answer = program.post("/api/people/commands", json={"events": [admitted], "reason": "joins the team"})
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["passwords"]) == {"n-quint"}
    site = {"kind": "site-opened.v1", "site": "MUN", "zone": "Europe/Berlin", "opens": "07:30:00", "closes": "16:00:00"}
    answer = program.post("/api/study/commands", json={"events": [site]})
    assert answer.status_code == 201, answer.text
    assert door.office.daybook.desk.current().record.sites["MUN"].opens.hour == 7
