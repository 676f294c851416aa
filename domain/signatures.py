"""Signatures: what each binds, whether that is what stands beside it, and whether a later fact has changed what was signed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Literal, TypeVar

from domain import commands as c
from domain import events as e
from domain.base import Value
from domain.entry import Circumstances, Entry
from domain.record import Record
from domain.rederiving import report_again
from domain.standing import Deviation, Found, deviating
from domain.study import Study
from domain.time import BEGINNING
from domain.words import HoldPoint

E = TypeVar("E", bound=Value)
StudyThen = Callable[[int], Study]
"""The study as it stood after so many of its entries."""
Standing = Literal["stands", "superseded", "cannot be told", "binds something else"]
BINDING: Mapping[bool | None, tuple[str, ...]] = {
    True: (),
    False: ("its digest is not the one of what stands here: do not rely on it",),
    None: ("whether it binds what stands here cannot be told by today's program",),
}
"""What is said of a signature by whether it binds what stands beside it."""
ENDS_A_JUDGEMENT = (e.StepReplanned, e.StepCancelled, e.ClearanceRevoked, e.ClearanceLapsed)
"""After any of these for a step, what an investigator judged of it no longer holds of what is planned now."""


@dataclass(frozen=True, slots=True, order=True)
class Superseded:
    """The entry by which something else is on record than what was signed, and what it did."""

    entry: int
    why: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature over the entries from `first` to `last`, which one request made: what is printed, and what became of it.

    `binds` says whether its digest is the one of what stands there, for this participant; None where today's program cannot tell.
    """

    first: int
    last: int
    at: datetime
    by: Circumstances
    printed: str
    meaning: str
    digest: str
    authenticated: bool
    binds: bool | None
    superseded: Superseded | None

    @property
    def standing(self) -> Standing:
        """How far it can be relied on; what binds something else is worse than what was signed and changed."""
        if self.binds is False:
            return "binds something else"
        return "superseded" if self.superseded else "stands" if self.binds else "cannot be told"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is not to be relied on as it stands there, in words; nothing where it is."""
        bound = BINDING[self.binds]
        return bound if self.superseded is None else (*bound, f"superseded by entry {self.superseded.entry}: {self.superseded.why}")


def signatures(record: Record, study_then: StudyThen) -> tuple[Signed, ...]:
    """Every signature of a record, in the order in which they were given."""
    return tuple(_signed(entries, record, study_then) for entries in signed_together(record.entries))


def to_sign(participant: str, request: c.Command, by: Circumstances) -> str:
    """The digest of what is signed: what was asked, for which participant, why, from what, and who else had a part in it.

    That is as JSON with sorted keys and no blanks. A confirmation asks for a report, which says itself for which instant it was judged.
    """
    in_the_report = {"judged_at"} if isinstance(request, c.ConfirmEligibility) else None
    return digest_under({"participant": participant, "request": request.model_dump(mode="json", exclude=in_the_report)}, by)


def digest_under(what: Mapping[str, Any], by: Circumstances) -> str:
    """The digest of what is signed, with everything that is said of how it comes to be asked, but for who signs and when."""
    said = {
        **what,
        "reason": by.reason,
        "document": by.document,
        "performed_by": by.performed_by,
        "witnessed_by": by.witnessed_by,
    }
    return sha256(as_text(said)).hexdigest()


def as_text(said: Any) -> bytes:
    """What is hashed, as JSON with sorted keys and no blanks."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signed_together(entries: Sequence[Entry[E]]) -> Iterator[tuple[Entry[E], ...]]:
    """The entries that were recorded under one signature, as one request made them."""
    for _, together in groupby(entries, key=lambda entry: entry.circumstances.command_id):
        found = tuple(together)
        if found[0].circumstances.signature is not None:
            yield found


def _signed(entries: Sequence[Entry[e.Event]], record: Record, study_then: StudyThen) -> Signed:
    return signed_under(entries, binds=_binds(entries, record, study_then), superseded=_superseded(entries, record, study_then))


