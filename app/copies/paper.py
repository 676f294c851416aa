"""The record as a document that people read: every entry in its order, with both clocks, its signature and what corrected it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import BinaryIO

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from domain.decisions.reports import times
from domain.entry import Entry, Signature
from domain.events import FACTS, EntryCorrected, EntryRetracted, Event
from domain.people import People
from domain.record import Record
from domain.time import shown
from projections.sentences import says


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the document shows it."""

    entry: Entry[Event]
    happened: tuple[str, ...]
    """By the site's clocks, as precisely as it is known."""
    recorded: str
    recorded_utc: str
    by: str
    says: str
    amended: str
    """By which entry it was corrected or taken back; empty where it stands."""
    signed: str


def write_paper(out: BinaryIO, study: str, record: Record, zone: str, people: People, made_at: datetime) -> None:  # noqa: PLR0913, PLR0917 - A document says what it is of.
    """Write the document of one participant as one HTML file, which needs nothing else and prints."""
    shown_ = {"study": study, "record": record, "zone": zone, "made_at": _utc(made_at), "lines": lines(record, zone, people)}
    out.writelines(part.encode() for part in _template().generate(shown_))


def lines(record: Record, zone: str, people: People) -> Iterator[Line]:
    """Every entry of a record, in order, also those that no longer stand."""
    amended = {entry.event.entry: entry for entry in record.entries if isinstance(entry.event, EntryCorrected | EntryRetracted)}
    for entry in record.entries:
        by = amended.get(entry.version)
        yield Line(
            entry=entry,
            happened=tuple(at.shown(zone) for _, at in times(entry.event)) if isinstance(entry.event, FACTS) else (),
            recorded=shown(entry.recorded_at, zone),
            recorded_utc=_utc(entry.recorded_at),
            by=_by(entry, people),
            says=says(entry.event, zone),
            amended="" if by is None else f"{'taken back' if isinstance(by.event, EntryRetracted) else 'corrected'} by entry {by.version}",
            signed=_signed(entry, entry.circumstances.signature, people),
        )


def _by(entry: Entry[Event], people: People) -> str:
    actor = entry.circumstances.actor
    return "the journey" if actor.role == "journey" else f"{_named(actor.id, people)}, {actor.role}"


def _signed(entry: Entry[Event], signature: Signature | None, people: People) -> str:
    if signature is None:
        return ""
    how = "" if signature.authenticated else " (the signer did not prove anew who they are)"
    name = signature.name or _named(entry.circumstances.actor.id, people)
    return f"Signed by {name} at {_utc(entry.recorded_at)}{how}: {signature.meaning}. Bound to {signature.signed}."


def _named(id_: str, people: People) -> str:
    person = people.persons.get(id_)
    return f"{person.name} ({id_})" if person else id_


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("app", "copies/templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("record.html")
