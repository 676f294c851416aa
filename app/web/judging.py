"""The page on which eligibility is judged and confirmed."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.cli.reading import Annotations, Heard, Reads
from app.web.asked import number_of
from app.web.eligibility_page import confirmation_asks, differences, eligibility_page
from app.web.fields import Typed
from app.web.forms import Sent, one_of
from app.web.needs import Seeing
from app.web.office import Asking
from app.web.sheets import chart_of, page_with
from domain.criteria.report import confirmation, eligibility
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.time import to_the_minute

judging = APIRouter(include_in_schema=False)


class Asked(NamedTuple):
    """For when eligibility is judged, and by what was known then, as somebody typed it; where nothing is typed, now."""

    at: str = ""
    as_known_at: str = ""


@judging.get("/participants/{participant}/eligibility")
def judged(request: Request, participant: str, asking: Seeing, at: str = "", as_known_at: str = "") -> Response:
    """Every criterion, judged for a confirmation now, or for another instant, or by what was known then."""
    return _shown(request, asking, chart_of(asking, participant), None, Asked(at.strip(), as_known_at.strip()))


@judging.post("/participants/{participant}/eligibility")
def confirmed(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Confirm the report that was shown, by signature."""
    return _shown(request, asking, chart_of(asking, participant), typed, Asked())


def _shown(request: Request, asking: Asking, chart: Chart, typed: Typed | None, asked: Asked) -> Response:
    """The page; where what was asked for cannot be judged it says why beside the field, and judges what is on record now."""
    if not chart.record.participant.protocol:
        raise Refused(Reason(code="unknown-page", says="no protocol has been adopted, so there are no criteria"))
    heard = Heard()
    said = heard.read(INSTANTS, {name: text or None for name, text in asked._asdict().items()}, chart) or {}
    known_at: datetime | None = said.get("as_known_at")
    known = chart.record if known_at is None else chart.record.as_known_at(known_at)
    study = chart.study if known_at is None else chart.daybook.desk.as_known_at(known_at)
    at = said.get("at") or confirmation(known.participant, study, known_at or to_the_minute(chart.clock.now))
    shown = eligibility_page(known, study, at, known_at)
    asks = [confirmation_asks(shown.report)] if shown.awaits or typed is not None else []
    changed = () if typed is None else tuple(_changed(chart, typed))
    answer = page_with(
        request, asking, "eligibility.html", chart, asks, typed, page=shown, judged=asked, faults=heard.faults, differing=changed
    )
    answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if heard.faults else answer.status_code
    return answer


def _known_at(chart: Chart, typed: str) -> datetime:
    """An instant at which something could be judged. Raises Refused."""
    at = chart.clock.instant(typed)
    if not chart.record.as_known_at(at).participant.protocol:
        raise Refused(Reason(code="not-known-then", says=f"nothing that could be judged was on record of {chart.id} then"))
    return at


INSTANTS: Annotations = {
    "at": Annotated[datetime | None, Reads(lambda chart: chart.clock.instant)],
    "as_known_at": Annotated[datetime | None, Reads(lambda chart: partial(_known_at, chart))],
}
"""How the two are read."""


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
