"""The pages on which a step is taken and a visit is recorded."""

from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.clinic_time import day_of
from app.web.fields import Typed
from app.web.forms import Sent, one_of
from app.web.needs import Seeing
from app.web.office import Asking, Stated
from app.web.rehearsal import Foresight
from app.web.sheets import chart_of, page_with
from app.web.slots import SHIFTS, Offer, Offering, on_a_day, shifted
from app.web.step_page import StepPage, step_asks, step_page
from app.web.visit_page import visit_asks, visit_page
from domain import commands as c
from domain.events import Slot
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
    asks = step_asks(shown, None if typed is None else _pressed(typed, shown, chart), unattended=bool(asking.office.health()))
    return page_with(request, asking, "step.html", chart, asks, typed, page=shown, offered=_offered(asking, chart, shown))


def _offered(asking: Asking, chart: Chart, shown: StepPage) -> tuple[Offer, ...]:
    """The slots that somebody who may plan is offered: near the one that is planned, and on the next days where none is or it is held."""
    step = shown.shown
    if not asking.may("plan") or (shown.taken and step.slot is None):
        return ()
    slot = step.slot or on_a_day(chart.clock.date_at(asking.now), chart.study, chart.record.participant.site)
    by = asking.by(chart.id, c.Plan(step=step.step, slot=slot), Stated(uuid4()))
    offering = Offering(step.step, Foresight(chart.record, chart.study, by, asking.now))
    elsewhere = step.slot is None or step.state in {"held", "revoked", "no longer valid"}
    return (*(offering.days(step.earliest) if elsewhere else ()), *offering.shifts())


def _pressed(typed: Typed, shown: StepPage, chart: Chart) -> Slot | None:
    """The slot whose button was pressed, if one was. Raises Refused."""
    hours, day, slot = one_of(typed, "shift"), one_of(typed, "on"), shown.shown.slot
    if day:
        return on_a_day(day_of(day), chart.study, chart.record.participant.site)
    if not hours:
        return None
    if hours not in map(str, SHIFTS) or slot is None:
        raise Refused(Reason(code="not-understood", says="a slot is not shifted by so many hours here; plan it again"))
    return shifted(slot, int(hours))


def _visit(request: Request, asking: Asking, chart: Chart, visit: str, typed: Typed | None) -> Response:
    shown = visit_page(visit, chart.record.participant, chart.study, chart.clock)
    return page_with(request, asking, "visit.html", chart, visit_asks(shown), typed, page=shown)
