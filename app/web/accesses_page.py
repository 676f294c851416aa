"""The page of who looked at which participant and when, for whoever audits the study or looks after its accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.accounts.accesses import Wanted
from app.cli.reading import Annotations, Heard, Reads
from app.clinic_time import SiteClock
from app.watching import first_altered
from app.web.answering import as_csv, page
from app.web.needs import Needs
from app.web.office import Asking

watched = APIRouter(include_in_schema=False)
SeeingAccesses = Annotated[Asking, Depends(Needs("see-accesses"))]
ON_A_PAGE = 100
MOST_ROWS = 100_000
TYPED = ("participant", "person", "since", "until")
COLUMNS = ("number", "at", "person", "participant", "site", "what", "source", "hash")
SPAN: Annotations = {
    "since": Annotated[datetime | None, Reads(lambda clock: clock.bound)],
    "until": Annotated[datetime | None, Reads(lambda clock: partial(clock.bound, end=True))],
}
"""Between which bounds; a date is all of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which looks somebody wants to see; each part is a parameter of the URL, and an empty one leaves nothing out."""

    participant: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """As the URL says; a page that is no number is the first."""
        said = {name: parameters.get(name, "").strip()[:60] for name in TYPED}
        number = parameters.get("page", "")
        return cls(**said, page=max(1, int(number)) if number.isdecimal() and len(number) < 9 else 1)  # noqa: PLR2004 - No list is so long.

    def url(self, path: str = "/accesses", **but: Any) -> str:
        """The address of the same list but for some parameters."""
        other = replace(self, **{"page": 1, **but})
        said = {name: getattr(other, name) for name in TYPED if getattr(other, name)} | ({"page": other.page} if other.page > 1 else {})
        return f"{path}?{urlencode(said)}" if said else path

    def wanted(self, asking: Asking, heard: Heard) -> Wanted | None:
        """What that asks for at the asker's sites; dates are by UTC. None where it cannot be read, and then it was heard why."""
        typed = {name: getattr(self, name) or None for name in SPAN}
        span = heard.read(SPAN, typed, SiteClock("UTC", asking.now))
        return None if span is None else Wanted(asking.sites("see-accesses"), self.participant.upper(), self.person, **span)


@watched.get("/accesses")
def accesses(request: Request, asking: SeeingAccesses) -> Response:
    """Who looked at what and when, the last first; on request whether the account is the one that was kept."""
    asked, kept = Asked.of(request.query_params), asking.office.accounts.accesses
    heard, checked = Heard(), "check" in request.query_params
    wanted = asked.wanted(asking, heard)
    found = None if wanted is None else kept.page(wanted, asked.page, ON_A_PAGE)
    altered = first_altered(kept, asking.office.daybook.people) if checked else None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if found is None else HTTPStatus.OK
    pages = max(1, -(-found.found // ON_A_PAGE)) if found else 1
    shown = {"asked": asked, "found": found, "pages": pages, "faults": heard.faults, "checked": checked, "altered": altered}
    zones = {site: one.zone for site, one in asking.office.daybook.desk.so_far().sites.items()}
    return page(request, asking, "accesses.html", status, zones=zones, **shown)


@watched.get("/accesses.csv")
def as_a_table(request: Request, asking: SeeingAccesses) -> Response:
    """The same looks as a table; instants in UTC."""
    heard = Heard()
    wanted = Asked.of(request.query_params).wanted(asking, heard)
    if wanted is None:
        raise heard.refusal()
    found = asking.office.accounts.accesses.page(wanted, 1, MOST_ROWS)
    lines = ((one.number, one.at, *(getattr(one.look, name) for name in COLUMNS[2:-1]), one.hash) for one in found.rows)
    return as_csv("accesses", COLUMNS, lines)
