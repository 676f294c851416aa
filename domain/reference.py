"""The drug reference: which drugs are known, of which classes they are, what a steroid counts for, how long a drug stays."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Value
from domain.time import Period
from domain.words import Name, Sentence

Standing = Literal["verified", "memory"]
"""Whether the source was read, or is remembered and must be checked before use."""


class Equivalence(Value):
    """The dose in mg that equals 5 mg of prednisone, as the range that sources give."""

    least_mg: Annotated[Decimal, Field(gt=0)]
    most_mg: Annotated[Decimal, Field(gt=0)]


class HalfLife(Value):
    """The elimination half-life in hours, as the range that sources give, the longest of parent and active metabolite included."""

    least_hours: Annotated[Decimal, Field(gt=0)]
    most_hours: Annotated[Decimal, Field(gt=0)]
    population: Sentence
    source: Sentence
    standing: Standing


class Drug(Value):
    """What the study reckons with for one drug, where that comes from, and whether the source was read or remembered."""

    atc: Annotated[str, Field(pattern=r"^[A-Z]\d\d[A-Z]{2}\d\d$")] | None = None
    classes: tuple[Name, ...] = ()
    steroid: Equivalence | None = None
    half_life: HalfLife | None = None
    washout: Period | None = None
    """What stands in place of half-lives where a half-life means nothing."""
    source: Sentence
    standing: Standing


class Reference(Value):
    """One version of the drug reference."""

    version: Annotated[int, Field(ge=1)]
    atc_edition: Sentence
    classes: dict[Name, Sentence]
    """The classes that protocols may name, and what each of them means."""
    drugs: dict[Name, Drug]
