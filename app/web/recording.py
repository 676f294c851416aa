"""Forms by which things are recorded about a participant: one for each question, made of the question itself."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError

import app.cli  # noqa: F401 - Whatever is asked at the command line is declared by it.
from app.cli.asking import QUESTIONS, Chart
from app.cli.reading import Heard, annotations_of, shaped
from app.cli.session import Session
from app.web.answering import page
from app.web.fields import Field, Typed, as_typed, fields
from app.web.needs import Needs
from app.web.office import Asking, Signing, Stated
from app.web.rehearsal import Rehearsal, rehearsed
from domain.access import asked_by
from domain.commands import PersonsCommand
from domain.rejections import Reason, Refused
from domain.words import Action
from store.participants import Overtaken

recording = APIRouter(include_in_schema=False)
Seeing = Annotated[Asking, Depends(Needs("see-participants"))]
ELSEWHERE = frozenset({"joining.register", "joining.consent", "joining.confirm", "forms.form", "recordkeeping.correct"})
"""What has a page of its own, because a file is read for it, or something shown first."""
PANELS: Mapping[str, str] = {
    "joining": "Joining",
    "screening": "Findings",
    "evidence": "What was given or done",
    "reviews": "Reviews",
    "steps": "Hold points",
    "treatment": "Treatment",
    "visits": "Visits",
    "safety": "Safety",
    "deviations": "Deviations",
    "leaving": "Leaving",
    "recordkeeping": "Record keeping",
    "notices": "Reminders",
}
"""How the modules of questions are called, in the order in which they are shown."""
SIGNED = frozenset({"screening.attest", "screening.condition", "visits.visit", "evidence.procedure"})
"""What asks for the investigator's signature in some cases, as the protocol says in which."""
SENT = TypeAdapter(tuple[UUID, int])
STATED = ("reason", "document", "performed_by", "witnessed_by")


