"""Participants by visits: a cell for each visit of each participant, with its state as a shape and a word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from app.web.asked import Asked, pages_of
from app.web.month_page import dates_of, state_now
from app.web.worklist_page import participant_href
from domain.protocol import VisitRule
from domain.stages import STAGES
from projections.calendar import Row
from projections.roster import Page
from projections.roster import Row as Participant

ON_A_PAGE = 50
LEGEND = (
    "not open", "open", "past target", "closed", "unaccounted", "completed", "incomplete", "out of window", "missed", "omitted",
)  # fmt: skip
"""Every state of a visit, in the order in which it goes through them."""


@dataclass(frozen=True, slots=True)
class RosterAsked(Asked):
    """Whom somebody wants to see."""

    PATH, LONGEST = "/participants", 40
    site: str = ""
    text: str = ""
    stage: str = ""
    here: str = ""


@dataclass(frozen=True, slots=True)
class MatrixAsked(RosterAsked):
    """Whose visits somebody wants to see."""

    PATH = "/matrix"


class Column(NamedTuple):
    """A visit; `short` is what stands above its column."""

    visit: str
    title: str
    short: str


class Cell(NamedTuple):
    """How a visit stands. `says` tells the window too; empty where the visit is not counted from anything yet."""

    state: str
    says: str
    href: str


class Line(NamedTuple):
    """A participant with a cell for each visit."""

    participant: str
    href: str
    left: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """What a list of participants shows, as a matrix or as a roster."""

    asked: RosterAsked
    sites: tuple[str, ...]
    stages: tuple[str, ...]
    found: int
    page: int
    pages: int
    columns: tuple[Column, ...] = ()
    lines: tuple[Line, ...] = ()
    rows: tuple[Participant, ...] = ()


def roster_page(listed: Page, asked: RosterAsked, sites: Sequence[str]) -> ListPage:
    """The participants, one below the other."""
    pages = pages_of(listed.found, ON_A_PAGE)
    return ListPage(asked, tuple(sites), STAGES, listed.found, min(asked.page, pages), pages, rows=listed.rows)


def matrix_page(  # noqa: PLR0913, PLR0917 - A page is made of all of it.
    listed: Page, windows: Sequence[Row], visits: Mapping[str, VisitRule], asked: RosterAsked, sites: Sequence[str], now: datetime
) -> ListPage:
    """The participants with their visits beside them."""
    found = {(row.participant, row.name): row for row in windows}
    columns = tuple(Column(name, rule.title, _short(name)) for name, rule in visits.items())
    lines = tuple(
        Line(
            one.participant,
            participant_href(one.participant),
            one.left,
            tuple(_cell(found.get((one.participant, column.visit)), now) for column in columns),
        )
        for one in listed.rows
    )
    return replace(roster_page(listed, asked, sites), columns=columns, lines=lines)


def _cell(row: Row | None, now: datetime) -> Cell | None:
    if row is None:
        return None
    state = state_now(row, now)
    return Cell(state, f"{row.title}: {dates_of(row)}, {state}", f"{participant_href(row.participant)}/visits/{quote(row.name, safe='')}")


SHORTER = (
    ("lymphodepletion-day-minus-", "LD −"),
    ("toxicity-day-", "Tox "),
    ("pre-lymphodepletion-baseline", "Baseline"),
    ("month-", "M"),
    ("day-", "D"),
)
"""How names of visits begin, and what stands for it above a narrow column."""


def _short(visit: str) -> str:
    begins, stands_for = next(((one, short) for one, short in SHORTER if visit.startswith(one)), ("", ""))
    return f"{stands_for}{visit.removeprefix(begins)}" if begins else visit.capitalize()
