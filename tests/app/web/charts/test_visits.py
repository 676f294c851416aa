"""A visit on its page: recorded in two clicks, at another time, outside its window, booked, and finally missed."""

from datetime import timedelta

from domain import events as e
from domain.visits import VisitWindow, windows
from tests.app.web.at_the_door import Desk


def ahead(desk: Desk) -> VisitWindow:
    """The next visit of somebody who was infused that requires assessments."""
    study, now = desk.trial.participants.study(), desk.story("BER-003").now
    found = (one for one in windows(now, study) if study.protocol(1).visits[one.visit].assessments)
    return next(one for one in found if one.state == "open" and one.opens_at > desk.clock() and not one.in_hours)


def path_of(window: VisitWindow) -> str:
    return f"/participants/BER-003/visits/{window.visit}"


def test_a_visit_is_recorded_just_now_with_one_button(desk: Desk) -> None:
    window = ahead(desk)
    desk.clock.move_to(window.target_at + timedelta(hours=9))
    desk.seats("m-weber")
    page = desk.records(path_of(window), "visit", {"now": "yes"})
    assert "Took place" in page
    entry = desk.entries("BER-003")[-1]
    assert isinstance(entry.event, e.VisitCompleted)
    assert entry.event.at.span("Europe/Berlin").earliest == desk.clock()


def test_a_visit_is_recorded_at_another_time(desk: Desk) -> None:
    window = ahead(desk)
    desk.clock.move_to(window.target_at + timedelta(hours=9))
    desk.seats("m-weber")
    desk.records(path_of(window), "visit", {"at": f"{window.target}"})
    event = desk.entries("BER-003")[-1].event
    assert isinstance(event, e.VisitCompleted)
    assert event.at.root == f"{window.target}"


def test_outside_its_window_a_visit_asks_for_a_reason_and_keeps_what_was_typed(desk: Desk) -> None:
    window = ahead(desk)
    before = len(desk.entries("BER-003"))
    assert "Now lies outside the window" in desk.sees(path_of(window))
    answer = desk.sends(path_of(window), "visit", {"at": "now", "document": "visit log, page 3"})
    assert answer.status_code == 409
    assert "reason" in answer.text
    assert "visit log, page 3" in answer.text
    assert len(desk.entries("BER-003")) == before
    desk.records(path_of(window), "visit", {"at": "now", "reason": "travels next week"})
    assert "deviation-recorded" in desk.kinds("BER-003", 2)


def test_a_visit_is_booked_and_its_appointment_is_shown(desk: Desk) -> None:
    window = ahead(desk)
    page = desk.records(path_of(window), "book", {"at": f"{window.target} 10:30"})
    assert "Booked" in page
    assert f"{window.target} 10:30" in page


def test_what_a_visit_requires_is_shown_as_missing_until_it_is_on_record(desk: Desk) -> None:
    window = ahead(desk)
    required = desk.trial.participants.study().protocol(1).visits[window.visit].assessments
    assert desk.sees(path_of(window)).count("Missing</span>") == len(required)
    desk.clock.move_to(window.target_at + timedelta(hours=9))
    desk.story("BER-003").comes(window.visit)
    desk.seats("m-weber")
    assert "Missing</span>" not in desk.sees(path_of(window))


def test_a_visit_whose_window_has_closed_is_finally_missed(desk: Desk) -> None:
    window = ahead(desk)
    story = desk.story("BER-003")
    story.lives_until(window.closes_at + timedelta(hours=1))
    desk.seats("m-weber")
    assert 'value="miss"' in desk.sees(path_of(window))
    desk.records(path_of(window), "miss")
    assert "visit-missed" in desk.kinds("BER-003", 3)
