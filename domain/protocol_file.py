"""Protocol and reference files: read whole, or refused with every fault and its place.

A file is checked twice, and both reports are given together: its shape against the schema, and its meaning, which no schema
can see. Meaning is checked on those parts whose shape can be read; a visit or a rule that cannot is passed over until mended.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.base import Value
from domain.protocol import Protocol
from domain.protocol_checks.assessments import check_assessments
from domain.protocol_checks.conduct import check_conduct
from domain.protocol_checks.criteria import check_criteria, check_evidence
from domain.protocol_checks.drugs import check_drugs
from domain.protocol_checks.gates import check_gates
from domain.protocol_checks.names import check_names, check_rulings
from domain.protocol_checks.parts import Fault, name_of_rule
from domain.protocol_checks.visits import check_visits
from domain.reference import Reference

V = TypeVar("V", bound=Value)
Check = Callable[[Mapping[str, Any]], Iterator[Fault]]


class ProtocolFaults(ValueError):
    """A protocol or reference file that cannot be used, with everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault.place}: {fault.says}" for fault in self.faults))


def parse_protocol(text: bytes | str) -> Protocol:
    """Read a protocol file; raises ProtocolFaults with every fault in it."""
    document = _document(text)
    checks = (check_names, check_rulings, check_gates, check_visits, check_criteria, check_evidence, check_assessments, check_conduct)
    return _checked(Protocol, document, *checks)


def parse_reference(text: bytes | str) -> Reference:
    """Read a drug reference; raises ProtocolFaults with every fault in it."""
    document = _document(text)
    return _checked(Reference, document, check_drugs)


def _document(text: bytes | str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.decode() if isinstance(text, bytes) else text)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ProtocolFaults([Fault(f"line {line}", "is not text in UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        says, _, where = str(error).rpartition(" (at ")
        raise ProtocolFaults([Fault(where.removesuffix(")"), f"is not TOML: {says}")]) from None
    except (RecursionError, ValueError) as error:
        raise ProtocolFaults([Fault("file", f"cannot be read: {error}")]) from None


def _checked(form: type[V], document: dict[str, Any], *checks: Check) -> V:
    faults = [fault for check in checks for fault in check(document)]
    try:
        value = form.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        raise ProtocolFaults([*(shape_fault(detail, document) for detail in error.errors()), *faults]) from None
    if faults:
        raise ProtocolFaults(faults)
    return value


IN_PLAIN_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that belongs here",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
    "union_tag_not_found": "lacks the key `kind`",
}
"""What the schema's complaints mean to somebody who writes a protocol."""


def shape_fault(detail: ErrorDetails, document: dict[str, Any]) -> Fault:
    """What the schema says is wrong with a part of a document, in plain words and with its place."""
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "literal_error":
            says = f"must be {context['expected']}"
        case "union_tag_invalid":
            says = f"is of kind '{context['tag']}'; it must be one of {context['expected_tags']}"
        case "string_pattern_mismatch":
            says = f"{detail['input']!r} is not written as it must be: {context['pattern']}"
        case "value_error":
            says = str(context["error"])
        case _:
            says = IN_PLAIN_WORDS.get(kind) or detail["msg"].replace("Input should", "must")
    return Fault(_place(detail["loc"], document), says)


def _place(path: tuple[int | str, ...], document: dict[str, Any]) -> str:
    """Where in the file: rules and criteria by their id and without the name of their kind, other members of a list by number from 1."""
    names: list[str] = []
    here: Any = document
    for part in path:
        if isinstance(part, int):
            here = here[part]
            names.append(name_of_rule(here, part))
        elif part != "[key]" and not _is_kind(part, here):
            here = here.get(part) if isinstance(here, dict) else None
            names.append(part)
    return ".".join(names) or "file"


def _is_kind(part: str, here: Any) -> bool:
    """Whether a part of a path names the kind of what is there, and nothing in it."""
    return isinstance(here, dict) and here.get("kind") == part and part not in here
