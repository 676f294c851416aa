"""How the system is doing, for whoever runs it and whoever audits it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.status import lines, status
from app.web.answering import page
from app.web.needs import SeeingSystem
from app.web.office import Asking
from app.wiring import program, time_zone_data

running = APIRouter(include_in_schema=False)


@running.get("/system")
def how_it_is_doing(request: Request, asking: SeeingSystem) -> Response:
    """Every part and its state, and the study's versions."""
    return _shown(request, asking, proving=False)


@running.post("/system")
def proved(request: Request, asking: SeeingSystem) -> Response:
    """The same once the whole record has been read and proved, which takes a while and is nothing that a link should bring about."""
    return _shown(request, asking, proving=True)


def _shown(request: Request, asking: Asking, *, proving: bool) -> Response:
    daybook = asking.office.daybook
    found = status(daybook, 0, proving=proving)
    return page(
        request,
        asking,
        "system.html",
        found=found,
        parts=tuple(lines(found)),
        record=daybook.desk.so_far(),
        head=daybook.ledger.head(),
        program=program(),
        zones=time_zone_data(),
    )
