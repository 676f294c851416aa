"""What is true of every life, however people err: checked against rules told a second time, in the plainest way."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, reduce
from random import Random

import pytest
from pydantic import TypeAdapter

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.consequences import against_the_gate
from domain.history import effective
from domain.participant import Participant, Taken, evolve, fold
from domain.record import Record
from domain.time import When, local_date
from tests.builders import BERLIN, study_of
from tests.campaign import Campaign
from tests.domain.lives import Life, Turn

EVENT: TypeAdapter[e.Event] = TypeAdapter(e.Event)
COMMAND: TypeAdapter[c.Command] = TypeAdapter(c.Command)
TURNS = 60
SYSTEMIC = {"oral", "intravenous", "intra-articular"}
EQUIVALENT = {
    "prednisone": Decimal(5),
    "prednisolone": Decimal(5),
    "dexamethasone": Decimal("0.6"),
    "methylprednisolone": Decimal(4),
    "hydrocortisone": Decimal(20),
}


def lives(campaign: Campaign) -> tuple[tuple[Life, tuple[Turn, ...]], ...]:
    """The lives of this run, each with its turns: the same for every property, because they are long."""
    return lived(campaign.dice.random(), campaign.rounds(200))


@cache
def lived(dice: float, rounds: int) -> tuple[tuple[Life, tuple[Turn, ...]], ...]:
    born = [Life(Random(f"{dice} {n}")) for n in range(rounds)]
    return tuple((life, tuple(life.turn() for _ in range(TURNS))) for life in born)


# The rules of the infusion, told a second time


def happened(record: Record, by: datetime) -> list[e.Event]:
    """What had surely happened by an instant, as far as is on record."""
    return [entry.event for entry in effective(record.entries) if surely(entry.event, by)]


def surely(event: e.Event, by: datetime) -> bool:
    when = getattr(event, "at", getattr(event, "start", None))
    return isinstance(when, When) and when.span(BERLIN).latest <= by


def broken(record: Record, at: datetime) -> set[str]:
    """The rules of the infusion that were surely broken by what had happened."""
    events = happened(record, at)
    of = {kind: [event for event in events if isinstance(event, kind)] for kind in e.FACTS}
    told = [entry.event for entry in effective(record.entries)]
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
    for _, turns in lives(campaign):
        for turn in turns:
            if not any(isinstance(event, e.ThawStarted) for event in turn.events):
                continue
            against = broken(turn.before, turn.at)
            if isinstance(turn.command, c.Perform):
                granted += 1
                assert not against
            if isinstance(turn.command, c.Override):
                overridden += 1
                assert isinstance(turn.events[0], e.OverrideSigned)
                assert against <= set(turn.events[0].rules)
                assert not against & NEVER_OVERRIDDEN
    assert granted > campaign.rounds(200) / 10, "too few lives reach the infusion to prove anything"


@pytest.mark.torture
def test_every_infusion_on_record_carries_a_deviation_for_each_rule_it_broke(campaign: Campaign) -> None:
    carried = 0
    for _, turns in lives(campaign):
        for record in (turn.after for turn in turns):
            now = record.participant
            assert bool(now.thaws or now.infusions) == (now.taken_step("infusion") is not None)
            for taken in now.taken:
                if taken.step == "infusion" and taken.at.exact:
                    expected = {key_of(taken, rule) for rule in broken(record, taken.at.span(BERLIN).earliest)}
                    carried += len(expected)
                    assert expected <= now.deviations.keys()
    assert carried


def key_of(taken: Taken, rule: str) -> str:
    return f"gate:{taken.step}:{taken.occurrence}:{rule}"


@pytest.mark.torture
def test_a_deviation_stands_exactly_where_a_rule_does_not_pass_by_what_is_known(campaign: Campaign) -> None:
    for life, _ in lives(campaign):
        now = life.record.participant
        for taken in now.taken:
            expected = {one.key for one in against_the_gate(taken, life.record, study_of(), BERLIN)}
            leave = key_of(taken, "leave")
            assert {key for key in now.deviations if key.startswith(key_of(taken, ""))} - {leave} == expected - {leave}


@pytest.mark.torture
def test_every_prefix_folds_to_what_was_shown_then(campaign: Campaign) -> None:
    for life, turns in lives(campaign):
        for shown in (turn.after.participant for turn in turns):
            assert fold(life.record.entries[: shown.version]) == shown


@pytest.mark.torture
def test_after_the_journey_has_acted_nothing_that_was_due_remains_and_it_is_quiet(campaign: Campaign) -> None:
    for life, turns in lives(campaign):
        for turn in turns:
            if turn.command is None:
                assert not agenda(turn.after.participant, study_of()).due(turn.at)
        life.advances()
        quiet = life.record.version
        life.advances()
        assert life.record.version == quiet


@pytest.mark.torture
def test_evolve_never_refuses_not_even_a_history_that_cannot_be(campaign: Campaign) -> None:
    for life, _ in lives(campaign):
        entries = list(life.record.entries)
        for _ in range(3):
            campaign.dice.shuffle(entries)
            participant = reduce(evolve, entries[: campaign.dice.randrange(len(entries)) + 1], Participant())
            assert isinstance(participant, Participant)


@pytest.mark.torture
def test_every_event_and_every_command_comes_back_from_its_stored_form_as_it_was(campaign: Campaign) -> None:
    kinds = set()
    for life, turns in lives(campaign):
        for command in (turn.command for turn in turns if turn.command is not None):
            assert COMMAND.validate_json(command.model_dump_json()) == command
        for event in (entry.event for entry in life.record.entries):
            kinds.add(type(event))
            stored = event.model_dump_json()
            assert EVENT.validate_json(stored) == event
            assert EVENT.validate_json(stored).model_dump_json() == stored
    assert len(kinds) > len(e.EVENTS) / 2
