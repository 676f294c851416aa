"""What the browser's desk and the interface for programs stand on, and who is asking something of them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from jinja2 import Environment

from app.accounts import Accounts
from app.accounts.provider import Provider, Ways
from app.accounts.sessions import Session, digest_of
from app.authority import Rights
from app.proof import Doorkeeper
from app.wiring import Daybook
from domain.access import asked_by
from domain.commands import PersonsCommand, Register
from domain.decided import to_decide
from domain.entry import Actor, Circumstances, Signature
from domain.people import Person
from domain.rejections import Reason, Refused, refuse_if
from domain.signatures import to_sign
from domain.study import StudyEvent
from domain.vouching import not_vouched_for
from domain.words import Action, Source
from store.errors import Fault, NotCarriedOut
from store.participants import Outcome

NOT_YOURS = Reason(code="wrong-password", says="this is not your password; nothing was done")
NOT_BOTH_YOURS = Reason(code="wrong-password", says="this is not your short name with your password; nothing was done")
NO_NAME = Reason(code="name-missing", says="the first signature of a session takes your short name as well as your password")


@dataclass(frozen=True, slots=True)
class Office:
    """The open record, the accounts and the templates; made once for each process. `health` says what is not as it should be.

    Where there is a `provider`, people prove who they are there, and no password counts.
    """

    daybook: Daybook
    accounts: Accounts
    templates: Environment
    health: Callable[[], str] = field(default=lambda: "")
    provider: Provider | None = None

    @property
    def now(self) -> datetime:
        """The ledger's clock."""
        return self.daybook.ledger.clock()

    @property
    def doorkeeper(self) -> Doorkeeper:
        """Who has people prove who they are."""
        return Doorkeeper(self.accounts, self.daybook.people, passwords=self.provider is None)

    @property
    def secure(self) -> bool:
        """Whether people come by a way that is made safe, so that browsers keep what they are given to that way."""
        return self.daybook.settings.public_address.startswith("https:")


@dataclass(frozen=True, slots=True)
class Signing:
    """That somebody signs: what the signature means, and what proves anew who they are: a password, or what the provider's word left."""

    meaning: str
    proof: str
    signer: str = ""
    """Their short name, which the first signature of a session takes beside the password."""


