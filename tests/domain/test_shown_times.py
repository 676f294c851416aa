"""Whatever people read shows the clocks of their site with the offset, and dates as dates; no time of Greenwich comes through."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain.rejections import Refused
from domain.time import When, shown, to_the_minute
from tests.builders import BERLIN, SAO_PAULO, Story, Trial, local, minute, review, verdict_on

ZONES = [BERLIN, SAO_PAULO, "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Pago_Pago", "Pacific/Kiritimati"]


@pytest.mark.parametrize(
    ("zone", "instant", "words"),
    [
        (BERLIN, "2026-03-01T10:30", "2026-03-01 11:30+01:00"),
        (BERLIN, "2026-03-29T00:59", "2026-03-29 01:59+01:00"),
        (BERLIN, "2026-03-29T01:00", "2026-03-29 03:00+02:00"),
        (BERLIN, "2026-10-25T00:59", "2026-10-25 02:59+02:00"),
        (BERLIN, "2026-10-25T01:00", "2026-10-25 02:00+01:00"),
        (SAO_PAULO, "2026-03-01T01:30", "2026-02-28 22:30-03:00"),
        ("Asia/Kathmandu", "2026-03-01T18:15", "2026-03-02 00:00+05:45"),
        ("Pacific/Kiritimati", "2026-03-01T10:00", "2026-03-02 00:00+14:00"),
        ("Pacific/Pago_Pago", "2026-03-01T10:59", "2026-02-28 23:59-11:00"),
        ("UTC", "2026-03-01T10:30", "2026-03-01 10:30+00:00"),
    ],
)
def test_an_instant_is_shown_on_the_clocks_of_the_site_with_their_offset(zone: str, instant: str, words: str) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert (shown(at, zone), When.at(at).shown(zone)) == (words, words)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))  # noqa: DTZ001 - Hypothesis adds the zone.
def test_what_is_shown_names_one_minute_also_where_the_clocks_show_it_twice(instant: datetime, zone: str) -> None:
    assert datetime.fromisoformat(shown(instant, zone)) == to_the_minute(instant)


@pytest.mark.parametrize("text", ["2026-03-01", "2026-03", "2026"])
@pytest.mark.parametrize("zone", ZONES)
def test_a_time_that_is_known_less_precisely_is_shown_as_it_is_known(text: str, zone: str) -> None:
    assert When(text).shown(zone) == text


# Findings


def test_a_finding_on_a_review_shows_when_it_was_made() -> None:
    made = verdict_on("infusion", "E24b", local("2026-03-10 12:00"), review(minute("2026-03-10 11:30"), None)).findings[0]
    assert "made 2026-03-10 11:30+01:00 covers" in made.says


@pytest.mark.parametrize(("when", "words"), [(minute("2026-03-03 08:00"), "2026-03-03 08:00+01:00"), (When("2026-03-03"), "2026-03-03")])
def test_a_finding_on_lymphodepletion_shows_its_last_dose(when: When, words: str) -> None:
    doses = [e.LymphodepletionDose(at=when, day=day, drug="fludarabine") for day in (-5, -4, -3)]
    found = verdict_on("infusion", "days-since-lymphodepletion", local("2026-03-06 12:00"), *doses).findings[0]
    assert f"after the last lymphodepletion dose ({words})" in found.says


# Refusals and reminders


def refusal(story: Story, fact: e.Fact) -> str:
    with pytest.raises(Refused) as refused:
        story.reports(fact)
    return str(refused.value)


def test_a_refusal_shows_the_time_that_lies_ahead_and_the_one_that_must_come_first() -> None:
    story = Trial().participant().consents()
    assert "at 2026-01-05 09:01+01:00 lies in the future" in refusal(story, e.ScreeningStarted(at=When("2026-01-05T08:01Z")))
    assert "at 2026-01-06 lies in the future" in refusal(story, e.ScreeningStarted(at=When("2026-01-06")))
    story.reports(e.ScreeningStarted(at=story.at()))
    assert "before the start of screening (2026-01-05 09:00+01:00)" in refusal(
        story, e.ScreenFailed(at=When("2026-01-05T07:59Z"), criteria=("I3",))
    )


def test_a_reminder_shows_the_clocks_of_the_site_across_a_change_of_them() -> None:
    story = Trial().participant().consents()
    story.trial.clock.move_to(local("2026-03-20 09:00"))
    story.plans("infusion", local("2026-03-30 09:00"))
    story.advances()
    words = [event.says for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue)]
    assert any("From 2026-03-27 08:00+01:00, systemic" in says and "planned from 2026-03-30 09:00+02:00." in says for says in words)
