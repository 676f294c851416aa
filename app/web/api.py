"""The interface for programs: the same commands and answers as everywhere, in JSON, each refusal a problem with every reason."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BeforeValidator, Field

from app.web.as_json import AsJson
from app.web.door import counted, signed_in
from app.web.forms import left_blank
from app.web.looking import timeline_of
from app.web.needs import Needs, Seeing, Somebody, office_of
from app.web.office import Asking, Signing, Stated
from app.web.problems import DESCRIBED
from domain.base import Value
from domain.commands import PersonsCommand, Register
from domain.criteria.report import EligibilityReport, confirmation, eligibility
from domain.doorkeeping import SignedOut
from domain.events import Event
from domain.gates import judge, judged_for
from domain.rejections import refuse_if
from domain.time import Moment, to_the_minute
from domain.verdicts import RuleVerdict
from domain.words import HoldPoint, ParticipantId, Sentence, SiteId
from projections import deviations as standing
from projections.roster import codes
from projections.timeline import Timeline
from projections.worklist_pages import Wanted, stretch
from projections.worklist_rows import Row

api = APIRouter(prefix="/api", tags=["daybook"], responses=DESCRIBED)
Seen = Annotated[
    Annotated[int, Field(ge=0)] | None,
    BeforeValidator(lambda tag: tag.strip('"') if isinstance(tag, str) else tag),
    Header(description="The version of the record that the asker has seen, with or without quotation marks."),
]
ROWS = 100
Limit = Annotated[int, Query(ge=1, le=1000, description="How many rows are wanted at most.")]
After = Annotated[int, Query(ge=0, lt=10**9, description="After how many rows of the list: what the answer before called `next`.")]
Registering = Annotated[Asking, Depends(Needs("register", somebody_new=True))]


class SignIn(Value):
    """Who signs in, and the password that proves it."""

    person: Annotated[str, Field(max_length=60)]
    password: Annotated[str, Field(max_length=1024)]


class Token(Value):
    """What a program shows with each request, as `Authorization: Bearer …`, until the session ends."""

    token: str


class SignedWith(Value):
    """A signature: what it means, and what proves the signer once more; the first of a session takes their short name as well."""

    meaning: Sentence
    password: Annotated[str, Field(max_length=1024)]
    person: Annotated[str, Field(max_length=60)] = ""


class Asked(Value):
    """A command, with what is said of how it comes to be made. The times are aware, and shown with their offset."""

    command: PersonsCommand
    reason: Sentence | None = None
    document: Sentence | None = None
    performed_by: Sentence | None = None
    witnessed_by: Sentence | None = None
    signature: SignedWith | None = None


class Recorded(Value):
    """What a command brought about, and the version of the record after it."""

    participant: str
    version: int
    events: tuple[Event, ...]


class Participants(Value):
    """The participants whom the asker may see."""

    participants: tuple[ParticipantId, ...]


class Worklist(Value):
    """What there is to do, most pressing first: so many rows of it, and after how many the next ones stand."""

    now: Moment
    rows: tuple[Row, ...]
    found: int
    next: int | None
    """What to ask `after` for the next rows; null where these are the last."""


class Deviations(Value):
    """The deviations that stand: so many of them, and after how many the next ones do."""

    rows: tuple[standing.Row, ...]
    found: int
    next: int | None
    """What to ask `after` for the next ones; null where these are the last."""


class Gate(Value):
    """Every rule of a step's gate, as judged for an instant: the start of the planned slot while that lies ahead, else now."""

    step: HoldPoint
    judged_for: Moment
    rules: tuple[RuleVerdict, ...]


class Eligibility(Value):
    """The report on eligibility, with the digest that a confirmation signs."""

    digest: str
    report: EligibilityReport


@api.post("/session", status_code=HTTPStatus.CREATED)
def begin_session(request: Request, who: Annotated[SignIn, AsJson()]) -> Token:
    """Sign in."""
    refuse_if(left_blank(person=who.person, password=who.password))
    counted(request)
    return Token(token=signed_in(office_of(request), who.person, who.password, "api"))


