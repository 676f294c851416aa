"""Sessions: what a browser or a program shows after its person signed in, until they sign out or time ends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Literal

from sqlalchemy import Engine, Row, bindparam, delete, select, update

from app.accounts.tables import Clock, put, sessions, signers, transaction

Proof = Literal["password", "identity-provider"]
IDLE = timedelta(minutes=30)
"""How long a session stays while nobody does anything: a browser in a ward is left alone."""
ABSOLUTE = timedelta(hours=12)
"""How long a session stays at most: a long shift."""
REMEMBERED = timedelta(days=7)
"""For how long it is remembered whose a session was: so what they send after its end comes back to nobody else."""
NOTED_EVERY = timedelta(minutes=1)
CODE_LENGTH = 8
KNOWN = select(sessions, signers.c.digest.is_not(None).label("signed")).select_from(
    sessions.outerjoin(signers, sessions.c.digest == signers.c.digest)
)
"""Sessions, with whether anything was signed in them."""
WITH_DIGEST = KNOWN.where(sessions.c.digest == bindparam("digest"))
"""The same of one; asked for with every page, so it is put together once."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. `csrf` is what every form of theirs shows again."""

    digest: str
    person: str
    csrf: str
    by: Proof
    began: datetime
    seen: datetime
    signed: bool
    """Whether its person has signed anything in it: the first signature takes more than those that follow."""

    @property
    def code(self) -> str:
        """What its person shows to whoever vouches for the account, to prove that it is in their hands; nobody else can see it."""
        return digest_of(f"vouching {self.csrf}")[:CODE_LENGTH]


class Sessions:
    """Begins and ends sessions; of a session's secret only a digest is kept."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def begin(self, person: str, by: Proof) -> str:
        """The secret of a new session; those that began long ago go with it."""
        secret, now = token_urlsafe(32), self._clock()
        row = {"digest": digest_of(secret), "person": person, "csrf": token_urlsafe(32), "by": by, "began": now, "seen": now}
        with transaction(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.began <= now - REMEMBERED))
            connection.execute(delete(signers).where(signers.c.digest.not_in(select(sessions.c.digest))))
            connection.execute(sessions.insert().values(row))
        return secret

    def find(self, secret: str, *, by_itself: bool = False) -> Session | None:
        """The session with this secret, unless time has ended it. What a page asks for `by_itself` does not show that anybody is there."""
        with transaction(self._engine) as connection:
            row = connection.execute(WITH_DIGEST, {"digest": digest_of(secret)}).one_or_none()
        if row is None:
            return None
        found, now = _session(row), self._clock()
        if now >= found.seen + IDLE or now >= found.began + ABSOLUTE:
            return None
        if now >= found.seen + NOTED_EVERY and not by_itself:
            with transaction(self._engine) as connection:
                connection.execute(update(sessions).where(sessions.c.digest == found.digest).values(seen=now))
        return found

    def whose(self, secret: str) -> str | None:
        """Whose session has this secret, though time may have ended it; None where it was ended by somebody, or long ago."""
        with transaction(self._engine) as connection:
            return connection.execute(select(sessions.c.person).where(sessions.c.digest == digest_of(secret))).scalar_one_or_none()

    def of(self, person: str) -> list[Session]:
        """Somebody's sessions that time has not ended, the latest first."""
        now = self._clock()
        alive = (sessions.c.seen > now - IDLE) & (sessions.c.began > now - ABSOLUTE)
        with transaction(self._engine) as connection:
            rows = connection.execute(KNOWN.where((sessions.c.person == person) & alive).order_by(sessions.c.began.desc())).all()
        return list(map(_session, rows))

    def note_signed(self, session: Session) -> None:
        """Note that its person has signed in a session."""
        with transaction(self._engine) as connection:
            put(connection, signers, {"digest": session.digest})

    def end(self, session: Session) -> int:
        """End one session."""
        return self._end(sessions.c.digest == session.digest)

    def end_one(self, person: str, digest: str) -> int:
        """End the session of somebody that has this digest, if it is theirs."""
        return self._end((sessions.c.person == person) & (sessions.c.digest == digest))

    def end_all(self, person: str, *, but: str = "") -> int:
        """End all sessions of somebody, but one if need be; returns how many there were that time had not ended."""
        ended = sum(one.digest != but for one in self.of(person))
        self._end((sessions.c.person == person) & (sessions.c.digest != but))
        return ended

    def _end(self, which: object) -> int:
        with transaction(self._engine) as connection:
            return int(connection.execute(delete(sessions).where(which)).rowcount)  # type: ignore[arg-type]  # It is a condition on columns.


def _session(row: Row[Any]) -> Session:
    return Session(**row._mapping)  # noqa: SLF001 - This is what SQLAlchemy calls it, and its documentation too.


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()
