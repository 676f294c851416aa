"""What is true of every life, however people err: checked against rules told a second time, in the plainest way."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from pydantic import TypeAdapter

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.history import effective
from domain.participant import Participant, Taken, evolve, fold
from domain.time import When, local_date
from tests.builders import BERLIN, study_of
from tests.campaign import Campaign
from tests.domain.lives import Life

EVENT: TypeAdapter[e.Event] = TypeAdapter(e.Event)
COMMAND: TypeAdapter[c.Command] = TypeAdapter(c.Command)
TURNS = 90
SYSTEMIC = {"oral", "intravenous", "intra-articular"}
EQUIVALENT = {"prednisone": 5, "prednisolone": 5, "dexamethasone": Decimal("0.6"), "methylprednisolone": 4, "hydrocortisone": 20}


def lives(campaign: Campaign, in_full: int) -> Iterable[Life]:
    return (Life(Random(campaign.dice.random())) for _ in range(campaign.rounds(in_full)))


# The rules of the infusion, told a second time


def happened(life: Life, by: datetime) -> list[e.Event]:
    """What had surely happened by an instant, as far as is on record now."""
    return [entry.event for entry in effective(life.record.entries) if surely(entry.event, by)]


def surely(event: e.Event, by: datetime) -> bool:
    when = getattr(event, "at", getattr(event, "start", None))
    return isinstance(when, When) and when.span(BERLIN).latest <= by


def broken(life: Life, at: datetime) -> set[str]:
    """The rules of the infusion that were surely broken by what had happened."""
    events = happened(life, at)
    of = {kind: [event for event in events if isinstance(event, kind)] for kind in e.FACTS}
    told = [entry.event for entry in effective(life.record.entries)]
    doses = [dose for dose in of[e.LymphodepletionDose] if dose.outcome != "omitted"]
    found = set()
    if not of[e.ConsentSigned] or of[e.ConsentWithdrawn] or not any(isinstance(event, e.EligibilityConfirmed) for event in told):
        found.add("consent-and-eligibility")
    if not of[e.LeukapheresisEnded] or not doses:
        found.add("steps-before")
    if not doses:
        found.add("days-since-lymphodepletion")
    if not of[e.ProductReceived] or not of[e.ProductReleased]:
        found.add("product-ready")
    if not of[e.IdentityChecked]:
        found.add("same-identity")
    if steroid(of[e.MedicationTaken], at) or not of[e.ReviewMade]:
        found.add("E24b")
    return found


def steroid(taken: list[e.MedicationTaken], at: datetime) -> bool:
    """Whether a date with more than 10 mg in single doses of known minutes has its last of them in the 72 hours before."""
    totals: dict[object, Decimal] = defaultdict(Decimal)
    last: dict[object, datetime] = {}
    for one in taken:
        if one.drug in EQUIVALENT and one.route in SYSTEMIC and one.start.exact and one.doses_per_day is None:
            minute = one.start.span(BERLIN).earliest
            day = local_date(minute, BERLIN)
            totals[day] += one.dose_mg * 5 / EQUIVALENT[one.drug]
            last[day] = max(minute, last.get(day, minute))
    return any(total > 10 and at - last[day] <= timedelta(hours=72) for day, total in totals.items())


NEVER_OVERRIDDEN = {"consent-and-eligibility", "product-ready", "same-identity"}


@pytest.mark.torture
def test_no_permission_that_is_granted_reaches_the_infusion_against_a_rule_unless_it_is_overridden(campaign: Campaign) -> None:
    granted = overridden = 0
    for life in lives(campaign, 1500):
        for _ in range(TURNS):
            command, events = life.turns()
            if any(isinstance(event, e.ThawStarted) for event in events) and isinstance(command, c.Perform | c.Override):
                against = broken(life, life.clock)
                if isinstance(command, c.Override):
                    overridden += 1
                    assert isinstance(events[0], e.OverrideSigned)
                    assert against <= set(events[0].rules)
                    assert not against & NEVER_OVERRIDDEN
                else:
                    granted += 1
                    assert not against
    assert granted > campaign.rounds(1500) / 20, "too few lives reach the infusion to prove anything"
    assert overridden


@pytest.mark.torture
def test_every_infusion_on_record_carries_a_deviation_for_each_rule_it_broke(campaign: Campaign) -> None:
    carried = 0
    for life in lives(campaign, 1000):
        for _ in range(TURNS):
            life.turns()
            now = life.record.participant
            assert bool(now.thaws or now.infusions) == (now.taken_step("infusion") is not None)
            for taken in now.taken:
                if taken.step == "infusion" and taken.at.exact:
                    expected = {key_of(taken, rule) for rule in broken(life, taken.at.span(BERLIN).earliest)}
                    carried += len(expected)
                    assert expected <= now.deviations.keys()
    assert carried


def key_of(taken: Taken, rule: str) -> str:
    return f"gate:{taken.step}:{taken.occurrence}:{rule}"


@pytest.mark.torture
def test_every_prefix_folds_to_what_was_shown_then(campaign: Campaign) -> None:
    for life in lives(campaign, 300):
        for _ in range(TURNS):
            life.turns()
        for shown in life.shown:
            assert fold(life.record.entries[: shown.version]) == shown


@pytest.mark.torture
def test_after_the_journey_has_acted_nothing_that_was_due_remains(campaign: Campaign) -> None:
    for life in lives(campaign, 300):
        for _ in range(TURNS):
            life.turns()
            life.advances()
            assert not agenda(life.record.participant, study_of()).due(life.clock)
        quiet = life.record.version
        life.advances()
        assert life.record.version == quiet


@pytest.mark.torture
def test_evolve_never_refuses_not_even_a_history_that_cannot_be(campaign: Campaign) -> None:
    for life in lives(campaign, 300):
        for _ in range(TURNS):
            life.turns()
        entries = list(life.record.entries)
        for _ in range(3):
            campaign.dice.shuffle(entries)
            participant = Participant()
            for entry in entries[: campaign.dice.randrange(len(entries)) + 1]:
                participant = evolve(participant, entry)
            assert participant.version == 0


@pytest.mark.torture
def test_every_event_and_every_command_comes_back_from_its_stored_form_as_it_was(campaign: Campaign) -> None:
    kinds = set()
    for life in lives(campaign, 300):
        for _ in range(TURNS):
            command, _ = life.turns()
            if command is not None:
                assert COMMAND.validate_json(command.model_dump_json()) == command
        for entry in life.record.entries:
            kinds.add(type(entry.event))
            stored = entry.event.model_dump_json()
            assert EVENT.validate_json(stored) == entry.event
            assert EVENT.validate_json(stored).model_dump_json() == stored
    assert len(kinds) > len(e.EVENTS) / 2
