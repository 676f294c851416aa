"""Every form by which something is recorded about a participant, each on a page of its own."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.cli.asking import QUESTIONS, Chart
from app.web.answering import page
from app.web.forms import Sent, asked_in
from app.web.needs import Seeing
from app.web.office import Asking
from app.web.sheets import Asks, Question, Sheet, begun, chart_of, put, question
from domain.rejections import Reason, Refused
from store.participants import Outcome

recording = APIRouter(include_in_schema=False)
ELSEWHERE = frozenset({"joining.register", "joining.consent", "joining.confirm", "forms.form", "recordkeeping.correct"})
"""What has a page of its own, because something is chosen for it, or shown first."""
PANELS: Mapping[str, str] = {
    "joining": "Joining",
    "screening": "Findings",
    "evidence": "What was given or done",
    "reviews": "Reviews",
    "steps": "Hold points",
    "treatment": "Treatment",
    "visits": "Visits",
    "safety": "Safety",
    "deviations": "Deviations",
    "leaving": "Leaving",
    "recordkeeping": "Record keeping",
    "notices": "Reminders",
}
"""How the modules of questions are called, in the order in which they are shown."""


@cache
def questions() -> Mapping[str, Question]:
    """Every question with a form of this kind, by name, panel by panel."""
    panels = list(PANELS)
    found = (name for name in QUESTIONS if name not in ELSEWHERE)
    return {name: question(name) for name in sorted(found, key=lambda name: panels.index(name.partition(".")[0]))}


@recording.get("/participants/{participant}/record")
def everything_that_can_be_recorded(request: Request, participant: str, asking: Seeing) -> Response:
    """Every form that the asker may send, panel by panel."""
    mine = [one for one in questions().values() if asking.may(one.action)]
    panels = [(PANELS[module], tuple(some)) for module, some in groupby(mine, key=lambda one: one.name.partition(".")[0])]
    return page(request, asking, "questions.html", participant=participant, panels=panels)


@recording.get("/participants/{participant}/record/{name}")
def blank(request: Request, participant: str, name: str, asking: Seeing) -> Response:
    """A form, begun with what the address says."""
    asks, chart = _asked(name, asking), chart_of(asking, participant)
    return _shown(request, asking, begun(asks, chart, asked_in(request)), chart)


@recording.post("/participants/{participant}/record/{name}")
def filled_in(request: Request, participant: str, name: str, asking: Seeing, typed: Sent) -> Response:
    """Record what a form says, or show it again with all that is wrong."""
    chart = chart_of(asking, participant)
    answer = put(_asked(name, asking), chart, asking, typed)
    if isinstance(answer, Outcome):
        first = answer.version - len(answer.events) + 1
        return RedirectResponse(f"/participants/{participant}?recorded={first}", HTTPStatus.SEE_OTHER)
    return _shown(request, asking, answer, chart)


def _asked(name: str, asking: Asking) -> Asks:
    """The question of a name that the asker may put. Raises Refused; where they may not, that is on record."""
    found = questions().get(name)
    if found is None:
        raise Refused(Reason(code="unknown-page", says="there is no such form"))
    asking.office.daybook.authority.permit(asking.person.id, found.action, asking.site, asking.source, participant=asking.participant)
    return Asks(name, found, open=True)


def _shown(request: Request, asking: Asking, sheet: Sheet, chart: Chart) -> Response:
    return page(request, asking, "question.html", sheet.status, participant=chart.id, sheet=sheet, clock=chart.clock)
