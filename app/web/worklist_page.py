"""The worklist as the browser shows it: grouped by what presses most, filtered by what stands in the URL, so many rows a page."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple, get_args
from urllib.parse import quote, urlencode

from markupsafe import Markup

from app.accounts.saved_views import SavedView
from app.clinic_time import SiteClock, study_day
from app.web.asked import Asked, chosen, pages_of
from app.web.drawing import Kind, Piece, window_bar
from app.web.pulse import Told, minute_of
from domain.protocol import Protocol
from domain.rejections import Reason
from domain.time import MINUTE
from projections.worklist_pages import GROUPS, Group, Listing, Wanted
from projections.worklist_rows import Action, Row, State

ROWS_ON_A_PAGE = 25
"""So few that the page with its style and scripts weighs no more than 150 kB, and is drawn in a few milliseconds."""
SAID = 240
"""How many characters of the reason a row shows; all of it stands where the row leads."""
HEADINGS: Mapping[Group, tuple[str, str]] = {
    "unreadable": ("Unreadable", "The record cannot be shown; do not rely on it."),
    "held": ("Held or revoked", "The slot begins within 72 hours."),
    "safety": ("24-hour safety clocks", "To be reported to the sponsor."),
    "expiring": ("Expiring", "A product or a screening ends within 7 days."),
    "overdue": ("Overdue", "The window has closed."),
    "due": ("Due today", "From today on."),
    "waiting": ("Waiting", "For time, for evidence or for another plan."),
    "soon": ("Opening within 7 days", ""),
    "review": ("To review", "By the investigator."),
}
"""How a group is called, and what it means."""


class Next(NamedTuple):
    """The next action: what its button says, and the part of the participant's pages that it leads to."""

    says: str
    path: str


NEXT: Mapping[Action, Next] = {
    "tell-administrator": Next("Look at the record", ""),
    "plan": Next("Plan", "/steps/{name}"),
    "plan-again": Next("Plan again", "/steps/{name}"),
    "supply-evidence": Next("Supply evidence", "/steps/{name}"),
    "wait": Next("See the gate", "/steps/{name}"),
    "perform": Next("Perform", "/steps/{name}"),
    "record-visit": Next("Record visit", "/visits/{name}"),
    "record-treatment": Next("Record treatment", "/visits/{name}"),
    "account-for-visit": Next("Account for it", "/visits/{name}"),
    "record-assessments": Next("Record assessments", "/visits/{name}"),
    "prepare": Next("Prepare", ""),
    "review": Next("Review", "/deviations"),
    "judge": Next("Judge", "/eligibility"),
    "report-safety": Next("Report", "/safety"),
}


