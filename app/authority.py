"""Whether somebody may do what they ask for: the one gate before the record, whichever way a request comes in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.access import allowed, asked_by, asked_of_the_study, authorised
from domain.commands import PersonsCommand, Register
from domain.contacts import ContactNamed
from domain.doorkeeping import AccessRefused
from domain.entry import Circumstances
from domain.keeping import IdentifiersErased
from domain.people import Administered, IdentityVerified
from domain.rejections import Reason, Refused
from domain.study import StudyEvent
from domain.time import local_date
from domain.words import PARTICIPANT_CODE, SITE_CODE, Action, PersonsRole, Source
from store.erasing import Erasures
from store.errors import DamagedEntry, NotCarriedOut, StoreError
from store.participants import Outcome, Participants
from store.people import PeopleDesk

LONGEST_SAID = 40
"""How much of what is no participant's code is said back."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do, by the site at which they may, and by None in the study as a whole."""

    granted: Mapping[str | None, frozenset[Action]]

    def sites(self, action: Action) -> frozenset[str]:
        """The sites at which they may do something."""
        return frozenset(site for site, actions in self.granted.items() if site and action in actions)

    @property
    def everywhere(self) -> frozenset[Action]:
        """What they may do for what is of the whole study, by a role for every site."""
        return self.granted.get(None, frozenset())

    @property
    def actions(self) -> frozenset[Action]:
        """Everything that they may do, at whichever site."""
        return frozenset(action for actions in self.granted.values() for action in actions)


