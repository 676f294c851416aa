"""An entry: a fact at its place in a stream, with the circumstances of its recording."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from domain.base import Value
from domain.doorkeeping import DoorEvent
from domain.events import Event
from domain.handing_out import HandingOut
from domain.people import PeopleEvent
from domain.searching import ReviewEvent
from domain.study import StudyEvent
from domain.words import Digest, Name, Role, Sentence, SiteId, Source


class Actor(Value):
    """Who asks: an account's id, in a role, at a site (None: at every site)."""

    id: Name
    role: Role
    site: SiteId | None = None


class Signature(Value):
    """What a signer meant, bound to the digest of what was signed, with the name that is printed beside it.

    `authenticated` says that the signer proved anew, for this signature, who they are; at the command line nobody does.
    """

    meaning: Sentence
    signed: Digest
    authenticated: bool = False
    name: Sentence | None = None


class Identifiers(Value):
    """What identifies a participant directly; kept sealed under the participant's own key, never in the clear."""

    name: Sentence | None = None
    phone: Sentence | None = None
    email: Sentence | None = None


class Circumstances(Value):
    """How something came to be recorded: who asked, by which command, from where and why."""

    actor: Actor
    source: Source
    command_id: UUID
    performed_by: Sentence | None = None
    witnessed_by: Sentence | None = None
    document: Sentence | None = None
    reason: Sentence | None = None
    signature: Signature | None = None
    assurance: Literal["asserted", "password", "identity-provider"] = "asserted"
    """How whoever asked had proved who they are, if at all."""


class Draft(Value):
    """A fact about to be recorded; the ledger adds its place, its instant and its proof."""

    event: Event | StudyEvent | PeopleEvent | DoorEvent | ReviewEvent | HandingOut
    circumstances: Circumstances
    study_version: int = 0
    """How many entries of the study's stream the decision took into account."""
    identifiers: Identifiers | None = None


E_co = TypeVar("E_co", bound=Value, covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[E_co]):
    """A fact at its place in a stream. `digest` is the chain hash over the bytes as stored; `position` orders the whole ledger."""

    stream: str
    version: int
    position: int
    event: E_co
    recorded_at: datetime
    circumstances: Circumstances
    study_version: int
    digest: str
    identifiers: Identifiers | None = None
    amended_at: datetime | None = None
    """In an effective history: when it was recorded that the entry says what it now says, if that was later."""
