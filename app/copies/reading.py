"""Reading a certified copy of a whole ledger into an empty one, entry by entry as they were stored, under the heads that state them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.copies import NotWhole, verify
from domain.rejections import Reason, Refused
from store.codec import NOTHING_SEALED, Row
from store.errors import DamagedEntry, Fault, in_plain_words
from store.examining import examine
from store.heads import PublicKey
from store.keys import ELSEWHERE
from store.ledger import Ledger
from store.orders import Appended, Order
from store.sealing import tree_of

ORDERS_AT_ONCE = 500


def checked(folder: Path, held: Sequence[Path] = ()) -> PublicKey:
    """The public key of a copy that is whole in itself, of a whole ledger, and of one whose heads people hold. Raises Refused or NotWhole.

    Where nobody's head is at hand the copy speaks for itself: whoever made all of it up, with a key of their own, is not found out.
    """
    if not (folder / "manifest.json").is_file():
        raise Refused(Reason(code="no-copy", says=f"{folder} holds no certified copy"))
    copy = verify.Copy(folder, list(held))
    if damage := copy.check().damage:
        raise NotWhole(f"The copy in {folder} is not what was certified: {damage[0]} Nothing was read in.")
    if copy.manifest["scope"] != "study":
        raise Refused(Reason(code="not-whole", says="only a copy of a whole ledger can be read in; this is of one participant"))
    return PublicKey.read((folder / "public-key.txt").read_text())


def read_in(folder: Path, ledger: Ledger, key: PublicKey) -> int:
    """Read a copy that was checked into an empty ledger; how many entries there are. Raises Refused where the ledger is not empty."""
    if ledger.head():
        raise Refused(Reason(code="not-empty", says="this ledger holds entries already; a copy is read into an empty one"))
    with in_plain_words(appending=True):
        for orders in _batches(folder):
            if not isinstance(ledger.recorder.record(orders), int):
                raise Fault("Something was recorded in this ledger while the copy was read in. Begin again with an empty one.")
        notes = [line["note"] for line in verify.lines(folder / "heads.jsonl")]
        for number, note in enumerate(notes, 1):
            ledger.recorder.add_head(number, note, tree_of(ledger.recorder) if number == len(notes) else {})
    found = examine(ledger.recorder, key)
    for damage in found.damage:
        raise DamagedEntry(damage.stream or f"position {damage.position}", damage.version, damage.why)
    return found.entries


def _batches(folder: Path) -> Iterator[Sequence[Order]]:
    """What each command recorded, many at once; no two of a batch touch one stream, as no two of a ledger's own group do."""
    batch: list[Order] = []
    written: set[str] = set()
    for order in _orders(folder):
        if len(batch) == ORDERS_AT_ONCE or written & order.written:
            yield batch
            batch, written = [], set()
        batch.append(order)
        written |= order.written
    yield batch


def _orders(folder: Path) -> Iterator[Order]:
    rows: list[Row] = []
    for line in verify.lines(folder / "entries.jsonl"):
        rows.append(_row(line))
        if line["command"] is not None:
            yield _order(line["command"], rows)
            rows = []


def _order(command: dict[str, Any], rows: list[Row]) -> Order:
    """An order that expects nothing: the ledger is empty, and the copy was checked."""
    said = command["actor"], UUID(command["command"]), command["digest"], command["stream"], command["first"], command["last"]
    keys = {row.stream: ELSEWHERE for row in rows if row.version == 1 and NOTHING_SEALED not in row.state}
    return Order(command=Appended(*said, 0), rows=rows, expected={}, keys=keys, recorded_at=datetime.now(UTC))


def _row(line: dict[str, Any]) -> Row:
    previous, hash_ = bytes.fromhex(line["previous"]), bytes.fromhex(line["hash"])
    return Row(0, line["stream"], line["version"], line["kind"], line["state"].encode(), previous, hash_, b"")
