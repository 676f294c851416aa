"""The secret addresses of people's calendar feeds: a calendar program cannot sign in, so its address is the key."""

from secrets import token_urlsafe

from sqlalchemy import Engine, delete, select

from app.accounts.sessions import digest_of
from app.accounts.tables import calendars, put, transaction


class Calendars:
    """Gives out secret addresses, one for each person; of a secret only a digest is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def give(self, person: str) -> str:
        """A new secret for somebody's feed; the one before opens nothing any more."""
        secret = token_urlsafe(32)
        with transaction(self._engine) as connection:
            put(connection, calendars, {"digest": digest_of(secret), "person": person})
        return secret

    def take_back(self, person: str) -> bool:
        """Nobody sees somebody's feed any more. Returns whether anybody could."""
        with transaction(self._engine) as connection:
            return int(connection.execute(delete(calendars).where(calendars.c.person == person)).rowcount) > 0

    def whose(self, secret: str) -> str | None:
        """Whose feed a secret opens."""
        with transaction(self._engine) as connection:
            return connection.execute(select(calendars.c.person).where(calendars.c.digest == digest_of(secret))).scalar_one_or_none()
