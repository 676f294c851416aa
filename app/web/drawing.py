"""Drawings made on the server: pure functions from what is to be seen to SVG, coloured by the stylesheet alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from markupsafe import Markup

from app.clinic_time import study_day
from app.web.filling import filled
from domain.time import local_date, midnight

DAY = timedelta(days=1)
LABELS, WIDTH, ROW, HEAD = 216, 1160, 26, 54
"""Where the lanes begin, how wide the drawing is, how high a lane, and how high the calendar above the lanes."""
BAR_WIDTH, BAR_HEIGHT = 128, 20
WEEKS_FIT = 75
"""The most days of which each week can be written above the lanes."""
Kind = Literal["window", "loose", "slot", "blocked", "hold", "target", "done", "stray", "booked", "taken"]
"""Bars: a window, one that still moves, a planned slot, a black-out, a slot that is held. Points: the target, what took place in or
outside its window, an appointment, a step that was taken."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A bar, or where it has no end a point, with the words that say the same."""

    kind: Kind
    start: datetime
    says: str
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of the drawing, and what it tells of."""

    label: str
    pieces: tuple[Piece, ...]
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """The calendar of a drawing: from the beginning of a date at the site to the end of another."""

    first: date
    last: date
    zone: str
    now: datetime
    infusion: date | None = None
    begins: datetime = field(init=False)
    ends: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "begins", midnight(self.first, self.zone))
        object.__setattr__(self, "ends", midnight(self.last + DAY, self.zone))

    def x(self, at: datetime) -> float:
        """Where an instant lies; what is further away lies on the edge."""
        share = (at - self.begins) / (self.ends - self.begins)
        return round(LABELS + max(0.0, min(1.0, share)) * (WIDTH - LABELS), 1)

    def shows(self, piece: Piece) -> bool:
        """Whether any of a piece lies within the calendar."""
        return piece.start < self.ends and (piece.end or piece.start) >= self.begins

    @property
    def marks(self) -> Iterator[date]:
        """The dates that are written above: each week, or where that is too close each first of a month."""
        days = (self.last - self.first).days
        weeks = days <= WEEKS_FIT
        months = max(1, round(days / 400))
        for day in (self.first + timedelta(days=n) for n in range(days + 1)):
            if (weeks and self._counted(day) % 7 == 0) or (not weeks and day.day == 1 and day.month % months == 0):
                yield day

    def _counted(self, day: date) -> int:
        return (day - self.infusion).days if self.infusion else day.weekday()


def timeline_drawing(lanes: Sequence[Lane], scale: Scale, title: str) -> Markup:
    """What is planned for one participant and what took place, by the calendar of the site; a table in the page says the same."""
    height = HEAD + len(lanes) * ROW + 8
    says = f"From {scale.first} to {scale.last}, in {scale.zone}. Every window, date and step is told in the tables below."
    body = Markup("").join((*_calendar(scale, height), *_lanes(lanes, scale), *_today(scale, height)))
    return filled(
        '<svg class="timeline" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-labelledby="tl-t tl-d">'
        '<title id="tl-t">{}</title><desc id="tl-d">{}</desc>{}</svg>',
        WIDTH,
        height,
        WIDTH,
        height,
        title,
        says,
        body,
    )


def window_bar(opens: datetime, closes: datetime, now: datetime | None, pieces: Sequence[Piece] = (), kind: Kind = "window") -> Markup:
    """A window in the cell of a table, with what lies in or near it, and with now where that matters; the cell says the same in words."""
    margin = max((closes - opens) * 0.3, timedelta(hours=6))
    instants = [one.start for one in pieces]
    first, last = min([opens - margin, *instants]), max([closes + margin, *instants])

    def x(at: datetime) -> float:
        return round(6 + max(0.0, min(1.0, (at - first) / (last - first))) * (BAR_WIDTH - 12), 1)

    middle, bar = BAR_HEIGHT / 2, '<rect class="piece {}" x="{}" y="5" width="{}" height="10" rx="3"/>'
    parts = [filled('<path class="track" d="M2 {}H{}"/>', middle, BAR_WIDTH - 2)]
    parts.append(filled(bar, kind, x(opens), round(max(x(closes) - x(opens), 3), 1)))
    parts += [_point(one.kind, x(one.start), middle) for one in pieces]
    if now is not None:
        parts.append(_now(x(now), now, first, last))
    return filled(
        '<svg class="bar" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">{2}</svg>',
        BAR_WIDTH,
        BAR_HEIGHT,
        Markup("").join(parts),
    )


def _now(x: float, now: datetime, first: datetime, last: datetime) -> Markup:
    """A line for now; beyond the edge an arrow that points to where now lies."""
    if first <= now <= last:
        return filled('<path class="now" d="M{0} 4V20"/><path class="now arrow" d="M{0} 6l-4 -5h8z"/>', x)
    return filled('<path class="now arrow" d="M{} 6l{} 4l{} 4"/>', *((5, -4, 4) if now < first else (BAR_WIDTH - 5, 4, -4)))


LEGEND: tuple[tuple[Kind, str], ...] = (
    ("window", "window"),
    ("loose", "window that moves with the plan"),
    ("target", "target"),
    ("done", "took place"),
    ("stray", "took place outside the window"),
    ("booked", "booked"),
    ("slot", "planned step"),
    ("hold", "step that is held"),
    ("taken", "step taken"),
    ("blocked", "black-out"),
)
"""What every shape of a drawing means."""


def legend() -> tuple[tuple[Markup, str], ...]:
    """Every shape of a drawing with what it means."""
    return tuple((_sample(kind), says) for kind, says in LEGEND)


def _sample(kind: Kind) -> Markup:
    bar = filled('<rect class="piece {}" x="1" y="3" width="20" height="10" rx="3"/>', kind)
    return filled('<svg viewBox="0 0 22 16">{}</svg>', _point(kind, 11, 8) if kind in POINTS else bar)


POINTS: dict[str, str] = {
    "target": "M0 -7V7",
    "done": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "stray": "M-4.5 -4.5L4.5 4.5M4.5 -4.5L-4.5 4.5",
    "booked": "M-4 -4h8v8h-8z",
    "taken": "M0 -6.5L6.5 0 0 6.5 -6.5 0z",
}
"""The shape of every kind of point, around where it lies."""


def _point(kind: Kind, x: float, y: float) -> Markup:
    return filled('<path class="point {}" transform="translate({} {})" d="{}"/>', kind, x, y, POINTS[kind])


def _calendar(scale: Scale, height: int) -> Iterator[Markup]:
    for day in scale.marks:
        x = scale.x(midnight(day, scale.zone))
        yield filled('<path class="grid" d="M{} {}V{}"/>', x, 4, height)
        if x < WIDTH - 50:
            words = f"{day:%b %Y}" if day.day == 1 and (scale.last - scale.first).days > WEEKS_FIT else f"{day.day} {day:%b}"
            yield filled('<text class="date" x="{}" y="14">{}</text>', x + 3, words)
            yield filled('<text class="day" x="{}" y="28">{}</text>', x + 3, study_day(day, scale.infusion))


def _lanes(lanes: Sequence[Lane], scale: Scale) -> Iterator[Markup]:
    for number, lane in enumerate(lanes):
        top = HEAD + number * ROW
        yield filled('<path class="rule" d="M0 {0}H{1}"/>', top, WIDTH)
        yield filled('<text class="label{}" x="0" y="{}">{}</text>', " heading" if lane.heading else "", top + 17, lane.label)
        yield from (_piece(piece, scale, top) for piece in lane.pieces if scale.shows(piece))


def _piece(piece: Piece, scale: Scale, top: int) -> Markup:
    title = filled("<title>{}</title>", piece.says)
    if piece.end is None:
        return filled("<g>{}{}</g>", title, _point(piece.kind, scale.x(piece.start), top + ROW / 2))
    left = scale.x(piece.start)
    width = max(round(scale.x(piece.end) - left, 1), 3)
    return filled(
        '<rect class="piece {}" x="{}" y="{}" width="{}" height="{}" rx="3">{}</rect>', piece.kind, left, top + 6, width, ROW - 12, title
    )


def _today(scale: Scale, height: int) -> Iterator[Markup]:
    if scale.begins <= scale.now < scale.ends:
        x, number = scale.x(scale.now), study_day(local_date(scale.now, scale.zone), scale.infusion)
        yield filled('<path class="now" d="M{} {}V{}"/>', x, HEAD - 16, height)
        anchor = "end" if x > WIDTH - 90 else "start"
        yield filled(
            '<text class="today" text-anchor="{}" x="{}" y="{}">today{}</text>',
            anchor,
            x + (-4 if anchor == "end" else 4),
            HEAD - 8,
            f", {number}" if number else "",
        )
