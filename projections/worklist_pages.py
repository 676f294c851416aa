"""Pages of the worklist: grouped, filtered and put in order by the database, so that ten thousand participants are no wait.

To which group a row belongs is said here as a condition of SQL; that it is the same as `Kept.category` says is tested row by row.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from domain.base import Value
from domain.reminding.steps import NEAR
from domain.time import to_the_minute
from projections.views import Parked, Views, marked, parked_in, stored
from projections.worklist import LISTED_FROM
from projections.worklist_rows import SOON, Kept, Row, row_of, unreadable

Group = Literal["unreadable", "held", "safety", "expiring", "overdue", "due", "waiting", "soon", "review"]
"""In the order in which a coordinator looks."""
GROUPS: tuple[Group, ...] = get_args(Group)
CATEGORY = """CASE
    WHEN state IN ('held', 'revoked') AND opens <= :near THEN 'urgent'
    WHEN state = 'to report' THEN CASE WHEN closes <= :now THEN 'overdue' ELSE 'urgent' END
    WHEN state = 'unaccounted' OR closes <= :now THEN CASE WHEN kind = 'notice' THEN NULL ELSE 'overdue' END
    WHEN state = 'superseded' THEN 'due today'
    WHEN state IN ('held', 'revoked', 'waiting', 'not judged', 'not planned') THEN 'waiting'
    WHEN state = 'to confirm' AND (closes IS NULL OR closes > :soon) THEN 'waiting'
    WHEN state = 'to review' THEN 'to review'
    WHEN due <= :now THEN 'due today'
    WHEN opens <= :soon THEN 'soon' END"""
GROUP = """CASE
    WHEN kind = 'safety' THEN 2
    WHEN category = 'urgent' THEN 1
    WHEN category = 'soon' AND kind = 'eligibility' THEN 3
    WHEN category IN ('soon', 'due today') AND name LIKE 'product-expires:%' THEN 3
    WHEN category = 'overdue' THEN 4 WHEN category = 'due today' THEN 5 WHEN category = 'waiting' THEN 6 WHEN category = 'soon' THEN 7
    ELSE 8 END"""
"""The place of a row's group among the groups: a safety clock stays on top until it is reported, what expires before what is overdue."""
STATE = """CASE WHEN state = 'cleared' AND closes <= :now THEN 'no longer valid' WHEN state <> 'open' THEN state
    WHEN opens > :now THEN 'not open' WHEN closes <= :now THEN 'closed' ELSE 'open' END"""
"""The state as it is shown: the window of a visit opens and closes by itself, and leave ends by itself."""
SAYS = """(SELECT participant || ' ' || title || ' ' || says || ' ' || state FROM worklist
    WHERE (participant, key) = (one.participant, one.key))"""
"""All that a row says, in which words are looked for; its state is the one that is kept, whatever time has made of that."""


class Wanted(Value):
    """What somebody wants to see of the worklist of their sites; what is empty leaves nothing out."""

    sites: frozenset[str]
    step: str = ""
    visit: str = ""
    state: str = ""
    group: str = ""
    text: str = ""


class Listing(NamedTuple):
    """A page of the worklist: its rows, each with its group; how many rows each group has, and all of them together.

    It tells of what was recorded up to a position of the ledger.
    """

    rows: tuple[tuple[Group, Row], ...]
    counts: Mapping[Group, int]
    found: int
    position: int


class Place(NamedTuple):
    """Where a row stands in the list: the place of its group, and by which key it is found."""

    group: int
    participant: str
    key: str


@dataclass(frozen=True, slots=True)
class Board:
    """The whole list in its order, as places only: found out once for everybody who looks at it before anything changes."""

    places: tuple[Place, ...]
    counts: Mapping[Group, int]
    parked: tuple[Parked, ...]
    position: int
    minute: datetime

    def found(self, group: str) -> int:
        """How many rows a group has, or all of them have."""
        return sum(map(len, self.of(group)))

    def of(self, group: str) -> tuple[Sequence[Parked], Sequence[Place]]:
        """What stands in a group, or in all of them."""
        if not group:
            return self.parked, self.places
        place = GROUPS.index(group) if group in GROUPS else -1
        return (self.parked if place == 0 else ()), [one for one in self.places if one.group == place]


