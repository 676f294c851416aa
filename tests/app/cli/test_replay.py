"""A participant as of any moment, asked for at the command line."""

import pytest

from domain.events import EligibilityConfirmed
from tests.app.at_the_desk import Desk


def unfolded(said: str) -> str:
    return " ".join(said.split())


@pytest.mark.clause("EMA 2023", "data integrity")
@pytest.mark.clause("FDA Q&A 2024", "audit trails")
@pytest.mark.clause("EU Annex 11", "9")
def test_a_participant_is_replayed_as_of_any_entry_with_the_derivation_valid_then(desk: Desk) -> None:
    desk.planned()
    desk.clock.move(hours=2)
    desk.journey_acts("BER-001")
    cleared = desk.kinds().index("step-cleared") + 1
    desk("perform", "BER-001", "leukapheresis")
    said = unfolded(desk("replay", "BER-001", "--at-entry", str(cleared)).stdout)
    assert f"BER-001 after entry {cleared}, 2026-01-12 11:00+01:00; times in Europe/Berlin." in said
    assert "from 2026-01-12 10:00+01:00 until 2026-01-12 18:00+01:00: Leave given for leukapheresis" in said
    assert "Derived again from what was on record before it, it is the same, though made with another time zone data and program." in said
    signed = desk.entries()[desk.kinds().index("eligibility-confirmed")].event
    assert isinstance(signed, EligibilityConfirmed)
    assert f"signed was the report {signed.report}, judged for 2026-01-12 09:00+01:00." in said
    assert "Leukapheresis started" not in said
    assert "Not consented" in desk("replay", "BER-001", "--at-entry", "1").stdout
    planned = unfolded(desk("replay", "BER-001", "--at-entry", str(desk.kinds().index("step-planned") + 1)).stdout)
    assert "from 2026-01-12 10:00+01:00 until 2026-01-12 18:00+01:00: no verdict yet." in planned


def test_a_replay_reckons_how_far_things_were_away_then_and_not_today(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk.clock.move(days=20)
    assert "2026-02-03 00:00+01:00  in 9 days" in desk("agenda", "BER-001").stdout
    assert "2026-02-03 00:00+01:00, in 29 days" in desk("replay", "BER-001", "--at-entry", "4").stdout


@pytest.mark.clause("ICH E6(R3)", "4.2.4")
@pytest.mark.clause("EMA 2023", "data integrity")
def test_a_correction_is_not_known_before_it_was_recorded_and_what_happened_is_told_by_it(desk: Desk) -> None:
    desk.consented()
    desk.clock.move(days=2)
    desk("screen", "BER-001", "2026-01-06 09:00")
    screened = desk.kinds().index("screening-started") + 1
    desk.clock.move(days=1)
    desk("correct", "BER-001", str(screened), "at=2026-01-07 10:00", "--reason", "a slip of the pen")
    before = desk.json("replay", "BER-001", "--recorded", "2026-01-07 23:00")
    assert before["state"]["screenings"][0]["fact"]["at"] == "2026-01-06T08:00Z"
    assert desk.json("replay", "BER-001", "--occurred", "2026-01-07 09:59")["state"]["screenings"] == []
    assert desk.json("replay", "BER-001", "--occurred", "2026-01-07 10:00")["state"]["screenings"] != []
    both = ("--recorded", "2026-01-07 23:00", "--occurred", "2026-01-06 09:00")
    assert desk.json("replay", "BER-001", *both)["state"]["screenings"] != []


def test_two_moments_are_compared_in_words(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    said = unfolded(desk("replay", "BER-001", "--at-entry", "1", "--against", "now").stdout)
    assert "Participant Standing Not consented In screening" in said
    assert "Nothing is told otherwise." in desk("replay", "BER-001", "--against", "now").stdout
    found = desk.json("replay", "BER-001", "--at-entry", "1", "--against", "recorded:2026-01-05 09:00")
    assert found["against"]["changes"][0]["becomes"] == "In screening"


def test_a_moment_that_cannot_be_shown_is_refused_with_how_to_write_one(desk: Desk) -> None:
    desk.consented()
    for typed, says in (
        (("--at-entry", "99"), "BER-001 has 3 entries; there is no entry 99"),
        (("--recorded", "2026-01-05 08:59"), "nothing was on record of BER-001 by then"),
        (("--occurred", "2025-12-31 10:00"), "nothing of BER-001 had happened by then"),
        (("--against", "yesterday"), "'yesterday' is no entry; write an entry"),
        (("--against", "seen:2026-01-05 09:00"), "is no moment; write an entry"),
        (("--against", "occurred:soon"), "'soon' is no time that can be read"),
        (("--against", "3,3"), "'3,3' is no moment"),
    ):
        assert says in unfolded(desk("replay", "BER-001", *typed, code=2).output)
