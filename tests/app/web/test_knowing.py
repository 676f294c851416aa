"""Who sends something is known before it is read, for as long as a line is open, and on the page that says what went otherwise."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from typing import Any

import pytest

from app.web.needs import COOKIE
from app.web.pulse import CHANGED, STILL_HERE
from app.wiring import opened
from domain.people import RoleWithdrawn
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk, by

WITHIN_SECONDS = 30
ANYTHING = RoleWithdrawn(person="j-silva", role="coordinator", site="SAO")
FORMS = ("/people", "/profile/password", "/participants/BER-001/record/safety.adverse-event", "/api/participants/BER-001/commands")


def scope(path: str, method: str, secret: str, **headers: str) -> dict[str, Any]:
    said = {"host": "127.0.0.1", "accept": "text/event-stream", "cookie": f"{COOKIE}={secret}", **headers}
    raw = [(name.encode(), value.encode()) for name, value in said.items()]
    return {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"since=0", "headers": raw,
            "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"])
def test_nothing_is_read_of_what_somebody_sends_who_has_not_signed_in(door: Desk, path: str, kind: str) -> None:
    answered: list[int] = []

    async def receive() -> dict[str, Any]:
        pytest.fail("it was read before anybody knew who sent it")

    async def send(message: dict[str, Any]) -> None:
        answered.extend([message["status"]] if "status" in message else [])

    asked = scope(path, "POST", "nobody's", **{"content-type": kind, "content-length": "900000"})
    asyncio.run(door.app(asked, receive, send))
    assert answered == [401 if path.startswith("/api") else 303]


def ended(door: Desk) -> None:
    door.office.accounts.sessions.end_all(COORDINATOR)


def ran_out(door: Desk) -> None:
    door.clock.move(minutes=30)


def withdrawn(door: Desk) -> None:
    door.office.daybook.people.record((RoleWithdrawn(person=COORDINATOR, role="coordinator", site="BER"),), by())


@pytest.mark.parametrize("over", [ended, ran_out, withdrawn])
def test_an_open_line_ends_with_its_session_its_time_or_its_right(door: Desk, over: Callable[[Desk], None]) -> None:
    secret = door.office.accounts.sessions.begin(COORDINATOR, "password")

    def elsewhere(over: Callable[[Desk], None]) -> None:
        """What ends the line, and something to be heard of, as another process records it."""
        with opened(door.office.daybook.settings, door.clock) as another:
            over(replace(door, office=replace(door.office, daybook=another)))
            another.people.record((ANYTHING,), by())

    async def listens() -> bytes:
        heard, done = bytearray(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            heard.extend(message.get("body", b""))
            if message.get("body") == CHANGED:
                await asyncio.to_thread(Context().run, elsewhere, over)
                await asyncio.to_thread(door.catches_up)

        with suppress(TimeoutError):
            await asyncio.wait_for(door.app(scope("/worklist/live", "GET", secret), receive, send), WITHIN_SECONDS)
            return bytes(heard)
        pytest.fail("the line stayed open")

    assert asyncio.run(listens()) == STILL_HERE + CHANGED


def test_a_page_that_says_what_went_otherwise_lets_whoever_has_signed_in_go_on(door: Desk) -> None:
    weber, berg = door.browser(COORDINATOR), door.browser(ADMINISTRATOR)
    cases = ((weber, "/people", 403, "/worklist"), (berg, "/nowhere", 404, "/people"), (weber, "/participants/SAO-001", 404, "/matrix"))
    for browser, path, status, place in cases:
        answer = browser.get(path)
        assert (answer.status_code, f'href="{place}"' in answer.text, "Sign out" in answer.text) == (status, True, True)
    nobody = door.browser().get("/nowhere")
    assert (nobody.status_code, "Sign out" in nobody.text) == (404, False)


def test_the_description_names_how_one_signs_in_and_what_needs_it(door: Desk) -> None:
    described = door.browser().get("/api/openapi.json").json()
    assert described["components"]["securitySchemes"]["session"]["scheme"] == "bearer"
    open_ = {
        (method, path)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") != [{"session": []}]
    }
    assert open_ == {("post", "/api/session")}
