"""The invented people of a demonstration, and the one password by which all of them sign in."""

from datetime import date
from uuid import uuid4

from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.accounts import accounts_at
from app.wiring import Daybook
from domain.entry import Actor, Circumstances
from domain.people import IdentityVerified, PeopleEvent, PersonAdmitted, RoleGranted
from domain.words import PersonsRole

PASSWORD = "synthetic people only"  # noqa: S105 - It opens demonstrations, in which nobody is real.
SINCE = date(2020, 1, 1)
PEOPLE: tuple[tuple[str, str, PersonsRole, str | None], ...] = (
    ("m-weber", "M. Weber (invented)", "coordinator", "BER"),
    ("j-silva", "J. Silva (invented)", "coordinator", "SAO"),
    ("a-kim", "A. Kim (invented)", "coordinator", None),
    ("k-adler", "K. Adler (invented)", "investigator", None),
    ("p-lind", "P. Lind (invented)", "pharmacist", "BER"),
    ("d-okoro", "D. Okoro (invented)", "medical-monitor", None),
    ("s-novak", "S. Novak (invented)", "monitor", None),
    ("r-haas", "R. Haas (invented)", "auditor", None),
    ("t-berg", "T. Berg (invented)", "administrator", None),
)
"""Each with the role and the site (None: every site)."""


def admit(daybook: Daybook, cost: Parameters = RFC_9106_LOW_MEMORY) -> None:
    """Admit the invented people to a demonstration, and let each sign in; `cost` is what it takes to try a password."""
    with accounts_at(daybook.settings.accounts, daybook.ledger.clock, cost) as accounts:
        for person, *_ in PEOPLE:
            accounts.passwords.set(person, PASSWORD, chosen=True)
    by = Circumstances(
        actor=Actor(id="demo-administrator", role="administrator"),
        source="import",
        command_id=uuid4(),
        reason="invented people for demonstration",
    )
    daybook.people.record([event for one in PEOPLE for event in _admitted(*one)], by)


def _admitted(person: str, name: str, role: PersonsRole, site: str | None) -> tuple[PeopleEvent, ...]:
    return (
        PersonAdmitted(person=person, name=name, mail=f"{person.replace('-', '.')}@study.example"),
        RoleGranted(person=person, role=role, site=site, delegated=SINCE, trained=SINCE),
        IdentityVerified(person=person, operator="nobody: this person is invented"),
    )
