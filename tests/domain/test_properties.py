"""What is true of every life, however people err: checked against rules told a second time, in the plainest way."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, reduce
from random import Random

import pytest
from pydantic import BaseModel, TypeAdapter

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.consequences import against_the_gate
from domain.history import effective
from domain.participant import Participant, evolve, fold
from domain.record import Record
from domain.standing import Taken
from domain.time import When, local_date
from tests.builders import BERLIN, CODE, study_of
from tests.campaign import Campaign
from tests.domain.lives import Life, Turn

EVENT: TypeAdapter[e.Event] = TypeAdapter(e.Event)
COMMAND: TypeAdapter[c.Command] = TypeAdapter(c.Command)
TURNS = 60
SYSTEMIC = {"oral", "intravenous", "intramuscular", "intra-articular"}
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
    perhaps = [event for event in told if when_of(event) is not None and earliest(event) <= at]
    found = set()
    if not of[e.ConsentSigned] or of[e.ConsentWithdrawn] or not any(isinstance(event, e.EligibilityConfirmed) for event in told):
        found.add("consent-and-eligibility")
    if not of[e.LeukapheresisEnded] or not doses:
        found.add("steps-before")
    if not doses or untold_or_far(told, at):
        found.add("days-since-lymphodepletion")
    if not of[e.ProductReceived] or not of[e.ProductReleased] or expired(perhaps, at):
        found.add("product-ready")
    if not of[e.IdentityChecked] or wrong_code(of[e.IdentityChecked], perhaps):
        found.add("same-identity")
    if steroid(of[e.MedicationTaken], at) or goes_on(of[e.MedicationTaken], at) or not of[e.ReviewMade]:
        found.add("E24b")
    return found


def when_of(event: e.Event) -> When | None:
    when = getattr(event, "at", getattr(event, "start", None))
    return when if isinstance(when, When) else None


def earliest(event: e.Event) -> datetime:
    when = when_of(event)
    assert when is not None
    return when.span(BERLIN).earliest


def untold_or_far(told: list[e.Event], at: datetime) -> bool:
    """Whether a lymphodepletion day is told in no course, or the last dose lies less than 2 or more than 14 dates back.

    Of lymphodepletion that was told twice only the course that is in force counts, which is not told a second time here.
    """
    doses = [event for event in told if isinstance(event, e.LymphodepletionDose)]
    if not {-5, -4, -3} <= {dose.day for dose in doses}:
        return True
    if len({(dose.day, dose.drug) for dose in doses}) < len(doses):
        return False
    given = [earliest(dose) for dose in doses if dose.outcome != "omitted" and earliest(dose) <= at]
    return not given or not 2 <= (local_date(at, BERLIN) - local_date(max(given), BERLIN)).days <= 14


def expired(perhaps: list[e.Event], at: datetime) -> bool:
    """Whether the product has expired by whatever may have been received."""
    expires = [event.expires for event in perhaps if isinstance(event, e.ProductReceived) and event.identity == CODE]
    return bool(expires) and max(expires) < local_date(at, BERLIN)


def wrong_code(checks: list[e.Event], perhaps: list[e.Event]) -> bool:
    """Whether a check that found another code is surely later than every one that found the right one."""
    right = [event.at.span(BERLIN).latest for event in perhaps if isinstance(event, e.IdentityChecked) and event.identity == CODE]
    wrong = [earliest(check) for check in checks if isinstance(check, e.IdentityChecked) and check.identity != CODE]
    return bool(wrong) and all(max(wrong) > latest for latest in right)


def goes_on(taken: list[e.Event], at: datetime) -> bool:
    """Whether courses without a stop, from known minutes, may add up to more than 10 mg with each other or with a dose of a date."""
    counted = [one for one in taken if isinstance(one, e.MedicationTaken) and one.drug in EQUIVALENT and one.route in SYSTEMIC]
    known = [one for one in counted if one.start.exact]
    courses = [one for one in known if one.doses_per_day is not None and one.stop is None]
    single = [one for one in known if one.doses_per_day is None and one.stop is None]
    dates = {local_date(at, BERLIN), *(on_date(one) for one in single if at - earliest(one) <= timedelta(hours=72))}
    return any(
        bool(going := [one for one in courses if on_date(one) <= day])
        and sum(prednisone(one) for one in (*going, *(one for one in single if on_date(one) == day))) > 10
        for day in dates
    )


def on_date(one: e.MedicationTaken) -> date:
    return local_date(earliest(one), BERLIN)


def prednisone(one: e.MedicationTaken) -> Decimal:
    return one.dose_mg * (one.doses_per_day or 1) * 5 / EQUIVALENT[one.drug]


def steroid(taken: list[e.Event], at: datetime) -> bool:
    """Whether a date with more than 10 mg in single doses of known minutes has its last of them in the 72 hours before."""
    totals: dict[object, Decimal] = defaultdict(Decimal)
    last: dict[object, datetime] = {}
    for one in taken:
        if not isinstance(one, e.MedicationTaken) or one.drug not in EQUIVALENT or one.route not in SYSTEMIC:
            continue
        if one.start.exact and one.doses_per_day is None:
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
                whens = [at for at in (taken.at, taken.done) if at is not None and at.exact and taken.step == "infusion"]
                for instant in (at.span(BERLIN).earliest for at in whens):
                    expected = {key_of(taken, rule) for rule in broken(record, instant)}
                    carried += len(expected)
                    assert expected <= now.deviations.keys()
    assert carried


@pytest.mark.torture
def test_cells_of_another_code_are_a_deviation_and_nobody_releases_them_to_thaw(campaign: Campaign) -> None:
    wrong = 0
    for _, turns in lives(campaign):
        for turn in turns:
            now = turn.after.participant
            cells: list[e.ThawStarted | e.InfusionStarted] = [*(one.fact for one in now.thaws), *(one.fact for one in now.infusions)]
            for fact in cells:
                if fact.identity != CODE:
                    wrong += 1
                    assert f"cells:{fact.kind}:{fact.bag}" in now.deviations
            if isinstance(turn.command, c.Perform | c.Override) and isinstance(turn.command.beginning, c.ReleaseToThaw):
                released = any(isinstance(event, e.ThawStarted) for event in turn.events)
                assert not released or turn.command.beginning.identity == CODE
    assert wrong


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


OF_GREENWICH = re.compile(r"\d\d:\d\dZ|\dT\d\d:\d\d|\d\d:\d\d (UTC|CET|CEST)\b")
"""A time in UTC, in the form that is stored, or with the name of its zone."""


def texts(value: object) -> Iterator[str]:
    """Every sentence in a value that a program derived; what people wrote themselves is theirs."""
    if isinstance(value, BaseModel):
        for name, one in value:
            if name in {"says", "reasons"} or not isinstance(one, str):
                yield from texts(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


@pytest.mark.torture
def test_no_sentence_of_any_life_shows_a_time_of_greenwich(campaign: Campaign) -> None:
    said = 0
    for life, _ in lives(campaign):
        for entry in life.record.entries:
            for words in texts(entry.event):
                said += bool(re.search(r"\d\d:\d\d[+-]\d\d:\d\d", words))
                assert not OF_GREENWICH.search(words), words
    assert said > campaign.rounds(200), "too few sentences show a time to prove anything"