@api.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def end_session(asking: Somebody) -> None:
    """Sign out."""
    asking.office.accounts.sessions.end(asking.session)
    asking.office.daybook.people.note(SignedOut(person=asking.person.id), "api")


@api.get("/participants")
def participants(asking: Seeing) -> Participants:
    """Every participant at the asker's sites of whom the views tell."""
    return Participants(participants=codes(asking.office.daybook.views, asking.sites()))


@api.get("/participants/{participant}")
def participant(participant: ParticipantId, asking: Seeing) -> Timeline:
    """Everything on record of a participant."""
    return timeline_of(asking.office.daybook.views, participant)


@api.post("/participants/{participant}", status_code=HTTPStatus.CREATED)
def register(
    participant: ParticipantId,
    body: Annotated[Register, AsJson()],
    asking: Registering,
    idempotency_key: Annotated[UUID | None, Header()] = None,
) -> Recorded:
    """Open a record for a participant."""
    outcome = asking.handle(participant, body, Stated(idempotency_key or uuid4()))
    return Recorded(participant=participant, version=outcome.version, events=outcome.events)


@api.post("/participants/{participant}/commands", status_code=HTTPStatus.CREATED)
def command(
    participant: ParticipantId,
    body: Annotated[Asked, AsJson()],
    asking: Seeing,
    idempotency_key: Annotated[UUID | None, Header(description="The id of the command: repeated under it, it is recorded once.")] = None,
    if_match: Seen = None,
) -> Recorded:
    """Ask for something about a participant; refused with every reason."""
    stated = Stated(idempotency_key or uuid4(), body.reason, body.document, body.performed_by, body.witnessed_by)
    signing = Signing(body.signature.meaning, body.signature.password, body.signature.person) if body.signature else None
    outcome = asking.handle(participant, body.command, stated, signing=signing, seen=if_match)
    return Recorded(participant=participant, version=outcome.version, events=outcome.events)


@api.get("/participants/{participant}/gates/{step}")
def gate(participant: ParticipantId, step: HoldPoint, asking: Seeing) -> Gate:
    """Every rule of a step's gate: its verdict, and why."""
    desk = asking.office.daybook.participants
    one = desk.read(participant).participant
    instant = judged_for(one.plans.get(step), asking.now)
    return Gate(step=step, judged_for=instant, rules=judge(step, one, desk.study(), instant).derivation(instant).rules)


@api.get("/participants/{participant}/eligibility")
def judged(participant: ParticipantId, asking: Seeing) -> Eligibility:
    """Every criterion, judged for a confirmation now, or as of the confirmation."""
    desk = asking.office.daybook.participants
    one, study = desk.read(participant).participant, desk.study()
    report = eligibility(one, study, confirmation(one, study, to_the_minute(asking.now)))
    return Eligibility(digest=report.digest, report=report)


@api.get("/worklist")
def what_there_is_to_do(asking: Seeing, site: SiteId | None = None, limit: Limit = ROWS, after: After = 0) -> Worklist:
    """What there is to do at the asker's sites, or at one of them."""
    sites = asking.sites() & {site} if site else asking.sites()
    rows, found = stretch(asking.office.daybook.views, asking.now, Wanted(sites=sites), range(after, after + limit))
    return Worklist(now=asking.now, rows=rows, found=found, next=_next(after, limit, found))


@api.get("/deviations")
def deviations(asking: Seeing, site: SiteId | None = None, limit: Limit = ROWS, after: After = 0) -> Deviations:
    """The deviations that stand at the asker's sites, or at one of them."""
    sites = asking.sites() & {site} if site else asking.sites()
    rows, found = standing.listed(asking.office.daybook.views, standing.Wanted(sites=sites), limit, after)
    return Deviations(rows=rows, found=found, next=_next(after, limit, found))


def _next(after: int, limit: int, found: int) -> int | None:
    return after + limit if after + limit < found else None
