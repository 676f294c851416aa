"""Requests about a participant: every verb is a function that makes the request, and is declared here as a command.

daybook VERB PARTICIPANT … --as ROLE:ID [--reason …] [--sign …] …
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

import typer
from pydantic import TypeAdapter, ValidationError

from app.accounts import accesses_at
from app.accounts.accesses import Look
from app.cli.reading import AtHand, Heard, Reads, annotations_of, as_typed, typed_for
from app.cli.session import Session, session_of
from app.clinic_time import SiteClock
from app.watching import LONGEST, noted
from app.wiring import Daybook
from domain.commands import PersonsCommand
from domain.entry import Actor, Circumstances, Signature
from domain.events import Event
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.signatures import to_sign
from domain.study import Study
from domain.time import When
from domain.words import ParticipantId, Sentence
from projections.sentences import says
from store.errors import DamagedEntry
from store.participants import Outcome

Options = dict[str, Any]
"""Parameters of a command by name, with their annotations."""
PARTICIPANT = Annotated[str, typer.Argument(metavar="PARTICIPANT", help="The participant's code, such as BER-001.", show_default=False)]
AS_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")]
WHEN = Annotated[
    When,
    Reads(lambda chart: chart.clock.when),
    typer.Argument(
        metavar="WHEN",
        help="When it happened: on the site's clocks, with an offset, as a date, month or year alone, or now.",
        show_default=False,
    ),
]
COMMON: Options = {
    "actor": Annotated[str | None, typer.Option("--as", metavar="ROLE:ID", help="Who asks, such as coordinator:m-weber; asserted.")],
    "reason": Annotated[Sentence | None, typer.Option(help="Why, where a reason is needed.")],
    "sign": Annotated[Sentence | None, typer.Option(metavar="MEANING", help="Sign, and say what the signature means.")],
    "document": Annotated[Sentence | None, typer.Option(help="The source document that this was taken from.")],
    "command_id": Annotated[UUID | None, typer.Option(help="The id of this request: repeated under the same id it is recorded once.")],
    "as_json": AS_JSON,
}
"""What everything that is recorded can say of its circumstances."""
BY_OTHERS: Options = {
    "performed_by": Annotated[Sentence | None, typer.Option(help="Who did it, if somebody else.")],
    "witnessed_by": Annotated[Sentence | None, typer.Option(help="Who saw it.")],
}
"""What is said of others where something was done to a participant."""
CODED: Options = {"participant": Annotated[str, AtHand(lambda chart: chart.code)]}
"""Whom a request is about, which is read with all the rest."""

NOBODY_NAMED = "nobody-named"
"""Who looks at the command line without saying who they are."""
LONGEST_NAME = 60
QUESTIONS: dict[str, Callable[..., PersonsCommand]] = {}
"""Every request about a participant that is declared here, by its module and name, such as `visits.book`; browsers ask the same ones."""

F = TypeVar("F", bound=Callable[..., PersonsCommand])
T = TypeVar("T")


@dataclass(frozen=True)
class Chart:
    """A participant's record, open on the desk of whoever asks."""

    id: str
    daybook: Daybook
    session: Session

    @cached_property
    def code(self) -> str:
        """The participant's code, which the log knows from here on. Raises Refused where it is nobody's: names do not belong here."""
        try:
            TypeAdapter(ParticipantId).validate_python(self.id)
        except ValidationError:
            raise Refused(Reason(code="no-code", says=f"{self.id!r} is no participant's code; one looks like BER-001")) from None
        self.session.noted["participant"] = self.id
        return self.id

    @cached_property
    def record(self) -> Record:
        return self.daybook.participants.read(self.code)

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
    """Declare a function from what was typed, once it is read, to what is asked for as a command of the same name."""

    def declare(question: F) -> F:
        def ask(ctx: typer.Context, participant: str, **typed: Any) -> None:
            session = session_of(ctx)
            with session.daybook() as daybook:
                chart = Chart(participant, daybook, session)
                request, by = understood(question, CODED | BY_OTHERS | COMMON, typed, chart, session)
                _tell(chart, by, _put(chart, request, by, typed["sign"]))

        QUESTIONS[f"{question.__module__.rpartition('.')[2]}.{question.__name__.strip('_').replace('_', '-')}"] = question
        command(group, question, ask, {"ctx": typer.Context, "participant": PARTICIPANT}, BY_OTHERS | COMMON)
        return question

    return declare


