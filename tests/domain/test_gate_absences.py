"""E25, E26a and the reviews: nothing in the look-back, and somebody who has looked over all of it and not too long ago."""

from datetime import date
from typing import NamedTuple

import pytest

from domain import events as e
from domain.time import When
from domain.verdicts import Outcome
from domain.words import HoldPoint, ReviewKind
from tests.builders import dose, local, minute, review, verdict_on

FAILS, UNKNOWN, PASSES = "fails", "not yet known", "passes"


def before_collection(at: str, *taken: e.Event, zone: str = "Europe/Berlin") -> Outcome:
    """E25 at an instant, when the medicines were reviewed at that very minute."""
    instant = local(at, zone)
    return verdict_on("leukapheresis", "E25", instant, *taken, review(When.at(instant), None), zone=zone).outcome


def before_lymphodepletion(at: str, *done: e.Event, zone: str = "Europe/Berlin") -> Outcome:
    """E26a at an instant, when the procedures were reviewed at that very minute."""
    instant = local(at, zone)
    return verdict_on("lymphodepletion", "E26a", instant, *done, review(When.at(instant), None, "procedures"), zone=zone).outcome


def trial_drug(start: str, stop: str | None = None, *, ongoing: bool = False) -> e.MedicationTaken:
    """Another investigational drug: a single dose, or a course when it has a stop or goes on."""
    return e.MedicationTaken.model_validate(
        dose("obinutuzumab", "100", When(start), per_day=1 if stop or ongoing else None, stop=When(stop) if stop else None).model_dump()
        | {"investigational": True}
    )


def surgery(at: str, *, major: bool = True) -> e.ProcedurePerformed:
    return e.ProcedurePerformed(name="hip replacement", major=major, at=When(at))


# E25: no other investigational drug in the four weeks before collection


@pytest.mark.parametrize(
    ("taken", "at", "outcome"),
    [
        pytest.param(trial_drug("2026-03-01T07:00Z"), "2026-03-29 23:59", FAILS, id="the date four weeks later is blocked to its end"),
        pytest.param(trial_drug("2026-03-01T07:00Z"), "2026-03-30 00:00", PASSES, id="the date after is free, across the spring change"),
        pytest.param(trial_drug("2026-10-01"), "2026-10-29 23:59", FAILS, id="a date without the hour blocks as precisely"),
        pytest.param(trial_drug("2026-10-01"), "2026-10-30 00:00", PASSES, id="and frees as precisely, across the autumn change"),
        pytest.param(trial_drug("2026-03-01T07:00Z"), "2026-03-01 07:59", PASSES, id="before the dose nothing blocks"),
        pytest.param(trial_drug("2026-03-01T07:00Z"), "2026-03-01 08:00", FAILS, id="from the minute of the dose on it does"),
        pytest.param(trial_drug("2026-01-05", "2026-03-05"), "2026-04-02 23:59", FAILS, id="a course that began before and ended in it"),
        pytest.param(trial_drug("2026-01-05", "2026-03-05"), "2026-04-03 00:00", PASSES, id="and one that ended before it"),
        pytest.param(trial_drug("2026-01-05", "2026-03-05"), "2026-02-01 12:00", FAILS, id="in the middle of a course"),
        pytest.param(trial_drug("2026-01-05", "2026-03-05T09:00Z"), "2026-04-03 00:00", PASSES, id="an exact stop counts by its date"),
        pytest.param(trial_drug("2026-01-05", ongoing=True), "2026-03-05 12:00", FAILS, id="a course that goes on"),
        pytest.param(trial_drug("2026-02"), "2026-02-10 12:00", UNKNOWN, id="some day in February may lie ahead"),
        pytest.param(trial_drug("2026-02"), "2026-02-28 23:59", FAILS, id="on its last minute it lies in the look-back for sure"),
        pytest.param(trial_drug("2026-02"), "2026-03-01 23:59", FAILS, id="four weeks after its first day it still does"),
        pytest.param(trial_drug("2026-02"), "2026-03-02 00:00", UNKNOWN, id="after that it depends on the day"),
        pytest.param(trial_drug("2026-02"), "2026-03-28 23:59", UNKNOWN, id="until four weeks after its last day"),
        pytest.param(trial_drug("2026-02"), "2026-03-29 00:00", PASSES, id="and then it is over"),
        pytest.param(trial_drug("2025"), "2026-01-28 23:59", UNKNOWN, id="some day of last year may be its last"),
        pytest.param(trial_drug("2025"), "2026-01-29 00:00", PASSES, id="four weeks after last year it is over"),
        pytest.param(dose("azathioprine", "50", When("2026-02-20")), "2026-02-21 12:00", PASSES, id="a licensed drug is not one"),
    ],
)
def test_an_investigational_drug_blocks_collection_for_four_weeks_after_its_last_dose(
    taken: e.MedicationTaken, at: str, outcome: Outcome
) -> None:
    assert before_collection(at, taken) == outcome


