"""The door: signing in and out, and setting up the first account."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from http import HTTPStatus
from secrets import token_urlsafe
from threading import Lock
from urllib.parse import urlencode
from uuid import UUID, uuid4, uuid5

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.passwords import refuse_weak
from app.cli.reading import Heard
from app.settings import Settings
from app.staff import shown_out, told_truly
from app.web.answering import unsigned
from app.web.forms import CommandId, Text, left_blank
from app.web.in_vain import NOT_SENT, TROUBLES, InVain, in_vain
from app.web.needs import COOKIE, Somebody, office_of
from app.web.office import Office
from domain.doorkeeping import PasswordSet, SignedIn, SignedOut
from domain.entry import Actor, Circumstances
from domain.people import PersonAdmitted, RoleGranted
from domain.rejections import Reason, Refused, refuse_if
from domain.words import Source
from store.errors import Fault

door = APIRouter(include_in_schema=False)
WRONG = Reason(code="wrong-password", says="There is no account with this name and this password.")
NOT_SHOWN_OUT = (
    "Your password is the one that you chose now, but whoever came in by the one before could not be shown out. "
    "Sign in by it, and end all other sessions on your profile."
)
TOO_MANY = Reason(code="too-many", says="Too many attempts from where you are. Wait a minute.")
LONGEST_ADDRESS = 1000


@dataclass
class Turnstile:
    """How often somebody may try within a minute from one address, whatever name they give."""

    most: int = 30
    within: timedelta = timedelta(minutes=1)
    tried: dict[str, list[datetime]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def lets(self, address: str, now: datetime) -> bool:
        """Count an attempt, and say whether it is not one too many."""
        with self.lock:
            recent = [at for at in self.tried.get(address, []) if at > now - self.within][-self.most :]
            self.tried = {other: times for other, times in self.tried.items() if times[-1] > now - self.within}
            self.tried[address] = [*recent, now]
            return len(recent) < self.most


def signed_in(office: Office, person: str, password: str, source: Source) -> str:
    """The secret of a new session, for whoever proves who they are. Raises Refused; that somebody was turned away is on record."""
    office.doorkeeper.prove(person, password, source, wrong=WRONG)
    if not office.accounts.passwords.chosen(person):
        raise Refused(Reason(code="not-chosen", says="This password was given to you to begin with. Choose one that nobody else knows."))
    office.daybook.people.note(SignedIn(person=person, by="password"), source)
    return office.accounts.sessions.begin(person, "password")


@door.get("/sign-in")
def sign_in(request: Request, then: str = "/", unsent: str = "") -> Response:
    """The form by which people sign in; `unsent` says that somebody sent a form after their session had ended, and whether it is kept."""
    if not office_of(request).daybook.people.current().anybody:
        return RedirectResponse("/set-up", HTTPStatus.SEE_OTHER)
    return at_the_door(request, then, unsent=unsent)


@door.post("/sign-in")
def try_to_sign_in(  # noqa: PLR0913, PLR0917 - These are the fields of the form.
    request: Request, person: Text = "", password: Text = "", then: Text = "/", choosing: Text = "", chosen: Text = ""
) -> Response:
    """Let somebody in who proves who they are; whoever was given a password chooses one first.

    A form of which something was left blank is no attempt to come in: it counts against nobody.
    """
    office = office_of(request)
    try:
        refuse_if(left_blank(person=person, password=password, **({"chosen": chosen} if choosing else {})))
        counted(request)
        if chosen:
            _choose(office, person, password, chosen)
            password, chosen, choosing = chosen, "", ""  # Whatever happens from here on, it is theirs.
        return let_in(request, signed_in(office, person, password, "web"), here(then))
    except TROUBLES as trouble:
        why = in_vain(trouble)
        chooses = str(trouble) != NOT_SHOWN_OUT and (bool(choosing or chosen) or any(reason.code == "not-chosen" for reason in why.reasons))
        return at_the_door(request, then, why.reasons, _status(why), person=person, choosing=chooses)


@door.post("/sign-out")
def sign_out(request: Request, asking: Somebody) -> Response:
    """End this session."""
    asking.office.accounts.sessions.end(asking.session)
    asking.office.daybook.people.note(SignedOut(person=asking.person.id), "web")
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path="/", secure=office_of(request).secure, httponly=True, samesite="lax")
    return answer


@door.get("/set-up")
def set_up(request: Request) -> Response:
    """The form for the first account, as long as there is none."""
    if office_of(request).daybook.people.current().anybody:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    return _set_up(request, {}, uuid4())


def _set_up(request: Request, typed: Mapping[str, str], command_id: UUID, why: InVain = NOT_SENT) -> Response:
    shown = {"typed": typed, "command_id": why.again(command_id), "reasons": why.reasons, "passwords": office_of(request).provider is None}
    return unsigned(request, "set_up.html", _status(why), **shown)


@door.post("/set-up")
def make_the_first_administrator(  # noqa: PLR0913, PLR0917 - These are the fields of the form.
    request: Request, command_id: CommandId, code: Text = "", person: Text = "", name: Text = "", password: Text = ""
) -> Response:
    """Make the first administrator, for whoever can read the code that this machine's administrator was shown.

    Every form counts as an attempt, before anything of it is read: with its fields blank it may guess at the code all the same.
    """
    office, typed = office_of(request), {"code": code, "person": person, "name": name}
    try:
        counted(request)
        first = _first(office, typed, password, command_id)
    except TROUBLES as trouble:
        return _set_up(request, typed, command_id, in_vain(trouble))
    if office.provider is not None:
        return RedirectResponse("/sign-in?then=/people", HTTPStatus.SEE_OTHER)
    return try_to_sign_in(request, first, password, "/people")


def set_up_code(settings: Settings) -> str:
    """What proves that whoever makes the first account runs this machine: kept in its folder until there is one.

    It is written beside its place and put there whole, so that nobody ever finds an empty one.
    """
    path = settings.set_up_code
    beside = path.with_name(f"{path.name}.{token_urlsafe(6)}")
    if not path.exists():
        beside.touch(mode=0o600)
        beside.write_text(token_urlsafe(9))
        with suppress(FileExistsError):
            os.link(beside, path)
        beside.unlink()
    return path.read_text()


def _first(office: Office, typed: Mapping[str, str], password: str, command_id: UUID) -> str:
    """Record the first administrator. Raises Refused; of several who come at once one is the first, and the others change nothing.

    Whoever is on record already but has no password yet, because the accounts failed, is given it when the same form comes again,
    on whatever day that is.
    """
    admitted = _understood(office, typed, password)
    granted = _as_administrator(office, admitted.person)
    by = Circumstances(actor=Actor(id=admitted.person, role="administrator"), source="web", command_id=command_id, reason="first set-up")
    office.daybook.people.record((admitted, granted), by, first=True)
    with told_truly(admitted.person):
        if office.provider is None:
            _first_password(office, admitted.person, password, command_id)
        office.daybook.settings.set_up_code.unlink(missing_ok=True)
    return admitted.person


def _as_administrator(office: Office, person: str) -> RoleGranted:
    """The role by which somebody is the first: from today on, or as it is on record already where no more than that was done."""
    was, today = office.daybook.people.current().persons.get(person), office.now.astimezone(UTC).date()
    on_record = was.roles.get(("administrator", None)) if was else None
    return on_record or RoleGranted(person=person, role="administrator", delegated=today, trained=today)


def _first_password(office: Office, person: str, password: str, command_id: UUID) -> None:
    """Have the first administrator's password kept, and on record that they chose it; what was done of this before is not done again."""
    passwords, actor = office.accounts.passwords, Actor(id=person, role="door")
    if not passwords.kept(person):
        passwords.set(person, password, chosen=True)
    if passwords.chosen(person):
        once = Circumstances(actor=actor, source="web", command_id=uuid5(command_id, "password"))
        office.daybook.people.done_for(PasswordSet(person=person, chosen=True), once)


