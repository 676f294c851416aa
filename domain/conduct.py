"""Conduct: what was promised when eligibility was confirmed, watched from then on. A breach never changes eligibility."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain import events as e
from domain.criteria.episode import Episode
from domain.criteria.exposures import exposures
from domain.criteria.report import confirmation
from domain.participant import Participant
from domain.protocol import Conduct
from domain.reconsidering import TELLS_OF_BEFORE
from domain.record import Record
from domain.standing import Deviation
from domain.study import Study
from domain.time import FOREVER, Span, day_after, local_date, midnight
from domain.visits import first_infusion

VOID = "by what is on record now, it did not happen while the promise held"


@dataclass(frozen=True, slots=True)
class Breach:
    """Something on record that goes against a promise, surely or (as far as its date or its kind is known) perhaps."""

    key: str
    says: str
    sure: bool
    calls_for: Literal["deviation", "safety-report"]


def conduct_kept(before: Record, record: Record, study: Study) -> tuple[e.Event, ...]:
    """What follows from what was appended between two states of a record: breaches that came to light, or turned out to be none."""
    told = any(isinstance(entry.event, TELLS_OF_BEFORE) for entry in record.entries[before.version :])
    if not told or not record.participant.registered:
        return ()
    after = record.participant
    found = tuple(breaches(after, study))
    return (*_deviations(after, found), *_safety_reports(after, found))


def breaches(participant: Participant, study: Study) -> Iterator[Breach]:
    """Everything on record that goes against a promise, from the confirmation on and for as long as each was given for."""
    if participant.eligible is None:
        return
    episode = Episode.of(participant, study, FOREVER)
    since = confirmation(participant, study, episode.at)
    for name, rule in episode.protocol.conduct.items():
        until = _until(rule, participant, episode.zone)
        for entry, what, start, sure in _found(rule, episode):
            if start.latest > since and start.earliest < until:
                certain = sure and start.earliest > since and start.latest < until
                yield Breach(f"conduct:{name}:{entry}", f"{rule.says.rstrip('.')}: {what}", certain, rule.calls_for)


def _until(rule: Conduct, participant: Participant, zone: str) -> datetime:
    """The end of a promise, counted from the infusion; open while there has been none."""
    infused = first_infusion(participant, zone)
    if infused is None:
        return FOREVER
    return midnight(day_after(rule.until.after(local_date(infused.fact.at.span(zone).latest, zone))), zone)


def _found(rule: Conduct, episode: Episode) -> Iterator[tuple[int, str, Span, bool]]:
    """What a promise is about, wherever it stands on record: its entry, what it is, when it began, and whether it surely is of the kind."""
    if rule.of is not None:
        yield from ((one.entry, one.name, one.course.start, one.unsure is None) for one in exposures(rule.of, episode))
    if rule.major_surgery:
        for done in episode.participant.procedures:
            if done.fact.major:
                yield done.entry, done.fact.name, done.fact.at.span(episode.zone), True
    for seen in episode.participant.observations:
        if seen.fact.valid and seen.fact.result is not None and seen.fact.result in rule.results.get(seen.fact.test, ()):
            yield seen.entry, f"{episode.protocol.tests[seen.fact.test].title}: {seen.fact.result}", seen.fact.at.span(episode.zone), True


def _deviations(after: Participant, found: tuple[Breach, ...]) -> Iterator[e.Event]:
    expected = {one.key: one for one in found if one.calls_for == "deviation"}
    for key, breach in expected.items():
        if not _said(after.deviations.get(key), breach):
            made = e.DeviationRecorded if breach.sure else e.DeviationProposed
            yield made(key=key, says=breach.says)
    for key in sorted(after.deviations.keys() - expected.keys()):
        if key.startswith("conduct:"):
            yield e.DeviationVoided(key=key, why=VOID)


def _said(known: Deviation | None, breach: Breach) -> bool:
    return known is not None and (known.final, known.says) == (breach.sure, breach.says)


def _safety_reports(after: Participant, found: tuple[Breach, ...]) -> Iterator[e.Event]:
    expected = {one.key: one.says for one in found if one.calls_for == "safety-report"}
    for key, says in expected.items():
        known = after.safety_reports.get(key)
        if known is None or known.says != says:
            yield e.SafetyReportDue(key=key, says=says)
    for key in sorted(after.safety_reports.keys() - expected.keys()):
        yield e.SafetyReportVoided(key=key, why=VOID)
