from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain import events as e
from projections.rebuilding import rebuild
from projections.views import Views
from projections.worklist import worklist
from projections.worklist_pages import GROUPS, Group, Listing, Wanted, _question, listed
from projections.worklist_rows import Row
from tests.builders import CODE, START, Trial, dose
from tests.projections.given import ByHand, views_at

DAY = timedelta(days=1)
BOTH = frozenset({"BER", "SAO"})
MOMENTS = [START + timedelta(hours=hours) for hours in range(0, 24 * 200, 37)]


def group_of(row: Row) -> Group:
    """The group of a row as the clinic says it, beside the words of the database."""
    if row.kind == "safety":
        return "safety"
    if row.category in {"soon", "due today"} and row.name.startswith("product-expires:"):
        return "expiring"
    if row.category == "soon" and row.kind == "eligibility":
        return "expiring"
    return {"urgent": "held", "due today": "due", "to review": "review"}.get(row.category, row.category)  # type: ignore[return-value]  # What is not named is called the same.


def everything(views: Views, now: datetime, wanted: Wanted, size: int = 3) -> Iterator[tuple[Group, Row]]:
    page, left = 1, 1
    while left > 0:
        found: Listing = listed(views, now, wanted, page, size)
        yield from found.rows
        left, page = found.found - page * size, page + 1


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    """The views of four participants in different stages at two sites, one of them with a matter of safety."""
    views = views_at(tmp_path_factory.mktemp("views") / "views.db")
    trial = Trial()
    infused = trial.participant("BER-001").is_eligible().is_collected(CODE).has_product(CODE).is_depleted().is_infused()
    infused.lives_until(trial.clock() + 20 * DAY)
    held = trial.participant("SAO-001", "SAO").is_eligible()
    held.reports(dose("prednisone", "40", held.at()))
    held.plans("leukapheresis", trial.clock() + 2 * DAY).advances()
    screened = trial.participant("SAO-002", "SAO").consents()
    screened.reports(e.ScreeningStarted(at=screened.at()))
    waiting = trial.participant("SAO-003", "SAO").is_eligible().is_collected("COI-SAO-003").has_product("COI-SAO-003")
    waiting.reports(e.ObservationMade(at=waiting.at(), test="pregnancy-test", result="positive"))
    infused.advances()
    rebuild(trial.participants.ledger, trial.participants.desk, views)
    yield views
    views.close()


@pytest.mark.parametrize("now", MOMENTS)
def test_pages_hold_every_row_of_the_list_once_in_the_group_that_the_clinic_would_say(told: Views, now: datetime) -> None:
    paged = list(everything(told, now, Wanted(sites=BOTH)))
    rows = worklist(told, now)
    assert Counter(paged) == Counter((group_of(row), row) for row in rows)
    assert [GROUPS.index(group) for group, _ in paged] == sorted(GROUPS.index(group) for group, _ in paged)
    assert listed(told, now, Wanted(sites=BOTH), 1, 7).counts == Counter(group_of(row) for row in rows) | {"unreadable": 0}


@pytest.mark.parametrize("now", MOMENTS[::9])
def test_what_is_wanted_alone_is_what_the_whole_list_holds_of_it(told: Views, now: datetime) -> None:
    rows = worklist(told, now)
    wanted = {
        "site": (Wanted(sites=frozenset({"SAO"})), lambda row: row.site == "SAO"),
        "no site": (Wanted(sites=frozenset()), lambda _: False),
        "step": (Wanted(sites=BOTH, step="leukapheresis"), lambda row: (row.kind, row.name) == ("step", "leukapheresis")),
        "visit": (Wanted(sites=BOTH, visit="day-28"), lambda row: (row.kind, row.name) == ("visit", "day-28")),
        "state": (Wanted(sites=BOTH, state="not open"), lambda row: row.state == "not open"),
        "group": (Wanted(sites=BOTH, group="review"), lambda row: row.category == "to review"),
        "words": (Wanted(sites=BOTH, text="ber-001 DAILY"), lambda row: row.participant == "BER-001" and "daily" in row.title.lower()),
        "a word of the database": (Wanted(sites=BOTH, text="%"), lambda row: "%" in f"{row.title} {row.says}"),
    }
    for name, (asked, holds) in wanted.items():
        assert Counter(row for _, row in everything(told, now, asked)) == Counter(filter(holds, rows)), name


@pytest.mark.parametrize("now", MOMENTS[::20])
def test_every_word_that_a_row_says_finds_it_however_it_is_written(told: Views, now: datetime) -> None:
    rows = [row for row in worklist(told, now) if row.state != "no longer valid"]
    words = {word for row in rows for word in f"{row.title} {row.says}".split()}
    for word in sorted(words):
        found = {(row.participant, row.name) for _, row in everything(told, now, Wanted(sites=BOTH, text=word.swapcase()), 50)}
        says = {(row.participant, row.name) for row in rows if word.casefold() in f"{row.title} {row.says}".casefold()}
        assert says <= found, word


def test_what_was_recorded_since_somebody_looked_for_it_is_found(tmp_path: Path) -> None:
    trial, views, wanted = Trial(), views_at(tmp_path / "views.db"), Wanted(sites=BOTH, text="sao-001")
    by_hand = ByHand(trial.participants.ledger, trial.participants.desk, views)
    for participant, site in (("BER-001", "BER"), ("SAO-001", "SAO")):
        by_hand.takes()
        assert listed(views, trial.clock(), wanted, 1, 25).found == 0
        story = trial.participant(participant, site).consents()
        story.reports(e.ScreeningStarted(at=story.at()))
    by_hand.takes()
    assert {row.participant for _, row in listed(views, trial.clock(), wanted, 1, 25).rows} == {"SAO-001"}
    views.close()


def test_beyond_the_last_page_stands_the_last(told: Views) -> None:
    now = MOMENTS[40]
    found = listed(told, now, Wanted(sites=BOTH), 1, 3).found
    last = -(-found // 3)
    assert last > 1
    assert listed(told, now, Wanted(sites=BOTH), last + 5, 3) == listed(told, now, Wanted(sites=BOTH), last, 3)


def test_a_page_is_found_in_the_index_and_never_by_looking_at_everything(told: Views) -> None:
    question, given = _question(Wanted(sites=BOTH), MOMENTS[0])
    with told.reading() as connection:
        plan = [
            step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN SELECT place, count(*) FROM ({question}) GROUP BY place", given)
        ]
    assert any("SEARCH worklist USING COVERING INDEX listed" in step for step in plan), plan
