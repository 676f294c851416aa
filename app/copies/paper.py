"""The record as a document that people read: every entry in its order, with both clocks, its signature and what corrected it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import BinaryIO

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from app.copies.around import Around
from domain.decisions.reports import times
from domain.entry import Entry
from domain.events import FACTS, EntryCorrected, EntryRetracted, Event
from domain.record import Record
from domain.signatures import Signed, signatures
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


def write_paper(out: BinaryIO, around: Around, record: Record, made_at: datetime) -> None:
    """Write the document of one participant as one HTML file, which needs nothing else and prints."""
    zone = around.study.zone(record.participant.site)
    shown_ = {"study": around.name, "record": record, "zone": zone, "made_at": in_utc(made_at), "lines": lines(around, record, zone)}
    out.writelines(part.encode() for part in template("record.html").generate(shown_))


def lines(around: Around, record: Record, zone: str) -> Iterator[Line]:
    """Every entry of a record, in order, also those that no longer stand."""
    found = signatures(record, around.study_then)
    signed = {version: signature_in_words(one, around) for one in found for version in range(one.first, one.last + 1)}
    amended = {entry.event.entry: entry for entry in record.entries if isinstance(entry.event, EntryCorrected | EntryRetracted)}
    for entry in record.entries:
        by = amended.get(entry.version)
        yield Line(
            entry=entry,
            happened=tuple(at.shown(zone) for _, at in times(entry.event)) if isinstance(entry.event, FACTS) else (),
            recorded=shown(entry.recorded_at, zone),
            recorded_utc=in_utc(entry.recorded_at),
            by=_by(entry, around),
            says=says(entry.event, zone),
            amended="" if by is None else f"{'taken back' if isinstance(by.event, EntryRetracted) else 'corrected'} by entry {by.version}",
            signed=signed.get(entry.version, ""),
        )


def _by(entry: Entry[Event], around: Around) -> str:
    actor = entry.circumstances.actor
    return "the journey" if actor.role == "journey" else f"{around.named(actor.id)}, {actor.role}"


def signature_in_words(one: Signed, around: Around) -> str:
    """A signature as it is printed: who, when, what was meant, what it binds, and why it is not to be relied on, where it is not."""
    how = "" if one.authenticated else " (the signer did not prove anew who they are)"
    name = one.printed if one.printed != one.by.actor.id else around.named(one.printed)
    doubts = "".join(f" {doubt[0].upper()}{doubt[1:]}." for doubt in one.doubts)
    return f"Signed by {name} at {in_utc(one.at)}{how}: {one.meaning}. Bound to {one.digest}.{doubts}"


def in_utc(instant: datetime) -> str:
    """An instant in UTC, to the microsecond."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


@cache
def template(name: str) -> Template:
    """A page of a copy; whatever is filled in is escaped."""
    environment = Environment(
        loader=PackageLoader("app", "copies/templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)
