"""The keys: every list can be walked and worked off by them alone, and those of one character can be turned off."""

import pytest
from playwright.sync_api import Page, expect

from domain import events as e
from tests.browser.at_a_browser import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CURRENT = "[data-row][aria-current]"


def much_falls_due(place: Town) -> None:
    """Three participants on the last day of their screening visit: of each, that its window opened and closes has fallen due."""
    stories = [place.trial.participant(f"BER-00{number}").consents() for number in (1, 2, 3)]
    for story in stories:
        story.reports(e.ScreeningStarted(at=story.at()))
    place.clock.move(days=27)
    for story in stories:
        story.advances()


def listed(page: Page, path: str, at_least: int) -> None:
    """The page of a list, once the views tell of so many rows."""
    page.goto(path)
    while page.locator("[data-row]").count() < at_least:
        page.reload()


def presses(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_third_reminder_is_taken_note_of_by_keys_alone(place: Town) -> None:
    much_falls_due(place)
    page = place.signs_in("m-weber").page
    listed(page, "/reminders", 6)
    third = page.locator("[data-row]").nth(2)
    id, participant = third.get_attribute("id"), third.locator("th").inner_text()
    presses(page, "jjj")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(5)
    expect(page.locator(f"[id='{id}']")).to_have_count(0)
    assert isinstance(place.story(participant).record.entries[-1].event, e.ReminderAcknowledged)


@pytest.mark.parametrize(
    ("person", "path"),
    [
        ("m-weber", "/reminders"),
        ("m-weber", "/participants"),
        ("m-weber", "/calendar?view=agenda"),
        ("t-berg", "/people"),
        ("t-berg", "/access"),
    ],
)
def test_the_keys_walk_a_list_and_open_what_they_are_on(person: str, path: str, place: Town) -> None:
    much_falls_due(place)
    page = place.signs_in(person, at="People" if person == "t-berg" else "Worklist").page
    listed(page, path, 3)
    second = page.locator("[data-row]").nth(1)
    href = second.locator("a").first.get_attribute("href")
    presses(page, "jjjk")
    expect(second).to_have_attribute("aria-current", "true")
    expect(page.locator(CURRENT)).to_have_count(1)
    presses(page, "o")
    page.wait_for_url(f"**{href}")


def test_the_keys_of_one_character_are_turned_off_and_on_again(place: Town) -> None:
    page = place.signs_in("t-berg", at="People").page
    presses(page, "?")
    page.get_by_label("Use the keys of one character").uncheck()
    page.keyboard.press("Escape")
    listed(page, "/people", 3)
    presses(page, "j?/")
    expect(page.locator(CURRENT)).to_have_count(0)
    expect(page.locator("#keys")).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use the keys of one character").check()
    page.get_by_role("button", name="Close").click()
    presses(page, "j")
    expect(page.locator(CURRENT)).to_have_count(1)
