"""A search over the entries of a study's participants, and that somebody reviewed all that it found, by signature."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Literal, get_args

from pydantic import Field

from domain import events as e
from domain.base import Value
from domain.rejections import Reason
from domain.time import Moment
from domain.words import Digest, Name, ParticipantId, Role, Sentence, SiteId, Source

REVIEWS = "reviews:"
"""How the stream of the reviews of entries is called, before the study's name."""
Mark = Literal["correction", "override", "refusal", "signature"]
MARKS: tuple[Mark, ...] = get_args(Mark)
"""What entries are looked for besides: what amends others, what was done against a gate, what was refused, what carries a signature."""
OF_MARK: dict[str, tuple[type[Value], ...]] = {
    "correction": (e.EntryCorrected, e.EntryRetracted),
    "override": (e.OverrideSigned, e.ManuallyReleased),
    "refusal": get_args(e.Refusal),
}
Text = Annotated[str, Field(max_length=80)]


class Question(Value):
    """Which entries are looked for; what is not said narrows nothing. All instants are included.

    `late_hours`: recorded at least so long after it must have happened. `out_of_hours`: recorded by a person while nobody works at the
    site. `text` is looked for in the kinds of entries, never in what they say.
    """

    sites: Annotated[tuple[SiteId, ...], Field(min_length=1)]
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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are looked for, those that today's catalogue knows; every one where nothing is said of kinds."""
        words = (self.text or "").casefold().split()
        marked = {one.model_fields["kind"].default for one in OF_MARK[self.mark]} if self.mark in OF_MARK else set(KINDS)
        return tuple(
            kind
            for kind in KINDS
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
KINDS: tuple[str, ...] = tuple(event.model_fields["kind"].default for event in e.EVENTS)
"""The kinds of a participant's entries, in the order of the catalogue."""


def kind_in_words(kind: str) -> str:
    """How a kind of entry is called, such as `Step cleared`."""
    return kind.partition(".")[0].replace("-", " ").capitalize()


def digest_of(digests: Iterable[str]) -> str:
    """One digest over those of entries, in their order."""
    return sha256("\n".join(digests).encode()).hexdigest()


def not_to_be_reviewed(reviewer: str, actors: Iterable[str]) -> Iterable[Reason]:
    """Why somebody cannot sign off these entries: there are none, or some are their own."""
    found = set(actors)
    if not found:
        yield Reason(code="nothing-found", says="the search found no entry, so there is nothing to review")
    if reviewer in found:
        yield Reason(code="own-entries", says="some of these entries are your own: somebody else reviews those")
