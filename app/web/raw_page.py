"""The page of a record that cannot be read as a whole: raw where it must be, for whoever may see the histories of its site."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.accounts.accesses import Look
from app.raw_record import raw_entries
from app.watching import noted
from app.web.answering import page
from app.web.needs import Needs
from app.web.office import Asking
from domain.rejections import Reason, Refused
from domain.words import PARTICIPANT_CODE

raw_records = APIRouter(include_in_schema=False)
SeeingHistory = Annotated[Asking, Depends(Needs("see-history"))]


@raw_records.get("/records/{code}")
def raw_record(request: Request, code: str, asking: SeeingHistory) -> Response:
    """Every entry that stands, each read by itself. Whose site it is says the code, since the record may not."""
    office, site = asking.office, code.partition("-")[0]
    study = office.daybook.participants.study()
    mine = re.fullmatch(PARTICIPANT_CODE, code) and site in asking.sites("see-history") and site in study.record.sites
    entries = raw_entries(office.daybook.ledger, code, study.zone(site)) if mine else ()
    if not entries:
        raise Refused(Reason(code="unknown-participant", says="there is no such participant whom you may see"))
    noted(office.accounts.accesses, office.daybook.people, Look(asking.person.id, request.url.path, asking.source, code, site))
    damaged = sum(bool(one.wrong) for one in entries)
    return page(request, asking, "raw_record.html", code=code, entries=entries, zone=study.zone(site), damaged=damaged)
