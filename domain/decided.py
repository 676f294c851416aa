"""Signatures under what was decided about the study itself, such as an erasure or a data cut, and whether each binds what stands there."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from domain.base import Value
from domain.entry import Circumstances, Entry
from domain.signatures import Signed, as_text, digest_under, signed_together, signed_under
from domain.study import StudyEvent


def to_decide(study: str, decided: Sequence[StudyEvent], by: Circumstances) -> str:
    """The digest of what is signed: what is decided, about which study, why, from what, and who else had a part in it."""
    return digest_under({"study": study, "decided": [one.model_dump(mode="json") for one in decided]}, by)


def decisions_signed(study: str, entries: Sequence[Entry[Any]]) -> tuple[Signed, ...]:
    """Every signature under a decision about the study or its people, or under a review, in the order in which they were given."""
    return tuple(signed_under(together, binds=_binds(study, together)) for together in signed_together(entries))


def _binds(study: str, together: Sequence[Entry[Any]]) -> bool:
    decided, by = [entry.event for entry in together], together[0].circumstances
    signed = by.signature.signed if by.signature else ""
    return signed in {to_decide(study, decided, by), _once(decided)}


def _once(decided: Sequence[Value]) -> str:
    """The digest of the decisions alone, as it once was, and is of a review and of what is decided about people."""
    return sha256(b"".join(as_text(one.model_dump(mode="json")) for one in decided)).hexdigest()
