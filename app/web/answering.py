"""Pages: a template, with what every page shows around it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.web.needs import office_of
from app.web.office import Asking, Office
from domain.study import StudyRecord
from domain.words import Action


class Place(NamedTuple):
    """An entry of the navigation."""

    href: str
    title: str
    current: bool


class Visitor(NamedTuple):
    """Who has signed in, as the head of each page says."""

    name: str
    person: str
    roles: str


NAVIGATION: tuple[tuple[str, str, Action], ...] = (
    ("/worklist", "Worklist", "see-participants"),
    ("/participants", "Participants", "see-participants"),
    ("/calendar", "Calendar", "see-participants"),
    ("/matrix", "Visits", "see-participants"),
    ("/deviations", "Deviations", "see-participants"),
    ("/reminders", "Reminders", "see-participants"),
    ("/search", "Entries", "see-history"),
    ("/people", "People", "admit-people"),
    ("/accesses", "Who looked", "see-accesses"),
    ("/system", "System", "see-system"),
)
"""Where people go, each with the action that shows it to them."""


def page(request: Request, asking: Asking, template: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> HTMLResponse:
    """A page for somebody who has signed in."""
    actions = asking.rights.actions
    path = request.url.path
    nav = tuple(Place(href, title, path.startswith(href)) for href, title, action in NAVIGATION if action in actions)
    return _rendered(
        asking.office, template, status, visitor=_visitor(asking), nav=nav, csrf=asking.session.csrf, path=path, asking=asking, **shown
    )


def unsigned(request: Request, template: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> HTMLResponse:
    """A page for whoever comes."""
    return _rendered(office_of(request), template, status, visitor=None, nav=(), csrf="", path=request.url.path, **shown)


def _rendered(office: Office, template: str, status: HTTPStatus, **shown: Any) -> HTMLResponse:
    desk = office.daybook.desk
    record = desk.so_far()
    banner = " ".join(says for says in (office.health(), *what_is_next(record)) if says)
    around = {"study": desk.name, "demonstration": record.demonstration, "now": office.now, "banner": banner}
    return HTMLResponse(office.templates.get_template(template).render(around | shown), status_code=status)


def what_is_next(record: StudyRecord) -> Iterator[str]:
    """What whoever runs the machine types next, before anybody can take part."""
    if not record.name:
        yield "No study is open yet. Whoever runs this machine opens it there: daybook study open, with --demonstration to try it out"
    elif not record.sites:
        yield "No site is open yet: daybook study site BER Europe/Berlin"
    elif not record.released:
        yield "No protocol is released yet: daybook study release 1"


def _visitor(asking: Asking) -> Visitor:
    today = asking.now.astimezone(UTC).date()
    roles = sorted({f"{grant.role.replace('-', ' ')} {grant.site or ''}".strip() for grant in asking.person.grants(today)})
    return Visitor(asking.person.name, asking.person.id, ", ".join(roles))


MOST_ROWS = 100_000
"""How many rows a table has at most."""


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as a file, in which no cell is a formula."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows(map(_harmless, row) for row in rows)
    return Response(text.getvalue(), media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}.csv"'})


def _harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
