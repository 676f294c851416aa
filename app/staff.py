"""Looking after people's accounts: what an administrator does for somebody, on record, whichever way the request comes in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid5

from app.accounts import Accounts
from app.accounts.sessions import Proof
from app.authority import Authority
from domain.doorkeeping import CalendarAddressTakenBack, PasswordSet, SignedOut, Unlocked
from domain.entry import Circumstances
from domain.people import AccessGiven, Administered, PersonAdmitted, PersonLeft
from domain.rejections import Reason, Refused
from domain.words import Source
from store.errors import Fault
from store.people import PeopleDesk

NEVER = datetime.min.replace(tzinfo=UTC)
CHOSEN_WITHIN = timedelta(seconds=5)
"""How soon after a password was chosen a session counts as the one in which it was: one chooses it on the way in."""
HALF_DONE = (
    "What was decided about {person} is on record, but not all of it could be carried out: "
    "what opened the account before may open it still. Send the same again, and the rest is done."
)
NOT_SHOWN = Reason(
    code="wrong-code",
    says="this is not the code on the person's own profile: have them sign in, open their profile, and read it out to you",
)


def codes_of(accounts: Accounts, people: PeopleDesk, person: str) -> frozenset[str]:
    """The codes of somebody's sessions in which they chose their password: nobody else knows it then, whoever chose the one before."""
    chosen = [entry.recorded_at for entry in people.happened() if entry.event == PasswordSet(person=person, chosen=True)]
    since = max(chosen, default=NEVER) + CHOSEN_WITHIN
    return frozenset(one.code for one in accounts.sessions.of(person) if one.by == "identity-provider" or one.began <= since)


def refuse_unless_shown(accounts: Accounts, people: PeopleDesk, person: str, code: str) -> None:
    """Refuse to vouch unless somebody who has signed in under the account reads out what it shows to nobody else."""
    if code.strip().lower() not in codes_of(accounts, people, person):
        raise Refused(NOT_SHOWN)


@dataclass(frozen=True, slots=True)
class Staff:
    """The accounts and the record of the people, kept in step: whoever leaves is shown out, whoever is admitted gets a password."""

    authority: Authority
    accounts: Accounts
    by: Proof
    """How people come in here: by a password, or by an identity provider, which knows theirs."""

    def decide(self, events: Sequence[Administered], by: Circumstances) -> Mapping[str, str]:
        """Record what is decided about people. Raises as Authority.admit does.

        Returns the passwords by which those who are new begin; they are told this once.
        """
        self.authority.admit(events, by)
        given: dict[str, str] = {}
        for event in events:
            with told_truly(event.person):
                given |= self._followed(event, by)
        return given

    def _followed(self, event: Administered, by: Circumstances) -> Mapping[str, str]:
        """What follows in the accounts of what was decided about somebody; what was done of it before is not done again."""
        if isinstance(event, PersonLeft) and not self.authority.people.current().persons[event.person].here:
            shown_out(self.accounts, self.authority.people, event.person, by.source)
        if isinstance(event, PersonAdmitted) and self.by == "password":
            again = by.model_copy(update={"command_id": uuid5(by.command_id, event.person)})
            if self.authority.people.knows(again) or not self.accounts.passwords.kept(event.person):
                return {event.person: password} if (password := self._given(event.person, again)) else {}
        return {}

    def reset(self, person: str, by: Circumstances) -> str | None:
        """Another password for somebody to begin with, or leave to come as another identity; all their sessions end.

        None where no password was given, or this was done before.

        Raises Refused, or CommandReused where something else was asked for under the same id.
        """
        self._known(person, by)
        return self._given(person, by)

    def _given(self, person: str, by: Circumstances) -> str | None:
        """Give access, once that is on record: from here on nothing is signed by the account until somebody else vouches for it.

        What the accounts did not do of it the first time is done when it is asked for again.
        """
        self.authority.people.record((AccessGiven(person=person, by=self.by),), by)
        with told_truly(person):
            if self.accounts.carried_out.knows(by.command_id):
                return None
            given = self.accounts.passwords.give(person) if self.by == "password" else None
            self.accounts.errands.release(person)
            shown_out(self.accounts, self.authority.people, person, by.source)
            self.accounts.carried_out.note(by.command_id)
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


def shown_out(accounts: Accounts, people: PeopleDesk, person: str, source: Source, *, but: str = "") -> None:
    """End all by which somebody is let in without a password: the secret address of their calendar, and their sessions, but for one."""
    if accounts.calendars.take_back(person):
        people.note(CalendarAddressTakenBack(person=person), source)
    if ended := accounts.sessions.end_all(person, but=but):
        people.note(SignedOut(person=person, sessions=ended), source)


@contextmanager
def told_truly(person: str) -> Iterator[None]:
    """What the accounts say of themselves where they fail is that nothing was changed; by now it is on record."""
    try:
        yield
    except Fault as fault:
        raise Fault(HALF_DONE.format(person=person)) from fault
