"""The reviews of entries, in a stream of their own: each by somebody who recorded none of what they reviewed."""

from collections.abc import Sequence
from hashlib import sha256

from domain.entry import Circumstances, Draft, Entry
from domain.searching import REVIEWS, EntriesReviewed
from store.errors import CommandReused, LostRace
from store.ledger import Ledger

RACES = 20
"""How often a review is recorded anew because somebody else recorded one first."""


class ReviewDesk:
    """Reads and records reviews. Whether somebody may review, and what there was to review, is found out before."""

    def __init__(self, ledger: Ledger, study: str) -> None:
        self.stream = REVIEWS + study
        self._ledger = ledger

    def all(self) -> Sequence[Entry[EntriesReviewed]]:
        """Every review, in the order in which they were signed."""
        return self._ledger.read(self.stream)

    def record(self, review: EntriesReviewed, by: Circumstances) -> None:
        """Record a review; what came before under the same command id is not recorded again. Raises CommandReused or a Fault."""
        digest = sha256(f"{self.stream}\n{review.model_dump_json()}".encode()).hexdigest()
        known = self._ledger.outcome(by.actor.id, by.command_id)
        if known is not None and known.digest != digest:
            raise CommandReused(known.actor_id, known.command_id)
        if known is None:
            self._append(Draft(event=review, circumstances=by), digest)

    def _append(self, draft: Draft, digest: str) -> None:
        for turn in range(RACES):
            expected = self._ledger.version_of(self.stream)
            try:
                self._ledger.append({self.stream: [draft]}, expect={self.stream: expected}, command_digest=digest)
            except LostRace:
                if turn == RACES - 1:
                    raise
            else:
                return
