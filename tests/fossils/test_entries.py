"""The past must always load: one stored entry of every kind that was ever released, in `entries.jsonl`."""

import json
from pathlib import Path
from typing import Any

import pytest

from store.codec import KINDS, Row, canonical, encoded, state_of

FOSSILS = {json.loads(line)["event"]["kind"]: line for line in Path(__file__).with_name("entries.jsonl").read_bytes().splitlines()}


def test_every_kind_has_a_fossil() -> None:
    assert set(FOSSILS) == set(KINDS), (
        "Add the stored bytes of a first entry of each new kind to entries.jsonl; never change a line that is there."
    )


def holds(says: Any, said: Any) -> bool:
    """Whether everything that was said is still said; a part may say more than it did."""
    if isinstance(said, dict):
        return isinstance(says, dict) and all(key in says and holds(says[key], value) for key, value in said.items())
    return bool(says == said)


@pytest.mark.clause("21 CFR 11", "11.10(c)")
@pytest.mark.clause("FDA Q&A 2024", "retention")
@pytest.mark.clause("EU Annex 11", "17", "7")
@pytest.mark.clause("ICH E6(R3)", "4.2.7")
@pytest.mark.parametrize("kind", FOSSILS)
def test_a_fossil_still_loads_and_says_what_it_said(kind: str) -> None:
    """A field that the kind was given later has its default, and everything that was said is said to the letter."""
    state = state_of(Row(1, "participant:BER-001", 1, kind, FOSSILS[kind], b"", b"", b""))
    again = encoded(state.event, canonical(state.circumstances), state.study_version, state.recorded_at, None)
    said, says = json.loads(FOSSILS[kind]), json.loads(again)
    assert holds(says.pop("event"), said.pop("event"))
    assert holds(says, said)
    assert says.keys() == said.keys()
    assert state_of(Row(1, "participant:BER-001", 1, kind, again, b"", b"", b"")) == state