def _understood(office: Office, typed: Mapping[str, str], password: str) -> PersonAdmitted:
    """Who is to be the first, once nothing is wrong with any field. Raises Refused, with all that is."""
    heard, said = Heard(), {name: text for name in ("person", "name") if (text := typed[name].strip())}
    code = typed["code"].strip()
    heard.made(lambda: refuse_if(_not_the_code(office, code) if code else left_blank(code=code)))
    admitted = heard.made(lambda: PersonAdmitted.model_validate(said))
    if office.provider is None:
        heard.made(lambda: refuse_weak(said.get("person", ""), password) if password.strip() else refuse_if(left_blank(password=password)))
    if admitted is None or heard.faults:
        raise heard.refusal()
    return admitted


def _not_the_code(office: Office, code: str) -> Iterator[Reason]:
    """Why a code opens nothing. Once the first account is whole there is none, and none is made again."""
    settings, opens = office.daybook.settings, False
    with suppress(FileNotFoundError):
        kept = settings.set_up_code.read_text() if office.daybook.people.current().anybody else set_up_code(settings)
        opens = _same(code, kept)
    if not opens:
        yield Reason(code="wrong-code", says="This is not the code that Daybook showed when it was started.")


def _choose(office: Office, person: str, given: str, chosen: str) -> None:
    """Let somebody replace the password that they were given. Raises Refused."""
    if given == chosen:
        raise Refused(Reason(code="password-given", says="Choose another password than the one that you were given."))
    office.doorkeeper.prove(person, given, "web", wrong=WRONG)
    set_by_themselves(office, person, chosen)


