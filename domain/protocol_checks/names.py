"""Names in a protocol file: every interpretation and every ruling that is cited is there, and is cited."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from domain.criteria.language import Criterion, RuledSo
from domain.protocol_checks.parts import Document, Fault, criteria_in, kinds_of, members, read, rules_of, table
from domain.protocol_checks.requirements import leaves_of, sought_by
from domain.words import STEPS

SETTINGS = {"toxicity-period-days", "visit-grace-days", "longest-slot", "may-repeat-after", "override-grounds"}
"""Keys that cite no interpretation: the one that is named like the key, with hyphens, explains its value."""
RULING_ON_STEROIDS = "local-steroid-injections"
CHOICES = {"outside", "as-systemic", "three-weeks"}
"""The ruling that the steroid rules ask for, and the choices between which they can tell."""


def check_names(document: Document) -> Iterator[Fault]:
    """Interpretations that are cited and not there, or there and not cited."""
    known = set(table(document, "interpretations"))
    used = set(SETTINGS)
    for place, part in _citing(document):
        for name in members(table(part).get("interpretations")):
            used.add(str(name))
            if isinstance(name, str) and name not in known:
                yield Fault(f"{place}.interpretations", f"there is no interpretation {name!r}")
    for name in sorted(known - used):
        yield Fault(f"interpretations.{name}", "is used by no rule, no criterion, no promise, no visit and no setting")


def _citing(document: Document) -> Iterator[tuple[str, Any]]:
    for step in STEPS:
        yield from rules_of(document, step)
    yield from criteria_in(document)
    for kind in ("visits", "conduct"):
        for name, part in table(document, kind).items():
            yield f"{kind}.{name}", part


def check_rulings(document: Document) -> Iterator[Fault]:
    """Rulings and choices that are asked for and not there, or there and not asked for."""
    rulings = table(document, "rulings")
    steroids = any("no-therapeutic-steroid" in kinds_of(document, step) for step in STEPS)
    if steroids and RULING_ON_STEROIDS not in rulings:
        yield Fault(f"rulings.{RULING_ON_STEROIDS}", "is missing: the steroid rules ask for it")
    elif steroids and set(table(rulings, RULING_ON_STEROIDS, "choices")) != CHOICES:
        yield Fault(f"rulings.{RULING_ON_STEROIDS}.choices", f"must be exactly these: {', '.join(sorted(CHOICES))}")
    asked = {RULING_ON_STEROIDS} if steroids else set()
    for place, ruling, choice in _asked_by_criteria(document):
        asked.add(ruling)
        if ruling not in rulings:
            yield Fault(place, f"there is no ruling {ruling!r}")
        elif choice not in table(rulings, ruling, "choices"):
            yield Fault(place, f"the ruling {ruling} offers no choice {choice!r}")
    if all(read(part, TypeAdapter(Criterion)) for _, part in criteria_in(document)):
        yield from (Fault(f"rulings.{name}", "no rule and no criterion asks for this ruling") for name in rulings if name not in asked)


def _asked_by_criteria(document: Document) -> Iterator[tuple[str, str, str]]:
    """Each ruling that a criterion waits for, with its place and the choice that it asks for."""
    for place, part in criteria_in(document):
        criterion = read(part, TypeAdapter(Criterion))
        for where, leaf in leaves_of(criterion, place) if criterion else ():
            if isinstance(leaf, RuledSo):
                yield where, leaf.ruling, leaf.choice
            of = sought_by(leaf)
            for one in of.if_ruled if of else ():
                yield f"{where}.of.if_ruled", one.ruling, one.choice
