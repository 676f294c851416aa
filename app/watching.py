"""Noting who looks at which participant, and binding that account into the ledger day by day."""

from app.accounts.accesses import Access, Accesses, Look, first_that_is_wrong
from domain.doorkeeping import AccessesSealed
from store.people import PeopleDesk

LONGEST = 200
"""How much of an address is kept."""


def noted(accesses: Accesses, people: PeopleDesk, look: Look) -> None:
    """Note that somebody looks, before they are answered. Raises Fault: what cannot be noted is not shown."""
    ended: Access | None = accesses.note(look)
    if ended is not None:
        people.note(AccessesSealed(person=look.person, number=ended.number, hash=ended.hash), look.source)


def first_altered(accesses: Accesses, people: PeopleDesk) -> int | None:
    """The number of the first row that is not what was noted; None where the account is whole."""
    sealed = {entry.event.number: entry.event.hash for entry in people.happened() if isinstance(entry.event, AccessesSealed)}
    return first_that_is_wrong(accesses.all(), sealed)