@dataclass(frozen=True, slots=True)
class Authority:
    """Grants what the recorded delegations allow, and records whatever it refuses.

    Where no accounts are kept yet, whoever asks is only asserted to be who they say, and may do everything.
    """

    participants: Participants
    people: PeopleDesk
    erasures: Erasures

    def handle(self, participant_id: str, command: PersonsCommand, by: Circumstances, *, seen: int | None = None) -> Outcome:
        """Record what a person's request brings about, in the role in which they ask. Raises as Participants.handle does."""
        if self.people.current().anybody:
            site = command.site if isinstance(command, Register) else self.seen(by.actor.id, participant_id, by.source)
            self.permit(by.actor.id, asked_by(command), site, by.source, participant=participant_id, role=by.actor.role)
        return self.participants.handle(participant_id, command, by, seen=seen)

    def decide(self, events: Sequence[StudyEvent], by: Circumstances) -> None:
        """Record what a person decides about the study, and carry it out.

        Raises as StudyDesk.record does, and NotCarriedOut once it is on record: then it is gone on with, whoever decided it.
        """
        self._permit_deciding(events, by)
        self.participants.desk.record(events, by)
        if any(isinstance(event, IdentifiersErased) for event in events):
            self._carry_out()

    def weigh(self, events: Sequence[StudyEvent], supposed: Circumstances) -> None:
        """Refuse what would be refused to be decided even under the signature that is supposed. Raises as StudyDesk.weigh does."""
        self._permit_deciding(events, supposed)
        self.participants.desk.weigh(events, supposed)

    def permit_copying(
        self, person: str, participant_id: str | None, source: Source, role: str | None = None, *, around: bool = False
    ) -> tuple[PersonsRole, ...]:
        """The roles, never none, by which somebody may take a copy of one record, or (None) of everybody's. Raises Refused.

        Whoever takes one must be allowed to see the history of everybody in it; and what is of the whole study, who came in
        included, where what stands `around` the records is in it as well. Where no site is open yet, it is asked for the whole study.
        """
        everywhere = self.participants.desk.current().record.sites
        sites = [*everywhere] if participant_id is None else [self.seen(person, participant_id, source)]
        places = [*sites, None] if around or not sites else sites
        needs: list[tuple[Action, str | None]] = [("see-history", place) for place in places]
        if around:
            needs.append(("see-accesses", None))
        return tuple(self.permit(person, action, place, source, participant=participant_id, role=role) for action, place in needs)

    def prefer(self, contact: ContactNamed, by: Circumstances) -> None:
        """Record how somebody wants to be told, which is theirs to say. Raises as StudyDesk.record does."""
        self.participants.desk.record((contact,), by)

    def admit(self, events: Sequence[Administered], by: Circumstances) -> None:
        """Record what an administrator decides about people. Raises as PeopleDesk.record does."""
        if self.people.current().anybody:
            self.permit(by.actor.id, "admit-people", None, by.source, role=by.actor.role)
        elif by.actor.role != "administrator":
            raise Refused(Reason(code="administrator-only", says="only an administrator admits people"))
        self.people.record(events, by)

    def vouch(self, person: str, by: Circumstances) -> None:
        """Record that somebody vouches for the account of another. Raises Refused, once that is recorded."""
        try:
            self.people.record((IdentityVerified(person=person),), by)
        except Refused:
            self._refused(by.actor.id, "vouch", None, by.source, None)
            raise

    def permit(  # noqa: PLR0913 - A refusal is recorded with all of it.
        self, person: str, action: Action, site: str | None, source: Source, *, participant: str | None = None, role: str | None = None
    ) -> PersonsRole:
        """The role by which somebody may do something. Raises Refused where they may not, once that is recorded."""
        try:
            return authorised(self.people.current(), person, action, site, self.today(site), role).role
        except Refused:
            self._refused(person, action, site, source, participant)
            raise

    def seen(self, person: str, participant_id: str, source: Source, *, unread: bool = False) -> str:
        """The site of a participant whom somebody may see. To everybody else there is no such participant; that they asked is recorded.

        So it is where nobody has that code, so that not even the time which an answer takes tells the one from the other. Whoever may
        see them is told by a DamagedEntry that the record cannot be read, unless they ask for it `unread`.
        """
        if re.fullmatch(PARTICIPANT_CODE, participant_id):
            site, damage = self._site_of(participant_id)
            try:
                self.permit(person, "see-participants", site, source, participant=participant_id)
            except Refused:
                pass  # it is recorded, and told as if there were nobody
            else:
                if damage is not None and not unread:
                    raise damage
                if site:
                    return site
                self._refused(person, "see-participants", None, source, participant_id)
        raise Refused(Reason(code="unknown-participant", says=f"there is no participant {participant_id[:LONGEST_SAID]}"))

    def rights(self, person: str) -> Rights:
        """Everything that somebody may do today, at each site and in the study as a whole; found out once for all that a page asks."""
        found, dates = self.people.current().persons.get(person), self._dates()
        return Rights({site: allowed(found, site, on) for site, on in dates.items()} if found else {})

    def today(self, site: str | None) -> date:
        """The date at a site, or by UTC."""
        sites = self.participants.desk.so_far().sites
        return local_date(self.participants.ledger.clock(), sites[site].zone if site in sites else "UTC")

    def _dates(self) -> Mapping[str | None, date]:
        """Today's date at each site, and by UTC in the study as a whole."""
        now, sites = self.participants.ledger.clock(), self.participants.desk.so_far().sites
        return {None: local_date(now, "UTC")} | {site: local_date(now, opened.zone) for site, opened in sites.items()}

    def _carry_out(self) -> None:
        try:
            self.erasures.carry_out()
        except StoreError as trouble:
            raise NotCarriedOut(trouble) from trouble

    def _permit_deciding(self, events: Sequence[StudyEvent], by: Circumstances) -> None:
        if self.people.current().anybody:
            for event in events:
                self.permit(by.actor.id, asked_of_the_study(event), None, by.source, role=by.actor.role)

    def _site_of(self, participant_id: str) -> tuple[str, DamagedEntry | None]:
        """The site of a participant; of a record that cannot be read the one that the code names, with what is damaged."""
        try:
            return self.participants.read(participant_id).participant.site, None
        except DamagedEntry as damage:
            named = participant_id.partition("-")[0]
            return (named if named in self.participants.desk.so_far().sites else ""), damage

    def _refused(self, person: str, action: Action, site: str | None, source: Source, participant: str | None) -> None:
        code = participant if re.fullmatch(PARTICIPANT_CODE, participant or "") else None
        place = site if re.fullmatch(SITE_CODE, site or "") else None
        self.people.note(AccessRefused(person=person, action=action, site=place, participant=code), source)
