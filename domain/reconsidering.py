"""What is learned late of the time before a confirmation of eligibility: whether it still stands as it was signed."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain import events as e
from domain.criteria.report import Branch, EligibilityReport, Part, confirmation, eligibility
from domain.participant import Participant
from domain.record import Record
from domain.study import Study
from domain.verdicts import Outcome
from domain.words import few

TELLS_OF_BEFORE = (*e.FACTS, e.EntryCorrected, e.EntryRetracted)
"""What can tell, however late, of the time before a step or a confirmation."""


def reconsidered(before: Record, record: Record, study: Study) -> tuple[e.Event, ...]:
    """Whether what was appended between two states of a record changes what must be thought of the confirmation.

    A later event changes nothing, a fact about the time before does: the confirmation is judged again for its own instant. Where the
    participant was not surely eligible then, that is a deviation, for as long as it is so.
    """
    told = [entry.event for entry in record.entries[before.version :] if isinstance(entry.event, TELLS_OF_BEFORE)]
    confirmed = record.participant.eligible
    if not told or not record.participant.registered:
        return ()
    if confirmed is None:
        return tuple(_deviation(record.participant, None))
    at = confirmation(record.participant, study, record.participant.recorded_at)
    zone = study.zone(record.participant.site)
    if all(_is_of_later(event, at, zone) for event in told):
        return ()
    report = eligibility(record.participant, study, at)
    return (*_changed(record, report, study), *_deviation(record.participant, report))


def _is_of_later(event: e.Event, at: datetime, zone: str) -> bool:
    """Whether it surely tells only of the time after an instant; an amendment, or an assessment with dated items, may tell of any."""
    return isinstance(event, e.FACTS) and not isinstance(event, e.ScoreAssessed) and e.begins(event).span(zone).earliest > at


def _changed(record: Record, report: EligibilityReport, study: Study) -> Iterator[e.EligibilityReconsidered]:
    """What to say of the confirmation, unless it was said last."""
    signed = _signed(record, report, study)
    otherwise = tuple(part.id for part in report.parts if _otherwise(part, signed))
    said = record.participant.reconsidered
    if (said.fact.overall, said.fact.otherwise) != (report.overall, otherwise) if said else bool(otherwise):
        yield e.EligibilityReconsidered(overall=report.overall, otherwise=otherwise)


def _signed(record: Record, report: EligibilityReport, study: Study) -> Mapping[str, Part]:
    """The parts of the report that was signed, derived anew from what was on record then; none where it was confirmed on paper."""
    confirmed = record.participant.eligible
    if confirmed is None or confirmed.fact.report is None:
        return {}
    then = Record.of(record.id, record.entries[: confirmed.entry - 1]).participant
    return {part.id: part for part in eligibility(then, study, report.at).parts}


def _otherwise(part: Part, signed: Mapping[str, Part]) -> bool:
    """Whether a part, or anything it was put together from, is judged otherwise than was signed; on paper it was claimed to pass."""
    if part.id not in signed:
        return part.verdict in {"fails", "not yet known"}
    was = signed[part.id]
    return (part.verdict, _answers(part.because)) != (was.verdict, _answers(was.because))


def _answers(branch: Branch | None) -> tuple[Outcome, ...]:
    """The outcome of a requirement and of all its parts. More evidence for the same answers changes nothing that was judged."""
    return () if branch is None else (branch.outcome, *(outcome for part in branch.parts for outcome in _answers(part)))


def _deviation(participant: Participant, report: EligibilityReport | None) -> Iterator[e.DeviationRecorded | e.DeviationVoided]:
    """That somebody was enrolled who was not surely eligible, for each screening once."""
    key = f"eligibility:{len(participant.screenings)}"
    known = participant.deviations.get(key)
    failing = few([part.id for part in report.not_passing]) if report else ""
    says = f"eligibility was confirmed while these did not pass: {failing}"
    if failing and (known is None or known.says != says):
        yield e.DeviationRecorded(key=key, says=says)
    if known is not None and not failing:
        yield e.DeviationVoided(key=key, why="by what is now known, every part passed, or nothing was confirmed")
