"""A data cut counts everybody by both clocks, and stays what it was whatever is recorded later."""

import csv
import json
from hashlib import sha256
from pathlib import Path

import pytest

from app.copies.verify import Key
from domain.handing_out import CutHandedOut
from tests.app.at_the_desk import CONSENT, Desk

SIGNED = ("--sign", "I have made this cut")
AT = ("--recorded-by", "2026-01-12 09:00", "--occurred-by", "2026-01-12 09:00")


@pytest.fixture
def cut(desk: Desk) -> Desk:
    """Somebody who is enrolled, somebody who failed screening, and somebody who only came later; and a cut before that."""
    desk.eligible()
    desk.consented("BER-002")
    desk("screen", "BER-002", "now")
    desk("fail-screening", "BER-002", "now", "--why", "an infection that went on")
    desk.clock.move(days=1)
    desk.consented("BER-003")
    recorded = desk.json("history", "BER-002")["entries"][-1]["recorded_at"][:16].replace("T", " ")
    desk.clock.move(minutes=1)
    cut_at = ("--recorded-by", recorded, "--occurred-by", recorded)
    desk("study", "cut", "dsmb-1", "--purpose", "the first meeting of the safety board", *cut_at, *SIGNED, who="administrator:t-berg")
    return desk


@pytest.mark.clause("ICH E6(R3)", "4.2.6")
def test_everybody_is_counted_whoever_failed_screening_and_whoever_was_never_infused(cut: Desk) -> None:
    said = cut.json("data-cut", "dsmb-1")
    assert said["counts"] == {
        "on record": 2,
        "failed screening": 1,
        "enrolled": 1,
        "enrolled and not infused": 1,
        "infused": 0,
        "left before the end": 1,
        "completed": 0,
    }
    assert {one["participant"]: (one["stage"], one["left"]) for one in said["participants"]} == {
        "BER-001": ("Eligible", []),
        "BER-002": ("Screening", ["failed screening"]),
    }


def test_a_cut_stays_what_it_was_whatever_is_recorded_later(cut: Desk) -> None:
    before = cut.json("data-cut", "dsmb-1")
    cut("leave", "lost", "BER-001", "now")
    assert cut.json("data-cut", "dsmb-1") == before


def test_who_takes_a_cut_out_is_not_said_where_none_is_taken_out(cut: Desk) -> None:
    assert "name the folder with --to" in cut("data-cut", "dsmb-1", "--as", "auditor:r-haas", code=2).stderr


def test_cuts_are_listed_and_one_that_was_never_made_is_refused(cut: Desk) -> None:
    assert "the first meeting of the safety board" in cut("data-cuts").stdout
    assert "there is no data cut dsmb-2" in cut("data-cut", "dsmb-2", code=2).stderr


@pytest.mark.clause("21 CFR 11", "11.50")
def test_a_cut_is_shown_with_who_signed_it_when_and_what_that_means(cut: Desk) -> None:
    signed, shown = cut.json("data-cuts")["dsmb-1"]["signature"], cut.json("data-cut", "dsmb-1")["signature"]
    assert shown == signed
    assert (signed["printed"], signed["meaning"], signed["binds"]) == ("t-berg", "I have made this cut", True)
    for command in (("data-cuts",), ("data-cut", "dsmb-1")):
        said = " ".join(cut(*command).stdout.split())
        assert "t-berg, not authenticated: I have made this cut" in said
        assert "2026-01-13 08:01" in said


@pytest.mark.clause("ICH E6(R3)", "4.2.6")
def test_a_cut_is_handed_out_with_a_manifest_that_the_ledger_signed_and_that_it_was_is_on_record(cut: Desk, tmp_path: Path) -> None:
    to = tmp_path / "dsmb-1"
    cut("data-cut", "dsmb-1", "--to", str(to), who="auditor:r-haas")
    rows = list(csv.DictReader((to / "participants.csv").read_text().splitlines()))
    assert [(row["participant"], row["stage"], row["left"]) for row in rows] == [
        ("BER-001", "Eligible", ""),
        ("BER-002", "Screening", "failed screening"),
    ]
    stated, shown = json.loads((to / "cut.json").read_text()), cut.json("data-cut", "dsmb-1")
    assert stated.pop("signature_stands") == "stands"
    assert stated == {name: shown[name] for name in ("cut", "signature", "counts")}
    manifest = json.loads((to / "manifest.json").read_text())
    assert (manifest["cut"], manifest["handed_out_by"]) == ("dsmb-1", "auditor:r-haas")
    for name, file in manifest["files"].items():
        assert file["sha256"] == sha256((to / name).read_bytes()).hexdigest()
    assert set(manifest["files"]) == {"participants.csv", "cut.json", "head.txt", "public-key.txt"}
    digest = sha256((to / "manifest.json").read_bytes()).hexdigest()
    key = Key((to / "public-key.txt").read_text())
    assert key.opened((to / "manifest.signed.txt").read_text()) == f"daybook-cut-1\n{digest}\n"
    with cut.ledger() as ledger:
        (handed,) = ledger.read("handed-out:cd19-cart-sle")
    assert handed.event == CutHandedOut(cut="dsmb-1", head=manifest["head"], manifest=digest)
    assert handed.circumstances.actor.id == "r-haas"
    assert "holds something already" in cut("data-cut", "dsmb-1", "--to", str(to), who="auditor:r-haas", code=2).stderr


def test_a_cut_is_made_through_now(desk: Desk) -> None:
    desk.consented()
    desk.clock.move(minutes=1)
    now = ("--recorded-by", "now", "--occurred-by", "now")
    desk("study", "cut", "dsmb-1", "--purpose", "x", *now, *SIGNED, who="administrator:t-berg")
    made = desk.json("data-cuts")["dsmb-1"]["cut"]
    assert (made["recorded_by"], made["occurred_by"]) == ("2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z")
    assert desk.json("data-cut", "dsmb-1")["counts"]["on record"] == 1


def test_whoever_was_registered_only_later_is_counted_by_what_had_happened_to_them_before(desk: Desk) -> None:
    desk.clock.move(days=2)
    desk("register", "BER-001", "BER")
    desk("consent", "BER-001", "2026-01-05 10:00", "--form", desk.form, *CONSENT, "--reason", "entered late")
    desk.clock.move(minutes=1)
    between = ("--recorded-by", "now", "--occurred-by", "2026-01-06 08:00")
    desk("study", "cut", "dsmb-1", "--purpose", "x", *between, *SIGNED, who="administrator:t-berg")
    [one] = desk.json("data-cut", "dsmb-1")["participants"]
    assert (one["participant"], one["site"], one["stage"]) == ("BER-001", "BER", "Screening")


def test_a_cut_takes_a_signature(desk: Desk) -> None:
    desk.consented()
    refused = desk("study", "cut", "dsmb-1", "--purpose", "x", *AT, who="administrator:t-berg", code=2)
    assert "signature" in refused.stderr
