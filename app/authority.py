"""Whether somebody may do what they ask for: the one gate before the record, whichever way a request comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.access import allowed_somewhere, asked_by, asked_of_the_study, authorised
from domain.commands import PersonsCommand, Register
from domain.doorkeeping import AccessRefused
from domain.entry import Circumstances
from domain.rejections import Reason, Refused
from domain.study import StudyEvent
from domain.time import local_date
from domain.words import Action, PersonsRole, Source
from store.participants import Outcome, Participants
from store.people import PeopleDesk


@dataclass(frozen=True, slots=True)
class Authority:
    """Grants what the recorded delegations allow, and records whatever it refuses.

    Where no accounts are kept yet, whoever asks is only asserted to be who they say, and may do everything.
    """

    participants: Participants
    people: PeopleDesk

    def handle(self, participant_id: str, command: PersonsCommand, by: Circumstances, *, seen: int | None = None) -> Outcome:
        """Record what a person's request brings about, in the role in which they ask. Raises as Participants.handle does."""
        if self.people.current().anybody:
            site = command.site if isinstance(command, Register) else self.seen(by.actor.id, participant_id, by.source)
            self.permit(by.actor.id, asked_by(command), site, by.source, participant=participant_id, role=by.actor.role)
        return self.participants.handle(participant_id, command, by, seen=seen)

    def decide(self, events: Sequence[StudyEvent], by: Circumstances) -> None:
        """Record what a person decides about the study. Raises as StudyDesk.record does."""
        if self.people.current().anybody:
            for event in events:
                self.permit(by.actor.id, asked_of_the_study(event), None, by.source, role=by.actor.role)
        self.participants.desk.record(events, by)

    def permit(  # noqa: PLR0913 - A refusal is recorded with all of it.
        self, person: str, action: Action, site: str | None, source: Source, *, participant: str | None = None, role: str | None = None
    ) -> PersonsRole:
        """The role by which somebody may do something. Raises Refused where they may not, once that is recorded."""
        try:
            return authorised(self.people.current(), person, action, site, self.today(site), role).role
        except Refused:
            self.people.note(AccessRefused(person=person, action=action, site=site, participant=participant), source)
            raise

    def seen(self, person: str, participant_id: str, source: Source) -> str:
        """The site of a participant whom somebody may see. To everybody else there is no such participant; that they asked is recorded."""
        site = self.participants.read(participant_id).participant.site
        try:
            if site:
                self.permit(person, "see-participants", site, source, participant=participant_id)
                return site
        except Refused:
            pass  # it is recorded, and told as if there were nobody
        raise Refused(Reason(code="unknown-participant", says=f"there is no participant {participant_id}"))

    def sites(self, person: str, action: Action) -> frozenset[str]:
        """The sites at which somebody may do something today."""
        return frozenset(site for site in self.participants.study().record.sites if self._may(person, action, site))

    def actions(self, person: str) -> frozenset[Action]:
        """Everything that somebody may do today, at whichever site."""
        found = self.people.current().persons.get(person)
        return allowed_somewhere(found, self.today(None)) if found else frozenset()

    def today(self, site: str | None) -> date:
        """The date at a site, or by UTC."""
        sites = self.participants.study().record.sites
        return local_date(self.participants.ledger.clock(), sites[site].zone if site in sites else "UTC")

    def _may(self, person: str, action: Action, site: str) -> bool:
        try:
            authorised(self.people.current(), person, action, site, self.today(site))
        except Refused:
            return False
        return True
