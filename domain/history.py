"""Effective history: what the entries of a stream say once their corrections and retractions are applied."""

from collections.abc import Iterable
from dataclasses import replace

from domain.entry import Entry
from domain.events import EntryCorrected, EntryRetracted, Event


def effective(entries: Iterable[Entry[Event]]) -> tuple[Entry[Event], ...]:
    """The entries in stream order, each saying what it should have said; retracted ones are gone.

    The correcting entries themselves stay in their places: they happened, though they say nothing of the participant.
    """
    history = tuple(entries)
    amended = _amending(history)
    kept = []
    for entry in history:
        match amended.get(entry.version):
            case Entry(event=EntryRetracted()):
                continue
            case Entry(event=EntryCorrected(fact=fact), recorded_at=at):
                kept.append(replace(entry, event=fact, amended_at=at))
            case _:
                kept.append(entry)
    return tuple(kept)


def amendments(entries: Iterable[Entry[Event]]) -> dict[int, EntryCorrected | EntryRetracted]:
    """The last amendment of each amended entry, by its version."""
    return {
        version: entry.event for version, entry in _amending(entries).items() if isinstance(entry.event, EntryCorrected | EntryRetracted)
    }


def _amending(entries: Iterable[Entry[Event]]) -> dict[int, Entry[Event]]:
    return {entry.event.entry: entry for entry in entries if isinstance(entry.event, EntryCorrected | EntryRetracted)}
