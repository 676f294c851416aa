"""What the ledger asks of SQLite."""

from store.codec import Row

COLUMNS = ", ".join(Row._fields)
ENTRIES = f"SELECT {COLUMNS} FROM entries"  # noqa: S608 - The columns are our own.
LAST_OF_STREAM = "SELECT coalesce(max(last), 0) AS upto FROM appended WHERE stream = ?"
STREAM = f"SELECT * FROM ({LAST_OF_STREAM}) LEFT JOIN ({ENTRIES} WHERE stream = ? AND version > ?) ORDER BY version"  # noqa: S608 - Everything stands above.
TAIL = f"SELECT * FROM ({LAST_OF_STREAM}) LEFT JOIN ({ENTRIES} WHERE stream = ? ORDER BY version DESC LIMIT 1)"  # noqa: S608 - So does this.
STANDS = f"""SELECT (SELECT coalesce(max(version), 0) FROM entries WHERE stream = ?), ({LAST_OF_STREAM}),
    (SELECT hash FROM entries WHERE stream = ? ORDER BY version DESC LIMIT 1)"""  # noqa: S608 - And this, too.
AFTER = f"""SELECT * FROM (SELECT coalesce(max(position), 0) AS upto FROM appended)
    LEFT JOIN ({ENTRIES} WHERE position > ? ORDER BY position LIMIT ?) ORDER BY position"""  # noqa: S608 - The columns are our own.
SEALED = f"{ENTRIES} WHERE version = 1 AND instr(state, ?) = 0 ORDER BY stream"
STREAMS = """SELECT stream FROM entries WHERE version = 1 AND stream >= ?
    UNION SELECT stream FROM appended WHERE first = 1 AND stream >= ? ORDER BY stream"""
MISSING = """SELECT stream, last FROM appended WHERE position = (SELECT max(position) FROM appended)
    AND position > (SELECT coalesce(max(position), 0) FROM entries)"""


def _as_kept(**columns: str) -> str:
    """Columns as they are to be proved, a text as its bytes. What is not of its kind any more, as one bit brings about, is none."""
    of_kind = {"text": "CAST({0} AS BLOB), X''", "blob": "{0}, X''", "integer": "{0}, -1"}
    return ", ".join(f"iif(typeof({column}) = '{kind}', {of_kind[kind].format(column)})" for column, kind in columns.items())


ROW = _as_kept(stream="text", version="integer", kind="text", state="blob", previous="blob", hash="blob", placed="blob")
STRETCH = f"SELECT position, {ROW} FROM entries WHERE position >= ? ORDER BY position LIMIT ?"  # noqa: S608 - The columns are our own.
COMMAND = _as_kept(actor="text", command="text", digest="text", stream="text", first="integer", last="integer")
ENDED = f"SELECT position, {COMMAND} FROM commands WHERE position BETWEEN ? AND ? ORDER BY position"  # noqa: S608 - And so are these.
SPAN = _as_kept(stream="text", first="integer", last="integer")
APPENDED = f"SELECT position, {SPAN} FROM appended WHERE position BETWEEN ? AND ? ORDER BY position"  # noqa: S608 - These as well.
HEADS = f"SELECT number, {_as_kept(note='text')} FROM heads ORDER BY number"  # noqa: S608 - And this one.
BEFORE = "SELECT version, hash FROM entries WHERE stream = ? AND position < ? ORDER BY version DESC LIMIT 1"