def command(group: typer.Typer, question: Callable[..., Any], run: Callable[..., None], before: Options, after: Options) -> None:
    """Declare `run` as a command named like `question`: what comes before, what the question asks, what comes after."""
    by_name = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        *(inspect.Parameter(name, by_name, annotation=annotation) for name, annotation in before.items()),
        *(parameter.replace(kind=by_name) for parameter in typed_for(question)),
        *(as_typed(inspect.Parameter(name, by_name, annotation=annotation, default=None)) for name, annotation in after.items()),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads the signature of what it calls.
    group.command(question.__name__.strip("_").replace("_", "-"), help=question.__doc__)(run)


def understood(question: Callable[..., T], common: Options, typed: Options, at_hand: Any, session: Session) -> tuple[T, Circumstances]:
    """The request and its circumstances, not signed yet. Raises Refused for everything that was typed wrongly, all at once."""
    heard = Heard()
    actor = heard.made(lambda: acting(typed["actor"] or session.settings.actor))
    stated = heard.read(common, typed, at_hand)
    values = heard.read(annotations_of(question), typed, at_hand)
    request = None if values is None else heard.made(lambda: question(**values))
    if actor is None or stated is None or request is None:
        raise heard.refusal()
    return request, circumstances(session, actor, stated)


@contextmanager
def opened_chart(ctx: typer.Context, participant: str) -> Iterator[Chart]:
    """The chart of a participant who is asked about."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        chart = Chart(participant, daybook, session)
        _note(chart)
        yield chart


@contextmanager
def opened_list(ctx: typer.Context) -> Iterator[Daybook]:
    """The record, for a list that tells of participants."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        _noted(session, daybook)
        yield daybook


def _note(chart: Chart) -> None:
    try:
        registered = chart.record.participant.registered
    except DamagedEntry:
        return  # nothing can be shown of such a record, and whoever asks for more of it is told why
    if registered:
        _noted(chart.session, chart.daybook, chart.id, chart.record.participant.site)


def _noted(session: Session, daybook: Daybook, participant: str | None = None, site: str | None = None) -> None:
    """Note who looks, as far as they say who they are, before anything is shown."""
    who = (session.settings.actor or "").partition(":")[2][:LONGEST_NAME] or NOBODY_NAMED
    with accesses_at(session.settings.accounts, session.clock) as accesses:
        noted(accesses, daybook.people, Look(who, f"daybook {session.noted['command']}"[:LONGEST], "cli", participant, site))


def circumstances(session: Session, actor: Actor, stated: Options) -> Circumstances:
    """How a request comes to be made, by somebody whom the log then knows."""
    command_id = stated["command_id"] or uuid4()
    session.noted |= {"actor": actor.id, "role": actor.role, "command_id": str(command_id)}
    said = {name: stated[name] for name in ("performed_by", "witnessed_by", "document", "reason") if name in stated}
    return Circumstances(actor=actor, source="cli", command_id=command_id, **said)


def signed(by: Circumstances, meaning: str | None, digest: str) -> Circumstances:
    """The same under a signature, if there is one: it binds a digest."""
    signature = Signature(meaning=meaning, signed=digest) if meaning else None
    return by.model_copy(update={"signature": signature})


def acting(who: str | None) -> Actor:
    """Who asks, as typed. Raises Refused where nobody does."""
    role, _, id_ = (who or "").partition(":")
    if not id_:
        raise Refused(Reason(code="nobody", says="say who asks with --as ROLE:ID, such as --as coordinator:m-weber, or set DAYBOOK_ACTOR"))
    return Actor.model_validate({"role": role, "id": id_})


def _put(chart: Chart, request: PersonsCommand, by: Circumstances, meaning: str | None) -> list[tuple[int, Event]]:
    """What a request brings about, entry by entry."""
    outcome = _handled(chart, request, signed(by, meaning, to_sign(chart.id, request, by)))
    return list(enumerate(outcome.events, outcome.version - len(outcome.events) + 1))


def _handled(chart: Chart, request: PersonsCommand, by: Circumstances) -> Outcome:
    try:
        return chart.daybook.authority.handle(chart.id, request, by)
    except Refused:
        with suppress(Refused):
            chart.look_at_the_clock()
        raise


def _tell(chart: Chart, by: Circumstances, recorded: list[tuple[int, Event]]) -> None:
    session, version = chart.session, recorded[-1][0]
    session.noted["version"] = version
    if session.as_json:
        events = [event for _, event in recorded]
        session.answers({"participant": chart.id, "version": version, "command_id": by.command_id, "events": events})
        return
    after = Chart(chart.id, chart.daybook, session)
    session.says(f"Recorded for {chart.id}:")
    for entry, event in recorded:
        session.says(f"  {entry}. {says(event, after.clock.zone)}")
