"""The drugs of a reference file: no range upside down, no steroid that counts for nothing, no code twice, no class unheard of."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from domain.protocol_checks.lengths import within_a_lifetime
from domain.protocol_checks.parts import Document, Fault, members, readable, table
from domain.reference import Drug
from domain.rules.steroids import GLUCOCORTICOID


def check_drugs(document: Document) -> Iterator[Fault]:
    """Everything that is wrong with a drug reference although each part by itself may have the right shape."""
    coded: dict[str, str] = {}
    for name, drug in readable(table(document, "drugs"), TypeAdapter(Drug)).items():
        if drug.steroid and drug.steroid.least_mg > drug.steroid.most_mg:
            yield Fault(f"drugs.{name}.steroid", "least_mg is more than most_mg")
        if drug.atc and drug.atc.startswith("H02AB") and not drug.steroid:
            yield Fault(f"drugs.{name}.steroid", "is missing: a systemic steroid without it would count for nothing")
        if drug.steroid and GLUCOCORTICOID not in drug.classes:
            yield Fault(f"drugs.{name}.classes", f"lacks {GLUCOCORTICOID!r}, by which steroids are known")
        if drug.atc and coded.setdefault(drug.atc, name) != name:
            yield Fault(f"drugs.{name}.atc", f"is also the code of {coded[drug.atc]}")
        yield from _stay(f"drugs.{name}", drug)
    yield from _classes(document)


def _stay(place: str, drug: Drug) -> Iterator[Fault]:
    """How long a drug stays is said once, and can be."""
    if drug.half_life and drug.half_life.least_hours > drug.half_life.most_hours:
        yield Fault(f"{place}.half_life", "least_hours is more than most_hours")
    if drug.half_life and drug.washout:
        yield Fault(f"{place}.washout", "stands in place of a half-life, and there is one")
    if drug.washout and not within_a_lifetime(drug.washout):
        yield Fault(f"{place}.washout", f"{drug.washout} is no length for a washout")


def _classes(document: Document) -> Iterator[Fault]:
    """Classes that a drug names and the table does not explain, or that no drug belongs to."""
    known = table(document, "classes")
    used: set[str] = set()
    for name, drug in table(document, "drugs").items():
        for one in map(str, members(table(drug).get("classes"))):
            used.add(one)
            if one not in known:
                yield Fault(f"drugs.{name}.classes", f"{one!r} is not in the table of classes")
    yield from (Fault(f"classes.{name}", "no drug belongs to it") for name in known if name not in used)
