"""The worklist in the browser: group by group, filtered by the URL, fifty rows a page, each with its next action."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.web.worklist_page import ROWS_ON_A_PAGE, Choices, WorklistAsked, WorklistPage, action_href, worklist_page
from projections.worklist_pages import Group, Listing, Wanted
from projections.worklist_rows import Row

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def row(**given: Any) -> Row:
    return Row.model_validate(
        {
            "participant": "BER-001",
            "category": "due today",
            "kind": "visit",
            "name": "day-28",
            "title": "Day 28 after infusion",
            "state": "open",
            "says": "From 2026-03-08 to 2026-03-14.",
            "action": "record-visit",
            "site": "BER",
            "zone": "Europe/Berlin",
            "opens": NOW - 2 * DAY,
            "target": NOW,
            "closes": NOW + 4 * DAY,
            "since": NOW - 30 * DAY,
        }
        | given
    )


STEP = {"kind": "step", "name": "infusion", "title": "Infusion"}
NOTHING_OFFERED = Choices((), (), (), ())


def page_of(
    *rows: Row, group: Group = "due", asked: WorklistAsked | None = None, found: int | None = None, now: datetime = NOW
) -> WorklistPage:
    """The page that shows these rows of one group, of so many that were found."""
    listing = Listing(tuple((group, one) for one in rows), {group: len(rows)}, len(rows) if found is None else found, 7)
    return worklist_page(listing, asked or WorklistAsked(), NOTHING_OFFERED, now)


def test_the_groups_stand_in_the_order_in_which_they_are_listed_with_how_many_there_are() -> None:
    held, due = row(category="urgent", state="held", action="plan-again", **STEP), row()
    page = worklist_page(Listing((("held", held), ("due", due)), {"held": 1, "due": 7}, 8, 7), WorklistAsked(), NOTHING_OFFERED, NOW)
    assert [(group.key, group.rows, len(group.lines)) for group in page.groups] == [("held", 1, 1), ("due", 7, 1)]
    assert (page.found, page.total) == (8, 8)


def test_a_group_that_is_rare_is_told_of_only_when_there_is_something_in_it() -> None:
    assert "safety" not in {one.key for one in page_of(row()).counted}
    assert "safety" in {one.key for one in page_of(row(kind="safety"), group="safety").counted}
    assert "overdue" in {one.key for one in page_of(row()).counted}


@pytest.mark.parametrize(("found", "asked", "page", "pages"), [(0, 1, 1, 1), (25, 1, 1, 1), (26, 1, 1, 2), (26, 2, 2, 2), (26, 3, 2, 2)])
def test_twenty_five_rows_stand_on_a_page(found: int, asked: int, page: int, pages: int) -> None:
    shown = page_of(asked=WorklistAsked(page=asked), found=found)
    assert (shown.page, shown.pages) == (page, pages)
    assert ROWS_ON_A_PAGE == 25


def test_a_long_reason_is_shortened_between_two_words_and_a_short_one_is_not() -> None:
    said = [page_of(row(says=says)).groups[0].lines[0].says for says in ("x" * 240, ("word " * 48).strip(), ("word " * 49).strip())]
    assert said == ["x" * 240, ("word " * 48).strip(), ("word " * 47).strip() + " …"]


def test_what_is_asked_for_never_reaches_beyond_the_sites_of_whoever_asks() -> None:
    ours = frozenset({"BER", "SAO"})
    assert WorklistAsked(text="x").wanted(ours) == Wanted(sites=ours, text="x")
    assert WorklistAsked(site="SAO").wanted(ours).sites == {"SAO"}
    assert WorklistAsked(site="LIS").wanted(ours).sites == frozenset()


def test_every_filter_stays_in_the_address_but_the_page_begins_anew() -> None:
    asked = WorklistAsked(site="BER", text="a & b", page=3)
    assert asked.url(group="overdue") == "/worklist?site=BER&group=overdue&text=a+%26+b"
    assert asked.url(page=2) == "/worklist?site=BER&text=a+%26+b&page=2"
    assert WorklistAsked(page=2).url(page=2) == "/worklist?page=2"
    assert WorklistAsked().url() == "/worklist"


@pytest.mark.parametrize(("hours", "state"), [(10, "open"), (11, "past target")])
def test_an_open_visit_is_past_its_target_once_the_date_of_the_target_is_over(hours: int, state: str) -> None:
    page = page_of(row(), now=NOW + timedelta(hours=hours))
    assert page.groups[0].lines[0].state == state


@pytest.mark.parametrize(
    ("at", "verb"),
    [
        (NOW - 2 * DAY - timedelta(minutes=1), "Begins"),
        (NOW - 2 * DAY, "Ends"),
        (NOW + 4 * DAY - timedelta(minutes=1), "Ends"),
        (NOW + 4 * DAY, "Ended"),
    ],
)
def test_a_row_tells_the_next_bound_of_its_window(at: datetime, verb: str) -> None:
    assert page_of(row(), now=at).groups[0].lines[0].verb == verb


@pytest.mark.parametrize(
    ("now", "closes", "day"),
    [
        (NOW - 3 * DAY, NOW + 4 * DAY, "D+26"),
        (NOW, NOW + 4 * DAY, "D+32"),
        (NOW, datetime(2026, 3, 13, 23, 0, tzinfo=UTC), "D+31"),  # Midnight in Berlin, so that the date before it is the last.
    ],
)
def test_the_next_bound_is_told_by_its_study_day_once_day_0_is_known(now: datetime, closes: datetime, day: str) -> None:
    infused = NOW.date() - 28 * DAY
    assert page_of(row(day_0=infused, closes=closes), now=now).groups[0].lines[0].day == day
    assert not page_of(row(), now=now).groups[0].lines[0].day


def test_the_next_action_leads_to_where_it_is_taken() -> None:
    assert action_href(row()) == "/participants/BER-001/visits/day-28"
    assert action_href(row(action="plan-again", **STEP)) == "/participants/BER-001/steps/infusion"
    assert action_href(row(action="judge", kind="eligibility")) == "/participants/BER-001/eligibility"
    assert action_href(row(action="record-visit", name="a/../b")) == "/participants/BER-001/visits/a%2F..%2Fb"
