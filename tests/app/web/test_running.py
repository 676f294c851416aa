import asyncio
from dataclasses import replace

import pytest

from app.web.application import application
from app.web.health import BEHIND, NO_TEMPORAL, Health
from domain.people import PersonAdmitted
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, Desk, by


@pytest.mark.parametrize("person", [ADMINISTRATOR, "s-novak", "r-haas"])
def test_whoever_runs_or_audits_the_system_sees_how_it_is_doing(door: Desk, person: str) -> None:
    said = door.browser(person).get("/system").text
    for part in ("Somebody should look", "Views", "Up to date", "Temporal", "Protocol 1", "Europe/Berlin", "not proved on this page"):
        assert part in said


def test_the_whole_record_is_proved_where_somebody_asks_for_it(door: Desk) -> None:
    said = door.browser(ADMINISTRATOR).post("/system").text
    assert "nothing altered" in said
    assert "not proved on this page" not in said


def test_a_coordinator_sees_no_system(door: Desk) -> None:
    browser = door.browser(COORDINATOR)
    assert browser.get("/system").status_code == 403
    assert 'href="/system"' not in browser.get("/worklist").text


def test_a_banner_says_so_while_temporal_does_not_answer_or_the_views_are_behind(door: Desk) -> None:
    health = Health(door.office.daybook)
    assert health.says == "", "nobody has looked yet"
    asyncio.run(health.look())
    assert health.says == NO_TEMPORAL
    door.office.daybook.people.record((PersonAdmitted(person="n-new", name="N. New"),), by())
    asyncio.run(health.look())
    assert health.says == NO_TEMPORAL, "the views have had no time yet"
    asyncio.run(health.look())
    assert health.says == f"{NO_TEMPORAL} {BEHIND}"
    office = replace(door.office, health=lambda: health.says)
    shown = replace(door, office=office, app=application(office, ("127.0.0.1",))).browser(COORDINATOR).get("/worklist").text
    assert NO_TEMPORAL in shown
    door.catches_up()
    asyncio.run(health.look())
    assert health.says == NO_TEMPORAL


@pytest.mark.slow
def test_no_banner_is_shown_while_everything_answers(door: Desk, temporal_server: str) -> None:
    daybook = replace(door.office.daybook, settings=door.office.daybook.settings.model_copy(update={"temporal": temporal_server}))
    health = Health(daybook)
    for _ in range(2):
        asyncio.run(health.look())
    assert health.says == ""
