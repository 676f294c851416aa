"""Data cuts at the desk: made by signature, counted, looked at and taken out, as at the command line and by the same words."""

import csv
import json
import re
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest

from app.copies.cut import hand_out_packed
from app.copies.verify import Key
from app.cutting import Standing, everybody
from app.demo.people import PASSWORD
from domain.doorkeeping import AccessRefused, TurnedAway
from domain.entry import Actor, Circumstances
from domain.handing_out import CutHandedOut
from store.errors import CommandReused
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk

AUDITOR = "r-haas"
PATH = "/system/cuts"
CUT = {"name": "dsmb-1", "purpose": "the first meeting", "recorded_by": "2026-01-05 08:00", "occurred_by": "2026-01-05 08:00"}
SIGNED = {"meaning": "I have made this cut", "signer": ADMINISTRATOR, "password": PASSWORD}


def makes(door: Desk, **otherwise: str) -> Any:
    return door.browser(ADMINISTRATOR).post(PATH, **(CUT | SIGNED | {"command_id": str(uuid4())} | otherwise))


@pytest.fixture
def door(door: Desk) -> Desk:
    """The first minute, in which everything was recorded, is over."""
    door.clock.move(minutes=1)
    return door


@pytest.fixture
def cut(door: Desk) -> Desk:
    """A cut through what is known of a participant at each site, and somebody more who only came later."""
    assert makes(door).status_code == 303
    door.clock.move(days=1)
    assert door.program(COORDINATOR).post("/api/participants/BER-002", json={"site": "BER"}).status_code == 201
    return door


@pytest.mark.clause("21 CFR 11", "11.50")
def test_a_cut_is_made_by_a_signature_that_was_proved_and_is_shown_with_it(door: Desk) -> None:
    answer = makes(door, reason="the board meets tomorrow")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}/dsmb-1")
    made, signed = door.office.daybook.desk.cuts()["dsmb-1"]
    assert made.purpose == "the first meeting"
    assert (signed.printed, signed.meaning, signed.authenticated, signed.standing) == (
        "T. Berg (invented)", "I have made this cut", True, "stands",
    )  # fmt: skip
    assert (signed.by.actor.role, signed.by.reason, signed.by.assurance) == ("administrator", "the board meets tomorrow", "password")
    for path in (PATH, f"{PATH}/dsmb-1"):
        said = door.browser(AUDITOR).get(path).text
        for part in ("T. Berg (invented)", "I have made this cut", "2026-01-05 08:00", "Signed", "The first meeting"):
            assert part in said


@pytest.mark.clause("ICH E6(R3)", "4.2.6")
def test_a_cut_counts_everybody_and_stays_what_it_was(cut: Desk) -> None:
    said = cut.program(AUDITOR).get("/api/study/cuts/dsmb-1").json()
    assert {what: many for what, many in said["counts"].items() if many} == {"on record": 2}
    assert [one["participant"] for one in said["participants"]] == ["BER-001", "SAO-001"]
    page = cut.browser(AUDITOR).get(f"{PATH}/dsmb-1").text
    assert "/participants/SAO-001/history?known=2026-01-05T08:00Z&amp;happened=2026-01-05T08:00Z" in page
    assert "BER-002" not in page


def test_each_of_them_is_replayed_to_the_cut_by_its_line(cut: Desk) -> None:
    replayed = cut.browser(AUDITOR).get("/participants/BER-001/history?known=2026-01-05T08:00Z&happened=2026-01-05T08:00Z")
    assert replayed.status_code == 200
    assert "How things stood" in replayed.text


def test_whoever_runs_the_study_sees_how_many_there_are_and_nobody_by_code(cut: Desk) -> None:
    said = cut.browser(ADMINISTRATOR).get(f"{PATH}/dsmb-1").text
    assert "On record" in said
    assert "BER-001" not in said
    assert "Take it out" not in said
    assert cut.program(ADMINISTRATOR).get("/api/study/cuts/dsmb-1").json()["participants"] == []


def test_only_who_is_shown_participants_is_noted_to_have_looked_at_them(cut: Desk) -> None:
    def looks(person: str) -> int:
        cut.clock.move(minutes=2)
        before = len(list(cut.office.accounts.accesses.all()))
        assert cut.browser(person).get(f"{PATH}/dsmb-1").status_code == 200
        return len(list(cut.office.accounts.accesses.all())) - before

    assert (looks(ADMINISTRATOR), looks(AUDITOR)) == (0, 1)


