"""What concerns oneself: one's roles, where one is signed in, one's password."""

from collections.abc import Iterator
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.cli.reading import shaped
from app.clinic_time import SiteClock
from app.staff import codes_of, shown_out
from app.web.answering import page
from app.web.door import counted, set_by_themselves
from app.web.forms import CommandId, Lines, Text
from app.web.in_vain import NOT_SENT, TROUBLES, Filled, InVain, in_vain, sent_in_vain
from app.web.needs import Somebody
from app.web.office import Asking, Stated
from domain.contacts import ContactNamed
from domain.doorkeeping import SignedOut
from domain.entry import Actor, Circumstances
from domain.rejections import Reason, Refused, refuse_if

profile = APIRouter(include_in_schema=False)


@profile.get("/profile")
def oneself(request: Request, asking: Somebody) -> Response:
    """One's own roles and sessions."""
    return _shown(request, asking)


@profile.post("/profile/password")
def another_password(request: Request, asking: Somebody, password: Text = "", chosen: Text = "") -> Response:
    """Choose another password, for which one shows that one knows the present one; every other session ends."""
    try:
        counted(request)
        asking.prove(password)
        refuse_if(_the_same(password, chosen))
        set_by_themselves(asking.office, asking.person.id, chosen, but=asking.session.digest)
    except TROUBLES as trouble:
        return _shown(request, asking, in_vain(trouble))
    return RedirectResponse("/profile?changed=password", HTTPStatus.SEE_OTHER)


@profile.post("/profile/notifications")
def how_to_be_told(request: Request, asking: Somebody, typed: Lines, command_id: CommandId) -> Response:
    """Say how one wants to be told, and where; for what and at which site is the administrator's to say."""
    sent = {name: typed.get(name, "") for name in ("mail", "webhook", "urgent", "timely", "digest")}
    try:
        contact = _contact(asking)
        event = shaped(lambda: ContactNamed.model_validate(contact.model_dump() | {name: text or None for name, text in sent.items()}))
        asking.office.daybook.authority.prefer(event, _by(asking, contact, command_id))
    except TROUBLES as trouble:
        return _shown(request, asking, sent=sent_in_vain(sent, command_id, trouble))
    return RedirectResponse("/profile?changed=notifications", HTTPStatus.SEE_OTHER)


@profile.post("/profile/sessions")
def end_sessions(asking: Somebody, session: Text = "") -> Response:
    """End another session of one's own; or all but this one, and with them the secret address of one's calendar."""
    office, mine = asking.office, asking.person.id
    if not session or session == asking.session.digest:
        shown_out(office.accounts, office.daybook.people, mine, "web", but=asking.session.digest)
    elif ended := office.accounts.sessions.end_one(mine, session):
        office.daybook.people.note(SignedOut(person=mine, sessions=ended), "web")
    return RedirectResponse("/profile", HTTPStatus.SEE_OTHER)


def _contact(asking: Asking) -> ContactNamed:
    """How one is told so far. Raises Refused for whom nobody has named to be told of anything."""
    found = _told(asking)
    if found is None:
        raise Refused(Reason(code="not-named", says="nobody has named you to be told of anything; an administrator does"))
    return found


def _told(asking: Asking) -> ContactNamed | None:
    return asking.office.daybook.desk.so_far().contacts.get(asking.person.id)


def _by(asking: Asking, contact: ContactNamed, command_id: UUID) -> Circumstances:
    """In the first of one's roles that holds. Raises Refused for whom none does, once it is recorded that they asked.

    What one is told concerns participants: that, if nothing else, takes a role.
    """
    authority = asking.office.daybook.authority
    grant = next(asking.person.grants(authority.today(None)), None)
    role = grant.role if grant else authority.permit(asking.person.id, "see-participants", contact.site, asking.source)
    site = grant.site if grant else contact.site
    return asking.circumstances(Actor(id=asking.person.id, role=role, site=site), Stated(command_id))


def _shown(request: Request, asking: Asking, why: InVain = NOT_SENT, sent: Filled | None = None) -> Response:
    """The profile: `why` the password is still the one before, and the form of how one is told as it was `sent`."""
    today, sent = asking.office.daybook.authority.today(None), sent or Filled()
    return page(
        request,
        asking,
        "profile.html",
        sent.why.status if sent.reasons else why.status,
        sessions=asking.office.accounts.sessions.of(asking.person.id),
        holding=set(asking.person.grants(today)),
        reasons=why.reasons,
        calendar_address="",
        changed=request.query_params.get("changed", ""),
        told=_told(asking),
        reads_out=bool(asking.not_vouched_for) and _reads_out(asking),
        sent=sent,
        clock=SiteClock("UTC", asking.now),
    )


def _reads_out(asking: Asking) -> bool:
    """Whether this session shows the code by which somebody vouches for its person."""
    return asking.session.code in codes_of(asking.office.accounts, asking.office.daybook.people, asking.person.id)


def _the_same(password: str, chosen: str) -> Iterator[Reason]:
    if password == chosen:
        yield Reason(code="not-chosen", says="choose another password than the present one")
