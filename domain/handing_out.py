"""What is handed out to be kept by others: heads of the ledger to its sites, certified copies of the record, and data cuts.

These facts have a stream of their own. No decision about the trial rests on them; whoever audits the study reads them.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field

from domain.base import Value
from domain.words import Digest, Name, ParticipantId, SiteId

HANDED_OUT = "handed-out:"
"""How the stream of what was handed out is called, before the study's name."""


class HeadGiven(Value):
    """A site was sent the head of the ledger for the day; `head` is the digest of what was signed, which states so many entries."""

    kind: Literal["head-given.v1"] = "head-given.v1"
    site: SiteId
    people: Annotated[tuple[Name, ...], Field(min_length=1)]
    entries: Annotated[int, Field(ge=0)]
    head: Digest


class CopyCertified(Value):
    """Somebody took a certified copy of one participant's record, or (None) of the whole ledger; its manifest has this digest."""

    kind: Literal["copy-certified.v1"] = "copy-certified.v1"
    participant: ParticipantId | None = None
    entries: Annotated[int, Field(ge=0)]
    head: Digest
    manifest: Digest


class CutHandedOut(Value):
    """Somebody took a data cut out of the ledger, under this head; its manifest has this digest."""

    kind: Literal["cut-handed-out.v1"] = "cut-handed-out.v1"
    cut: Name
    head: Digest
    manifest: Digest


HandingOut = Annotated[HeadGiven | CopyCertified | CutHandedOut, Field(discriminator="kind")]
HANDING_OUT_EVENTS = get_args(get_args(HandingOut)[0])
