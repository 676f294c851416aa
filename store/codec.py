"""How an entry becomes bytes on disk and back, and the proof that the bytes are the ones that were recorded.

Old kinds are brought up to date in `decoded`, and nowhere else, once there are any.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from struct import Struct
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from domain.base import Value
from domain.doorkeeping import DOOR_EVENTS
from domain.entry import Circumstances, Entry, Identifiers
from domain.events import EVENTS
from domain.handing_out import HANDING_OUT_EVENTS
from domain.people import PEOPLE_EVENTS
from domain.searching import REVIEW_EVENTS
from domain.study import STUDY_EVENTS
from domain.time import Moment
from store.errors import DamagedEntry

SEAL = b"daybook-entry-1"
"""The name of the way in which entries are chained; another way will need another name."""
NOTHING_BEFORE = bytes(32)
"""What stands for the hash before the first entry of a stream."""
ALL_EVENTS = (*EVENTS, *STUDY_EVENTS, *PEOPLE_EVENTS, *DOOR_EVENTS, *REVIEW_EVENTS, *HANDING_OUT_EVENTS)
KINDS: dict[str, type[Value]] = {event.model_fields["kind"].default: event for event in ALL_EVENTS}
"""Every kind that may stand in a row; no other name is ever looked up."""

E = TypeVar("E", bound=Value)
_LENGTH = Struct(">Q").pack
_AS_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Row(NamedTuple):
    """An entry as it stands on disk."""

    position: int
    stream: str
    version: int
    kind: str
    state: bytes
    previous: bytes
    hash: bytes
    placed: bytes
    """Binds the hash to the position: SHA-256 of both."""


class State(Value, Generic[E]):
    """What the stored bytes say."""

    circumstances: Circumstances
    event: E
    recorded_at: Moment
    sealed: str | None
    study_version: int


def encoded(event: Value, circumstances: bytes, study_version: int, recorded_at: datetime, sealed: bytes | None) -> bytes:
    """The bytes to store: JSON with sorted keys and no blanks, in UTF-8."""
    instant = recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    text = "null" if sealed is None else f'"{b64encode(sealed).decode()}"'
    return b'{"circumstances":%b,"event":%b,"recorded_at":"%b","sealed":%b,"study_version":%d}' % (
        circumstances,
        canonical(event),
        instant.encode(),
        text.encode(),
        study_version,
    )


NOTHING_SEALED = b'"sealed":null,'
"""How the bytes of an entry say that no part of it is sealed; within a text the quotation marks would be escaped."""


def canonical(value: Value) -> bytes:
    """A value as JSON with sorted keys and no blanks, in UTF-8."""
    return _AS_TEXT(value.model_dump(mode="json")).encode()


def place(stream: str, version: int, kind: str) -> bytes:
    """Where an entry stands, as bytes that cannot be read in two ways."""
    return prefixed(stream.encode(), b"%d" % version, kind.encode())


def chained(previous: bytes, stream: str, version: int, kind: str, state: bytes) -> bytes:
    """The hash of an entry: over the hash before it, its place and its bytes as stored."""
    return sha256(SEAL + prefixed(previous, stream.encode(), b"%d" % version, kind.encode(), state)).digest()


def placed(hash_: bytes, position: int) -> bytes:
    """The proof that an entry stands at its position in the ledger."""
    return sha256(hash_ + position.to_bytes(8, "big")).digest()


def prefixed(*parts: bytes) -> bytes:
    """The parts one after the other, each behind its length in eight bytes, the most significant first."""
    return b"".join([_LENGTH(len(part)) + part for part in parts])


def what_is_wrong(row: Row) -> str | None:
    """Why a row on its own is not what was recorded; None when it is."""
    if row.kind not in KINDS:
        return f"no fact is called {row.kind!r}"
    if chained(row.previous, row.stream, row.version, row.kind, row.state) != row.hash:
        return "its contents do not agree with its hash"
    if placed(row.hash, row.position) != row.placed:
        return "it does not stand at the position where it was recorded"
    return None


def checked(rows: Iterable[Row], stream: str, upto: int, since: Entry[Any] | None = None) -> Iterator[Row]:
    """The rows of a stream, each verified, the chain between them too, and that they reach up to the version they should.

    These are all of its rows, or those that follow the entry `since`, which was verified before.
    """
    known, position, previous = (since.version, since.position, bytes.fromhex(since.digest)) if since else (0, 0, NOTHING_BEFORE)
    version = known
    for version, row in enumerate(rows, known + 1):
        if row.version != version:
            raise DamagedEntry(stream, version, "it is missing")
        if why := what_is_wrong(row):
            raise DamagedEntry(stream, version, why)
        if row.previous != previous:
            raise DamagedEntry(stream, version, "it does not follow the entry before it")
        if row.position <= position:
            raise DamagedEntry(stream, version, "it stands before the entry that it follows")
        position, previous = row.position, row.hash
        yield row
    if damage := ended_wrongly(stream, version, upto):
        raise damage


def ended_wrongly(stream: str, version: int, upto: int) -> DamagedEntry | None:
    """The damage where a stream does not end at the version at which the last command left it; None when it does.

    The chain alone cannot tell: what is left of a stream that lost its end is a whole chain.
    """
    if version < upto:
        return DamagedEntry(stream, version + 1, "it is missing")
    if version > upto:
        return DamagedEntry(stream, upto + 1, "no command is remembered that recorded it")
    return None


def state_of(row: Row) -> State[Any]:
    """What the stored bytes of a verified row say."""
    try:
        return _shape(row.kind).model_validate_json(row.state)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise DamagedEntry(row.stream, row.version, f"its contents cannot be understood ({first['msg']})") from error


def entry(row: Row, state: State[Any], identifiers: Identifiers | None) -> Entry[Any]:
    """The entry that a verified row holds."""
    return Entry(
        stream=row.stream,
        version=row.version,
        position=row.position,
        event=state.event,
        recorded_at=state.recorded_at,
        circumstances=state.circumstances,
        study_version=state.study_version,
        digest=row.hash.hex(),
        identifiers=identifiers,
    )


def unsealed(state: State[Any]) -> bytes | None:
    """The sealed part as bytes, still encrypted."""
    return None if state.sealed is None else b64decode(state.sealed)


@cache
def _shape(kind: str) -> type[State[Any]]:
    shape: type[State[Any]] = State.__class_getitem__(KINDS[kind])  # type: ignore[assignment]  # Subscribing a model makes a model.
    return shape
