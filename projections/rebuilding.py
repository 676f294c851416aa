"""Building every view again from the ledger, beside the views that are in use, and putting them in their place at once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import structlog

from domain.participant import PARTICIPANT
from domain.study import Study
from projections.telling import study_of, tell, told_anew
from projections.views import Mark, Parked, Views, immediately, marked, parked_in
from store.errors import in_plain_words
from store.ledger import Ledger, Unreadable
from store.study import StudyDesk

ENTRIES_AT_ONCE = 500
log = structlog.get_logger()


def rebuild(ledger: Ledger, desk: StudyDesk, views: Views) -> None:
    """Build all views again, each record read and folded once. Readers see the old ones until all of the new ones are in place.

    A feed may go on meanwhile, in this or another process. Parked records are tried again.
    """
    views.prepare()
    with in_plain_words():
        while not _rebuilt(ledger, desk, views):
            log.info("the study changed during a rebuild")
    views.announce()


def retry(ledger: Ledger, desk: StudyDesk, views: Views, participant_id: str) -> Parked | None:
    """Tell the views about a parked record again; returns why it stays parked, or None."""
    stream, study = PARTICIPANT + participant_id, study_of(desk)
    with views.writing() as connection:
        _tell_again(connection, ledger, views, study, stream, marked(connection).position)
        return next((one for one in parked_in(connection) if one.stream == stream), None)


def digest_at(ledger: Ledger, position: int) -> str:
    """The digest of the entry at a position, empty where there is none that can be read."""
    return next((entry.digest for entry in ledger.after(position - 1, 1) if not isinstance(entry, Unreadable)), "")


def _rebuilt(ledger: Ledger, desk: StudyDesk, views: Views) -> bool:
    """Build, catch up with what was told meanwhile, and swap; False, with nothing changed, if the study changed meanwhile."""
    upto = views.position() or ledger.head()
    everybody = ledger.streams(PARTICIPANT)
    study = study_of(desk) if everybody else None
    with closing(views.beside()) as fresh:
        with immediately(fresh):
            for stream in everybody if study else ():
                _tell_again(fresh, ledger, views, study, stream, upto)
        with immediately(fresh):
            now = max(marked(fresh, "real").position, upto)
            if everybody and study_of(desk) is not study: ...
    return True
