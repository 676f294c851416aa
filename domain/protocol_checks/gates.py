"""The gates of a protocol file: no safeguard is left out, no rule asks for what cannot be, no absence passes unseen."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal, assert_never

from pydantic import TypeAdapter

from domain.protocol import (
    Afebrile,
    Attested,
    DaysSinceLymphodepletion,
    NoneWithin,
    NoTherapeuticSteroid,
    NotPregnant,
    NotPresent,
    ProductReady,
    Rule,
    SameIdentity,
    StepsBefore,
)
from domain.protocol_checks.lengths import lengths, within_a_lifetime
from domain.protocol_checks.parts import Document, Fault, kinds_of, members, read, rules_of, table
from domain.time import Period
from domain.words import STEPS, HoldPoint, ReviewKind

LOOKED_FOR: Mapping[Literal["investigational-drug", "major-surgery"], ReviewKind] = {
    "investigational-drug": "medicines",
    "major-surgery": "procedures",
}
"""Which review finds which event; a review of another kind would let an absence pass that nobody has looked for."""
FINDS_CONDITIONS: frozenset[ReviewKind] = frozenset({"history", "medicines"})
"""Reviews that find a condition that goes on: by asking for it, or for the drugs that it is treated with."""
LONGEST_SLOT = timedelta(days=31)
LONGEST_WAIT = timedelta(days=366)
"""Beyond these a length in the file is a slip."""
NEVER_OVERRIDDEN = "consent, eligibility, identity, an unreleased product and pregnancy"


def check_gates(document: Document) -> Iterator[Fault]:
    """The three hold points are there, and each rule can do its work."""
    for step in STEPS:
        if step in table(document, "steps"):
            yield from _gate(step, document)
        else:
            yield Fault(f"steps.{step}", "is missing: every protocol has this hold point")


def _gate(step: HoldPoint, document: Document) -> Iterator[Fault]:
    slot = read(table(document, "steps", step).get("longest_slot"), TypeAdapter(Period))
    if slot and not timedelta() < lengths(slot)[0] <= lengths(slot)[1] <= LONGEST_SLOT:
        yield Fault(f"steps.{step}.longest_slot", f"{slot} is no length for a slot; it may last up to {LONGEST_SLOT.days} days")
    yield from _safeguards(step, document)
    seen: set[str] = set()
    for place, part in rules_of(document, step):
        if place in seen:
            yield Fault(place, "there is another rule of this id in the gate")
        seen.add(place)
        if rule := read(part, TypeAdapter[Rule](Rule)):
            yield from _rule(step, place, rule)


def _safeguards(step: HoldPoint, document: Document) -> Iterator[Fault]:
    """What no gate may leave out: nobody could ever override it, so nobody may forget it."""
    asked = {name for _, rule in rules_of(document, step) for name in map(str, members(table(rule).get("milestones")))}
    for milestone in sorted({"consent", "eligibility"} - asked):
        yield Fault(f"steps.{step}.rules", f"no rule asks for {milestone}")
    if step == "infusion":
        for kind in sorted({"product-ready", "same-identity"} - set(kinds_of(document, step))):
            yield Fault(f"steps.{step}.rules", f"there is no rule of kind {kind}")


def _rule(step: HoldPoint, place: str, rule: Rule) -> Iterator[Fault]:
    if rule.overridable and _never_overridable(rule):
        yield Fault(f"{place}.overridable", f"must be false: {NEVER_OVERRIDDEN} are never overridden")
    match rule:
        case NoneWithin():
            yield from _look_back(place, rule, LOOKED_FOR[rule.event])
        case NoTherapeuticSteroid():
            yield from _look_back(place, rule, "medicines")
        case StepsBefore():
            for name in sorted(set(rule.milestones) & set(STEPS[STEPS.index(step) :])):
                yield Fault(f"{place}.milestones", f"{name} cannot have been taken before {step}")
        case ProductReady() | SameIdentity():
            if step == "leukapheresis":
                yield Fault(place, "there is no product yet at this step")
        case DaysSinceLymphodepletion():
            yield from _days_since(step, place, rule)
        case NotPresent():
            if rule.review.kind not in FINDS_CONDITIONS:
                wanted = " or ".join(sorted(FINDS_CONDITIONS))
                yield Fault(f"{place}.review.kind", f"a review of {rule.review.kind} does not find this; it must be {wanted}")
            yield from _age(f"{place}.review.no_older_than", rule.review.no_older_than)
        case Afebrile():
            if step != "infusion":
                yield Fault(place, "no lymphodepletion dose has been given yet at this step")
            yield from _age(f"{place}.no_older_than", rule.no_older_than)
            yield from _age(f"{place}.free_for", rule.free_for)
        case NotPregnant() | Attested():
            if rule.no_older_than is not None:
                yield from _age(f"{place}.no_older_than", rule.no_older_than)
        case _:
            assert_never(rule)


def _never_overridable(rule: Rule) -> bool:
    match rule:
        case ProductReady() | SameIdentity() | NotPregnant():
            return True
        case StepsBefore():
            return not {"consent", "eligibility"}.isdisjoint(rule.milestones)
        case _:
            return False


def _look_back(place: str, rule: NoneWithin | NoTherapeuticSteroid, looks: ReviewKind) -> Iterator[Fault]:
    if not within_a_lifetime(rule.within):
        yield Fault(f"{place}.within", f"{rule.within} is no length for a look-back")
    if rule.review.kind != looks:
        yield Fault(f"{place}.review.kind", f"a review of {rule.review.kind} does not find this; it must be {looks}")
    if lengths(rule.review.no_older_than)[1] >= lengths(rule.within)[0]:
        yield Fault(
            f"{place}.review.no_older_than", f"a review {rule.review.no_older_than} old need not cover any of the {rule.within} looked back"
        )


def _age(place: str, age: Period) -> Iterator[Fault]:
    if not timedelta() < lengths(age)[0] <= lengths(age)[1] <= LONGEST_SLOT:
        yield Fault(place, f"{age} is no age for what is asked again before a step; it may be up to {LONGEST_SLOT.days} days")


def _days_since(step: HoldPoint, place: str, rule: DaysSinceLymphodepletion) -> Iterator[Fault]:
    if step != "infusion":
        yield Fault(place, "no lymphodepletion dose has been given yet at this step")
    if not rule.at_least <= rule.at_most <= LONGEST_WAIT.days:
        yield Fault(f"{place}.at_most", f"no sensible date is at least {rule.at_least} and at most {rule.at_most} days after the last dose")
