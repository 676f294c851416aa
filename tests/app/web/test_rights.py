"""Every role at every address, at its own site and at another: generated from the table of rights and from the routes themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.web.application import ROUTERS
from app.web.needs import Needs
from domain.access import MAY, OF_THE_WHOLE_STUDY
from domain.doorkeeping import AccessRefused
from domain.people import PersonAdmitted, RoleGranted
from domain.words import Action, PersonsRole
from tests.app.web.at_the_door import Client, Desk, by
from tests.builders import START

OPEN = {
    ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/set-up"), ("POST", "/set-up"), ("POST", "/api/session"),
    ("GET", "/calendar/{secret}.ics"), ("GET", "/identity"), ("GET", "/identity/back"),
}  # fmt: skip
"""What whoever comes may ask for."""
ONES_OWN = {
    ("GET", "/"), ("POST", "/sign-out"), ("GET", "/unsent"),
    ("DELETE", "/api/session"), ("GET", "/profile"), ("POST", "/profile/password"), ("POST", "/profile/sessions"),
    ("POST", "/profile/notifications"),
    ("POST", "/profile/calendar"), ("POST", "/profile/calendar/end"),
}  # fmt: skip
"""What everybody who has signed in may ask for, because it concerns themselves."""
ENDLESS = {"/worklist/live"}
"""What is never answered to the end: only who may not ask is tried."""
SHOWN_TO_NOBODY = {401, 403, 404}


@dataclass(frozen=True, slots=True)
class Address:
    """A route, and the action that it says it stands for."""

    method: str
    path: str
    action: Action | None

    @property
    def about_a_participant(self) -> bool:
        return "{participant}" in self.path

    def of(self, participant: str) -> str:
        filled = {"participant": participant, "name": "evidence.procedure", "step": "infusion", "person": "t-berg"}
        parts = [filled.get(part.strip("{}"), "x") if part.startswith("{") else part for part in self.path.split("/")]
        return "/".join(parts)


def addresses() -> Iterator[Address]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods or ()):
                yield Address(method, route.path, next(needs(route.dependant), None))


def needs(dependant: Dependant) -> Iterator[Action]:
    """The actions that a route says it stands for, wherever among its dependencies."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs):
            yield inner.call.action
        yield from needs(inner)


ALL = tuple(addresses())
GUARDED = tuple(one for one in ALL if one.action is not None)
ROLES: tuple[PersonsRole, ...] = get_args(PersonsRole)


def holder(role: PersonsRole, site: str | None) -> str:
    return f"x-{role}-{(site or 'all').lower()}"


@pytest.fixture
def staffed(door: Desk) -> Desk:
    """Somebody of every role, at BER and at every site."""
    day = START.date()
    for role, site in product(ROLES, ("BER", None)):
        person = holder(role, site)
        one = RoleGranted(person=person, role=role, site=site, delegated=day, trained=day)
        door.office.daybook.people.record((PersonAdmitted(person=person, name=person), one), by())
    return door


def test_every_address_says_what_it_stands_for_or_is_on_the_short_list_of_those_that_are_open() -> None:
    assert {(one.method, one.path) for one in ALL if one.action is None} == OPEN | ONES_OWN


def asks(client: Client, address: Address, participant: str) -> Any:
    body: dict[str, Any] = {"json": {}} if address.path.startswith("/api") and address.method == "POST" else {}
    return client.request(address.method, address.of(participant), **body)


@pytest.mark.clause("21 CFR 11", "11.10(g)", "11.300(d)")
@pytest.mark.clause("ICH E6(R3)", "4.3.8")
@pytest.mark.clause("EMA 2023", "user management")
@pytest.mark.clause("EU Annex 11", "12")
@pytest.mark.clause("FDA Q&A 2024", "security")
@pytest.mark.parametrize("address", GUARDED, ids=lambda one: f"{one.method} {one.path}")
def test_each_role_gets_what_the_table_says_at_its_site_and_at_no_other_and_each_refusal_is_on_record(
    staffed: Desk, address: Address
) -> None:
    assert address.action is not None
    for role, site, participant in product(ROLES, ("BER", None), ("BER-001", "SAO-001")):
        if participant == "SAO-001" and (not address.about_a_participant or address.path in NEW):
            continue
        may = allowed_by_the_table(address, role, site, participant)
        if may and address.path in ENDLESS:
            continue
        before = len(staffed.happened())
        answer = asks(staffed.program(holder(role, site)), address, participant)
        refused = [event for event in staffed.happened()[before:] if isinstance(event, AccessRefused)]
        case = f"{role} of {site or 'every site'} asks {address.method} {address.of(participant)}: {answer.status_code}"
        assert answer.status_code not in {401, 403} if may else answer.status_code in SHOWN_TO_NOBODY, case
        assert bool(refused) != may, f"{case}: {refused}"
        assert all(event.person == holder(role, site) for event in refused), case


def allowed_by_the_table(address: Address, role: PersonsRole, site: str | None, participant: str) -> bool:
    """Whoever does something for a participant must see them; a form takes what its question asks too; a site's role is of that site."""
    here = site is None or (participant.startswith(site) and address.action not in OF_THE_WHOLE_STUDY)
    sees = not (address.about_a_participant and address.path not in NEW) or "see-participants" in MAY[role]
    asked = {address.action, "record"} if "{name}" in address.path else {address.action}
    return here and sees and asked <= MAY[role]


NEW = {one.path for one in ALL if one.action == "register"}
"""Where a participant is named who is on no record yet."""


@pytest.mark.clause("21 CFR 11", "11.10(d)")
@pytest.mark.clause("ICH E6(R3)", "4.3.3")
@pytest.mark.clause("EU Annex 11", "12")
@pytest.mark.parametrize("address", GUARDED, ids=lambda one: f"{one.method} {one.path}")
def test_nobody_gets_anything_who_has_not_signed_in(door: Desk, address: Address) -> None:
    answer = asks(door.browser().client, address, "BER-001")
    if address.path.startswith("/api"):
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    else:
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize("address", [one for one in GUARDED if one.about_a_participant], ids=lambda one: f"{one.method} {one.path}")
def test_another_sites_participant_and_nobody_answer_alike(door: Desk, address: Address) -> None:
    client = door.program("j-silva")
    theirs, nobodys = asks(client, address, "BER-001"), asks(client, address, "BER-999")
    assert theirs.status_code == nobodys.status_code
    assert theirs.text.replace("BER-001", "BER-999") == nobodys.text


def test_a_participant_is_registered_at_ones_own_site_only(door: Desk) -> None:
    body = {"site": "SAO"}
    answer = door.program("m-weber").post("/api/participants/SAO-009", json=body)
    assert answer.status_code == 403
    assert door.happened() == [AccessRefused(person="m-weber", action="register", site="SAO", participant="SAO-009")]
    assert door.program("j-silva").post("/api/participants/SAO-009", json=body).status_code == 201


def test_nobody_learns_by_registering_at_their_own_site_which_codes_another_site_uses(door: Desk) -> None:
    client = door.program("m-weber")
    taken, free = (client.post(f"/api/participants/{code}", json={"site": "BER"}) for code in ("SAO-001", "SAO-777"))
    assert taken.status_code == free.status_code == 409
    assert taken.text == free.text
    assert [reason["code"] for reason in free.json()["reasons"]] == ["another-site"]
    assert client.post("/api/participants/BER-777", json={"site": "BER"}).status_code == 201
