"""The page of eligibility: every part with its verdict and the evidence, what is missing, and the report that is signed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from app.web.sheets import Asks, question
from domain.criteria.report import Branch, EligibilityReport, Part, Verdict, eligibility
from domain.protocol import Protocol
from domain.record import Record
from domain.screening import awaited
from domain.study import Study
from domain.verdicts import Finding
from domain.words import HoldPoint

GROUPS: tuple[tuple[Verdict, str], ...] = (
    ("fails", "Fails"),
    ("not yet known", "Not yet known"),
    ("not due", "Judged at a gate"),
    ("passes", "Passes"),
)
"""In the order in which the investigator looks."""
MEANING = "I have judged this myself: every part of the criteria passes"


class Reading(NamedTuple):
    """How a part is read where the registry entry leaves it open; `proposed` until somebody with the authority has approved it."""

    name: str
    reads: str
    because: str
    proposed: bool


class Told(NamedTuple):
    """Something that was found, the entries that it rests on, who can supply what is missing, and until when it holds."""

    outcome: str
    says: str
    entries: tuple[int, ...]
    supplied_by: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PartShown:
    """A part with its verdict and why."""

    id: str
    name: str
    says: str
    verdict: Verdict
    assumption: bool
    found: tuple[Told, ...]
    remarks: tuple[Told, ...]
    readings: tuple[str, ...]
    """The readings of the protocol that it rests on, by name."""
    due_at: HoldPoint | None
    rescreen_from: date | None


class Missing(NamedTuple):
    """What one role is to supply, and for which parts."""

    role: str
    asked: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class EligibilityPage:
    """The report as it is shown."""

    report: EligibilityReport
    groups: tuple[tuple[str, str, tuple[PartShown, ...]], ...]
    missing: tuple[Missing, ...]
    readings: tuple[Reading, ...]
    as_known_at: datetime | None
    awaits: bool
    """Whether this report can be confirmed, or confirmed anew."""


def eligibility_page(known: Record, study: Study, at: datetime, as_known_at: datetime | None) -> EligibilityPage:
    """The page for a confirmation at an instant, by what is on record or was at another."""
    report, protocol = eligibility(known.participant, study, at), study.protocol(known.participant.protocol)
    shown = {part.id: _shown(part, protocol) for part in report.parts}
    groups = ((verdict, title, tuple(one for one in shown.values() if one.verdict == verdict)) for verdict, title in GROUPS)
    awaits = as_known_at is None and report.overall == "eligible" and awaited(known.participant, study) is not None
    return EligibilityPage(
        report, tuple(one for one in groups if one[2]), tuple(_missing(report)), tuple(_readings(protocol)), as_known_at, awaits
    )


def confirmation_asks(report: EligibilityReport) -> Asks:
    """The signature under the very report that is shown: its digest and its instant come back with the form."""
    shown = {"judged_at": (report.at.isoformat(timespec="minutes"),), "report": (report.digest,)}
    return Asks("confirm", question("joining.confirm"), button="Confirm by signature", carried=shown, meaning=MEANING, open=True)


def differences(was: EligibilityReport, now: EligibilityReport) -> Iterator[str]:
    """Every part that is judged otherwise than in another report, or for other reasons."""
    before: Mapping[str, Part] = {part.id: part for part in was.parts}
    for part in now.parts:
        old = before.get(part.id)
        if old is None or old.verdict != part.verdict:
            yield f"{part.id} {part.name}: {old.verdict if old else 'not judged'} then, {part.verdict} now"
        elif old != part:
            yield f"{part.id} {part.name}: {part.verdict} as before, but for other reasons"


def _shown(part: Part, protocol: Protocol) -> PartShown:
    criterion = next(one for one in protocol.criteria if one.id == part.id)
    return PartShown(
        id=part.id,
        name=part.name,
        says=part.says,
        verdict=part.verdict,
        assumption=part.assumption,
        found=tuple(dict.fromkeys(_told(found) for found in _findings(part.because))),
        remarks=tuple(Told("", one.says, one.evidence, "", None) for one in part.remarks),
        readings=criterion.interpretations,
        due_at=part.due_at,
        rescreen_from=part.rescreen_from,
    )


def _readings(protocol: Protocol) -> Iterator[Reading]:
    """Every reading that a part rests on, once."""
    for name in dict.fromkeys(name for one in protocol.criteria for name in one.interpretations):
        one = protocol.interpretations[name]
        yield Reading(name, one.reads, one.because, one.approved is None)


def _findings(branch: Branch | None) -> Iterator[Finding]:
    """Whatever was found in the branches that bear on the outcome."""
    if branch is not None:
        yield from branch.findings
        for one in branch.parts:
            if one.outcome == branch.outcome:
                yield from _findings(one)


def _told(found: Finding) -> Told:
    return Told(found.outcome, found.says, found.evidence, (found.supplied_by or "").replace("-", " "), found.until)


def _missing(report: EligibilityReport) -> Iterator[Missing]:
    """What is missing, by who supplies it; what several parts ask for is said once."""
    for role, asked in report.missing.items():
        by_what: dict[str, list[str]] = {}
        for one in asked:
            part, _, what = one.partition(": ")
            by_what.setdefault(what, []).append(part)
        yield Missing(role.replace("-", " "), tuple((what, tuple(parts)) for what, parts in by_what.items()))
