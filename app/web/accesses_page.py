"""The page of who looked at which participant and when, for whoever audits the study or looks after its accounts."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.accounts.accesses import Wanted
from app.cli.reading import Annotations, Heard, Reads
from app.clinic_time import SiteClock
from app.watching import first_altered
from app.web.answering import MOST_ROWS, as_csv, page
from app.web.asked import Asked, pages_of
from app.web.needs import Needs
from app.web.office import Asking

watched = APIRouter(include_in_schema=False)
SeeingAccesses = Annotated[Asking, Depends(Needs("see-accesses"))]
ON_A_PAGE = 100
COLUMNS = ("number", "at", "person", "participant", "site", "what", "source", "hash")
SPAN: Annotations = {
    "since": Annotated[datetime | None, Reads(lambda clock: clock.bound)],
    "until": Annotated[datetime | None, Reads(lambda clock: partial(clock.bound, end=True))],
}
"""Between which bounds; a date is all of it."""


@dataclass(frozen=True, slots=True)
class AccessesAsked(Asked):
    """Which looks somebody wants to see."""

    PATH, LONGEST = "/accesses", 60
    participant: str = ""
    person: str = ""
    since: str = ""
    until: str = ""

    def wanted(self, asking: Asking, heard: Heard) -> Wanted | None:
        """What that asks for at the asker's sites; dates are by UTC. None where it cannot be read, and then it was heard why."""
        typed = {name: getattr(self, name) or None for name in SPAN}
        span = heard.read(SPAN, typed, SiteClock("UTC", asking.now))
        return None if span is None else Wanted(asking.sites("see-accesses"), self.participant.upper(), self.person, **span)


@watched.get("/accesses")
def accesses(request: Request, asking: SeeingAccesses) -> Response:
    """Who looked at what and when, the last first; on request whether the account is the one that was kept."""
    asked, kept = AccessesAsked.of(request.query_params), asking.office.accounts.accesses
    heard, checked = Heard(), "check" in request.query_params
    wanted = asked.wanted(asking, heard)
    found = None if wanted is None else kept.page(wanted, asked.page, ON_A_PAGE)
    altered = first_altered(kept, asking.office.daybook.people) if checked else None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if found is None else HTTPStatus.OK
    pages = pages_of(found.found if found else 0, ON_A_PAGE)
    shown = {"asked": asked, "found": found, "pages": pages, "faults": heard.faults, "checked": checked, "altered": altered}
    zones = {site: one.zone for site, one in asking.office.daybook.desk.so_far().sites.items()}
    return page(request, asking, "accesses.html", status, zones=zones, **shown)


@watched.get("/accesses.csv")
def as_a_table(request: Request, asking: SeeingAccesses) -> Response:
    """The same looks as a table; instants in UTC."""
    heard = Heard()
    wanted = AccessesAsked.of(request.query_params).wanted(asking, heard)
    if wanted is None:
        raise heard.refusal()
    found = asking.office.accounts.accesses.page(wanted, 1, MOST_ROWS)
    lines = ((one.number, one.at, *(getattr(one.look, name) for name in COLUMNS[2:-1]), one.hash) for one in found.rows)
    return as_csv("accesses", COLUMNS, lines)
