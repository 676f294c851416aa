"""The edition of a ledger's tables: those of an earlier program are brought up to date in place, those of a later one left alone."""

from store.errors import Fault

EDITION = 2
"""It is raised whenever the tables change, or what guards them, or the function that appends. Before editions were counted it was 0."""
APPENDED_BY_COMMANDS = """INSERT INTO {schema}.appended
    SELECT max(position), stream, min(version), max(version) FROM (
        SELECT position, stream, version, (SELECT min(c.position) FROM {schema}.commands AS c WHERE c.position >= e.position) AS ended
        FROM {schema}.entries AS e
    ) AS recorded WHERE ended IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {schema}.appended) GROUP BY ended, stream"""
"""What each command appended to each of its streams, found out once for a ledger of the time when that was not remembered by itself."""


def outdated(edition: int) -> bool:
    """Whether the tables are of an earlier edition than ours. Raises a Fault where they are of a later one."""
    if edition > EDITION:
        raise Fault("This ledger has been opened by a later version of Daybook, which this one cannot follow. Use that version.")
    return edition < EDITION
