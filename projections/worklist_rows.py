"""A row of the worklist: where it belongs and what it says at an instant, since the view keeps instants and nothing that time changes."""

from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from domain.base import Value
from domain.reminding.steps import NEAR
from domain.time import FOREVER
from projections.views import Parked, instant

Category = Literal["unreadable", "urgent", "overdue", "due today", "waiting", "soon", "to review"]
"""In the order in which a coordinator looks. Urgent: a step is held, or its leave was revoked, and its slot begins within 72 hours; or a
matter of safety is to be reported."""
Kind = Literal["record", "step", "safety", "eligibility", "visit", "notice", "deviation"]
State = Literal[
    "unreadable", "revoked", "held", "waiting", "not judged", "not planned", "cleared", "no longer valid",
    "not open", "open", "closed", "unaccounted", "incomplete", "announced", "to review", "to confirm", "superseded", "to report",
]  # fmt: skip
Action = Literal[
    "tell-administrator", "plan", "plan-again", "supply-evidence", "wait", "perform",
    "record-visit", "record-treatment", "account-for-visit", "record-assessments", "prepare", "review", "judge", "report-safety",
]  # fmt: skip
"""What to do next, by the name under which the command line and the web offer it."""
SOON = timedelta(days=7)
WAITING: frozenset[State] = frozenset({"held", "revoked", "waiting", "not judged", "not planned"})
"""What waits for time, for evidence or for a plan, as long as nothing else about it presses more."""
ORDER: tuple[Category, ...] = get_args(Category)


class Row(Value):
    """One thing to do for one participant. Instants are in UTC, `zone` is the site's; of a date it is the first instant there."""

    participant: str
    category: Category
    kind: Kind
    name: str
    """The step, the visit, or the key of the reminder."""
    title: str
    state: State
    says: str
    action: Action
    site: str
    zone: str
    opens: datetime | None = None
    target: datetime | None = None
    closes: datetime | None = None
    since: datetime | None = None
    day_0: date | None = None
    """The date of the infusion, from which study days are counted; None before that."""


class Kept(NamedTuple):
    """A row of the table."""

    participant: str
    key: str
    site: str
    zone: str
    kind: Kind
    name: str
    title: str
    state: State
    says: str
    action: Action
    opens: str | None = None
    due: str | None = None
    """From when on it is for today: the beginning of the date of a visit's target, or of a step's slot."""
    target: str | None = None
    closes: str | None = None
    since: str | None = None
    day_0: str | None = None

    def category(self, now: datetime) -> Category | None:
        """Where it belongs at an instant; None while it lies further ahead, or when it has passed by."""
        opens, due, closes = instant(self.opens) or FOREVER, instant(self.due) or FOREVER, instant(self.closes) or FOREVER
        if self.state in {"held", "revoked"} and opens - now <= NEAR:
            return "urgent"
        if self.state == "to report":
            return "urgent" if now < closes else "overdue"
        if self.state == "unaccounted" or closes <= now:
            return None if self.kind == "notice" else "overdue"
        if self.state == "superseded":
            return "due today"
        if self.state in {"held", "revoked", "waiting", "not judged", "not planned"} or (
            self.state == "to confirm" and closes - now > SOON
        ):
            return "waiting"
        if self.state == "to review":
            return "to review"
        return "due today" if due <= now else "soon" if opens - now <= SOON else None


def row_of(kept: Kept, category: Category, now: datetime) -> Row:
    """A row as it stands at an instant at which it is of a category."""
    return Row(
        participant=kept.participant,
        category=category,
        kind=kept.kind,
        name=kept.name,
        title=kept.title,
        state=(state := _at(kept, now)),
        says="The leave on record no longer holds. Begin nothing; it is judged again." if state == "no longer valid" else kept.says,
        action=_action_at(kept, state, now),
        site=kept.site,
        zone=kept.zone,
        opens=instant(kept.opens),
        target=instant(kept.target),
        closes=instant(kept.closes),
        since=instant(kept.since),
        day_0=date.fromisoformat(kept.day_0) if kept.day_0 else None,
    )


def _action_at(kept: Kept, state: State, now: datetime) -> Action:
    """A step is performed only while its leave holds."""
    holds = state == "cleared" and now >= (instant(kept.opens) or now)
    return "wait" if kept.action == "perform" and not holds else kept.action


def _at(kept: Kept, now: datetime) -> State:
    """The window of a visit opens and closes by itself, and leave ends by itself."""
    if kept.state == "cleared" and now >= (instant(kept.closes) or FOREVER):
        return "no longer valid"
    if kept.state != "open":
        return kept.state
    return "not open" if now < (instant(kept.opens) or now) else "open" if now < (instant(kept.closes) or FOREVER) else "closed"


def unreadable(parked: Parked) -> Row:
    """What is listed instead of a record that cannot be shown."""
    where = f"Entry {parked.version}" if parked.version else "The record"
    return Row(
        participant=parked.participant,
        category="unreadable",
        kind="record",
        name=parked.stream,
        title="Record",
        state="unreadable",
        says=f"{where} cannot be shown: {parked.why}. Do not rely on this record; tell the administrator.",
        action="tell-administrator",
        site="",
        zone="UTC",
    )


def order(row: Row) -> tuple[int, datetime, str, str]:
    """What presses most comes first, and of that what ends first."""
    return ORDER.index(row.category), row.closes or row.opens or FOREVER, row.participant, row.name
