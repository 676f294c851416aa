"""Passwords: kept as argon2id hashes, checked in the same time whether or not the person exists, locked after failures."""

import re
from datetime import timedelta
from secrets import choice

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, case, delete, select

from app.accounts.tables import Clock, attempts, passwords, put, transaction
from domain.rejections import Reason, Refused

SHORTEST = 15
"""What NIST SP 800-63B-4 asks for where a password stands alone; still to be compared with the text."""
LONGEST = 1024
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
A_NAME = re.compile(r"[a-z0-9-]{1,60}")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What a password that is given is made of: nothing that looks like something else."""


class Locked(Exception):
    """Somebody failed too often; nobody is let in under this name for a while, with the right password either."""


class Passwords:
    """Knows whether a password is a person's, without knowing the password."""

    def __init__(self, engine: Engine, clock: Clock, cost: Parameters) -> None:
        self._engine, self._clock = engine, clock
        self._hasher = PasswordHasher.from_parameters(cost)
        self._nobodys = self._hasher.hash("somebody who does not exist")

    def set(self, person: str, password: str, *, chosen: bool) -> None:
        """Give somebody a password, and unlock them. Raises Refused where it is too weak to keep anybody out."""
        refuse_weak(person, password)
        row = {"person": person, "hash": self._hasher.hash(password), "chosen": chosen}
        with transaction(self._engine) as connection:
            put(connection, passwords, row)
            connection.execute(delete(attempts).where(attempts.c.person == person))

    def give(self, person: str) -> str:
        """A password to begin with, which opens only the way to choose another one."""
        given = "-".join("".join(choice(LETTERS) for _ in range(5)) for _ in range(4))
        self.set(person, given, chosen=False)
        return given

    def proves(self, person: str, password: str) -> bool:
        """Whether somebody is who they say; that they are not is counted. Raises Locked.

        It is counted before it is known, so that whoever tries many at once has no more than whoever tries one after the other.
        """
        if not A_NAME.fullmatch(person) or not password.isprintable():
            return False
        if not self._counted(person):
            raise Locked
        with transaction(self._engine) as connection:
            kept = connection.execute(select(passwords.c.hash).where(passwords.c.person == person)).scalar_one_or_none()
        try:
            self._hasher.verify(kept or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        if kept is not None:
            self.unlock(person)
        return kept is not None

    def unlock(self, person: str) -> None:
        """Forget how often somebody failed."""
        with transaction(self._engine) as connection:
            connection.execute(delete(attempts).where(attempts.c.person == person))

    def locked(self, person: str) -> bool:
        """Whether nobody is let in under this name for now."""
        with transaction(self._engine) as connection:
            found = connection.execute(select(attempts.c.failed, attempts.c.last).where(attempts.c.person == person)).one_or_none()
        return found is not None and found.failed >= FAILURES and self._clock() < found.last + LOCKED_FOR

    def chosen(self, person: str) -> bool:
        """Whether somebody chose their password themselves."""
        with transaction(self._engine) as connection:
            return bool(connection.execute(select(passwords.c.chosen).where(passwords.c.person == person)).scalar_one_or_none())

    def kept(self, person: str) -> bool:
        """Whether somebody has a password at all."""
        with transaction(self._engine) as connection:
            return connection.execute(select(passwords.c.person).where(passwords.c.person == person)).one_or_none() is not None

    def _counted(self, person: str) -> bool:
        """Count one more attempt, unless too many failed; those of long ago are forgotten."""
        now = self._clock()
        old, open_ = attempts.c.last <= now - LOCKED_FOR, attempts.c.failed < FAILURES
        row = {"person": person, "failed": 1, "last": now}
        with transaction(self._engine) as connection:
            return put(connection, attempts, row, old | open_, failed=case((old, 1), else_=attempts.c.failed + 1), last=now) is not None


def refuse_weak(person: str, password: str) -> None:
    """Refuse a password that is too short to keep anybody out, too long to be read, or the first that anybody would try."""
    if len(password) > LONGEST:
        raise Refused(Reason(code="password-too-long", says=f"a password has at most {LONGEST} characters"))
    if len(password) < SHORTEST:
        says = f"a password has at least {SHORTEST} characters; several words are easy to remember"
        raise Refused(Reason(code="password-too-short", says=says))
    if not password.isprintable():
        raise Refused(Reason(code="password-not-typed", says="a password is made of characters that can be typed"))
    if password.lower() in {person, person.replace("-", "")} or len(set(password)) <= 2:  # noqa: PLR2004 - One letter, or two in turn.
        raise Refused(Reason(code="password-too-easy", says="this is the first password that anybody would try"))
