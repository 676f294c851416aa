"""Any value of a type of the domain, made from the type itself."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from annotated_types import Ge, Gt, Le, MinLen
from hypothesis import strategies as st
from pydantic import AwareDatetime, StringConstraints
from pydantic.fields import FieldInfo

from domain.base import Value
from domain.time import FIRST_YEAR, LAST_YEAR, When, _known_zone

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone.
WHENS = st.one_of(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.strftime("%Y-%m-%dT%H:%MZ")),  # noqa: DTZ001 - The text is in UTC.
    st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(lambda day: day.isoformat()[:7]),
).map(When)


@cache
def any_of(model: type[Value]) -> st.SearchStrategy[Any]:
    """Any value of a model."""
    fields = {name: typed(field.annotation, tuple(field.metadata)) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(model.model_validate)


def typed(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Any value of a type, as far as the domain uses types."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return typed(arguments[0], (*metadata, *unpacked(arguments[1:])))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, UnionType}:
        return st.one_of([typed(argument, metadata) for argument in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(typed(arguments[0]), min_size=limit(metadata, MinLen, "min_length", 0), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(typed(arguments[0]), typed(arguments[1]), min_size=limit(metadata, MinLen, "min_length", 0), max_size=3)
    if origin is tuple:
        return st.tuples(*map(typed, arguments))
    return plain(annotation, metadata)


def plain(annotation: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    least, most = limit(metadata, Ge, "ge", None), limit(metadata, Le, "le", None)
    above = limit(metadata, Gt, "gt", None)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        bool: st.booleans(),
        UUID: st.uuids(),
        datetime: INSTANTS,
        AwareDatetime: INSTANTS,
        date: st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)),
        time: st.times(),
        When: WHENS,
    }
    if annotation in simple:
        return simple[annotation]
    if annotation is int:
        return st.integers(-(2**40) if least is None else least, 2**40 if most is None else most)
    if annotation is Decimal:
        return st.decimals(least if above is None else Decimal("0.001"), most or 1000, allow_nan=False, allow_infinity=False, places=3)
    if annotation is str:
        return text(metadata)
    return any_of(annotation)


def text(metadata: tuple[Any, ...]) -> st.SearchStrategy[str]:
    if any(getattr(one, "func", None) is _known_zone for one in metadata):
        return st.sampled_from(["Europe/Berlin", "America/Sao_Paulo"])
    shape = next((one for one in metadata if isinstance(one, StringConstraints) and one.pattern), None)
    if shape is None:
        return WORDS
    longest = shape.max_length or 1000
    return st.from_regex(re.compile(str(shape.pattern), re.ASCII), fullmatch=True).filter(lambda word: len(word) <= longest)


def unpacked(metadata: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(inner for one in metadata for inner in (one.metadata if isinstance(one, FieldInfo) else [one]))


def limit(metadata: tuple[Any, ...], kind: Any, name: str, otherwise: Any) -> Any:
    return next((getattr(one, name) for one in metadata if isinstance(one, kind)), otherwise)
