"""The interface for programs, for whoever runs the study: what is decided about it, and about the people who work in it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header
from pydantic import Field

from app.web.api import SignedWith
from app.web.as_json import AsJson
from app.web.needs import Admitting, Needs
from app.web.office import Asking, Signing, Stated
from app.web.problems import DESCRIBED
from app.web.staff import administering, staff_of
from domain.base import Value
from domain.entry import Actor
from domain.people import Administered, RoleGranted
from domain.study import DrugClassified, StudyEvent
from domain.words import Name, PersonsRole, Sentence

of_the_study = APIRouter(prefix="/api", tags=["study"], responses=DESCRIBED)
Running = Annotated[Asking, Depends(Needs("run-study"))]
Classifying = Annotated[Asking, Depends(Needs("classify"))]
Key = Annotated[UUID | None, Header(description="The id of the command: repeated under it, it is recorded once.")]


class Account(Value):
    """Somebody who has or had an account."""

    person: Name
    name: Sentence
    here: bool
    verified: bool
    """Whether somebody has vouched for the account, without which it signs nothing."""
    roles: tuple[RoleGranted, ...]


class Accounts(Value):
    """Everybody who has or had an account."""

    people: tuple[Account, ...]


class Decided(Value):
    """What is decided about people, all of it or none."""

    events: Annotated[tuple[Administered, ...], Field(min_length=1, max_length=100)]
    reason: Sentence | None = None


class Admitted(Value):
    """What was recorded; and, this once, the password of everybody who is new."""

    events: tuple[Administered, ...]
    passwords: Mapping[Name, str]


class DecidedOfTheStudy(Value):
    """What is decided about the study, all of it or none; to erase and to cut takes a signature."""

    events: Annotated[tuple[StudyEvent, ...], Field(min_length=1, max_length=100)]
    reason: Sentence | None = None
    document: Sentence | None = None
    signature: SignedWith | None = None


class Classified(Value):
    """Of which classes a drug is, and why."""

    drug: DrugClassified
    reason: Sentence


class Recorded(Value):
    """How many entries the study's record has now."""

    version: int


@of_the_study.get("/people")
def everybody(asking: Admitting) -> Accounts:
    """Everybody who has or had an account, with their roles."""
    found = sorted(asking.office.daybook.people.current().persons.items())
    return Accounts(
        people=tuple(
            Account(person=id_, name=one.name, here=one.here, verified=one.verified, roles=tuple(one.roles.values())) for id_, one in found
        )
    )


@of_the_study.post("/people/commands", status_code=HTTPStatus.CREATED)
def decide_about_people(body: Annotated[Decided, AsJson()], asking: Admitting, idempotency_key: Key = None) -> Admitted:
    """Admit somebody, delegate or withdraw a role, close an account."""
    by = administering(asking, idempotency_key or uuid4()).model_copy(update={"reason": body.reason})
    return Admitted(events=body.events, passwords=staff_of(asking).decide(body.events, by))


@of_the_study.post("/study/commands", status_code=HTTPStatus.CREATED)
def decide_about_the_study(body: Annotated[DecidedOfTheStudy, AsJson()], asking: Running, idempotency_key: Key = None) -> Recorded:
    """Decide what `daybook study` decides: sites, versions, rulings, contacts, how long the record is kept, erasures and data cuts."""
    stated = Stated(idempotency_key or uuid4(), body.reason, body.document)
    signing = Signing(body.signature.meaning, body.signature.password, body.signature.person) if body.signature else None
    return _decided(asking, "administrator", body.events, stated, signing)


@of_the_study.post("/study/drugs", status_code=HTTPStatus.CREATED)
def classify(body: Annotated[Classified, AsJson()], asking: Classifying, idempotency_key: Key = None) -> Recorded:
    """As the medical monitor, say of which classes a drug is that the reference does not list."""
    return _decided(asking, "medical-monitor", (body.drug,), Stated(idempotency_key or uuid4(), body.reason))


def _decided(asking: Asking, role: PersonsRole, events: tuple[StudyEvent, ...], stated: Stated, signing: Signing | None = None) -> Recorded:
    asking.decide(events, asking.circumstances(Actor(id=asking.person.id, role=role), stated), signing)
    return Recorded(version=asking.office.daybook.desk.current().record.version)
