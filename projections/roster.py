"""The roster: every participant with the stage that was reached, page by page."""

import sqlite3
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from domain.anchors import anchors
from domain.leaving import ways_in_force
from domain.stages import Stage, stage
from projections.views import Told, Views, among, stored

TABLES = (
    """roster (participant TEXT PRIMARY KEY, site TEXT NOT NULL, zone TEXT NOT NULL, protocol INTEGER NOT NULL, version INTEGER NOT NULL,
    stage TEXT NOT NULL, left_by TEXT NOT NULL, infusion TEXT, recorded_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)


class Row(NamedTuple):
    """A participant: the stage reached, how they left (empty while they have not), day 0 if there is one, and the last recording."""

    participant: str
    site: str
    zone: str
    protocol: int
    version: int
    stage: Stage
    left: str
    infusion: date | None
    recorded_at: datetime


class Page(NamedTuple):
    """Some of the participants who were asked for, and how many there are of them."""

    rows: tuple[Row, ...]
    found: int


def roster(views: Views, sites: Collection[str], page: int, size: int, *, text: str = "", reached: str = "", here: str = "") -> Page:  # noqa: PLR0913 - Each narrows the question.
    """A page of the participants at these sites, counted from 1; beyond the last page there is the last.

    `text` is a part of their code, `reached` a stage, and `here` is `yes` for those who are still in the study, `no` for those who left.
    """
    left = {"yes": "left_by = ''", "no": "left_by <> ''"}.get(here, "1")
    condition = f"{among(sites)} AND {left} AND (? = '' OR stage = ?) AND instr(participant, ?) > 0"
    given = (*sites, reached, reached, text.strip().upper())
    with views.reading() as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM roster WHERE {condition}", given).fetchone()  # noqa: S608 - Only marks are put in.
        first = (min(page, max(1, -(-found // size))) - 1) * size
        question = f"SELECT * FROM roster WHERE {condition} ORDER BY participant LIMIT ? OFFSET ?"  # noqa: S608 - Only marks are put in.
        return Page(tuple(_row(values) for values in connection.execute(question, (*given, size, first))), found)


def codes(views: Views, sites: Collection[str]) -> tuple[str, ...]:
    """The codes of everybody at these sites, in their order."""
    question = f"SELECT participant FROM roster WHERE {among(sites)} ORDER BY participant"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        return tuple(code for (code,) in connection.execute(question, tuple(sites)))


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Write anew how far a participant has come."""
    one, zone = told.participant, told.zone
    left = "; ".join(dict.fromkeys(way.words for way, _ in ways_in_force(one, zone)))
    infused = anchors(one, told.study).get("infusion") if one.protocol else None
    day = infused.on.isoformat() if infused else None
    row = (one.id, one.site, zone, one.protocol, one.version, stage(one), left, day, stored(one.recorded_at))
    views.execute("INSERT OR REPLACE INTO roster VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant out."""
    views.execute("DELETE FROM roster WHERE participant = ?", (participant_id,))


def _row(values: tuple[str, str, str, int, int, Stage, str, str | None, str]) -> Row:
    *known, infusion, recorded_at = values
    return Row._make((*known, date.fromisoformat(infusion) if infusion else None, datetime.fromisoformat(recorded_at)))
