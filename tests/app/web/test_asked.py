"""Lists as their addresses say them."""

from dataclasses import dataclass

import pytest

from app.web.asked import Asked, number_of, pages_of


@dataclass(frozen=True, slots=True)
class ShelfAsked(Asked):
    PATH, LONGEST = "/shelf", 5
    site: str = ""
    text: str = ""


@pytest.mark.parametrize(
    ("typed", "means"),
    [("", 0), ("0", 0), ("-1", 0), ("1", 1), ("9" * 15, 10**15 - 1), ("1" + "0" * 15, 0), ("two", 0), ("²", 0), ("٣", 0), ("1 ", 0)],
)
def test_a_number_is_written_in_digits_and_no_longer_than_a_database_holds(typed: str, means: int) -> None:
    assert number_of(typed) == means
    assert ShelfAsked.of({"page": typed}).page == max(1, means)


@pytest.mark.parametrize(("found", "pages"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_so_many_rows_fill_so_many_pages(found: int, pages: int) -> None:
    assert pages_of(found, 10) == pages


def test_what_is_typed_is_read_so_far_and_what_the_list_does_not_know_is_not() -> None:
    assert ShelfAsked.of({"site": " BER ", "text": "longer", "other": "x"}) == ShelfAsked("BER", "longe")


def test_another_list_begins_with_its_first_page_and_leaves_out_what_narrows_nothing() -> None:
    asked = ShelfAsked("BER", "a & b", page=3)
    assert asked.url() == "/shelf?site=BER&text=a+%26+b"
    assert asked.url(site="") == "/shelf?text=a+%26+b"
    assert asked.url("/shelf.csv", site="", text="") == "/shelf.csv"
    assert (asked.address(2), asked.address(1)) == ("/shelf?site=BER&text=a+%26+b&page=2", asked.url())
