"""How the system is doing, for whoever runs it and whoever audits it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.status import lines, status
from app.web.answering import page
from app.web.needs import Needs
from app.web.office import Asking
from app.wiring import program, time_zone_data

running = APIRouter(include_in_schema=False)
Looking = Annotated[Asking, Depends(Needs("see-system"))]


@running.get("/system")
def how_it_is_doing(request: Request, asking: Looking, prove: Annotated[str, Query(max_length=3)] = "") -> Response:
    """Every part and its state, and the study's versions; the whole record is read where somebody asks for its proof."""
    daybook = asking.office.daybook
    found = status(daybook, 0, proving=prove == "yes")
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