def set_by_themselves(office: Office, person: str, chosen: str, *, but: str = "") -> None:
    """Give somebody the password that they chose; whoever came in by the one before is shown out, but for one session.

    So is whoever reads the feed of their calendar, whose address somebody may have asked for who knew the password before.
    """
    office.accounts.passwords.set(person, chosen, chosen=True)
    try:
        office.daybook.people.note(PasswordSet(person=person, chosen=True), "web")
        shown_out(office.accounts, office.daybook.people, person, "web", but=but)
    except Fault as fault:
        raise Fault(NOT_SHOWN_OUT) from fault


def let_in(request: Request, secret: str, then: str) -> Response:
    """Give the browser its new session; the one that it had, whoever's that was, is over."""
    office = office_of(request)
    if (before := office.accounts.sessions.find(request.cookies.get(COOKIE, ""))) is not None:
        office.accounts.sessions.end(before)
    answer = RedirectResponse(then, HTTPStatus.SEE_OTHER)
    answer.set_cookie(COOKIE, secret, path="/", secure=office.secure, httponly=True, samesite="lax")
    return answer


def _status(why: InVain) -> HTTPStatus:
    """Whoever is refused at the door may not come in; a fault is not theirs."""
    return HTTPStatus.FORBIDDEN if why.status == HTTPStatus.CONFLICT else why.status


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode(errors="replace"), other.encode())


def counted(request: Request) -> None:
    """Count an attempt to come in from an address. Raises Refused where it is one too many."""
    turnstile: Turnstile = request.app.state.turnstile
    if not turnstile.lets(request.client.host if request.client else "", office_of(request).now):
        raise Refused(TOO_MANY)


def at_the_door(  # noqa: PLR0913 - A page shows what was typed and why it was refused.
    request: Request,
    then: str,
    reasons: tuple[Reason, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
    *,
    person: str = "",
    choosing: bool = False,
    unsent: str = "",
) -> HTMLResponse:
    """The page by which people sign in: with a password, or by the way to the identity provider where there is one."""
    way_in = "" if office_of(request).provider is None else f"/identity?{urlencode({'then': here(then)})}"
    typed = {"then": here(then), "person": person, "choosing": choosing, "unsent": unsent}
    return unsigned(request, "sign_in.html", status, reasons=reasons, way_in=way_in, typed=typed)


def here(then: str) -> str:
    """An address of this desk; anybody else's becomes the worklist, and so does one that no page of ours has."""
    ours = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable() and len(then) <= LONGEST_ADDRESS
    return then if ours else "/"
