"""The pages on which a step is taken and a visit is recorded."""

from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.web.fields import Typed
from app.web.needs import Seeing
from app.web.office import Asking, Stated
from app.web.sheets import Sent, chart_of, one_of, page_with
from app.web.step_page import SHIFTS, Shift, StepPage, shifts, step_asks, step_page
from app.web.visit_page import visit_asks, visit_page
from domain import commands as c
from domain.rejections import Reason, Refused
from domain.words import HoldPoint

taking = APIRouter(include_in_schema=False)


@taking.get("/participants/{participant}/steps/{step}")
def gate_of(request: Request, participant: str, step: HoldPoint, asking: Seeing) -> Response:
    """The gate of a step, and every form by which it is planned, taken or given up."""
    return _step(request, asking, chart_of(asking, participant), step, None)


@taking.post("/participants/{participant}/steps/{step}")
def take(request: Request, participant: str, step: HoldPoint, asking: Seeing, typed: Sent) -> Response:
    """Record what one of the forms of a step says."""
    return _step(request, asking, chart_of(asking, participant), step, typed)


@taking.get("/participants/{participant}/visits/{visit}")
def window_of(request: Request, participant: str, visit: str, asking: Seeing) -> Response:
    """The window of a visit, what it requires, and every form by which it is recorded."""
    return _visit(request, asking, chart_of(asking, participant), visit, None)


@taking.post("/participants/{participant}/visits/{visit}")
def account_for(request: Request, participant: str, visit: str, asking: Seeing, typed: Sent) -> Response:
    """Record what one of the forms of a visit says; `now` stands for the time at which it is sent."""
    now = {"at": ("now",)} if "now" in typed else {}
    return _visit(request, asking, chart_of(asking, participant), visit, {**typed, **now})


def _step(request: Request, asking: Asking, chart: Chart, step: HoldPoint, typed: Typed | None) -> Response:
    if not chart.record.participant.protocol:
        raise Refused(Reason(code="unknown-page", says="no protocol has been adopted, so no step has a gate"))
    shown = step_page(step, chart.record.participant, chart.study, asking.now)
    asks = step_asks(shown, None if typed is None else _hours(typed), unattended=bool(asking.office.health()))
    moved = _shifts(asking, chart, shown)
    return page_with(request, asking, "step.html", chart, asks, typed, page=shown, shifts=moved)


def _shifts(asking: Asking, chart: Chart, shown: StepPage) -> tuple[Shift, ...]:
    """The slot a few hours earlier or later, for somebody who may plan."""
    if shown.shown.slot is None or not asking.may("plan"):
        return ()
    command = c.Plan(step=shown.shown.step, slot=shown.shown.slot)
    by = asking.by(chart.id, command, Stated(uuid4()))
    return tuple(shifts(shown.shown.step, chart.record, chart.study, by, asking.now))


def _hours(typed: Typed) -> int | None:
    """By how many hours a slot is to be shifted, where one of the buttons for that was pressed. Raises Refused."""
    said = one_of(typed, "shift")
    if not said:
        return None
    if said not in map(str, SHIFTS):
        raise Refused(Reason(code="not-understood", says="a slot is not shifted by so many hours here; plan it again"))
    return int(said)


def _visit(request: Request, asking: Asking, chart: Chart, visit: str, typed: Typed | None) -> Response:
    shown = visit_page(visit, chart.record.participant, chart.study, chart.clock)
    return page_with(request, asking, "visit.html", chart, visit_asks(shown), typed, page=shown)
