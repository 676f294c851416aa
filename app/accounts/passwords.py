"""Passwords: kept as argon2id hashes, checked in the same time whether or not the person exists, locked after failures."""

from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, delete, select

from app.accounts.tables import Clock, attempts, passwords
from domain.rejections import Reason, Refused

SHORTEST = 15
"""What NIST SP 800-63B-4 asks for where a password stands alone; from memory."""
LONGEST = 1024
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


class Locked(Exception):
    """Somebody failed too often; nobody is let in under this name for a while, with the right password either."""


class Passwords:
    """Knows whether a password is a person's, without knowing the password."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._hasher = PasswordHasher()
        self._nobodys = self._hasher.hash("somebody who does not exist")

    def set(self, person: str, password: str, *, chosen: bool) -> None:
        """Give somebody a password. Raises Refused where it is too short to keep anybody out."""
        if not SHORTEST <= len(password) <= LONGEST:
            says = f"a password has at least {SHORTEST} characters; several words are easy to remember"
            raise Refused(Reason(code="password-too-short", says=says))
        if password.lower() in {person, person.replace("-", "")} or len(set(password)) <= 2:  # noqa: PLR2004 - One letter, or two in turn.
            raise Refused(Reason(code="password-too-easy", says="this is the first password that anybody would try"))
        hash_ = self._hasher.hash(password)
        with self._engine.begin() as connection:
            connection.execute(delete(passwords).where(passwords.c.person == person))
            connection.execute(passwords.insert().values(person=person, hash=hash_, chosen=chosen))
            connection.execute(delete(attempts).where(attempts.c.person == person))

    def proves(self, person: str, password: str) -> bool:
        """Whether somebody is who they say; that they are not is counted. Raises Locked."""
        if self.locked(person):
            raise Locked
        with self._engine.connect() as connection:
            kept = connection.execute(select(passwords.c.hash).where(passwords.c.person == person)).scalar_one_or_none()
        try:
            self._hasher.verify(kept or self._nobodys, password)
            right = kept is not None
        except (VerificationError, InvalidHashError):
            right = False
        self._count(person, right=right)
        return right

    def locked(self, person: str) -> bool:
        """Whether nobody is let in under this name for now."""
        with self._engine.connect() as connection:
            found = connection.execute(select(attempts.c.failed, attempts.c.last).where(attempts.c.person == person)).one_or_none()
        return found is not None and found.failed >= FAILURES and self._clock() < found.last + LOCKED_FOR

    def chosen(self, person: str) -> bool:
        """Whether somebody chose their password themselves."""
        with self._engine.connect() as connection:
            return bool(connection.execute(select(passwords.c.chosen).where(passwords.c.person == person)).scalar_one_or_none())

    def _count(self, person: str, *, right: bool) -> None:
        with self._engine.begin() as connection:
            found = connection.execute(select(attempts).where(attempts.c.person == person)).one_or_none()
            connection.execute(delete(attempts).where(attempts.c.person == person))
            if not right:
                fresh = found is None or self._clock() >= found.last + LOCKED_FOR
                failed = 1 if found is None or fresh else found.failed + 1
                connection.execute(attempts.insert().values(person=person, failed=failed, last=self._clock()))
