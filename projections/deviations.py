"""The deviations of the whole study: what stands of whom, looked into or not, reviewed or not, listed and counted."""

import sqlite3
from collections.abc import Collection, Iterable

from domain.base import Value
from domain.events import DeviationDetails
from domain.words import DeviationCategory
from projections.views import Told, Views, among, literally

TABLES = (
    """deviations (participant TEXT, key TEXT, site TEXT NOT NULL, entry INTEGER NOT NULL, told_in INTEGER NOT NULL,
    category TEXT NOT NULL, important INTEGER NOT NULL, final INTEGER NOT NULL, reviewed INTEGER NOT NULL, says TEXT NOT NULL, details TEXT,
    PRIMARY KEY (participant, key)) STRICT, WITHOUT ROWID""",
)
INDEXES = ("standing ON deviations (site, participant, entry, key)",)


class Row(Value):
    """A deviation that stands; `details` are what somebody found out about it, if anybody looked into it."""

    participant: str
    key: str
    site: str
    entry: int
    """The entry by which it stands."""
    told_in: int
    """The last entry that says anything about it, but for its review: what a review of it names."""
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


class Wanted(Value):
    """Which deviations are wanted, of these sites; what is empty leaves nothing out."""

    sites: frozenset[str]
    category: str = ""
    standing: str = ""
    """Proposed, to review, or reviewed."""
    importance: str = ""
    """Important or minor."""
    text: str = ""


def listed(views: Views, wanted: Wanted, limit: int, skipped: int = 0) -> tuple[tuple[Row, ...], int]:
    """So many of the deviations that are wanted after those that are skipped, and how many there are together."""
    condition, given = _condition(wanted)
    question = f"SELECT * FROM deviations WHERE {condition} ORDER BY participant, entry, key LIMIT ? OFFSET ?"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM deviations WHERE {condition}", given).fetchone()  # noqa: S608 - Only marks are put in.
        return tuple(_row(*values) for values in connection.execute(question, (*given, limit, skipped))), found


def counts(views: Views, wanted: Wanted) -> tuple[Count, ...]:
    """How many of those that are wanted there are of each category at each site."""
    condition, given = _condition(wanted)
    question = f"""SELECT site, category, count(*), sum(important), sum(1 - final), sum(reviewed) FROM deviations WHERE {condition}
        GROUP BY site, category ORDER BY site, category"""  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        found = connection.execute(question, given).fetchall()
    return tuple(Count.model_validate(dict(zip(Count.model_fields, values, strict=True))) for values in found)


def sites_of(views: Views, sites: Collection[str]) -> tuple[str, ...]:
    """At which of these sites any deviation stands."""
    question = f"SELECT DISTINCT site FROM deviations WHERE {among(sites)} ORDER BY site"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        return tuple(site for (site,) in connection.execute(question, tuple(sites)))


STANDING = "CASE WHEN reviewed THEN 'reviewed' WHEN final THEN 'to review' ELSE 'proposed' END"


def _condition(wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    conditions, given = [among(wanted.sites)], list(wanted.sites)
    asked = (
        ("category = ?", wanted.category),
        (f"{STANDING} = ?", wanted.standing),
        ("CASE WHEN important THEN 'important' ELSE 'minor' END = ?", wanted.importance),
        *(("participant || ' ' || says || ' ' || key LIKE ? ESCAPE '\\'", f"%{literally(word)}%") for word in wanted.text.split()),
    )
    for condition, value in asked:
        if value:
            conditions.append(condition)
            given.append(value)
    return " AND ".join(conditions), tuple(given)


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
            one.told_in,
            one.category,
            one.important,
            one.final,
            one.reviewed,
            one.says,
            one.details.model_dump_json() if one.details else None,
        )
        for one in told.participant.deviations.values()
    ]
    views.executemany("INSERT INTO deviations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant's deviations out."""
    views.execute("DELETE FROM deviations WHERE participant = ?", (participant_id,))


def _row(*values: object) -> Row:
    stated = dict(zip(Row.model_fields, values, strict=True))
    details = stated["details"]
    flags = {name: bool(stated[name]) for name in ("important", "final", "reviewed")}
    found = DeviationDetails.model_validate_json(details) if isinstance(details, str) else None
    return Row.model_validate(stated | flags | {"details": found})
