"""Looking after people's accounts: what an administrator does for somebody, on record, whichever way the request comes in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid5

from app.accounts import Accounts
from app.authority import Authority
from domain.doorkeeping import SignedOut, Unlocked
from domain.entry import Circumstances
from domain.people import Administered, PasswordGiven, PersonAdmitted, PersonLeft
from domain.rejections import Reason, Refused


@dataclass(frozen=True, slots=True)
class Staff:
    """The accounts and the record of the people, kept in step: whoever leaves is shown out, whoever is admitted gets a password."""

    authority: Authority
    accounts: Accounts

    def decide(self, events: Sequence[Administered], by: Circumstances) -> Mapping[str, str]:
        """Record what is decided about people. Raises as Authority.admit does.

        Returns the passwords by which those who are new begin; they are told this once.
        """
        before = self.authority.people.knows(by)
        self.authority.admit(events, by)
        given = {}
        for event in () if before else events:
            if isinstance(event, PersonLeft):
                self._shown_out(event.person, by)
            if isinstance(event, PersonAdmitted) and not self.accounts.passwords.kept(event.person):
                given[event.person] = self._given(event.person, by.model_copy(update={"command_id": uuid5(by.command_id, event.person)}))
        return given

    def reset(self, person: str, by: Circumstances) -> str | None:
        """Another password for somebody to begin with; all their sessions end. None where this was done before.

        Raises Refused, or CommandReused where something else was asked for under the same id.
        """
        self._known(person, by)
        before = self.authority.people.knows(by)
        if before:
            self.authority.people.record((PasswordGiven(person=person),), by)
            return None
        return self._given(person, by)

    def _given(self, person: str, by: Circumstances) -> str:
        """Give a password, once that is on record: from here on nothing is signed by the account until somebody else vouches for it."""
        self.authority.people.record((PasswordGiven(person=person),), by)
        given = self.accounts.passwords.give(person)
        self._shown_out(person, by)
        return given

    def unlock(self, person: str, by: Circumstances) -> None:
        """Let somebody try again who failed too often. Raises Refused."""
        self._known(person, by)
        self.authority.people.done_for(Unlocked(person=person), by)
        self.accounts.passwords.unlock(person)

    def end_sessions(self, person: str, by: Circumstances, digest: str = "") -> None:
        """Show somebody out: of one session, or of all. Raises Refused."""
        self._known(person, by)
        ended = self.accounts.sessions.end_one(person, digest) if digest else self.accounts.sessions.end_all(person)
        if ended:
            self.authority.people.done_for(SignedOut(person=person, sessions=ended), by)

    def _known(self, person: str, by: Circumstances) -> None:
        self.authority.permit(by.actor.id, "admit-people", None, by.source, role=by.actor.role)
        if person not in self.authority.people.current().persons:
            raise Refused(Reason(code="unknown-person", says="nobody has an account of this name"))

    def _shown_out(self, person: str, by: Circumstances) -> None:
        """End all by which somebody is let in without a password: their sessions, and the secret address of their calendar."""
        self.accounts.calendars.take_back(person)
        if ended := self.accounts.sessions.end_all(person):
            self.authority.people.note(SignedOut(person=person, sessions=ended), by.source)
