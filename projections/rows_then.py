"""The rows of a participant's worklist as they were at a moment: made by the worklist itself, in a table that is forgotten at once."""

import sqlite3
from contextlib import closing
from datetime import datetime

from domain.participant import Participant
from domain.study import Study
from projections import worklist
from projections.views import Told, create
from projections.worklist_rows import Kept, Row, row_of


def rows_then(participant: Participant, study: Study, at: datetime) -> tuple[Row, ...]:
    """What was to be done for a participant at an instant; nothing where no protocol had been adopted yet."""
    if not participant.protocol:
        return ()
    with closing(sqlite3.connect(":memory:")) as connection:
        create(connection, worklist.TABLES)
        worklist.apply(connection, Told(participant, study, (), anew=True))
        kept = [Kept(*values) for values in connection.execute("SELECT * FROM worklist ORDER BY key")]
    return tuple(row_of(one, category, at) for one in kept if (category := one.category(at)) is not None)