@dataclass(frozen=True, slots=True)
class WorklistAsked(Asked):
    """Which of what there is to do somebody wants to see."""

    PATH = "/worklist"
    site: str = ""
    step: str = ""
    visit: str = ""
    state: str = ""
    group: str = ""
    text: str = ""

    def wanted(self, sites: frozenset[str]) -> Wanted:
        """What is wanted of the list of these sites."""
        return Wanted(sites=chosen(sites, self.site), step=self.step, visit=self.visit, state=self.state, group=self.group, text=self.text)

    @property
    def query(self) -> str:
        """What the list is narrowed to, as a view of it is saved."""
        return urlencode(self.stated)


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is shown. `at` is the next bound of its window, or the last once it has closed, and `verb` what happens then."""

    id: str
    participant: str
    title: str
    says: str
    state: str
    clock: SiteClock
    verb: str
    at: datetime | None
    day: str
    """The day counted from the infusion on which that is; empty before the infusion."""
    bar: Markup | None
    href: str
    action: str
    action_href: str


class Counted(NamedTuple):
    """A group with how many rows it has, and where these alone are shown."""

    key: Group
    heading: str
    rows: int
    href: str
    current: bool


class Shown(NamedTuple):
    """What of a group is on the page."""

    key: Group
    heading: str
    meaning: str
    rows: int
    lines: tuple[Line, ...]


Pairs = tuple[tuple[str, str], ...]
"""Values, and what each says."""


class Naming(NamedTuple):
    """The name that somebody wanted to give to a view, as they typed it, and why it cannot be called so."""

    typed: str
    reasons: tuple[Reason, ...]
    view: str = ""
    """The view that was to be called otherwise; empty where one was to be saved."""

    @property
    def fault(self) -> str:
        """Why not, beside the field."""
        return "; ".join(reason.says for reason in self.reasons)


class Choices(NamedTuple):
    """What the filters offer."""

    site: Pairs
    step: Pairs
    visit: Pairs
    state: Pairs


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """Everything that the page of the worklist shows."""

    asked: WorklistAsked
    groups: tuple[Shown, ...]
    counted: tuple[Counted, ...]
    choices: Choices
    found: int
    total: int
    page: int
    pages: int
    told: Told
    """What the page tells of."""
    saved: tuple[SavedView, ...]
    """The views that whoever looks has saved."""
    naming: Naming | None = None
    """The view that could not be called as somebody wanted, if one was to be named."""

    @property
    def live(self) -> str:
        """Where the browser hears that the list has changed."""
        return f"/worklist/live?since={self.told.position}&minute={self.told.minute}"

    @property
    def here(self) -> str:
        return self.asked.address(self.page)

    @property
    def csv(self) -> str:
        return self.asked.url("/worklist.csv")


def worklist_page(
    listing: Listing, asked: WorklistAsked, choices: Choices, now: datetime, saved: tuple[SavedView, ...] = ()
) -> WorklistPage:
    """The page that was asked for; beyond the last page stands the last."""
    pages = pages_of(listing.found, ROWS_ON_A_PAGE)
    counts = Counter(listing.counts)
    shown = tuple(
        Shown(group, *HEADINGS[group], counts[group], tuple(_line(row, now) for _, row in some))
        for group, some in groupby(listing.rows, key=lambda pair: pair[0])
    )
    counted = tuple(
        _counted(group, counts, asked) for group in GROUPS if counts[group] or group not in {"unreadable", "safety", "expiring"}
    )
    told = Told(listing.position, minute_of(now))
    return WorklistPage(asked, shown, counted, choices, listing.found, counts.total(), min(asked.page, pages), pages, told, saved)


def action_href(row: Row) -> str:
    """Where the next action of a row is taken."""
    return participant_href(row.participant) + NEXT[row.action].path.format(name=quote(row.name, safe=""))


def participant_href(participant: str) -> str:
    """Where the page of a participant is."""
    return f"/participants/{quote(participant, safe='')}"


def bound(row: Row, now: datetime) -> tuple[str, datetime | None]:
    """The next bound of a row's window, or the last one once it has closed, and what happens then."""
    if row.opens is not None and row.opens > now:
        return "Begins", row.opens
    return "Ends" if row.closes is not None and row.closes > now else "Ended", row.closes


def _counted(group: Group, counts: Counter[Group], asked: WorklistAsked) -> Counted:
    current = asked.group == group
    return Counted(group, HEADINGS[group][0], counts[group], asked.url(group="" if current else group), current)


def _line(row: Row, now: datetime) -> Line:
    verb, at = bound(row, now)
    return Line(
        id=f"{row.participant}-{row.kind}-{row.name}".replace(":", "-"),
        participant=row.participant,
        title=row.title,
        says=_shortened(row.says),
        state="past target" if row.state == "open" and _past_target(row, now) else row.state,
        clock=SiteClock(row.zone, now),
        verb=verb,
        at=at,
        day=_day_of(row, at, ends=verb != "Begins"),
        bar=_bar(row, now),
        href=participant_href(row.participant),
        action=NEXT[row.action].says,
        action_href=action_href(row),
    )


def _day_of(row: Row, at: datetime | None, *, ends: bool) -> str:
    """Of the end of a window the last date that is included."""
    if at is None:
        return ""
    return study_day(SiteClock(row.zone, at).date_at(at - MINUTE if ends else at), row.day_0)


def _shortened(says: str) -> str:
    """As many whole words of what is said as a row shows."""
    return says if len(says) <= SAID else f"{says[: SAID - 2].rpartition(' ')[0]} …"


def _past_target(row: Row, now: datetime) -> bool:
    """Whether the date of the target is over."""
    clock = SiteClock(row.zone, now)
    return row.target is not None and clock.date_at(row.target) < clock.date_at(now)


def _bar(row: Row, now: datetime) -> Markup | None:
    if row.opens is None or row.closes is None or row.kind not in {"step", "visit"}:
        return None
    target = () if row.target is None else (Piece("target", row.target, ""),)
    kind: Kind = "hold" if row.state in {"held", "revoked"} else "slot" if row.kind == "step" else "window"
    return window_bar(row.opens, row.closes, now, target, kind)


def choices(sites: frozenset[str], protocol: Protocol | None) -> Choices:
    """What the filters offer: the sites of whoever asks, what the protocol names, and every state that is shown."""
    steps = tuple((step, rule.title) for step, rule in protocol.steps.items()) if protocol else ()
    visits = tuple((name, visit.title) for name, visit in protocol.visits.items()) if protocol else ()
    return Choices(tuple((site, site) for site in sorted(sites)), steps, visits, tuple((one, one.capitalize()) for one in get_args(State)))
