"""Every page of the desk at WCAG 2.2 AA, in light and in dark; and the essential forms where no script runs."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from domain import events as e
from tests.browser.at_a_browser import Scheme, Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PAGES = (
    "/worklist",
    "/participants",
    "/calendar",
    "/calendar?view=agenda",
    "/matrix",
    "/reminders",
    "/deviations",
    "/profile",
    "/participants/new",
    "/participants/BER-001",
    "/participants/BER-001/steps/infusion",
    "/participants/BER-001/steps/leukapheresis",
    "/participants/BER-001/visits/screening",
    "/participants/BER-001/visits/day-28",
    "/participants/BER-001/eligibility",
    "/participants/BER-001/screening",
    "/participants/BER-001/consent",
    "/participants/BER-001/medications",
    "/participants/BER-001/reviews",
    "/participants/BER-001/safety",
    "/participants/BER-001/deviations",
    "/participants/BER-001/history",
    "/participants/BER-001/history?at=20",
    "/participants/BER-001/history?at=20&against=now",
    "/participants/BER-001/history?happened=2026-01-10+10:00",
    "/search",
    "/search?mark=signature",
    "/reviews",
    "/records/BER-001",
    "/participants/BER-001/entries/3",
    "/participants/BER-001/record",
    "/participants/BER-001/record/screening.score",
)
AUDITORS = ("/search", "/search?late_hours=1", "/reviews", "/accesses", "/accesses?check=yes", "/participants/BER-001/history?at=9")
ADMINISTRATORS = ("/accesses", "/people", "/people/m-weber", "/access", "/system", "/profile", "/vouching")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_an_administrator_is_accessible(scheme: Scheme, place: Town) -> None:
    administrator = place.signs_in("t-berg", scheme=scheme, at="People")
    for path in ADMINISTRATORS:
        administrator.goes_to(path).is_accessible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_an_auditor_is_accessible(scheme: Scheme, place: Town) -> None:
    place.trial.participant("BER-001").is_eligible()
    auditor = place.signs_in("r-haas", scheme=scheme)
    for path in AUDITORS:
        auditor.goes_to(path).is_accessible()


def test_the_scrubber_is_moved_by_keys_and_shows_the_moment_without_a_mouse(place: Town) -> None:
    story = place.trial.participant("BER-001").is_eligible()
    last = story.record.version
    page = place.signs_in("r-haas").goes_to("/participants/BER-001/history").page
    slider = page.locator("#at")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.locator("[data-scrubbed]")).to_have_text(str(last - 1))
    slider.press("Enter")
    expect(page.locator("#state")).to_contain_text(f"after entry {last - 1}")
    page.get_by_role("link", name="First").press("Enter")
    expect(page.locator("#state")).to_contain_text("after entry 1")
    page.get_by_role("link", name="After →").press("Enter")
    expect(page.locator("#state")).to_contain_text("after entry 2")


def test_without_scripts_a_moment_is_shown_by_a_clock_and_compared(place: Town) -> None:
    place.trial.participant("BER-001").is_eligible()
    page = place.signs_in("r-haas", scripts=False).goes_to("/participants/BER-001/history").page
    page.get_by_text("By a clock, or compare two moments").click()
    page.fill("[name=known]", "2026-01-05 09:00")
    page.fill("[name=against]", "now")
    page.locator(".scrubber details").get_by_role("button", name="Show").click()
    expect(page.locator("#state")).to_contain_text("by what was recorded until 2026-01-05 09:00+01:00")
    expect(page.locator(".changes")).to_contain_text("Eligibility confirmed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(scheme: Scheme, place: Town) -> None:
    place.trial.participant("BER-001").is_ready().is_infused()
    place.clock.move(days=1)
    investigator = place.signs_in("k-adler", scheme=scheme)
    for path in PAGES:
        investigator.goes_to(path).is_accessible()


def test_without_scripts_a_visit_takes_two_clicks_from_the_worklist(place: Town) -> None:
    story = place.trial.participant("BER-001").is_ready().is_infused()
    place.clock.move(days=1)
    story.advances()
    page = place.signs_in("m-weber", scripts=False).page
    expect(page.locator("[data-row]").first).to_be_visible()
    page.get_by_role("link", name="Record visit").first.click()
    page.get_by_role("button", name="It took place just now").click()
    expect(page.locator(".notice.done")).to_be_visible()
    assert any(isinstance(entry.event, e.VisitCompleted) for entry in story.record.entries[-3:])


def test_without_scripts_a_slot_is_shifted_and_a_form_keeps_what_was_typed(place: Town) -> None:
    story = place.trial.participant("BER-001").is_ready()
    before = story.now.plans["infusion"].slot.start
    coordinator = place.signs_in("m-weber", scripts=False)
    coordinator.goes_to("/participants/BER-001/steps/infusion").records("slot", button='[name=shift][value="2"]')
    assert story.now.plans["infusion"].slot.start == before + timedelta(hours=2)
    coordinator.goes_to("/participants/BER-001/screening").fills("screening", {"found_body_weight": "heavy"})
    coordinator.page.get_by_role("button", name="Record all of it").click()
    expect(coordinator.page.locator('[name="found_body_weight"]')).to_have_value("heavy")
    expect(coordinator.page.locator(".field.faulty")).to_have_count(1)
