"""The occasion on which something is handed out: under which head, and when; the same again where the same request was made before."""

from datetime import datetime
from typing import NamedTuple

from app.wiring import Daybook
from domain.entry import Circumstances
from domain.handing_out import CopyCertified, CutHandedOut
from store.errors import in_plain_words
from store.heads import Head, PublicKey, walked
from store.ledger import Ledger
from store.sealing import Seal


class Occasion(NamedTuple):
    """The head under which something is handed out, and the instant which its manifest states."""

    head: Head
    at: datetime


def occasion(daybook: Daybook, seal: Seal, by: Circumstances) -> Occasion:
    """The occasion of a request. Repeated under its id, it has what it had, so that what is written is what is on record already.

    Raises as Seal.seal does.
    """
    before = daybook.handed_out.before(by)
    if isinstance(before, CopyCertified | CutHandedOut) and before.at and (head := _head(daybook.ledger, seal.first, before.head)):
        return Occasion(head, before.at)
    return Occasion(seal.seal(daybook.ledger), daybook.ledger.clock())


def _head(ledger: Ledger, first: PublicKey, digest: str) -> Head | None:
    """The head that has a digest, if it still stands."""
    with in_plain_words():
        notes = [note for _, note in ledger.recorder.heads()]
    return next((one for one in walked(notes, first) if isinstance(one, Head) and one.digest == digest), None)
