"""The pages of a participant's history, and of an entry that is corrected or taken back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.web.answering import page
from app.web.fields import Typed
from app.web.history_page import correction_asks, entry_shown, history_page, stated
from app.web.needs import Needs, Seeing
from app.web.office import Asking
from app.web.sheets import Sent, chart_of, one_of, page_with, recorded
from app.web.worklist_page import participant_href
from domain.entry import Entry
from domain.events import FACTS, Event
from domain.rejections import Reason, Refused
from domain.study import Study

histories = APIRouter(include_in_schema=False)
SeeingHistory = Annotated[Asking, Depends(Needs("see-history"))]
FIELD = "field."
"""What the name of a field begins with that stands for one of the entry's."""


@histories.get("/participants/{participant}/history")
def history(
    request: Request,
    participant: str,
    asking: SeeingHistory,
    version: int | None = None,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """Every entry, the last first; with a version, those up to it and how things stood then."""
    chart = chart_of(asking, participant)
    study = _study_then(chart, version)
    shown = history_page(chart.record, study, chart.clock, version, number)
    told = tuple(recorded(request, chart))
    corrects = asking.may("record")
    return page(request, asking, "history.html", participant=chart.id, clock=chart.clock, recorded=told, page=shown, corrects=corrects)


@histories.get("/participants/{participant}/entries/{entry}")
def an_entry(request: Request, participant: str, entry: int, asking: Seeing) -> Response:
    """What an entry says, field by field, to be corrected or taken back."""
    return _entry(request, asking, chart_of(asking, participant), entry, None)


@histories.post("/participants/{participant}/entries/{entry}")
def amended(request: Request, participant: str, entry: int, asking: Seeing, typed: Sent) -> Response:
    """Record what an entry should have said, or that it should never have been made."""
    return _entry(request, asking, chart_of(asking, participant), entry, typed)


def _study_then(chart: Chart, version: int | None) -> Study:
    """The study as it stood when an entry was decided."""
    if version is None or not 0 < version <= chart.record.version:
        return chart.study
    return chart.daybook.desk.at(chart.record.entries[version - 1].study_version)


def _entry(request: Request, asking: Asking, chart: Chart, number: int, typed: Typed | None) -> Response:
    entry = _amendable(chart, number)
    says = stated(entry, chart.clock)
    typed_now = {name: one_of(typed or {}, FIELD + name) if typed and FIELD + name in typed else was for name, was in says.items()}
    changes = tuple(f"{name}={value}" for name, value in typed_now.items() if value != says[name])
    shown = entry_shown(entry, {}, chart.clock)
    asks, back = correction_asks(entry, changes), f"{participant_href(chart.id)}/history"
    return page_with(request, asking, "entry.html", chart, asks, typed, back=back, entry=shown, stated=says, typed=typed_now)


def _amendable(chart: Chart, number: int) -> Entry[Event]:
    """An entry that people may amend, as it says now. Raises Refused."""
    entry = chart.record.entry(number)
    if entry is None or not isinstance(entry.event, FACTS):
        raise Refused(Reason(code="unknown-page", says=f"there is no entry {number} that states what a person reported"))
    return entry
