"""The fields of a form, found in the signature of the question that it asks: the command line and the browser ask the same ones."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from typer.models import ArgumentInfo, OptionInfo

from app.cli.asking import Chart
from app.cli.reading import AtHand, Reads, RefusedInParts, marked, parameters, said_type
from domain.rejections import Reason, Refused

Kind = Literal["text", "select", "tick", "ticks", "several", "two", "rows"]
"""How a field is filled in: a line, one of some choices, a tick, some ticks, any number of lines, two of them, or rows of cells."""
LABELS: Mapping[str, str] = {
    "at": "When",
    "start": "From",
    "stop": "Until",
    "born": "Born",
    "by": "Checked by",
    "code": "Chain-of-identity code",
    "cells": "Yield",
    "milligrams": "Dose in mg",
    "per_day": "Doses a day",
    "ice": "ICE score",
    "learned": "The site learned of it",
    "not_": "Is not so",
    "holds": "Is so",
    "serious": "Serious, because of",
    "to_sponsor": "Reported to the sponsor on",
    "to_committee": "Reported to the ethics committee on",
}
"""What a field is called where its name does not say it well."""
YES_OR_NO = (("yes", "Yes"), ("no", "No"))
Typed = Mapping[str, Sequence[str]]
"""What a form says, by the names of its fields; each can be there more than once."""


EMPTY_ROWS = 5
"""How many rows there are to be filled in, besides those that were."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a parameter is called in the browser, where its name does not say it."""

    label: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A parameter of which there are several, each in a row of cells; these are the columns. Its reader is handed the cells."""

    columns: tuple[str, ...]


class Cell(NamedTuple):
    """A cell of a row: what stands in it, and what is wrong with that."""

    value: str
    fault: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it is called, what may stand in it, what does, and what is wrong with that."""

    name: str
    label: str
    hint: str
    kind: Kind
    optional: bool
    choices: tuple[tuple[str, str], ...] = ()
    suggested: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    filled_in: bool = False
    """Whether what stands in it was said by somebody."""

    @property
    def first(self) -> str:
        """What stands in it, where it is a line."""
        return self.value[0] if self.value else ""


def fields(
    question: Callable[..., Any], chart: Chart, typed: Typed, faults: Mapping[str, Sequence[str]], but: frozenset[str] = frozenset()
) -> tuple[Field, ...]:
    """The fields of a question about a participant, filled in as they were typed, or else as they are best begun; `but` leaves some out."""
    return tuple(
        _field(one, chart, typed, faults) for one in parameters(question) if marked(one.annotation, AtHand) is None and one.name not in but
    )


def as_typed(question: Callable[..., Any], typed: Typed) -> dict[str, Any]:
    """What the form says, as the question's readers take it: words, lists of words, or yes and no; None where nothing was said."""
    asked = parameters(question)
    return dict(_words(one, typed) if _rows(one) is None else (one.name, _filled(one, typed)) for one in asked)


def read_cells(line: str, cells: Sequence[str], readers: Sequence[Callable[[str], Any]]) -> list[Any]:
    """What stands in the cells of a line, each by a reader of its own. Raises Refused, with every cell that cannot be read."""
    values, faults = [], dict[str, tuple[Reason, ...]]()
    for column, (cell, read) in enumerate(zip(cells, readers, strict=True)):
        try:
            values.append(read(cell))
        except Refused as refused:
            faults[f"{column}.{line}"] = refused.reasons
    if faults:
        raise RefusedInParts(faults)
    return values


def _words(one: inspect.Parameter, typed: Typed) -> tuple[str, Any]:
    given = typed.get(one.name, ())
    said, lines = said_type(get_args(one.annotation)[0]), [line.strip() for text in given for line in text.splitlines() if line.strip()]
    if said is bool:
        answer = {"yes": True, "no": False}.get(lines[0]) if lines else None
        return one.name, False if answer is None and one.default is False else answer
    if get_origin(said) is list:
        return one.name, lines or (None if _optional(one) else [])
    if get_origin(said) is tuple:
        return one.name, tuple(lines)
    reads: Reads | None = marked(one.annotation, Reads)
    otherwise = reads.otherwise if reads else None
    begun = None if one.default in {None, inspect.Parameter.empty} else str(one.default)
    return one.name, lines[0] if lines else otherwise or begun or (None if _optional(one) else "")


def _rows(one: inspect.Parameter) -> Rows | None:
    found: Rows | None = marked(one.annotation, Rows)
    return found


def _cells(one: inspect.Parameter, typed: Typed) -> list[tuple[str, ...]]:
    """The rows of cells as they were typed, column by column, up to the last in which anything was said."""
    rows = _rows(one)
    columns = [[cell.strip() for cell in typed.get(f"{one.name}.{n}", ())] for n in range(len(rows.columns) if rows else 0)]
    found = list(zip_longest(*columns, fillvalue=""))
    return found[: max((number for number, cells in enumerate(found, start=1) if any(cells)), default=0)]


def _filled(one: inspect.Parameter, typed: Typed) -> list[tuple[str, ...]]:
    """The rows in which anything was said, each with its number before its cells."""
    return [(str(number), *cells) for number, cells in enumerate(_cells(one, typed), start=1) if any(cells)]


