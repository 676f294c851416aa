"""Erasing what identifies a participant, and the register of that, which is kept apart from the ledger and its backups.

A backup that is restored brings the key back that was destroyed. Whoever opens it destroys it again, because the register says so, and
records the decision anew where the backup does not know it yet. So it is where something that still reads keeps the key in a file: it is
destroyed there when that has ended.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal
from uuid import uuid4

import structlog

from domain.base import Value
from domain.entry import Circumstances
from domain.keeping import IdentifiersErased
from domain.participant import PARTICIPANT
from store.errors import DamagedEntry, Fault
from store.ledger import Ledger
from store.study import StudyDesk

State = Literal["erased", "in a file", "not yet"]
"""What has come of a decision: no file holds the key any more; it is destroyed, but a file of the database may hold it; nothing yet."""
log = structlog.get_logger()


class Line(Value):
    """What was decided, and how it came to be recorded; enough to record it again, as the same request."""

    event: IdentifiersErased
    by: Circumstances


class Erasures:
    """Carries out what was decided to be erased. Safe to repeat at any time, and after any interruption."""

    def __init__(self, ledger: Ledger, desk: StudyDesk, register: Path) -> None:
        self._ledger, self._desk, self._register = ledger, desk, register

    def carry_out(self) -> None:
        """Destroy every key that is to be destroyed, by the ledger or by the register. Raises a Fault, and then may be repeated.

        A ledger in which no study is open yet holds nobody; a copy that is read into it has to find it empty.
        """
        with suppress(DamagedEntry):
            if not self._desk.opened():
                return
        decided = {line.event.participant: line for line in self._registered()}
        with suppress(DamagedEntry):  # whoever reads the study is told; the register still holds
            recorded = {event.participant: Line(event=event, by=by) for event, by in self._desk.erased()}
            if recorded.keys() - decided.keys():
                decided = self._register_also(recorded)
            for participant, line in decided.items():
                if participant not in recorded:
                    self._desk.record_again(line.event, line.by)
        self._destroy([participant for participant in decided if not self._ledger.forgotten(PARTICIPANT + participant)])

    def _destroy(self, participants: Sequence[str]) -> None:
        """Destroy their keys. A fault with that of one is raised when those of all others were tried."""
        trouble: Fault | None = None
        for participant in participants:
            try:
                gone = self._ledger.forget_identity(PARTICIPANT + participant)
            except Fault as fault:
                trouble = fault
            else:
                log.info("identity-erased" if gone else "erased-key-still-in-a-file", participant=participant)
        if trouble is not None:
            raise trouble

    def unfinished(self) -> tuple[str, ...]:
        """Who is erased, while a file of the database may still hold the key; `carry_out` goes on with it. Raises a StoreError."""
        return self._that_are("in a file")

    def not_begun(self) -> tuple[str, ...]:
        """Who is to be erased, and whose key still opens; so it is where `carry_out` was broken off. Raises a StoreError."""
        return self._that_are("not yet")

    def state(self, participant: str) -> State:
        """What has come of the decision to erase who a participant is. Raises a StoreError."""
        stream = PARTICIPANT + participant
        return "erased" if self._ledger.forgotten(stream) else "not yet" if self._ledger.named(stream) else "in a file"

    def _that_are(self, state: State) -> tuple[str, ...]:
        decided = dict.fromkeys(event.participant for event, _ in self._desk.erased())
        return tuple(participant for participant in decided if self.state(participant) == state)

    def _register_also(self, recorded: Mapping[str, Line]) -> dict[str, Line]:
        """All of the register, once what is on record stands in it too: read and written by one alone, so that no line is lost."""
        with self._alone():
            registered = self._registered()
            known = {line.event.participant: line for line in registered}
            if unregistered := {participant: line for participant, line in recorded.items() if participant not in known}:
                self._write([*registered, *unregistered.values()])
        return known | unregistered

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other thread and process of this machine from the register meanwhile."""
        with ExitStack() as at_the_end:
            try:
                held = os.open(self._register.with_name(f"{self._register.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                at_the_end.callback(os.close, held)
                fcntl.flock(held, fcntl.LOCK_EX)
            except OSError as error:
                raise self._unwritable(error) from error
            yield

    def _registered(self) -> list[Line]:
        try:
            return [Line.model_validate_json(line) for line in self._register.read_bytes().splitlines()]
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            says = f"The register of erasures at {self._register} cannot be read. Put it right: without it a restored backup names people."
            raise Fault(says) from error

    def _write(self, lines: Sequence[Line]) -> None:
        """Put the whole register in its place at once: a disk that is full leaves the one that was there."""
        beside = self._register.with_name(f"{self._register.name}.{uuid4().hex}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(b"".join(line.model_dump_json().encode() + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._register)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            beside.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> Fault:
        return Fault(f"The register of erasures at {self._register} cannot be written: {error.strerror}. Put that right.")
