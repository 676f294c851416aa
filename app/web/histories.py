"""The pages of a participant's history, and of an entry that is corrected or taken back."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.moments import Replays
from app.web.answering import page
from app.web.fields import Typed
from app.web.forms import Sent, one_of
from app.web.history_page import correction_asks, entry_shown, history_page, stated
from app.web.needs import Seeing, SeeingHistory
from app.web.office import Asking
from app.web.replay_page import MomentAsked, StateShown, state_shown
from app.web.sheets import chart_of, page_with, recorded
from app.web.worklist_page import participant_href
from domain.entry import Entry
from domain.events import FACTS, Event
from domain.record import Record
from domain.rejections import Reason, Refused

histories = APIRouter(include_in_schema=False)
NOTHING_THERE = HTTPStatus.NOT_FOUND
"""Of a moment that nobody can write, or at which nothing was on record."""
FIELD = "field."
"""What the name of a field begins with that stands for one of the entry's."""


@histories.get("/participants/{participant}/history")
def history(request: Request, participant: str, asking: SeeingHistory) -> Response:
    """Every entry, the last first; as of a moment, those that were known then, how things stood, and why."""
    chart, asked = chart_of(asking, participant), MomentAsked.of(request.query_params)
    replays = Replays(chart.daybook.participants, chart.record)
    found, reasons = _replayed(replays, chart, asked)
    known, state = found or (chart.record, None)
    shown = history_page(known, chart.record.version, chart.clock, asked.page, replays.study)
    return page(
        request, asking, "history.html", NOTHING_THERE if reasons else HTTPStatus.OK, participant=chart.id, clock=chart.clock,
        recorded=tuple(recorded(request, chart)), page=shown, state=state, asked=asked, reasons=reasons, corrects=asking.may("record"),
    )  # fmt: skip


@histories.get("/participants/{participant}/entries/{entry}")
def an_entry(request: Request, participant: str, entry: int, asking: Seeing) -> Response:
    """What an entry says, field by field, to be corrected or taken back."""
    return _entry(request, asking, chart_of(asking, participant), entry, None)


@histories.post("/participants/{participant}/entries/{entry}")
def amended(request: Request, participant: str, entry: int, asking: Seeing, typed: Sent) -> Response:
    """Record what an entry should have said, or that it should never have been made."""
    return _entry(request, asking, chart_of(asking, participant), entry, typed)


def _replayed(replays: Replays, chart: Chart, asked: MomentAsked) -> tuple[tuple[Record, StateShown] | None, tuple[Reason, ...]]:
    """What was known at the moment that is asked for, and how things stood; or why that cannot be told."""
    try:
        cut = asked.cut(chart.clock)
        if cut is None:
            return None, ()
        then, state = state_shown(replays, cut, asked, chart.clock)
    except Refused as refused:
        return None, refused.reasons
    return (then.record, state), ()


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
