"""Reminders: what waits for somebody to take note, what became of the others, and the page to which a message leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.clinic_time import SiteClock
from app.web.answering import page
from app.web.asked import Asked, chosen
from app.web.door import here
from app.web.forms import CommandId, Text
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
class RemindersAsked(Asked):
    """Which reminders somebody wants to see: what waits for them or, where that is the `view`, the log of all."""

    PATH, LONGEST = "/reminders", 40
    view: str = ""
    site: str = ""
    participant: str = ""
    state: str = ""

    @property
    def log(self) -> bool:
        return self.view == "log"

    @property
    def skipped(self) -> int:
        """How many rows stand on the pages before."""
        return (self.page - 1) * ON_A_PAGE


class Line(NamedTuple):
    """A reminder as it is shown; `command_id` makes that somebody takes note of it once, however often they press."""

    row: Row
    clock: SiteClock
    href: str
    command_id: UUID


@reminders.get("/reminders")
def all_of_them(request: Request, asking: Seeing) -> Response:
    """The inbox of the asker's roles, or the log of their sites."""
    asked, views = RemindersAsked.of(request.query_params), asking.office.daybook.views
    sites = sorted(asking.sites())
    wanted = chosen(asking.sites(), asked.site)
    roles = {site: held for site, held in _roles(asking).items() if site in wanted}
    rows, found = inbox(views, asking.now, roles, person=asking.person.id, limit=ON_A_PAGE, skipped=0 if asked.log else asked.skipped)
    more = found > asked.skipped + ON_A_PAGE
    if asked.log:
        rows = log(views, wanted, ON_A_PAGE + 1, asked.skipped, participant=asked.participant, state=asked.state)
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
        raise _unknown(participant, tag)
    return page(request, asking, "reminder.html", line=_line(row, asking), may=asking.may("acknowledge"))


@reminders.post("/reminders/{participant}/{tag}")
def take_note(participant: str, tag: str, asking: Noting, command_id: CommandId, then: Text = "") -> Response:
    """Somebody takes note of a reminder; of two who do so at once the second is told of the first."""
    _record(asking, participant, Acknowledge(key=_key_of(asking, participant, tag)), command_id)
    there = here(then)
    back = there if there.startswith("/reminders") else f"/reminders/{participant}/{tag[:12]}"
    return RedirectResponse(back, HTTPStatus.SEE_OTHER)


@reminders.post("/reminders/{participant}/{tag}/again")
def send_again(participant: str, tag: str, asking: Noting, command_id: CommandId) -> Response:
    """Those whom no message reached are told again, once somebody has put their address right."""
    _record(asking, participant, SendAgain(key=_key_of(asking, participant, tag)), command_id)
    return RedirectResponse(f"/reminders/{participant}/{tag[:12]}", HTTPStatus.SEE_OTHER)


def _key_of(asking: Asking, participant: str, tag: str) -> str:
    """The key of the reminder that an address names. Raises Refused."""
    notice = called(asking.office.daybook.participants.read(participant), tag[:12])
    if notice is None:
        raise _unknown(participant, tag)
    return notice.due.key


def _record(asking: Asking, participant: str, command: Acknowledge | SendAgain, command_id: UUID) -> None:
    """Record what is asked of a reminder, and wait until the views tell of it. Raises as Asking.handle."""
    asking.handle(participant, command, Stated(command_id))
    asking.office.daybook.views.reached(asking.office.daybook.ledger.head(), 1)


def _unknown(participant: str, tag: str) -> Refused:
    return Refused(Reason(code="unknown-page", says=f"no reminder {tag[:12]} of {participant} has fallen due"))


def _roles(asking: Asking) -> Mapping[str, frozenset[str]]:
    """The roles that somebody has at each site where they may see participants."""
    authority = asking.office.daybook.authority
    return {
        site: frozenset(grant.role for grant in asking.person.grants(authority.today(site)) if grant.site in {None, site})
        for site in sorted(asking.sites())
    }


def _line(row: Row, asking: Asking) -> Line:
    return Line(row, SiteClock(row.zone, asking.now), f"/reminders/{row.participant}/{row.tag}", uuid4())