BLOCKING: list[tuple[HoldPoint, str, e.Event]] = [
    ("leukapheresis", "E24a", dose("prednisone", "20", minute("2026-03-09 08:00"))),
    ("leukapheresis", "E25", trial_drug("2026-03-09T07:00Z")),
    ("lymphodepletion", "E26a", surgery("2026-03-09T07:00Z")),
    ("infusion", "E24b", dose("prednisone", "20", minute("2026-03-09 08:00"))),
]


@pytest.mark.parametrize(("step", "rule", "blocking"), BLOCKING, ids=[rule for _, rule, _ in BLOCKING])
def test_what_is_on_record_blocks_with_a_review_and_without_and_once_it_is_past_only_a_review_passes(
    step: HoldPoint, rule: str, blocking: e.Event
) -> None:
    for kind in ("medicines", "procedures"):
        soon, late = local("2026-03-10 12:00"), local("2026-05-10 12:00")
        looked = [review(When.at(at), None, kind) for at in (soon, late)]
        matches = (kind == "procedures") == (rule == "E26a")
        assert verdict_on(step, rule, soon, blocking).outcome == FAILS
        assert verdict_on(step, rule, soon, blocking, looked[0]).outcome == FAILS
        assert verdict_on(step, rule, late, blocking).outcome == UNKNOWN
        assert verdict_on(step, rule, late, blocking, looked[1]).outcome == (PASSES if matches else UNKNOWN)


def test_of_two_drugs_the_later_one_decides() -> None:
    taken = trial_drug("2026-02-01"), trial_drug("2026-02-10")
    assert before_collection("2026-03-10 23:59", *taken) == FAILS
    assert before_collection("2026-03-11 00:00", *taken) == PASSES


# E26a: no major surgery in the four weeks before lymphodepletion


@pytest.mark.parametrize(
    ("done", "at", "outcome"),
    [
        pytest.param(surgery("2026-03-01T22:59Z"), "2026-03-29 23:59", FAILS, id="the date four weeks later is blocked to its end"),
        pytest.param(surgery("2026-03-01T22:59Z"), "2026-03-30 00:00", PASSES, id="the date after is free"),
        pytest.param(surgery("2026-03-01"), "2026-03-29 23:59", FAILS, id="a date without the hour blocks as precisely"),
        pytest.param(surgery("2026-03-01"), "2026-03-30 00:00", PASSES, id="and frees as precisely"),
        pytest.param(surgery("2026-10-01T10:00Z"), "2026-10-29 23:59", FAILS, id="to its end across the autumn change"),
        pytest.param(surgery("2026-10-01T10:00Z"), "2026-10-30 00:00", PASSES, id="and free after it"),
        pytest.param(surgery("2026-03-10T10:00Z"), "2026-03-10 10:59", PASSES, id="a minute before it is begun"),
        pytest.param(surgery("2026-03-10T10:00Z"), "2026-03-10 11:00", FAILS, id="from its minute on"),
        pytest.param(surgery("2026-03-10"), "2026-03-09 23:59", PASSES, id="the eve of a date without the hour"),
        pytest.param(surgery("2026-03-10"), "2026-03-10 00:00", UNKNOWN, id="on that date it may lie ahead"),
        pytest.param(surgery("2026-03-10"), "2026-03-10 23:58", UNKNOWN, id="to its last minute but one"),
        pytest.param(surgery("2026-03-10"), "2026-03-10 23:59", FAILS, id="then it has been done"),
        pytest.param(surgery("2026-03"), "2026-03-30 00:00", UNKNOWN, id="a month leaves it open"),
        pytest.param(surgery("2026-03", major=False), "2026-03-30 00:00", PASSES, id="surgery that is not major never counts"),
        pytest.param(surgery("2026-03-20", major=False), "2026-03-21 12:00", PASSES, id="a line placed the day before does not count"),
    ],
)
def test_major_surgery_blocks_lymphodepletion_for_four_weeks(done: e.ProcedurePerformed, at: str, outcome: Outcome) -> None:
    assert before_lymphodepletion(at, done) == outcome


