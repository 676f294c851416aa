"""The interface for programs that audit: a participant as of any moment, the signatures of a record, and a search over all entries."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.cli.replay import for_programs
from app.moments import NOW, Replays, entry_of, moment
from app.searched import TYPED
from app.web.needs import SeeingHistory
from app.web.problems import DESCRIBED
from app.web.searching import question_by
from app.web.sheets import chart_of
from domain.base import Value
from domain.replay import Cut
from domain.searching import Shelf
from domain.signatures import Signed, signatures
from domain.words import ParticipantId, Role, Source
from projections.search import Bounds, search

of_the_record = APIRouter(prefix="/api", tags=["audit"], responses=DESCRIBED)
Text = Annotated[str, Query(max_length=120)]
ROWS_AT_ONCE = 1000


class EntryFound(Value):
    """An entry: where it stands, who recorded it and how, when it happened and how late it was recorded, and its proof.

    `shelf` says with what it is kept, `version` where in its stream; the site of what is of the whole study is empty. `participant` and
    `person` are those of whom it tells.
    """

    participant: ParticipantId | None
    version: int
    position: int
    site: str
    zone: str
    recorded_at: datetime
    occurred: datetime | None
    late_minutes: int | None
    kind: str
    actor: str
    role: Role
    source: Source
    out_of_hours: bool
    signed: bool
    digest: str
    shelf: Shelf
    person: str | None


class Found(Value):
    """Some of the entries that were found, the last recorded first; `upto` is the position of the ledger up to which they were sought."""

    found: int
    page: int
    upto: int
    entries: tuple[EntryFound, ...]


@of_the_record.get("/participants/{participant}/replay")
def replay(  # noqa: PLR0913, PLR0917 - Each argument is a parameter of the address.
    participant: ParticipantId, asking: SeeingHistory, at_entry: Text = "", recorded: Text = "", occurred: Text = "", against: Text = ""
) -> dict[str, Any]:
    """How a participant stood at a moment: state, gates, agenda, worklist and protocol; compared with another one, if that is asked for.

    Instants are read on the clocks of the site, or with their offset. `against` is an entry, `recorded:…`, `occurred:…`, or `now`.
    """
    chart = chart_of(asking, participant)
    replays, clock = Replays(chart.daybook.participants, chart.record), chart.clock
    instants = {name: clock.instant(said) for name, said in (("recorded", recorded), ("occurred", occurred)) if said}
    then = replays.to(Cut(entry=entry_of(at_entry) if at_entry else None, **instants))
    other = replays.to(moment(against, clock)) if against else None
    return for_programs(then, other, tuple(replays.again(then)))


@of_the_record.get("/participants/{participant}/signatures")
def signed(participant: ParticipantId, asking: SeeingHistory, at: Text = NOW) -> tuple[Signed, ...]:
    """Every signature that was known at a moment, and whether a later fact had changed what was signed."""
    chart = chart_of(asking, participant)
    replays = Replays(chart.daybook.participants, chart.record)
    return signatures(replays.to(moment(at, chart.clock)).record, replays.study)


@of_the_record.get("/entries")
def entries(
    request: Request,
    asking: SeeingHistory,
    page: Annotated[int, Query(ge=1, lt=10**9)] = 1,
    after: Annotated[int, Query(ge=0, lt=10**12, description="After which position of the ledger.")] = 0,
) -> Found:
    """The entries that are looked for, as the desk looks for them: by the same parameters, at the asker's sites.

    To whoever has a role for every site also those of the whole study.
    """
    question = question_by(asking, {name: request.query_params.get(name, "") for name in TYPED})
    found = search(asking.office.daybook.views, question, Bounds(after), page, ROWS_AT_ONCE)
    return Found(
        found=found.found, page=found.number, upto=found.upto, entries=tuple(EntryFound.model_validate(row._asdict()) for row in found.rows)
    )
