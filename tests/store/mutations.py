"""Whatever somebody can do to a copy of a ledger who has its database in their hands."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from store.chains import Chains, Damage
from store.codec import Row, chained, placed
from store.growing import Growing, packed
from store.heads import Head, SigningKey, signed_head
from store.ledger import Ledger
from store.recorder import LEAST
from store.sealing import Seal
from tests.store.given import ANNA, BORIS, STUDY, Hand, append, by, dose, lost, registered

KEY = SigningKey("daybook/demo", b"1" * 32)
FORGER = SigningKey("daybook/demo", b"2" * 32)
SEAL = Seal(KEY, KEY.public)
TABLES: dict[str, tuple[str, ...]] = {
    "entries": Row._fields,
    "commands": ("actor", "command", "digest", "stream", "first", "last", "position"),
    "appended": ("position", "stream", "first", "last"),
    "heads": ("number", "note"),
    "tiles": ("of_row", "number", "hashes"),
}
KEYS = {"entries": "position", "commands": "command", "appended": "position", "heads": "number", "tiles": "number"}
"""Which column tells the rows of a table apart."""


@dataclass
class Done:
    """What was done: to which positions, or what the damage then says; and which heads somebody holds."""

    what: str
    positions: frozenset[int] = frozenset()
    says: str = ""
    kept: tuple[str, ...] = ()

    def named_by(self, damage: Sequence[Damage]) -> bool:
        ends = tuple(f" to {position}" for position in self.positions)
        named = any(one.position in self.positions or one.why.endswith(ends) for one in damage) if self.positions else True
        return bool(damage) and named and (not self.says or any(self.says in one.why for one in damage))


@dataclass
class Copy:
    """A ledger of some streams and heads, that can be altered and put back as it was."""

    hand: Hand
    commands: int = 40
    heads: list[Head] = field(default_factory=list)

    def __post_init__(self) -> None:
        ledger = self.hand.ledger
        for number in range(self.commands):
            self._append(ledger, number)
            if number in {3, 11, 12, 29, 170, 171, 330}:
                self.heads.append(SEAL.seal(ledger))
        self.heads.append(SEAL.seal(ledger))
        self.hand.free(*TABLES)
        for table in TABLES:
            self.hand(f"CREATE TABLE pristine_{table} AS SELECT * FROM {table}")

    @staticmethod
    def _append(ledger: Ledger, number: int) -> None:
        command = by(actor=("anna", "boris")[number % 2])
        if number % 5 == 0:
            version, other = ledger.version_of(STUDY), ledger.version_of(ANNA)
            drafts = {STUDY: [dose(command)], ANNA: [dose(command), lost(command)]}
            ledger.append(drafts, expect={STUDY: version, ANNA: other}, command_digest="a")
        elif number % 3 == 0:
            append(ledger, BORIS, registered(command), dose(command))
        else:
            append(ledger, (ANNA, BORIS, f"participant:C-{number}")[number % 3], dose(command))

    def put_back(self) -> None:
        self.hand.together(
            statement for table in TABLES for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM pristine_{table}")
        )

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.hand(f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY {KEYS[table]}")

    def where(self, table: str, row: Sequence[Any]) -> Done:
        """What will have to be named when this row is gone or altered."""
        named = dict(zip(TABLES[table], row, strict=True))
        if table == "heads":
            return Done(table, says="head", kept=(self.heads[-1].note,))
        if table == "tiles":
            return Done(table, says="tile", kept=(self.heads[-1].note,))
        return Done(table, frozenset({named["position"]}))


def flipped(copy: Copy, dice: Random) -> Done:
    """A byte of one column, or a number."""
    table = dice.choice(list(TABLES))
    column, row = dice.choice(TABLES[table]), dice.choice(copy.rows(table))
    value = row[TABLES[table].index(column)]
    done = copy.where(table, row)
    other = _otherwise(value, dice)
    if column == "position":
        done.positions |= {other}
    _set(copy, table, column, row, other)
    done.what = f"{column} of {table} from {value!r} to {other!r}"
    return done


def deleted(copy: Copy, dice: Random) -> Done:
    table = dice.choice(list(TABLES))
    row = dice.choice(copy.rows(table))
    _where(copy, f"DELETE FROM {table}", table, row)
    done = copy.where(table, row)
    done.what = f"a row of {table} deleted: {row!r}"
    return done


def inserted(copy: Copy, dice: Random) -> Done:
    """A row that stands elsewhere, put in once more under another number."""
    table = dice.choice(list(TABLES))
    columns, row = TABLES[table], list(dice.choice(copy.rows(table)))
    key = columns.index("of_row" if table == "tiles" else KEYS[table])
    row[key] = _otherwise(row[key], dice)
    if table == "entries":
        row[columns.index("version")] += dice.randrange(1, 50)
    if table == "appended":
        row[columns.index("last")] += dice.randrange(100, 200)
    copy.hand(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(row))})", *row)
    done = copy.where(table, row)
    done.what = f"a row of {table} inserted: {row!r}"
    return done


def swapped(copy: Copy, dice: Random) -> Done:
    """The contents of a column of two rows, or the places of two entries."""
    table = dice.choice(["entries", "commands", "appended", "heads"])
    a, b = dice.sample(copy.rows(table), 2)
    column = dice.choice(TABLES[table])
    at = TABLES[table].index(column)
    if a[at] == b[at]:
        return flipped(copy, dice)
    away = _away(a[at])
    _set(copy, table, column, a, away)
    _set(copy, table, column, b, a[at])
    moved = [*a]
    moved[at] = away
    _set(copy, table, column, moved, b[at])
    done = copy.where(table, a)
    done.positions |= copy.where(table, b).positions
    done.what = f"{column} of {table} swapped between {a!r} and {b!r}"
    return done


def renumbered(copy: Copy, dice: Random) -> Done:
    """All entries from one on move by one position, or the later entries of a stream by one version."""
    entries = copy.rows("entries")
    row = dice.choice(entries)
    if dice.random() < 0.5:
        for one in reversed([one for one in entries if one[0] >= row[0]]):
            copy.hand("UPDATE entries SET position = position + 1 WHERE position = ?", one[0])
        return Done("renumbered from a position", frozenset({row[0]}))
    for one in reversed([one for one in entries if one[1] == row[1] and one[2] >= row[2]]):
        copy.hand("UPDATE entries SET version = version + 1 WHERE position = ?", one[0])
    return Done("renumbered in a stream", frozenset({row[0]}))


def cut(copy: Copy, dice: Random) -> Done:
    """The tail of the ledger is gone, perhaps with every trace but the heads."""
    left = dice.randrange(len(copy.rows("entries")))
    tables = dice.choice([("entries",), ("entries", "commands", "appended")])
    for table in tables:
        copy.hand(f"DELETE FROM {table} WHERE position > ?", left)
    return Done(f"cut after {left}", frozenset({left + 1}), says="nothing stands at position")


def restored(copy: Copy, dice: Random) -> Done:
    """An old backup is put back: whole in itself, and only a head that somebody holds tells that there was more."""
    place = dice.randrange(len(copy.heads) - 1)
    _back_to(copy, place)
    return Done(
        f"restored as of head {place + 1}",
        says="the head that was kept",
        kept=(copy.heads[dice.randrange(place + 1, len(copy.heads))].note,),
    )


def forged(copy: Copy, dice: Random) -> Done:
    """An entry is rewritten, and every hash, tile and head after it, which another key then signs; or the ledger's own."""
    place, key = dice.randrange(len(copy.heads) - 1), dice.choice([KEY, FORGER])
    sizes = [head.size for head in copy.heads]
    _rewrite(copy, dice.randrange(1, sizes[-1] + 1))
    _sign_again(copy, sizes, key)
    says = "not signed by the key" if key is FORGER else "the head that was kept"
    return Done(
        f"forged with {'another key' if key is FORGER else 'the key'}", says=says, kept=(copy.heads[max(place, len(sizes) - 1)].note,)
    )


