"""What is not of one participant is in a copy of the whole ledger for people to read, with who signed it, and in no other copy."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from app.copies.rest import write_rest
from domain.decided import to_decide
from domain.keeping import DataCutMade
from domain.study import Ruled
from store.codec import Row
from tests.app.copies.given import around
from tests.builders import START, STUDY, Trial, by_

CUT = DataCutMade(name="dsmb-1", purpose="<b>the safety board</b>", recorded_by=START, occurred_by=START)
UNREADABLE = Row(99, "people:cd19-cart-sle", 1, "badge-lost.v1", b'{"event":{"kind":"badge-lost.v1"}}', b"", b"\x01" * 32, b"")


@pytest.fixture
def trial() -> Trial:
    """A ruling and a signed data cut."""
    trial = Trial()
    trial.clock.move(hours=1)
    trial.participants.desk.record((Ruled(ruling="local-steroid-injections", choice="outside"),), by_("administrator", trial.next_id()))
    by = by_("administrator", trial.next_id(), reason="as planned")
    signed = by_("administrator", by.command_id, reason="as planned", signed=to_decide(STUDY, (CUT,), by))
    trial.participants.desk.record((CUT,), signed)
    return trial


def rows(trial: Trial) -> Iterator[Row]:
    ledger = trial.participants.ledger
    yield from ledger.recorder.stream(trial.participants.desk.stream).rows


def document(trial: Trial, *others: Row) -> str:
    out = BytesIO()
    write_rest(out, around(trial), [*rows(trial), *others], trial.participants.desk.signed(), trial.clock())
    return " ".join(out.getvalue().decode().split())


def test_every_entry_is_shown_with_what_it_says_and_its_proof(trial: Trial) -> None:
    text = document(trial)
    for row in rows(trial):
        assert row.hash.hex() in text
    for said in ("Data cut made", "name: dsmb-1", "&lt;b&gt;the safety board&lt;/b&gt;", "reason: as planned", "choice: outside"):
        assert said in text


@pytest.mark.clause("21 CFR 11", "11.50")
def test_a_decision_is_shown_with_who_signed_it_when_and_what_that_means(trial: Trial) -> None:
    [signed] = re.findall(r"Signed by [^<]*", document(trial))
    assert signed.startswith("Signed by a-administrator at 2026-01-05 09:00:00.000000 UTC")
    assert ": I have judged this myself. Bound to " in signed
    assert "do not rely on it" not in signed


def test_what_cannot_be_read_is_shown_as_it_is_stored(trial: Trial) -> None:
    text = document(trial, UNREADABLE)
    assert "Badge lost" in text
    assert "{&#34;event&#34;:{&#34;kind&#34;:&#34;badge-lost.v1&#34;}}" in text


def test_it_lies_in_a_copy_of_the_whole_ledger_and_in_no_other(made: dict[str, Path]) -> None:
    text = (made["study"] / "documents/study.html").read_text()
    entries = [json.loads(line) for line in (made["study"] / "entries.jsonl").read_text().splitlines()]
    shown = [entry["hash"] for entry in entries if not entry["stream"].startswith("participant:")]
    assert re.findall(r'proof">([0-9a-f]{64})<', text) == shown
    assert "study.html" in (made["study"] / "README.txt").read_text()
    assert not (made["participant"] / "documents/study.html").exists()
    assert "study.html" not in (made["participant"] / "README.txt").read_text()
