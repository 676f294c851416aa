"""Protocols as files: checked, shown, and compared with one another."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.asking import AS_JSON
from app.cli.session import Session, session_of
from app.documents import readings
from domain.criteria.language import Criterion
from domain.differences import Difference, differences
from domain.protocol import Interpretation, Protocol, VisitRule
from domain.rejections import Reason, Refused
from store.studies import Released, StudyFiles, protocol_in

protocols = typer.Typer(help="Look at protocols: check a file, show a version, compare two.")
SHOWN = Annotated[
    str, typer.Argument(metavar="STUDY@VERSION", help="A version of a protocol, such as cd19-cart-sle@1.", show_default=False)
]


@protocols.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The file.", show_default=False)],
    *,
    as_json: AS_JSON = False,
) -> None:
    """Check a protocol file whole; every fault is named with its place."""
    session, found = session_of(ctx), protocol_in(file)
    if as_json:
        session.answers({"study": found.protocol.study, "version": found.protocol.version, "digest": found.digest})
    else:
        session.says(f"{file} can be used. {_heading(found)}")


@protocols.command()
def show(ctx: typer.Context, version: SHOWN, *, as_json: AS_JSON = False) -> None:
    """Show every part of every criterion with what it rests on, and gates and visits in short."""
    session = session_of(ctx)
    found = StudyFiles(session.settings.studies).protocol(*named_version(version))
    if as_json:
        session.answers(_for_programs(found))
        return
    for line in _in_lines(found):
        session.says(line)


@protocols.command(name="readings")
def readings_(ctx: typer.Context, version: SHOWN) -> None:
    """Print, as a document, how the registry entry is read, and why, and on what the study must rule."""
    session = session_of(ctx)
    session.says(readings(StudyFiles(session.settings.studies).protocol(*named_version(version)).protocol))


@protocols.command()
def diff(
    ctx: typer.Context,
    was: Annotated[str, typer.Argument(metavar="OLD", help="STUDY@VERSION, or a file.", show_default=False)],
    becomes: Annotated[str, typer.Argument(metavar="NEW", help="STUDY@VERSION, or a file.", show_default=False)],
    *,
    as_json: AS_JSON = False,
) -> None:
    """Show what changes from one protocol to another, place by place."""
    session = session_of(ctx)
    found = differences(_either(session, was), _either(session, becomes))
    if as_json:
        session.answers({"differences": found})
        return
    for line in told(found):
        session.says(line)


def named_version(typed: str) -> tuple[str, int]:
    """The study and the version that somebody names. Raises Refused."""
    parts = re.fullmatch(r"([a-z][a-z0-9-]*)@([1-9]\d{0,4})", typed, re.ASCII)
    if parts is None:
        raise Refused(Reason(code="not-understood", says=f"{typed!r} names no version of a protocol; write cd19-cart-sle@1"))
    return parts[1], int(parts[2])


def told(found: tuple[Difference, ...]) -> Iterator[str]:
    """Differences as people read them."""
    for one in found:
        match one:
            case Difference(was=None):
                yield f"{one.place} is new: {_short(one.becomes)}"
            case Difference(becomes=None):
                yield f"{one.place} is gone: {_short(one.was)}"
            case _:
                yield f"{one.place}: {_short(one.was)} becomes {_short(one.becomes)}"
    if not found:
        yield "Nothing differs."


def _either(session: Session, typed: str) -> Protocol:
    """The protocol in a file, or the version of a study."""
    path = Path(typed)
    return protocol_in(path).protocol if path.is_file() else StudyFiles(session.settings.studies).protocol(*named_version(typed)).protocol


def _short(value: Any) -> str:
    """A value in few words: of a table what it is called."""
    if isinstance(value, dict):
        called = (value[key] for key in ("says", "title", "asks", "reads", "source", "kind") if isinstance(value.get(key), str))
        return next(called, None) or ", ".join(f"{name} {_short(part)}" for name, part in value.items())
    return (", ".join(map(_short, value)) or "none") if isinstance(value, list | tuple) else str(value)


def _heading(found: Released) -> str:
    one = found.protocol
    kind = "a demonstration" if one.demonstration else "not a demonstration"
    counted = f"{len(one.criteria)} parts of criteria, {len(one.steps)} gates, {len(one.visits)} visits"
    return f"{one.study}@{one.version}, {one.title}: {kind}; {counted}; drug reference {one.reference}; SHA-256 {found.digest}."


def _in_lines(found: Released) -> Iterator[str]:
    one = found.protocol
    yield _heading(found)
    yield from ("", "Parts of criteria")
    for part in one.criteria:
        yield f"  {part.id} {part.name}: {part.says} ({_judged(part)})"
        yield from (
            f"    {_standing(one.interpretations[name])} {name}: {one.interpretations[name].reads}" for name in part.interpretations
        )
    yield from ("", "Gates")
    for step, gate in one.steps.items():
        yield f"  {step}, {gate.title}: a slot of at most {gate.longest_slot}"
        yield from (f"    {rule.id}: {rule.says}" for rule in gate.rules)
    yield from ("", "Visits")
    yield from (f"  {name}, {visit.title}: {_due(visit)}" for name, visit in one.visits.items())


def _due(visit: VisitRule) -> str:
    counted = next(f"{unit} {count}" for unit, count in _counts(visit) if count is not None)
    early, late, unit = (visit.early_hours, visit.late_hours, "hours") if visit.hour is not None else (visit.early, visit.late, "days")
    range_ = f", from {early} {unit} before to {late} {unit} after" if early or late else ""
    second = f", at least {visit.not_before.days} days after {visit.not_before.visit}" if visit.not_before else ""
    outside = {"record": "", "approve": "; outside only if an investigator approves", "stop": "; the window stops hard"}[visit.outside]
    required = f"; requires {', '.join(visit.assessments)}" if visit.assessments else ""
    return f"{counted} from {visit.anchor.replace('-', ' ')}{range_}{second}{outside}{required}"


def _counts(visit: VisitRule) -> tuple[tuple[str, int | None], ...]:
    return ("day", visit.day), ("month", visit.month), ("hour", visit.hour)


def _judged(part: Criterion) -> str:
    return f"judged at {part.anchor}" if part.at_gate is None else f"judged at the gate of {part.at_gate}"


def _standing(reading: Interpretation) -> str:
    approved = reading.approved
    return "assumption" if approved is None else f"approved by {approved.role} on {approved.on},"


def _for_programs(found: Released) -> dict[str, Any]:
    one = found.protocol
    return {
        "study": one.study,
        "version": one.version,
        "title": one.title,
        "demonstration": one.demonstration,
        "reference": one.reference,
        "digest": found.digest,
        "parts": [_part(part, one) for part in one.criteria],
        "rulings": one.rulings,
        "gates": one.steps,
        "visits": one.visits,
    }


def _part(part: Criterion, protocol: Protocol) -> dict[str, Any]:
    readings = [{"name": name, **protocol.interpretations[name].model_dump()} for name in part.interpretations]
    stated = part.model_dump(include={"id", "name", "says", "anchor", "at_gate"})
    return stated | {"assumption": protocol.assumes(part.interpretations), "interpretations": readings, "requires": part.requires}
