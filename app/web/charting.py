"""The pages of a participant's chart: screening, consent, medications, reviews and matters of safety, each with its forms."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.cli.reviews import KINDS
from app.web.fields import Typed
from app.web.forms import Sent, asked_in
from app.web.harm_page import harm_asks, harm_shown
from app.web.jobs import CONSENT, TAPERED, screening_of
from app.web.needs import Seeing
from app.web.office import Asking
from app.web.sheets import Asks, chart_of, page_with, question
from domain.events import ConsentSigned, MedicationTaken, ReviewMade
from domain.rejections import Reason, Refused
from domain.rules.reviews import TITLES
from domain.standing import Noted
from domain.words import ReviewKind

charting = APIRouter(include_in_schema=False)


class Looked(NamedTuple):
    """What was looked through: by the last review of each kind, if there is one."""

    kind: ReviewKind
    title: str
    last: Noted[ReviewMade] | None


@charting.get("/participants/{participant}/screening")
def screening_form(request: Request, participant: str, asking: Seeing) -> Response:
    """One form for all that a screening finds."""
    return _screening(request, asking, chart_of(asking, participant), None)


@charting.post("/participants/{participant}/screening")
def screened(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Record what a screening found."""
    return _screening(request, asking, chart_of(asking, participant), typed)


@charting.get("/participants/{participant}/consent")
def consents(request: Request, participant: str, asking: Seeing) -> Response:
    """What was consented to, and the form by which a consent is recorded."""
    return _consent(request, asking, chart_of(asking, participant), None)


@charting.post("/participants/{participant}/consent")
def consented(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Record that a form was signed."""
    return _consent(request, asking, chart_of(asking, participant), typed)


@charting.get("/participants/{participant}/medications")
def medications(request: Request, participant: str, asking: Seeing) -> Response:
    """What was taken, and the form by which a course is recorded with all its doses."""
    return _medications(request, asking, chart_of(asking, participant), None)


@charting.post("/participants/{participant}/medications")
def taken(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Record a drug with all its doses."""
    return _medications(request, asking, chart_of(asking, participant), typed)


@charting.get("/participants/{participant}/reviews")
def reviews(request: Request, participant: str, asking: Seeing) -> Response:
    """What was looked through and when, and the forms by which somebody says to have looked."""
    return _reviews(request, asking, chart_of(asking, participant), None)


@charting.post("/participants/{participant}/reviews")
def looked(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Record a review."""
    return _reviews(request, asking, chart_of(asking, participant), typed)


@charting.get("/participants/{participant}/safety")
def safety(request: Request, participant: str, asking: Seeing) -> Response:
    """Harm, and matters of safety with their 24-hour clocks, each with the forms by which they are recorded."""
    return _safety(request, asking, chart_of(asking, participant), None)


@charting.post("/participants/{participant}/safety")
def reported(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Record harm, or that a matter was reported to the sponsor."""
    return _safety(request, asking, chart_of(asking, participant), typed)


def _screening(request: Request, asking: Asking, chart: Chart, typed: Typed | None) -> Response:
    version = chart.record.participant.protocol
    if not version:
        raise Refused(Reason(code="unknown-page", says="no protocol has been adopted, so nothing is screened for"))
    asks = Asks("screening", screening_of(chart.study.protocol(version)), button="Record all of it", open=True)
    start = Asks("start", question("joining.screen"), "Screening started", button="Record the start")
    more = ("screening.score", "screening.condition", "screening.attest", "joining.fail-screening")
    return page_with(
        request, asking, "screening.html", chart, (start, asks), typed, more=tuple(map(question, more)), started=_started(chart)
    )


def _started(chart: Chart) -> bool:
    """Whether a screening is on record that has not failed since."""
    who = chart.record.participant
    return bool(who.screenings) and who.screen_failed is None


def _consent(request: Request, asking: Asking, chart: Chart, typed: Typed | None) -> Response:
    signed: tuple[Noted[ConsentSigned], ...] = chart.record.participant.consents
    return page_with(request, asking, "consent.html", chart, (Asks("consent", CONSENT, open=True),), typed, consents=signed)


def _medications(request: Request, asking: Asking, chart: Chart, typed: Typed | None) -> Response:
    lines: list[Noted[MedicationTaken]] = sorted(chart.record.participant.medications, key=lambda one: one.fact.start.root, reverse=True)
    begun = asked_in(request) if typed is None else {}
    asks = (
        Asks("medication", TAPERED, begun=begun, open=True),
        Asks("vaccine", question("evidence.vaccine")),
        Asks("procedure", question("evidence.procedure")),
    )
    return page_with(request, asking, "medications.html", chart, asks, typed, medications=lines)


def _reviews(request: Request, asking: Asking, chart: Chart, typed: Typed | None) -> Response:
    shown = tuple(_looked(chart))
    asks = [
        Asks(
            f"review:{one.kind}",
            question("reviews.review"),
            f"Record a review of {one.title}",
            button="Record the review",
            fixed={"kind": (one.kind,)},
            begun={"since": ("last",) if one.last else (), "source": one.last.fact.sources if one.last else ()},
        )
        for one in shown
    ]
    asks.append(Asks("all", question("reviews.screening-review"), "Record all five reviews at once", button="Record all five"))
    return page_with(request, asking, "reviews.html", chart, asks, typed, reviews=shown)


def _looked(chart: Chart) -> Iterator[Looked]:
    made = chart.record.participant.reviews
    zone = chart.clock.zone
    for kind in KINDS:
        of_kind = (one for one in made if one.fact.review == kind)
        yield Looked(kind, TITLES[kind], max(of_kind, key=lambda one: one.fact.at.span(zone).latest, default=None))


def _safety(request: Request, asking: Asking, chart: Chart, typed: Typed | None) -> Response:
    matters = sorted(chart.record.participant.safety_reports.values(), key=lambda one: (not one.open, one.since))
    asks = [
        Asks(f"report:{one.key}", question("safety.safety-reported"), "Reported to the sponsor", fixed={"matter": (one.key,)}, open=True)
        for one in matters
        if one.open
    ]
    harm = harm_shown(chart.record.participant, chart.clock)
    return page_with(
        request, asking, "safety.html", chart, (*asks, *harm_asks(chart.record.participant)), typed, matters=matters, harm=harm
    )
