"""Every screening of a participant stays readable: as of its end, by all that is known of its time now."""

import pytest

from tests.app.at_the_desk import CONSENT, INVESTIGATOR, Desk
from tests.app.cli.test_judging import part


@pytest.fixture
def twice(desk: Desk) -> Desk:
    """A participant who weighed too little in the first screening, and enough in the second, after a second consent."""
    desk.consented()
    desk.clock.move(hours=1)
    desk("screen", "BER-001", "now")
    desk("observe", "BER-001", "body-weight", "39.9", "now", "--unit", "kg")
    desk.clock.move(days=1)
    desk("fail-screening", "BER-001", "now", "--criterion", "I3")
    desk.clock.move(days=30)
    desk("consent", "BER-001", "now", "--form", desk.form, *CONSENT)
    desk("screen", "BER-001", "now")
    desk("observe", "BER-001", "body-weight", "40", "now", "--unit", "kg")
    desk.clock.move(hours=1)
    return desk


def test_each_screening_is_judged_as_of_its_end_by_its_own_evidence(twice: Desk) -> None:
    first, second, now = (twice.json("judge", "BER-001", *typed) for typed in (("--screening", "1"), ("--screening", "2"), ()))
    assert (first["report"]["at"], part(first, "I3")["verdict"]) == ("2026-01-06T09:00:00Z", "fails")
    assert (second["report"]["at"], part(second, "I3")["verdict"]) == ("2026-02-05T10:00:00Z", "passes")
    assert second["digest"] == now["digest"]
    assert "BER-001, screening 1, judged for a confirmation 2026-01-06 10:00" in twice("judge", "BER-001", "--screening", "1").stdout


def test_the_report_is_the_one_that_was_shown_at_the_end_of_the_screening(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk.clock.move(days=1)
    shown = desk.json("judge", "BER-001")
    desk("fail-screening", "BER-001", "now", "--criterion", "I3")
    failed = desk.json("judge", "BER-001", "--screening", "1")
    desk.clock.move(days=30)
    desk("screen", "BER-001", "now")
    again = desk.json("judge", "BER-001", "--screening", "1")
    assert shown["digest"] == failed["digest"] == again["digest"]


def test_what_is_learned_later_of_an_earlier_screening_counts_in_it_and_not_in_the_other(twice: Desk) -> None:
    first, second = (twice.json("judge", "BER-001", "--screening", number) for number in ("1", "2"))
    before = twice.clock()
    twice.clock.move(minutes=5)
    twice("correct", "BER-001", "5", "value=41", "--reason", "misread")
    assert part(twice.json("judge", "BER-001", "--screening", "1"), "I3")["verdict"] == "passes"
    assert twice.json("judge", "BER-001", "--screening", "2", "--at", second["report"]["at"][:16] + "Z")["digest"] == second["digest"]
    known = ("--as-known-at", before.isoformat(timespec="minutes"))
    assert twice.json("judge", "BER-001", "--screening", "1", *known)["digest"] == first["digest"]


def test_as_known_during_the_first_screening_there_was_no_second(twice: Desk) -> None:
    said = twice("judge", "BER-001", "--screening", "2", "--as-known-at", "2026-01-06 12:00", code=2).stderr
    assert "there is no screening 2: 1 on record" in said
    assert twice.json("judge", "BER-001", "--screening", "1", "--as-known-at", "2026-01-06 12:00")["report"]["at"] == "2026-01-06T09:00:00Z"


def test_a_screening_whose_failure_was_taken_back_ended_when_the_next_one_began(twice: Desk) -> None:
    twice("retract", "BER-001", str(1 + twice.kinds().index("screen-failed")), "--reason", "it had not failed", who=INVESTIGATOR)
    first = twice.json("judge", "BER-001", "--screening", "1")
    assert (first["report"]["at"], part(first, "I3")["verdict"]) == ("2026-02-05T08:59:00Z", "not yet known")


def test_a_screening_that_led_to_the_confirmation_is_judged_as_of_that(twice: Desk) -> None:
    twice("confirmed-on-paper", "BER-001", "now", "--sign", "I have judged this myself", who=INVESTIGATOR)
    confirmed = twice.clock()
    twice.clock.move(days=3)
    assert twice.json("judge", "BER-001", "--screening", "2")["report"]["at"] == f"{confirmed:%Y-%m-%dT%H:%M}:00Z"
    assert twice.json("judge", "BER-001", "--screening", "1")["report"]["at"] == "2026-01-06T09:00:00Z"
