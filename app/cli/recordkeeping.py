"""Record keeping: what an earlier entry should have said, and entries that should never have been made."""

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from app.cli.asking import Chart, asks
from app.cli.reading import AtHand, Heard, Reads, whole
from app.clinic_time import SiteClock
from domain import commands as c
from domain.entry import Entry
from domain.events import FACTS, Event, Fact
from domain.rejections import Reason, Refused, refuse_if
from domain.time import When

recordkeeping = typer.Typer()
NUMBERED = typer.Argument(metavar="ENTRY", help="The number of the entry, as the history shows it.", show_default=False)
FACT: TypeAdapter[Any] = TypeAdapter(Fact)


@asks(recordkeeping)
def correct(
    clock: Annotated[SiteClock, AtHand(lambda chart: chart.clock)],
    entry: Annotated[Entry[Event], Reads(lambda chart: partial(_reported, chart)), NUMBERED],
    changes: Annotated[
        list[tuple[str, str]],
        Reads(lambda _: _change),
        typer.Argument(metavar="FIELD=VALUE…", help="What it should have said, such as at='2026-03-01 10:30'.", show_default=False),
    ],
) -> c.Correct:
    """Say what an earlier entry should have said, and why. Everything that hung on it is judged anew."""
    return c.Correct(entry=entry.version, fact=_corrected(clock, entry, _once(changes)))


@asks(recordkeeping)
def retract(entry: Annotated[int, NUMBERED]) -> c.Retract:
    """Take back an earlier entry that should never have been made, and say why."""
    return c.Retract(entry=entry)


def _reported(chart: Chart, typed: str) -> Entry[Event]:
    """The entry of a number, if it states what a person reported. Raises Refused."""
    version = whole(typed)
    entry = chart.record.entry(version)
    if entry is None:
        raise Refused(Reason(code="unknown-entry", says=f"there is no entry {version}, or it has been retracted"))
    if not isinstance(entry.event, FACTS):
        raise Refused(Reason(code="not-amendable", says=f"entry {version} states nothing that a person reported"))
    return entry


def _once(changes: list[tuple[str, str]]) -> dict[str, str]:
    """The changes by field. Raises Refused where a field is to say two things."""
    count = Counter(name for name, _ in changes)
    twice = (Reason(code="not-understood", says=f"{name} is given more than once") for name in count if count[name] > 1)
    refuse_if(twice)
    return dict(changes)


def _corrected(clock: SiteClock, entry: Entry[Event], changes: dict[str, str]) -> Fact:
    """The fact of an entry as it should have been. Raises Refused for every field that it has not, or that cannot be read."""
    heard = Heard()
    said = heard.read({name: Annotated[str, Reads(partial(_field, name, clock))] for name in changes}, changes, entry)
    if said is None:
        raise heard.refusal()
    fact: Fact = FACT.validate_json(json.dumps(entry.event.model_dump(mode="json") | said))
    return fact


def _field(name: str, clock: SiteClock, entry: Entry[Event]) -> Callable[[str], Any]:
    """Whoever reads a field of an entry. Raises Refused where the entry has none of that name."""
    stated = entry.event.model_dump(mode="json", exclude={"kind"})
    if name not in stated:
        known = ", ".join(stated) or "none"
        raise Refused(Reason(code="unknown-field", says=f"entry {entry.version} has no field {name}; it has: {known}"))
    if name == "stop" or isinstance(getattr(entry.event, name), When):
        return lambda text: clock.when(text).root if text else None
    return partial(_json, instead_of=stated[name])


def _json(text: str, instead_of: Any) -> Any:
    """What was typed, in the form of what it replaces; nothing at all takes the value away.

    Marks, attestations and the items of a score are typed as the history shows them in JSON. Raises Refused.
    """
    if not text:
        return None
    if isinstance(instead_of, dict) or (isinstance(instead_of, list) and any(isinstance(one, dict) for one in instead_of)):
        return _structure(text)
    if isinstance(instead_of, list):
        return [part.strip() for part in text.split(",")]
    if isinstance(instead_of, bool | int | None):
        number = int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else text
        return {"true": True, "false": False}.get(text, number)
    return text


def _structure(text: str) -> Any:
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        raise Refused(Reason(code="not-understood", says=f"{text!r} is not JSON, as the history shows this field")) from None


def _change(typed: str) -> tuple[str, str]:
    name, sign, value = typed.partition("=")
    if not sign:
        raise Refused(Reason(code="not-understood", says=f"{typed!r} changes nothing; write FIELD=VALUE, such as at='2026-03-01 10:30'"))
    return name.replace("-", "_"), value
