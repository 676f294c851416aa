"""What the gates ask beyond the registry entry: no active infection, no fever, a negative pregnancy test, and the investigator's go."""

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.time import When
from domain.verdicts import Outcome
from domain.words import HoldPoint, ReviewKind
from tests.builders import CODE, Story, Trial, dose, go, local, minute, pregnancy_test, review, temperature, verdict_on

PASSES, FAILS, UNKNOWN = "passes", "fails", "not yet known"
STEPS_AND_AGES: list[tuple[HoldPoint, str, str]] = [
    ("leukapheresis", "2026-03-10 00:00", "2026-03-11 23:59"),
    ("lymphodepletion", "2026-03-10 00:00", "2026-03-11 23:59"),
    ("infusion", "2026-03-10 09:00", "2026-03-11 09:00"),
]
"""For each step when somebody looked, and the last minute for which that is fresh enough."""
of_every_step = pytest.mark.parametrize(("step", "looked", "last"), STEPS_AND_AGES, ids=[step for step, _, _ in STEPS_AND_AGES])
FIRST_ENTRY = 3
"""The entry of the first fact of a case: registered and protocol come before."""


def corrected(fact: e.Fact, nth: int = 0) -> e.EntryCorrected:
    return e.EntryCorrected.model_validate({"entry": FIRST_ENTRY + nth, "fact": fact})


def retracted(nth: int = 0) -> e.EntryRetracted:
    return e.EntryRetracted(entry=FIRST_ENTRY + nth)


def after(text: str) -> str:
    """A minute later on the clocks of the site."""
    day, time = text.split()
    hour, minutes = map(int, time.split(":"))
    total = hour * 60 + minutes + 1
    return f"{day} {total // 60:02}:{total % 60:02}" if total < 24 * 60 else f"{day[:-2]}{int(day[-2:]) + 1:02} 00:00"


# No active infection


def infection(start: str, stop: str | None = None, *, uncontrolled: bool | None = True, treated: bool | None = False) -> e.ConditionNoted:
    marks = {"uncontrolled": uncontrolled, "needs-anti-infective": treated}
    told = {name: holds for name, holds in marks.items() if holds is not None}
    return e.ConditionNoted(at=_when(start), condition="infection", start=_when(start), stop=_when(stop) if stop else None, marks=told)


def _when(text: str) -> When:
    return minute(text) if " " in text else When(text)


def infected(at: str, *told: e.Event, step: HoldPoint = "infusion") -> Outcome:
    """The rule on infection at an instant, when the medicines were reviewed at that very minute."""
    return verdict_on(step, "no-infection", local(at), *told, review(When.at(local(at)), None)).outcome


OVER = "2026-03-12 08:00"


@pytest.mark.parametrize(
    ("told", "at", "outcome"),
    [
        pytest.param(infection("2026-03-10 08:00", OVER), "2026-03-10 07:59", PASSES, id="a minute before it begins"),
        pytest.param(infection("2026-03-10 08:00", OVER), "2026-03-10 08:00", FAILS, id="from its first minute"),
        pytest.param(infection("2026-03-10 08:00", OVER), OVER, FAILS, id="to its last"),
        pytest.param(infection("2026-03-10 08:00", OVER), "2026-03-12 08:01", PASSES, id="a minute later it is over"),
        pytest.param(infection("2026-03-10 08:00"), "2027-03-10 08:00", FAILS, id="without a recorded end it goes on"),
        pytest.param(infection("2026-03-10"), "2026-03-10 00:00", UNKNOWN, id="on the date of its start it may lie ahead"),
        pytest.param(infection("2026-03-10"), "2026-03-10 23:59", FAILS, id="to the last minute of that date"),
        pytest.param(infection("2026-03-01", "2026-03-10"), "2026-03-10 00:00", FAILS, id="in the first minute of the date of its end"),
        pytest.param(infection("2026-03-01", "2026-03-10"), "2026-03-10 00:01", UNKNOWN, id="later on that date it may be over"),
        pytest.param(infection("2026-03-01", "2026-03-10"), "2026-03-10 23:59", UNKNOWN, id="to its last minute"),
        pytest.param(infection("2026-03-01", "2026-03-10"), "2026-03-11 00:00", PASSES, id="the date after is free"),
        pytest.param(infection("2026-03-01", uncontrolled=False, treated=True), OVER, FAILS, id="controlled, by a drug that it needs"),
        pytest.param(infection("2026-03-01", treated=None), OVER, FAILS, id="one mark is enough"),
        pytest.param(infection("2026-03-01", uncontrolled=False), OVER, PASSES, id="neither uncontrolled nor in need of a drug"),
        pytest.param(infection("2026-03-01", uncontrolled=False, treated=None), OVER, UNKNOWN, id="a mark that nobody recorded"),
        pytest.param(infection("2026-03-01", OVER, uncontrolled=None), "2026-03-12 08:01", PASSES, id="an unmarked one that is over"),
    ],
)
@pytest.mark.parametrize("step", ["leukapheresis", "lymphodepletion", "infusion"])
def test_an_infection_that_counts_stands_in_the_way_while_it_goes_on(
    step: HoldPoint, told: e.ConditionNoted, at: str, outcome: Outcome
) -> None:
    assert infected(at, told, step=step) == outcome


