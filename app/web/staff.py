"""People and their rights, for administrators: who has which role where and since when, and what one does about an account."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, NamedTuple, TypeVar, get_args
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from app.accounts.sessions import Session
from app.cli.reading import shaped
from app.clinic_time import OUR_TIME, SiteClock
from app.staff import Staff
from app.web.answering import page
from app.web.forms import CommandId, Lines
from app.web.in_vain import TROUBLES, Filled, sent_in_vain
from app.web.needs import Admitting
from app.web.office import Asking, Stated
from domain.access import MAY
from domain.entry import Actor, Circumstances
from domain.people import Administered, Person, PersonAdmitted, PersonLeft, RoleGranted, RoleWithdrawn
from domain.rejections import Reason, Refused
from domain.vouching import not_vouched_for
from domain.words import Action, PersonsRole

M = TypeVar("M", bound=BaseModel)
people = APIRouter(include_in_schema=False)
ROLES = tuple((role, role.replace("-", " ").capitalize()) for role in get_args(PersonsRole))


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody in the list."""

    person: Person
    roles: tuple[RoleGranted, ...]
    locked: bool


@dataclass(frozen=True, slots=True)
class Right:
    """A line of the review: what a role at a site lets somebody do."""

    person: Person
    grant: RoleGranted
    holds: bool
    actions: tuple[Action, ...]


@people.get("/people")
def everybody(request: Request, asking: Admitting) -> Response:
    """Everybody who has or had an account."""
    return _list(request, asking, Filled())


@people.post("/people")
def admit(request: Request, asking: Admitting, typed: Lines, command_id: CommandId) -> Response:
    """Admit somebody, or put right what is recorded of them."""
    sent = _only(typed, "person", "name", "mail")
    try:
        event = shaped(lambda: _made(PersonAdmitted, sent))
        given = staff_of(asking).decide((event,), administering(asking, command_id))
    except TROUBLES as trouble:
        return _list(request, asking, sent_in_vain(sent, command_id, trouble))
    return _one(request, asking, event.person, given=given[event.person]) if given else _on(f"/people/{event.person}")


@people.get("/people/{person}")
def somebody(request: Request, asking: Admitting, person: str) -> Response:
    """One person: their roles, their sessions, and what can be done about them."""
    return _one(request, asking, person)


@people.post("/people/{person}/grant")
def grant(request: Request, asking: Admitting, person: str, typed: Lines, command_id: CommandId) -> Response:
    """Delegate a role to somebody, at one site or at every site."""
    sent = _only(typed, "role", "site", "delegated", "trained")
    return _decided(_Form(request, asking, person, command_id, sent), lambda: _made(RoleGranted, sent | {"person": person}))


@people.post("/people/{person}/withdraw")
def withdraw(request: Request, asking: Admitting, person: str, typed: Lines, command_id: CommandId) -> Response:
    """Take a role from somebody."""
    which = _only(typed, "role", "site") | {"person": person}
    return _decided(_Form(request, asking, person, command_id), lambda: _made(RoleWithdrawn, which))


@people.post("/people/{person}/leave")
def leave(request: Request, asking: Admitting, person: str, command_id: CommandId) -> Response:
    """Close somebody's account, and show them out."""
    return _decided(_Form(request, asking, person, command_id), lambda: _made(PersonLeft, {"person": person}))


@people.post("/people/{person}/password")
def another_password(request: Request, asking: Admitting, person: str, command_id: CommandId) -> Response:
    """Give somebody another password to begin with, which is shown this once."""
    form, by = _Form(request, asking, person, command_id), administering(asking, command_id)
    return _done(form, lambda: staff_of(asking).reset(person, by))


@people.post("/people/{person}/unlock")
def unlock(request: Request, asking: Admitting, person: str, command_id: CommandId) -> Response:
    """Let somebody try again who failed too often."""
    form, by = _Form(request, asking, person, command_id), administering(asking, command_id)
    return _done(form, lambda: staff_of(asking).unlock(person, by))


@people.post("/people/{person}/sessions")
def end_sessions(request: Request, asking: Admitting, person: str, typed: Lines, command_id: CommandId) -> Response:
    """Show somebody out, of one session or of all."""
    form, by = _Form(request, asking, person, command_id), administering(asking, command_id)
    return _done(form, lambda: staff_of(asking).end_sessions(person, by, typed.get("session", "")))