def listed(views: Views, now: datetime, wanted: Wanted, page: int, size: int) -> Listing:
    """A page of what there is to do as of the minute of `now`, counted from 1; beyond the last page there is the last."""
    board = board_of(views, to_the_minute(now), wanted)
    found = board.found(wanted.group)
    first = (min(page, max(1, -(-found // size))) - 1) * size
    return Listing(_rows(views, board, wanted.group, range(first, first + size)), board.counts, found, board.position)


def stretch(views: Views, now: datetime, wanted: Wanted, part: range) -> tuple[tuple[Row, ...], int]:
    """A part of what there is to do as of the minute of `now`, counted from 0, and how much there is."""
    board = board_of(views, to_the_minute(now), wanted)
    return tuple(row for _, row in _rows(views, board, wanted.group, part)), board.found(wanted.group)


def _rows(views: Views, board: Board, group: str, part: range) -> tuple[tuple[Group, Row], ...]:
    """Some rows of the list; records that cannot be read stand above all."""
    parked, places = board.of(group)
    rows = [(GROUPS[0], unreadable(one)) for one in parked[part.start : part.stop]]
    first = max(0, part.start - len(parked))
    return (*rows, *_read(views, places[first : first + len(part) - len(rows)], board.minute))


def board_of(views: Views, minute: datetime, wanted: Wanted) -> Board:
    """The list in its order as of a minute, whatever group is wanted of it."""
    every, words = wanted.model_copy(update={"group": "", "text": ""}), wanted.text.casefold().split()
    if not words:
        return views.remembered(("worklist", minute, every), lambda connection: _board(connection, minute, every))
    board, said = views.remembered(("what the worklist says", minute, every), lambda connection: _said(connection, minute, every))
    found: Sequence[int] = range(len(said))
    for word in words:
        found = [number for number in found if word in said[number]]
    places = tuple(board.places[number] for number in found)
    return replace(board, places=places, counts=_counts(places, ()), parked=())


def _board(connection: sqlite3.Connection, minute: datetime, wanted: Wanted) -> Board:
    return _of(connection, minute, wanted, _ordered(connection, minute, wanted, "place, participant, key"))


def _said(connection: sqlite3.Connection, minute: datetime, wanted: Wanted) -> tuple[Board, tuple[str, ...]]:
    """The list, and all that each of its rows says: found out once for whatever words somebody looks for in it."""
    rows = _ordered(connection, minute, wanted, f"place, participant, key, {SAYS}")
    return _of(connection, minute, wanted, [row[:3] for row in rows]), tuple(row[3].casefold() for row in rows)


def _of(connection: sqlite3.Connection, minute: datetime, wanted: Wanted, rows: Sequence[tuple[int, str, str]]) -> Board:
    places, parked = tuple(map(Place._make, rows)), _parked(parked_in(connection), wanted)
    return Board(places, _counts(places, parked), parked, marked(connection).position, minute)


def _ordered(connection: sqlite3.Connection, minute: datetime, wanted: Wanted, columns: str) -> list[Any]:
    asked, given = _question(wanted, minute)
    question = f"SELECT {columns} FROM ({asked}) AS one ORDER BY place, until, participant, name"  # noqa: S608 - The words are ours.
    return connection.execute(question, given).fetchall()


def _counts(places: Sequence[Place], parked: Sequence[Parked]) -> Mapping[Group, int]:
    counts: dict[Group, int] = {GROUPS[place]: count for place, count in Counter(one.group for one in places).items()}
    return counts | {"unreadable": len(parked)}


def _read(views: Views, places: Sequence[Place], minute: datetime) -> Iterator[tuple[Group, Row]]:
    """The rows at these places; one that has gone since the list was made is left out, as the page is told that it has changed."""
    with views.reading() as connection:
        for place in places:
            found = connection.execute("SELECT * FROM worklist WHERE participant = ? AND key = ?", place[1:]).fetchone()
            kept = None if found is None else Kept(*found)
            if kept is not None and (category := kept.category(minute)) is not None:
                yield GROUPS[place.group], row_of(kept, category, minute)


def _question(wanted: Wanted, now: datetime) -> tuple[str, dict[str, Any]]:
    """The rows that are wanted, each with its category and the place of its group; and what the question is asked with.

    The category is materialised, since the database would else find it out again wherever it is named.
    """
    given: dict[str, Any] = {"now": stored(now), "near": stored(now + NEAR), "soon": stored(now + SOON)}
    given |= {f"site{number}": site for number, site in enumerate(sorted(wanted.sites))}
    among_sites = ", ".join(f":site{number}" for number in range(len(wanted.sites)))
    conditions = [f"site IN ({among_sites})", f"{LISTED_FROM} <= :soon"]
    for kind, name in (("step", wanted.step), ("visit", wanted.visit)):
        if name:
            conditions.append(f"kind = '{kind}' AND name = :{kind}")
            given[kind] = name
    given["state"] = wanted.state
    judged = f"""SELECT participant, key, kind, name, coalesce(closes, opens, '9999') AS until, {CATEGORY} AS category, {STATE} AS shown
        FROM worklist WHERE {" AND ".join(conditions)}"""  # noqa: S608 - The words are ours.
    wanted_of_them = "category IS NOT NULL AND (:state = '' OR shown = :state)"
    chosen = f"SELECT participant, key, name, until, {GROUP} AS place FROM judged WHERE {wanted_of_them}"  # noqa: S608 - So are these.
    return f"WITH judged AS MATERIALIZED ({judged}) {chosen}", given


def _parked(parked: tuple[Parked, ...], wanted: Wanted) -> tuple[Parked, ...]:
    """The records that cannot be shown, unless something is wanted that they cannot be known to be."""
    if wanted.step or wanted.visit or wanted.state:
        return ()
    return tuple(one for one in parked if not one.around and one.site in {"", *wanted.sites})
