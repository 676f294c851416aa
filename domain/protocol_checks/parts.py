"""The parts of a protocol file as they stand in it, read as far as they can be: checks go on beside what is broken."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
Document = Mapping[str, Any]
"""A file as TOML reads it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file, and where: `visits.day-7.late`, `steps.infusion.rules.E24b.within`, `criteria.I2.requires`."""

    place: str
    says: str


def table(document: Any, *path: str) -> dict[str, Any]:
    """The table at a path, empty where there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def members(value: Any) -> list[Any]:
    """The members of a list, none where there is no list."""
    return value if isinstance(value, list) else []


def name_of_rule(rule: Any, index: int) -> str:
    """What a fault calls a member of a list: the id of a rule, or the number counted from 1 where there is none."""
    name = rule.get("id") if isinstance(rule, dict) else None
    return name if isinstance(name, str) and name else str(index + 1)


def rules_of(document: Document, step: str) -> list[tuple[str, Any]]:
    """The rules of a gate as they stand in the file, each with its place."""
    rules = members(table(document, "steps", step).get("rules"))
    return [(f"steps.{step}.rules.{name_of_rule(rule, index)}", rule) for index, rule in enumerate(rules)]


def criteria_in(document: Document) -> list[tuple[str, Any]]:
    """The criteria as they stand in the file, each with its place."""
    return [(f"criteria.{name_of_rule(part, index)}", part) for index, part in enumerate(members(document.get("criteria")))]


def kinds_of(document: Document, step: str) -> list[str]:
    """The kinds of the rules of a gate."""
    return [str(table(rule).get("kind")) for _, rule in rules_of(document, step)]


def read(part: Any, form: TypeAdapter[T]) -> T | None:
    """A part of the file, or None: the check of the shape says what is wrong with it."""
    try:
        return form.validate_json(json.dumps(part, default=str))
    except ValidationError:
        return None


def readable(parts: Document, form: TypeAdapter[T]) -> dict[str, T]:
    """Those members of a table that can be read."""
    return {name: value for name, part in parts.items() if (value := read(part, form)) is not None}
