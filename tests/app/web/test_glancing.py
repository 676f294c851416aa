"""A page asks the ledger once how long each stream is, so that it is of one piece; whoever sends a form is told how things stand."""

from collections import Counter

import pytest

from domain.events import ScreeningStarted
from tests.app.web.at_the_door import COORDINATOR, INVESTIGATOR, Desk
from tests.store.given import counted

STUDY, PEOPLE, BER = "study:cd19-cart-sle", "people:cd19-cart-sle", "participant:BER-001"


@pytest.fixture
def asked(door: Desk) -> Counter[str]:
    """How often the database is asked for the end of each stream."""
    door.catches_up()
    return counted(door.office.daybook.ledger)


@pytest.mark.parametrize("path", ["/participants/BER-001", "/participants/BER-001/steps/infusion", "/api/participants/BER-001"])
def test_a_page_of_a_participant_asks_once_for_each_length(door: Desk, asked: Counter[str], path: str) -> None:
    browser = door.browser(COORDINATOR)
    browser.client.headers["authorization"] = f"Bearer {browser.client.cookies['daybook']}"
    asked.clear()
    browser.sees(path)
    assert asked == {STUDY: 1, PEOPLE: 1, BER: 1}


def test_the_worklist_asks_for_no_record_at_all(door: Desk, asked: Counter[str]) -> None:
    browser = door.browser(COORDINATOR)
    asked.clear()
    browser.sees("/worklist")
    assert asked == {STUDY: 1, PEOPLE: 1}


def test_the_next_page_asks_anew(door: Desk, asked: Counter[str]) -> None:
    browser = door.browser(COORDINATOR)
    asked.clear()
    browser.sees("/participants/BER-001")
    browser.sees("/participants/BER-001")
    assert asked == {STUDY: 2, PEOPLE: 2, BER: 2}


def test_whoever_sends_a_form_is_told_how_things_stand_at_each_moment(door: Desk, asked: Counter[str]) -> None:
    browser = door.browser(INVESTIGATOR)
    form = browser.form("/participants/BER-001/consent", "consent")
    asked.clear()
    browser.sends("/participants/BER-001/consent", "consent", shown=form)
    assert asked[STUDY] > 1
    assert asked[BER] > 1


def test_the_next_page_shows_what_was_recorded_since(door: Desk) -> None:
    browser, story = door.browser(COORDINATOR), door.story("BER-001")
    before = browser.sees("/participants/BER-001/history")
    entries = len(door.entries("BER-001"))
    story.reports(ScreeningStarted(at=story.at()))
    after = browser.sees("/participants/BER-001/history")
    assert f'id="entry-{entries + 1}"' not in before
    assert f'id="entry-{entries + 1}"' in after
