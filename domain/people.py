"""The people who work with the record: who they are, and which roles were delegated to them at which sites, as facts of the ledger.

What somebody could do on a day follows from what is recorded here, and can therefore be asked of any day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Literal, assert_never, get_args

from pydantic import Field

from domain.base import Value
from domain.contacts import MailAddress
from domain.rejections import Reason
from domain.time import Day
from domain.words import Name, PersonsRole, Sentence, SiteId

PEOPLE = "people:"
"""How the stream of a study's people is called, before the study's name."""


class PersonAdmitted(Value):
    """Somebody has an account from here on, under a name that signatures print. Admitted again: the name, or having left, is put right."""

    kind: Literal["person-admitted.v1"] = "person-admitted.v1"
    person: Name
    name: Sentence
    mail: MailAddress | None = None


class RoleGranted(Value):
    """The sponsor or the principal investigator delegated a role to somebody, at one site or (None) at every site.

    It holds from the date of delegation on and, as ICH E6(R3) asks, once its holder has been trained for it. Both are dates at the site.
    """

    kind: Literal["role-granted.v1"] = "role-granted.v1"
    person: Name
    role: PersonsRole
    site: SiteId | None = None
    delegated: Day
    trained: Day | None = None


class RoleWithdrawn(Value):
    """A role at a site (None: the one at every site) is somebody's no more."""

    kind: Literal["role-withdrawn.v1"] = "role-withdrawn.v1"
    person: Name
    role: PersonsRole
    site: SiteId | None = None


class PersonLeft(Value):
    """Somebody's account is closed; what they recorded and signed stays theirs."""

    kind: Literal["person-left.v1"] = "person-left.v1"
    person: Name


class AccessGiven(Value):
    """An administrator gave somebody a way to come in: a password to begin with, or leave to come as another identity of the provider's.

    Whoever comes by it first keeps the account, so that it signs nothing until its person's identity was verified anew.
    """

    kind: Literal["access-given.v1"] = "access-given.v1"
    person: Name
    by: Literal["password", "identity-provider"] = "password"


class IdentityVerified(Value):
    """Somebody else saw the person stand before them, and that the account is in that person's hands: 21 CFR 11.100(b).

    `operator` names whoever runs the machine, who does so at its command line where nobody with an account may.
    """

    kind: Literal["identity-verified.v1"] = "identity-verified.v1"
    person: Name
    operator: Sentence | None = None


Administered = Annotated[PersonAdmitted | RoleGranted | RoleWithdrawn | PersonLeft, Field(discriminator="kind")]
"""What an administrator decides about people."""
PeopleEvent = Annotated[
    PersonAdmitted | RoleGranted | RoleWithdrawn | PersonLeft | AccessGiven | IdentityVerified, Field(discriminator="kind")
]
PEOPLE_EVENTS = get_args(get_args(PeopleEvent)[0])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `here` until they have left.

    `given_by` is who made the account what it is: who admitted or renamed the person, or gave the last password. Nothing is signed by
    the account before somebody else has `verified` whose it is.
    """

    id: str
    name: str
    mail: str | None = None
    here: bool = True
    given_by: str = ""
    verified: bool = False
    roles: Mapping[tuple[str, str | None], RoleGranted] = field(default_factory=dict)
    """What was granted, by role and site."""

    def grants(self, on: date) -> Iterator[RoleGranted]:
        """The roles that hold on a date; none once they have left."""
        for grant in self.roles.values() if self.here else ():
            if grant.delegated <= on and grant.trained is not None and grant.trained <= on:
                yield grant


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who ever had an account, as the fold of their stream."""

    version: int = 0
    persons: Mapping[str, Person] = field(default_factory=dict)

    @property
    def anybody(self) -> bool:
        """Whether accounts are kept at all: until there is a first one, who asks is only asserted."""
        return bool(self.persons)

    def administrators(self, on: date) -> frozenset[str]:
        """Who may admit others on a date: administrators of the whole study, and not of one site."""
        granted = ((one.id, grant) for one in self.persons.values() for grant in one.grants(on))
        found = (id for id, grant in granted if grant.role == "administrator" and grant.site is None)
        return frozenset(found)


def evolve_people(people: People, event: PeopleEvent, by: str) -> People:
    """Take one more entry of the stream into account, and who recorded it; never refuses."""
    was = people.persons.get(event.person, Person(event.person, ""))
    match event:
        case PersonAdmitted():
            as_before = event.name == was.name  # It is a name that was verified, and that signatures print.
            now = replace(was, name=event.name, mail=event.mail, here=True) if as_before else _made_by(by, event, was)
        case RoleGranted():
            now = replace(was, roles={**was.roles, (event.role, event.site): event})
        case RoleWithdrawn():
            now = replace(was, roles={held: grant for held, grant in was.roles.items() if held != (event.role, event.site)})
        case PersonLeft():
            now = replace(was, here=False)
        case AccessGiven():
            now = replace(was, given_by=by, verified=False)
        case IdentityVerified():
            now = replace(was, verified=True)
        case _:
            assert_never(event)
    return People(people.version + 1, {**people.persons, event.person: now})


def _made_by(by: str, event: PersonAdmitted, was: Person) -> Person:
    return replace(was, name=event.name, mail=event.mail, here=True, given_by=by, verified=False)


def against_people(event: PeopleEvent, people: People, sites: Mapping[str, object], today: date) -> Iterator[Reason]:
    """Why something cannot be recorded about people. `today` is the date by UTC."""
    was = people.persons.get(event.person)
    if not isinstance(event, PersonAdmitted) and was is None:
        yield Reason(code="unknown-person", says=f"nobody has an account called {event.person}")
        return
    if isinstance(event, RoleGranted | RoleWithdrawn) and event.site is not None and event.site not in sites:
        yield Reason(code="unknown-site", says=f"there is no site {event.site}")
    if isinstance(event, RoleWithdrawn) and was is not None and (event.role, event.site) not in was.roles:
        yield Reason(code="no-such-role", says=f"{event.person} does not have the role {event.role} at {event.site or 'every site'}")
    if isinstance(event, RoleGranted) and was is not None and not was.here:
        yield Reason(code="left-already", says=f"{event.person} has left: admit them again before a role is theirs")
    if isinstance(event, PersonLeft) and was is not None and not was.here:
        yield Reason(code="left-already", says=f"{event.person} has left already")
    if people.administrators(today) and not evolve_people(people, event, "").administrators(today):
        yield Reason(code="last-administrator", says="somebody must remain who can admit others: make somebody else administrator first")
