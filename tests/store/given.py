"""What the tests of the store start from: drafts, a hand that alters a database behind the ledger's back, and other processes."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from domain.entry import Actor, Circumstances, Draft, Identifiers
from domain.events import ContactLost, MedicationTaken, Registered
from domain.time import When
from store.keys import Keyring
from store.ledger import Ledger
from store.orders import Appended
from store.recorder import Found, Recorder
from tests.builders import Clock

ANNA = "participant:BER-001"
BORIS = "participant:BER-002"
STUDY = "study:demo"
KEYS = Keyring(b"m" * 32)
WHO = Identifiers(name="Annegret Kramer", phone="+49 30 1234567", email="a.kramer@example.org")


def by(command_id: UUID | None = None, actor: str = "anna") -> Circumstances:
    return Circumstances(actor=Actor(id=actor, role="coordinator", site="BER"), source="web", command_id=command_id or uuid4())


def dose(circumstances: Circumstances | None = None, milligrams: int = 5, who: Identifiers | None = None) -> Draft:
    event = MedicationTaken(drug="prednisone", dose_mg=Decimal(milligrams), route="oral", start=When("2026-03-01"), indication="lupus")
    return Draft(event=event, circumstances=circumstances or by(), study_version=3, identifiers=who)


def registered(circumstances: Circumstances | None = None) -> Draft:
    return Draft(event=Registered(site="BER"), circumstances=circumstances or by())


def lost(circumstances: Circumstances | None = None) -> Draft:
    return Draft(event=ContactLost(at=When("2026-03-01")), circumstances=circumstances or by())


def append(ledger: Ledger, stream: str, *drafts: Draft, digest: str = "a") -> Appended:
    """Append to a stream as it stands."""
    version = ledger.version_of(stream)
    return ledger.append({stream: drafts or [dose()]}, expect={stream: version}, command_digest=digest)


@dataclass
class Hand:
    """Reaches into the database of a ledger past everything that guards it."""

    address: str
    ledger: Ledger
    _held: Any = None
    """The connection to PostgreSQL, which takes longer to be made than to be used."""

    @contextmanager
    def reaching(self) -> Iterator["Hand"]:
        """Let go of the database at the end."""
        yield self
        if self._held is not None:
            self._held.close()

    def free(self, *tables: str) -> "Hand":
        """Remove what refuses changes."""
        for table in {"entries", "commands", "appended", "heads"} & set(tables or ("entries", "commands", "appended")):
            if self.address.startswith("postgresql"):
                self(f"DROP TRIGGER {table}_bear_no_change ON {table}")
            else:
                self(f"DROP TRIGGER {table}_bear_no_update")
                self(f"DROP TRIGGER {table}_bear_no_delete")
        return self

    def __call__(self, statement: str, *values: Any) -> list[Any]:
        with self._executing() as execute:
            return list(execute(statement, values))

    def together(self, statements: Iterable[str]) -> None:
        """All of it in one transaction."""
        with self._executing() as execute:
            for statement in statements:
                execute(statement, ())

    @contextmanager
    def _executing(self) -> Iterator[Any]:
        recorder: Any = self.ledger.recorder
        if self.address.startswith("postgresql"):
            self._held = self._held or recorder._connected()
            with self._held.transaction():
                self._held.execute(f"SET search_path TO {recorder.schema}; SET synchronous_commit TO off")
                yield lambda statement, values: self._fetched(self._held.execute(statement.replace("?", "%s"), values))
        else:
            with recorder.datastore.get_connection(commit=True) as connection, connection.cursor() as cursor:
                cursor.row_factory = None
                yield lambda statement, values: cursor.execute(statement, values).fetchall()

    def _fetched(self, cursor: Any) -> list[Any]:
        return list(cursor.fetchall()) if cursor.description else []


PREAMBLE = """
import sys
from datetime import UTC, datetime
from store.errors import *
from store.follow import *
from store.ledger import Ledger
from tests.store.given import *
ledger = Ledger.open(sys.argv[1], clock=lambda: datetime.now(UTC), keys=KEYS, create=False)
print("ready", flush=True)
sys.stdin.readline()
"""


class Elsewhere:
    """A program in another process, with a `ledger` at hand; it begins when told to go."""

    def __init__(self, address: str, program: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + program, address, *arguments],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.line() == "ready"

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line it prints, once it does."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self._over()

    def finish(self) -> None:
        self._over()
        assert self.process.returncode == 0

    def _over(self) -> None:
        self.process.wait(timeout=60)
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()


class Counted:
    """A recorder that counts how often it was asked for the end of each stream."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recorder, name)

    def tail(self, stream: str) -> Found:
        self.asked[stream] += 1
        return self._recorder.tail(stream)


def counted(ledger: Ledger) -> Counter[str]:
    """How often a ledger asks its database for the end of each stream from now on."""
    recorder = Counted(ledger.recorder)
    ledger.recorder = cast("Recorder", recorder)
    return recorder.asked


def opened(address: str, clock: Clock | None = None, keys: Keyring = KEYS) -> Ledger:
    return Ledger.open(address, clock=clock or Clock(), keys=keys)


def versions(entries: Sequence[Any]) -> list[tuple[str, int]]:
    return [(entry.stream, entry.version) for entry in entries]
