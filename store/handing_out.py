"""The stream of what was handed out, which is added to by whoever hands it out."""

from collections.abc import Sequence
from hashlib import sha256

from domain.entry import Circumstances, Draft, Entry
from domain.handing_out import HANDED_OUT, HandingOut
from store.ledger import Ledger
from store.people import raced


class HandedOut:
    """Records what was handed out of the ledger of a study."""

    def __init__(self, ledger: Ledger, study: str) -> None:
        self.stream = HANDED_OUT + study
        self._ledger = ledger

    def record(self, event: HandingOut, by: Circumstances) -> None:
        """Record it once under its command id. Raises CommandReused where something else was recorded under that."""
        digest = sha256(event.model_dump_json().encode()).hexdigest()

        def append() -> None:
            expected = self._ledger.version_of(self.stream)
            self._ledger.append(
                {self.stream: [Draft(event=event, circumstances=by)]}, expect={self.stream: expected}, command_digest=digest
            )

        raced(append)

    def knows(self, by: Circumstances) -> bool:
        """Whether it was recorded before under this id."""
        return self._ledger.outcome(by.actor.id, by.command_id) is not None

    def read(self) -> Sequence[Entry[HandingOut]]:
        """Everything that was handed out, in its order."""
        return self._ledger.read(self.stream)
