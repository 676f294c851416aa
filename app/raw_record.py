"""A record that cannot be read as a whole, entry by entry: what can be understood in words, and the rest as it stands on disk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.participant import PARTICIPANT
from projections.sentences import says
from store.codec import NOTHING_BEFORE, Row, State, state_of, what_is_wrong
from store.errors import DamagedEntry, in_plain_words
from store.ledger import Ledger

MOST_SHOWN = 4000
"""How many characters of what cannot be understood are shown."""


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry as it stands on disk. `wrong` is why it is not what was recorded, or cannot be understood; empty where it can."""

    version: int
    position: int
    kind: str
    digest: str
    says: str
    raw: str
    wrong: str
    recorded_at: datetime | None


def raw_entries(ledger: Ledger, participant_id: str, zone: str) -> tuple[RawEntry, ...]:
    """Every row of a participant that stands, read one by one: what is wrong with one hides no other. Raises Fault."""
    with in_plain_words():
        _, rows = ledger.recorder.stream(PARTICIPANT + participant_id)
    previous, found = NOTHING_BEFORE, []
    for number, row in enumerate(rows, 1):
        follows = row.version == number and row.previous == previous
        found.append(_entry(row, zone, "" if follows else "it does not follow the entry that stands before it"))
        previous = row.hash
    return tuple(found)


def _entry(row: Row, zone: str, misplaced: str) -> RawEntry:
    state, wrong = understood(row)
    return RawEntry(
        version=row.version,
        position=row.position,
        kind=row.kind,
        digest=row.hash.hex(),
        says="" if state is None else says(state.event, zone),
        raw="" if state is not None else row.state[:MOST_SHOWN].decode(errors="replace"),
        wrong="; ".join(filter(None, (wrong, misplaced))),
        recorded_at=None if state is None else state.recorded_at,
    )


def understood(row: Row) -> tuple[State[Any] | None, str]:
    """What a row says, or why nobody can tell."""
    if why := what_is_wrong(row):
        return None, why
    try:
        return state_of(row), ""
    except DamagedEntry as damage:
        return None, damage.why