def test_the_date_of_surgery_is_the_date_at_the_site() -> None:
    late_evening = surgery("2026-03-02T01:30Z")
    assert before_lymphodepletion("2026-03-30 00:00", late_evening, zone="America/New_York") == PASSES
    assert before_lymphodepletion("2026-03-30 00:00", late_evening) == FAILS


# Reviews


class Rule(NamedTuple):
    """A rule that asks for a review."""

    step: HoldPoint
    id: str
    kind: ReviewKind


E24A = Rule("leukapheresis", "E24a", "medicines")
E25 = Rule("leukapheresis", "E25", "medicines")
E26A = Rule("lymphodepletion", "E26a", "procedures")
E24B = Rule("infusion", "E24b", "medicines")
KINDS: tuple[ReviewKind, ...] = ("history", "medicines", "procedures", "psychiatric", "plans")
of_every_rule = pytest.mark.parametrize("rule", [E24A, E25, E26A, E24B], ids=lambda rule: rule.id)
NOON = "2026-03-10 12:00"


@of_every_rule
def test_an_absence_passes_only_when_somebody_has_looked(rule: Rule) -> None:
    looked = review(minute(NOON), None, rule.kind)
    others = [review(minute(NOON), None, other) for other in KINDS if other != rule.kind]
    assert verdict_on(rule.step, rule.id, local(NOON)).outcome == UNKNOWN
    assert verdict_on(rule.step, rule.id, local(NOON), *others).outcome == UNKNOWN
    assert verdict_on(rule.step, rule.id, local(NOON), looked).outcome == PASSES


@of_every_rule
def test_a_review_says_nothing_of_the_time_before_it_was_made(rule: Rule) -> None:
    assert verdict_on(rule.step, rule.id, local(NOON), review(minute("2026-03-10 12:01"), None, rule.kind)).outcome == UNKNOWN


@of_every_rule
def test_who_is_to_review_can_be_read_from_the_verdict(rule: Rule) -> None:
    finding = verdict_on(rule.step, rule.id, local(NOON)).findings[0]
    assert (finding.supplied_by, rule.kind in finding.says) == ("coordinator", True)


def reviewed(at: str, *made: tuple[str, str | None], rule: Rule = E24B) -> Outcome:
    """A rule at an instant, by reviews alone: when each was made, and from which date it covers."""
    looked = [
        review(minute(when) if " " in when else When(when), date.fromisoformat(covers) if covers else None, rule.kind)
        for when, covers in made
    ]
    return verdict_on(rule.step, rule.id, local(at), *looked).outcome


@pytest.mark.parametrize(
    ("made", "at", "outcome"),
    [
        pytest.param("2026-03-09 12:00", "2026-03-09 11:59", UNKNOWN, id="not before it is made"),
        pytest.param("2026-03-09 12:00", "2026-03-09 12:00", PASSES, id="from the minute it is made"),
        pytest.param("2026-03-09 12:00", "2026-03-10 12:00", PASSES, id="exactly 24 hours old"),
        pytest.param("2026-03-09 12:00", "2026-03-10 12:01", UNKNOWN, id="stale by a minute"),
        pytest.param("2026-03-28 12:00", "2026-03-29 13:00", PASSES, id="24 elapsed hours across the spring change"),
        pytest.param("2026-03-28 12:00", "2026-03-29 13:01", UNKNOWN, id="stale by a minute across the spring change"),
        pytest.param("2026-10-24 12:00", "2026-10-25 11:00", PASSES, id="24 elapsed hours across the autumn change"),
        pytest.param("2026-10-24 12:00", "2026-10-25 11:01", UNKNOWN, id="stale by a minute across the autumn change"),
        pytest.param("2026-03-09", "2026-03-09 23:58", UNKNOWN, id="made on a date without the hour: not before the date is over"),
        pytest.param("2026-03-09", "2026-03-09 23:59", PASSES, id="then it has surely been made"),
        pytest.param("2026-03-09", "2026-03-10 00:00", PASSES, id="and is surely fresh for 24 hours from the first minute"),
        pytest.param("2026-03-09", "2026-03-10 00:01", UNKNOWN, id="and no longer"),
        pytest.param("2026-03", "2026-03-31 23:59", UNKNOWN, id="a review made some day in March is fresh on none"),
    ],
)
def test_before_infusion_the_review_is_at_most_24_hours_old(made: str, at: str, outcome: Outcome) -> None:
    assert reviewed(at, (made, None)) == outcome


