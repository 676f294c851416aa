"""The desk in a browser, over a record of its own with the invented people, at a clock that a test moves."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from httpx import ASGITransport, AsyncClient, Response

from app.accounts import accounts_at
from app.demo.people import PEOPLE, SINCE
from app.settings import Settings
from app.web.application import application
from app.web.needs import COOKIE
from app.web.office import Office
from app.web.showing import templates
from app.wiring import Daybook, opened
from domain.people import IdentityVerified, PeopleEvent, PersonAdmitted, RoleGranted
from domain.words import PersonsRole
from tests.builders import Clock, Trial, by_
from tests.projections.given import fed

ADDRESS = "http://127.0.0.1:8080"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Screen:
    """A browser before the desk, and the trial behind it."""

    daybook: Daybook
    office: Office
    trial: Trial
    client: AsyncClient

    def asks(self, method: str, path: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Response:
        """What is answered; nothing is followed."""
        return asyncio.run(self.client.request(method, path, data=form, headers=headers))

    def signs_in(self, person: str) -> "Screen":
        """Somebody else sits down."""
        self.client.cookies.clear()
        self.client.cookies.set(COOKIE, self.office.accounts.sessions.begin(person, "password"))
        return self

    def sees(self, path: str, status: int = 200) -> str:
        """The page at an address, once the views tell of everything."""
        self.catches_up()
        answer = self.asks("GET", path)
        assert answer.status_code == status, answer.text
        return answer.text

    def sends(self, path: str, form: dict[str, str] | None = None, *, shown_on: str = "/worklist") -> Response:
        """Send a form as the page that shows it would."""
        shown = CSRF.search(self.sees(shown_on))
        assert shown is not None
        return self.asks("POST", path, form={"csrf": shown[1], **(form or {})})

    def catches_up(self) -> None:
        assert self.daybook.views.reached(self.daybook.ledger.head(), 30)


@contextmanager
def screen(folder: Path) -> Iterator[Screen]:
    """A demonstration study at two sites, whose views are kept up to date meanwhile."""
    clock = Clock()
    settings = Settings(folder=folder)
    with opened(settings, clock, create=True) as daybook, accounts_at(settings.accounts, clock) as accounts:
        trial = Trial(clock, daybook.ledger)
        daybook.people.record([event for one in PEOPLE for event in _admitted(*one)], by_("administrator", trial.next_id()))
        office = Office(daybook, accounts, templates())
        transport = ASGITransport(application(office, settings.web_names))
        with fed(trial, daybook.views):
            yield Screen(daybook, office, trial, AsyncClient(transport=transport, base_url=ADDRESS))


def _admitted(person: str, name: str, role: PersonsRole, site: str | None) -> tuple[PeopleEvent, ...]:
    granted = RoleGranted(person=person, role=role, site=site, delegated=SINCE, trained=SINCE)
    return PersonAdmitted(person=person, name=name), granted, IdentityVerified(person=person, operator="O. Perator")
