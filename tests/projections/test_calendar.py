"""The calendar of whole sites, kept ready."""

from datetime import timedelta

from domain import commands as c
from domain import events as e
from domain.participant import Participant
from domain.scheduled import scheduled
from domain.time import When
from domain.visits import windows
from projections.calendar import between, calendar, windows_of
from projections.views import Views
from tests.builders import START, Trial
from tests.projections.given import up_to_date

DAY = timedelta(days=1)


def stands(participant: Participant, trial: Trial) -> set[tuple[str, str]]:
    study = trial.participants.study()
    return {(participant.id, one.key) for one in scheduled(participant, windows(participant, study), study)}


def test_the_calendar_holds_what_stands_of_everybody(trial: Trial, views: Views) -> None:
    stories = [trial.participant(id, id[:3]).is_eligible() for id in ("BER-001", "SAO-001")]
    stories[0].plans("leukapheresis", trial.clock() + DAY)
    found = between(up_to_date(trial, views), {"BER", "SAO"}, START - 365 * DAY, START + 3650 * DAY)
    assert {(row.participant, row.key) for row in found} == stands(stories[0].now, trial) | stands(stories[1].now, trial)
    assert {row.zone for row in found} == {"Europe/Berlin", "America/Sao_Paulo"}
    assert list(found) == sorted(found, key=lambda row: (row.starts, row.ends, row.participant, row.key))


def test_nothing_is_told_of_other_sites(trial: Trial, views: Views) -> None:
    for id in ("BER-001", "SAO-001"):
        trial.participant(id, id[:3]).is_eligible().plans("leukapheresis", trial.clock() + DAY)
    up_to_date(trial, views)
    ever = (START - 365 * DAY, START + 3650 * DAY)
    assert {row.site for row in between(views, {"SAO"}, *ever)} == {"SAO"}
    assert between(views, set(), *ever) == ()
    told = calendar(views, {"SAO"}, START)
    assert {row.site for row in told.rows} == {one.site for one in told.records} == {"SAO"}
    assert told.position == trial.participants.ledger.head()


def test_what_touches_the_time_asked_for_is_found_on_both_sides(trial: Trial, views: Views) -> None:
    story = trial.participant().is_eligible()
    start = trial.clock() + 3 * DAY
    story.plans("leukapheresis", start, hours=8)
    until = start + timedelta(hours=8)
    up_to_date(trial, views)

    def found(first: int, last: int) -> bool:
        minutes = timedelta(minutes=1)
        return any(row.kind == "step" for row in between(views, {"BER"}, until + first * minutes, start + last * minutes))

    assert found(-1, 1)
    assert not found(0, 1)
    assert not found(-1, 0)


def test_only_whose_plan_or_whose_stay_ended_may_have_something_withdrawn(trial: Trial, views: Views) -> None:
    kept, cancelled = trial.participant("BER-001").is_eligible(), trial.participant("BER-002").is_eligible()
    for story in (kept, cancelled):
        story.plans("leukapheresis", trial.clock() + DAY)
    cancelled.asks(c.Cancel(step="leukapheresis"))
    told = calendar(up_to_date(trial, views), {"BER"}, START)
    assert {one.participant: one.withdrew for one in told.records} == {"BER-001": False, "BER-002": True}
    assert {one.participant: one.version for one in told.records} == {story.id: story.record.version for story in (kept, cancelled)}
    cancelled.plans("leukapheresis", trial.clock() + DAY)
    told = calendar(up_to_date(trial, views), {"BER"}, START)
    assert {one.participant: one.withdrew for one in told.records} == {"BER-001": False, "BER-002": True}


def test_an_appointment_for_which_the_participant_came_sooner_is_told_as_withdrawn_and_drawn_no_more(trial: Trial, views: Views) -> None:
    story = trial.participant().is_ready().is_infused()
    story.reports(e.VisitBooked(visit="day-7", at=When.at(trial.clock() + 8 * DAY)))
    ever = (START - 365 * DAY, START + 3650 * DAY)

    def stands() -> tuple[list[str], list[str]]:
        told, drawn = calendar(up_to_date(trial, views), {"BER"}, START).rows, between(views, {"BER"}, *ever)
        return [one.state for one in told if one.kind == "booked"], [one.state for one in drawn if one.kind == "booked"]

    assert stands() == (["booked"], ["booked"])
    trial.clock.move(days=7)
    story.comes("day-7")
    assert stands() == (["withdrawn"], [])


def test_the_windows_of_some_participants_are_found_whatever_became_of_them(trial: Trial, views: Views) -> None:
    for id in ("BER-001", "BER-002", "BER-003"):
        trial.participant(id).is_eligible()
    found = windows_of(up_to_date(trial, views), ("BER-001", "BER-003"))
    assert [(row.participant, row.name, row.state) for row in found] == [
        ("BER-001", "screening", "completed"),
        ("BER-003", "screening", "completed"),
    ]
