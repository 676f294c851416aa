"""The drug reference: which drugs are known, and what a steroid counts for."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Value
from domain.words import Name, Sentence


class Equivalence(Value):
    """The dose in mg that equals 5 mg of prednisone, as the range that sources give."""

    least_mg: Annotated[Decimal, Field(gt=0)]
    most_mg: Annotated[Decimal, Field(gt=0)]


class Drug(Value):
    """What the study reckons with for one drug, where that comes from, and whether the source was read or remembered."""

    atc: Annotated[str, Field(pattern=r"^[A-Z]\d\d[A-Z]{2}\d\d$")] | None = None
    steroid: Equivalence | None = None
    source: Sentence
    standing: Literal["verified", "memory"]


class Reference(Value):
    """One version of the drug reference."""

    version: Annotated[int, Field(ge=1)]
    atc_edition: Sentence
    drugs: dict[Name, Drug]
