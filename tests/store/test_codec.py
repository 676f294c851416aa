"""An entry comes back from its bytes as it was, and the bytes are pinned: a proof must not depend on the program's version."""

import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.base import Value
from domain.entry import Circumstances, Draft, Identifiers
from store.codec import KINDS, canonical, chained, encoded
from tests.store.given import append, by, opened
from tests.store.strategies import INSTANTS, any_of


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_every_kind_comes_back_as_it_was(kind: str) -> None:
    @settings(max_examples=20)
    @given(
        event=any_of(KINDS[kind]),
        circumstances=any_of(Circumstances),
        who=st.none() | any_of(Identifiers),
        study_version=st.integers(0, 2**50),
    )
    def check(event: Value, circumstances: Circumstances, who: Identifiers | None, study_version: int) -> None:
        number = next(numbers)
        stream, circumstances = f"participant:{number}", circumstances.model_copy(update={"command_id": UUID(int=number)})
        draft = Draft.model_construct(event=event, circumstances=circumstances, study_version=study_version, identifiers=who)
        append(ledger, stream, draft, digest=stream)
        (entry,) = ledger.read(stream)
        assert (entry.event, entry.circumstances, entry.identifiers, entry.study_version) == (event, circumstances, who, study_version)

    numbers = count()
    with closing(opened("memory")) as ledger:
        check()


def test_the_bytes_of_an_entry_are_these() -> None:
    command = UUID(int=7)
    event = KINDS["contact-lost.v1"].model_validate({"at": "2026-03-01"})
    state = encoded(event, canonical(by(command)), 3, datetime(2026, 3, 1, 9, 30, tzinfo=UTC), b"\x00\xff")
    assert state.decode() == (
        '{"circumstances":{"actor":{"id":"anna","role":"coordinator","site":"BER"},"assurance":"asserted",'
        '"command_id":"00000000-0000-0000-0000-000000000007","document":null,"performed_by":null,"reason":null,"signature":null,'
        '"source":"web","witnessed_by":null},"event":{"at":"2026-03-01","kind":"contact-lost.v1"},'
        '"recorded_at":"2026-03-01T09:30:00.000000+00:00","sealed":"AP8=","study_version":3}'
    )


def test_the_hash_of_an_entry_can_be_computed_by_anybody() -> None:
    parts = [bytes(32), b"participant:BER-001", b"1", b"registered.v1", b"{}"]
    by_hand = hashlib.sha256(b"daybook-entry-1" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
    assert chained(bytes(32), "participant:BER-001", 1, "registered.v1", b"{}") == by_hand


@given(event=st.sampled_from(list(KINDS.values())).flatmap(any_of), at=INSTANTS, sealed=st.none() | st.binary(max_size=20))
def test_stored_bytes_are_canonical(event: Value, at: datetime, sealed: bytes | None) -> None:
    state = encoded(event, canonical(by()), 0, at, sealed)
    assert json.dumps(json.loads(state), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == state