@pytest.mark.parametrize("rule", [E24A, E25, E26A], ids=lambda rule: rule.id)
@pytest.mark.parametrize(
    ("made", "at", "outcome"),
    [
        pytest.param("2026-03-28 00:00", "2026-03-28 00:00", PASSES, id="on the same date"),
        pytest.param("2026-03-28 00:00", "2026-03-29 23:59", PASSES, id="on the previous date, however early"),
        pytest.param("2026-03-28 23:59", "2026-03-30 00:00", UNKNOWN, id="two dates before, however late"),
        pytest.param("2026-03-28", "2026-03-29 23:59", PASSES, id="on the previous date without the hour"),
        pytest.param("2026-03-28", "2026-03-30 00:00", UNKNOWN, id="two dates before without the hour"),
    ],
)
def test_before_collection_and_lymphodepletion_the_review_is_of_the_same_or_the_previous_date(
    rule: Rule, made: str, at: str, outcome: Outcome
) -> None:
    assert reviewed(at, (made, None), rule=rule) == outcome


@pytest.mark.parametrize(
    ("covers_from", "at", "outcome"),
    [
        pytest.param("2026-03-07", "2026-03-09 23:59", UNKNOWN, id="72 hours reach a minute behind the cover"),
        pytest.param("2026-03-07", "2026-03-10 00:00", PASSES, id="72 hours reach exactly to the start of the cover"),
        pytest.param("2026-03-27", "2026-03-30 00:59", UNKNOWN, id="in the spring the cover is reached an hour later"),
        pytest.param("2026-03-27", "2026-03-30 01:00", PASSES, id="and then it is"),
    ],
)
def test_the_review_covers_the_whole_look_back_of_72_hours(covers_from: str, at: str, outcome: Outcome) -> None:
    assert reviewed(at, (at, covers_from)) == outcome


@pytest.mark.parametrize(
    ("rule", "covers_from", "at", "outcome"),
    [
        (E24A, "2026-03-03", "2026-03-10 00:00", PASSES),
        (E24A, "2026-03-04", "2026-03-10 23:59", UNKNOWN),
        (E25, "2026-03-02", "2026-03-30 00:00", PASSES),
        (E25, "2026-03-03", "2026-03-30 23:59", UNKNOWN),
        (E26A, "2026-03-02", "2026-03-30 00:00", PASSES),
        (E26A, "2026-03-03", "2026-03-30 23:59", UNKNOWN),
    ],
)
def test_the_review_covers_every_date_of_the_look_back(rule: Rule, covers_from: str, at: str, outcome: Outcome) -> None:
    assert reviewed(at, (at, covers_from), rule=rule) == outcome


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        pytest.param([("2026-03-08 10:00", None), ("2026-03-10 10:00", "2026-03-08")], PASSES, id="nothing new since the first review"),
        pytest.param([("2026-03-10 10:00", "2026-03-08"), ("2026-03-08 10:00", None)], PASSES, id="told in the other order"),
        pytest.param([("2026-03-08 10:00", None), ("2026-03-10 10:00", "2026-03-09")], UNKNOWN, id="a gap of some hours is not covered"),
        pytest.param([("2026-03-08", None), ("2026-03-10 10:00", "2026-03-08")], PASSES, id="the first on a date without the hour"),
        pytest.param([("2026-03-08 10:00", None)], UNKNOWN, id="the first alone is stale"),
    ],
)
def test_nothing_new_since_extends_the_cover_when_no_gap_is_left(made: list[tuple[str, str | None]], outcome: Outcome) -> None:
    assert reviewed("2026-03-10 12:00", *made) == outcome


@pytest.mark.parametrize(
    ("middle", "outcome"),
    [
        pytest.param("2026-02-12", PASSES, id="a chain without a gap"),
        pytest.param("2026-02-13", UNKNOWN, id="a chain with a link missing"),
    ],
)
def test_reviews_extend_one_another_over_the_whole_look_back(middle: str, outcome: Outcome) -> None:
    chain = [("2026-02-12 10:00", None), ("2026-02-25 10:00", middle), ("2026-03-10 10:00", "2026-02-25")]
    assert reviewed("2026-03-10 12:00", *chain, rule=E26A) == outcome