def signed_under(entries: Sequence[Entry[E]], *, binds: bool | None, superseded: Superseded | None = None) -> Signed:
    """The signature over entries that one request made."""
    first, by = entries[0], entries[0].circumstances
    signature = by.signature
    assert signature is not None, "only what carries a signature was signed"  # noqa: S101 - cannot happen; see house style
    return Signed(
        first=first.version,
        last=entries[-1].version,
        at=first.recorded_at,
        by=by,
        printed=signature.name or by.actor.id,
        meaning=signature.meaning,
        digest=signature.signed,
        authenticated=signature.authenticated,
        binds=binds,
        superseded=superseded,
    )


# What is bound


def _binds(entries: Sequence[Entry[e.Event]], record: Record, study_then: StudyThen) -> bool | None:
    first, signature = entries[0], entries[0].circumstances.signature
    if signature is None:
        return None
    if isinstance(first.event, e.EligibilityConfirmed | e.ConfirmationRefused) and first.event.report == signature.signed:
        # A report was once signed alone: whether it is this participant's shows only while it can be derived again.
        again = report_again(record, first.version, study_then(first.study_version))
        return True if again is not None and again.same else None
    requests = list(_requests([entry.event for entry in entries]))
    return signature.signed in {to_sign(record.id, one, first.circumstances) for one in requests} if requests else None


def _requests(events: Sequence[e.Event]) -> Iterator[c.PersonsCommand]:
    """What may have been asked for, where that can be told from what came of it."""
    match events[0]:
        case e.EligibilityConfirmed(report=str() as report) | e.ConfirmationRefused(report=report):
            yield c.ConfirmEligibility(judged_at=BEGINNING, report=report)  # Its instant is the one of the report, and not signed apart.
        case e.OverrideSigned() as signed:
            yield from (c.Override(beginning=one, ground=signed.ground) for one in _beginnings(events[1:2]))
        case e.ManuallyReleased() as released:
            yield c.ReleaseManually(step=released.step)
        case e.DeviationReviewed() as reviewed:
            yield c.ReviewDeviation(key=reviewed.key, entry=reviewed.entry)
        case e.EntryCorrected() as corrected:
            yield c.Correct(entry=corrected.entry, fact=corrected.fact)
        case e.EntryRetracted() as retracted:
            yield c.Retract(entry=retracted.entry)
        case fact if isinstance(fact, e.FACTS):
            facts = tuple(one for one in events if isinstance(one, e.FACTS))
            yield c.Report.model_construct(fact=fact)
            yield c.ReportTogether.model_construct(facts=facts)
        case _:
            pass


def _beginnings(events: Sequence[e.Event]) -> Iterator[c.Beginning]:
    for event in events:
        match event:
            case e.LeukapheresisStarted():
                yield c.BeginLeukapheresis()
            case e.LymphodepletionDose():
                yield c.BeginLymphodepletion(day=event.day, drug=event.drug)
            case e.ThawStarted():
                yield c.ReleaseToThaw(identity=event.identity)
            case _:
                pass


# What became of it


def _superseded(entries: Sequence[Entry[e.Event]], record: Record, study_then: StudyThen) -> Superseded | None:
    """By which later entry first, of all that change what was signed."""
    first, later = entries[0], record.entries[entries[-1].version :]
    signed = {entry.version for entry in entries}
    found = list(_amended(signed, later))
    match first.event:
        case e.EntryCorrected(entry=target) | e.EntryRetracted(entry=target):
            found += _amended({target}, later)
        case e.EligibilityConfirmed():
            found += _confirmed_otherwise(first, record, study_then)
        case e.OverrideSigned(step=step) | e.ManuallyReleased(step=step):
            found += _judged_otherwise(step, later)
        case e.DeviationReviewed():
            found += _told_otherwise(first, record)
        case _:
            pass
    return min(found, default=None)


