"""Vouching for an account: who waits for it, and saying by signature that its person stood before oneself."""

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.clinic_time import SiteClock
from app.staff import refuse_unless_shown
from app.web.answering import page
from app.web.door import counted
from app.web.forms import CommandId, Text, left_blank
from app.web.in_vain import NOT_SENT, TROUBLES, InVain, in_vain
from app.web.needs import Needs
from app.web.office import Asking, Signing, Stated
from domain.entry import Actor, Circumstances
from domain.people import IdentityVerified, Person
from domain.rejections import refuse_if
from domain.vouching import vouchers
from store.codec import canonical

vouching = APIRouter(include_in_schema=False)
Vouching = Annotated[Asking, Depends(Needs("vouch"))]
MEANING = "I have seen that this account is in the hands of the person whose name it bears"


class Waiting(NamedTuple):
    """Somebody for whom nobody has vouched yet, and who may."""

    person: Person
    by: tuple[str, ...]


@vouching.get("/vouching")
def who_waits(request: Request, asking: Vouching) -> Response:
    """Everybody whose account signs nothing yet, and the form by which one vouches."""
    return _shown(request, asking, {"person": request.query_params.get("person", ""), "code": ""}, NOT_SENT, uuid4())


@vouching.post("/vouching")
def vouch(  # noqa: PLR0913, PLR0917 - These are the fields of the form.
    request: Request,
    asking: Vouching,
    command_id: CommandId,
    person: Text = "",
    code: Text = "",
    password: Text = "",
    signer: Text = "",
) -> Response:
    """Vouch for somebody, who shows the code that only they can see; signed, so that a stolen session vouches for nobody."""
    try:
        refuse_if(left_blank(person=person))
        counted(request)
        refuse_unless_shown(asking.office.accounts, asking.office.daybook.people, person, code)
        asking.office.daybook.authority.vouch(person, _signed(asking, person, command_id, Signing(MEANING, password, signer.strip())))
        asking.has_signed()
    except TROUBLES as trouble:
        why = in_vain(trouble)
        return _shown(request, asking, {"person": person, "code": code}, why, why.again(command_id))
    return RedirectResponse(f"/vouching?done={person}", HTTPStatus.SEE_OTHER)


def _signed(asking: Asking, person: str, command_id: UUID, signing: Signing) -> Circumstances:
    """In the role that vouches, and under a signature."""
    site = min(asking.sites("vouch"), default=None)
    role = asking.office.daybook.authority.permit(asking.person.id, "vouch", site, asking.source)
    signature = asking.signature(signing, sha256(canonical(IdentityVerified(person=person))).hexdigest())
    by = asking.circumstances(Actor(id=asking.person.id, role=role), Stated(command_id))
    return by.model_copy(update={"signature": signature})


def _shown(request: Request, asking: Asking, typed: Mapping[str, str], why: InVain, command_id: UUID) -> Response:
    daybook = asking.office.daybook
    people, today = daybook.people.current(), daybook.authority.today(None)
    waiting = tuple(
        Waiting(one, vouchers(people, one, today)) for _, one in sorted(people.persons.items()) if one.here and not one.verified
    )
    mine = tuple((one.person.id, f"{one.person.name} ({one.person.id})") for one in waiting if asking.person.id in one.by)
    return page(
        request, asking, "vouching.html", why.status, waiting=waiting, mine=mine, typed=typed, reasons=why.reasons, meaning=MEANING,
        command_id=command_id, done=people.persons.get(request.query_params.get("done", "")), clock=SiteClock("UTC", asking.now),
    )  # fmt: skip
