"""The medical monitor's queue: every drug and vaccine on record of which nobody has said of which classes it is."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain import events as e
from domain.base import Value
from domain.criteria.report import confirmation, eligibility
from domain.gates import judge, judged_for
from domain.participant import Participant
from domain.standing import Noted
from domain.study import Study
from domain.time import Moment, Zone
from domain.words import Name


class Unclassified(Value):
    """A drug that waits for the medical monitor, once for the whole study."""

    drug: Name
    since: Moment
    """When it was first recorded."""
    zone: Zone
    """Of the site where that was."""
    participants: tuple[str, ...]
    in_the_way_of: dict[str, tuple[str, ...]]
    """By participant: the parts of criteria, and the rules of the gates of planned steps, that are not yet known because of it."""


def unclassified(everybody: Iterable[Participant], study: Study, now: datetime) -> tuple[Unclassified, ...]:
    """Whatever waits, those first that have waited longest."""
    found: dict[str, list[tuple[Participant, list[_Given]]]] = {}
    for participant in everybody:
        for drug, given in _of(participant, study).items():
            found.setdefault(drug, []).append((participant, given))
    queue = (_waiting(drug, whose, study, now) for drug, whose in found.items())
    return tuple(sorted(queue, key=lambda one: (one.since, one.drug)))


_Given = Noted[e.MedicationTaken] | Noted[e.VaccineGiven]


def _of(participant: Participant, study: Study) -> dict[str, list[_Given]]:
    """What one participant took or was given that nobody has classified, by its name."""
    found: dict[str, list[_Given]] = {}
    for name, fact, noted in _drugs(participant):
        if study.classes(name, fact.classes, outside=fact.outside_every_class) is None:
            found.setdefault(name, []).append(noted)
    return found


def _drugs(participant: Participant) -> Iterator[tuple[str, e.MedicationTaken | e.VaccineGiven, _Given]]:
    yield from ((one.fact.drug, one.fact, one) for one in participant.medications)
    yield from ((one.fact.vaccine, one.fact, one) for one in participant.vaccines)


def _waiting(drug: str, whose: list[tuple[Participant, list[_Given]]], study: Study, now: datetime) -> Unclassified:
    ways = {one.id: tuple(_in_the_way({noted.entry for noted in given}, one, study, now)) for one, given in whose}
    since, site = min((noted.recorded_at, one.site) for one, given in whose for noted in given)
    return Unclassified(
        drug=drug,
        since=since,
        zone=study.zone(site),
        participants=tuple(one.id for one, _ in whose),
        in_the_way_of={id: parts for id, parts in ways.items() if parts},
    )


def _in_the_way(entries: set[int], participant: Participant, study: Study, now: datetime) -> Iterator[str]:
    """What is not yet known because of these entries: for the confirmation, or now before there is one, and of planned steps."""
    report = eligibility(participant, study, confirmation(participant, study, now))
    yield from (part.id for part in report.parts if any(not entries.isdisjoint(one.evidence) for one in part.wanted))
    for step, plan in participant.plans.items():
        for rule in judge(step, participant, study, plan.slot.start).derivation(judged_for(plan, now)).rules:
            if rule.outcome == "not yet known" and any(not entries.isdisjoint(one.evidence) for one in rule.findings):
                yield f"{rule.rule} at {step}"
