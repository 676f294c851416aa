"""Record keeping: what an earlier entry should have said, and entries that should never have been made."""

import json
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from app.cli.asking import Chart, asks
from domain import commands as c
from domain.decisions.reports import times
from domain.events import FACTS, Fact
from domain.rejections import Reason, Refused

recordkeeping = typer.Typer()
ENTRY = Annotated[int, typer.Argument(metavar="ENTRY", min=1, help="The number of the entry, as the history shows it.", show_default=False)]
FACT: TypeAdapter[Any] = TypeAdapter(Fact)


@asks(recordkeeping)
def correct(
    chart: Chart,
    entry: ENTRY,
    changes: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE…", help="What it should have said, such as at='2026-03-01 10:30'.", show_default=False),
    ],
) -> c.Correct:
    """Say what an earlier entry should have said; give --reason. Everything that hung on it is judged anew."""
    return c.Correct(entry=entry, fact=_corrected(chart, entry, dict(map(_field, changes))))


@asks(recordkeeping)
def retract(_: Chart, entry: ENTRY) -> c.Retract:
    """Take back an earlier entry that should never have been made; give --reason."""
    return c.Retract(entry=entry)


def _corrected(chart: Chart, version: int, changes: dict[str, str]) -> Fact:
    """The fact of an entry as it should have been. Raises Refused where there is no such entry or field."""
    clock, entry = chart.clock, chart.record.entry(version)
    if entry is None:
        raise Refused(Reason(code="unknown-entry", says=f"there is no entry {version}, or it has been retracted"))
    if not isinstance(entry.event, FACTS):
        raise Refused(Reason(code="not-amendable", says=f"entry {version} ({entry.event.kind}) states nothing that a person reported"))
    stated = entry.event.model_dump(mode="json")
    fields = [name for name in stated if name != "kind"]
    unknown = [name for name in changes if name not in fields]
    if unknown:
        known = ", ".join(fields) or "none"
        raise Refused(*(Reason(code="unknown-field", says=f"entry {version} has no field {name}; it has: {known}") for name in unknown))
    moments = {name for name, _ in times(entry.event)} | {"stop"}
    said = {name: clock.when(text).root if name in moments and text else _json(text, stated[name]) for name, text in changes.items()}
    fact: Fact = FACT.validate_json(json.dumps(stated | said))
    return fact


def _json(text: str, instead_of: Any) -> Any:
    """What was typed, in the form of what it replaces; nothing at all takes the value away."""
    if not text:
        return None
    if isinstance(instead_of, list):
        return [part.strip() for part in text.split(",")]
    if isinstance(instead_of, bool | int | None):
        return json.loads(text) if text.lstrip("-").isdigit() or text in {"true", "false"} else text
    return text


def _field(change: str) -> tuple[str, str]:
    name, sign, value = change.partition("=")
    if not sign:
        raise Refused(Reason(code="not-understood", says=f"{change!r} changes nothing; write FIELD=VALUE, such as at='2026-03-01 10:30'"))
    return name.replace("-", "_"), value
