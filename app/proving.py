"""Proving the record: all of it, or what came after the last proof, with whatever heads people hold."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from app.wiring import Daybook
from domain.base import Value
from domain.participant import PARTICIPANT
from projections.rebuilding import retry
from store.chains import Damage as Found
from store.errors import DamagedEntry, Fault
from store.examining import examine
from store.heads import held

NO_KEY = {
    "lost": "the key to who this is was altered or taken away, and no decision to erase that is on record",
    "destroyed": "the key to who this is was destroyed, and no decision to erase that is on record",
}


class Damage(Value):
    """Where what is on disk is not what was recorded; `stream` is empty where no entry stands."""

    position: int | None
    stream: str
    version: int
    why: str


class Verification(Value):
    """What was proved: every entry after `since`, against the ledger's heads; `unsigned` entries came after the last of these."""

    since: int
    entries: int
    streams: int
    heads: int
    unsigned: int
    damage: tuple[Damage, ...]
    unreadable: tuple[Damage, ...]
    """What nobody altered, and this program does not know how to read; only its participants are left out of the views."""
    elsewhere: int
    """Of how many participants the key to who they are was never here: this ledger was read in from a copy."""


def verification(daybook: Daybook, *, kept: Sequence[str] = (), from_the_start: bool = True) -> Verification:
    """Prove the record, and name what is damaged; the views leave it out from then on. Raises a Fault where that cannot be done.

    The head at which the last proof ended is itself one that somebody holds. Where others are given, everything is proved: what
    they state lies behind that place.
    """
    ended = _ended(daybook.settings.proved)
    since = None if from_the_start or kept else ended
    held_here = () if ended is None else (ended,)
    found = examine(daybook.ledger.recorder, daybook.signing.first(), kept=(*kept, *held_here), since=since)
    for stream in {one.stream for one in found.damage}:
        _leave_out(daybook, stream)
    lost, elsewhere = _identities(daybook)
    damage = (*found.damage, *lost)
    if not damage and found.last is not None:
        _end(daybook.settings.proved, found.last.note)
    return Verification(
        since=found.since,
        entries=found.entries,
        streams=found.streams,
        heads=found.heads,
        unsigned=found.unsigned,
        damage=tuple(map(_as_damage, damage)),
        unreadable=tuple(map(_as_damage, found.unreadable)),
        elsewhere=elsewhere,
    )


def _identities(daybook: Daybook) -> tuple[list[Found], int]:
    """Who can be named by nobody any more although nobody decided that, and of how many the keys were never here.

    What else is on record of them is not concerned.
    """
    lost, elsewhere = [], 0
    with suppress(DamagedEntry):  # of the study's own record, of which it was told above
        erased = {PARTICIPANT + event.participant for event, _ in daybook.desk.erased()}
        for row, kept in daybook.ledger.identities():
            elsewhere += kept == "elsewhere"
            if kept in NO_KEY and row.stream not in erased:
                lost.append(Found(row.position, row.stream, row.version, NO_KEY[kept]))
    return lost, elsewhere


def heads_in(paths: Iterable[Path]) -> tuple[str, ...]:
    """The heads that people hold, from their files. Raises Unproven or a Fault."""
    return tuple(_head_in(path) for path in paths)


def _head_in(path: Path) -> str:
    try:
        return held(path.read_text(errors="replace"))
    except OSError as error:
        raise Fault(f"Daybook cannot read {path}: {error.strerror}. Name the file in which the head is kept.") from error


def _ended(path: Path) -> str | None:
    """The head at which the last proof ended, if there was one; whether it is one of the ledger is for the proof to say."""
    return path.read_text(errors="replace") if path.exists() else None


def _end(path: Path, note: str) -> None:
    """Keep the head at which this proof ended; where that cannot be kept, the next proof begins earlier."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        beside.write_text(note)
        beside.replace(path)


def _leave_out(daybook: Daybook, stream: str) -> None:
    """Have the views look at a damaged record again; what keeps them from it is told of the views themselves."""
    if stream.startswith(PARTICIPANT):
        with suppress(Fault):
            retry(daybook.ledger, daybook.desk, daybook.views, stream.removeprefix(PARTICIPANT))


def _as_damage(one: Found) -> Damage:
    return Damage(position=one.position or None, stream=one.stream, version=one.version, why=one.why)


def proved(found: Verification) -> str:
    """What was read, and what is damaged of it."""
    after = f" after entry {found.since}, where the last proof ended," if found.since else ""
    heads = f" against {_counted(found.heads, 'head', 'heads')}" if found.heads else ""
    damage = f"; {len(found.damage)} damaged" if found.damage else ", nothing altered"
    entries, streams = _counted(found.entries, "entry", "entries"), _counted(found.streams, "stream", "streams")
    alone = f" {_unsigned(found)}" if found.unsigned else ""
    elsewhere = f" {_unnamed(found.elsewhere)}" if found.elsewhere else ""
    return f"{entries}{after} proved in {streams}{heads}{damage}.{alone}{elsewhere}"


def _unnamed(participants: int) -> str:
    who = _counted(participants, "participant is", "participants are")
    return f"Who {who} cannot be told here: this ledger was read in from a copy, which holds no keys."


def _unsigned(found: Verification) -> str:
    """What no head covers, which whoever runs the server could have written anew as a whole."""
    if not found.heads:
        return "No head was ever signed, so that only the entries themselves speak for what they say: sign one with `daybook head`."
    stand = "entry stands" if found.unsigned == 1 else "entries stand"
    return f"The last {_counted(found.unsigned, stand, stand)} after the last head: nobody else can prove them before the next one."


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def damaged(one: Damage) -> str:
    """Where something is damaged, and what that means."""
    if not one.stream:
        return f"{'The ledger' if one.position is None else f'Position {one.position}'}: {one.why}."
    where = f"Entry {one.version} of {one.stream} is damaged: {one.why}. It stands at position {one.position}."
    return f"{where} Do not rely on this record; tell the administrator."


def unread(one: Damage) -> str:
    """What stands there as it was recorded, and cannot be read."""
    return f"Entry {one.version} of {one.stream} is as it was recorded, and this program cannot read it: {one.why}. A newer one may."
