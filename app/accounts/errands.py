"""Errands: what somebody is about to do, kept while they prove who they are: at the identity provider, or at the door."""

from datetime import datetime, timedelta
from secrets import token_urlsafe

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, Engine, delete, select

from app.accounts.sessions import digest_of
from app.accounts.tables import Clock, errands, identities, proofs, put, transaction
from domain.base import Value

LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider's."""
PROVES_FOR = timedelta(minutes=5)
"""How long a signature may be given once its signer has proved who they are."""


class Errand(Value):
    """Signing in, or, where `signs` says what, signing: the form that was sent comes back with its signer.

    Or a form whose session had ended when it was sent, which comes back with whoever typed it.
    """

    nonce: str
    verifier: str
    began: datetime
    then: str = "/"
    person: str = ""
    session: str = ""
    meaning: str = ""
    signs: str = ""
    """A digest of the session, the meaning and what is signed: for nothing else does the proof count."""
    typed: tuple[tuple[str, str], ...] = ()


class Errands:
    """Keeps errands sealed under a key that only the browser holds, and what was proved; each can be taken up once."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def begun(self, then: str, **more: object) -> Errand:
        """A new errand, with what nobody can guess."""
        said = {"nonce": token_urlsafe(32), "verifier": token_urlsafe(48), "began": self._clock(), "then": then}
        return Errand.model_validate(said | more)

    def keep(self, errand: Errand, key: str) -> str:
        """Keep an errand until its person comes back with this state. Those that nobody came back for go with it."""
        state, now = token_urlsafe(32), self._clock()
        sealed = Fernet(key).encrypt(errand.model_dump_json().encode()).decode()
        with transaction(self._engine) as connection:
            connection.execute(delete(errands).where(errands.c.began <= now - LASTS))
            connection.execute(errands.insert().values(state=digest_of(state), sealed=sealed, began=now))
        return state

    def take(self, state: str, key: str) -> Errand | None:
        """The errand of a state, once; None where it ran out, was taken, or was begun in another browser."""
        with transaction(self._engine) as connection:
            sealed = connection.execute(delete(errands).where(self._of(state)).returning(errands.c.sealed)).scalar_one_or_none()
        return _opened(sealed, key)

    def kept(self, state: str, key: str) -> Errand | None:
        """The errand of a state, which stays: what somebody typed is theirs for as long as it is kept."""
        with transaction(self._engine) as connection:
            sealed = connection.execute(select(errands.c.sealed).where(self._of(state))).scalar_one_or_none()
        return _opened(sealed, key)

    def prove(self, signs: str) -> str:
        """What shows that somebody proved anew who they are, to sign this and nothing else."""
        token, now = token_urlsafe(32), self._clock()
        with transaction(self._engine) as connection:
            connection.execute(delete(proofs).where(proofs.c.began <= now - PROVES_FOR))
            connection.execute(proofs.insert().values(token=digest_of(token), signs=signs, began=now))
        return token

    def proves(self, token: str, signs: str) -> bool:
        """Whether that was shown, once and not long ago."""
        mine = (proofs.c.token == digest_of(token)) & (proofs.c.signs == signs) & (proofs.c.began > self._clock() - PROVES_FOR)
        with transaction(self._engine) as connection:
            return int(connection.execute(delete(proofs).where(mine)).rowcount) == 1

    def is_whose(self, person: str, known_as: str) -> bool:
        """Whether an account is theirs whom the provider knows for good as this: the first who comes under its name keeps it."""
        row = {"person": person, "known_as": digest_of(known_as)}
        with transaction(self._engine) as connection:
            return put(connection, identities, row, identities.c.known_as == row["known_as"]) is not None

    def release(self, person: str) -> None:
        """Let another identity come under somebody's name."""
        with transaction(self._engine) as connection:
            connection.execute(delete(identities).where(identities.c.person == person))

    def _of(self, state: str) -> ColumnElement[bool]:
        return (errands.c.state == digest_of(state)) & (errands.c.began > self._clock() - LASTS)


def _opened(sealed: str | None, key: str) -> Errand | None:
    try:
        return None if sealed is None else Errand.model_validate_json(Fernet(key).decrypt(sealed.encode()))
    except (InvalidToken, ValueError):
        return None


def key_of(shown: str) -> str:
    """The key that a browser holds for its errands; a new one where what it shows is none."""
    try:
        Fernet(shown)
    except (ValueError, TypeError):
        return Fernet.generate_key().decode()
    return shown
