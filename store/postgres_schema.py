"""The tables of a ledger in PostgreSQL, what guards them, and the function that appends."""

RECORD = """
CREATE OR REPLACE FUNCTION {schema}.record(ordered jsonb)
RETURNS TABLE (what text, actor text, command uuid, digest text, stream text, first bigint, last bigint, place bigint)
LANGUAGE plpgsql SET enable_seqscan TO off SET search_path TO {schema} AS $body$
#variable_conflict use_column
DECLARE
    head bigint;
BEGIN
    PERFORM pg_advisory_xact_lock({lock});
    RETURN QUERY
        SELECT 'command', known.actor, known.command, known.digest, known.stream, known.first, known.last, known.position
        FROM jsonb_array_elements(ordered -> 'commands') AS asked(c)
        CROSS JOIN LATERAL (SELECT * FROM commands WHERE actor = c ->> 0 AND command = (c ->> 1)::uuid LIMIT 1) AS known
    UNION ALL
        SELECT 'stream', NULL, NULL, NULL, s ->> 0, coalesce(tail.version, 0), NULL, NULL
        FROM jsonb_array_elements(ordered -> 'streams') AS asked(s)
        LEFT JOIN LATERAL (SELECT version, hash FROM entries WHERE stream = s ->> 0 ORDER BY version DESC LIMIT 1) AS tail ON true
        WHERE coalesce(tail.version, 0) <> (s ->> 1)::bigint OR tail.hash <> decode(s ->> 2, 'hex');
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT coalesce(max(position), 0) INTO head FROM entries;
    INSERT INTO entries
        SELECT head + n, e ->> 0, (e ->> 1)::bigint, e ->> 2, convert_to(e ->> 3, 'UTF8'), decode(e ->> 4, 'hex'), decode(e ->> 5, 'hex'),
            sha256(decode(e ->> 5, 'hex') || int8send(head + n))
        FROM jsonb_array_elements(ordered -> 'entries') WITH ORDINALITY AS ready(e, n);
    INSERT INTO commands
        SELECT c ->> 0, (c ->> 1)::uuid, c ->> 2, c ->> 3, (c ->> 4)::bigint, (c ->> 5)::bigint, head + (c ->> 6)::bigint
        FROM jsonb_array_elements(ordered -> 'commands') AS ready(c);
    IF ordered -> 'keys' <> '[]' THEN
        INSERT INTO participant_keys
            SELECT k ->> 0, decode(k ->> 1, 'hex') FROM jsonb_array_elements(ordered -> 'keys') AS ready(k);
    END IF;
    NOTIFY {channel};
    RETURN QUERY SELECT 'head', NULL, NULL::uuid, NULL, NULL, NULL::bigint, NULL::bigint, head;
END
$body$"""

REFUSE = """
CREATE OR REPLACE FUNCTION {schema}.refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'what is recorded is never changed';
END
$body$"""

SCHEMA = [
    "CREATE SCHEMA IF NOT EXISTS {schema}",
    """CREATE TABLE IF NOT EXISTS {schema}.entries (
        position bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, version bigint NOT NULL, kind text NOT NULL, state bytea NOT NULL,
        previous bytea NOT NULL, hash bytea NOT NULL, placed bytea NOT NULL, UNIQUE (stream, version))""",
    "CREATE INDEX IF NOT EXISTS streams ON {schema}.entries (stream) WHERE version = 1",
    """CREATE TABLE IF NOT EXISTS {schema}.commands (
        actor text COLLATE "C" NOT NULL, command uuid NOT NULL, digest text NOT NULL, stream text NOT NULL, first bigint NOT NULL,
        last bigint NOT NULL, position bigint NOT NULL, PRIMARY KEY (actor, command))""",
    "CREATE TABLE IF NOT EXISTS {schema}.participant_keys (stream text PRIMARY KEY, wrapped bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {schema}.followers (name text PRIMARY KEY, token bigint NOT NULL, position bigint NOT NULL)",
    REFUSE,
    *(
        f"""CREATE OR REPLACE TRIGGER {table}_bear_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {{schema}}.{table}
        FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.refuse_to_change()"""
        for table in ("entries", "commands")
    ),
    RECORD,
]
