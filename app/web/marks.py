"""The mark of every state: a colour, a shape of its own and a word, so that nothing hangs on colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from markupsafe import Markup

from app.web.filling import filled

Tone = Literal["bad", "late", "due", "wait", "good", "open", "note", "quiet"]
"""What a colour means: forbidden, too late, due, waiting for something, in order, possible, to be looked at, nothing to do."""
CIRCLE = "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z"
SQUARE = "M2.5 2.5h11v11h-11z"
OCTAGON = "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5z"
TRIANGLE = "M8 2l6.5 11.5h-13z"
DIAMOND = "M8 1.5L14.5 8 8 14.5 1.5 8z"
CHECK, CROSS, BAR = "M5.2 8.2l2 2 3.6-4.2", "M5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2", "M5 8h6"
BANG, PAUSE, DOTS = "M8 5.2v3.3M8 10.9v.2", "M6.5 5.6v4.8M9.5 5.6v4.8", "M5 8h.1M8 8h.1M11 8h.1"
QUESTION = "M6.4 6.4a1.65 1.65 0 1 1 2.5 1.5c-.6.3-.9.6-.9 1.2M8 11.2v.1"
EYE = "M1.5 8c3-5 10-5 13 0c-3 5-10 5-13 0zM8 6.2a1.8 1.8 0 1 1 0 3.6a1.8 1.8 0 0 1 0-3.6z"
PEN = "M3 13l.6-2.8 7-7 2.2 2.2-7 7z"


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state is shown."""

    word: str
    tone: Tone
    shape: str
    """The path of its shape, on a ground of 16 by 16."""

    @property
    def icon(self) -> Markup:
        """The shape as a drawing beside the word, which says the same to whoever does not see it."""
        return _drawn(self.shape)


@cache
def _drawn(shape: str) -> Markup:
    return filled('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', shape)


SHAPES: Mapping[str, tuple[Tone, str]] = {
    "unreadable": ("bad", SQUARE + CROSS),
    "revoked": ("bad", CIRCLE + "M3.8 3.8l8.4 8.4"),
    "held": ("bad", OCTAGON + PAUSE),
    "fails": ("bad", OCTAGON + CROSS),
    "to report": ("bad", "M3.5 14.5v-13h9l-2 3 2 3h-9"),
    "missed": ("bad", DIAMOND + CROSS),
    "unaccounted": ("late", TRIANGLE + "M8 6.3v3.2M8 11.5v.1"),
    "closed": ("late", SQUARE + BAR),
    "no longer valid": ("late", CIRCLE + CROSS),
    "out of window": ("late", DIAMOND + CHECK),
    "past target": ("due", CIRCLE + "M8 4.8V8l-2.3 1.4"),
    "incomplete": ("due", CIRCLE + "M8 2v12"),
    "superseded": ("due", "M2.5 6h9L9 3.5M13.5 10h-9L7 12.5"),
    "final": ("due", DIAMOND + BANG),
    "waiting": ("wait", "M4 2h8M4 14h8M5 2c0 4 6 8 6 12M11 2c0 4-6 8-6 12"),
    "not yet known": ("wait", CIRCLE + QUESTION),
    "proposed": ("wait", DIAMOND + QUESTION),
    "cleared": ("good", CIRCLE + CHECK),
    "passes": ("good", "M3 8.5l3.5 3.5L13 4.5"),
    "completed": ("good", SQUARE + CHECK),
    "reviewed": ("good", EYE + "M11 13l1.5 1.5L15 11.5"),
    "open": ("open", CIRCLE + "M8 7.2a.8.8 0 1 1 0 1.6.8.8 0 0 1 0-1.6z"),
    "booked": ("open", "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3"),
    "urgent": ("bad", OCTAGON + BANG),
    "failed": ("bad", "M2 3.5h12v9H2zM2 3.5l6 5 6-5M10.5 10l3.5 4M14 10l-3.5 4"),
    "escalated": ("late", "M8 13.5v-10M4 7l4-4 4 4"),
    "due": ("due", CIRCLE + BANG),
    "sent": ("open", "M2 3.5h12v9H2zM2 3.5l6 5 6-5"),
    "acknowledged": ("good", "M1.5 8.5l3 3 5.5-6.5M7.5 11l.8.5 5.7-6.5"),
    "withdrawn": ("quiet", "M6 3.5L2.5 7 6 10.5M2.5 7h7a3.5 3.5 0 0 1 0 7H7"),
    "skipped": ("quiet", "M3 4l5 4-5 4zM8 4l5 4-5 4z"),
    "planned": ("open", CIRCLE + "M8 4.8v6.4M4.8 8h6.4"),
    "to review": ("note", EYE),
    "to confirm": ("note", PEN),
    "announced": ("note", "M8 2a4 4 0 0 1 4 4c0 4 1.5 5 1.5 5h-11S4 10 4 6a4 4 0 0 1 4-4zM6.8 13.4a1.3 1.3 0 0 0 2.4 0"),
    "not planned": ("quiet", "M2.5 2.5h3M7 2.5h2.5M11 2.5h2.5v3M13.5 7v2.5M13.5 11v2.5h-3M9 13.5H6.5M5 13.5H2.5v-3M2.5 9V6.5M2.5 5V2.5"),
    "not judged": ("quiet", SQUARE + DOTS),
    "not open": ("quiet", CIRCLE + BAR),
    "omitted": ("quiet", SQUARE + "M4.5 11.5l7-7"),
    "erased": ("quiet", "M8 2.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM3 14c0-6 10-6 10 0M2.5 2l11 12"),
    "assumption": ("quiet", TRIANGLE + "M5.5 11h5"),
    "left": ("quiet", "M9.5 2.5h-6v11h6M7 8h7.5M12 5.5L14.5 8 12 10.5"),
}
"""The tone and the shape of every state that a chip can show."""


@cache
def mark(state: str) -> Mark:
    """How a state is shown."""
    tone, shape = SHAPES[state]
    return Mark(state.capitalize(), tone, shape)