@people.get("/access")
def review(request: Request, asking: Admitting, on: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Who can do what, today or as it was recorded by the end of another day."""
    day, fault = _day(on, asking.now)
    then = asking.office.daybook.people.as_known_at(datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1))
    rights = tuple(right for _, person in sorted(then.persons.items()) for right in _rights(person, day))
    return page(request, asking, "access.html", rights=rights, on=day, fault=fault)


class _Form(NamedTuple):
    """A form about somebody, and who sent it."""

    request: Request
    asking: Asking
    person: str
    command_id: UUID
    typed: Mapping[str, str] = MappingProxyType({})


def _decided(form: _Form, event: Callable[[], Administered]) -> Response:
    return _done(form, lambda: staff_of(form.asking).decide((shaped(event),), administering(form.asking, form.command_id)))


def _done(form: _Form, act: Callable[[], object]) -> Response:
    """The way back to the person, by way of the password where one was given; or their page, with why nothing was done."""
    try:
        given = act()
    except TROUBLES as trouble:
        return _one(form.request, form.asking, form.person, sent_in_vain(form.typed, form.command_id, trouble))
    return _one(form.request, form.asking, form.person, given=given) if isinstance(given, str) else _on(f"/people/{form.person}")


def _list(request: Request, asking: Asking, sent: Filled) -> Response:
    locked = asking.office.accounts.passwords.locked
    found = sorted(asking.office.daybook.people.current().persons.values(), key=lambda one: (not one.here, one.id))
    lines = tuple(Line(one, tuple(one.roles.values()), locked(one.id)) for one in found)
    return page(request, asking, "people.html", sent.why.status, lines=lines, sent=sent, clock=_clock(asking))


def _one(request: Request, asking: Asking, id_: str, sent: Filled | None = None, *, given: str | None = None) -> Response:
    office, sent = asking.office, sent or Filled()
    person = office.daybook.people.current().persons.get(id_)
    if person is None:
        raise Refused(Reason(code="unknown-page", says="nobody has an account of this name"))
    sites = tuple((site, site) for site in sorted(office.daybook.desk.so_far().sites))
    return page(
        request, asking, "person.html", sent.why.status, person=person, locked=office.accounts.passwords.locked(id_), given=given,
        sent=sent, sessions=_sessions(asking, id_), sites=sites, roles=ROLES, today=_today(asking.now), new_id=uuid4, clock=_clock(asking),
        unvouched=_unvouched(asking, person),
    )  # fmt: skip


def _unvouched(asking: Asking, person: Person) -> tuple[Reason, ...]:
    """Why somebody's account signs nothing yet, and who can help."""
    daybook = asking.office.daybook
    return tuple(not_vouched_for(daybook.people.current(), person.id, daybook.authority.today(None))) if person.here else ()


def _sessions(asking: Asking, person: str) -> list[Session]:
    return asking.office.accounts.sessions.of(person)


def _rights(person: Person, on: date) -> Iterator[Right]:
    """Every role that was granted, by role and site; of one that does not hold on that day too, since somebody will ask."""
    holding = set(person.grants(on))
    for _, grant in sorted(person.roles.items(), key=lambda one: (one[0][0], one[0][1] or "")):
        yield Right(person, grant, grant in holding, tuple(sorted(MAY[grant.role])) if grant in holding else ())


def _made(kind: type[M], typed: Mapping[str, str]) -> M:
    """A fact about somebody of what was typed; what was left blank was not said."""
    return kind.model_validate_strings({name: text for name, text in typed.items() if text})


def _only(typed: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: typed.get(name, "") for name in names}


def staff_of(asking: Asking) -> Staff:
    """The accounts and the record of the people."""
    return Staff(asking.office.daybook.authority, asking.office.accounts, asking.office.daybook.settings.proved_by)


def administering(asking: Asking, command_id: UUID) -> Circumstances:
    """How a request of an administrator's comes to be made."""
    return asking.circumstances(Actor(id=asking.person.id, role="administrator"), Stated(command_id))


def _day(typed: str, now: datetime) -> tuple[date, str]:
    """A day as typed, or today with what is wrong with it."""
    with suppress(ValueError):
        day = date.fromisoformat(typed) if typed else _today(now)
        if day.year in OUR_TIME:
            return day, ""
    return _today(now), "write a date as 2026-03-01"


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _clock(asking: Asking) -> SiteClock:
    return SiteClock("UTC", asking.now)


def _on(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
