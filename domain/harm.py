"""Harm: adverse events with all that was told of them since, and what of them must reach the sponsor within 24 hours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import events as e
from domain.participant import Participant
from domain.record import Record
from domain.standing import Noted, SafetyReport
from domain.study import Study
from domain.time import When
from domain.words import SERIOUSNESS, CtcaeGrade, Relation, Seriousness

TELLS_OF_HARM = (e.AdverseEvent, e.AdverseEventUpdated, e.EntryCorrected, e.EntryRetracted)
VOID = "by what is on record now, it was no adverse event, or none that is serious"

Telling = Noted[e.AdverseEvent] | Noted[e.AdverseEventUpdated]


@dataclass(frozen=True, slots=True)
class Adverse:
    """An adverse event as it stands: how it was told first, and each update in the order in which they were recorded."""

    first: Noted[e.AdverseEvent]
    updates: tuple[Noted[e.AdverseEventUpdated], ...]

    @property
    def tellings(self) -> tuple[Telling, ...]:
        return (self.first, *self.updates)

    @property
    def entry(self) -> int:
        """The entry that told of it first, by which it is known."""
        return self.first.entry

    @property
    def grade(self) -> CtcaeGrade:
        """The worst that it has been."""
        return max(one.fact.grade for one in self.tellings if one.fact.grade is not None)

    @property
    def serious(self) -> tuple[Seriousness, ...]:
        """Every criterion that it meets, in the order of ICH E2A."""
        met = {criterion for one in self.tellings for criterion in one.fact.serious}
        return tuple(criterion for criterion in SERIOUSNESS if criterion in met)

    @property
    def stop(self) -> When | None:
        """When it ended, as it was told last; None: it goes on, as far as anybody has said."""
        return next((one.fact.stop for one in reversed(self.tellings) if one.fact.stop is not None), None)

    @property
    def relation(self) -> Relation | None:
        """Whether the product caused it, as it was judged last."""
        return next((one.fact.relation for one in reversed(self.tellings) if one.fact.relation is not None), None)

    @property
    def narratives(self) -> tuple[str, ...]:
        """What was told of it, the first telling first."""
        return tuple(one.fact.narrative for one in self.tellings if one.fact.narrative is not None)


def adverse_events(participant: Participant) -> tuple[Adverse, ...]:
    """Every adverse event that stands; what was told of one that was taken back is gone with it."""
    updates = participant.adverse_event_updates
    return tuple(Adverse(one, tuple(more for more in updates if more.fact.entry == one.entry)) for one in participant.adverse_events)


def adverse_event(participant: Participant, entry: int) -> Adverse | None:
    """The adverse event that an entry told of first."""
    return next((one for one in adverse_events(participant) if one.entry == entry), None)


def harm_reported(before: Record, record: Record, study: Study) -> tuple[e.Event, ...]:
    """What follows from what was appended between two states of a record: what the sponsor must be told, or need not be told after all."""
    if not any(isinstance(entry.event, TELLS_OF_HARM) for entry in record.entries[before.version :]):
        return ()
    zone = study.zone(record.participant.site)
    wanted = [due for one in adverse_events(record.participant) if (due := _due(one, record, zone)) is not None]
    return tuple(_changed(wanted, record.participant.safety_reports))


def _due(adverse: Adverse, record: Record, zone: str) -> e.SafetyReportDue | None:
    """The matter of safety that an adverse event is: every criterion that no report has told the sponsor of, since the site learned of it.

    What is told again before it was reported is the same matter. What makes it more serious after a report is another one.
    """
    known = {key: one for key, one in record.participant.safety_reports.items() if key.startswith(_prefix(adverse))}
    reported = {criterion for one in known.values() for criterion in _reported(one, adverse, record)}
    fresh = [one for one in adverse.tellings if not reported.issuperset(one.fact.serious)]
    if not fresh:
        return None
    standing = next((key for key, one in known.items() if one.open), None)
    met = ", ".join(criterion.replace("-", " ") for criterion in adverse.serious if criterion not in reported)
    return e.SafetyReportDue(
        key=standing or f"{_prefix(adverse)}{_told_in(fresh[0], record)}",
        says=f"serious adverse event, {met}: {adverse.first.fact.term}",
        since=min(_learned(one, adverse, zone) for one in fresh),
    )


def _prefix(adverse: Adverse) -> str:
    return f"adverse-event:{adverse.entry}:"


def _reported(matter: SafetyReport, adverse: Adverse, record: Record) -> tuple[Seriousness, ...]:
    """What was on record of the seriousness of an adverse event when a matter of it was reported."""
    if matter.reported_in is None:
        return ()
    then = adverse_event(Record.of(record.id, record.entries[: matter.reported_in - 1]).participant, adverse.entry)
    return then.serious if then else ()


def _told_in(telling: Telling, record: Record) -> int:
    """The entry that says what is told: its own, or the last that corrected it."""
    corrected = (one.version for one in record.entries if isinstance(one.event, e.EntryCorrected) and one.event.entry == telling.entry)
    return max(corrected, default=telling.entry)


def _learned(telling: Telling, adverse: Adverse, zone: str) -> datetime:
    """The first minute at which the site can have learned of it: nobody did before it began."""
    return max(telling.fact.at.span(zone).earliest, adverse.first.fact.start.span(zone).earliest)


def _changed(wanted: list[e.SafetyReportDue], known: Mapping[str, SafetyReport]) -> Iterator[e.Event]:
    """What is to be said anew: matters that nobody knows of as they are now, and those that have come to nothing."""
    for due in wanted:
        was = known.get(due.key)
        if was is None or was.void or (was.says, was.since) != (due.says, due.since):
            yield due
    keys = {due.key for due in wanted}
    for key, one in known.items():
        if one.open and key.startswith("adverse-event:") and key not in keys:
            yield e.SafetyReportVoided(key=key, why=VOID)
