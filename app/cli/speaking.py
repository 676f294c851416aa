"""What the command line says when something cannot be done: the one place where errors become words and exit codes.

0   done
1   a bug: a traceback, to be reported
2   refused, or not understood: every reason, each a sentence
3   the world is in the way, or what is on disk is damaged: one sentence that says what to do
"""

import re
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from app.cli.session import Session
from app.settings import BadSettings
from domain.protocol_file import ProtocolFaults
from domain.rejections import Reason, Refused
from store.errors import CommandReused, StoreError

REFUSED = 2
IN_THE_WAY = 3
BELOW_ZERO = re.compile(r"No such option: -\d")
EXPECTED = (Refused, ProtocolFaults, BadSettings, StoreError, typer.TyperException)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not done: the exit code, every reason under a heading, and whether the refusal itself is on record."""

    exit_code: int
    reasons: tuple[Reason, ...]
    heading: str = "Refused:"
    recorded: bool = False


def translated(trouble: BaseException) -> Failure:
    """What an expected error means to whoever called; anything else is a bug and is raised again."""
    match trouble:
        case Refused():
            return Failure(REFUSED, trouble.reasons, recorded=trouble.recorded is not None)
        case ProtocolFaults():
            faults = tuple(Reason(code="malformed-file", says=f"{one.place} {one.says}") for one in trouble.faults)
            return Failure(REFUSED, faults, "The file cannot be used, and nothing of it was taken in:")
        case BadSettings():
            return Failure(REFUSED, tuple(Reason(code="bad-setting", says=one) for one in trouble.says), "The settings cannot be used:")
        case CommandReused():
            says = "this command id was used before, for something else; leave it out, or repeat the first command unchanged"
            return Failure(REFUSED, (Reason(code="command-reused", says=says),))
        case typer.TyperException():
            says = trouble.format_message().replace("Value error, ", "")
            if BELOW_ZERO.match(says):
                says = "no number that stands by itself is below zero: a dose is positive"  # Typer took it for an option.
            return Failure(REFUSED, (Reason(code="not-understood", says=says),), "Not understood (--help shows how):")
        case StoreError():
            return Failure(IN_THE_WAY, (Reason(code=type(trouble).__name__, says=str(trouble)),), "")
        case _:
            raise trouble


class Speaking(TyperGroup):
    """The outermost command: lets every other one run, says what went wrong, and writes one line to the log."""

    def invoke(self, ctx: Any) -> Any:
        session: Session = ctx.ensure_object(Session)
        session.as_json = "--json" in ctx.args
        try:
            with session.logged():
                return super().invoke(ctx)
        except EXPECTED as trouble:
            failure = translated(trouble)
            say(failure, session)
            raise typer.Exit(failure.exit_code) from None


def say(failure: Failure, session: Session) -> None:
    """Every reason on standard error, and for a program as JSON on standard output."""
    for line in sentences(failure, session):
        session.warns(line)
    if session.as_json:
        session.answers({"refused" if failure.exit_code == REFUSED else "fault": failure.reasons, "recorded": failure.recorded})


def sentences(failure: Failure, session: Session) -> list[str]:
    """What to say of a failure, line by line."""
    if not failure.heading:
        return [reason.says for reason in failure.reasons]
    reasons = [f"  - {reason.says}{_from_when(reason, session)}" for reason in failure.reasons]
    return [failure.heading, *reasons, *(["The refusal is on record."] if failure.recorded else [])]


def _from_when(reason: Reason, session: Session) -> str:
    if reason.earliest is None or session.site_clock is None:
        return ""
    return f" (not before {session.site_clock.shows(reason.earliest)}, {session.site_clock.away(reason.earliest)})"