def test_another_condition_and_a_drug_that_prevents_infection_do_not_count() -> None:
    other = e.ConditionNoted(at=_when("2026-03-01"), condition="breast-feeding", start=_when("2026-03-01"), marks={})
    prevents = dose("aciclovir", "400", When("2026-03-01"), per_day=2)
    assert infected(OVER, other, prevents) == PASSES


def test_a_correction_of_an_infection_counts() -> None:
    going, over = infection("2026-03-01"), infection("2026-03-01", "2026-03-11")
    assert infected(OVER, going, corrected(over)) == PASSES
    assert infected(OVER, over, corrected(going)) == FAILS
    assert infected(OVER, going, retracted()) == PASSES


def test_one_entry_is_told_once_though_two_marks_count_and_names_what_is_missing() -> None:
    found = verdict_on("infusion", "no-infection", local(OVER), infection("2026-03-01", treated=True)).findings
    assert [(one.says, one.evidence) for one in found] == [("Infection goes on", (FIRST_ENTRY,))]
    unsure = verdict_on("infusion", "no-infection", local(OVER), infection("2026-03-01", uncontrolled=None, treated=None)).findings[0]
    assert (unsure.says.count("it is not recorded"), unsure.supplied_by) == (2, "investigator")


@of_every_step
def test_no_infection_passes_only_when_somebody_has_asked_for_medicines_lately(step: HoldPoint, looked: str, last: str) -> None:
    def outcome(at: str, kind: ReviewKind = "medicines") -> Outcome:
        return verdict_on(step, "no-infection", local(at), review(minute(looked), local(looked).date(), kind)).outcome

    assert [outcome(looked), outcome(last), outcome(after(last))] == [PASSES, PASSES, UNKNOWN]
    assert outcome("2026-03-09 23:59") == UNKNOWN
    assert outcome(last, "procedures") == UNKNOWN


# No fever before infusion


def first_dose(at: str = "2026-03-05 10:00") -> e.LymphodepletionDose:
    return e.LymphodepletionDose(at=_when(at), day=-5, drug="fludarabine")


def measured(at: str, degrees: str = "36.8", *, valid: bool = True) -> e.ObservationMade:
    return temperature(_when(at), degrees).model_copy(update={"valid": valid})


def feverless(at: str, *told: e.Event) -> Outcome:
    return verdict_on("infusion", "afebrile", local(at), *told).outcome


NOW = "2026-03-10 12:00"
FRESH = measured(NOW)


@pytest.mark.parametrize(
    ("fever", "outcome"),
    [
        pytest.param(measured("2026-03-08 12:00", "38.0"), FAILS, id="exactly 48 hours after fever"),
        pytest.param(measured("2026-03-08 11:59", "38.0"), PASSES, id="48 hours and a minute after it"),
        pytest.param(measured("2026-03-08 12:00", "37.9"), PASSES, id="a tenth below it is no fever"),
        pytest.param(measured("2026-03-10 12:00", "39"), FAILS, id="in the same minute as a temperature without fever"),
        pytest.param(measured("2026-03-10 12:01", "39"), PASSES, id="fever that comes a minute later"),
        pytest.param(measured("2026-03-09", "39"), FAILS, id="fever of yesterday without the hour"),
        pytest.param(measured("2026-03-08", "39"), UNKNOWN, id="on the date before, it depends on the hour"),
        pytest.param(measured("2026-03-07", "39"), PASSES, id="and before that it does not"),
        pytest.param(measured("2026-03-10", "39"), UNKNOWN, id="today, perhaps later"),
        pytest.param(measured("2026-03-09 12:00", "39", valid=False), PASSES, id="a reading that was taken back"),
    ],
)
def test_the_infusion_is_free_48_hours_and_a_minute_after_the_last_fever(fever: e.ObservationMade, outcome: Outcome) -> None:
    assert feverless(NOW, first_dose(), fever, FRESH) == outcome


