"""The page on which a participant's record is opened."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

import typer
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter

from app.cli.reading import Annotations, Heard, shaped
from app.clinic_time import SiteClock
from app.web.answering import page
from app.web.forms import Sent, one_of
from app.web.in_vain import TROUBLES, in_vain
from app.web.needs import Needs
from app.web.office import Asking, Stated
from app.web.worklist_page import participant_href
from domain.commands import Register
from domain.entry import Identifiers
from domain.rejections import Reason
from domain.words import ParticipantId, Sentence, SiteId

registering = APIRouter(include_in_schema=False)
Registering = Annotated[Asking, Depends(Needs("register"))]
ASKED: Annotations = {
    "code": Annotated[ParticipantId, typer.Argument(metavar="the code")],
    "site": Annotated[SiteId, typer.Argument(metavar="the site")],
    "name": Annotated[Sentence | None, typer.Argument(metavar="the name")],
    "phone": Annotated[Sentence | None, typer.Argument(metavar="the phone")],
    "email": Annotated[Sentence | None, typer.Argument(metavar="the e-mail")],
}
CONTACTS = ("name", "phone", "email")
SENT = TypeAdapter(UUID)


@registering.get("/participants/new")
def blank(request: Request, asking: Registering) -> Response:
    """The form by which a participant is registered."""
    return _shown(request, asking, {}, {}, uuid4(), ())


@registering.post("/participants/new")
def register(request: Request, asking: Registering, typed: Sent) -> Response:
    """Open a record at one of the asker's sites; contact data are sealed."""
    said = {name: one_of(typed, name).strip() for name in ASKED}
    command_id, heard = shaped(lambda: SENT.validate_strings(one_of(typed, "command_id"))), Heard()
    read = heard.read(ASKED, said | {name: said[name] or None for name in CONTACTS}, None)
    if read is None:
        return _shown(request, asking, said, heard.faults, command_id, (), HTTPStatus.UNPROCESSABLE_ENTITY)
    contacts = {name: read[name] for name in CONTACTS if read[name]}
    command = Register(site=read["site"], identifiers=Identifiers(**contacts) if contacts else None)
    try:
        asking.handle(read["code"], command, Stated(command_id))
    except TROUBLES as trouble:
        why = in_vain(trouble)
        return _shown(request, asking, said, {}, why.again(command_id), why.reasons, why.status)
    return RedirectResponse(f"{participant_href(read['code'])}/consent?recorded=1", HTTPStatus.SEE_OTHER)


def _shown(  # noqa: PLR0913, PLR0917 - A form is shown again with all of this.
    request: Request,
    asking: Asking,
    said: dict[str, str],
    faults: dict[str, list[str]],
    command_id: UUID,
    reasons: tuple[Reason, ...],
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    return page(
        request,
        asking,
        "register.html",
        status,
        sites=[(site, site) for site in sorted(asking.sites("register"))],
        said={name: said.get(name, "") for name in ASKED},
        faults={name: "; ".join(faults.get(name, ())) for name in ASKED},
        command_id=command_id,
        reasons=reasons,
        clock=SiteClock("UTC", asking.now),
        sealing=asking.office.daybook.sealing,
    )
