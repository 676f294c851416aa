"""Building every view again from the ledger, beside the views that are in use, and putting them in their place at once."""

import sqlite3
from contextlib import closing

import structlog

from domain.participant import PARTICIPANT
from projections.telling import Anew, study_of
from projections.views import Parked, Views, immediately, marked, parked_in
from store.errors import DamagedEntry, in_plain_words
from store.ledger import Ledger, Unreadable
from store.study import StudyDesk

ENTRIES_AT_ONCE = 500
log = structlog.get_logger()


def rebuild(ledger: Ledger, desk: StudyDesk, views: Views) -> None:
    """Build all views again, each record read and folded once. Readers see the old ones until all of the new ones are in place.

    Feeds may go on meanwhile, in this or another process. Parked records are tried again. Raises Fault.
    """
    views.prepare()
    while True:
        anew = Anew(ledger, views.views, study_of(desk) if desk.opened() else None)
        upto = views.position() or ledger.head()
        with in_plain_words(), closing(views.beside()) as fresh:
            with immediately(fresh):
                anew.tell(fresh, ledger.streams(""), upto)
            with immediately(fresh):
                if anew.study is None or study_of(desk).record.version == anew.study.record.version:
                    _put_in_place(fresh, views, anew, upto)
                    break
    views.announce(views.position())
    log.info("rebuilt", position=upto)


def retry(ledger: Ledger, desk: StudyDesk, views: Views, participant_id: str) -> Parked | None:
    """Tell the views about a parked record again; returns why it stays parked, or None. Raises Fault."""
    return _retold(ledger, desk, views, PARTICIPANT + participant_id)


def look_through(ledger: Ledger, desk: StudyDesk, views: Views) -> None:
    """Read every stream from its first entry, and have the views leave out what is damaged and take back what is whole again.

    A feed reads what is new, so nobody else would notice that an old entry was altered. Raises Fault.
    """
    parked = {one.stream for one in views.parked()}
    for stream in ledger.streams(""):
        if _whole(ledger, stream) == (stream in parked):
            _retold(ledger, desk, views, stream)


def _retold(ledger: Ledger, desk: StudyDesk, views: Views, stream: str) -> Parked | None:
    """Tell the views about a stream again; what stands around the participants is told though the study cannot be read."""
    anew = Anew(ledger, views.views, study_of(desk) if stream.startswith(PARTICIPANT) else None)
    with views.writing() as connection:
        anew.tell(connection, [stream], marked(connection).position)
        return next((one for one in parked_in(connection) if one.stream == stream), None)


def _whole(ledger: Ledger, stream: str) -> bool:
    try:
        ledger.read(stream)
    except DamagedEntry:
        return False
    return True


def digest_at(ledger: Ledger, position: int) -> str:
    """The digest of the entry at a position; empty where there is none that can be read."""
    return next((entry.digest for entry in ledger.after(position - 1, 1) if not isinstance(entry, Unreadable)), "")


def _put_in_place(fresh: sqlite3.Connection, views: Views, anew: Anew, upto: int) -> None:
    """Catch up with what was told meanwhile, and take the place of the views in use."""
    real = marked(fresh, "real")
    now = max(upto, real.position)
    anew.tell(fresh, _concerned(anew.ledger, upto, now), now)
    for name in views.names:
        fresh.execute(f"DELETE FROM real.{name}")  # noqa: S608 - The names are those of our own tables.
        fresh.execute(f"INSERT INTO real.{name} SELECT * FROM main.{name}")  # noqa: S608 - The names are those of our own tables.
    fresh.execute("DELETE FROM real.parked WHERE stream <> ''")  # What stands for a gap in the ledger stays.
    fresh.execute("INSERT OR REPLACE INTO real.parked SELECT * FROM main.parked")
    if now != real.position:
        fresh.execute("UPDATE real.mark SET position = ?, digest = ?", (now, digest_at(anew.ledger, now)))


def _concerned(ledger: Ledger, position: int, until: int) -> list[str]:
    """The streams that were added to after a position, up to another."""
    streams: dict[str, None] = {}
    while position < until:
        batch = ledger.after(position, min(ENTRIES_AT_ONCE, until - position))
        streams |= dict.fromkeys(entry.stream for entry in batch if entry.stream and entry.position <= until)
        position = batch[-1].position
    return list(streams)
