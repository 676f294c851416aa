"""The worklist at work: the commonest action in two clicks, by keyboard, without scripts; and the clock alone changes what it shows."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from domain import events as e
from domain.time import MINUTE
from domain.visits import windows
from tests.browser.at_a_browser import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_step_is_planned_in_two_clicks(place: Town, *, scripts: bool) -> None:
    story = place.trial.participant().is_eligible()
    page = place.signs_in("m-weber", scripts=scripts).page
    page.reload()
    page.locator("[data-act]", has_text="Plan: ").click()
    page.get_by_role("button", name="Plan for ").first.click()
    expect(page.locator(".notice.done")).to_contain_text("Leukapheresis planned")
    assert story.now.plans["leukapheresis"].slot.start > place.clock()


def test_a_step_is_planned_by_keyboard_alone(place: Town) -> None:
    story = place.trial.participant().is_eligible()
    page = place.signs_in("m-weber").page
    page.reload()
    page.keyboard.press("j")
    while "Plan: " not in (page.locator(":focus").text_content() or ""):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps/leukapheresis")
    offered = page.get_by_role("button", name="Plan for ").first
    while not offered.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.done")).to_be_visible()
    assert "leukapheresis" in story.now.plans


@pytest.mark.clause("EU Annex 11", "6")
@pytest.mark.parametrize("scripts", [True, False])
def test_what_moves_is_confirmed_before_it_is_recorded(place: Town, *, scripts: bool) -> None:
    story = place.trial.participant().is_eligible()
    somebody = place.signs_in("m-weber", scripts=scripts).goes_to("/participants/BER-001/steps/leukapheresis")
    start = (place.clock() + timedelta(days=3)).isoformat(timespec="minutes")
    until = (place.clock() + timedelta(days=3, hours=8)).isoformat(timespec="minutes")
    somebody.fills("plan", {"start": start, "until": until}).locator("button.primary").click()
    confirm = somebody.page.get_by_role("button", name="Confirm: Plan")
    assert "leukapheresis" not in story.now.plans
    if scripts:  # Who brings the eye to it, and what looks for faults of the page, is a script.
        expect(confirm).to_be_focused()
        somebody.is_accessible()
    confirm.click()
    expect(somebody.page.locator(".notice.done")).to_be_visible()
    assert "leukapheresis" in story.now.plans


def test_a_row_becomes_overdue_before_the_eyes_of_whoever_looks(place: Town) -> None:
    """Nothing is recorded meanwhile: only the clock of the ledger goes on."""
    story = place.trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    window = next(one for one in windows(story.now, place.trial.participants.study()) if one.visit == "screening")
    place.clock.move_to(window.closes_at - MINUTE)
    page = place.signs_in("m-weber").page
    row = page.locator("#row-BER-001-visit-screening")
    expect(page.locator("tbody.due").locator(row)).to_be_visible()
    place.clock.move(minutes=1)
    expect(page.locator("tbody.overdue").locator(row)).to_be_visible()
    expect(page.locator("#as-of")).to_contain_text(f"{window.closes_at:%Y-%m-%d %H:%M}")
