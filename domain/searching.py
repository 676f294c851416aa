"""A search over the entries of a study's ledger, and that somebody reviewed all that it found, by signature."""

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Annotated, Literal, get_args

from pydantic import Field

from domain import events as e
from domain.base import Value
from domain.doorkeeping import DOOR_EVENTS, AccessRefused, TurnedAway
from domain.handing_out import HANDING_OUT_EVENTS
from domain.people import PEOPLE_EVENTS
from domain.rejections import Reason
from domain.study import STUDY_EVENTS
from domain.time import Moment
from domain.words import Digest, Name, ParticipantId, Role, Sentence, SiteId, Source

REVIEWS = "reviews:"
"""How the stream of the reviews of entries is called, before the study's name."""
Shelf = Literal["participants", "study", "people", "door", "reviews", "handed-out"]
SHELVES: tuple[Shelf, ...] = get_args(Shelf)
"""What a ledger keeps, by whom or what it is about: the records of participants, and around them one stream of each kind."""
OF_ACCESSES: tuple[Shelf, ...] = ("people", "door")
"""What tells who has an account and who came in: where no site is named, for whoever may see who looked at what at every site."""
Mark = Literal["correction", "override", "refusal", "signature"]
MARKS: tuple[Mark, ...] = get_args(Mark)
"""What entries are looked for besides: what amends others, what was done against a gate, what was refused, what carries a signature."""
OF_MARK: dict[str, tuple[type[Value], ...]] = {
    "correction": (e.EntryCorrected, e.EntryRetracted),
    "override": (e.OverrideSigned, e.ManuallyReleased),
    "refusal": (*get_args(e.Refusal), AccessRefused, TurnedAway),
}
Text = Annotated[str, Field(max_length=80)]


class Scope(Value):
    """Over which entries a search goes: on which shelves, and whether also over what is of the whole study, and of no site.

    `accesses`: of that also over what is kept of people and of the door. A search that says over what it goes takes the weekend for out
    of hours as well.
    """

    shelves: Annotated[tuple[Shelf, ...], Field(min_length=1)]
    whole_study: bool
    accesses: Annotated[bool, Field(exclude_if=bool)] = True


class Question(Value):
    """Which entries are looked for; what is not said narrows nothing. All instants are included.

    `late_hours`: recorded at least so long after it must have happened. `out_of_hours`: recorded by a person while nobody works at the
    site; what is of no site has no hours. `text` is looked for in the kinds of entries, never in what they say.

    Before a search said `over` what it goes, it went over the entries of participants alone, and the hours of a site were those of every
    day. Reviews were signed of that, so it still does where nothing is said, and is written as it was then.
    """

    sites: tuple[SiteId, ...]
    participant: ParticipantId | None = None
    actor: Name | None = None
    role: Role | None = None
    source: Source | None = None
    kind: Text | None = None
    mark: Mark | None = None
    recorded_from: Moment | None = None
    recorded_until: Moment | None = None
    occurred_from: Moment | None = None
    occurred_until: Moment | None = None
    late_hours: Annotated[int, Field(ge=1, le=100_000)] | None = None
    out_of_hours: bool = False
    text: Text | None = None
    over: Annotated[Scope | None, Field(exclude_if=lambda over: over is None)] = None

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """On which shelves is looked."""
        return ("participants",) if self.over is None else self.over.shelves

    @property
    def whole_study(self) -> bool:
        """Whether also what is of no site is looked for."""
        return self.over is not None and self.over.whole_study

    @property
    def accesses(self) -> bool:
        """Whether what is kept of people and of the door is looked for also where it is of no site."""
        over = self.over
        return over is not None and over.whole_study and over.accesses and not set(OF_ACCESSES).isdisjoint(over.shelves)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are looked for, those that today's catalogue knows; every one where nothing is said of kinds."""
        words = (self.text or "").casefold().split()
        there = tuple(kind for shelf in self.shelves for kind in KINDS_ON[shelf])
        marked = _kinds(OF_MARK[self.mark]) if self.mark in OF_MARK else there
        return tuple(
            kind
            for kind in there
            if kind in marked and self.kind in {None, kind} and all(word in kind_in_words(kind).casefold() for word in words)
        )


class EntriesReviewed(Value):
    """Somebody reviewed, by signature, every entry that a search found up to a position of the ledger; `digest` binds them all."""

    kind: Literal["entries-reviewed.v1"] = "entries-reviewed.v1"
    question: Question
    upto: Annotated[int, Field(ge=1)]
    entries: Annotated[int, Field(ge=1)]
    digest: Digest
    finds: Sentence | None = None


ReviewEvent = EntriesReviewed
REVIEW_EVENTS = (EntriesReviewed,)


def _kinds(events: Iterable[type[Value]]) -> tuple[str, ...]:
    return tuple(event.model_fields["kind"].default for event in events)


KINDS_ON: dict[Shelf, tuple[str, ...]] = {
    "participants": _kinds(e.EVENTS),
    "study": _kinds(STUDY_EVENTS),
    "people": _kinds(PEOPLE_EVENTS),
    "door": _kinds(DOOR_EVENTS),
    "reviews": _kinds(REVIEW_EVENTS),
    "handed-out": _kinds(HANDING_OUT_EVENTS),
}
"""The kinds of entries that stand on each shelf, in the order of the catalogue."""


def kind_in_words(kind: str) -> str:
    """How a kind of entry is called, such as `Step cleared`."""
    return kind.partition(".")[0].replace("-", " ").capitalize()


def digest_of(digests: Iterable[str]) -> str:
    """One digest over those of entries, in their order."""
    return sha256("\n".join(digests).encode()).hexdigest()


def not_to_be_reviewed(reviewer: str, entries: int, actors: Collection[str]) -> Iterable[Reason]:
    """Why somebody cannot sign off so many entries: there are none, or some are their own."""
    if not entries:
        yield Reason(code="nothing-found", says="the search found no entry, so there is nothing to review")
    if reviewer in actors:
        yield Reason(code="own-entries", says="some of these entries are your own: somebody else reviews those")
