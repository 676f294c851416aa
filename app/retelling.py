"""How a participant stood at a moment, told in words line by line; and what is told otherwise of another moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from app.cli.agenda import what_falls_due
from app.clinic_time import SiteClock
from domain.harm import Adverse, adverse_events
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.replay import Replayed
from domain.time import shown
from domain.verdicts import RuleVerdict
from projections.rows_then import rows_then
from projections.sentences import says


class Line(NamedTuple):
    """Something that is told of a moment: what it is about, and what is said of it."""

    section: str
    name: str
    says: str


class Change(NamedTuple):
    """What is told otherwise of another moment; empty where nothing is told of it."""

    section: str
    name: str
    was: str
    becomes: str


def told(then: Replayed) -> tuple[Line, ...]:
    """Everything that is told of a moment, in the order in which it is read; each name once in its section."""
    one = then.participant
    zone = then.study.zone(one.site) if one.registered else "UTC"
    return (
        *_participant(then, zone),
        *_steps(one, zone),
        *_gates(then, zone),
        *(Line("Falls due", item.key, f"{_when(item.due, then, zone)}: {what_falls_due(item.act)}") for item in then.agenda.items),
        *(Line("Visit", window.title, f"{window.state}, {window.range(zone)}") for window in then.agenda.windows),
        *(Line("Deviation", key, _deviation(each.says, reviewed=each.reviewed, final=each.final)) for key, each in one.deviations.items()),
        *(Line("Matter of safety", key, f"{each.says}, {_open(open_=each.open)}") for key, each in one.safety_reports.items()),
        *(Line("Adverse event", f"{each.first.fact.term} (entry {each.entry})", _adverse(each)) for each in adverse_events(one)),
        *(Line("Worklist", f"{row.title} ({row.name})", f"{row.state}: {row.says}") for row in rows_then(one, then.study, then.at)),
    )


def changes(was: Sequence[Line], becomes: Sequence[Line]) -> tuple[Change, ...]:
    """What is told otherwise, in the order in which it is read."""
    before, after = ({(line.section, line.name): line.says for line in lines} for lines in (was, becomes))
    places = dict.fromkeys([*before, *after])
    return tuple(Change(*place, before.get(place, ""), after.get(place, "")) for place in places if before.get(place) != after.get(place))


def standing(one: Participant, zone: str) -> str:
    """How far a participant had come, or how they had left."""
    if left := [way.words for way, _ in ways_in_force(one, zone)]:
        return f"The participant {', '.join(left)}"
    if one.eligible is not None:
        return "Eligibility confirmed"
    return "In screening" if one.screenings else "Consented" if one.consents else "Not consented"


def rule_in_words(rule: RuleVerdict) -> str:
    """The answer of a rule, with everything that it found."""
    found = "; ".join(f"{one.says.removesuffix('.')}{_entries(one.evidence)}" for one in rule.findings)
    return f"{rule.outcome}{f': {found}' if found else ''}{' (on an assumption)' if rule.assumption else ''}"


def _participant(then: Replayed, zone: str) -> Iterator[Line]:
    yield Line("Participant", "Standing", standing(then.participant, zone))
    if digest := then.protocol_digest:
        yield Line("Participant", "Protocol", f"version {then.participant.protocol}, digest {digest}")
    reference = then.study.reference.version
    yield Line("Participant", "Drug reference", f"version {reference}, digest {then.study.record.references[reference]}")


def _steps(one: Participant, zone: str) -> Iterator[Line]:
    for each in one.taken:
        name = each.step.capitalize() if each.occurrence == 1 else f"{each.step.capitalize()} {each.occurrence}"
        yield Line("Step taken", name, f"taken {each.at.shown(zone)} (entry {each.entry})")
    for step, plan in one.plans.items():
        verdict = says(plan.verdict, zone) if plan.verdict else "no verdict yet."
        yield Line("Plan", step.capitalize(), f"from {shown(plan.slot.start, zone)} until {shown(plan.slot.until, zone)}: {verdict}")


def _gates(then: Replayed, zone: str) -> Iterator[Line]:
    for gate in then.gates:
        if gate.derived is not None:
            yield Line(f"Gate of {gate.step}", "Judged", says(gate.derived, zone))
        for rule in gate.rules:
            yield Line(f"Gate of {gate.step}", rule.rule, rule_in_words(rule))


def _when(due: datetime, then: Replayed, zone: str) -> str:
    """When something falls due, and how far away that was."""
    return f"{shown(due, zone)}, {SiteClock(zone, then.at).away(due)}"


def _entries(evidence: Sequence[int]) -> str:
    return f" ({'entry' if len(evidence) == 1 else 'entries'} {', '.join(map(str, evidence))})" if evidence else ""


def _deviation(words: str, *, reviewed: bool, final: bool) -> str:
    return f"{words}, {'reviewed' if reviewed else 'to be reviewed' if final else 'proposed'}"


def _adverse(one: Adverse) -> str:
    serious = f"serious ({', '.join(one.serious)})" if one.serious else "not serious"
    return f"grade {one.grade}, {serious}, {'goes on' if one.stop is None else 'ended'}"


def _open(*, open_: bool) -> str:
    return "to be reported" if open_ else "reported, or void"
