"""What differs between two versions of a protocol or a drug reference, place by place, as the files name their places."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.base import Value
from domain.protocol_checks.parts import name_of_rule


class Difference(Value):
    """A place that says something else in the other version; None where one of them says nothing there."""

    place: str
    was: Any
    becomes: Any


def differences(was: Value, becomes: Value) -> tuple[Difference, ...]:
    """Everything that differs, in the order of the files; what only stands in another order does not."""
    return tuple(_between(was.model_dump(), becomes.model_dump(), ""))


def _between(was: Any, becomes: Any, place: str) -> Iterator[Difference]:
    if was == becomes:
        return
    one, other = _members(was), _members(becomes)
    if one is None or other is None:
        yield Difference(place=place, was=was, becomes=becomes)
        return
    for name in dict.fromkeys([*one, *other]):
        yield from _between(one.get(name), other.get(name), f"{place}.{name}" if place else name)


def _members(value: Any) -> Mapping[str, Any] | None:
    """The parts of a table, or of a list of tables by their ids, or else by number from 1; None where there is nothing to look into."""
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple) and all(isinstance(member, dict) for member in value):
        return {name_of_rule(member, index): member for index, member in enumerate(value)}
    return None
