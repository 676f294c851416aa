"""The eligibility report: every part with its verdict and the tree of its reasons, what would change it, and one digest over all."""

from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import Literal, NamedTuple

from domain.base import Value
from domain.criteria.answers import Answer, Remark, findings
from domain.criteria.episode import Episode
from domain.criteria.judging import answered
from domain.criteria.language import Anchor, Criterion, OtherReading
from domain.instants import ALWAYS, InstantSet
from domain.participant import Participant
from domain.study import Study
from domain.time import Moment, Span, local_date
from domain.verdicts import Finding, Instruments, Outcome, Overall
from domain.words import HoldPoint, Role, RuleId, Sentence

Verdict = Literal["passes", "fails", "not yet known", "not due"]


class Branch(Value):
    """A requirement, or a part of one: its outcome, what was found for it, and the parts it was put together from."""

    says: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    parts: tuple["Branch", ...]


class Part(Value):
    """The verdict on one part of a criterion."""

    id: RuleId
    name: str
    says: str
    verdict: Verdict
    assumption: bool
    """Whether a reading that nobody has approved yet stands behind it."""
    because: Branch | None
    remarks: tuple[Remark, ...] = ()
    """What is told besides, whatever the verdict."""
    due_at: HoldPoint | None = None
    """The hold point at which it is judged instead."""
    rescreen_from: date | None = None
    """Where it fails by time: the first date of a screening, from today on, at which it would not."""

    @property
    def wanted(self) -> tuple[Finding, ...]:
        """While it is not yet known: what is not known of it."""
        return tuple(_wanted(self.because)) if self.verdict == "not yet known" and self.because else ()


class EligibilityReport(Value):
    """Every part of every criterion, as judged for a confirmation at an instant."""

    participant: Sentence
    at: Moment
    overall: Overall
    parts: tuple[Part, ...]
    made_with: Instruments

    @property
    def digest(self) -> str:
        """SHA-256 of the whole report as JSON: what a signature of the confirmation binds."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def not_passing(self) -> tuple[Part, ...]:
        """The parts that are due and do not pass."""
        return tuple(part for part in self.parts if part.verdict in {"fails", "not yet known"})

    @property
    def missing(self) -> dict[Role, tuple[str, ...]]:
        """What is missing to know the rest, by who can supply it."""
        wanted: dict[Role, dict[str, None]] = {}
        for part in self.parts:
            for found in part.wanted:
                if found.supplied_by is not None:
                    wanted.setdefault(found.supplied_by, {})[f"{part.id}: {found.says}"] = None
        return {role: tuple(says) for role, says in wanted.items()}


def eligibility(participant: Participant, study: Study, at: datetime) -> EligibilityReport:
    """Judge every criterion for a confirmation at an instant, aware and in UTC, on what had occurred by then."""
    episode = Episode.of(participant, study, at)
    parts = tuple(part_of(criterion, episode) for criterion in episode.protocol.criteria)
    return EligibilityReport(
        participant=participant.id,
        at=episode.at,
        overall=_overall(parts),
        parts=parts,
        made_with=study.instruments(participant.protocol),
    )


def confirmation(participant: Participant, study: Study, otherwise: datetime) -> datetime:
    """The instant to judge a participant for: that of the confirmation once there is one (the last it can have been), else another."""
    confirmed = participant.eligible
    return otherwise if confirmed is None else confirmed.fact.at.span(study.zone(participant.site)).latest


def _overall(parts: tuple[Part, ...]) -> Overall:
    verdicts = {part.verdict for part in parts}
    return "not eligible" if "fails" in verdicts else "not yet known" if "not yet known" in verdicts else "eligible"


def part_of(criterion: Criterion, episode: Episode) -> Part:
    """Judge one part of one criterion."""
    judged = _judged(criterion, episode)
    return Part(
        id=criterion.id,
        name=criterion.name,
        says=criterion.says,
        verdict=judged.verdict,
        assumption=episode.protocol.assumes(criterion.interpretations),
        because=judged.because,
        remarks=judged.remarks,
        due_at=criterion.at_gate,
        rescreen_from=judged.rescreen_from,
    )


class _Judged(NamedTuple):
    """The verdict with its reasons and, where it fails by time, the date from which a new screening would help."""

    verdict: Verdict
    because: Branch | None = None
    rescreen_from: date | None = None
    remarks: tuple[Remark, ...] = ()


def _judged(criterion: Criterion, episode: Episode) -> _Judged:
    if criterion.requires is None or criterion.anchor is None:
        return _Judged("not due")
    anchor = episode.anchored(criterion.anchor)
    if anchor is None:
        return _Judged("not yet known", _not_begun(criterion.anchor))
    answer = answered(criterion.requires, episode)
    because = _branch(answer, InstantSet.during(anchor))
    by_time = because.outcome == "fails" and criterion.anchor == "screening"
    again = _rescreen_from(answer, episode) if by_time else None
    remarks = *_remarks(answer), *_read_otherwise(criterion.otherwise_read, because.outcome, anchor, episode)
    return _Judged(because.outcome, because, again, remarks)


def _remarks(answer: Answer) -> Iterator[Remark]:
    yield from answer.remarks
    for part in answer.parts:
        yield from _remarks(part)


def _read_otherwise(reading: OtherReading | None, outcome: Outcome, anchor: Span, episode: Episode) -> Iterator[Remark]:
    """What the other reading of the criterion would come to, where that is something else."""
    if reading is None:
        return
    answer = answered(reading.requires, episode)
    other = answer.outcome(InstantSet.during(anchor))
    if other != outcome:
        yield Remark(says=f"by another reading it {'is not yet known' if other == 'not yet known' else other}: {reading.says}")


def _branch(answer: Answer, possible: InstantSet) -> Branch:
    outcome = answer.outcome(possible)
    return Branch(
        says=answer.says,
        outcome=outcome,
        findings=findings(answer, outcome, possible),
        parts=tuple(_branch(part, possible) for part in answer.parts),
    )


def _not_begun(anchor: Anchor) -> Branch:
    says = "no consent has been signed for this screening" if anchor == "consent" else "screening has not been started"
    finding = Finding(outcome="not yet known", says=says, supplied_by="coordinator")
    return Branch(says=says, outcome="not yet known", findings=(finding,), parts=())


def _rescreen_from(answer: Answer, episode: Episode) -> date | None:
    """A past anchor does not move: only a new screening can help, once nothing on record stands in its way any more."""
    first = (ALWAYS - answer.fails).first_from(episode.at)
    return None if first is None else local_date(first, episode.zone)


def _wanted(branch: Branch) -> Iterator[Finding]:
    if branch.outcome == "not yet known":
        yield from branch.findings
        for part in branch.parts:
            yield from _wanted(part)
