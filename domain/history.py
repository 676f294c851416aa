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
    amended = amendments(history)
    kept = []
    for entry in history:
        match amended.get(entry.version):
            case EntryRetracted():
                continue
            case EntryCorrected(fact=fact):
                kept.append(replace(entry, event=fact))
            case _:
                kept.append(entry)
    return tuple(kept)


def amendments(entries: Iterable[Entry[Event]]) -> dict[int, EntryCorrected | EntryRetracted]:
    """The last amendment of each amended entry, by its version."""
    return {entry.event.entry: entry.event for entry in entries if isinstance(entry.event, EntryCorrected | EntryRetracted)}
