"""The pages about many participants at once, and that nobody finds another site's there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain import events as e
from domain.time import When
from tests.app.web.at_the_door import Desk, at_a_new_desk
from tests.builders import Clock

DAY = timedelta(days=1)
PAGES = ("/calendar?month=2026-01", "/calendar?month=2026-01&view=agenda", "/calendar?month=2026-01&view=agenda&day=2026-01-13", "/matrix")
CODE = re.compile(r"(?:BER|SAO)-\d{3}")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A collection is planned for the day after tomorrow, the fourteenth of January, at each of two sites."""
    with at_a_new_desk(tmp_path, Clock()) as found:
        for id in ("BER-001", "SAO-001"):
            found.trial.clock.move_to(found.trial.clock().replace(day=5))
            found.trial.participant(id, id[:3]).is_eligible().plans("leukapheresis", found.trial.clock() + DAY)
        yield found


@pytest.mark.parametrize("path", [*PAGES, "/participants"])
def test_each_page_tells_of_the_askers_sites_and_of_no_other(desk: Desk, path: str) -> None:
    for person, codes in (("m-weber", {"BER-001"}), ("j-silva", {"SAO-001"}), ("a-kim", {"BER-001", "SAO-001"})):
        assert set(CODE.findall(desk.seats(person).sees(path))) == codes
    narrowed = f"{path}{'&' if '?' in path else '?'}site=SAO"
    assert CODE.findall(desk.seats("m-weber").sees(narrowed)) == []
    assert set(CODE.findall(desk.seats("a-kim").sees(narrowed))) == {"SAO-001"}


@pytest.mark.parametrize("path", [*PAGES, "/participants"])
def test_whoever_looks_after_accounts_sees_no_participant(desk: Desk, path: str) -> None:
    desk.seats("t-berg").sees(path, status=403)


@pytest.mark.parametrize("path", [*PAGES, "/participants", "/reminders"])
def test_whoever_has_not_signed_in_is_sent_to_the_door(desk: Desk, path: str) -> None:
    assert desk.get(path).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=soon", "month=9999-99", "page=-1", "page=99999999", "day=2026-02-31&view=agenda", "view=x"]
)
@pytest.mark.parametrize("path", ["/calendar", "/matrix", "/participants", "/reminders"])
def test_what_a_url_says_wrongly_is_as_if_it_said_nothing(desk: Desk, path: str, query: str) -> None:
    assert "Something went wrong" not in desk.seats("a-kim").sees(f"{path}?{query}")


def test_the_calendar_leads_from_month_to_month_and_to_each_participant(desk: Desk) -> None:
    shown = desk.seats("m-weber").sees("/calendar?month=2026-01")
    assert "BER-001 planned: Collection of cells" in shown
    assert 'href="/participants/BER-001"' in shown
    assert 'href="/calendar?month=2025-12"' in shown
    assert 'href="/calendar?month=2026-02"' in shown
    assert "Nothing stands here" in desk.sees("/calendar?month=2027-06&view=agenda")


def test_an_appointment_shows_as_one_and_the_window_stays(desk: Desk) -> None:
    desk.trial.participant("BER-002").consents()
    story = desk.trial.participant("BER-003")
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.VisitBooked(visit="screening", at=When.at(desk.trial.clock() + 5 * DAY)))
    shown = desk.seats("m-weber").sees("/calendar?month=2026-01&view=agenda")
    assert shown.count('href="/participants/BER-003"') == 2
    assert "<small>Appointment</small>" in shown


def test_a_cell_of_the_matrix_says_how_the_visit_stands_and_leads_to_it(desk: Desk) -> None:
    shown = desk.seats("m-weber").sees("/matrix")
    assert re.search(r'href="/participants/BER-001/visits/screening" title="Screening: 2026-01-05 to 2026-02-02, completed"', shown)
    assert shown.count('aria-label="not yet"') == 34


def test_participants_are_found_by_code_and_by_stage_and_by_whether_they_are_still_here(desk: Desk) -> None:
    story = desk.trial.participant("BER-002")
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.ScreenFailed(at=story.at(), criteria=("E24a",)))
    desk.seats("a-kim")
    for query, codes in (
        ("text=er-", {"BER-001", "BER-002"}),
        ("text=%25", set()),
        ("stage=Eligible", {"BER-001", "SAO-001"}),
        ("here=no", {"BER-002"}),
        ("here=yes&site=BER", {"BER-001"}),
    ):
        assert set(CODE.findall(desk.sees(f"/participants?{query}"))) == codes, query
    assert "Failed screening" in desk.sees("/participants?here=no")
