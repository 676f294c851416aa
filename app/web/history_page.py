"""The page of a participant's history: every entry with both clocks, what it said and says, by whom and why, and past states."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.clinic_time import SiteClock
from app.web.sheets import Asks, question
from domain.decisions.reports import times
from domain.entry import Entry
from domain.events import FACTS, EntryCorrected, EntryRetracted, Event
from domain.history import amendments
from domain.leaving import ways_in_force
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.study import Study
from domain.time import When, local_time
from domain.visits import windows
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


@dataclass(frozen=True, slots=True)
class State:
    """How things stood after an entry."""

    version: int
    recorded_at: datetime
    standing: str
    steps: tuple[str, ...]
    visits: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The entries, the last first, and how things stood after one of them."""

    entries: tuple[EntryShown, ...]
    version: int
    number: int
    pages: int
    state: State | None


def history_page(record: Record, study: Study, clock: SiteClock, version: int | None, number: int) -> HistoryPage:
    """The page of a number, counted from 1. Raises Refused where there is no such entry."""
    if version is not None and not 0 < version <= record.version:
        raise Refused(Reason(code="unknown-page", says=f"{record.id} has {record.version} entries; there is no entry {version}"))
    upto = record.entries[:version]
    amended = _amended(record.entries)
    pages = max(1, -(-len(upto) // ENTRIES_ON_A_PAGE))
    last = len(upto) - (min(number, pages) - 1) * ENTRIES_ON_A_PAGE
    shown = (entry_shown(entry, amended, clock) for entry in reversed(upto[max(0, last - ENTRIES_ON_A_PAGE) : last]))
    state = None if version is None else _state(Record.of(record.id, upto), study, clock)
    return HistoryPage(tuple(shown), record.version, min(number, pages), pages, state)


Amended = Mapping[int, tuple[int, EntryCorrected | EntryRetracted]]


def entry_shown(entry: Entry[Event], amended: Amended, clock: SiteClock) -> EntryShown:
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
    return "the journey" if actor.role == "journey" else f"{actor.role.replace('-', ' ')} {actor.id}"


def _told(entry: Entry[Event]) -> Iterator[tuple[str, str]]:
    by = entry.circumstances
    said = (("Reason", by.reason), ("Source", by.document), ("Done by", by.performed_by), ("Witnessed by", by.witnessed_by))
    yield from ((what, value) for what, value in said if value)
    if by.signature is not None:
        name = by.signature.name or by.actor.id
        yield "Signed" if by.signature.authenticated else "Signed, not authenticated", f"{name}: {by.signature.meaning}"
        yield "Digest of what was signed", by.signature.signed


def _state(then: Record, study: Study, clock: SiteClock) -> State:
    one = then.participant
    taken = (f"{each.step.capitalize()}, taken {clock.shows_when(each.at)} (entry {each.entry})" for each in one.taken)
    plans = (
        f"{step.capitalize()}, planned from {clock.shows(plan.slot.start)} until {clock.shows(plan.slot.until)}: "
        f"{says(plan.verdict, clock.zone) if plan.verdict else 'no verdict yet.'}"
        for step, plan in one.plans.items()
    )
    return State(
        version=then.version,
        recorded_at=one.recorded_at,
        standing=_standing(then, clock.zone),
        steps=(*taken, *plans),
        visits=tuple((window.title, f"{window.state}, {window.range(clock.zone)}") for window in windows(one, study)),
        deviations=tuple(each.says for each in one.deviations.values()),
    )


def _standing(then: Record, zone: str) -> str:
    one = then.participant
    if left := [way.words for way, _ in ways_in_force(one, zone)]:
        return f"The participant {', '.join(left)}"
    if one.eligible is not None:
        return "Eligibility confirmed"
    return "In screening" if one.screenings else "Consented" if one.consents else "Not consented"
