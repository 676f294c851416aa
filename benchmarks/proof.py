"""What it takes to prove a ledger, against reading and hashing the same rows once, in the same run; and what a copy of it takes.

The floor reads every row that is proved and hashes it whole. The proof hashes each entry for its chain, its place and the tree,
compares it with the entry before it and with its command, and each tile and head with what was signed. Rounds alternate.
To build a million entries takes minutes, so by default it is a tenth of that: `python -m benchmarks.proof 1000000` does it all.

A copy is written, and checked as whoever gets it will, in a process of its own, whose memory is told for few and for many participants.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import UUID

from app.settings import Settings
from app.wiring import opened
from benchmarks.append import draft, postgres
from benchmarks.desk import NOW, STAGES, life
from benchmarks.views import write
from domain.participant import PARTICIPANT
from store.codec import NOTHING_BEFORE, Row, canonical, chained, encoded
from store.examining import ROWS_AT_ONCE, examine
from store.heads import SigningKey
from store.keys import Keyring
from store.ledger import Ledger
from store.orders import Appended, Order
from store.recorder import LEAST, Recorder
from store.sealing import Seal
from tests.builders import Clock, Trial

COPYING = """
import sys, time, resource
from pathlib import Path
from uuid import uuid4
from app.copies.writing import export
from app.settings import Settings
from app.wiring import opened
from domain.entry import Actor, Circumstances
by = Circumstances(actor=Actor(id="r-haas", role="auditor"), source="cli", command_id=uuid4())
with opened(Settings(folder=Path(sys.argv[1], "daybook"))) as daybook:
    start = time.perf_counter()
    export(daybook, Path(sys.argv[1], "copy"), None, by)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
ENTRIES = 100_000
STREAMS = 1_000
COPIED = 1_000
"""How many participants are copied."""
LIVES = 10
"""How many different lives they have, each come as far as it has by now."""
ROUNDS = 5
ORDERS_AT_ONCE = 500
HEADS = 100
KEY = SigningKey("daybook/benchmark", b"k" * 32)


def main(entries: int = ENTRIES) -> None:
    """Print what proving takes on each database."""
    print(f"{'proof of ' + format(entries, ','):28}{'read, s':>10}{'proved, s':>12}{'ratio':>8}{'µs each':>10}   median of {ROUNDS} rounds")
    with TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/ledger.db", entries)
        with postgres(Path(folder, "postgres")) as address:
            measure("PostgreSQL", address, entries)
    measure_copies()


def measure_copies() -> None:
    """Print what a certified copy of everybody takes, and of a tenth of them."""
    print(f"\n{'copy of':>36}{'seconds':>10}{'memory, MB':>12}{'on disk, MB':>13}")
    lives = [life(number * (STAGES // LIVES)) for number in range(LIVES)]
    for participants in (COPIED // 10, COPIED):
        with TemporaryDirectory() as folder:
            clock = Clock(NOW)
            with opened(Settings(folder=Path(folder, "daybook")), clock, create=True) as daybook:
                Trial(clock, daybook.ledger)
                for number in range(participants):
                    write(daybook.ledger, f"{PARTICIPANT}BER-{number:06}", lives[number % LIVES])
                daybook.signing.seal().seal(daybook.ledger)
                name = f"{participants:,} participants, {daybook.ledger.head():,} entries"
            said = subprocess.run([sys.executable, "-c", COPYING, folder], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - The program is ours.
            size = sum(path.stat().st_size for path in Path(folder, "copy").rglob("*") if path.is_file())
            print(f"{name:>36}{float(said[0]):10.1f}{int(said[1]) / 1024:12.0f}{size / 1e6:13.0f}", flush=True)


def measure(name: str, address: str, entries: int) -> None:
    """Print the line of one database."""
    with closing(Ledger.open(address, clock=lambda: datetime.now(UTC), keys=Keyring(None))) as ledger:
        fill(ledger, entries, Seal(KEY, KEY.public), STREAMS)
        rounds = [(seconds_to_read(ledger.recorder), seconds_to_prove(ledger.recorder, entries)) for _ in range(ROUNDS)]
        read, proved = (median(column) for column in zip(*rounds, strict=True))
        ratio = median(ours / floor for floor, ours in rounds)
        print(f"{name:28}{read:10.2f}{proved:12.2f}{ratio:8.2f}{proved / entries * 1e6:10.1f}", flush=True)


def seconds_to_read(recorder: Recorder) -> float:
    """Read every row and hash it once, all its columns."""
    start, first = time.perf_counter(), LEAST
    while True:
        stretch = recorder.stretch(first, ROWS_AT_ONCE)
        for row in (*stretch.entries, *stretch.commands, *stretch.appended):
            sha256(b"".join([one if isinstance(one, bytes) else b"%d" % one for one in row])).digest()
        if len(stretch.entries) < ROWS_AT_ONCE:
            return time.perf_counter() - start
        first = stretch.entries[-1][0] + 1


def seconds_to_prove(recorder: Recorder, entries: int) -> float:
    """Prove everything from the start."""
    start = time.perf_counter()
    found = examine(recorder, KEY.public)
    assert (found.entries, found.damage) == (entries, ())  # noqa: S101 - A proof that failed is not worth measuring.
    return time.perf_counter() - start


def fill(ledger: Ledger, entries: int, seal: Seal, streams: int) -> None:
    """So many entries in many streams, each recorded by a command of its own, with heads on the way."""
    orders, most = made(streams), min(ORDERS_AT_ONCE, streams)
    each = max(entries // HEADS, 1)
    for done in range(0, entries, each):
        left = min(each, entries - done)
        while left:
            some = min(most, left)
            assert isinstance(ledger.recorder.record([next(orders) for _ in range(some)]), int)  # noqa: S101 - Nothing is in the way.
            left -= some
        seal.seal(ledger)


def made(streams: int) -> Iterator[Order]:
    """Orders without end, each with an entry for the stream whose turn it is."""
    one, now = draft(), datetime.now(UTC)
    tails: dict[str, tuple[int, bytes]] = {}
    text = encoded(one.event, canonical(one.circumstances), 9, now, None)
    known, number = json.loads(canonical(one.circumstances))["command_id"].encode(), 0
    while True:
        number += 1
        stream, command = f"participant:BER-{number % streams:04}", UUID(int=sha256(b"%d" % number).digest()[0] << 120 | number)
        version, previous = tails.get(stream, (0, NOTHING_BEFORE))
        state = text.replace(known, str(command).encode())
        hash_ = chained(previous, stream, version + 1, one.event.kind, state)
        row = Row(0, stream, version + 1, one.event.kind, state, previous, hash_, b"")
        tails[stream] = (version + 1, hash_)
        appended = Appended(one.circumstances.actor.id, command, "0" * 64, stream, version + 1, version + 1, 0)
        yield Order(appended, [row], {stream: (version, previous if version else None)}, {}, now)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
