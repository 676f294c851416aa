"""A browser without scripts before the pages of a chart: it reads forms, fills them in and sends them, as people do."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from app.accounts import accounts_at
from app.demo.people import PASSWORD, PEOPLE, SINCE
from app.settings import Settings
from app.web.application import application
from app.web.needs import COOKIE
from app.web.office import Office
from app.web.showing import templates
from app.wiring import opened
from domain.entry import Entry
from domain.events import Event
from domain.people import IdentityVerified, PeopleEvent, PersonAdmitted, RoleGranted
from domain.words import PersonsRole
from tests.builders import Clock, Story, Trial, by_
from tests.projections.given import ByHand

ADDRESS = "http://127.0.0.1:8080"
Typed = Mapping[str, str | Sequence[str]]


@dataclass
class Form:
    """A form as it was shown: what stands in its fields, and the buttons by which it is sent."""

    typed: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """What can be chosen of each field in which one chooses."""


class Forms(HTMLParser):
    """Reads the forms of a page that are sent by post, by the sheet that each is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, Form] = {}
        self._form: Form | None = None
        self._select = self._textarea = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method") == "post":
            self._form = Form()
        elif self._form is not None:
            self._read(tag, said)

    def _read(self, tag: str, said: dict[str, str]) -> None:
        assert self._form is not None
        if "required" in said:
            self._form.required.add(said["name"])
        match tag:
            case "input" if said.get("type") == "checkbox":
                self._form.typed.setdefault(said["name"], []).extend([said["value"]] if "checked" in said else [])
            case "input":
                self._form.typed.setdefault(said["name"], []).append(said.get("value", ""))
            case "textarea":
                self._textarea = said["name"]
                self._form.typed.setdefault(self._textarea, []).append("")
            case "select":
                self._select = said["name"]
                self._form.typed.setdefault(self._select, [])
            case "option" if self._select:
                self._form.choices.setdefault(self._select, []).append(said["value"])
                self._form.typed[self._select].extend([said["value"]] if "selected" in said else [])
            case "button" if "name" in said:
                self._form.buttons.append((said["name"], said["value"]))

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.typed[self._textarea][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "form" and self._form is not None:
            self.found[next(iter(self._form.typed.get("sheet", [])), "")] = self._form
            self._form = None


@dataclass
class Desk:
    """The application over a record of a test's own, at a clock that the test moves."""

    office: Office
    trial: Trial
    client: AsyncClient

    @property
    def clock(self) -> Clock:
        return self.trial.clock

    def story(self, participant: str) -> Story:
        return Story(self.trial, participant)

    def signs_in(self, person: str) -> "Desk":
        """Somebody else sits down."""
        self.client.cookies.clear()
        self.client.cookies.set(COOKIE, self.office.accounts.sessions.begin(person, "password"))
        return self

    def answer(self, path: str) -> Response:
        return asyncio.run(self.client.get(path))

    def sees(self, path: str, status: int = 200) -> str:
        answer = self.answer(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def form(self, path: str, sheet: str) -> Form:
        """A form of a page, as it is shown now."""
        found = Forms(self.sees(path)).found
        assert sheet in found, f"{path} has no form {sheet}, but {list(found)}"
        return found[sheet]

    def sends(self, path: str, sheet: str, typed: Typed | None = None, *, shown: Form | None = None) -> Response:
        """Fill in a form of a page and send it; `shown` is one that was shown before."""
        form = shown or self.form(path, sheet)
        return asyncio.run(self.client.post(path, data={**form.typed, **{name: _listed(one) for name, one in (typed or {}).items()}}))

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

    def catches_up(self) -> None:
        """Have the views tell all that is recorded."""
        daybook = self.office.daybook
        ByHand(daybook.ledger, daybook.desk, daybook.views).takes()

    def entries(self, participant: str) -> tuple[Entry[Event], ...]:
        return self.trial.participants.read(participant).entries

    def kinds(self, participant: str, last: int) -> list[str]:
        """Of which kinds the last entries are."""
        return [entry.event.kind.removesuffix(".v1") for entry in self.entries(participant)[-last:]]


def _listed(one: str | Sequence[str]) -> list[str]:
    return [one] if isinstance(one, str) else list(one)


@contextmanager
def before_a_chart(folder: Path, clock: Clock, banner: str = "") -> Iterator[Desk]:
    """The desk of a folder; in a new one a study is opened and the invented people are admitted. `banner` says what is amiss."""
    settings = Settings(folder=folder)
    with opened(settings, clock, create=True) as daybook, accounts_at(settings.accounts, clock) as accounts:
        trial = Trial(clock, daybook.ledger)
        trial.numbers = 1000 * daybook.ledger.head()  # Those before were given in the folder from which this one is copied.
        if not daybook.people.current().anybody:
            daybook.people.record([event for one in PEOPLE for event in _admitted(*one)], by_("administrator", trial.next_id()))
            accounts.passwords.set("k-adler", PASSWORD, chosen=True)
        office = Office(daybook, accounts, templates(), lambda: banner)
        app: Any = application(office, settings.web_names)  # Starlette and httpx have a type each for the same thing.
        yield Desk(office, trial, AsyncClient(transport=ASGITransport(app), base_url=ADDRESS))


def _admitted(person: str, name: str, role: PersonsRole, site: str | None) -> tuple[PeopleEvent, ...]:
    granted = RoleGranted(person=person, role=role, site=site, delegated=SINCE, trained=SINCE)
    return PersonAdmitted(person=person, name=name), granted, IdentityVerified(person=person, operator="O. Perator")
