"""Every entry can be looked for, and nothing that entries say of participants is kept for that."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import commands as c
from domain import events as e
from domain.searching import Question
from domain.time import When
from domain.words import STEPS
from projections.search import TABLES, Bounds, Row, found_in_all, search
from projections.views import Views
from tests.builders import START, Story, Trial, dose
from tests.projections.given import up_to_date

ALL = Bounds()


def found(views: Views, bounds: Bounds = ALL, **asked: Any) -> list[Row]:
    question = Question.model_validate({"sites": ("BER", "SAO"), **asked})
    return list(search(views, question, bounds, 1, 1000).rows)


def which(rows: list[Row]) -> list[tuple[str | None, int]]:
    return [(row.participant, row.version) for row in rows]


@pytest.fixture
def story(trial: Trial) -> Story:
    return trial.participant().consents()


def test_every_entry_is_found_the_last_recorded_first_and_each_page_holds_some(trial: Trial, views: Views, story: Story) -> None:
    trial.participant("SAO-001", "SAO")
    up_to_date(trial, views)
    rows = found(views)
    assert len(rows) == len(story.record.entries) + 2
    assert [row.position for row in rows] == sorted((row.position for row in rows), reverse=True)
    pages = [search(views, Question(sites=("BER", "SAO")), ALL, page, 2) for page in (1, 2, 99)]
    assert [row for page in pages[:2] for row in page.rows] == rows[:4]
    assert (pages[2].number, pages[2].found) == (3, 5)
    assert which(found(views, sites=("SAO",))) == [("SAO-001", 2), ("SAO-001", 1)]


def test_entries_are_found_by_who_recorded_them_in_which_role_and_how(trial: Trial, views: Views, story: Story) -> None:
    story.reports(dose("prednisone", "5", story.at()), "pharmacist")
    up_to_date(trial, views)
    last = [("BER-001", story.record.version)]
    assert which(found(views, actor="a-pharmacist")) == which(found(views, role="pharmacist")) == last
    assert found(views, role="pharmacist", source="web") == found(views, actor="nobody") == []
    assert which(found(views, participant="BER-001", kind="medication-taken.v1")) == last
    assert which(found(views, text="taken MEDICATION")) == last
    assert found(views, text="prednisone") == [], "what an entry says is not searched"


@pytest.mark.parametrize(("late_hours", "is_found"), [(29, True), (30, True), (31, False)])
def test_an_entry_is_late_by_what_passed_since_it_must_have_happened(
    trial: Trial, views: Views, story: Story, late_hours: int, *, is_found: bool
) -> None:
    trial.clock.move(hours=30)
    story.reports(dose("prednisone", "5", When.at(START)), reason="late entry")
    up_to_date(trial, views)
    assert [row.kind for row in found(views, late_hours=late_hours)] == (["medication-taken.v1"] if is_found else [])


def test_what_is_known_to_the_day_is_late_from_the_end_of_that_day_on(trial: Trial, views: Views, story: Story) -> None:
    trial.clock.move(hours=30)
    story.reports(dose("prednisone", "5", When("2026-01-05")), reason="late entry")
    (row,) = [row for row in found(up_to_date(trial, views)) if row.kind == "medication-taken.v1"]
    assert row.late_minutes == 15 * 60 + 1  # 15:00 in Berlin on the day after, whose first minute is the first that is late


def test_what_amends_what_overrides_what_was_refused_and_what_was_signed_is_found(trial: Trial, views: Views) -> None:
    story = trial.participant().is_eligible()
    fact = story.record.entries[-1].version
    story.asks(c.Retract(entry=story.entry_of(e.VisitCompleted)), reason="a slip of the pen")
    story.plans(STEPS[0], trial.clock() + timedelta(hours=1))
    story.would(c.Cancel(step=STEPS[0]))
    up_to_date(trial, views)
    assert [row.kind for row in found(views, mark="correction")] == ["entry-retracted.v1"]
    assert fact in [row.version for row in found(views, mark="signature")]
    assert found(views, mark="override") == found(views, mark="refusal") == []
    assert found(views, mark="correction", kind="step-planned.v1") == []


@pytest.mark.parametrize(("hour", "out"), [("06:59", True), ("07:00", False), ("15:59", False), ("16:00", True)])
def test_what_a_person_records_while_nobody_works_at_the_site_is_out_of_hours(
    trial: Trial, views: Views, story: Story, hour: str, *, out: bool
) -> None:
    trial.clock.move_to(datetime.fromisoformat(f"2026-01-06T{hour}Z"))  # Berlin is an hour ahead, and works from eight to five
    story.reports(dose("prednisone", "5", story.at()))
    rows = found(up_to_date(trial, views), out_of_hours=True)
    assert which(rows) == ([("BER-001", story.record.version)] if out else [])


def test_what_the_journey_records_is_never_out_of_hours(trial: Trial, views: Views, story: Story) -> None:
    story.reports(e.ScreeningStarted(at=story.at()))
    story.lives_until(START + timedelta(days=40))
    up_to_date(trial, views)
    assert found(views, role="journey")
    assert found(views, role="journey", out_of_hours=True) == []


def test_periods_of_either_clock_include_their_bounds(trial: Trial, views: Views, story: Story) -> None:
    trial.clock.move(hours=5)
    happened = When.at(START + timedelta(hours=2))
    story.reports(dose("prednisone", "5", happened), reason="late entry")
    up_to_date(trial, views)
    at, before, after = (trial.clock() + timedelta(minutes=number) for number in (0, -1, 1))
    last = [("BER-001", story.record.version)]
    assert which(found(views, recorded_from=at)) == which(found(views, recorded_from=before, recorded_until=at)) == last
    assert found(views, recorded_from=after) == []
    occurred = START + timedelta(hours=2)
    assert which(found(views, occurred_from=occurred, occurred_until=occurred)) == last


def test_what_was_recorded_after_a_position_is_told_apart_from_what_had_been(trial: Trial, views: Views, story: Story) -> None:
    upto = up_to_date(trial, views).position()
    before = found(views)
    story.reports(dose("prednisone", "5", story.at()))
    up_to_date(trial, views)
    assert found(views, Bounds(upto=upto)) == before
    assert which(found(views, Bounds(after=upto))) == [("BER-001", story.record.version)]
    whole = found_in_all(views, Question(sites=("BER",)), Bounds(upto=upto))
    assert whole.digests == tuple(row.digest for row in reversed(before))
    assert whole.actors == {"a-coordinator"}


def test_a_correction_changes_nothing_of_what_was_found_before(trial: Trial, views: Views, story: Story) -> None:
    story.reports(dose("prednisone", "5", When("2026-01-04")))
    before = found(up_to_date(trial, views))
    story.asks(c.Correct(entry=story.record.version, fact=dose("prednisone", "5", When("2026-01-02"))), reason="a slip")
    assert found(up_to_date(trial, views))[1:] == before


def test_the_table_has_a_column_for_nothing_that_an_entry_says() -> None:
    table, _ = TABLES
    assert not {"says", "said", "reason", "document", "name", "mail"} & set(table.replace(",", " ").replace("(", " ").split())
