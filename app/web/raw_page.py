"""The page of a record that cannot be read as a whole: raw where it must be, for whoever may see the histories of its site."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.raw_record import raw_entries
from app.web.answering import page
from app.web.needs import Needs
from app.web.office import Asking
from domain.rejections import Reason, Refused

raw_records = APIRouter(include_in_schema=False)
SeeingAsItStands = Annotated[Asking, Depends(Needs("see-history", unread=True))]


@raw_records.get("/records/{participant}")
def raw_record(request: Request, participant: str, asking: SeeingAsItStands) -> Response:
    """Every entry that stands, each read by itself."""
    daybook = asking.office.daybook
    zone = daybook.participants.study().zone(str(asking.site))
    entries = raw_entries(daybook.ledger, participant, zone)
    if not entries:
        raise Refused(Reason(code="unknown-participant", says=f"no entry of {participant} stands any more"))
    damaged = sum(bool(one.wrong) for one in entries)
    return page(request, asking, "raw_record.html", code=participant, entries=entries, zone=zone, damaged=damaged)