@pytest.mark.parametrize(
    ("began", "fever", "outcome"),
    [
        pytest.param("2026-03-09 10:00", "2026-03-09 09:59", PASSES, id="a minute before lymphodepletion"),
        pytest.param("2026-03-09 10:00", "2026-03-09 10:00", FAILS, id="in the minute in which it begins"),
        pytest.param("2026-03-09", "2026-03-08 23:59", PASSES, id="on the eve of its date"),
        pytest.param("2026-03-09", "2026-03-09 23:58", UNKNOWN, id="on its date, which has no hour"),
        pytest.param("2026-03-09", "2026-03-09 23:59", FAILS, id="in the last minute of its date"),
        pytest.param("2026-03-09 10:00", "2026-03-09", UNKNOWN, id="fever on its date, without the hour"),
    ],
)
def test_only_fever_since_lymphodepletion_began_counts(began: str, fever: str, outcome: Outcome) -> None:
    assert feverless(NOW, first_dose(began), measured(fever, "39"), FRESH) == outcome


def test_fever_across_a_clock_change_counts_elapsed_hours() -> None:
    fever = measured("2026-03-28 12:00", "38.5")
    begun = first_dose("2026-03-25 10:00")
    assert feverless("2026-03-30 13:00", begun, fever, measured("2026-03-30 13:00")) == FAILS
    assert feverless("2026-03-30 13:01", begun, fever, measured("2026-03-30 13:00")) == PASSES


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        pytest.param(measured("2026-03-09 12:00"), PASSES, id="exactly 24 hours old"),
        pytest.param(measured("2026-03-09 11:59"), UNKNOWN, id="a minute older"),
        pytest.param(measured("2026-03-10 12:00"), PASSES, id="of this minute"),
        pytest.param(measured("2026-03-10 12:01"), UNKNOWN, id="a minute ahead"),
        pytest.param(measured("2026-03-10"), UNKNOWN, id="of today without the hour, perhaps ahead"),
        pytest.param(measured("2026-03-09"), UNKNOWN, id="of yesterday without the hour, perhaps too old"),
        pytest.param(measured("2026-03-09 13:00", valid=False), UNKNOWN, id="one that was taken back"),
    ],
)
def test_a_temperature_without_fever_of_the_last_24_hours_is_on_record(reading: e.ObservationMade, outcome: Outcome) -> None:
    assert feverless(NOW, first_dose(), reading) == outcome


def test_fever_is_no_temperature_that_lets_pass_not_even_before_lymphodepletion_is_on_record() -> None:
    assert feverless(NOW, measured("2026-03-10 11:00", "39")) == UNKNOWN
    assert feverless(NOW, measured("2026-03-10 11:00", "39"), FRESH) == PASSES


def test_a_correction_of_a_temperature_counts() -> None:
    fever, right = measured("2026-03-09 12:00", "38.6"), measured("2026-03-09 12:00", "36.8")
    assert feverless(NOW, fever, first_dose(), FRESH, corrected(right)) == PASSES
    assert feverless(NOW, right, first_dose(), FRESH, corrected(fever)) == FAILS
    assert feverless(NOW, fever, first_dose(), FRESH, retracted()) == PASSES


def test_fever_says_when_it_blocks_no_longer() -> None:
    found = verdict_on("infusion", "afebrile", local(NOW), first_dose(), measured("2026-03-09 12:00", "38.6"), FRESH).findings[0]
    assert found.says == "fever of 38.6 °C measured 2026-03-09 12:00+01:00, since lymphodepletion began, blocks for 48 hours"
    assert found.until == local("2026-03-11 12:01")


# A pregnancy test before lymphodepletion

SHE = e.DemographicsRecorded(at=When("2026-01-05"), born=When("1990"), sex="female")
HE = e.DemographicsRecorded(at=When("2026-01-05"), born=When("1990"), sex="male")


def hcg(at: str, result: str = "negative", *, valid: bool = True) -> e.ObservationMade:
    return pregnancy_test(_when(at), result).model_copy(update={"valid": valid})


def not_pregnant(at: str, *told: e.Event) -> Outcome:
    return verdict_on("lymphodepletion", "pregnancy-test", local(at), *told).outcome


