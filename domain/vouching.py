"""Vouching: somebody else says, on record, that an account is in the hands of the person whose name it bears.

Whoever admits somebody, or gives them a password, could come in as that person once. So nothing is signed by an account until another
person, whose own account was vouched for, has seen its person; 21 CFR 11.100(b) asks for that before a signature is established.
"""

from collections.abc import Iterator
from datetime import date

from domain.access import MAY
from domain.people import IdentityVerified, People, Person
from domain.rejections import Reason
from domain.words import few


def vouchers(people: People, person: Person, on: date) -> tuple[str, ...]:
    """Who may vouch for somebody on a date: neither they themselves nor who made their account what it is."""
    return tuple(
        sorted(
            one.id
            for one in people.persons.values()
            if one.verified and one.id not in {person.id, person.given_by} and _reaches(one, person, on)
        )
    )


def not_vouched_for(people: People, id_: str, on: date) -> Iterator[Reason]:
    """Why nothing is signed by an account on a date, and who can help."""
    person = people.persons[id_]
    if not person.verified:
        who = vouchers(people, person, on)
        help_ = f"go and see {few(who)}" if who else f"ask whoever runs this machine: daybook people vouch {id_} CODE"
        yield Reason(
            code="not-vouched-for",
            says=f"nothing is signed by the account {id_} until somebody vouches that it is in its person's hands: {help_}",
        )


def against_vouching(event: IdentityVerified, by: str, before: People, person: Person, on: date) -> Iterator[Reason]:
    """Why somebody cannot vouch. `before` is everybody as they stood before the request, `person` whom it is about as they stand."""
    if not person.here:
        yield Reason(code="left-already", says=f"{person.id} has left")
    if event.operator is not None:
        if who := vouchers(before, person, on):
            yield Reason(code="not-the-operators", says=f"whoever runs the machine vouches only where nobody else may; {few(who)} may")
    elif by == person.id:
        yield Reason(code="not-ones-own", says="nobody vouches for themselves")
    elif by == person.given_by:
        yield Reason(code="given-by-oneself", says=f"whoever admitted {person.id}, or gave them their password, does not vouch for them")
    elif (voucher := before.persons.get(by)) is None or not voucher.verified:
        yield Reason(code="not-vouched-for", says="nobody has vouched yet for whoever wants to vouch here")
    elif not _reaches(voucher, person, on):
        yield Reason(code="not-allowed", says=f"{by} has no role that may vouch where {person.id} works")


def _reaches(voucher: Person, person: Person, on: date) -> bool:
    """Whether somebody has a role that vouches where a person works."""
    sites = {grant.site for grant in person.roles.values()}
    return any("vouch" in MAY[grant.role] and (grant.site is None or grant.site in sites) for grant in voucher.grants(on))
