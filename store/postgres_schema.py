"""The tables of a ledger in PostgreSQL, what guards them, and the function that appends."""

RECORD = """
-- Appends what is ordered and returns the head before it; or appends nothing and returns what is in the way:
-- commands that are known; streams that stand elsewhere, with the version they have and the one at which a command left them;
-- and the last entry of the ledger when it is gone.
CREATE OR REPLACE FUNCTION {schema}.record(ordered jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $body$
DECLARE
    head bigint;
    in_the_way jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock({lock});
    SELECT jsonb_agg(one) INTO in_the_way FROM (
        SELECT jsonb_build_array('command', c ->> 0, c ->> 1, known.digest, known.stream, known.first, known.last, known.position)
        FROM jsonb_array_elements(ordered -> 'commands') AS asked(c)
        CROSS JOIN LATERAL (SELECT * FROM {schema}.commands WHERE actor = c ->> 0 AND command = (c ->> 1)::uuid LIMIT 1) AS known
    UNION ALL
        SELECT jsonb_build_array('stream', s ->> 0, coalesce(tail.version, 0), known.upto)
        FROM jsonb_array_elements(ordered -> 'streams') AS asked(s)
        LEFT JOIN LATERAL (
            SELECT version, hash FROM {schema}.entries WHERE stream = s ->> 0 ORDER BY version DESC LIMIT 1
        ) AS tail ON true
        CROSS JOIN LATERAL (SELECT coalesce(max(last), 0) AS upto FROM {schema}.appended WHERE stream = s ->> 0) AS known
        WHERE coalesce(tail.version, 0) <> (s ->> 1)::bigint OR coalesce(tail.version, 0) <> known.upto
            OR tail.hash <> decode(s ->> 2, 'hex')
    UNION ALL
        SELECT jsonb_build_array('missing', stream, last) FROM {schema}.appended
        WHERE position = (SELECT max(position) FROM {schema}.appended)
            AND position > (SELECT coalesce(max(position), 0) FROM {schema}.entries)
    ) AS found(one);
    IF in_the_way IS NOT NULL THEN
        RETURN in_the_way;
    END IF;
    SELECT coalesce(max(position), 0) INTO head FROM {schema}.entries;
    WITH recorded AS (
        INSERT INTO {schema}.entries
        SELECT head + n, e ->> 0, (e ->> 1)::bigint, e ->> 2, convert_to(e ->> 3, 'UTF8'), decode(e ->> 4, 'hex'), decode(e ->> 5, 'hex'),
            sha256(decode(e ->> 5, 'hex') || int8send(head + n))
        FROM jsonb_array_elements(ordered -> 'entries') WITH ORDINALITY AS ready(e, n)
        RETURNING position, stream, version
    )
    INSERT INTO {schema}.appended SELECT max(position), stream, min(version), max(version) FROM recorded GROUP BY stream;
    INSERT INTO {schema}.commands
        SELECT c ->> 0, (c ->> 1)::uuid, c ->> 2, c ->> 3, (c ->> 4)::bigint, (c ->> 5)::bigint, head + (c ->> 6)::bigint
        FROM jsonb_array_elements(ordered -> 'commands') AS ready(c);
    IF ordered -> 'keys' <> '[]' THEN
        INSERT INTO {schema}.participant_keys
            SELECT k ->> 0, decode(k ->> 1, 'hex') FROM jsonb_array_elements(ordered -> 'keys') AS ready(k);
    END IF;
    NOTIFY {channel};
    RETURN to_jsonb(head);
END
$body$"""

REFUSE = """
CREATE OR REPLACE FUNCTION {schema}.refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'what is recorded is never changed';
END
$body$"""

SCHEMA = [
    """CREATE TABLE IF NOT EXISTS {schema}.entries (
        position bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, version bigint NOT NULL, kind text NOT NULL, state bytea NOT NULL,
        previous bytea NOT NULL, hash bytea NOT NULL, placed bytea NOT NULL, UNIQUE (stream, version))""",
    "CREATE INDEX IF NOT EXISTS streams ON {schema}.entries (stream) WHERE version = 1",
    """CREATE TABLE IF NOT EXISTS {schema}.commands (
        actor text COLLATE "C" NOT NULL, command uuid NOT NULL, digest text NOT NULL, stream text NOT NULL, first bigint NOT NULL,
        last bigint NOT NULL, position bigint NOT NULL, PRIMARY KEY (actor, command))""",
    """CREATE TABLE IF NOT EXISTS {schema}.appended (
        position bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
        UNIQUE (stream, last))""",
    "CREATE INDEX IF NOT EXISTS beginnings ON {schema}.appended (stream) WHERE first = 1",
    "CREATE INDEX IF NOT EXISTS endings ON {schema}.commands (position)",
    "CREATE TABLE IF NOT EXISTS {schema}.heads (number bigint PRIMARY KEY, note text NOT NULL)",
    """CREATE TABLE IF NOT EXISTS {schema}.tiles (
        of_row bigint NOT NULL, number bigint NOT NULL, hashes bytea NOT NULL, PRIMARY KEY (of_row, number))""",
    "CREATE TABLE IF NOT EXISTS {schema}.participant_keys (stream text PRIMARY KEY, wrapped bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {schema}.followers (name text PRIMARY KEY, token bigint NOT NULL, position bigint NOT NULL)",
    REFUSE,
    *(
        f"""CREATE OR REPLACE TRIGGER {table}_bear_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {{schema}}.{table}
        FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.refuse_to_change()"""
        for table in ("entries", "commands", "appended", "heads")
    ),
    RECORD,
    "COMMENT ON TABLE {schema}.entries IS {edition}",
]
GRANTED = """SELECT rolname, privilege_type FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) AS may
    LEFT JOIN pg_roles ON pg_roles.oid = grantee WHERE pg_class.oid = to_regclass(%s) AND privilege_type IN ('SELECT', 'INSERT')"""
"""Who may read a table or add to it; everybody may where no role is named."""
WITH_ENTRIES = {
    "SELECT": (("appended", "SELECT"), ("heads", "SELECT"), ("tiles", "SELECT")),
    "INSERT": (("appended", "INSERT"), ("heads", "INSERT"), ("tiles", "INSERT, UPDATE")),
}
"""What goes with the right to read entries, and what with the right to add to them: those tables came later."""
