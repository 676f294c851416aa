"""The desk in tests: the real application on a real ledger in a folder, asked by people who have signed in."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

from argon2.profiles import CHEAPEST
from httpx import ASGITransport, AsyncClient, Response

from app.accounts import accounts_at
from app.accounts.provider import Provider
from app.demo.people import PASSWORD, PEOPLE
from app.settings import Settings
from app.web.application import application
from app.web.door import set_up_code
from app.web.needs import COOKIE
from app.web.office import Office
from app.web.showing import templates
from app.wiring import opened
from domain.doorkeeping import DoorEvent
from domain.entry import Actor, Circumstances
from tests.builders import Clock

ADDRESS = "http://127.0.0.1"
ADMINISTRATOR, COORDINATOR, INVESTIGATOR, ELSEWHERE = "t-berg", "m-weber", "k-adler", "j-silva"
"""The administrator, a coordinator of BER, the investigator of every site, and a coordinator of SAO."""
SHOWN_AGAIN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Desk:
    """The application of an office, as browsers and programs meet it."""

    office: Office
    clock: Clock
    app: Any  # Starlette and httpx have a type each for the same thing.

    def browser(self, person: str | None = None, *, raises: bool = True) -> "Browser":
        """A browser, in which somebody has signed in or (None) nobody."""
        client = Client(AsyncClient(transport=ASGITransport(self.app, raise_app_exceptions=raises), base_url=ADDRESS))
        if person is not None:
            client.cookies.set(COOKIE, self.office.accounts.sessions.begin(person, "password"))
        return Browser(client)

    def program(self, person: str) -> "Client":
        """A program of somebody who has signed in."""
        client = self.browser().client
        client.headers["authorization"] = f"Bearer {self.office.accounts.sessions.begin(person, 'password')}"
        return client

    def happened(self) -> list[DoorEvent]:
        """What happened at the door since the people were admitted."""
        return [entry.event for entry in self.office.daybook.people.happened()]

    def code(self) -> str:
        """What opens the first set-up."""
        return set_up_code(self.office.daybook.settings)

    def catches_up(self) -> None:
        """Have the views tell all that is recorded."""
        daybook = self.office.daybook
        feed = daybook.feed()
        thread = Thread(target=feed.run)
        thread.start()
        try:
            assert daybook.views.reached(daybook.ledger.head(), 60)
        finally:
            feed.stop()
            thread.join()


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


@dataclass(frozen=True, slots=True)
class Browser:
    """Sends what a person would: forms with what the page before them held."""

    client: Client

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

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


@contextmanager
def at_the_door(folder: Path, clock: Clock, **settings: str | Path) -> Iterator[Desk]:
    """The desk of a folder, for as long as a test needs it."""
    chosen = Settings.model_validate({"folder": folder, "temporal": "127.0.0.1:9", **settings})
    with opened(chosen, clock) as daybook, accounts_at(chosen.accounts, clock, CHEAPEST) as accounts:
        office = Office(daybook, accounts, templates(), provider=Provider.of(chosen, clock))
        yield Desk(office, clock, application(office, ("127.0.0.1",)))


def by(person: str = ADMINISTRATOR, reason: str | None = None) -> Circumstances:
    """An administrator who decides about people."""
    return Circumstances(actor=Actor(id=person, role="administrator"), source="web", command_id=uuid4(), reason=reason)


def everybody() -> list[str]:
    """The people of the demonstration, each of whom signs in with the one password."""
    return [person for person, *_ in PEOPLE]
