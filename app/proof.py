"""Proving who one is by the password: to come in, to sign, or to choose another one; whoever cannot is turned away, on record."""

from dataclasses import dataclass

from app.accounts import Accounts
from app.accounts.passwords import Locked
from domain.doorkeeping import TurnedAway
from domain.rejections import Reason, Refused
from domain.words import Source
from store.people import PeopleDesk

LOCKED = Reason(
    code="locked", says="too many wrong passwords: nobody is let in under this name, and nothing signed, for a quarter of an hour"
)

NO_PASSWORDS = Reason(code="not-by-password", says="no password counts here: people sign in at the identity provider, in a browser")


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Has people prove who they are, and notes who could not."""

    accounts: Accounts
    people: PeopleDesk
    passwords: bool
    """Whether passwords count: not where an identity provider says who somebody is."""

    def prove(self, person: str, password: str, source: Source, *, wrong: Reason) -> None:
        """Let somebody prove who they are. Raises Refused; a failure counts towards locking whether or not there is such a person."""
        if not self.passwords:
            raise Refused(NO_PASSWORDS)
        found = self.people.current().persons.get(person)
        try:
            right = self.accounts.passwords.proves(person, password)
        except Locked:
            raise Refused(LOCKED) from None
        if right and found is not None and found.here:
            return
        if found is not None:
            self.people.note(TurnedAway(person=person, locked=self.accounts.passwords.locked(person)), source)
        raise Refused(wrong)
