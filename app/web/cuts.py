"""The study's data cuts: which there are, by whose signature; who stood how at one; making one, and taking one out of the desk."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.cli.study import cut as question
from app.clinic_time import SiteClock
from app.copies import NotWhole
from app.copies.cut import hand_out_packed
from app.cutting import counted, cut_of
from app.web.answering import page
from app.web.asked import Asked, pages_of
from app.web.deciding import Deciding, Form, put, understood
from app.web.forms import CommandId, Sent
from app.web.needs import SeeingHistory, SeeingSystem, note_look
from app.web.office import Asking, Stated
from domain.entry import Actor
from domain.rejections import Reason, Refused
from domain.time import MINUTE, to_the_minute
from store.errors import CommandReused

cuts = APIRouter(include_in_schema=False)
MEANING = "I have made this cut for the purpose that it names"
ON_A_PAGE = 50
TAKEN_BEFORE = Reason(
    code="sent-before",
    says="this request was made before, and is on record; to take the cut out once more ask anew, which is put on record as well",
)


class CutAsked(Asked):
    """Which of those who were counted at a cut somebody wants to see."""

    PATH = "/system/cuts"


@cuts.get("/system/cuts")
def made_so_far(request: Request, asking: SeeingSystem) -> Response:
    """Every data cut, the last first; whoever runs the study makes another here."""
    return _list(request, asking, Form())


@cuts.post("/system/cuts")
def make(request: Request, asking: Deciding, typed: Sent) -> Response:
    """Make a data cut, by signature."""
    decision, form = understood(question, asking, typed)
    again = put(asking, decision, form) if decision else form
    if again is None:
        return RedirectResponse(f"/system/cuts/{form.word('name')}", HTTPStatus.SEE_OTHER)
    return _list(request, asking, again)


@cuts.get("/system/cuts/{cut}")
def who_stood_how(request: Request, asking: SeeingSystem, cut: str) -> Response:
    """Everybody at a cut, counted; and one by one, as far as the asker may see their histories."""
    daybook, sites = asking.office.daybook, asking.sites("see-history")
    made, signed = cut_of(daybook.desk, cut)
    found = daybook.standings.at(daybook.participants, made)
    mine = [one for one in found if one.site in sites]
    if mine:
        note_look(request, asking)
    pages = pages_of(len(mine), ON_A_PAGE)
    asked = CutAsked.of(request.query_params)
    number = min(asked.page, pages)
    return page(
        request, asking, "cut.html", made=made, signed=signed, counts=counted(found), clock=SiteClock("UTC", asking.now), pages=pages,
        number=number, address=lambda other: asked.url(f"{CutAsked.PATH}/{made.name}", page=other),
        standings=mine[(number - 1) * ON_A_PAGE : number * ON_A_PAGE], then=_then(made.recorded_by, made.occurred_by),
        new_id=uuid4(), takes=bool(sites) and sites.issuperset(daybook.desk.so_far().sites),
    )  # fmt: skip


@cuts.post("/system/cuts/{cut}")
def take_out(asking: SeeingHistory, cut: str, command_id: CommandId) -> Response:
    """A cut as one file, with its signed manifest; that it was taken is put on record, which is nothing that a link should bring about."""
    return in_one_file(asking, cut, command_id)


def in_one_file(asking: Asking, cut: str, command_id: UUID) -> Response:
    """A cut to be kept elsewhere, for whoever may see every history in it. Raises Refused, also where it was taken out under this id."""
    daybook = asking.office.daybook
    found = cut_of(daybook.desk, cut)
    role, *_ = daybook.authority.permit_copying(asking.person.id, None, asking.source)
    by = asking.circumstances(Actor(id=asking.person.id, role=role), Stated(command_id))
    if daybook.handed_out.knows(by):
        raise Refused(TAKEN_BEFORE)
    try:
        packed = hand_out_packed(daybook, found, list(daybook.standings.at(daybook.participants, found[0])), by)
    except CommandReused as used:
        raise Refused(TAKEN_BEFORE) from used
    except NotWhole as broken:
        raise Refused(Reason(code="not-whole", says=str(broken))) from broken
    return Response(packed, media_type="application/zip", headers={"content-disposition": f'attachment; filename="{cut}.zip"'})


def _list(request: Request, asking: Asking, form: Form) -> Response:
    found = list(asking.office.daybook.desk.cuts().values())[::-1]
    clock = SiteClock("UTC", asking.now)
    begun = clock.shows(to_the_minute(asking.now) - MINUTE)[: len("2026-03-01 10:30")]
    return page(request, asking, "cuts.html", form.status, cuts=found, form=form, meaning=MEANING, begun=begun, clock=clock)


def _then(recorded_by: datetime, occurred_by: datetime) -> str:
    """The part of an address by which a history is replayed to a cut."""
    return f"known={recorded_by:%Y-%m-%dT%H:%MZ}&happened={occurred_by:%Y-%m-%dT%H:%MZ}"
