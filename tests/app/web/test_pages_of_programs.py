"""Programs ask for a list part by part, and get all of it once and in its order."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain import commands as c
from domain import events as e
from tests.app.web.at_the_door import Desk, at_a_new_desk
from tests.builders import Clock

WHO = ("BER-001", "BER-002", "SAO-001")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two participants at BER and one at SAO, each in screening and with two deviations."""
    with at_a_new_desk(tmp_path_factory.mktemp("lists"), Clock()) as found:
        for code in WHO:
            story = found.trial.participant(code, code[:3]).consents()
            story.reports(e.ScreeningStarted(at=story.at()))
            for says in ("the fridge stood open", "a form was signed late"):
                story.asks(c.RecordDeviation(category="procedure", says=says, details=e.DeviationDetails()))
        found.catches_up()
        yield found


def parts(desk: Desk, path: str, limit: int) -> list[dict[str, Any]]:
    """Everything that a list holds, asked for so many at a time."""
    rows: list[dict[str, Any]] = []
    after: int | None = 0
    found: dict[str, Any] = {"found": 0}
    while after is not None:
        found = desk.get(f"{path}{'&' if '?' in path else '?'}limit={limit}&after={after}").json()
        assert len(found["rows"]) <= limit
        rows += found["rows"]
        after = found["next"]
    assert len(rows) == found["found"]
    return rows


@pytest.mark.parametrize("limit", [1, 2, 1000])
@pytest.mark.parametrize("path", ["/api/worklist", "/api/deviations", "/api/deviations?site=SAO"])
def test_the_parts_of_a_list_are_the_whole_list(path: str, limit: int, desk: Desk) -> None:
    rows = parts(desk.seats("a-kim"), path, limit)
    assert rows == parts(desk, path, 7)
    assert {row["participant"] for row in rows} == ({"SAO-001"} if "SAO" in path else set(WHO))


def test_no_part_holds_anything_of_another_site(desk: Desk) -> None:
    for path in ("/api/worklist", "/api/deviations"):
        assert {row["participant"] for row in parts(desk.seats("j-silva"), path, 1)} == {"SAO-001"}
        assert not parts(desk, f"{path}?site=BER", 1)


@pytest.mark.parametrize(("asked", "status"), [("limit=0", 422), ("limit=1001", 422), ("limit=1000", 200), ("after=-1", 422)])
def test_a_part_is_neither_empty_nor_endless(asked: str, status: int, desk: Desk) -> None:
    for path in ("/api/worklist", "/api/deviations"):
        assert desk.seats("m-weber").get(f"{path}?{asked}").status_code == status


def test_beyond_the_end_of_a_list_there_is_nothing_more(desk: Desk) -> None:
    found = desk.seats("m-weber").get("/api/worklist?after=1000").json()
    assert (found["rows"], found["next"]) == ([], None)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ("text=FRIDGE+ber", 2),
        ("text=%25", 0),
        ("standing=to+review", 4),
        ("standing=reviewed", 0),
        ("importance=minor&category=procedure", 4),
        ("importance=important", 0),
        ("category=late", 0),
        ("site=SAO", 0),
        ("page=9", 4),
    ],
)
def test_deviations_are_filtered_where_they_are_kept(asked: str, rows: int, desk: Desk) -> None:
    page = desk.seats("m-weber").sees(f"/deviations?{asked}")
    assert page.count("data-row ") == rows
