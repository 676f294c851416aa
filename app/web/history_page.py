"""The entries of a participant's history: each with both clocks, what it said and says, by whom and why."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.cli.history import who
from app.clinic_time import SiteClock
from app.web.asked import pages_of
from app.web.sheets import Asks, question
from domain.decisions.reports import times
from domain.entry import Entry
from domain.events import FACTS, EntryCorrected, EntryRetracted, Event
from domain.history import amendments
from domain.record import Record
from domain.signatures import Signed, StudyThen, signatures
from domain.time import When, local_time
from projections.sentences import says

ENTRIES_ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class EntryShown:
    """An entry as an auditor reads it. `said` is what it said before it was corrected."""

    version: int
    says: str
    said: str
    taken_back: bool
    amended_by: int
    occurred: tuple[When, ...]
    recorded_at: datetime
    who: str
    source: str
    told: tuple[tuple[str, str], ...]
    """What was said of how it came to be recorded: the reason, the source, others, the signature."""
    digest: str
    amendable: bool
    signature: Signed | None
    """The signature that it stands under, if any."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The entries that are known, the last first. `total` is how many there are by now."""

    entries: tuple[EntryShown, ...]
    total: int
    number: int
    pages: int


def history_page(known: Record, total: int, clock: SiteClock, number: int, study_then: StudyThen) -> HistoryPage:
    """The page of a number, counted from 1; what was recorded later corrects nothing of it."""
    amended = _amended(known.entries)
    signed = {version: one for one in signatures(known, study_then) for version in range(one.first, one.last + 1)}
    pages = pages_of(len(known.entries), ENTRIES_ON_A_PAGE)
    last = len(known.entries) - (min(number, pages) - 1) * ENTRIES_ON_A_PAGE
    shown = (entry_shown(entry, amended, clock, signed) for entry in reversed(known.entries[max(0, last - ENTRIES_ON_A_PAGE) : last]))
    return HistoryPage(tuple(shown), total, min(number, pages), pages)


Amended = Mapping[int, tuple[int, EntryCorrected | EntryRetracted]]


def entry_shown(entry: Entry[Event], amended: Amended, clock: SiteClock, signed: Mapping[int, Signed] | None = None) -> EntryShown:
    """An entry, as it says now."""
    by, amendment = amended.get(entry.version, (0, None))
    now = amendment.fact if isinstance(amendment, EntryCorrected) else entry.event
    return EntryShown(
        version=entry.version,
        says=says(now, clock.zone),
        said=says(entry.event, clock.zone) if isinstance(amendment, EntryCorrected) else "",
        taken_back=isinstance(amendment, EntryRetracted),
        amended_by=by,
        occurred=tuple(when for _, when in times(now)) if isinstance(now, FACTS) else (),
        recorded_at=entry.recorded_at,
        who=_who(entry),
        source=entry.circumstances.source,
        told=tuple(_told(entry)),
        digest=entry.digest,
        amendable=isinstance(entry.event, FACTS) and not isinstance(amendment, EntryRetracted),
        signature=(signed or {}).get(entry.version),
    )


def correction_asks(entry: Entry[Event], changes: tuple[str, ...]) -> tuple[Asks, Asks]:
    """The form by which an entry is corrected, whose fields are those of the entry; and the one by which it is taken back."""
    number = {"entry": (str(entry.version),)}
    return (
        Asks("correct", question("recordkeeping.correct"), button="Correct it", fixed={**number, "changes": changes}),
        Asks("retract", question("recordkeeping.retract"), "Take it back", button="Take it back", fixed=number),
    )


def stated(entry: Entry[Event], clock: SiteClock) -> dict[str, str]:
    """What an entry says now, field by field, as it would be typed."""
    written = entry.event.model_dump(mode="json", exclude={"kind"})
    return {name: _written(name, value, entry, clock) for name, value in written.items()}


def _written(name: str, value: object, entry: Entry[Event], clock: SiteClock) -> str:
    known = getattr(entry.event, name)
    if isinstance(known, When):
        return local_time(known.span(clock.zone).earliest, clock.zone).isoformat(" ", "minutes") if known.exact else known.root
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() if not any(isinstance(one, dict) for one in value):
            return ", ".join(map(str, value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _amended(entries: tuple[Entry[Event], ...]) -> Amended:
    by = {entry.event.entry: entry.version for entry in entries if isinstance(entry.event, EntryCorrected | EntryRetracted)}
    return {version: (by[version], amendment) for version, amendment in amendments(entries).items()}


def _who(entry: Entry[Event]) -> str:
    actor = entry.circumstances.actor
    return who(actor.role.replace("-", " "), actor.id)


def _told(entry: Entry[Event]) -> Iterator[tuple[str, str]]:
    by = entry.circumstances
    said = (
        ("Reason", by.reason),
        ("Source", by.document),
        ("Done by", by.performed_by),
        ("Witnessed by", by.witnessed_by),
        ("Who asked was", f"proved by {by.assurance.replace('-', ' ')}" if by.assurance != "asserted" else None),
    )
    yield from ((what, value) for what, value in said if value)
