"""Requests about a participant: every verb is a function that makes the request, and is declared here as a command.

daybook VERB PARTICIPANT … --as ROLE:ID [--reason …] [--sign …] …
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

import typer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.cli.clinic_time import SiteClock
from app.cli.session import Session, session_of
from app.settings import Settings
from app.wiring import Daybook
from domain.commands import PersonsCommand
from domain.entry import Actor, Circumstances, Signature
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.study import Study
from domain.words import ParticipantId
from projections.sentences import says
from store.codec import canonical

PARTICIPANT = Annotated[str, typer.Argument(metavar="PARTICIPANT", help="The participant's code, such as BER-001.", show_default=False)]
AS_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")]
WHEN = Annotated[
    str,
    typer.Argument(
        metavar="WHEN",
        help="When it happened: on the site's clocks, with an offset, as a date, month or year alone, or now.",
        show_default=False,
    ),
]
COMMON = {
    "actor": Annotated[str | None, typer.Option("--as", metavar="ROLE:ID", help="Who asks, such as coordinator:m-weber; asserted.")],
    "reason": Annotated[str | None, typer.Option(help="Why, where a reason is needed.")],
    "sign": Annotated[str | None, typer.Option(metavar="MEANING", help="Sign, and say what the signature means.")],
    "document": Annotated[str | None, typer.Option(help="The source document that this was taken from.")],
    "command_id": Annotated[UUID | None, typer.Option(help="The id of this request: repeated under the same id it is recorded once.")],
    "as_json": AS_JSON,
}
"""What everything that is recorded can say of its circumstances."""
BY_OTHERS = {
    "performed_by": Annotated[str | None, typer.Option(help="Who did it, if somebody else.")],
    "witnessed_by": Annotated[str | None, typer.Option(help="Who saw it.")],
}
"""What is said of others where something was done to a participant."""

Options = dict[str, Any]
"""Parameters of a command: by name, the annotation that typer reads."""
F = TypeVar("F", bound=Callable[..., PersonsCommand])


@dataclass(frozen=True)
class Chart:
    """A participant's record, open on the desk of whoever asks."""

    id: str
    daybook: Daybook
    session: Session

    @cached_property
    def record(self) -> Record:
        return self.daybook.participants.read(self.id)

    @cached_property
    def study(self) -> Study:
        return self.daybook.participants.study()

    def look_at_the_clock(self) -> None:
        """Have refusals say their times on the clocks of the participant's site."""
        self.session.site_clock = self.clock

    @cached_property
    def clock(self) -> SiteClock:
        """The clocks of the participant's site. Raises Refused where there is no such participant."""
        if not self.record.participant.registered:
            raise Refused(Reason(code="unknown-participant", says=f"there is no participant {self.id}"))
        return SiteClock(self.study.zone(self.record.participant.site), self.session.clock())


def asks(group: typer.Typer) -> Callable[[F], F]:
    """Declare a function from a chart, and what was typed, to a request as a command of the same name."""

    def declare(question: F) -> F:
        def ask(ctx: typer.Context, participant: str, **typed: Any) -> None:
            session = session_of(ctx)
            common = {key: typed.pop(key) for key in BY_OTHERS | COMMON}
            with session.daybook() as daybook, understood():
                chart = chart_of(participant, daybook, session)
                request = question(chart, **typed)
                _put(chart, request, circumstances(daybook.settings, session, common, chart.id.encode() + canonical(request)))

        command(group, question, ask, {"ctx": typer.Context, "participant": PARTICIPANT}, BY_OTHERS | COMMON)
        return question

    return declare