@pytest.mark.parametrize(
    ("told", "at", "outcome"),
    [
        pytest.param([hcg("2026-03-25 12:00")], "2026-03-25 11:59", UNKNOWN, id="not before it is made"),
        pytest.param([hcg("2026-03-25 12:00")], "2026-03-25 12:00", PASSES, id="from its minute"),
        pytest.param([hcg("2026-03-25 12:00")], "2026-04-01 23:59", PASSES, id="to the end of the date seven days later"),
        pytest.param([hcg("2026-03-25 12:00")], "2026-04-02 00:00", UNKNOWN, id="and no longer"),
        pytest.param([hcg("2026-03-25")], "2026-03-25 23:58", UNKNOWN, id="on a date without the hour not before it is over"),
        pytest.param([hcg("2026-03-25")], "2026-03-25 23:59", PASSES, id="then it has been made"),
        pytest.param([hcg("2026-03-25")], "2026-04-02 00:00", UNKNOWN, id="and ages by its date"),
        pytest.param([hcg("2026-03-25", "positive")], "2026-03-26 12:00", FAILS, id="a positive one"),
        pytest.param([hcg("2026-03-25", "positive")], "2026-06-25 12:00", FAILS, id="stands whatever its age"),
        pytest.param([hcg("2026-03-25", "indeterminate")], "2026-03-26 12:00", UNKNOWN, id="an indeterminate one"),
        pytest.param([hcg("2026-03-24"), hcg("2026-03-25", "positive")], "2026-03-26 12:00", FAILS, id="the last decides, positive"),
        pytest.param([hcg("2026-03-24", "positive"), hcg("2026-03-25")], "2026-03-26 12:00", PASSES, id="the last decides, negative"),
        pytest.param([hcg("2026-03-24"), hcg("2026-03-25", "indeterminate")], "2026-03-26 12:00", UNKNOWN, id="the last decides nothing"),
        pytest.param([hcg("2026-03-25", "positive"), hcg("2026-03-25")], "2026-03-26 12:00", UNKNOWN, id="of one date, who knows"),
        pytest.param([hcg("2026-03-25"), hcg("2026-03", "positive")], "2026-04-02 00:00", UNKNOWN, id="too old, and perhaps the last"),
        pytest.param([hcg("2026-03-24"), hcg("2026-03-25", "positive", valid=False)], "2026-03-26 12:00", PASSES, id="one taken back"),
        pytest.param([], "2026-03-26 12:00", UNKNOWN, id="none"),
    ],
)
def test_the_last_pregnancy_test_of_a_woman_is_negative_and_at_most_seven_days_old(told: list[e.Event], at: str, outcome: Outcome) -> None:
    assert not_pregnant(at, SHE, *told) == outcome


def test_a_man_passes_and_where_the_sex_is_not_on_record_nobody_knows() -> None:
    negative = hcg("2026-03-25 12:00")
    assert not_pregnant("2026-03-26 12:00", HE) == PASSES
    assert not_pregnant("2026-03-26 12:00", negative) == UNKNOWN
    assert not_pregnant("2026-03-26 12:00", HE, corrected(SHE)) == UNKNOWN
    assert not_pregnant("2026-03-26 12:00", HE, negative, corrected(SHE)) == PASSES
    assert not_pregnant("2026-03-26 12:00", SHE, negative, retracted()) == UNKNOWN


def test_a_correction_of_a_pregnancy_test_counts() -> None:
    positive, negative = hcg("2026-03-25 12:00", "positive"), hcg("2026-03-25 12:00")
    assert not_pregnant("2026-03-26 12:00", SHE, positive, corrected(negative, 1)) == PASSES
    assert not_pregnant("2026-03-26 12:00", SHE, negative, corrected(positive, 1)) == FAILS
    assert not_pregnant("2026-03-26 12:00", SHE, negative, hcg("2026-03-24"), retracted(1)) == PASSES


# The investigator's go


def said(step: HoldPoint, at: str, *told: e.Event) -> Outcome:
    return verdict_on(step, "go", local(at), *told).outcome


