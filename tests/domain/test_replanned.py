"""What a correction does to leave, to reminders, and to steps that were taken: nothing is refused, and all of it is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.notices import FINISHED, message_id, notices, turn
from domain.time import MINUTE, When
from tests.builders import BERLIN, CODE, Story, Trial, by_, dose

pytestmark = pytest.mark.slow

WEBER = ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example")
DAY = timedelta(days=1)


def corrects(story: Story, kind: type[e.Event], fact: e.Fact) -> list[str]:
    outcome = story.asks(c.Correct(entry=story.entry_of(kind), fact=fact), reason="it was written down wrongly")
    return [event.kind for event in outcome.events]


def infused(story: Story) -> datetime:
    return story.now.infusions[0].fact.at.span(BERLIN).earliest


# Leave


@pytest.mark.parametrize(
    ("before_slot", "revoked"),
    [(timedelta(hours=72), True), (timedelta(hours=72) + MINUTE, False)],
    ids=["in the black-out", "a minute before it"],
)
def test_leave_that_rests_on_what_is_corrected_is_revoked_in_the_same_append(before_slot: timedelta, *, revoked: bool) -> None:
    story = Trial().participant().is_ready().is_cleared()
    start = story.now.plans["infusion"].slot.start
    story.reports(dose("dexamethasone", "8", When.at(start - timedelta(hours=80)), route="intravenous"))
    assert story.now.clearance("infusion") is not None
    told = corrects(story, e.MedicationTaken, dose("dexamethasone", "8", When.at(start - before_slot), route="intravenous"))
    assert ("clearance-revoked.v1" in told) == revoked
    assert (story.now.clearance("infusion") is None) == revoked


# Reminders


@pytest.fixture
def told() -> Story:
    """The morning of day 1: that its visit is due has been sent, that of the check has fallen due and was not sent yet."""
    trial = Trial()
    trial.participants.desk.record((WEBER,), by_("administrator", trial.next_id()))
    story = trial.participant().is_ready().is_infused()
    story.lives_until(story.trial.clock() + timedelta(hours=14))
    key = due(story, "visit-opens:day-1")
    sent = e.ReminderSent(key=key, to="m-weber", channel="mail", call=1, message=message_id(story.id, key, "m-weber", 1))
    by = by_("notices", trial.next_id()).model_copy(update={"source": "notices"})
    trial.participants.handle(story.id, c.RecordNotice(fact=sent), by)
    return story


def due(story: Story, beginning: str) -> str:
    """The key of the last reminder of a kind that fell due."""
    return [key for key in notices(story.record) if key.startswith(beginning)][-1]


def test_a_correction_withdraws_what_was_not_sent_keeps_what_was_and_has_the_new_date_told(told: Story) -> None:
    sent, unsent = due(told, "visit-opens:day-1:"), due(told, "visit-opens:toxicity-day-1:")
    fact = told.now.infusions[0].fact
    later = fact.model_copy(update={"at": told.at()})
    corrects(told, e.InfusionStarted, later)
    study, now = told.trial.participants.study(), told.trial.clock()
    assert turn(notices(told.record)[unsent], told.record, study, now).record == (e.ReminderWithdrawn(key=unsent),)
    assert turn(notices(told.record)[sent], told.record, study, now) == FINISHED
    assert [one.key for _, one in told.told_of(e.ReminderSent) if isinstance(one, e.ReminderSent)] == [sent]
    told.lives_until(now + DAY)
    for beginning, was in (("visit-opens:day-1:", sent), ("visit-opens:toxicity-day-1:", unsent)):
        assert due(told, beginning) > was, "the date in the key is a later one"


# Steps that were taken


@pytest.mark.parametrize(
    ("kind", "fact", "against"),
    [
        pytest.param(
            e.LeukapheresisStarted,
            lambda story: e.LeukapheresisStarted(at=When.at(infused(story) - DAY)),
            {"gate:leukapheresis:1:leave", "gate:lymphodepletion:1:product-ready", "gate:lymphodepletion:1:same-identity"},
            id="cells collected after the lymphodepletion that was given for them",
        ),
        pytest.param(
            e.InfusionStarted,
            lambda story: e.InfusionStarted(at=When.at(infused(story) - 6 * DAY), identity=CODE),
            {"gate:infusion:1:days-since-lymphodepletion", "gate:infusion:1:same-identity"},
            id="an infusion before the lymphodepletion",
        ),
        pytest.param(
            e.ScreeningStarted,
            lambda story: e.ScreeningStarted(at=When.at(infused(story) - DAY)),
            {"eligibility:4", "visit:screening:window"},
            id="a screening after the collection",
        ),
        pytest.param(
            e.LeukapheresisEnded,
            lambda story: e.LeukapheresisEnded(
                at=story.now.collections[0].started.fact.at, identity="COI-0002", yield_e6_per_kg=Decimal(9)
            ),
            {"cells:thaw-started.v1:1", "cells:infusion-started.v1:1", "gate:infusion:1:same-identity"},
            id="cells of another code",
        ),
    ],
)
def test_what_makes_a_step_impossible_that_was_taken_is_accepted_with_its_deviations(
    kind: type[e.Event], fact: Callable[[Story], e.Fact], against: set[str]
) -> None:
    story = Trial().participant().is_ready().is_infused()
    before = set(story.now.deviations)
    right = next(entry.event for entry in reversed(story.record.entries) if isinstance(entry.event, kind))
    assert isinstance(right, e.FACTS)
    corrects(story, kind, fact(story))
    assert against <= story.now.deviations.keys() - before
    corrects(story, kind, right)
    assert set(story.now.deviations) == before