Mutation = Callable[[Copy, Random], Done]
MUTATIONS: tuple[Mutation, ...] = (flipped, flipped, flipped, deleted, inserted, swapped, renumbered, cut, restored, forged)


def _set(copy: Copy, table: str, column: str, row: Sequence[Any], value: Any) -> None:
    raw = isinstance(value, bytes) and isinstance(row[TABLES[table].index(column)], str)
    _where(copy, f"UPDATE {table} SET {column} = {'CAST(? AS TEXT)' if raw else '?'}", table, row, value)


def _where(copy: Copy, statement: str, table: str, row: Sequence[Any], *values: Any) -> None:
    keys = [key for key in (KEYS[table], "of_row" if table == "tiles" else None, "actor" if table == "commands" else None) if key]
    named = dict(zip(TABLES[table], row, strict=True))
    copy.hand(f"{statement} WHERE {' AND '.join(f'{key} = ?' for key in keys)}", *values, *(named[key] for key in keys))


def _away(value: Any) -> Any:
    """A value that no row has."""
    match value:
        case int():
            return 10**12
        case str() if len(value) == 36 and value.count("-") == 4:
            return "00000000-0000-4000-8000-000000000000"
        case str():
            return "away"
        case bytes():
            return b"away"
        case _:
            return type(value)(int=0)


