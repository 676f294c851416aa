"""What somebody saves of how they look at the worklist is theirs: made, renamed and removed, and seen by nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.accounts.saved_views import LONGEST_NAME, MOST, SavedView
from tests.app.web.at_the_door import Desk, at_a_new_desk
from tests.app.web.faults import beside
from tests.builders import Clock

MINE = {"name": "Infusions at BER", "query": "site=BER&step=infusion"}
CURRENT = '<a href="/worklist?site=BER&amp;step=infusion" aria-current="page">{}</a>'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with at_a_new_desk(tmp_path, Clock()) as found:
        yield found.seats("m-weber")


def test_a_view_is_saved_under_a_name_and_leads_back_to_its_filters(desk: Desk) -> None:
    assert 'action="/worklist/views"' in desk.sees("/worklist?site=BER&step=infusion")
    answer = desk.post("/worklist/views", **MINE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/worklist?site=BER&step=infusion")
    shown = desk.sees("/worklist?site=BER&step=infusion")
    assert CURRENT.format("Infusions at BER") in shown
    assert 'action="/worklist/views"' not in shown, "it is saved already"


def test_a_view_is_shared_with_nobody(desk: Desk) -> None:
    desk.post("/worklist/views", **MINE)
    assert "Infusions at BER" not in desk.seats("a-kim").sees("/worklist")
    assert desk.post("/worklist/views/remove", name=MINE["name"]).status_code == 409
    assert desk.post("/worklist/views/rename", name=MINE["name"], to="Theirs").status_code == 409
    assert "Infusions at BER" in desk.seats("m-weber").sees("/worklist")


def test_a_view_is_renamed_and_removed(desk: Desk) -> None:
    desk.post("/worklist/views", **MINE)
    answer = desk.post("/worklist/views/rename", name=MINE["name"], to=" Infusions ")
    assert answer.headers["location"] == "/worklist?site=BER&step=infusion"
    assert CURRENT.format("Infusions") in desk.sees("/worklist?site=BER&step=infusion")
    assert "Infusions" in desk.sees("/worklist")
    desk.post("/worklist/views/remove", name="Infusions")
    assert "Infusions" not in desk.sees("/worklist")


def test_a_view_of_the_same_name_is_replaced_and_no_view_takes_anothers_name(desk: Desk) -> None:
    views = desk.office.accounts.saved_views
    desk.post("/worklist/views", **MINE)
    desk.post("/worklist/views", **(MINE | {"query": "state=held"}))
    desk.post("/worklist/views", name="Other", query="site=BER")
    assert views.of("m-weber") == (SavedView("Infusions at BER", "state=held"), SavedView("Other", "site=BER"))
    taken = desk.post("/worklist/views/rename", name="Other", to="Infusions at BER")
    assert taken.status_code == 409
    assert "nother view of yours is called Infusions at BER already" in taken.text


def test_only_filters_of_the_worklist_are_kept(desk: Desk) -> None:
    desk.post("/worklist/views", name="Odd", query="page=7&elsewhere=https://x.example&text=%3Cb%3E")
    assert desk.office.accounts.saved_views.of("m-weber") == (SavedView("Odd", "text=%3Cb%3E"),)


@pytest.mark.parametrize(("name", "status"), [("", 422), (" ", 422), ("x" * LONGEST_NAME, 303), ("x" * (LONGEST_NAME + 1), 422)])
def test_a_view_has_a_name_that_can_be_shown(name: str, status: int, desk: Desk) -> None:
    assert desk.post("/worklist/views", name=name, query="site=BER").status_code == status


def test_so_many_views_are_kept_and_no_more(desk: Desk) -> None:
    for number in range(MOST - 1):
        desk.office.accounts.saved_views.save("m-weber", SavedView(f"{number}", "site=BER"))
    assert desk.post("/worklist/views", **MINE).status_code == 303
    assert desk.post("/worklist/views", **(MINE | {"name": "One more"})).status_code == 409
    assert desk.post("/worklist/views", **MINE).status_code == 303, "one that is there can be saved anew"


def test_a_name_that_no_view_can_have_is_named_beside_its_field_and_kept(desk: Desk) -> None:
    said = f"give the view a name of at most {LONGEST_NAME} letters"
    wrong = {"name": "x" * (LONGEST_NAME + 1), "query": "site=BER"}
    saved = desk.post("/worklist/views", **wrong).text
    assert beside(saved, "name") == said
    assert f'value="{wrong["name"]}"' in saved
    assert '<option value="BER" selected>' in saved, "the filters are those that were to be saved"
    desk.post("/worklist/views", **MINE)
    renamed = desk.post("/worklist/views/rename", name=MINE["name"], to="").text
    assert beside(renamed, "to") == said
