"""Erasing what identifies a participant: what goes and what stays, the decision itself by signature, and every one that was made."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.cli.study import erase as question
from app.clinic_time import SiteClock
from app.web.answering import page
from app.web.asked import Asked, pages_of
from app.web.deciding import Deciding, Decision, Form, put, understood
from app.web.forms import Sent, one_of
from app.web.in_vain import TROUBLES
from app.web.needs import SeeingSystem, note_look
from app.web.office import Asking
from app.wiring import Daybook
from domain.keeping import IdentifiersErased, to_be_kept
from domain.participant import PARTICIPANT
from domain.signatures import Signed
from store.erasing import State

erasing = APIRouter(include_in_schema=False)
MEANING = "What identifies this participant is to be erased for good"
ON_A_PAGE = 50
BESIDE_A_PARTICIPANT: Mapping[State, str] = {
    "erased": "Identity erased",
    "in a file": "Identity erased",
    "not yet": "Identity to be erased",
}
"""What is said of it there."""


class ErasuresAsked(Asked):
    """Which of the erasures somebody wants to see."""

    PATH = "/system/erasures"


class Erasure(NamedTuple):
    """A decision to erase what identifies a participant, the signature under it, and what has come of it."""

    event: IdentifiersErased
    signed: Signed
    state: State

    @property
    def says(self) -> str:
        return BESIDE_A_PARTICIPANT[self.state]


@erasing.get("/system/erasures")
def decided_so_far(request: Request, asking: SeeingSystem) -> Response:
    """Every erasure, the last decided first; it names participants, so that who looks is noted."""
    note_look(request, asking)
    daybook, asked = asking.office.daybook, ErasuresAsked.of(request.query_params)
    every = list(daybook.desk.erasures().values())[::-1]
    pages = pages_of(len(every), ON_A_PAGE)
    number = min(asked.page, pages)
    shown = tuple(erasure(daybook, *one) for one in every[(number - 1) * ON_A_PAGE : number * ON_A_PAGE])
    done = request.query_params.get("done", "")
    return page(
        request, asking, "erasures.html", erasures=shown, found=len(every), asked=asked, number=number, pages=pages,
        done=done if any(one.event.participant == done and one.state == "erased" for one in shown) else "", kept=daybook.desk.so_far().kept,
        clock=SiteClock("UTC", asking.now),
    )  # fmt: skip


@erasing.get("/system/erase")
def what_it_does(request: Request, asking: Deciding) -> Response:
    """What is destroyed, what stays, until when that is forbidden and what would allow it; and the form by which it is decided."""
    return _shown(request, asking, Form())


@erasing.post("/system/erase")
def erase(request: Request, asking: Deciding, typed: Sent) -> Response:
    """Show what would be erased; and once that was confirmed as it was shown, decide it by signature and carry it out."""
    decision, form = understood(question, asking, typed)
    if decision is None:
        return _shown(request, asking, form)
    code = form.word("participant")
    note_look(request, asking, code, site if (site := code.partition("-")[0]) in asking.office.daybook.desk.so_far().sites else None)
    agreed = replace(form, confirms=asking.to_decide(decision.events, decision.by))
    if one_of(typed, "confirmed") != agreed.confirms:
        return _shown(request, asking, _foretold(asking, decision, agreed))
    again = put(asking, decision, agreed)
    if again is None:
        return RedirectResponse(f"/system/erasures?done={form.word('participant')}", HTTPStatus.SEE_OTHER)
    return _shown(request, asking, again)


def erasure(daybook: Daybook, event: IdentifiersErased, signed: Signed) -> Erasure:
    """A decision, and what has come of it."""
    return Erasure(event, signed, daybook.erasures.state(event.participant))


def erasure_of(daybook: Daybook, participant: str) -> Erasure | None:
    """How it was decided that nothing identifies a participant any more, if it was."""
    if participant not in daybook.desk.current().record.kept.erased:
        return None
    return erasure(daybook, *daybook.desk.erasures()[participant])


def _foretold(asking: Asking, decision: Decision, agreed: Form) -> Form:
    """The form with what would be erased, and the button that commits to that; or with why it would be refused."""
    try:
        asking.weigh_deciding(decision.events, decision.by, MEANING)
    except TROUBLES as trouble:
        return replace(agreed, confirms="").again(trouble)
    return agreed


def _shown(request: Request, asking: Asking, form: Form) -> Response:
    daybook, code = asking.office.daybook, form.word("participant")
    kept = daybook.desk.so_far().kept
    return page(
        request, asking, "erase.html", form.status, form=form, kept=kept, early=to_be_kept(kept, asking.now), code=code,
        named=bool(form.confirms) and daybook.ledger.named(PARTICIPANT + code), meaning=MEANING, clock=SiteClock("UTC", asking.now),
    )  # fmt: skip
