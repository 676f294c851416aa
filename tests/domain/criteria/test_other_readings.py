"""E2a to E2c: where the other reading of a sentence would come to another verdict the report says so, and decides nothing by it."""

import pytest

from domain import events as e
from domain.words import ReviewKind
from tests.domain.criteria.given import done, judged, looked, noted, observed, taken
from tests.domain.criteria.tables import LOOKED

PROHIBITED, NONE_PROHIBITED = {"prohibited-nephritis-drugs": "every-nephritis-drug"}, {"prohibited-nephritis-drugs": "none"}
SEVERE, MILD = (noted("lupus-nephritis", "2024-05", severe=severe) for severe in (True, False))
NEEDED: dict[str, e.Event] = {
    "E2a": taken("cyclophosphamide", "2026-03-01", mg="500", route="intravenous"),
    "E2b": done("haemodialysis", "2026-03-01"),
    "E2c": taken("prednisone", "2026-02-10", "2026-03-10", mg="100", per_day=1),
}
TOO_LONG_AGO: dict[str, e.Event] = {
    "E2a": taken("cyclophosphamide", "2026-02-01", mg="500", route="intravenous"),
    "E2b": done("haemodialysis", "2026-02-01"),
    "E2c": taken("prednisone", "2026-01-10", "2026-02-01", mg="100", per_day=1),
}
REVIEW: dict[str, ReviewKind] = {"E2a": "medicines", "E2b": "procedures", "E2c": "medicines"}
every_part = pytest.mark.parametrize("part", NEEDED)


def told(part: str, *facts: e.Event, rulings: dict[str, str] = PROHIBITED) -> tuple[str, list[str]]:
    """The verdict, and what is remarked besides."""
    found = judged(part, *facts, rulings=rulings)
    return found.verdict, [one.says for one in found.remarks]


@every_part
@pytest.mark.parametrize("nephritis", [(), (MILD,)], ids=["no nephritis", "nephritis that is not severe"])
def test_a_part_that_passes_only_for_want_of_severe_nephritis_says_what_it_would_be_without(
    part: str, nephritis: tuple[e.Event, ...]
) -> None:
    verdict, [said] = told(part, *nephritis, NEEDED[part], *LOOKED)
    assert verdict == "passes"
    assert said.startswith("by another reading it fails: ")
    assert said.endswith("with or without severe nephritis.")


@every_part
def test_where_both_readings_agree_nothing_is_remarked(part: str) -> None:
    assert told(part, SEVERE, NEEDED[part], *LOOKED) == ("fails", [])
    assert told(part, MILD, TOO_LONG_AGO[part], *LOOKED) == ("passes", [])
    assert told(part, *LOOKED) == ("passes", [])
    assert told(part) == ("not yet known", [])


@every_part
def test_while_the_severity_is_not_known_the_other_reading_may_be(part: str) -> None:
    verdict, said = told(part, noted("lupus-nephritis", "2024-05"), NEEDED[part], *LOOKED)
    assert (verdict, [one.partition(":")[0] for one in said]) == ("not yet known", ["by another reading it fails"])


@every_part
def test_what_is_not_known_by_the_other_reading_is_told_as_not_known(part: str) -> None:
    reviews = [one for one in LOOKED if one not in looked(REVIEW[part])]
    verdict, said = told(part, MILD, *reviews)
    assert (verdict, [one.partition(":")[0] for one in said]) == ("passes", ["by another reading it is not yet known"])


def test_the_other_reading_waits_for_the_same_ruling() -> None:
    assert [one.partition(":")[0] for one in told("E2a", NEEDED["E2a"], *LOOKED, rulings={})[1]] == [
        "by another reading it is not yet known"
    ]
    assert told("E2a", NEEDED["E2a"], *LOOKED, rulings=NONE_PROHIBITED) == ("passes", [])


def test_other_parts_have_one_reading() -> None:
    assert told("E9b", done("haemodialysis", "2026-03-20"), *LOOKED) == ("fails", [])
    assert told("I3", observed("body-weight", "39.9"))[1] == []
