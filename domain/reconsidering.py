"""What is learned late of the time before a confirmation of eligibility: whether it still stands as it was signed."""

from collections.abc import Iterator, Mapping, Sequence
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
    after = record.participant
    if not told or not after.registered:
        return ()
    if after.eligible is None:
        return tuple(_deviations(after, ()))
    at = confirmation(after, study, after.recorded_at)
    if all(_is_of_later(event, at, study.zone(after.site)) for event in told):
        return ()
    report = eligibility(after, study, at)
    signed = _signed(record, report, study)
    otherwise = tuple(part for part in report.parts if _otherwise(part, signed))
    return (*_changed(after, report, otherwise), *_deviations(after, otherwise))


def _is_of_later(event: e.Event, at: datetime, zone: str) -> bool:
    """Whether it surely tells only of the time after an instant; who somebody is, dated items and an amendment may tell of any."""
    of_any_time = isinstance(event, e.ScoreAssessed | e.DemographicsRecorded)
    return isinstance(event, e.FACTS) and not of_any_time and e.begins(event).span(zone).earliest > at


def _changed(after: Participant, report: EligibilityReport, otherwise: Sequence[Part]) -> Iterator[e.EligibilityReconsidered]:
    """What to say of the confirmation, unless it was said last."""
    names, said = tuple(part.id for part in otherwise), after.reconsidered
    if (said.fact.overall, said.fact.otherwise) != (report.overall, names) if said else bool(names):
        yield e.EligibilityReconsidered(overall=report.overall, otherwise=names)


def _signed(record: Record, report: EligibilityReport, study: Study) -> Mapping[str, Part]:
    """The parts of the report that was signed, derived anew from what was on record then; none where it was confirmed on paper."""
    confirmed = record.participant.eligible
    if confirmed is None or confirmed.fact.report is None:
        return {}
    then = Record.of(record.id, record.entries[: confirmed.entry - 1]).participant
    return {part.id: part for part in eligibility(then, study, report.at).parts}


def _otherwise(part: Part, signed: Mapping[str, Part]) -> bool:
    """Whether a part is judged otherwise than was signed; on paper it was claimed to pass.

    Of a part that passes the answers count, its own and those that it was put together from: more evidence for the same answers
    changes nothing that was judged. Of one that does not, the evidence counts as well: what else the study has ruled since is no
    fact about the participant, and hides none.
    """
    if part.id not in signed:
        return _stands_against(part)
    was = signed[part.id]
    if _stands_against(part):
        return (part.verdict, part.because) != (was.verdict, was.because)
    return (part.verdict, _answers(part.because)) != (was.verdict, _answers(was.because))


def _stands_against(part: Part) -> bool:
    return part.verdict in {"fails", "not yet known"}


def _answers(branch: Branch | None) -> tuple[Outcome, ...]:
    """The outcome of a requirement and of all its parts."""
    return () if branch is None else (branch.outcome, *(outcome for part in branch.parts for outcome in _answers(part)))


def _deviations(after: Participant, otherwise: Sequence[Part]) -> Iterator[e.DeviationRecorded | e.DeviationVoided]:
    """That somebody was enrolled who was not surely eligible, for each screening once; those of earlier ones stay."""
    screenings = [one.entry for one in after.screenings]
    key = f"eligibility:{screenings[-1] if screenings else 0}"
    failing = few([part.id for part in otherwise if _stands_against(part)])
    says = f"eligibility was confirmed while these did not pass: {failing}"
    known = after.deviations.get(key)
    if failing and (known is None or known.says != says):
        yield e.DeviationRecorded(key=key, says=says)
    stay = {f"eligibility:{entry}" for entry in screenings[:-1]} | ({key} if failing else set())
    for other in sorted(after.deviations.keys() - stay):
        if other.startswith("eligibility:"):
            yield e.DeviationVoided(key=other, why="by what is now known, every part passed, or nothing was confirmed")
