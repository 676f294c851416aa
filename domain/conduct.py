"""Conduct: what was promised when eligibility was confirmed, watched from then on. A breach never changes eligibility."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from domain import events as e
from domain.anchors import first_infusion
from domain.criteria.episode import Episode
from domain.criteria.exposures import exposures
from domain.participant import Participant
from domain.protocol import Conduct
from domain.reconsidering import TELLS_OF_BEFORE
from domain.record import Record
from domain.standing import SafetyReport
from domain.study import Study
from domain.time import FOREVER, Span, day_after, local_date, midnight

VOID = "by what is on record now, it did not happen while the promise held"


@dataclass(frozen=True, slots=True)
class Breach:
    """Something on record that goes against a promise, surely or (as far as its date or its kind is known) perhaps."""

    promise: str
    entry: int
    says: str
    sure: bool
    calls_for: Literal["deviation", "safety-report"]

    @property
    def key(self) -> str:
        return f"conduct:{self.promise}:{self.entry}"


class _Seen(NamedTuple):
    """What a promise is about, on record: since when, until when, and why it is not sure that it is of the kind (None: it is)."""

    entry: int
    what: str
    start: Span
    end: datetime
    unsure: str | None = None


def conduct_kept(before: Record, record: Record, study: Study) -> tuple[e.Event, ...]:
    """What follows from what was appended between two states of a record: breaches that came to light, or turned out to be none."""
    told = any(isinstance(entry.event, TELLS_OF_BEFORE) for entry in record.entries[before.version :])
    if not told or not record.participant.registered:
        return ()
    after = record.participant
    found = tuple(breaches(after, study))
    return (*_deviations(after, found), *_safety_reports(after, found, _told_in(record, found)))


def breaches(participant: Participant, study: Study) -> Iterator[Breach]:
    """Everything on record that goes against a promise, from the first confirmation on and for as long as each was given for.

    What calls for a deviation has begun in that time; what calls for a report of safety has gone on in it, whenever it began.
    """
    if participant.enrolled is None:
        return
    episode = Episode.of(participant, study, FOREVER)
    since = participant.enrolled.fact.at.span(episode.zone)
    for name, rule in episode.protocol.conduct.items():
        until = _until(rule, participant, episode.zone)
        for seen in _seen(rule, episode):
            if seen.start.earliest < until and _reaches(seen, rule) > since.earliest:
                sure = seen.unsure is None and since.latest < seen.start.earliest and seen.start.latest < until
                doubt = f" ({seen.unsure})" if seen.unsure else ""
                yield Breach(name, seen.entry, f"{rule.says.rstrip('.')}: {seen.what}{doubt}", sure, rule.calls_for)


def _reaches(seen: _Seen, rule: Conduct) -> datetime:
    """The last instant of it that counts, at the latest."""
    return seen.end if rule.calls_for == "safety-report" else seen.start.latest


def _until(rule: Conduct, participant: Participant, zone: str) -> datetime:
    """The end of a promise, counted from the infusion; open while there has been none."""
    infused = first_infusion(participant, zone)
    if infused is None:
        return FOREVER
    return midnight(day_after(rule.until.after(local_date(infused.fact.at.span(zone).latest, zone))), zone)


def _seen(rule: Conduct, episode: Episode) -> Iterator[_Seen]:
    """What a promise is about, wherever it stands on record."""
    if rule.of is not None:
        for one in exposures(rule.of, episode):
            yield _Seen(one.entry, one.name, one.course.start, FOREVER if one.course.open else one.course.end.latest, one.unsure)
    if rule.major_surgery:
        for done in episode.participant.procedures:
            if done.fact.major:
                span: Span = done.fact.at.span(episode.zone)
                yield _Seen(done.entry, done.fact.name, span, span.latest)
    for tested in episode.participant.observations:
        if tested.fact.valid and tested.fact.result in rule.results.get(tested.fact.test, ()):
            made, test = tested.fact.at.span(episode.zone), episode.protocol.tests[tested.fact.test]
            yield _Seen(tested.entry, f"{test.title}: {tested.fact.result}", made, made.latest)


def _deviations(after: Participant, found: Sequence[Breach]) -> Iterator[e.Event]:
    expected = {one.key: one for one in found if one.calls_for == "deviation"}
    for key, breach in expected.items():
        known = after.deviations.get(key)
        if known is None or (known.final, known.says) != (breach.sure, breach.says):
            made = e.DeviationRecorded if breach.sure else e.DeviationProposed
            yield made(key=key, says=breach.says)
    for key in sorted(after.deviations.keys() - expected.keys()):
        if key.startswith("conduct:"):
            yield e.DeviationVoided(key=key, why=VOID)


def _told_in(record: Record, found: Sequence[Breach]) -> Mapping[int, int]:
    """By entry of a breach, the entry that tells of it: itself, or the last that corrected it."""
    corrected = {one.event.entry: one.version for one in record.entries if isinstance(one.event, e.EntryCorrected)}
    return {one.entry: corrected.get(one.entry, one.entry) for one in found}


def _safety_reports(after: Participant, found: Sequence[Breach], told_in: Mapping[int, int]) -> Iterator[e.Event]:
    """One matter for each promise at a time: what is told again of it before it is reported is the same matter.

    A matter that was reported stays so, whatever is corrected since; what comes to light after it is another.
    """
    known = after.safety_reports
    wanted = {
        one.promise: one for one in reversed(found) if one.calls_for == "safety-report" and not _reported(one, told_in[one.entry], known)
    }
    standing = {one.key for one in found if one.key in known and known[one.key].open}
    for promise, first in wanted.items():
        same = [one for one in found if one.promise == promise and one.key in standing]
        matter = same[0] if same else first
        if not same or known[matter.key].says != matter.says:
            yield e.SafetyReportDue(key=matter.key, says=matter.says)
    for key, one in known.items():
        if one.open and key.startswith("conduct:") and key not in standing:
            yield e.SafetyReportVoided(key=key, why=VOID)


def _reported(breach: Breach, told_in: int, known: Mapping[str, SafetyReport]) -> bool:
    """Whether it was reported itself, or something else of the same promise was after the entry that tells of it."""
    own = known.get(breach.key)
    if own is not None and own.reported_in is not None:
        return True
    matters = (one for key, one in known.items() if key.startswith(f"conduct:{breach.promise}:"))
    return any(one.reported_in is not None and one.reported_in > told_in for one in matters)