def command(group: typer.Typer, question: Callable[..., Any], run: Callable[..., None], before: Options, after: Options) -> None:
    """Declare `run` as a command named like `question`: what comes before, what the question asks after its first, what comes after."""
    by_name = inspect.Parameter.KEYWORD_ONLY
    own = list(inspect.signature(question, eval_str=True).parameters.values())[1:]
    parameters = [
        *(inspect.Parameter(name, by_name, annotation=annotation) for name, annotation in before.items()),
        *(parameter.replace(kind=by_name) for parameter in own),
        *(inspect.Parameter(name, by_name, annotation=annotation, default=None) for name, annotation in after.items()),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads the signature of what it calls.
    group.command(question.__name__.strip("_").replace("_", "-"), help=question.__doc__)(run)


@contextmanager
def opened_chart(ctx: typer.Context, participant: str) -> Iterator[Chart]:
    """The chart of a participant who is asked about."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        yield chart_of(participant, daybook, session)


def chart_of(participant: str, daybook: Daybook, session: Session) -> Chart:
    """The chart of a participant. Raises Refused where the code can be nobody's: names do not belong in this record."""
    try:
        TypeAdapter(ParticipantId).validate_python(participant)
    except ValidationError:
        raise Refused(Reason(code="no-code", says=f"{participant!r} is no participant's code; one looks like BER-001")) from None
    session.noted["participant"] = participant
    return Chart(participant, daybook, session)


def circumstances(settings: Settings, session: Session, common: dict[str, Any], signed: bytes) -> Circumstances:
    """How a request comes to be made; a signature binds the digest of what was asked. Raises Refused where nobody asks."""
    actor = acting(common["actor"] or settings.actor)
    command_id = common["command_id"] or uuid4()
    session.noted |= {"actor": actor.id, "role": actor.role, "command_id": str(command_id)}
    return Circumstances(
        actor=actor,
        source="cli",
        command_id=command_id,
        performed_by=common.get("performed_by"),
        witnessed_by=common.get("witnessed_by"),
        document=common["document"],
        reason=common["reason"],
        signature=Signature(meaning=common["sign"], signed=sha256(signed).hexdigest()) if common["sign"] else None,
    )


def acting(who: str | None) -> Actor:
    """Who asks, as typed. Raises Refused."""
    role, _, id_ = (who or "").partition(":")
    if not id_:
        raise Refused(Reason(code="nobody", says="say who asks with --as ROLE:ID, such as --as coordinator:m-weber, or set DAYBOOK_ACTOR"))
    return Actor.model_validate({"role": role, "id": id_})


def _put(chart: Chart, request: PersonsCommand, by: Circumstances) -> None:
    try:
        outcome = chart.daybook.participants.handle(chart.id, request, by)
    except Refused:
        with suppress(Refused):
            chart.look_at_the_clock()
        raise
    session, first = chart.session, outcome.version - len(outcome.events) + 1
    session.noted["version"] = outcome.version
    if session.as_json:
        session.answers({"participant": chart.id, "version": outcome.version, "command_id": by.command_id, "events": outcome.events})
        return
    after = Chart(chart.id, chart.daybook, session)
    session.says(f"Recorded for {chart.id}:")
    for version, event in enumerate(outcome.events, first):
        session.says(f"  {version}. {says(event, after.clock.zone)}")


@contextmanager
def understood() -> Iterator[None]:
    """Turn what does not have the shape of a value into refusals, all of them."""
    try:
        yield
    except ValidationError as error:
        raise Refused(*map(_reason, error.errors())) from None


def _reason(detail: ErrorDetails) -> Reason:
    """What the shape of a value asks for, in words."""
    place = " ".join(str(part).replace("_", " ") for part in detail["loc"] if not str(part).endswith(".v1"))
    context = detail.get("ctx", {})
    match detail["type"]:
        case "string_pattern_mismatch":
            says = f"{detail['input']!r} is not written as it must be: {context['pattern']}"
        case "literal_error":
            says = f"{detail['input']!r} must be {context['expected']}"
        case "value_error":
            says = str(context["error"])
        case _:
            says = detail["msg"].replace("Input should", f"{detail['input']!r} must")
    return Reason(code="malformed", says=f"{place}: {says}" if place else says)