def test_the_page_of_the_system_leads_there_and_a_coordinator_sees_none_of_it(cut: Desk) -> None:
    assert f'href="{PATH}">1 data cut<' in cut.browser(ADMINISTRATOR).get("/system").text
    assert cut.browser(COORDINATOR).get(PATH).status_code == 403
    assert "Make a data cut" not in cut.browser(AUDITOR).get(PATH).text


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": "DSMB 1"}, "name", "is not written as it must be"),
        ({"name": ""}, "name", "is not written as it must be"),
        ({"purpose": ""}, "purpose", "something must be said"),
        ({"recorded_by": "soon"}, "recorded_by", "is no time that can be read: write 2026-03-01 10:30, in UTC"),
        ({"occurred_by": "2026-01-05"}, "occurred_by", "is no time that can be read"),
        ({"reason": "x" * 2001}, "reason", "at most 2000 characters can be kept"),
        ({"meaning": "x" * 2001}, "meaning", "at most 2000 characters can be kept"),
    ],
)
def test_what_cannot_be_read_is_named_beside_its_field_and_all_that_was_typed_is_kept(
    door: Desk, typed: dict[str, str], field: str, says: str
) -> None:
    answer = makes(door, **typed)
    assert answer.status_code == 422
    _, _, beside = answer.text.partition(f'id="{field}-fault"')
    assert says in beside.partition("</p>")[0]
    for name, value in (CUT | {"meaning": SIGNED["meaning"]} | typed).items():
        assert f'name="{name}" type="text" value="{value}"' in answer.text
    assert PASSWORD not in answer.text
    assert not door.office.daybook.desk.cuts()


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({}, "name", "there is a data cut dsmb-1 already"),
        ({"name": "dsmb-2", "recorded_by": "2026-01-06 08:01"}, "recorded_by", "through minutes that are over"),
        ({"name": "dsmb-2", "occurred_by": "2026-01-05 08:01"}, "occurred_by", "cannot be known at a cut"),
        ({"name": "dsmb-2", "meaning": ""}, "meaning", "decided by signature"),
    ],
)
def test_what_would_be_refused_is_refused_before_anybody_proves_who_they_are(
    cut: Desk, typed: dict[str, str], field: str, says: str
) -> None:
    answer = makes(cut, password="a guess of some length", **typed)
    assert answer.status_code == 409
    assert says in answer.text.partition(f'id="{field}-fault"')[2].partition("</p>")[0]
    assert TurnedAway(person=ADMINISTRATOR) not in cut.happened(), "no password was asked for"
    assert list(cut.office.daybook.desk.cuts()) == ["dsmb-1"]


def test_a_cut_is_made_through_minutes_that_are_over_so_that_it_stays_what_was_signed(door: Desk) -> None:
    door.clock.move(seconds=59)
    assert makes(door, recorded_by="2026-01-05 08:01").status_code == 409
    door.clock.move(seconds=1)
    assert makes(door, recorded_by="2026-01-05 08:01").status_code == 303
    assert makes(door, name="dsmb-2", recorded_by="now", occurred_by="now").status_code == 303
    cuts = door.office.daybook.desk.cuts()
    assert cuts["dsmb-2"][0].recorded_by == cuts["dsmb-1"][0].recorded_by


def test_a_cut_is_counted_once_and_then_known(cut: Desk) -> None:
    daybook = cut.office.daybook
    made, _ = daybook.desk.cuts()["dsmb-1"]
    found = daybook.standings.at(daybook.participants, made)
    assert found == tuple(everybody(daybook.participants, made))
    assert daybook.standings.at(daybook.participants, made) is found


@pytest.mark.clause("21 CFR 11", "11.200(a)(1)")
def test_a_session_without_the_password_makes_no_cut(door: Desk) -> None:
    answer = makes(door, password="a guess of some length")
    assert answer.status_code == 409
    assert "not your short name with your password" in answer.text.partition('id="password-fault"')[2]
    assert not door.office.daybook.desk.cuts()
    assert door.happened() == [TurnedAway(person=ADMINISTRATOR)]


def test_a_form_that_is_sent_twice_makes_one_cut(door: Desk) -> None:
    again = {"command_id": str(uuid4())}
    assert [makes(door, **again).status_code for _ in range(2)] == [303, 303]
    assert len(door.office.daybook.desk.cuts()) == 1
    assert "was recorded already" in makes(door, purpose="another one", **again).text


@pytest.mark.clause("ICH E6(R3)", "4.2.6")
@pytest.mark.parametrize("api", [False, True])
def test_a_cut_is_taken_out_with_a_signed_manifest_and_that_it_was_is_on_record(cut: Desk, *, api: bool) -> None:
    path = "/api/study/cuts/dsmb-1/copies" if api else f"{PATH}/dsmb-1"
    answer = cut.program(AUDITOR).post(path) if api else cut.browser(AUDITOR).post(path, command_id=str(uuid4()))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="dsmb-1.zip"'
    with ZipFile(BytesIO(answer.content)) as file:
        held = {name.removeprefix("dsmb-1/"): file.read(name).decode() for name in file.namelist()}
    assert set(held) == {"participants.csv", "cut.json", "head.txt", "public-key.txt", "manifest.json", "manifest.signed.txt"}
    rows = list(csv.DictReader(held["participants.csv"].splitlines()))
    assert [row["participant"] for row in rows] == ["BER-001", "SAO-001"]
    assert set(rows[0]) == set(Standing.model_fields)
    manifest = json.loads(held["manifest.json"])
    assert manifest["handed_out_by"] == f"auditor:{AUDITOR}"
    [handed] = cut.office.daybook.handed_out.read()
    assert isinstance(handed.event, CutHandedOut)
    assert (handed.event.cut, handed.circumstances.source) == ("dsmb-1", "api" if api else "web")
    signed = Key(held["public-key.txt"]).opened(held["manifest.signed.txt"])
    assert signed == f"daybook-cut-1\n{handed.event.manifest}\n"
    assert list(cut.office.daybook.settings.folder.glob("tmp*")) == [], "nothing of it stays here"


