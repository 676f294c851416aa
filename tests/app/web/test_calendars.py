"""The calendar feed: what calendar programs read, as another library understands it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject  # type: ignore[import-untyped]  # It has no types.
from httpx import Response

from domain import commands as c
from domain import events as e
from domain.doorkeeping import CalendarAddressGiven, CalendarAddressTakenBack
from domain.people import PersonLeft, RoleWithdrawn
from domain.time import When
from tests.app.web.at_the_door import COORDINATOR, Desk, at_a_new_desk
from tests.builders import Clock, by_

DAY = timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with at_a_new_desk(tmp_path, Clock()) as found:
        yield found


def secret_of(desk: Desk, person: str) -> str:
    return desk.office.accounts.calendars.give(person)


def asked(desk: Desk, secret: str, headers: dict[str, str] | None = None) -> Response:
    desk.catches_up()
    return desk.get(f"/calendar/{secret}.ics", **(headers or {}))


def events(desk: Desk, secret: str) -> dict[str, Any]:
    """What a program makes of the feed, by the first part of each UID."""
    answer = asked(desk, secret)
    assert answer.status_code == 200
    found = list(vobject.readComponents(answer.text, validate=True))
    assert len(found) == 1
    read = {one.uid.value.partition("@")[0]: one for one in found[0].contents.get("vevent", [])}
    assert len(read) == len(found[0].contents.get("vevent", []))
    return read


def status(event: Any) -> str:
    return str(event.status.value)


def test_windows_are_dates_of_which_the_last_is_the_first_after_and_slots_are_instants(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product()
    start = desk.trial.clock() + 20 * DAY
    story.plans("infusion", start)
    found = events(desk, secret_of(desk, "m-weber"))
    baseline, infusion = found["BER-001.window.pre-lymphodepletion-baseline"], found["BER-001.step.infusion.1"]
    window = next(one for one in story.trial.participants.agenda(story.id)[1].windows if one.visit == "pre-lymphodepletion-baseline")
    assert (baseline.dtstart.value, baseline.dtend.value) == (window.opens, window.closes + DAY)
    assert type(baseline.dtstart.value) is date
    assert (infusion.dtstart.value, infusion.dtend.value) == (start, start + timedelta(hours=8))
    assert {status(baseline), status(infusion)} == {"CONFIRMED"}
    assert baseline.transp.value == "TRANSPARENT"
    assert baseline.url.value == f"{desk.office.daybook.settings.public_address}/participants/BER-001"
    assert baseline.summary.value == "BER-001 Baseline before lymphodepletion, window of the visit"


def test_an_appointment_stands_at_its_minute_or_on_its_date(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    infused = desk.trial.clock()
    story.reports(e.VisitBooked(visit="day-7", at=When.at(infused + 7 * DAY)))
    story.reports(e.VisitBooked(visit="day-14", at=When.on((infused + 14 * DAY).date())))
    found = events(desk, secret_of(desk, "m-weber"))
    at = When.at(infused + 7 * DAY).span("UTC").earliest
    assert found["BER-001.booked.day-7"].dtstart.value == at
    day = found["BER-001.booked.day-14"]
    assert (day.dtstart.value, day.dtend.value) == ((infused + 14 * DAY).date(), (infused + 15 * DAY).date())


def test_a_step_that_is_planned_again_moves_under_the_same_uid_with_a_later_sequence(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product()
    story.plans("infusion", desk.trial.clock() + 20 * DAY)
    secret = secret_of(desk, "m-weber")
    before = events(desk, secret)
    desk.trial.clock.move(hours=1)
    story.plans("infusion", desk.trial.clock() + 25 * DAY)
    after = events(desk, secret)
    assert before.keys() == after.keys()
    for uid in ("BER-001.step.infusion.1", "BER-001.window.pre-lymphodepletion-baseline"):
        assert after[uid].dtstart.value > before[uid].dtstart.value
        assert int(after[uid].sequence.value) > int(before[uid].sequence.value)
        assert after[uid].last_modified.value > before[uid].last_modified.value
        assert status(after[uid]) == "CONFIRMED"


def test_a_correction_of_the_infusion_moves_every_window_that_is_counted_from_it(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    secret = secret_of(desk, "m-weber")
    before = events(desk, secret)
    infusion = story.now.infusions[0]
    earlier = infusion.fact.model_copy(update={"at": When.at(infusion.fact.at.span("UTC").earliest - DAY)})
    story.asks(c.Correct(entry=infusion.entry, fact=earlier), reason="the ward's clock was a day ahead")
    after = events(desk, secret)
    counted = [uid for uid in before if ".window.day-" in uid]
    assert len(counted) == 7
    assert all(before[uid].dtstart.value - after[uid].dtstart.value == DAY for uid in counted)
    assert all(int(after[uid].sequence.value) > int(before[uid].sequence.value) for uid in counted)
    assert all(status(one) == "CONFIRMED" for one in after.values())


def test_what_a_cancelled_plan_takes_along_is_cancelled_under_the_same_uid_and_comes_back_under_it(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product()
    start = desk.trial.clock() + 20 * DAY
    story.plans("infusion", start)
    secret = secret_of(desk, "m-weber")
    before = events(desk, secret)
    story.asks(c.Cancel(step="infusion"))
    after = events(desk, secret)
    assert before.keys() == after.keys()
    uids = [uid for uid in before if "infusion" in uid or "lymphodepletion" in uid]
    assert len(uids) == 5
    for uid in uids:
        assert (status(before[uid]), status(after[uid])) == ("CONFIRMED", "CANCELLED")
        assert after[uid].dtstart.value == before[uid].dtstart.value
        assert int(after[uid].sequence.value) > int(before[uid].sequence.value)
    story.plans("infusion", start)
    again = events(desk, secret)
    assert {status(again[uid]) for uid in uids} == {"CONFIRMED"}


def test_an_appointment_for_which_the_participant_came_sooner_is_cancelled_under_its_uid(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    booked = desk.trial.clock() + 8 * DAY
    story.reports(e.VisitBooked(visit="day-7", at=When.at(booked)))
    secret = secret_of(desk, "m-weber")
    before = events(desk, secret)["BER-001.booked.day-7"]
    desk.trial.clock.move(days=7)
    story.comes("day-7")
    after = events(desk, secret)["BER-001.booked.day-7"]
    assert (status(before), status(after)) == ("CONFIRMED", "CANCELLED")
    assert before.dtstart.value == after.dtstart.value
    assert int(after.sequence.value) > int(before.sequence.value)


def test_whoever_left_has_what_lay_ahead_cancelled(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    secret = secret_of(desk, "m-weber")
    story.reports(e.VisitBooked(visit="day-28", at=When.at(desk.trial.clock() + 28 * DAY)))
    desk.trial.clock.move(days=2)
    story.reports(e.VisitCompleted(visit="day-1", at=When.at(desk.trial.clock() - DAY)), reason="the nurse was away")
    before = events(desk, secret)
    story.reports(e.ConsentWithdrawn(at=story.at(), scope="visits"))
    after = events(desk, secret)
    assert status(before["BER-001.window.month-3"]) == "CONFIRMED"
    assert {status(after[f"BER-001.{name}"]) for name in ("window.month-3", "window.day-28", "booked.day-28")} == {"CANCELLED"}
    assert "BER-001.window.day-1" not in after


def test_a_step_that_was_taken_is_not_cancelled(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected()
    story.reports(e.TreatmentStopped(at=story.at(), why="the participant wished it"))
    assert "BER-001.step.leukapheresis.1" not in events(desk, secret_of(desk, "m-weber"))


def test_what_has_passed_by_stays_for_a_month(desk: Desk) -> None:
    desk.trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    secret = secret_of(desk, "m-weber")
    last = events(desk, secret)["BER-001.window.day-1"].dtend.value
    desk.trial.clock.move_to(desk.trial.clock().replace(month=last.month, day=last.day, hour=12) + 30 * DAY)
    assert "BER-001.window.day-1" in events(desk, secret)
    desk.trial.clock.move(days=2)
    assert "BER-001.window.day-1" not in events(desk, secret)


def test_a_feed_tells_of_the_sites_where_somebody_may_see_participants_today(desk: Desk) -> None:
    for id in ("BER-001", "SAO-001"):
        desk.trial.participant(id, id[:3]).is_eligible().plans("leukapheresis", desk.trial.clock() + DAY)
    told = {person: {uid[:3] for uid in events(desk, secret_of(desk, person))} for person in ("m-weber", "j-silva", "a-kim", "t-berg")}
    assert told == {"m-weber": {"BER"}, "j-silva": {"SAO"}, "a-kim": {"BER", "SAO"}, "t-berg": set()}
    secret = secret_of(desk, "m-weber")
    desk.office.daybook.people.record(
        [RoleWithdrawn(person="m-weber", role="coordinator", site="BER")], by_("administrator", desk.trial.next_id())
    )
    assert events(desk, secret) == {}


def test_a_feed_carries_nothing_clinical(desk: Desk) -> None:
    story = desk.trial.participant().is_eligible().is_collected().has_product()
    story.plans("infusion", desk.trial.clock() + 20 * DAY)
    story.reports(e.TreatmentStopped(at=story.at(), why="a seizure in the night"))
    text = asked(desk, secret_of(desk, "m-weber")).text.replace("\r\n ", "")
    assert "BER-001" in text
    assert "seizure" not in text
    assert "COI-" not in text


def test_an_address_that_opens_nothing_is_not_found_and_soon_not_even_looked_for(desk: Desk) -> None:
    secret = secret_of(desk, "m-weber")
    assert asked(desk, secret).status_code == 200
    desk.office.accounts.calendars.take_back("m-weber")
    assert [asked(desk, secret).status_code for _ in range(30)] == [404] * 30
    assert asked(desk, secret).status_code == 429
    assert asked(desk, secret_of(desk, "m-weber")).status_code == 200


def test_whoever_has_left_is_told_nothing_any_more(desk: Desk) -> None:
    secret = secret_of(desk, "m-weber")
    desk.office.daybook.people.record([PersonLeft(person="m-weber")], by_("administrator", desk.trial.next_id()))
    assert asked(desk, secret).status_code == 404


def test_what_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    story = desk.trial.participant()
    secret = secret_of(desk, "m-weber")
    first = asked(desk, secret)
    assert first.headers["cache-control"] == "private, max-age=300"
    same = asked(desk, secret, {"if-none-match": f'W/"0", {first.headers["etag"]}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    story.is_eligible().plans("leukapheresis", desk.trial.clock() + DAY)
    changed = asked(desk, secret, {"if-none-match": first.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"] == first.headers["etag"]) == (200, False)


def test_an_address_is_shown_once_and_the_one_before_opens_nothing(desk: Desk) -> None:
    before = secret_of(desk, "m-weber")
    shown = desk.seats("m-weber").post("/profile/calendar").text
    address = shown.partition('value="http://127.0.0.1:8080/calendar/')[2].partition(".ics")[0]
    assert asked(desk, before).status_code == 404
    assert asked(desk, address).status_code == 200
    assert desk.post("/profile/calendar/end").headers["location"] == "/profile"
    assert asked(desk, address).status_code == 404


def test_nobody_is_given_an_address_by_a_form_of_another_session(desk: Desk) -> None:
    desk.seats("m-weber")
    assert desk.client.post("/profile/calendar", data={"csrf": "forged"}).status_code == 403


def test_that_an_address_was_given_or_taken_back_is_on_record_and_the_address_is_not(door: Desk) -> None:
    weber = door.browser(COORDINATOR)
    assert weber.post("/profile/calendar/end").status_code == 303
    assert door.happened() == [], "there was none"
    given = [re.search(r"/calendar/([^.]+)[.]ics", weber.post("/profile/calendar").text) for _ in range(2)]
    assert weber.post("/profile/calendar/end").status_code == 303
    assert door.happened() == [
        *[CalendarAddressGiven(person=COORDINATOR)] * 2,
        CalendarAddressTakenBack(person=COORDINATOR),
    ]
    written = b"".join(path.read_bytes() for path in door.office.daybook.settings.folder.glob("*.sqlite*"))
    for one in given:
        assert one
        assert one[1].encode() not in written