def _lines(one: inspect.Parameter, rows: Rows, typed: Typed, faults: Mapping[str, Sequence[str]]) -> Iterator[tuple[Cell, ...]]:
    """The rows as they were typed, each cell with what is wrong with it, and some more to be filled in."""
    for line, cells in enumerate((*_cells(one, typed), *[("",) * len(rows.columns)] * EMPTY_ROWS), start=1):
        yield tuple(Cell(said, "; ".join(faults.get(f"{one.name}.{n}.{line}", ()))) for n, said in enumerate(cells))


def _field(one: inspect.Parameter, chart: Chart, typed: Typed, faults: Mapping[str, Sequence[str]]) -> Field:
    said = said_type(get_args(one.annotation)[0])
    choices, suggested = _choices(one, said, chart), _suggested(one, chart)
    return Field(
        name=one.name,
        label=_label(one),
        hint=_hint(one, several=_kind(one, said, choices) == "several"),
        kind=_kind(one, said, choices),
        optional=_optional(one) or (said is bool and one.default is False),
        choices=choices,
        suggested=suggested,
        value=tuple(typed.get(one.name) or _begun(one, chart)),
        faults=tuple(faults.get(one.name, ())),
        columns=rows.columns if (rows := _rows(one)) else (),
        rows=tuple(_lines(one, rows, typed, faults)) if rows else (),
        filled_in=any(name.partition(".")[0] == one.name for name in typed),
    )


def _label(one: inspect.Parameter) -> str:
    called: Called | None = marked(one.annotation, Called)
    return called.label if called else LABELS.get(one.name, one.name.strip("_").replace("_", " ").capitalize())


def _kind(one: inspect.Parameter, said: Any, choices: tuple[tuple[str, str], ...]) -> Kind:
    if said is bool and one.default is False:
        return "tick"
    if _rows(one) is not None:
        return "rows"
    if get_origin(said) is list:
        return "ticks" if choices else "several"
    if get_origin(said) is tuple:
        return "two"
    return "select" if choices else "text"


def _choices(one: inspect.Parameter, said: Any, chart: Chart) -> tuple[tuple[str, str], ...]:
    """The words among which one is chosen: those of its type, or those of the protocol."""
    kind = get_args(said)[0] if get_origin(said) is Annotated else said
    if kind is bool:
        return YES_OR_NO
    if get_origin(kind) is list and get_origin(get_args(kind)[0]) is Literal:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return tuple((word, word.replace("-", " ")) for word in get_args(kind))
    return tuple(_of_the_protocol(_metavar(one), chart))


def _of_the_protocol(metavar: str, chart: Chart) -> Iterator[tuple[str, str]]:
    protocol = chart.study.protocol(chart.record.participant.protocol)
    match metavar:
        case "VISIT":
            yield from ((name, visit.title) for name, visit in protocol.visits.items())
        case "TEST":
            yield from ((name, name.replace("-", " ")) for name in protocol.tests)
        case "CONDITION":
            yield from ((name, name.replace("-", " ")) for name in protocol.conditions)
        case "SCORE":
            yield from ((name, name) for name in protocol.scores)
        case "SITE":
            yield from ((site, site) for site in chart.study.record.sites)
        case "GROUND":
            yield from ((name, f"{name.replace('-', ' ').capitalize()}: {says}") for name, says in protocol.override_grounds.items())
        case "FORM":
            forms = chart.study.record.consent_forms.get(chart.record.participant.site, ())
            yield from ((form.digest, f"{form.form}, in use since {form.since}") for form in reversed(forms))
        case _:
            return


def _suggested(one: inspect.Parameter, chart: Chart) -> tuple[str, ...]:
    """What is offered while somebody types, where anything else may be typed as well."""
    if _metavar(one) == "DRUG" or one.name == "drug":
        return tuple(chart.study.reference.drugs)
    return ("last", "lifetime") if one.name == "since" and "lifetime" in _metavar(one) else ()


def _begun(one: inspect.Parameter, chart: Chart) -> tuple[str, ...]:
    """What stands in a field before anything was typed: the time on the site's clocks where one is asked for, else what is usual."""
    if _metavar(one) == "WHEN" and not _optional(one):
        return (chart.clock.shows(chart.clock.now)[: len("2026-03-01 10:30")],)
    if one.default in {None, inspect.Parameter.empty} or one.default is False:
        return ()
    return ("yes",) if one.default is True else (str(one.default),)


def _hint(one: inspect.Parameter, *, several: bool) -> str:
    info = marked(one.annotation, ArgumentInfo | OptionInfo)
    says = str(info.help or "") if info is not None else ""
    said = says.replace("; can be repeated", "").replace("can be repeated", "").rstrip(" .")
    return f"{said}." + (" One on each line." if several else "") if said else ""


def _metavar(one: inspect.Parameter) -> str:
    info = marked(one.annotation, ArgumentInfo | OptionInfo)
    return str(info.metavar or "") if info is not None else ""


def _optional(one: inspect.Parameter) -> bool:
    """Whether nothing need be said."""
    reads: Reads | None = marked(one.annotation, Reads)
    return one.default is not inspect.Parameter.empty or (reads is not None and reads.otherwise is not None)