@dataclass(frozen=True, slots=True)
class Question:
    """Something that can be asked for, by its name in an address."""

    name: str
    title: str
    says: str
    ask: Callable[..., PersonsCommand]
    action: Action


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it is shown: its fields, what is said beside them, why it was refused, and what it would bring about."""

    question: Question
    fields: tuple[Field, ...]
    stated: Mapping[str, str]
    command_id: UUID
    seen: int
    reasons: tuple[Reason, ...] = ()
    changed: tuple[str, ...] = ()
    """What somebody else recorded meanwhile."""
    rehearsal: Rehearsal | None = None


@cache
def questions() -> Mapping[str, Question]:
    """Every question with a form of this kind, by name, panel by panel."""
    panels = list(PANELS)
    found = (name for name in QUESTIONS if name not in ELSEWHERE)
    ordered = sorted(found, key=lambda name: panels.index(name.partition(".")[0]))
    return {name: _question(name, QUESTIONS[name]) for name in ordered}


def _question(name: str, ask: Callable[..., PersonsCommand]) -> Question:
    asks: type[Any] = inspect.signature(ask, eval_str=True).return_annotation
    title = name.partition(".")[2].replace("-", " ").capitalize()
    return Question(name, title, (ask.__doc__ or "").strip(), ask, asked_by(asks.model_construct()))


async def sent(request: Request) -> Typed:
    """What the form says, by the names of its fields."""
    form = await request.form()
    return {name: tuple(str(one) for one in form.getlist(name)) for name in form}


@recording.get("/participants/{participant}/record")
def everything_that_can_be_recorded(request: Request, participant: str, asking: Seeing) -> Response:
    """Every form that the asker may send, panel by panel."""
    mine = [one for one in questions().values() if asking.may(one.action)]
    panels = [(PANELS[module], tuple(some)) for module, some in groupby(mine, key=lambda one: one.name.partition(".")[0])]
    return page(request, asking, "questions.html", participant=participant, panels=panels)


@recording.get("/participants/{participant}/record/{name}")
def blank(request: Request, participant: str, name: str, asking: Seeing) -> Response:
    """A form, begun with what the address says."""
    question, chart = _asked(name, asking), chart_of(asking, participant)
    typed = {key: tuple(request.query_params.getlist(key)) for key in request.query_params}
    sheet = Sheet(question, fields(question.ask, chart, typed, {}), {}, uuid4(), chart.record.version)
    return _shown(request, asking, sheet, chart)


@recording.post("/participants/{participant}/record/{name}")
def filled_in(request: Request, participant: str, name: str, asking: Seeing, typed: Annotated[Typed, Depends(sent)]) -> Response:
    """Record what a form says, or show it again with all that is wrong; `rehearse` only tells what it would bring about."""
    question, chart, heard = _asked(name, asking), chart_of(asking, participant), Heard()
    command, sheet = _understood(question, chart, typed, heard)
    if command is None:
        refused = replace(sheet, reasons=tuple(_beside_no_field(heard)), fields=fields(question.ask, chart, typed, heard.faults))
        return _shown(request, asking, refused, chart, HTTPStatus.UNPROCESSABLE_ENTITY)
    stated = Stated(sheet.command_id, **{key: sheet.stated[key] or None for key in STATED})
    try:
        if "rehearse" in typed:
            return _shown(request, asking, replace(sheet, rehearsal=_rehearsed(asking, participant, command, sheet, stated)), chart)
        outcome = asking.handle(participant, command, stated, signing=_signing(typed), seen=sheet.seen)
    except Overtaken as overtaken:
        told = tuple(f"Entry {entry.version}, by {entry.circumstances.actor.id}" for entry in overtaken.since)
        now = replace(sheet, reasons=overtaken.reasons, changed=told, seen=overtaken.since[-1].version)
        return _shown(request, asking, now, chart_of(asking, participant), HTTPStatus.CONFLICT)
    except Refused as refused:
        return _shown(request, asking, replace(sheet, reasons=refused.reasons), chart, HTTPStatus.CONFLICT)
    except ValidationError as error:
        return _shown(request, asking, replace(sheet, reasons=_malformed(error)), chart, HTTPStatus.UNPROCESSABLE_ENTITY)
    first = outcome.version - len(outcome.events) + 1
    return RedirectResponse(f"/participants/{participant}?recorded={first}", HTTPStatus.SEE_OTHER)


def chart_of(asking: Asking, participant: str) -> Chart:
    """The record of a participant, as the readers of what was typed want it."""
    return Chart(participant, asking.office.daybook, Session(asking.office.daybook.ledger.clock))


def _asked(name: str, asking: Asking) -> Question:
    """The question of a name that the asker may put. Raises Refused; where they may not, that is on record."""
    question = questions().get(name)
    if question is None:
        raise Refused(Reason(code="unknown-page", says="there is no such form"))
    asking.office.daybook.authority.permit(asking.person.id, question.action, asking.site, asking.source, participant=asking.participant)
    return question


def _understood(question: Question, chart: Chart, typed: Typed, heard: Heard) -> tuple[PersonsCommand | None, Sheet]:
    """What is asked for, None where that cannot be read; and the form as it was filled in."""
    said = {key: " ".join(typed.get(key, ())).strip() for key in (*STATED, "meaning")}
    command_id, seen = shaped(lambda: SENT.validate_strings((_one(typed, "command_id"), _one(typed, "seen"))))
    values = heard.read(annotations_of(question.ask), as_typed(question.ask, typed), chart)
    command = None if values is None else heard.made(lambda: question.ask(**values))
    return command, Sheet(question, fields(question.ask, chart, typed, {}), said, command_id, seen)


def _rehearsed(asking: Asking, participant: str, command: PersonsCommand, sheet: Sheet, stated: Stated) -> Rehearsal:
    by = asking.as_if_signed(participant, command, stated, sheet.stated["meaning"])
    return rehearsed(asking.office.daybook.participants, participant, command, by)


def _signing(typed: Typed) -> Signing | None:
    """That somebody signs, where they say what they mean by it."""
    meaning = _one(typed, "meaning").strip()
    return Signing(meaning, _one(typed, "password")) if meaning else None


def _beside_no_field(heard: Heard) -> Iterator[Reason]:
    """What is wrong with the form as a whole."""
    return (reason for reason in heard.refusal().reasons if not any(reason.says.endswith(says) for says in _said_beside(heard)))


def _said_beside(heard: Heard) -> Iterator[str]:
    return (says for name, faults in heard.faults.items() if name for says in faults)


def _malformed(error: ValidationError) -> tuple[Reason, ...]:
    return tuple(Reason(code="malformed", says=f"{one['loc'][0] if one['loc'] else 'form'}: {one['msg']}") for one in error.errors())


def _one(typed: Typed, name: str) -> str:
    return next(iter(typed.get(name, ())), "")


def _shown(request: Request, asking: Asking, sheet: Sheet, chart: Chart, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return page(
        request, asking, "question.html", status, participant=chart.id, sheet=sheet, clock=chart.clock, signs=_signs(sheet.question)
    )


def _signs(question: Question) -> bool:
    """Whether what is asked for can carry a signature: always for an investigator's judgement, else where a person may want to sign."""
    return question.action == "judge-by-signature" or question.name in SIGNED
