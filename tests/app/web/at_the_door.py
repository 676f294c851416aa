"""The desk in tests: the real application on a real ledger in a folder, asked by people who have signed in."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from argon2.profiles import CHEAPEST
from httpx import ASGITransport, AsyncClient, Response

from app.accounts import accounts_at
from app.accounts.provider import Provider
from app.demo.people import PASSWORD, PEOPLE, admit
from app.settings import Settings
from app.web.application import application
from app.web.door import set_up_code
from app.web.needs import COOKIE
from app.web.office import Office
from app.web.showing import templates
from app.wiring import opened
from domain.doorkeeping import DoorEvent
from domain.entry import Actor, Circumstances, Entry
from domain.events import Event
from store.errors import Missing
from tests.app.web.reading_forms import Form, Forms, Typed
from tests.builders import Clock, Story, Trial
from tests.projections.given import ByHand, fed

ADDRESS = "http://127.0.0.1"
ADMINISTRATOR, COORDINATOR, INVESTIGATOR, ELSEWHERE = "t-berg", "m-weber", "k-adler", "j-silva"
"""The administrator, a coordinator of BER, the investigator of every site, and a coordinator of SAO."""
SHOWN_AGAIN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Client:
    """Asks, waits for the answer, and follows nothing."""

    asks: AsyncClient

    @property
    def cookies(self) -> Any:
        return self.asks.cookies

    @property
    def headers(self) -> Any:
        return self.asks.headers

    def request(self, method: str, path: str, **sent: Any) -> Response:
        return asyncio.run(self.asks.request(method, path, **sent))

    def get(self, path: str, **sent: Any) -> Response:
        return self.request("GET", path, **sent)

    def post(self, path: str, **sent: Any) -> Response:
        return self.request("POST", path, **sent)


@dataclass
class Browser:
    """Sends what a person would, without scripts: forms with what the page before them held."""

    client: Client

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

    def sees(self, path: str, status: int = 200) -> str:
        """The page at an address."""
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def csrf(self, path: str = "/profile") -> str:
        """What forms show again of the session, as a page holds it."""
        found = SHOWN_AGAIN.search(self.get(path).text)
        assert found, f"{path} holds no form"
        return found[1]

    def post(self, path: str, shown_at: str = "/profile", **typed: str) -> Response:
        return self.client.post(path, data={"csrf": self.csrf(shown_at), **typed})

    def sets_up(self, **typed: str) -> Response:
        return self.client.post("/set-up", data={"command_id": str(uuid4()), **typed})

    def signs_in(self, person: str, password: str = PASSWORD, **typed: str) -> Response:
        return self.client.post("/sign-in", data={"person": person, "password": password, **typed})

    def form(self, path: str, sheet: str) -> Form:
        """A form of a page, as it is shown now."""
        found = Forms(self.sees(path)).found
        assert sheet in found, f"{path} has no form {sheet}, but {list(found)}"
        return found[sheet]

    def sends(self, path: str, sheet: str, typed: Typed | None = None, *, shown: Form | None = None) -> Response:
        """Fill in a form of a page and send it; `shown` is one that was shown before."""
        form = shown or self.form(path, sheet)
        said = {name: [one] if isinstance(one, str) else list(one) for name, one in (typed or {}).items()}
        return self.client.post(path, data={**form.typed, **said})

    def records(self, path: str, sheet: str, typed: Typed | None = None, *, shown: Form | None = None) -> str:
        """Send a form that is recorded, confirm it where what would move is shown first, and see the page to which that leads."""
        answer = self.sends(path, sheet, typed, shown=shown)
        if answer.status_code == 200:
            answer = self.confirms(path, sheet, answer, typed)
        assert answer.status_code == 303, answer.text
        return self.sees(answer.headers["location"])

    def confirms(self, path: str, sheet: str, shown: Response, typed: Typed | None = None) -> Response:
        """Commit to what a form was shown to bring about; what proves who signs is typed once more."""
        form = Forms(shown.text).found[sheet]
        button = dict(form.buttons)
        assert "confirmed" in button, shown.text
        again = {name: said for name, said in (typed or {}).items() if name in {"signer", "password"}}
        return self.sends(path, sheet, {**again, "confirmed": button["confirmed"]}, shown=form)


@dataclass
class Desk(Browser):
    """The application of an office, as browsers and programs meet it; one browser stands on the desk itself."""

    office: Office
    clock: Clock
    app: Any = field(repr=False)  # Starlette and httpx have a type each for the same thing.
    fed: bool = False
    """Whether a feed keeps the views up to date meanwhile; else they are when a test asks for it, or for a page."""

    @cached_property
    def trial(self) -> Trial:
        """The trial behind it. What was given before in the folder from which this one is copied has numbers of its own."""
        ledger = self.office.daybook.ledger
        return Trial(self.clock, ledger, numbers=1000 * ledger.head())

    def story(self, participant: str) -> Story:
        return Story(self.trial, participant)

    def browser(self, person: str | None = None, *, raises: bool = True) -> Browser:
        """Another browser, in which somebody has signed in or (None) nobody."""
        browser = Browser(_client(self.app, raises=raises))
        if person is not None:
            self._sits(browser, person)
        return browser

    def seats(self, person: str) -> "Desk":
        """Somebody else sits down at the desk."""
        self.client.cookies.clear()
        self._sits(self, person)
        return self

    def _sits(self, browser: Browser, person: str) -> None:
        browser.client.cookies.set(COOKIE, self.office.accounts.sessions.begin(person, "password"))

    def program(self, person: str) -> Client:
        """A program of somebody who has signed in."""
        client = self.browser().client
        client.headers["authorization"] = f"Bearer {self.office.accounts.sessions.begin(person, 'password')}"
        return client

    def sees(self, path: str, status: int = 200) -> str:
        """The page at an address, once the views tell of everything."""
        self.catches_up()
        return super().sees(path, status)

    def catches_up(self) -> None:
        """Have the views tell all that is recorded."""
        daybook = self.office.daybook
        if self.fed:
            assert daybook.views.reached(daybook.ledger.head(), 30)
        elif not self._up_to_date():
            ByHand(daybook.ledger, daybook.desk, daybook.views).takes()

    def _up_to_date(self) -> bool:
        daybook = self.office.daybook
        with suppress(Missing):
            return daybook.views.position() == daybook.ledger.head()
        return False

    def happened(self) -> list[DoorEvent]:
        """What happened at the door since the people were admitted."""
        return [entry.event for entry in self.office.daybook.people.happened()]

    def code(self) -> str:
        """What opens the first set-up."""
        return set_up_code(self.office.daybook.settings)

    def entries(self, participant: str) -> tuple[Entry[Event], ...]:
        return self.trial.participants.read(participant).entries

    def kinds(self, participant: str, last: int) -> list[str]:
        """Of which kinds the last entries are."""
        return [entry.event.kind.removesuffix(".v1") for entry in self.entries(participant)[-last:]]


@contextmanager
def at_the_door(folder: Path, clock: Clock, banner: str = "", **settings: str | Path) -> Iterator[Desk]:
    """The desk of a folder, for as long as a test needs it; `banner` says what is amiss."""
    chosen = Settings.model_validate({"folder": folder, "temporal": "127.0.0.1:9", **settings})
    with opened(chosen, clock) as daybook, accounts_at(chosen.accounts, clock, CHEAPEST) as accounts:
        office = Office(daybook, accounts, templates(), lambda: banner, Provider.of(chosen, clock))
        app = application(office, ("127.0.0.1",))
        yield Desk(_client(app), office, clock, app)


@contextmanager
def at_a_new_desk(folder: Path, clock: Clock) -> Iterator[Desk]:
    """The desk of a demonstration study that begins at two sites, with the invented people; a feed keeps its views up to date."""
    with opened(Settings(folder=folder), clock, create=True) as daybook:
        Trial(clock, daybook.ledger)
        admit(daybook, CHEAPEST)
    with at_the_door(folder, clock) as desk, fed(desk.trial, desk.office.daybook.views):
        desk.fed = True
        yield desk


def _client(app: Any, *, raises: bool = True) -> Client:
    return Client(AsyncClient(transport=ASGITransport(app, raise_app_exceptions=raises), base_url=ADDRESS))


def by(person: str = ADMINISTRATOR, reason: str | None = None) -> Circumstances:
    """An administrator who decides about people."""
    return Circumstances(actor=Actor(id=person, role="administrator"), source="web", command_id=uuid4(), reason=reason)


def everybody() -> list[str]:
    """The people of the demonstration, each of whom signs in with the one password."""
    return [person for person, *_ in PEOPLE]