def _otherwise(value: Any, dice: Random) -> Any:
    """The same with one bit flipped, one character changed, or another number."""
    match value:
        case int():
            return dice.choice([value + 1, value - 1, value + dice.randrange(2, 300), -value - 1, 10**15])
        case bytes():
            place = dice.randrange(len(value))
            return value[:place] + bytes([value[place] ^ (1 << dice.randrange(8))]) + value[place + 1 :]
        case str():
            place = dice.randrange(len(value))
            hexadecimal = "0123456789abcdef".replace(value[place], "")
            return value[:place] + dice.choice(hexadecimal) + value[place + 1 :]
        case _:
            return type(value)(int=value.int ^ (1 << dice.randrange(128)))


def _back_to(copy: Copy, place: int) -> None:
    size = copy.heads[place].size
    for table in ("entries", "commands", "appended"):
        copy.hand(f"DELETE FROM {table} WHERE position > ?", size)
    _sign_again(copy, [head.size for head in copy.heads[: place + 1]], KEY)


def _rewrite(copy: Copy, position: int) -> None:
    """Alter what an entry says, and make every hash of its stream agree again."""
    rows = [Row(*row) for row in copy.rows("entries")]
    altered = next(row for row in rows if row.position == position)
    previous = altered.previous
    for row in sorted(
        (one for one in rows if one.stream == altered.stream and one.version >= altered.version), key=lambda one: one.version
    ):
        state = bytes(row.state).replace(b'"recorded_at":"2026', b'"recorded_at":"2025') if row is altered else row.state
        hash_ = chained(bytes(previous), row.stream, row.version, row.kind, bytes(state))
        values = (state, previous, hash_, placed(hash_, row.position), row.position)
        copy.hand("UPDATE entries SET state = ?, previous = ?, hash = ?, placed = ? WHERE position = ?", *values)
        previous = hash_


def _sign_again(copy: Copy, sizes: Sequence[int], key: SigningKey) -> None:
    """Write the tree and the heads anew over the entries as they are."""
    recorder = copy.hand.ledger.recorder
    chains = Chains(1, lambda _: None, lambda _: None)
    leaves = [leaf for leaf in chains.take(recorder.stretch(LEAST, 10**6)) if isinstance(leaf, bytes)]
    copy.hand("DELETE FROM heads")
    copy.hand("DELETE FROM tiles")
    before, growing = None, Growing(lambda _row, _number, hashes: hashes)
    for number, size in enumerate(sizes, 1):
        growing.add(leaves[growing.size : size])
        before = signed_head(size, growing.root(), copy.heads[number - 1].at, before, key)
        tiles = {(row, place): packed(hashes) for row, place, hashes in growing.unfinished()}
        assert recorder.add_head(number, before.note, tiles)


def mutate(copy: Copy, dice: Random, violations: tuple[type[Exception], ...]) -> Done:
    """Do something that the database takes; what it refuses by its own keys is put back and tried otherwise."""
    while True:
        with suppress(*violations):
            return dice.choice(MUTATIONS)(copy, dice)
        copy.put_back()
