"""Names in a protocol file: every interpretation and every ruling that is cited is there, and is cited."""

from collections.abc import Iterator
from typing import Any

from domain.protocol_checks.parts import Document, Fault, kinds_of, members, rules_of, table
from domain.words import STEPS

SETTINGS = {"toxicity-period-days", "visit-grace-days", "longest-slot", "may-repeat-after", "override-grounds"}
"""Keys that cite no interpretation: the one that is named like the key, with hyphens, explains its value."""
RULING_ON_STEROIDS = "local-steroid-injections"
CHOICES = {"outside", "as-systemic", "three-weeks"}
"""The one ruling that the rules ask for, and the choices between which they can tell."""


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
        yield Fault(f"interpretations.{name}", "is used by no rule, no visit and no setting")


def _citing(document: Document) -> Iterator[tuple[str, Any]]:
    for step in STEPS:
        yield from rules_of(document, step)
    for name, visit in table(document, "visits").items():
        yield f"visits.{name}", visit


def check_rulings(document: Document) -> Iterator[Fault]:
    """The steroid rules need the study's ruling on local injections; nothing asks for any other."""
    asked = any("no-therapeutic-steroid" in kinds_of(document, step) for step in STEPS)
    rulings = table(document, "rulings")
    for name in rulings:
        if name != RULING_ON_STEROIDS or not asked:
            yield Fault(f"rulings.{name}", "no rule asks for this ruling")
        elif set(table(rulings, name, "choices")) != CHOICES:
            yield Fault(f"rulings.{name}.choices", f"must be exactly these: {', '.join(sorted(CHOICES))}")
    if asked and RULING_ON_STEROIDS not in rulings:
        yield Fault(f"rulings.{RULING_ON_STEROIDS}", "is missing: the steroid rules ask for it")
