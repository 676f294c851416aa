"""Replay: a participant as of any moment, by what was known then, by what had happened by then, or by both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Annotated, cast

from pydantic import Field

from domain.agenda import Agenda, agenda
from domain.base import Value
from domain.entry import Entry
from domain.events import FACTS, ConditionNoted, Event, Fact, MedicationTaken, Registered, VisitBooked, begins
from domain.folding import as_of, evolve
from domain.gates import SlotVerdict, judge, judged_for
from domain.history import effective
from domain.participant import Participant, but
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.standing import Plan
from domain.study import Study
from domain.time import MINUTE, Moment, to_the_minute
from domain.verdicts import RuleVerdict
from domain.words import STEPS, HoldPoint

DATED = frozenset(FACTS) - {VisitBooked}
"""What says itself when it happened; an appointment is of a time yet to come, and was made when it was recorded."""


class Cut(Value):
    """A moment to which a record is replayed, as narrow as all of its parts together; without any, nothing is cut off.

    `entry`: nothing is known but the entries up to this one, and of the study what its decision took into account.
    `recorded`: nothing is known but what had been recorded, of the study too, by the end of this minute. An entry that was recorded
    later and corrects an earlier one is not known then: the earlier one says what it said.
    `occurred`: of what is known, corrections applied, only what had surely happened by the end of this minute. What is known to the day
    counts from the end of that day on; a course that went on then has no end. What follows from facts by itself (verdicts, deviations,
    reminders), and what was planned or booked, happened when it was recorded.
    """

    entry: Annotated[int, Field(ge=1)] | None = None
    recorded: Moment | None = None
    occurred: Moment | None = None

    def knows(self, recorded_at: datetime) -> bool:
        """Whether what was recorded at an instant is known."""
        return self.recorded is None or recorded_at < to_the_minute(self.recorded) + MINUTE


@dataclass(frozen=True, slots=True)
class GateThen:
    """The gate of a step as it was judged then, for the planned slot while that lay ahead; `derived` is what follows for the slot."""

    step: HoldPoint
    judged_for: datetime
    rules: tuple[RuleVerdict, ...]
    plan: Plan | None
    derived: SlotVerdict | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a participant stood at a moment: `record` holds the entries that are known, and the participant they fold to.

    `at` is the instant for which gates and agenda are told; `study` the study as it was known.
    """

    cut: Cut
    at: datetime
    record: Record
    study: Study
    gates: tuple[GateThen, ...]
    agenda: Agenda

    @property
    def participant(self) -> Participant:
        return self.record.participant

    @property
    def protocol_digest(self) -> str | None:
        """The digest of the protocol that was valid for the participant; None before one was adopted."""
        return self.study.record.released.get(self.participant.protocol)


def replay(record: Record, study: Study, cut: Cut) -> Replayed:
    """The participant as of a moment; `study` as `study_version` tells it. Raises Refused where there is nothing to tell."""
    then = cut_off(record, cut, study)
    one = then.participant
    at = cut.occurred or cut.recorded or one.recorded_at
    return Replayed(cut, at, then, study, tuple(_gates(one, study, at)), agenda(one, study))


def study_version(record: Record, studied: Sequence[datetime], cut: Cut) -> int:
    """How many entries of the study's stream are known; `studied` is when each was recorded. Raises Refused as `replay` does."""
    known, last = sum(map(cut.knows, studied)), _known(record, cut)[-1]
    return known if cut.entry is None else min(known, last.study_version)


def _known(record: Record, cut: Cut) -> tuple[Entry[Event], ...]:
    """The entries that are known. Raises Refused where that is none, or where there is no such entry."""
    if cut.entry is not None and cut.entry > record.version:
        raise Refused(Reason(code="unknown-entry", says=f"{record.id} has {record.version} entries; there is no entry {cut.entry}"))
    entries = tuple(entry for entry in record.entries[: cut.entry] if cut.knows(entry.recorded_at))
    if not entries:
        raise Refused(Reason(code="not-on-record-yet", says=f"nothing was on record of {record.id} by then"))
    return entries


def cut_off(record: Record, cut: Cut, study: Study) -> Record:
    """The record with nothing but the entries that are known, folded to what of them had happened. Raises Refused as `replay` does."""
    entries = _known(record, cut)
    if cut.occurred is not None:
        return Record(record.id, entries, _as_had_happened(record.id, entries, cut.occurred, study))
    return record if len(entries) == len(record.entries) else Record.of(record.id, entries)


def _as_had_happened(participant_id: str, entries: Sequence[Entry[Event]], by: datetime, study: Study) -> Participant:
    site = next((entry.event.site for entry in entries if isinstance(entry.event, Registered)), None)
    happened = tuple(_happened(entries, by, study.zone(site) if site else "UTC"))
    if not happened:
        raise Refused(Reason(code="not-on-record-yet", says=f"nothing of {participant_id} had happened by then"))
    one = as_of(reduce(evolve, happened, Participant()), happened[-1])
    return but(one, recorded_at=min(one.recorded_at, by))


def _happened(entries: Sequence[Entry[Event]], by: datetime, zone: str) -> Iterator[Entry[Event]]:
    for entry in effective(entries):
        if _surely_at(entry, zone) <= by:
            yield replace(entry, event=_so_far(entry.event, by, zone))


def _surely_at(entry: Entry[Event], zone: str) -> datetime:
    """The minute by which what an entry says had surely happened, or begun."""
    if type(entry.event) in DATED:  # A look-up: to ask of each class in turn would take most of the time of a replay.
        return begins(cast("Fact", entry.event)).span(zone).latest
    return to_the_minute(entry.recorded_at)


def _so_far(event: Event, by: datetime, zone: str) -> Event:
    """What an event says of the time up to an instant: what ended later, or may have, still went on."""
    if isinstance(event, MedicationTaken | ConditionNoted) and event.stop is not None and event.stop.span(zone).latest > by:
        return event.model_copy(update={"stop": None})
    return event


def _gates(one: Participant, study: Study, at: datetime) -> Iterator[GateThen]:
    for step in STEPS if one.protocol else ():
        plan = one.plans.get(step)
        instant = judged_for(plan, at)
        gate = judge(step, one, study, instant)
        derived = None if plan is None else gate.verdict(plan.slot, at)
        yield GateThen(step, instant, gate.derivation(instant).rules, plan, derived)