@dataclass
class ProveAnew(Exception):
    """A signature waits for its signer, who has to prove anew at the identity provider who they are."""

    asking: "Asking"
    meaning: str
    signs: str
    ways: Ways


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said of how a request comes to be made."""

    command_id: UUID
    reason: str | None = None
    document: str | None = None
    performed_by: str | None = None
    witnessed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who has signed in and asks for something: who, in which session, and about which participant at which site."""

    office: Office
    session: Session
    person: Person
    source: Source
    rights: Rights
    """What they may do as this is asked; what is recorded is granted by the authority, and no sooner."""
    participant: str | None = None
    site: str | None = None

    @property
    def now(self) -> datetime:
        return self.office.now

    def sites(self, action: Action = "see-participants") -> frozenset[str]:
        """Where this person may do something today; every question is asked for these sites only."""
        return self.rights.sites(action)

    def may(self, action: Action) -> bool:
        """Whether this person may do something for the participant at hand, or else at any site or in the study."""
        return self.site in self.rights.sites(action) if self.site else action in self.rights.actions

    def handle(
        self, participant: str, command: PersonsCommand, stated: Stated, *, signing: Signing | None = None, seen: int | None = None
    ) -> Outcome:
        """Record what this person asks for, in the role that allows it. Raises Refused, Overtaken, CommandReused or a Fault.

        Nobody proves who they are for what would be refused: that they were refused is told, and no password is counted as wrong.
        """
        by = self.by(participant, command, stated)
        if signing is not None:
            self.weigh(participant, command, stated, signing.meaning, seen=seen)
            by = by.model_copy(update={"signature": self.signature(signing, to_sign(participant, command, by))})
        outcome = self.office.daybook.participants.handle(participant, command, by, seen=seen)
        if signing is not None:
            self.has_signed()
        return outcome

    def by(self, participant: str, command: PersonsCommand, stated: Stated) -> Circumstances:
        """The circumstances of a request, in the role that allows it. Raises Refused where none does."""
        authority = self.office.daybook.authority
        site = command.site if isinstance(command, Register) else self._site_of(participant)
        role = authority.permit(self.person.id, asked_by(command), site, self.source, participant=participant)
        return self.circumstances(Actor(id=self.person.id, role=role, site=site), stated)

    def _site_of(self, participant: str) -> str:
        """The site of a participant, which is known of the one at hand."""
        if self.site is not None and participant == self.participant:
            return self.site
        return self.office.daybook.authority.seen(self.person.id, participant, self.source)

    def as_if_signed(self, participant: str, command: PersonsCommand, stated: Stated, meaning: str) -> Circumstances:
        """The same as they would be under a signature, for finding out what would come of it; nothing is ever recorded by them."""
        by = self.by(participant, command, stated)
        signature = Signature(meaning=meaning, signed=to_sign(participant, command, by), authenticated=True) if meaning else None
        return by.model_copy(update={"signature": signature})

    def weigh(self, participant: str, command: PersonsCommand, stated: Stated, meaning: str, *, seen: int | None) -> None:
        """Refuse what would be refused under a signature too, and have it recorded where that is a fact of its own. Raises as `handle`."""
        supposed = self.as_if_signed(participant, command, stated, meaning)
        self.office.daybook.participants.weigh(participant, command, supposed, seen=seen)

    def decide(self, events: Sequence[StudyEvent], by: Circumstances, signing: Signing | None = None) -> None:
        """Record what this person decides about the study. Raises Refused, CommandReused or a Fault; once it is on record NotCarriedOut.

        Nobody proves who they are for what would be refused.
        """
        if signing is not None:
            self.weigh_deciding(events, by, signing.meaning)
            by = by.model_copy(update={"signature": self.signature(signing, self.to_decide(events, by))})
        try:
            self.office.daybook.authority.decide(events, by)
        except NotCarriedOut:  # It is on record, and so is the signature.
            self._signed_by(signing)
            raise
        self._signed_by(signing)

    def weigh_deciding(self, events: Sequence[StudyEvent], by: Circumstances, meaning: str) -> None:
        """Refuse what would be refused to be decided under a signature too. Raises as `decide`, and records nothing."""
        signature = Signature(meaning=meaning, signed=self.to_decide(events, by), authenticated=True)
        self.office.daybook.authority.weigh(events, by.model_copy(update={"signature": signature}))

    def to_decide(self, events: Sequence[StudyEvent], by: Circumstances) -> str:
        """The digest of what is decided about the study, as a signature binds it."""
        return to_decide(self.office.daybook.desk.name, events, by)

    def circumstances(self, actor: Actor, stated: Stated) -> Circumstances:
        """How a request of this person's comes to be made."""
        return Circumstances.model_validate(
            {"actor": actor, "source": self.source, "assurance": self.session.by, **_said(stated)}, strict=False
        )

    def signature(self, signing: Signing, digest: str) -> Signature:
        """The signature under what has a digest. Raises Refused where the password is not theirs: a session alone signs nothing.

        With an identity provider it raises ProveAnew until its signer comes back from there, and a Fault while nobody answers there.
        Nor does an account sign of which nobody has verified in whose hands it is, whatever is shown.
        """
        refuse_if(self.not_vouched_for)
        if self.office.provider is None:
            self._prove_here(signing)
        else:
            self._prove_there(self.office.provider, signing, digest)
        return Signature.model_validate(
            {"meaning": signing.meaning, "signed": digest, "authenticated": True, "name": self.person.name}, strict=False
        )

    @property
    def not_vouched_for(self) -> tuple[Reason, ...]:
        """Why this person signs nothing yet, and who can help."""
        daybook = self.office.daybook
        return tuple(not_vouched_for(daybook.people.current(), self.person.id, daybook.authority.today(None)))

    @property
    def signs_first(self) -> bool:
        """Whether the next signature takes the short name as well: the first of a session does; a provider asks for both each time."""
        return self.office.provider is None and not self.session.signed

    def _signed_by(self, signing: Signing | None) -> None:
        if signing is not None:
            self.has_signed()

    def has_signed(self) -> None:
        """Note that something was signed in this session. Where that cannot be noted, the next signature takes the short name again."""
        if self.signs_first:
            with suppress(Fault):
                self.office.accounts.sessions.note_signed(self.session)

    def prove(self, password: str, *, wrong: Reason = NOT_YOURS) -> None:
        """Have this person show once more who they are. Raises Refused; that they did not is recorded, and counts towards locking."""
        self.office.doorkeeper.prove(self.person.id, password, self.source, wrong=wrong)
        if not self.office.accounts.passwords.chosen(self.person.id):
            raise Refused(Reason(code="not-chosen", says="this password was given to you: sign out, and choose one that nobody else knows"))

    def _prove_here(self, signing: Signing) -> None:
        """A short name that is not theirs counts as a wrong password does, whatever the password: nobody learns which of them was wrong."""
        if self.signs_first and not signing.signer:
            raise Refused(NO_NAME)
        proof = signing.proof if signing.signer in {"", self.person.id} else ""
        self.prove(proof, wrong=NOT_BOTH_YOURS if self.signs_first else NOT_YOURS)

    def _prove_there(self, provider: Provider, signing: Signing, digest: str) -> None:
        """The proof counts for this session, this meaning and this digest, and for nothing else."""
        signs = digest_of(f"{self.session.digest}\n{signing.meaning}\n{digest}")
        if not self.office.accounts.errands.proves(signing.proof, signs):
            raise ProveAnew(self, signing.meaning, signs, provider.ways())

    def about(self, participant: str, site: str) -> "Asking":
        """The same person, asking about a participant at a site."""
        return replace(self, participant=participant, site=site)


def _said(stated: Stated) -> dict[str, Any]:
    return {name: getattr(stated, name) for name in ("command_id", "reason", "document", "performed_by", "witnessed_by")}