def _amended(versions: set[int], later: Sequence[Entry[e.Event]]) -> Iterator[Superseded]:
    for entry in later:
        if isinstance(entry.event, e.EntryCorrected | e.EntryRetracted) and entry.event.entry in versions:
            done = "corrected" if isinstance(entry.event, e.EntryCorrected) else "taken back"
            yield Superseded(entry.version, f"entry {entry.event.entry}, which was signed, was {done}")


def _judged_otherwise(step: HoldPoint, later: Sequence[Entry[e.Event]]) -> Iterator[Superseded]:
    for entry in later:
        if isinstance(entry.event, ENDS_A_JUDGEMENT) and entry.event.step == step:
            ended = isinstance(entry.event, e.ClearanceRevoked | e.ClearanceLapsed)
            yield Superseded(entry.version, f"leave for {step} ended" if ended else f"the plan for {step} was changed")


def _told_otherwise(reviewed: Entry[e.Event], record: Record) -> Iterator[Superseded]:
    """The deviation is told of otherwise than it stood, is no longer one, or was reviewed anew."""
    standing: tuple[dict[str, Deviation], Found] = {}, {}
    for entry in record.entries:
        if isinstance(entry.event, e.Deviating):
            known, kept = deviating(*standing, entry.event, entry.version, entry.recorded_at)
            standing = dict(known), kept
            key = reviewed.event.key if isinstance(reviewed.event, e.DeviationReviewed) else ""
            one = standing[0].get(key)
            if entry.version > reviewed.version and entry.event.key == key and (one is None or one.reviewed_in != reviewed.version):
                again = isinstance(entry.event, e.DeviationReviewed)
                yield Superseded(entry.version, "the deviation was reviewed again" if again else "the deviation no longer stands as it was")


def _confirmed_otherwise(confirmed: Entry[e.Event], record: Record, study_then: StudyThen) -> Iterator[Superseded]:
    """Another confirmation or screening; what is judged otherwise by now; or another report, by what was corrected of what it rested on.

    What was reconsidered and is found to stand again supersedes nothing. What was confirmed on paper and is judged otherwise as soon as it
    is told of is superseded by an entry of its own request.
    """
    doubted: Superseded | None = None
    for entry in record.entries[confirmed.version :]:
        match entry.event:
            case e.EligibilityConfirmed():
                yield Superseded(entry.version, "eligibility was confirmed again")
            case e.ScreeningStarted():
                yield Superseded(entry.version, "another screening began")
            case e.EligibilityReconsidered(otherwise=otherwise):
                doubted = (doubted or Superseded(entry.version, "it is judged otherwise by what is known now")) if otherwise else None
            case _:
                pass
    if doubted is not None:
        yield doubted
    yield from _reported_otherwise(confirmed, record, study_then)


def _reported_otherwise(confirmed: Entry[e.Event], record: Record, study_then: StudyThen) -> Iterator[Superseded]:
    """The first amendment after which the same program makes another report of what was on record when it was signed."""
    amendments = [
        entry
        for entry in record.entries[confirmed.version :]
        if isinstance(entry.event, e.EntryCorrected | e.EntryRetracted) and entry.event.entry < confirmed.version
    ]
    signed = _report(record, confirmed, (), study_then) if amendments else None
    for number, entry in enumerate(amendments, 1):
        if _report(record, confirmed, amendments[:number], study_then) != signed:
            yield Superseded(entry.version, "an entry on which the signed report rested was corrected or taken back")
            return


def _report(record: Record, confirmed: Entry[e.Event], amendments: Sequence[Entry[e.Event]], study_then: StudyThen) -> str | None:
    """The digest of the report on what was on record before a confirmation, as amended; None where none can be made."""
    again = report_again(record, confirmed.version, study_then(confirmed.study_version), amendments)
    return None if again is None else again.today.digest
