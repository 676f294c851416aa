"""Reminders: what waits for somebody to take note, what became of the others, and the page to which a message leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, NamedTuple, Self
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.clinic_time import SiteClock
from app.web.answering import page
from app.web.needs import Needs, Seeing
from app.web.office import Asking, Stated
from domain.commands import Acknowledge, SendAgain
from domain.notices import called
from domain.rejections import Reason, Refused
from projections.notices import STATES, Row, inbox, log, one

reminders = APIRouter(include_in_schema=False)
Noting = Annotated[Asking, Depends(Needs("acknowledge"))]
ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see; each part is a parameter of the URL, and an empty one leaves nothing out."""

    view: str = "inbox"
    site: str = ""
    participant: str = ""
    state: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """As the URL says."""
        found = {name: parameters.get(name, "").strip()[:40] for name in ("site", "participant", "state")}
        page = parameters.get("page", "")
        number = max(1, int(page)) if page.isdecimal() and len(page) < 6 else 1  # noqa: PLR2004 - No list is so long.
        return cls("log" if parameters.get("view") == "log" else "inbox", **found, page=number)

    @property
    def skipped(self) -> int:
        """How many rows stand on the pages before."""
        return (self.page - 1) * ON_A_PAGE

    def address(self, page: int = 1) -> str:
        """Where another page of the same list is."""
        stated = {"site": self.site, "participant": self.participant, "state": self.state, "page": page if page > 1 else ""}
        query = urlencode({name: value for name, value in stated.items() if value} | ({"view": "log"} if self.view == "log" else {}))
        return f"/reminders?{query}" if query else "/reminders"


class Line(NamedTuple):
    """A reminder as it is shown; `command_id` makes that somebody takes note of it once, however often they press."""

    row: Row
    clock: SiteClock
    href: str
    command_id: UUID


@reminders.get("/reminders")
def all_of_them(request: Request, asking: Seeing) -> Response:
    """The inbox of the asker's roles, or the log of their sites."""
    asked, views = Asked.of(request.query_params), asking.office.daybook.views
    sites = sorted(asking.sites())
    chosen = [site for site in sites if asked.site in {"", site}]
    roles = {site: held for site, held in _roles(asking).items() if site in chosen}
    rows, found = inbox(
        views, asking.now, roles, person=asking.person.id, limit=ON_A_PAGE, skipped=asked.skipped if asked.view == "inbox" else 0
    )
    more = found > asked.skipped + ON_A_PAGE
    if asked.view == "log":
        rows = log(views, chosen, ON_A_PAGE + 1, asked.skipped, participant=asked.participant, state=asked.state)
        rows, more = rows[:ON_A_PAGE], len(rows) > ON_A_PAGE
    lines = [_line(row, asking) for row in rows]
    noting = asking.sites("acknowledge")
    return page(
        request, asking, "reminders.html", asked=asked, lines=lines, waiting=found, more=more, sites=sites, states=STATES, noting=noting
    )


@reminders.get("/reminders/{participant}/{tag}")
def one_of_them(request: Request, participant: str, tag: str, asking: Seeing) -> Response:
    """A reminder, as the link in a message shows it: that the page was opened says nothing of anybody having read it."""
    row = one(asking.office.daybook.views, participant, tag[:12])
    if row is None:
        raise Refused(Reason(code="unknown-page", says=f"no reminder {tag[:12]} of {participant} has fallen due"))
    return page(request, asking, "reminder.html", line=_line(row, asking), may=asking.may("acknowledge"))


@reminders.post("/reminders/{participant}/{tag}")
def take_note(
    participant: str, tag: str, asking: Noting, command_id: Annotated[UUID, Form()], then: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Somebody takes note of a reminder; of two who do so at once the second is told of the first."""
    notice = called(asking.office.daybook.participants.read(participant), tag[:12])
    if notice is None:
        raise Refused(Reason(code="unknown-page", says=f"no reminder {tag[:12]} of {participant} has fallen due"))
    asking.handle(participant, Acknowledge(key=notice.due.key), Stated(command_id))
    asking.office.daybook.views.reached(asking.office.daybook.ledger.head(), 1)
    here = then if then.startswith("/reminders") else f"/reminders/{participant}/{tag[:12]}"
    return RedirectResponse(here, HTTPStatus.SEE_OTHER)


@reminders.post("/reminders/{participant}/{tag}/again")
def send_again(participant: str, tag: str, asking: Noting, command_id: Annotated[UUID, Form()]) -> Response:
    """Those whom no message reached are told again, once somebody has put their address right."""
    notice = called(asking.office.daybook.participants.read(participant), tag[:12])
    if notice is None:
        raise Refused(Reason(code="unknown-page", says=f"no reminder {tag[:12]} of {participant} has fallen due"))
    asking.handle(participant, SendAgain(key=notice.due.key), Stated(command_id))
    asking.office.daybook.views.reached(asking.office.daybook.ledger.head(), 1)
    return RedirectResponse(f"/reminders/{participant}/{tag[:12]}", HTTPStatus.SEE_OTHER)


def _roles(asking: Asking) -> Mapping[str, frozenset[str]]:
    """The roles that somebody has at each site where they may see participants."""
    authority = asking.office.daybook.authority
    return {
        site: frozenset(grant.role for grant in asking.person.grants(authority.today(site)) if grant.site in {None, site})
        for site in sorted(asking.sites())
    }


def _line(row: Row, asking: Asking) -> Line:
    return Line(row, SiteClock(row.zone, asking.now), f"/reminders/{row.participant}/{row.tag}", uuid4())
