"""The tables of a ledger in SQLite, and what guards them."""

SCHEMA = [
    """CREATE TABLE IF NOT EXISTS entries (
        position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL, state BLOB NOT NULL,
        previous BLOB NOT NULL, hash BLOB NOT NULL, placed BLOB NOT NULL, UNIQUE (stream, version)) STRICT""",
    "CREATE INDEX IF NOT EXISTS streams ON entries (stream) WHERE version = 1",
    """CREATE TABLE IF NOT EXISTS commands (
        actor TEXT NOT NULL, command TEXT NOT NULL, digest TEXT NOT NULL, stream TEXT NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (actor, command)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS appended (
        position INTEGER PRIMARY KEY, stream TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, UNIQUE (stream, last)) STRICT""",
    "CREATE INDEX IF NOT EXISTS beginnings ON appended (stream) WHERE first = 1",
    "CREATE INDEX IF NOT EXISTS endings ON commands (position)",
    "CREATE TABLE IF NOT EXISTS participant_keys (stream TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS heads (number INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS tiles (
        of_row INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (of_row, number)) STRICT""",
    "CREATE TABLE IF NOT EXISTS followers (name TEXT PRIMARY KEY, token INTEGER NOT NULL, position INTEGER NOT NULL) STRICT",
    *(
        statement
        for table in ("entries", "commands", "appended", "heads")
        for change in ("UPDATE", "DELETE")
        for statement in (
            f"DROP TRIGGER IF EXISTS {table}_bear_no_{change.lower()}",
            f"""CREATE TRIGGER {table}_bear_no_{change.lower()} BEFORE {change} ON {table}
            BEGIN SELECT RAISE(ABORT, 'what is recorded is never changed'); END""",
        )
    ),
    *(  # SQLite asks no trigger for deleting when a row replaces another.
        statement
        for table, in_its_place in (
            ("entries", "position = NEW.position OR (stream = NEW.stream AND version = NEW.version)"),
            ("commands", "actor = NEW.actor AND command = NEW.command"),
            ("appended", "position = NEW.position OR (stream = NEW.stream AND last = NEW.last)"),
            ("heads", "number = NEW.number"),
        )
        for statement in (
            f"DROP TRIGGER IF EXISTS {table}_bear_no_replacement",
            f"""CREATE TRIGGER {table}_bear_no_replacement BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {in_its_place}) BEGIN SELECT RAISE(ABORT, 'what is recorded is never changed'); END""",  # noqa: S608 - The words are ours.
        )
    ),
]
