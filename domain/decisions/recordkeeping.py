"""Corrections, retractions, and the last word on a visit."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from domain import commands as c
from domain import events as e
from domain.decisions.reports import badly_formed, not_theirs, visit_out_of_place
from domain.decisions.visiting import booked_too_late, outside_its_window
from domain.entry import Circumstances, Entry
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.study import Study
from domain.visits import windows


def correct(command: c.Correct, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """A correction replaces what an entry says by a fact of the same kind; everything that hung on it is judged anew."""
    entry = _amendable(command.entry, record, by)
    if entry.event.kind != command.fact.kind:
        raise Refused(
            Reason(code="other-kind", says=f"entry {command.entry} is {entry.event.kind}, not {command.fact.kind}: retract it instead")
        )
    refuse_if(_not_correctable(entry, command.fact))
    if entry.event == command.fact:
        raise Refused(Reason(code="same-fact", says=f"entry {command.entry} says that already"))
    protocol = study.protocol(record.participant.protocol)
    without = record.then((e.EntryRetracted(entry=command.entry),), at, by).participant
    same_visit = isinstance(entry.event, e.VisitBooked) and entry.event.visit == vars(command.fact).get("visit")
    refuse_if(
        (
            *badly_formed(command.fact, record.participant, study, at),
            *dict.fromkeys(chain(not_theirs(entry.event, protocol, by), not_theirs(command.fact, protocol, by))),
            *booked_too_late(command.fact, study.zone(without.site), entry.recorded_at),
            *(() if same_visit else visit_out_of_place(command.fact, without, study)),
        )
    )
    corrected = e.EntryCorrected(entry=command.entry, fact=command.fact)
    refuse_if(outside_its_window(command.fact, record.then((corrected,), at, by).participant, study, by))
    return (corrected,)


def _not_correctable(entry: Entry[e.Event], fact: e.Fact) -> Iterator[Reason]:
    match entry.event, fact:
        case e.EligibilityConfirmed(report=str()), _:
            yield Reason(code="signed-report", says="a report that was signed is not corrected: retract it, or sign the report again")
        case e.SafetyReported(key=key), e.SafetyReported(key=other) if key != other:
            yield Reason(code="other-matter", says=f"this tells of {key}: retract it, and report {other} by itself")
        case e.AdverseEventUpdated(entry=told), e.AdverseEventUpdated(entry=other) if told != other:
            yield Reason(code="other-event", says=f"this tells of entry {told}: retract it, and tell of entry {other} by itself")
        case _:
            pass


def retract(command: c.Retract, record: Record, study: Study, by: Circumstances) -> tuple[e.Event, ...]:
    """A retraction makes an entry as if it had never been made."""
    entry = _amendable(command.entry, record, by)
    refuse_if(not_theirs(entry.event, study.protocol(record.participant.protocol), by))
    return (e.EntryRetracted(entry=command.entry),)


def miss_visit(command: c.MissVisit, record: Record, study: Study) -> tuple[e.Event, ...]:
    """A visit whose window has closed with nothing recorded is finally missed."""
    window = next((one for one in windows(record.participant, study) if one.visit == command.visit), None)
    if window is None or window.state != "unaccounted":
        raise Refused(
            Reason(code="not-unaccounted", says=f"the visit {command.visit} is not one whose window closed with nothing recorded")
        )
    return (e.VisitMissed(visit=command.visit),)


def _amendable(version: int, record: Record, by: Circumstances) -> Entry[e.Event]:
    """Only what people stated is amended, and only with a reason; the journey's own facts are not theirs to correct."""
    entry = record.entry(version)
    refuse_if(_against(version, entry, by))
    assert entry is not None, "an entry that is missing has been refused"  # noqa: S101 - cannot happen; see house style
    return entry


def _against(version: int, entry: Entry[e.Event] | None, by: Circumstances) -> Iterator[Reason]:
    if by.reason is None:
        yield Reason(code="reason-missing", says="a correction needs a reason")
    if entry is None:
        yield Reason(code="unknown-entry", says=f"there is no entry {version}, or it has been retracted")
    elif not isinstance(entry.event, e.FACTS):
        yield Reason(code="not-amendable", says=f"entry {version} ({entry.event.kind}) states nothing that a person reported")
