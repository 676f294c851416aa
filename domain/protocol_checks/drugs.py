"""The drugs of a reference file: no range upside down, no steroid that counts for nothing, no code twice."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from domain.protocol_checks.parts import Document, Fault, readable, table
from domain.reference import Drug


def check_drugs(document: Document) -> Iterator[Fault]:
    """Everything that is wrong with a drug reference although each part by itself may have the right shape."""
    coded: dict[str, str] = {}
    for name, drug in readable(table(document, "drugs"), TypeAdapter(Drug)).items():
        if drug.steroid and drug.steroid.least_mg > drug.steroid.most_mg:
            yield Fault(f"drugs.{name}.steroid", "least_mg is more than most_mg")
        if drug.atc and drug.atc.startswith("H02AB") and not drug.steroid:
            yield Fault(f"drugs.{name}.steroid", "is missing: a systemic steroid without it would count for nothing")
        if drug.atc and coded.setdefault(drug.atc, name) != name:
            yield Fault(f"drugs.{name}.atc", f"is also the code of {coded[drug.atc]}")
