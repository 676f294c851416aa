"""The deviations of the whole study: what stands of whom, looked into or not, reviewed or not, listed and counted."""

import sqlite3
from collections.abc import Collection, Iterable

from domain.base import Value
from domain.events import DeviationDetails
from domain.words import DeviationCategory
from projections.views import Told, Views, among

TABLES = (
    """deviations (participant TEXT, key TEXT, site TEXT NOT NULL, entry INTEGER NOT NULL, category TEXT NOT NULL,
    important INTEGER NOT NULL, final INTEGER NOT NULL, reviewed INTEGER NOT NULL, says TEXT NOT NULL, details TEXT,
    PRIMARY KEY (participant, key)) STRICT, WITHOUT ROWID""",
)


class Row(Value):
    """A deviation that stands; `details` are what somebody found out about it, if anybody looked into it."""

    participant: str
    key: str
    site: str
    entry: int
    """The entry by which it stands."""
    category: DeviationCategory
    important: bool
    final: bool
    reviewed: bool
    """Whether the investigator has reviewed it as it stands."""
    says: str
    details: DeviationDetails | None


class Count(Value):
    """How many deviations of a category stand at a site: of them the important ones, those only proposed, and those reviewed."""

    site: str
    category: DeviationCategory
    standing: int
    important: int
    proposed: int
    reviewed: int


def deviations(views: Views, sites: Collection[str] | None = None) -> tuple[Row, ...]:
    """Every deviation that stands, at these sites or at all, participant by participant in the order in which they arose."""
    with views.reading() as connection:
        question = f"SELECT * FROM deviations WHERE {among(sites)} ORDER BY participant, entry, key"  # noqa: S608 - Marks for parameters, and nothing that anybody wrote.
        return tuple(_row(*values) for values in connection.execute(question, tuple(sites or ())))


def counted(rows: Iterable[Row]) -> tuple[Count, ...]:
    """How many there are of each category at each site."""
    groups: dict[tuple[str, DeviationCategory], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.site, row.category), []).append(row)
    return tuple(
        Count(
            site=site,
            category=category,
            standing=len(group),
            important=sum(row.important for row in group),
            proposed=sum(not row.final for row in group),
            reviewed=sum(row.reviewed for row in group),
        )
        for (site, category), group in sorted(groups.items())
    )


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Write anew what stands of a participant."""
    forget(views, told.participant.id)
    rows = [
        (
            told.participant.id,
            one.key,
            told.participant.site,
            one.entry,
            one.category,
            one.important,
            one.final,
            one.reviewed,
            one.says,
            one.details.model_dump_json() if one.details else None,
        )
        for one in told.participant.deviations.values()
    ]
    views.executemany("INSERT INTO deviations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant's deviations out."""
    views.execute("DELETE FROM deviations WHERE participant = ?", (participant_id,))


def _row(*values: object) -> Row:
    stated = dict(zip(Row.model_fields, values, strict=True))
    details = stated["details"]
    flags = {name: bool(stated[name]) for name in ("important", "final", "reviewed")}
    found = DeviationDetails.model_validate_json(details) if isinstance(details, str) else None
    return Row.model_validate(stated | flags | {"details": found})