@pytest.mark.parametrize("api", [False, True])
def test_a_cut_is_taken_out_once_by_a_request_and_again_by_another_each_on_record(cut: Desk, *, api: bool) -> None:
    browser, program, handed = cut.browser(AUDITOR), cut.program(AUDITOR), cut.office.daybook.handed_out

    def takes(id_: str) -> Any:
        if api:
            return program.post("/api/study/cuts/dsmb-1/copies", headers={"idempotency-key": id_})
        return browser.post(f"{PATH}/dsmb-1", command_id=id_)

    one, other = str(uuid4()), str(uuid4())
    assert (takes(one).status_code, len(handed.read())) == (200, 1)
    again = takes(one)
    assert (again.status_code, "request was made before, and is on record" in again.text) == (409, True)
    assert len(handed.read()) == 1
    assert (takes(other).status_code, len(handed.read())) == (200, 2)


def test_of_two_who_take_a_cut_out_by_one_request_at_once_only_one_is_handed_it(cut: Desk) -> None:
    daybook, (made, signed) = cut.office.daybook, cut.office.daybook.desk.cuts()["dsmb-1"]
    by = Circumstances(actor=Actor(id=AUDITOR, role="auditor"), source="web", command_id=uuid4())
    found = daybook.standings.at(daybook.participants, made)
    assert hand_out_packed(daybook, (made, signed), found, by)
    cut.clock.move(seconds=1)
    with pytest.raises(CommandReused):
        hand_out_packed(daybook, (made, signed), found, by)
    assert len(daybook.handed_out.read()) == 1
    assert list(daybook.settings.folder.glob("tmp*")) == []


def test_each_page_of_a_cut_asks_under_an_id_of_its_own_and_nothing_is_taken_out_without_one(cut: Desk) -> None:
    browser = cut.browser(AUDITOR)
    shown = [re.findall(r'name="command_id" value="([^"]+)"', browser.get(f"{PATH}/dsmb-1").text) for _ in range(2)]
    assert all(len(ids) == 1 for ids in shown)
    assert shown[0] != shown[1]
    assert browser.post(f"{PATH}/dsmb-1").status_code == 422
    assert not cut.office.daybook.handed_out.read()


def test_whoever_may_not_see_everybodys_history_takes_no_cut_out_and_that_they_tried_is_on_record(cut: Desk) -> None:
    answer = cut.browser(COORDINATOR).post(f"{PATH}/dsmb-1", command_id=str(uuid4()))
    assert answer.status_code == 403
    assert "no role that may see history at SAO" in answer.text
    assert cut.happened() == [AccessRefused(person=COORDINATOR, action="see-history", site="SAO")]
    assert not cut.office.daybook.handed_out.read()


def test_a_cut_that_was_never_made_is_nowhere(cut: Desk) -> None:
    for answer in (cut.browser(AUDITOR).get(f"{PATH}/dsmb-9"), cut.program(AUDITOR).post("/api/study/cuts/dsmb-9/copies")):
        assert answer.status_code == 404
        assert "here is no data cut dsmb-9" in answer.text


def test_a_program_makes_a_cut_by_signature_and_is_refused_with_every_reason(door: Desk) -> None:
    event = CUT | {"kind": "data-cut-made.v1", "recorded_by": "2026-01-05T08:00:00Z", "occurred_by": "2026-01-05T08:00:00Z"}
    program = door.program(ADMINISTRATOR)
    unsigned = program.post("/api/study/commands", json={"events": [event]})
    assert (unsigned.status_code, unsigned.headers["content-type"]) == (409, "application/problem+json")
    assert [reason["code"] for reason in unsigned.json()["reasons"]] == ["signature-missing"]
    signature = {"meaning": SIGNED["meaning"], "person": ADMINISTRATOR, "password": PASSWORD}
    assert program.post("/api/study/commands", json={"events": [event], "signature": signature}).status_code == 201
    again = program.post("/api/study/commands", json={"events": [event], "signature": signature | {"password": "a guess"}})
    assert [reason["code"] for reason in again.json()["reasons"]] == ["cut-already"]
    [listed] = door.program(AUDITOR).get("/api/study/cuts").json()["cuts"]
    assert (listed["cut"]["name"], listed["signature"]["authenticated"], listed["signature_stands"]) == ("dsmb-1", True, "stands")
