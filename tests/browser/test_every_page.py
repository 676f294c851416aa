"""Every screen of the desk at WCAG 2.2 AA, in light and in dark; and the essential forms where no script runs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.accounts.saved_views import SavedView
from app.demo.people import PASSWORD
from domain import events as e
from domain.contacts import ContactNamed
from domain.decided import to_decide
from domain.keeping import DataCutMade, IdentifiersErased
from domain.notices import notices, tag
from domain.people import AccessGiven
from domain.study import StudyEvent
from domain.time import MINUTE
from tests.browser.at_a_browser import Scheme, Somebody, Town, town
from tests.browser.pages import (
    ANSWERED,
    AT_THE_DOOR,
    COME_BACK,
    ERASED,
    FILTERED_WRONGLY,
    LEADS_ON,
    SCREENS,
    SHOWS_NOTHING,
    TO_BE_CONFIRMED,
    WHO,
    Answered,
    routes,
    sent_to,
)
from tests.builders import STUDY, by_

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
IN_BOTH_SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture
def full(place: Town) -> Town:
    """A place with a participant after the infusion, of whom something has fallen due, and one whose eligibility is to be confirmed."""
    infused = place.trial.participant(_code(WHO)).is_ready().is_infused()
    place.clock.move(days=1)
    infused.advances()
    screened = place.trial.participant(_code(TO_BE_CONFIRMED)).consents()
    screened.reports(e.ScreeningStarted(at=screened.at()))
    screened.is_screened()
    _has_every_form(place)
    over = place.clock() - MINUTE
    decided(place, DataCutMade(name="dsmb-1", purpose="the safety board", recorded_by=over, occurred_by=over))
    place.trial.participant(_code(ERASED))
    decided(place, IdentifiersErased(participant=_code(ERASED), approved_by="the data protection officer", legal_decision="an order"))
    return place


def _has_every_form(place: Town) -> None:
    """Somebody has saved a view, is told of what falls due, and can vouch for somebody else."""
    office, by = place.office, by_("administrator", place.trial.next_id(), id="t-berg")
    office.accounts.saved_views.save("k-adler", SavedView("What is far away", "site=SAO"))
    office.daybook.desk.record((ContactNamed(person="k-adler", roles=("investigator",), mail="k.adler@study.example"),), by)
    office.daybook.people.record((AccessGiven(person="j-silva"),), by_("administrator", place.trial.next_id(), id="t-berg"))


def decided(place: Town, event: StudyEvent) -> None:
    """What is decided about the study, by signature."""
    command_id = place.trial.next_id()
    unsigned = by_("administrator", command_id, reason="as ordered")
    signed = by_("administrator", command_id, reason="as ordered", signed=to_decide(STUDY, (event,), unsigned))
    place.trial.participants.desk.record((event,), signed)


def _code(path: str) -> str:
    return path.rpartition("/")[2]


def comes(place: Town, person: str, scheme: Scheme) -> Somebody:
    return place.signs_in(person, scheme=scheme, at="People" if person == "t-berg" else "Worklist")


def test_every_route_is_told_of_here() -> None:
    """A new one is added to tests/browser/pages.py: to the screens, with who looks at it, or to what shows none."""
    screens = {route for seen in SCREENS.values() for route in seen}
    assert routes("GET") == screens | AT_THE_DOOR | COME_BACK | SHOWS_NOTHING
    assert routes("POST") == ANSWERED.keys() | AT_THE_DOOR | LEADS_ON


@IN_BOTH_SCHEMES
@pytest.mark.parametrize("person", SCREENS)
def test_every_screen_at_an_address_is_accessible(person: str, scheme: Scheme, full: Town) -> None:
    known = {"tag": tag(next(iter(notices(full.story(_code(WHO)).record))))}
    somebody = comes(full, person, scheme)
    for path in (path for paths in SCREENS[person].values() for path in paths):
        somebody.goes_to(path.format_map(known)).is_accessible()


def _by_person() -> Iterator[tuple[str, list[Answered]]]:
    for person in dict.fromkeys(one.person for one in ANSWERED.values()):
        yield person, [one for one in ANSWERED.values() if one.person == person]


@IN_BOTH_SCHEMES
@pytest.mark.parametrize(("person", "answered"), list(_by_person()))
def test_every_form_comes_back_accessible(person: str, answered: list[Answered], scheme: Scheme, full: Town) -> None:
    somebody = comes(full, person, scheme)
    for one in answered:
        somebody.goes_to(one.path)
        assert somebody.sends(one.form, one.typed) in {200, 403, 409, 422}, one
        somebody.is_accessible()
    for path in FILTERED_WRONGLY.get(person, ()):
        somebody.page.goto(path)
        expect(somebody.page.locator(".field.faulty")).to_have_count(1)
        somebody.is_accessible()


@IN_BOTH_SCHEMES
def test_the_screens_at_the_door_are_accessible(scheme: Scheme, place: Town, browser: Browser, tmp_path: Path) -> None:
    newcomer = Somebody(place.opens(scheme=scheme)).goes_to("/sign-in")
    newcomer.is_accessible()
    assert newcomer.sends(sent_to("/sign-in"), {"person": "m-weber", "password": "not hers"}) == 403
    assert newcomer.sends(sent_to("/sign-in"), {"person": "", "password": ""}) == 422
    newcomer.is_accessible()
    administrator = comes(place, "t-berg", scheme).goes_to("/people/m-weber")
    administrator.sends(sent_to("/people/m-weber/password"), {})
    given = administrator.page.locator(".given code").inner_text()
    assert newcomer.sends(sent_to("/sign-in"), {"person": "m-weber", "password": given}) == 403
    expect(newcomer.page.get_by_role("heading", level=1)).to_have_text("Choose a password")
    newcomer.is_accessible()
    with town(tmp_path / "new", browser, peopled=False) as empty:
        first = Somebody(empty.opens(scheme=scheme)).goes_to("/set-up")
        first.is_accessible()
        assert first.sends(sent_to("/set-up"), {"code": "no", "person": "m-weber"}) == 403
        first.is_accessible()
        first.page.context.close()


@IN_BOTH_SCHEMES
def test_what_was_typed_before_the_session_ended_comes_back_accessible(scheme: Scheme, place: Town) -> None:
    somebody = comes(place, "k-adler", scheme).goes_to("/participants/new")
    place.clock.move(hours=1)
    somebody.sends("form.form", {"code": "BER-007"})
    somebody.sends(sent_to("/sign-in"), {"person": "k-adler", "password": PASSWORD})
    expect(somebody.page.locator("main")).to_contain_text("BER-007")
    assert "/unsent" in somebody.page.url
    somebody.is_accessible()


@IN_BOTH_SCHEMES
def test_the_page_of_a_problem_is_accessible(scheme: Scheme, place: Town) -> None:
    somebody = comes(place, "k-adler", scheme)
    somebody.page.goto("/participants/BER-999")
    expect(somebody.page.get_by_role("heading", level=1)).to_have_text("There is nothing here that you may see")
    somebody.is_accessible()


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
