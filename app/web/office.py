"""What the browser's desk and the interface for programs stand on, and who is asking something of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from jinja2 import Environment

from app.accounts import Accounts
from app.accounts.sessions import Session
from app.proof import Doorkeeper
from app.wiring import Daybook
from domain.access import asked_by
from domain.commands import PersonsCommand, Register
from domain.entry import Actor, Circumstances, Signature
from domain.people import Person
from domain.rejections import Reason, Refused
from domain.signatures import to_sign
from domain.words import Action, Source
from store.participants import Outcome

NOT_YOURS = Reason(code="wrong-password", says="this is not your password; nothing was done")


@dataclass(frozen=True, slots=True)
class Office:
    """The open record, the accounts and the templates; made once for each process. `health` says what is not as it should be."""

    daybook: Daybook
    accounts: Accounts
    templates: Environment
    health: Callable[[], str] = field(default=lambda: "")

    @property
    def now(self) -> datetime:
        """The ledger's clock."""
        return self.daybook.ledger.clock()

    @property
    def doorkeeper(self) -> Doorkeeper:
        """Who has people prove who they are."""
        return Doorkeeper(self.accounts, self.daybook.people)

    @property
    def secure(self) -> bool:
        """Whether people come by a way that is made safe, so that browsers keep what they are given to that way."""
        return self.daybook.settings.public_address.startswith("https:")


@dataclass(frozen=True, slots=True)
class Signing:
    """That somebody signs: what the signature means, and the password that proves who they are once more."""

    meaning: str
    password: str


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
    participant: str | None = None
    site: str | None = None

    @property
    def now(self) -> datetime:
        return self.office.now

    def sites(self, action: Action = "see-participants") -> frozenset[str]:
        """Where this person may do something today; every question is asked for these sites only."""
        return self.office.daybook.authority.sites(self.person.id, action)

    def may(self, action: Action) -> bool:
        """Whether this person may do something for the participant at hand, or else at any site or in the study."""
        authority = self.office.daybook.authority
        return self.site in authority.sites(self.person.id, action) if self.site else action in authority.actions(self.person.id)

    def handle(
        self, participant: str, command: PersonsCommand, stated: Stated, *, signing: Signing | None = None, seen: int | None = None
    ) -> Outcome:
        """Record what this person asks for, in the role that allows it. Raises Refused, Overtaken, CommandReused or a Fault."""
        by = self.by(participant, command, stated)
        if signing is not None:
            by = by.model_copy(update={"signature": self.signature(signing, to_sign(participant, command))})
        return self.office.daybook.participants.handle(participant, command, by, seen=seen)

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
        signature = Signature(meaning=meaning, signed=to_sign(participant, command), authenticated=True) if meaning else None
        return by.model_copy(update={"signature": signature})

    def circumstances(self, actor: Actor, stated: Stated) -> Circumstances:
        """How a request of this person's comes to be made."""
        return Circumstances.model_validate(
            {"actor": actor, "source": self.source, "assurance": self.session.by, **_said(stated)}, strict=False
        )

    def signature(self, signing: Signing, digest: str) -> Signature:
        """The signature under what has a digest. Raises Refused where the password is not theirs: a session alone signs nothing."""
        self.prove(signing.password)
        return Signature.model_validate(
            {"meaning": signing.meaning, "signed": digest, "authenticated": True, "name": self.person.name}, strict=False
        )

    def prove(self, password: str) -> None:
        """Have this person show once more who they are. Raises Refused; that they did not is recorded, and counts towards locking."""
        self.office.doorkeeper.prove(self.person.id, password, self.source, wrong=NOT_YOURS)
        if not self.office.accounts.passwords.chosen(self.person.id):
            raise Refused(Reason(code="not-chosen", says="this password was given to you: sign out, and choose one that nobody else knows"))

    def about(self, participant: str, site: str) -> "Asking":
        """The same person, asking about a participant at a site."""
        return replace(self, participant=participant, site=site)


def _said(stated: Stated) -> dict[str, Any]:
    return {name: getattr(stated, name) for name in ("command_id", "reason", "document", "performed_by", "witnessed_by")}
