"""Which verdicts on a participant change when the study reckons with something else, such as another drug reference."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.base import Value
from domain.criteria.report import confirmation, eligibility
from domain.gates import judge, judged_for
from domain.participant import Participant
from domain.study import Study


class Change(Value):
    """A verdict that changes: on a part of a criterion, or on a rule of the gate of a planned step."""

    on: str
    was: str
    becomes: str


def changes(participant: Participant, study: Study, other: Study, now: datetime) -> tuple[Change, ...]:
    """Every verdict that is another one under the other study, as judged for the confirmation or, before there is one, now."""
    was, becomes = (dict(_verdicts(participant, one, now)) for one in (study, other))
    return tuple(_changed(was, becomes))


def _changed(was: Mapping[str, str], becomes: Mapping[str, str]) -> Iterator[Change]:
    for on, verdict in was.items():
        if verdict != becomes[on]:
            yield Change(on=on, was=verdict, becomes=becomes[on])


def _verdicts(participant: Participant, study: Study, now: datetime) -> Iterator[tuple[str, str]]:
    report = eligibility(participant, study, confirmation(participant, study, now))
    yield "eligibility", report.overall
    yield from ((part.id, part.verdict) for part in report.parts)
    for step, plan in participant.plans.items():
        instant = judged_for(plan, now)
        rules = judge(step, participant, study, instant).derivation(instant).rules
        yield from ((f"{rule.rule} at {step}", rule.outcome) for rule in rules)
