"""The page of one participant: the drawing, the next step with its gate, the visits, the deviations and the last entries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup

from app.clinic_time import SiteClock
from app.web.chart_sections import ChartSections, chart_sections
from app.web.drawing import Kind, Lane, Piece, Scale, timeline_drawing, window_bar
from app.web.next_step import StepShown, steps_ahead
from app.web.worklist_page import participant_href
from domain.anchors import IN_WORDS, day_0
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.record import Record
from domain.screening import Awaited, awaited
from domain.signatures import StudyThen
from domain.stages import STAGES, stage
from domain.study import Study
from domain.time import MINUTE, When
from domain.visits import VisitWindow, awaiting, windows
from domain.words import STEPS, few
from projections.timeline import Line, Standing, Timeline

NEAR_PAST, NEAR_FUTURE, A_WEEK = timedelta(days=21), timedelta(days=49), timedelta(days=7)
LAST_ENTRIES = 8
PRESSING = frozenset({"open", "past target", "closed", "unaccounted"})
"""The states of a visit that ask for something to be done."""
SERIES: Mapping[str, str] = {"toxicity": "Daily toxicity checks"}
"""How a series is called whose visits stand on one line of the drawing."""
ACTIONS = (
    ("Screening", "/screening"),
    ("Eligibility", "/eligibility"),
    ("Medications", "/medications"),
    ("Reviews", "/reviews"),
    ("Safety", "/safety"),
    ("Deviations", "/deviations"),
    ("History", "/history"),
    ("Consent", "/consent"),
    ("Record something else", "/record"),
)
"""What else can be done for a participant, by the part of their pages where it is done."""


@dataclass(frozen=True, slots=True)
class VisitShown:
    """A line of the table of visits. `before` and `after` are the bounds of the window where it is one of hours, else None."""

    visit: str
    title: str
    window: VisitWindow
    state: str
    before: datetime | None
    best: datetime | None
    after: datetime | None
    bar: Markup
    href: str


@dataclass(frozen=True, slots=True)
class ParticipantPage:
    """Everything that the page of a participant shows."""

    id: str
    site: str
    protocol: int
    version: int
    clock: SiteClock
    infusion: date | None
    stages: tuple[str, ...]
    stage: int
    left: str
    """How the participant has left, if so."""
    drawing: Markup
    span: str
    steps: tuple[StepShown, ...]
    eligibility: Awaited | None
    pressing: tuple[VisitShown, ...]
    visits: tuple[tuple[str, tuple[VisitShown, ...]], ...]
    awaiting: tuple[tuple[str, str], ...]
    deviations: tuple[Standing, ...]
    chart: ChartSections
    entries: tuple[Line, ...]
    actions: tuple[tuple[str, str], ...]
    href: str


def participant_page(  # noqa: PLR0913, PLR0917 - A page says what it is of.
    record: Record, study: Study, told: Timeline, now: datetime, study_then: StudyThen, span: str = "near"
) -> ParticipantPage:
    """The page as of `now`; `span` says whether the drawing shows the weeks around now, or the whole of the trial."""
    who, clock, href = record.participant, SiteClock(told.zone, now), participant_href(record.id)
    steps = steps_ahead(who, study, now) if who.protocol else ()
    visits = tuple(visit_shown(window, clock, href) for window in windows(who, study))
    waits = awaited(who, study) if who.protocol else None
    scale = _scale(visits, clock, day_0(who, study), span)
    return ParticipantPage(
        id=record.id,
        site=who.site,
        protocol=who.protocol,
        version=who.version,
        clock=clock,
        infusion=scale.infusion,
        stages=STAGES,
        stage=STAGES.index(stage(who)),
        left="; ".join(dict.fromkeys(way.words for way, _ in ways_in_force(who, told.zone))),
        drawing=timeline_drawing(tuple(_lanes(who, steps, visits, scale)), scale, f"Timeline of {record.id}"),
        span=span,
        steps=steps,
        eligibility=waits,
        pressing=_pressing(visits),
        visits=tuple((series, tuple(some)) for series, some in groupby(visits_by_series(visits), key=lambda one: one.window.series)),
        awaiting=tuple((IN_WORDS[group.anchor], few(group.visits)) for group in awaiting(who, study)),
        deviations=tuple(sorted(told.deviations, key=lambda one: (one.reviewed, -one.entry))),
        chart=chart_sections(record, steps, clock, study_then),
        entries=told.entries[::-1],
        actions=tuple((says, href + path) for says, path in ACTIONS),
        href=href,
    )


def visit_state(window: VisitWindow, clock: SiteClock) -> str:
    """Where a visit stands at an instant: not open, open, past its target, closed; or what has become of it."""
    if window.state == "completed":
        strayed = window.out_of_window(clock.zone)
        return "out of window" if strayed else "incomplete" if window.missing else "completed"
    if window.state != "open":
        return window.state
    if clock.now >= window.closes_at:
        return "closed"
    if clock.now < window.opens_at:
        return "not open" if window.booked is None else "booked"
    target = window.target_at if window.in_hours else None
    past = clock.now > target if target else clock.date_at(clock.now) > window.target
    return "past target" if past else "open"


def visits_by_series(visits: tuple[VisitShown, ...]) -> list[VisitShown]:
    """The visits series by series, in the order in which the series end."""
    ends = {one.window.series: one.window.closes_at for one in sorted(visits, key=lambda one: one.window.closes_at)}
    return sorted(visits, key=lambda one: ends[one.window.series])


def visit_shown(window: VisitWindow, clock: SiteClock, href: str) -> VisitShown:
    """A visit as a line of a table, or the head of its own page."""
    settled = window.state in {"completed", "omitted", "missed"}
    return VisitShown(
        visit=window.visit,
        title=window.title,
        window=window,
        state=visit_state(window, clock),
        before=window.opens_at if window.in_hours else None,
        best=window.target_at if window.in_hours else None,
        after=window.closes_at - MINUTE if window.in_hours else None,
        bar=window_bar(window.opens_at, window.closes_at, None if settled else clock.now, tuple(_points(window, clock)), _kind(window)),
        href=f"{href}/visits/{quote(window.visit, safe='')}",
    )


def _kind(window: VisitWindow) -> Kind:
    return "window" if window.firm else "loose"


def _points(window: VisitWindow, clock: SiteClock) -> Iterator[Piece]:
    """What is aimed at, drawn in the middle of its date, and what came of it."""
    target = window.target_at if window.in_hours else _at(When.on(window.target), clock)
    yield Piece("target", target, f"{window.title}, target {window.best(clock.zone)}")
    yield from _came(window, clock)


def _came(window: VisitWindow, clock: SiteClock) -> Iterator[Piece]:
    """When the visit took place, or is to take place."""
    if window.held is not None:
        kind: Kind = "stray" if window.out_of_window(clock.zone) else "done"
        yield Piece(kind, _at(window.held, clock), f"{window.title} took place {clock.shows_when(window.held)}")
    elif window.booked is not None:
        yield Piece("booked", _at(window.booked, clock), f"{window.title} is booked for {clock.shows_when(window.booked)}")


def _at(when: When, clock: SiteClock) -> datetime:
    """Where a time is drawn: of a date, the middle of the day."""
    span = when.span(clock.zone)
    return span.earliest + (span.latest - span.earliest) / 2


def _pressing(visits: tuple[VisitShown, ...]) -> tuple[VisitShown, ...]:
    """The visits that can take place now, or are to be accounted for, the first to close first; where there is none, the next to open."""
    now = sorted((one for one in visits if one.state in PRESSING), key=lambda one: one.window.closes_at)
    ahead = sorted((one for one in visits if one.state in {"not open", "booked"}), key=lambda one: one.window.opens_at)
    return tuple(now or ahead[:1])


def _scale(visits: tuple[VisitShown, ...], clock: SiteClock, infusion: date | None, span: str) -> Scale:
    today = clock.date_at(clock.now)
    first, last = today - NEAR_PAST, today + NEAR_FUTURE
    if span == "whole" and visits:
        first = min(first, min(one.window.opens for one in visits) - A_WEEK)
        last = max(last, max(one.window.closes for one in visits) + A_WEEK)
    return Scale(first, last, clock.zone, clock.now, infusion)


def _lanes(who: Participant, steps: tuple[StepShown, ...], visits: tuple[VisitShown, ...], scale: Scale) -> Iterator[Lane]:
    """Steps and black-outs above, visits below; a line without anything inside the calendar is left out."""
    clock = SiteClock(scale.zone, scale.now)
    yield from (lane for lane in _of_steps(who, steps, clock) if any(map(scale.shows, lane.pieces)))
    for series, some in groupby(visits_by_series(visits), key=lambda one: one.window.series):
        group = tuple(some)
        together = len(group) > 1 and series in SERIES
        lanes = [_lane(SERIES[series], group, clock)] if together else [_lane(one.title, (one,), clock) for one in group]
        yield from (lane for lane in lanes if any(map(scale.shows, lane.pieces)))


def _lane(label: str, visits: tuple[VisitShown, ...], clock: SiteClock) -> Lane:
    return Lane(label, tuple(piece for one in visits for piece in _pieces(one, clock)))


def _pieces(one: VisitShown, clock: SiteClock) -> Iterator[Piece]:
    window = one.window
    yield Piece(_kind(window), window.opens_at, f"{window.title}: {window.range(clock.zone)}, {one.state}", window.closes_at)
    yield from _points(window, clock)


def _of_steps(who: Participant, steps: tuple[StepShown, ...], clock: SiteClock) -> Iterator[Lane]:
    """Each step with when it was taken or is to be taken, and beneath it each rule that forbids it for a time."""
    planned = {one.step: one for one in steps if one.slot is not None}
    for step in STEPS:
        taken = (Piece("taken", _at(one.at, clock), f"{step}, {clock.shows_when(one.at)}") for one in who.taken if one.step == step)
        ahead = planned.get(step)
        slot = () if ahead is None or ahead.slot is None else (Piece(_kind_of(ahead), ahead.slot.start, ahead.title, ahead.slot.until),)
        yield Lane(f"Step: {step}", (*slot, *taken), heading=True)
        if ahead is not None:
            for rule, some in groupby(ahead.blocked, key=lambda one: one[0]):
                bars = (Piece("blocked", start, f"{rule} blocks {step} until {clock.shows(end)}", end) for _, start, end in some)
                yield Lane(f"Black-out {rule}", tuple(bars))


def _kind_of(ahead: StepShown) -> Kind:
    return "hold" if ahead.state in {"held", "revoked", "no longer valid"} else "slot"
