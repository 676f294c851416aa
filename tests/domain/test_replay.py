"""Replay: what is known at a moment and what is not, and that every moment is told again as it was shown."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import NAMESPACE_OID

import pytest

from domain import events as e
from domain.agenda import agenda
from domain.events import begins
from domain.gates import judge, judged_for
from domain.history import effective
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Refused
from domain.replay import Cut, Replayed, replay, study_version
from domain.time import When, to_the_minute
from domain.words import STEPS
from tests.builders import BERLIN, START, by_, consent, dose, study_of
from tests.campaign import Campaign
from tests.domain.lives import Life

BY = by_("coordinator", NAMESPACE_OID, reason="it was so")
DAY = timedelta(days=1)
STREAMS, TURNS = 1000, 18


def told(*facts: tuple[datetime, e.Event]) -> Record:
    """A record of a participant at BER, to which each fact is added at an instant."""
    record = Record("BER-001", (), Participant()).then((e.Registered(site="BER"),), START, BY)
    record = record.then((e.ProtocolAdopted(protocol=1, digest="0" * 64),), START, BY)
    for at, fact in facts:
        record = record.then((fact,), at, BY)
    return record


def drugs(then: Replayed) -> list[str]:
    return [one.fact.drug for one in then.participant.medications]


def at(record: Record, **cut: datetime | int) -> Replayed:
    return replay(record, study_of(), Cut.model_validate(cut))


def taken(drug: str, when: str) -> e.MedicationTaken:
    return dose(drug, "20", When(when))


# By what was recorded


@pytest.mark.parametrize(("after", "known"), [(timedelta(0), True), (-timedelta(minutes=1), False)])
def test_an_entry_is_known_from_the_end_of_the_minute_in_which_it_was_recorded(after: timedelta, *, known: bool) -> None:
    recorded = START + DAY + timedelta(seconds=40)
    record = told((recorded, taken("prednisone", "2026-01-05T09:00Z")))
    assert drugs(at(record, recorded=to_the_minute(recorded) + after)) == (["prednisone"] if known else [])


def test_a_correction_that_was_recorded_later_is_not_known_and_the_entry_says_what_it_said() -> None:
    wrong = taken("prednisone", "2026-01-05T09:00Z")
    right = taken("paracetamol", "2026-01-05T09:00Z")
    record = told((START + DAY, wrong), (START + 2 * DAY, e.EntryCorrected(entry=3, fact=right)))
    assert drugs(at(record, recorded=START + DAY)) == ["prednisone"]
    assert drugs(at(record, entry=3)) == ["prednisone"]
    assert drugs(at(record, recorded=START + 2 * DAY)) == ["paracetamol"]
    assert drugs(at(record, entry=4)) == ["paracetamol"]


def test_of_several_bounds_the_narrowest_counts() -> None:
    record = told((START + DAY, taken("prednisone", "2026-01-05T09:00Z")), (START + 2 * DAY, taken("paracetamol", "2026-01-05T09:00Z")))
    assert drugs(at(record, entry=4, recorded=START + DAY)) == ["prednisone"]
    assert drugs(at(record, entry=3, recorded=START + 9 * DAY)) == ["prednisone"]


# By what had happened


@pytest.mark.parametrize(
    ("when", "happened"),
    [
        ("2026-01-06T09:00Z", True),
        ("2026-01-06T09:01Z", False),
        ("2026-01-06", False),  # it may have been in the evening
        ("2026-01-05", True),
        ("2026-01", False),
        ("2025-12", True),
    ],
)
def test_of_what_is_known_only_what_had_surely_happened_counts(when: str, *, happened: bool) -> None:
    record = told((START + 9 * DAY, taken("prednisone", when)))
    then = at(record, occurred=datetime(2026, 1, 6, 9, tzinfo=UTC))
    assert drugs(then) == (["prednisone"] if happened else [])
    assert then.at == datetime(2026, 1, 6, 9, tzinfo=UTC)


def test_a_correction_that_is_known_says_when_it_happened() -> None:
    wrong, right = taken("prednisone", "2026-01-05T09:00Z"), taken("prednisone", "2026-01-08T09:00Z")
    record = told((START + DAY, wrong), (START + 9 * DAY, e.EntryCorrected(entry=3, fact=right)))
    assert drugs(at(record, occurred=START + 2 * DAY)) == []
    assert drugs(at(record, occurred=START + 4 * DAY)) == ["prednisone"]
    assert drugs(at(record, occurred=START + 2 * DAY, recorded=START + 2 * DAY)) == ["prednisone"]


@pytest.mark.parametrize(("until", "ended"), [("2026-01-06T09:00Z", True), ("2026-01-06T09:01Z", False)])
def test_a_course_that_still_went_on_has_no_end(until: str, *, ended: bool) -> None:
    course = taken("prednisone", "2026-01-05T09:00Z").model_copy(update={"doses_per_day": 1, "stop": When(until)})
    (found,) = at(told((START + 9 * DAY, course)), occurred=datetime(2026, 1, 6, 9, tzinfo=UTC)).participant.medications
    assert found.fact.stop == (When(until) if ended else None)


def test_an_appointment_was_made_when_it_was_recorded() -> None:
    booked = e.VisitBooked(visit="day-7", at=When("2026-09-01T09:00Z"))
    record = told((START + DAY, booked))
    assert "day-7" in at(record, occurred=START + DAY).participant.booked
    assert "day-7" not in at(record, occurred=START + DAY - timedelta(minutes=1)).participant.booked


# What there is to tell


def test_before_anything_was_on_record_there_is_nothing_to_tell() -> None:
    record = told((START + DAY, consent(When("2026-01-05T09:00Z"))))
    for cut, says in (
        ({"recorded": START - timedelta(minutes=1)}, "nothing was on record"),
        ({"occurred": START - timedelta(minutes=1)}, "had happened"),
        ({"entry": 4}, "there is no entry 4"),
    ):
        with pytest.raises(Refused, match=says):
            at(record, **cut)


def test_of_the_study_is_known_what_the_entry_took_into_account_and_what_had_been_recorded() -> None:
    record = told((START + DAY, consent(When("2026-01-05T09:00Z"))))
    studied = [START, START, START + 5 * DAY]
    assert study_version(record, studied, Cut()) == 3
    assert study_version(record, studied, Cut(recorded=START + 4 * DAY)) == 2
    assert study_version(record, studied, Cut(recorded=START + 5 * DAY)) == 3
    assert study_version(record, studied, Cut(entry=1)) == record.entries[0].study_version == 0


# The law


Shown = tuple[object, ...]


def shown(record: Record, now: datetime) -> Shown:
    """What pages, journey and interface show of a participant at an instant, found as they find it."""
    one, study = record.participant, study_of()
    gates = []
    for step in STEPS if one.protocol else ():
        instant = judged_for(one.plans.get(step), now)
        gate = judge(step, one, study, instant)
        plan = one.plans.get(step)
        gates.append((step, gate.derivation(instant).rules, plan, None if plan is None else gate.verdict(plan.slot, now)))
    return one, tuple(gates), agenda(one, study)


def again(then: Replayed) -> Shown:
    return then.participant, tuple((gate.step, gate.rules, gate.plan, gate.derived) for gate in then.gates), then.agenda


def has_happened(record: Record, by: datetime) -> bool:
    """Whether whatever was told had surely happened by an instant, so that by both clocks nothing of it is cut off."""
    facts = [entry.event for entry in effective(record.entries) if isinstance(entry.event, e.FACTS)]
    told = [begins(fact) for fact in facts if not isinstance(fact, e.VisitBooked)] + [getattr(fact, "stop", None) for fact in facts]
    return all(when is None or when.span(BERLIN).latest <= by for when in told)


@pytest.mark.clause("EMA 2023", "data integrity")
@pytest.mark.clause("21 CFR 11", "11.10(a)")
@pytest.mark.clause("FDA Q&A 2024", "validation")
@pytest.mark.clause("EU Annex 11", "4")
@pytest.mark.clause("ICH E6(R3)", "4.3.4")
@pytest.mark.torture
@pytest.mark.slow
def test_every_prefix_of_every_life_is_told_again_as_it_was_shown(campaign: Campaign) -> None:
    """By its entry for every turn; by the minute for the last of each minute, and by both clocks where all of it had happened by then."""
    dice, by_the_clock, by_both = campaign.dice.random(), 0, 0
    for number in range(campaign.rounds(STREAMS)):
        life = Life(Random(f"{dice} {number}"))
        by_entry: dict[int, Shown] = {}
        by_minute: dict[datetime, tuple[Shown, bool]] = {}
        for _ in range(TURNS):
            life.turn()
            if life.record.entries:
                now = to_the_minute(life.record.participant.recorded_at)
                by_entry[life.record.version] = was = shown(life.record, now)
                by_minute[now] = was, has_happened(life.record, now)
        for version, was in by_entry.items():
            assert again(replay(life.record, study_of(), Cut(entry=version))) == was
        ended = {to_the_minute(entry.recorded_at): entry.version for entry in life.record.entries}
        for minute, (was, happened) in by_minute.items():
            if by_entry.get(ended[minute]) is was:  # else the journey went on in that minute, before anybody looked again
                by_the_clock += 1
                assert again(replay(life.record, study_of(), Cut(recorded=minute))) == was
                if happened:
                    by_both += 1
                    assert again(replay(life.record, study_of(), Cut(recorded=minute, occurred=minute))) == was
    assert by_the_clock > campaign.rounds(STREAMS) * 5, "too few minutes were looked at to prove anything"
    assert by_both > campaign.rounds(STREAMS), "too few were looked at by both clocks"
