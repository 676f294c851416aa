"""What is kept beside the ledger because it must be possible to forget it: passwords, sessions, secret addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.accounts.accesses import Accesses
from app.accounts.calendars import Calendars
from app.accounts.carried_out import CarriedOut
from app.accounts.errands import Errands
from app.accounts.passwords import Passwords
from app.accounts.saved_views import SavedViews
from app.accounts.sessions import Sessions
from app.accounts.tables import Clock, opened


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one study's people, open. Safe to use from any thread and process."""

    passwords: Passwords
    sessions: Sessions
    calendars: Calendars
    saved_views: SavedViews
    errands: Errands
    accesses: Accesses
    carried_out: CarriedOut


@contextmanager
def accounts_at(address: str, clock: Clock, cost: Parameters = RFC_9106_LOW_MEMORY) -> Iterator[Accounts]:
    """Open the accounts for as long as they are needed; `cost` is what it takes to try one password. Raises Fault."""
    engine = opened(address)
    try:
        with accesses_at(address, clock) as accesses:
            yield Accounts(
                passwords=Passwords(engine, clock, cost),
                sessions=Sessions(engine, clock),
                calendars=Calendars(engine),
                saved_views=SavedViews(engine),
                errands=Errands(engine, clock),
                accesses=accesses,
                carried_out=CarriedOut(engine),
            )
    finally:
        engine.dispose()


@contextmanager
def accesses_at(address: str, clock: Clock) -> Iterator[Accesses]:
    """Only the account of who looked at what, which no page waits for longer than it must. Raises Fault."""
    engine = opened(address, waiting=False)
    try:
        yield Accesses(engine, clock)
    finally:
        engine.dispose()