@of_every_step
def test_go_or_no_go_counts_as_long_as_a_review_would(step: HoldPoint, looked: str, last: str) -> None:
    for so, outcome in ((True, PASSES), (False, FAILS)):
        word = go(minute(looked), so=so)
        assert [said(step, at, word) for at in (looked, last, after(last))] == [outcome, outcome, UNKNOWN]
        assert said(step, "2026-03-09 23:59", word) == UNKNOWN
    assert said(step, looked) == UNKNOWN


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param([go(minute("2026-03-10 08:00")), go(minute("2026-03-10 09:00"), so=False)], FAILS, id="a no after a go"),
        pytest.param([go(minute("2026-03-10 09:00")), go(minute("2026-03-10 08:00"), so=False)], PASSES, id="a go after a no"),
        pytest.param([go(minute("2026-03-10 08:00")), go(minute("2026-03-10 08:00"), so=False)], UNKNOWN, id="both in one minute"),
        pytest.param([go(minute("2026-03-10 08:00")), go(When("2026-03-10"), so=False)], UNKNOWN, id="a no of that date, before or after"),
        pytest.param([go(minute("2026-03-10 08:00"), so=False), go(When("2026-03-10"))], UNKNOWN, id="a go of that date, before or after"),
        pytest.param([go(minute("2026-03-10 08:00"), so=False), corrected(go(minute("2026-03-10 08:00")))], PASSES, id="a slip corrected"),
        pytest.param([go(minute("2026-03-10 08:00")), retracted()], UNKNOWN, id="a word taken back"),
        pytest.param([e.Attested(at=minute("2026-03-10 08:00"), holds={"no-contraindication": True})], UNKNOWN, id="another word"),
    ],
)
def test_the_last_word_of_the_investigator_decides(told: list[e.Event], outcome: Outcome) -> None:
    assert said("infusion", NOW, *told) == outcome


def test_whoever_can_say_go_is_named() -> None:
    assert verdict_on("infusion", "go", local(NOW)).findings[0].supplied_by == "investigator"


# What is told while a step's leave stands


def planned(step: HoldPoint) -> Story:
    """Leave stands for a slot of two days that has begun."""
    story = Trial().participant().is_ready() if step == "infusion" else Trial().participant().is_eligible()
    if step == "lymphodepletion":
        story.is_collected().has_product()
    story.trial.clock.move(days=2)
    if step == "infusion":
        story.checks_identity()
    story.is_seen_before(step)
    story.plans(step, story.trial.clock(), hours=20)
    story.advances()
    assert story.now.clearance(step) is not None
    return story


@pytest.mark.parametrize("step", ["leukapheresis", "lymphodepletion", "infusion"])
def test_an_infection_that_begins_after_the_slot_has_begun_revokes_leave_at_once(step: HoldPoint) -> None:
    story = planned(step)
    story.trial.clock.move(hours=3)
    at = story.at()
    story.reports(e.ConditionNoted(at=at, condition="infection", start=at, marks={"uncontrolled": True}), "investigator", signed=True)
    assert story.now.clearance(step) is None


@pytest.mark.parametrize("step", ["lymphodepletion", "infusion"])
@pytest.mark.parametrize("how", ["condition", "test"])
def test_a_pregnancy_that_comes_to_light_revokes_leave_and_nobody_overrides_it(step: HoldPoint, how: str) -> None:
    story = planned(step)
    story.trial.clock.move(hours=1)
    at = story.at()
    noted = e.ConditionNoted(at=at, condition="pregnancy", start=at, marks={})
    story.reports(noted if how == "condition" else pregnancy_test(at, "positive"))
    assert story.now.clearance(step) is None
    beginning = c.BeginLymphodepletion(day=-5, drug="fludarabine") if step == "lymphodepletion" else c.ReleaseToThaw(identity=CODE)
    with pytest.raises(Refused) as refused:
        story.signs(c.Override(beginning=beginning, ground="immediate-hazard"))
    assert {reason.rule for reason in refused.value.reasons} & {"pregnancy-test", "no-pregnancy"}


def test_an_infection_between_thaw_and_infusion_is_a_deviation() -> None:
    story = planned("infusion")
    story.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
    story.trial.clock.move(minutes=5)
    at = story.at()
    story.reports(e.ConditionNoted(at=at, condition="infection", start=at, marks={"uncontrolled": True}), "investigator", signed=True)
    story.trial.clock.move(minutes=5)
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE))
    assert "gate:infusion:1:no-infection" in story.now.deviations


def test_no_test_is_asked_for_before_the_infusion() -> None:
    assert verdict_on("infusion", "no-pregnancy", local("2026-03-10 12:00"), HE).outcome == PASSES
    assert verdict_on("infusion", "no-pregnancy", local("2026-03-10 12:00"), SHE).outcome == PASSES
    assert verdict_on("infusion", "no-pregnancy", local("2026-03-10 12:00")).outcome == UNKNOWN
