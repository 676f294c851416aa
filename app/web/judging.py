"""The page on which eligibility is judged and confirmed."""

from collections.abc import Iterator
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.web.eligibility_page import confirmation_asks, differences, eligibility_page
from app.web.fields import Typed
from app.web.needs import Seeing
from app.web.office import Asking
from app.web.sheets import Sent, chart_of, number_of, one_of, page_with
from domain.criteria.report import confirmation, eligibility
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.time import to_the_minute

judging = APIRouter(include_in_schema=False)


@judging.get("/participants/{participant}/eligibility")
def judged(request: Request, participant: str, asking: Seeing, at: str = "", as_known_at: str = "") -> Response:
    """Every criterion, judged for a confirmation now, or for another instant, or by what was known then."""
    return _shown(request, asking, chart_of(asking, participant), None, (at.strip(), as_known_at.strip()))


@judging.post("/participants/{participant}/eligibility")
def confirmed(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Confirm the report that was shown, by signature."""
    return _shown(request, asking, chart_of(asking, participant), typed, ("", ""))


def _shown(request: Request, asking: Asking, chart: Chart, typed: Typed | None, asked: tuple[str, str]) -> Response:
    if not chart.record.participant.protocol:
        raise Refused(Reason(code="unknown-page", says="no protocol has been adopted, so there are no criteria"))
    known_at = chart.clock.instant(asked[1]) if asked[1] else None
    known = chart.record if known_at is None else chart.record.as_known_at(known_at)
    if not known.participant.protocol:
        raise Refused(Reason(code="not-known-then", says=f"nothing that could be judged was on record of {chart.id} then"))
    study = chart.study if known_at is None else chart.daybook.desk.as_known_at(known_at)
    then = to_the_minute(chart.clock.now) if known_at is None else known_at
    at = chart.clock.instant(asked[0]) if asked[0] else confirmation(known.participant, study, then)
    shown = eligibility_page(known, study, at, known_at)
    asks = [confirmation_asks(shown.report)] if shown.awaits or typed is not None else []
    changed = () if typed is None else tuple(_changed(chart, typed))
    return page_with(request, asking, "eligibility.html", chart, asks, typed, page=shown, judged=asked, differing=changed)


def _changed(chart: Chart, typed: Typed) -> Iterator[str]:
    """How what is judged now differs from the report that was shown, which is judged again from what was on record then."""
    seen, shown_at = number_of(one_of(typed, "seen")), one_of(typed, "judged_at")
    if not 0 < seen <= chart.record.version:
        return
    before = Record.of(chart.id, chart.record.entries[:seen])
    if not before.participant.protocol:
        return
    judged_at = chart.clock.instant(shown_at)
    was = eligibility(before.participant, chart.study, judged_at)
    yield from differences(was, eligibility(chart.record.participant, chart.study, _now(chart, judged_at)))


def _now(chart: Chart, judged_at: datetime) -> datetime:
    """For when a report that can be signed now is judged: for now or, once enrolled, for the enrolment."""
    now = to_the_minute(chart.clock.now)
    return confirmation(chart.record.participant, chart.study, max(now, judged_at))
