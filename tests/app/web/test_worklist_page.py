"""The worklist in the browser: what presses most first, filtered by the URL, fifty rows a page, and light enough for a corridor."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.web.worklist_page import ROWS_ON_A_PAGE, Asked, WorklistPage, action_href, group_of, worklist_page
from projections.worklist import Row

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
IN_ORDER = [
    ("unreadable", row(category="unreadable", kind="record", state="unreadable", action="tell-administrator", name="participant:BER-001")),
    ("held", row(category="urgent", state="revoked", action="plan-again", **STEP)),
    ("safety", row(category="urgent", kind="safety", state="to report", action="report-safety", name="pregnancy")),
    ("safety", row(category="overdue", kind="safety", state="to report", action="report-safety", name="pregnancy")),
    ("expiring", row(category="soon", kind="notice", state="announced", action="prepare", name="product-expires:COI-1")),
    ("expiring", row(category="due today", kind="notice", state="announced", action="prepare", name="product-expires:COI-1")),
    ("expiring", row(category="soon", kind="eligibility", state="to confirm", action="judge", name="eligibility")),
    ("overdue", row(category="overdue", state="unaccounted", action="account-for-visit")),
    ("overdue", row(category="overdue", kind="eligibility", state="to confirm", action="judge", name="eligibility")),
    ("due", row()),
    ("waiting", row(category="waiting", state="waiting", action="wait", **STEP)),
    ("soon", row(category="soon", state="not open")),
    ("soon", row(category="soon", kind="notice", state="announced", action="prepare", name="black-out:infusion:E24b:start")),
    ("review", row(category="to review", kind="deviation", state="to review", action="review", name="visit:day-1:missed")),
]


@pytest.mark.parametrize(("group", "one"), IN_ORDER)
def test_every_row_stands_in_the_group_of_what_presses(group: str, one: Row) -> None:
    assert group_of(one) == group


def test_the_groups_stand_in_the_order_in_which_a_coordinator_looks() -> None:
    page = worklist_page([one for _, one in reversed(IN_ORDER)], Asked(), NOW)
    assert [group.key for group in page.groups] == list(dict.fromkeys(group for group, _ in IN_ORDER))


def names(page: WorklistPage) -> list[str]:
    return [line.id for group in page.groups for line in group.lines]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, 4),
        ({"site": "SAO"}, 1),
        ({"step": "infusion"}, 1),
        ({"visit": "day-28"}, 2),
        ({"state": "held"}, 1),
        ({"group": "overdue"}, 1),
        ({"text": "infusion HELD"}, 1),
        ({"text": "ber-002"}, 1),
        ({"site": "SAO", "step": "infusion"}, 0),
        ({"nonsense": "x"}, 4),
    ],
)
def test_a_filter_leaves_what_was_asked_for(parameters: dict[str, str], found: int) -> None:
    rows = [
        row(category="urgent", state="held", action="plan-again", **STEP),
        row(participant="SAO-001", site="SAO"),
        row(participant="BER-002"),
        row(category="overdue", state="unaccounted", action="account-for-visit", name="day-10"),
    ]
    assert worklist_page(rows, Asked.of(parameters), NOW).found == found


@pytest.mark.parametrize(("page", "means"), [("", 1), ("0", 1), ("-1", 1), ("2", 2), ("99999", 99999), ("100000", 1), ("two", 1), ("²", 1)])
def test_a_page_that_is_none_is_the_first(page: str, means: int) -> None:
    assert Asked.of({"page": page}).page == means


@pytest.mark.parametrize(
    ("rows", "asked", "page", "pages", "on_it"),
    [(0, 1, 1, 1, 0), (50, 1, 1, 1, 50), (51, 1, 1, 2, 50), (51, 2, 2, 2, 1), (51, 3, 2, 2, 1)],
)
def test_fifty_rows_stand_on_a_page(rows: int, asked: int, page: int, pages: int, on_it: int) -> None:
    shown = worklist_page([row(participant=f"BER-{n:03}") for n in range(rows)], Asked(page=asked), NOW)
    assert (shown.page, shown.pages, len(names(shown))) == (page, pages, on_it)
    assert ROWS_ON_A_PAGE == 50


def test_every_filter_stays_in_the_address_but_the_page_begins_anew() -> None:
    asked = Asked(site="BER", text="a & b", page=3)
    assert asked.url(group="overdue") == "/worklist?site=BER&group=overdue&text=a+%26+b"
    assert asked.url(page=2) == "/worklist?site=BER&text=a+%26+b&page=2"
    assert Asked(page=2).url(page=2) == "/worklist?page=2"
    assert Asked().url() == "/worklist"


def test_the_deviations_of_a_participant_are_reviewed_together() -> None:
    deviation = {"category": "to review", "kind": "deviation", "state": "to review", "action": "review", "opens": None, "closes": None}
    rows = [row(name=f"visit:day-{n}:missed", says=f"Protocol deviation: day {n} was missed.", **deviation) for n in (1, 3)]
    page = worklist_page([*rows, row(participant="BER-002", name="visit:day-1:missed", **deviation)], Asked(), NOW)
    (group,) = page.groups
    assert [(line.participant, line.title) for line in group.lines] == [("BER-001", "2 deviations"), ("BER-002", "Day 28 after infusion")]
    assert group.lines[0].says == "Day 1 was missed. Day 3 was missed."
    assert group.rows == 3


@pytest.mark.parametrize(("hours", "state"), [(10, "open"), (11, "past target")])
def test_an_open_visit_is_past_its_target_once_the_date_of_the_target_is_over(hours: int, state: str) -> None:
    page = worklist_page([row()], Asked(), NOW + timedelta(hours=hours))
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
    assert worklist_page([row()], Asked(), at).groups[0].lines[0].verb == verb


def test_the_next_action_leads_to_where_it_is_taken() -> None:
    assert action_href(row()) == "/participants/BER-001/visits/day-28"
    assert action_href(row(action="plan-again", **STEP)) == "/participants/BER-001/steps/infusion"
    assert action_href(row(action="judge", kind="eligibility")) == "/participants/BER-001/eligibility"
    assert action_href(row(action="record-visit", name="a/../b")) == "/participants/BER-001/visits/a%2F..%2Fb"
