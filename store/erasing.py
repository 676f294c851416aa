"""Erasing what identifies a participant, and the register of that, which is kept apart from the ledger and its backups.

A backup that is restored brings the key back that was destroyed. Whoever opens it destroys it again, because the register says so, and
records the decision anew where the backup does not know it yet. So it is where something that still reads keeps the key in a file: it is
destroyed there when that has ended.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from domain.base import Value
from domain.entry import Circumstances
from domain.keeping import IdentifiersErased
from domain.participant import PARTICIPANT
from store.errors import DamagedEntry, Fault
from store.ledger import Ledger
from store.study import StudyDesk

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
        registered = self._registered()
        decided = {line.event.participant: line for line in registered}
        with suppress(DamagedEntry):  # whoever reads the study is told; the register still holds
            recorded = {event.participant: Line(event=event, by=by) for event, by in self._desk.erased()}
            if unregistered := [line for participant, line in recorded.items() if participant not in decided]:
                self._write([*registered, *unregistered])
                decided |= {line.event.participant: line for line in unregistered}
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
        """Who is to be erased, and whose key a file of the database may still hold; `carry_out` goes on with it. Raises DamagedEntry."""
        erased = dict.fromkeys(event.participant for event, _ in self._desk.erased())
        return tuple(participant for participant in erased if not self._ledger.forgotten(PARTICIPANT + participant))

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
        beside = self._register.with_name(f"{self._register.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(b"".join(line.model_dump_json().encode() + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._register)
        except OSError as error:
            raise Fault(
                f"The register of erasures at {self._register} cannot be written: {error.strerror}. Repeat it when that is put right."
            ) from error
        finally:
            beside.unlink(missing_ok=True)
