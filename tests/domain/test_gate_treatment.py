"""The rules that look at the treatment itself: consent, eligibility and order, the product, its identity, days since lymphodepletion."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain import events as e
from domain.time import When
from domain.verdicts import Outcome
from domain.words import STEPS, HoldPoint
from tests.builders import CODE, consent, local, minute, verdict_on

FAILS, UNKNOWN, PASSES = "fails", "not yet known", "passes"
OTHER = "COI-0002"
CONSENT = consent(When("2026-01-05T08:00Z"))
ELIGIBLE = e.EligibilityConfirmed(at=When("2026-01-12T08:00Z"))
STARTED = e.LeukapheresisStarted(at=minute("2026-01-20 08:00"))
COLLECTED = e.LeukapheresisEnded(at=minute("2026-01-20 12:00"), identity=CODE, yield_e6_per_kg=Decimal(12))


def confirmed(at: str) -> e.EligibilityConfirmed:
    return e.EligibilityConfirmed(at=When(at))


def ended(at: str) -> e.LeukapheresisEnded:
    return COLLECTED.model_copy(update={"at": When(at)})


def received(at: str = "2026-02-10 09:00", identity: str = CODE, expires: str = "2026-05-10") -> e.ProductReceived:
    return e.ProductReceived(at=minute(at) if " " in at else When(at), identity=identity, expires=date.fromisoformat(expires))


def released(at: str = "2026-02-11 09:00", identity: str = CODE) -> e.ProductReleased:
    return e.ProductReleased(at=minute(at) if " " in at else When(at), identity=identity)


def depleted(at: str, day: int = -3, outcome: str = "given") -> e.LymphodepletionDose:
    when = minute(at) if " " in at else When(at)
    return e.LymphodepletionDose.model_validate({"at": when, "day": day, "drug": "fludarabine", "outcome": outcome})


def checked(at: str, identity: str = CODE) -> e.IdentityChecked:
    return e.IdentityChecked(at=minute(at) if " " in at else When(at), identity=identity, checked_by=("nurse one", "nurse two"))


# Consent and eligibility


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("events", "at", "outcome"),
    [
        pytest.param([CONSENT, ELIGIBLE], "2026-01-12 08:59", FAILS, id="a minute before eligibility is confirmed"),
        pytest.param([CONSENT, ELIGIBLE], "2026-01-12 09:00", PASSES, id="from the minute of confirmation on"),
        pytest.param([CONSENT], "2026-01-12 09:00", UNKNOWN, id="without confirmation"),
        pytest.param([ELIGIBLE], "2026-01-12 09:00", UNKNOWN, id="without consent"),
        pytest.param([CONSENT, ELIGIBLE], "2026-01-05 08:59", FAILS, id="before consent"),
        pytest.param([consent(When("2026-01-12")), ELIGIBLE], "2026-01-12 12:00", UNKNOWN, id="signed on that date at some hour"),
        pytest.param([consent(When("2026-01-12")), ELIGIBLE], "2026-01-12 23:58", UNKNOWN, id="until its last minute but one"),
        pytest.param([consent(When("2026-01-12")), ELIGIBLE], "2026-01-12 23:59", PASSES, id="signed by the end of that date"),
        pytest.param([CONSENT, confirmed("2026-03-29")], "2026-03-28 23:59", FAILS, id="not confirmed before a date of 23 hours"),
        pytest.param([CONSENT, confirmed("2026-03-29")], "2026-03-29 00:00", UNKNOWN, id="confirmed at some hour of it"),
        pytest.param([CONSENT, confirmed("2026-03-29")], "2026-03-29 23:58", UNKNOWN, id="to its last minute but one"),
        pytest.param([CONSENT, confirmed("2026-03-29")], "2026-03-29 23:59", PASSES, id="confirmed by its end"),
        pytest.param([CONSENT, confirmed("2026-10-25")], "2026-10-25 23:58", UNKNOWN, id="at some hour of a date of 25"),
        pytest.param([CONSENT, confirmed("2026-10-25")], "2026-10-25 23:59", PASSES, id="and by its end"),
        pytest.param([consent(When("2026-01-12")), ELIGIBLE], "2026-01-11 23:59", FAILS, id="not signed before that date"),
    ],
)
def test_nobody_is_treated_before_consent_and_eligibility(step: HoldPoint, events: list[e.Event], at: str, outcome: Outcome) -> None:
    assert verdict_on(step, "consent-and-eligibility", local(at), *events).outcome == outcome


@pytest.mark.parametrize("scope", ["treatment", "visits", "everything"])
@pytest.mark.parametrize("step", STEPS)
def test_withdrawn_consent_passes_nothing_from_its_minute_on(step: HoldPoint, scope: str) -> None:
    withdrawn = e.ConsentWithdrawn.model_validate({"at": minute("2026-02-01 10:00"), "scope": scope})
    found = [
        verdict_on(step, "consent-and-eligibility", local(f"2026-02-01 {at}"), CONSENT, ELIGIBLE, withdrawn).outcome
        for at in ("09:59", "10:00", "10:01")
    ]
    assert found == [PASSES, FAILS, FAILS]


def test_a_screening_that_failed_or_began_anew_takes_eligibility_away() -> None:
    failed, again = e.ScreenFailed(at=When("2026-01-13"), criteria=("I3",)), e.ScreeningStarted(at=When("2026-01-14T08:00Z"))
    for last in ((failed,), (failed, again)):
        assert (
            verdict_on("leukapheresis", "consent-and-eligibility", local("2026-01-15 08:00"), CONSENT, ELIGIBLE, *last).outcome == UNKNOWN
        )


# The order of steps


@pytest.mark.clause("21 CFR 11", "11.10(f)")
@pytest.mark.parametrize(
    ("step", "events", "at", "outcome"),
    [
        pytest.param("lymphodepletion", [], "2026-02-01 08:00", UNKNOWN, id="nothing collected"),
        pytest.param("lymphodepletion", [STARTED], "2026-02-01 08:00", UNKNOWN, id="a collection that has not ended"),
        pytest.param("lymphodepletion", [STARTED, COLLECTED], "2026-01-20 11:59", FAILS, id="a minute before the collection ended"),
        pytest.param("lymphodepletion", [STARTED, COLLECTED], "2026-01-20 12:00", PASSES, id="when the collection has ended"),
        pytest.param("lymphodepletion", [STARTED, COLLECTED], "2026-01-20 12:01", PASSES, id="and a minute later"),
        pytest.param(
            "lymphodepletion", [STARTED, ended("2026-03-29")], "2026-03-28 23:59", FAILS, id="on the eve of a date without the hour"
        ),
        pytest.param("lymphodepletion", [STARTED, ended("2026-03-29")], "2026-03-29 00:00", UNKNOWN, id="at some hour of a date of 23"),
        pytest.param("lymphodepletion", [STARTED, ended("2026-03-29")], "2026-03-29 23:58", UNKNOWN, id="to its last minute but one"),
        pytest.param("lymphodepletion", [STARTED, ended("2026-03-29")], "2026-03-29 23:59", PASSES, id="by its end"),
        pytest.param("lymphodepletion", [STARTED, ended("2026-10-25")], "2026-10-25 23:58", UNKNOWN, id="at some hour of a date of 25"),
        pytest.param("lymphodepletion", [STARTED, ended("2026-10-25")], "2026-10-25 23:59", PASSES, id="and by its end"),
        pytest.param("infusion", [STARTED, COLLECTED], "2026-02-01 08:00", UNKNOWN, id="no lymphodepletion"),
        pytest.param("infusion", [STARTED, COLLECTED, depleted("2026-02-01")], "2026-02-01 23:58", UNKNOWN, id="a dose at some hour"),
        pytest.param(
            "infusion", [STARTED, COLLECTED, depleted("2026-02-01")], "2026-02-01 23:59", PASSES, id="a dose by the end of its date"
        ),
        pytest.param("infusion", [depleted("2026-02-01 08:00")], "2026-02-05 08:00", UNKNOWN, id="no collection"),
        pytest.param("infusion", [STARTED, COLLECTED, depleted("2026-02-01 08:00")], "2026-02-01 07:59", FAILS, id="before the first dose"),
        pytest.param("infusion", [STARTED, COLLECTED, depleted("2026-02-01 08:00")], "2026-02-01 08:00", PASSES, id="after it"),
        pytest.param(
            "infusion", [STARTED, COLLECTED, depleted("2026-02-01 08:00", outcome="omitted")], "2026-02-05 08:00", UNKNOWN, id="omitted"
        ),
        pytest.param(
            "infusion", [STARTED, COLLECTED, depleted("2026-02-01 08:00", outcome="reduced")], "2026-02-05 08:00", PASSES, id="reduced"
        ),
    ],
)
def test_steps_are_taken_in_their_order(step: HoldPoint, events: list[e.Event], at: str, outcome: Outcome) -> None:
    assert verdict_on(step, "steps-before", local(at), *events).outcome == outcome


@pytest.mark.parametrize(
    "failed",
    [
        e.LeukapheresisFailed(at=minute("2026-01-20 11:00"), why="the line clotted"),
        e.ProductFailed(at=minute("2026-02-01 11:00"), identity=CODE, why="too few cells"),
    ],
    ids=["collection", "product"],
)
def test_a_failed_collection_or_product_does_not_stand(failed: e.Event) -> None:
    at = local("2026-02-05 08:00")
    assert verdict_on("lymphodepletion", "steps-before", at, STARTED, COLLECTED, failed).outcome == UNKNOWN
    for rule in ("product-ready", "same-identity"):
        assert verdict_on("lymphodepletion", rule, at, STARTED, COLLECTED, received(), released(), failed).outcome == UNKNOWN
    again = e.LeukapheresisStarted(at=minute("2026-02-03 08:00")), COLLECTED.model_copy(update={"identity": OTHER})
    assert verdict_on("lymphodepletion", "steps-before", at, STARTED, COLLECTED, failed, *again).outcome == PASSES


# The product


@pytest.mark.parametrize("step", ["lymphodepletion", "infusion"])
@pytest.mark.parametrize(
    ("events", "at", "outcome"),
    [
        pytest.param([], "2026-02-12 08:00", UNKNOWN, id="neither received nor released"),
        pytest.param([received()], "2026-02-12 08:00", UNKNOWN, id="received and not released"),
        pytest.param([released()], "2026-02-12 08:00", UNKNOWN, id="released and not received"),
        pytest.param([received(), released()], "2026-02-11 08:59", FAILS, id="a minute before release"),
        pytest.param([received(), released()], "2026-02-11 09:00", PASSES, id="from release on"),
        pytest.param([received(), released()], "2026-02-11 09:01", PASSES, id="and a minute later"),
        pytest.param([received(), released("2026-02-11")], "2026-02-10 23:59", FAILS, id="not released before that date"),
        pytest.param([received(), released("2026-02-11")], "2026-02-11 00:00", UNKNOWN, id="released on that date at some hour"),
        pytest.param([received(), released("2026-02-11")], "2026-02-11 23:58", UNKNOWN, id="to its last minute but one"),
        pytest.param([received(), released("2026-02-11")], "2026-02-11 23:59", PASSES, id="released by its end"),
        pytest.param([received(), released("2026-03-29")], "2026-03-29 23:58", UNKNOWN, id="at some hour of a date of 23"),
        pytest.param([received(expires="2026-12-10"), released("2026-10-25")], "2026-10-25 23:59", PASSES, id="by the end of a date of 25"),
        pytest.param([received("2026-02-12 09:00"), released()], "2026-02-12 08:59", FAILS, id="released before it arrived"),
        pytest.param([received("2026-02-12 09:00"), released()], "2026-02-12 09:00", PASSES, id="and then it arrived"),
        pytest.param([received("2026-02-11"), released()], "2026-02-11 12:00", UNKNOWN, id="arrived on that date at some hour"),
        pytest.param([received("2026-02-11"), released()], "2026-02-11 23:59", PASSES, id="arrived by the end of that date"),
        pytest.param([received(expires="2026-02-11"), released()], "2026-02-11 09:00", PASSES, id="released on its expiry date"),
        pytest.param([received(expires="2026-02-10"), released()], "2026-02-11 09:00", FAILS, id="released on the date after"),
        pytest.param([received(expires="2026-03-29"), released()], "2026-03-29 23:59", PASSES, id="to the end of its expiry date"),
        pytest.param([received(expires="2026-03-29"), released()], "2026-03-30 00:00", FAILS, id="not on the date after"),
        pytest.param([received(expires="2026-10-25"), released()], "2026-10-25 23:59", PASSES, id="to the end of a date of 25 hours"),
        pytest.param([received(expires="2026-10-25"), released()], "2026-10-26 00:00", FAILS, id="and no longer"),
        pytest.param([received(identity=OTHER), released(identity=OTHER)], "2026-02-12 08:00", UNKNOWN, id="cells of another code"),
        pytest.param([received(), released(identity=OTHER)], "2026-02-12 08:00", UNKNOWN, id="the release of another code"),
    ],
)
def test_the_product_is_released_on_site_and_in_date(step: HoldPoint, events: list[e.Event], at: str, outcome: Outcome) -> None:
    assert verdict_on(step, "product-ready", local(at), STARTED, COLLECTED, *events).outcome == outcome


# One identity


@pytest.mark.parametrize(
    ("events", "at", "outcome"),
    [
        pytest.param([STARTED], "2026-02-12 08:00", UNKNOWN, id="no collection carries a code"),
        pytest.param([STARTED, COLLECTED], "2026-02-12 08:00", UNKNOWN, id="no product yet"),
        pytest.param([STARTED, COLLECTED, received()], "2026-02-10 08:59", FAILS, id="before the product arrived"),
        pytest.param([STARTED, COLLECTED, received()], "2026-02-10 09:00", PASSES, id="one code on both"),
        pytest.param([STARTED, COLLECTED, received("2026-03-29")], "2026-03-28 23:59", FAILS, id="not before the date it arrived"),
        pytest.param([STARTED, COLLECTED, received("2026-03-29")], "2026-03-29 23:58", UNKNOWN, id="at some hour of a date of 23"),
        pytest.param([STARTED, COLLECTED, received("2026-03-29")], "2026-03-29 23:59", PASSES, id="and by its end"),
        pytest.param([STARTED, COLLECTED, received("2026-10-25")], "2026-10-25 23:58", UNKNOWN, id="at some hour of a date of 25"),
        pytest.param([STARTED, COLLECTED, received("2026-10-25")], "2026-10-25 23:59", PASSES, id="and by its end"),
        pytest.param([STARTED, received()], "2026-02-12 08:00", UNKNOWN, id="a collection that has not ended carries none"),
        pytest.param([STARTED, COLLECTED, received(identity=OTHER)], "2026-02-12 08:00", FAILS, id="another code on the product"),
    ],
)
def test_before_lymphodepletion_collection_and_product_carry_one_code(events: list[e.Event], at: str, outcome: Outcome) -> None:
    assert verdict_on("lymphodepletion", "same-identity", local(at), *events).outcome == outcome


@pytest.mark.parametrize(
    ("events", "at", "outcome"),
    [
        pytest.param([received()], "2026-03-10 12:00", UNKNOWN, id="nobody has compared the codes"),
        pytest.param([received(), checked("2026-03-10 10:00")], "2026-03-10 09:59", FAILS, id="a minute before they did"),
        pytest.param([received(), checked("2026-03-10 10:00")], "2026-03-10 10:00", PASSES, id="from the minute they did"),
        pytest.param([received(), checked("2026-03-10 10:00")], "2026-03-10 10:01", PASSES, id="and a minute later"),
        pytest.param([received(), checked("2026-03-29 03:00")], "2026-03-29 01:59", FAILS, id="a minute before, across the spring change"),
        pytest.param([received(), checked("2026-03-29 03:00")], "2026-03-29 03:00", PASSES, id="and from that minute on"),
        pytest.param([received(), checked("2026-03-10")], "2026-03-09 23:59", FAILS, id="not before that date"),
        pytest.param([received(), checked("2026-03-10")], "2026-03-10 23:58", UNKNOWN, id="to its last minute but one"),
        pytest.param([received(), checked("2026-10-25")], "2026-10-25 23:58", UNKNOWN, id="at some hour of a date of 25"),
        pytest.param([received(), checked("2026-10-25")], "2026-10-25 23:59", PASSES, id="and by its end"),
        pytest.param([received(), checked("2026-03-10")], "2026-03-10 12:00", UNKNOWN, id="on that date at some hour"),
        pytest.param([received(), checked("2026-03-10")], "2026-03-10 23:59", PASSES, id="by the end of that date"),
        pytest.param(
            [received("2026-03-09 09:00"), checked("2026-03-09")], "2026-03-10 12:00", UNKNOWN, id="at some hour of the date it arrived"
        ),
        pytest.param([received(), checked("2026-03-10 10:00", OTHER)], "2026-03-10 10:00", FAILS, id="they found another code"),
        pytest.param(
            [received(), checked("2026-03-10 10:00", OTHER), checked("2026-03-10 11:00")],
            "2026-03-10 11:00",
            PASSES,
            id="then the right one",
        ),
        pytest.param(
            [received(), checked("2026-03-10 10:00"), checked("2026-03-10 11:00", OTHER)], "2026-03-10 11:00", FAILS, id="then a wrong one"
        ),
        pytest.param(
            [received(), checked("2026-03-10 10:00"), checked("2026-03-10 11:00")], "2026-03-10 10:30", PASSES, id="between two checks"
        ),
        pytest.param(
            [received(), checked("2026-03-10 10:00", OTHER), checked("2026-03-10 11:00")],
            "2026-03-10 10:30",
            FAILS,
            id="before the right one",
        ),
        pytest.param(
            [received(), checked("2026-03-10 10:00"), checked("2026-03-10 10:00", OTHER)],
            "2026-03-11 12:00",
            UNKNOWN,
            id="two codes at one minute",
        ),
        pytest.param(
            [received(), checked("2026-03-10"), checked("2026-03-10 10:00", OTHER)],
            "2026-03-10 09:59",
            UNKNOWN,
            id="the right one at some hour, before the wrong one",
        ),
        pytest.param(
            [received(), checked("2026-03-10"), checked("2026-03-10 10:00", OTHER)],
            "2026-03-11 12:00",
            UNKNOWN,
            id="the right one at some hour of the date of the wrong one",
        ),
        pytest.param(
            [received(), checked("2026-03-10 10:00"), checked("2026-03-10", OTHER)],
            "2026-03-11 12:00",
            UNKNOWN,
            id="the wrong one at some hour of the date of the right one",
        ),
        pytest.param(
            [received(), checked("2026-03-10"), checked("2026-03-10", OTHER)], "2026-03-11 12:00", UNKNOWN, id="both at some hour"
        ),
        pytest.param(
            [received(), checked("2026-03-10", OTHER), checked("2026-03-11 00:00")],
            "2026-03-11 00:00",
            PASSES,
            id="the right one surely later",
        ),
        pytest.param(
            [received(), checked("2026-03-10"), checked("2026-03-11 00:00", OTHER)],
            "2026-03-11 00:00",
            FAILS,
            id="the wrong one surely later",
        ),
        pytest.param(
            [received(), checked("2026-03-10"), checked("2026-03-10 10:00", OTHER), checked("2026-03-11 09:00")],
            "2026-03-11 09:00",
            PASSES,
            id="a third that is surely later settles it",
        ),
        pytest.param([checked("2026-02-09 10:00"), received()], "2026-03-10 12:00", UNKNOWN, id="a check before the product arrived"),
        pytest.param([received(), checked("2026-02-10 08:59")], "2026-03-10 12:00", UNKNOWN, id="and one that was told after it arrived"),
        pytest.param([checked("2026-03-10 10:00"), received()], "2026-03-10 12:00", PASSES, id="an arrival that was told after the check"),
    ],
)
def test_before_thaw_two_persons_have_compared_the_code_since_the_product_arrived(events: list[e.Event], at: str, outcome: Outcome) -> None:
    assert verdict_on("infusion", "same-identity", local(at), STARTED, COLLECTED, *events).outcome == outcome


# Days since lymphodepletion


def course(last: str, outcome: str = "given") -> list[e.LymphodepletionDose]:
    """Days −5 and −4 given on the two dates before, and day −3 as told."""
    dates = [date.fromisoformat(last[:10]) - timedelta(days=days) for days in (2, 1)]
    return [*(depleted(f"{on} 08:00", day) for on, day in zip(dates, (-5, -4), strict=True)), depleted(last, -3, outcome)]


@pytest.mark.parametrize(
    ("doses", "at", "outcome"),
    [
        pytest.param([], "2026-03-10 12:00", UNKNOWN, id="no dose on record"),
        pytest.param(course("2026-03-28 23:59"), "2026-03-29 23:59", FAILS, id="the date after the last dose"),
        pytest.param(course("2026-03-28 23:59"), "2026-03-30 00:00", PASSES, id="the second date, across the spring change"),
        pytest.param(course("2026-03-28 00:00"), "2026-04-11 23:59", PASSES, id="the end of the fourteenth date"),
        pytest.param(course("2026-03-28 00:00"), "2026-04-12 00:00", FAILS, id="the fifteenth date"),
        pytest.param(course("2026-03-15 23:59"), "2026-03-29 23:59", PASSES, id="the end of the fourteenth date, of 23 hours"),
        pytest.param(course("2026-03-15 23:59"), "2026-03-30 00:00", FAILS, id="the fifteenth, after it"),
        pytest.param(course("2026-10-11 00:00"), "2026-10-25 23:59", PASSES, id="the end of the fourteenth date, of 25 hours"),
        pytest.param(course("2026-10-11 00:00"), "2026-10-26 00:00", FAILS, id="and the fifteenth after it"),
        pytest.param(course("2026-03-03"), "2026-03-04 23:59", FAILS, id="of a last dose without the hour, the date after"),
        pytest.param(course("2026-03-03"), "2026-03-05 00:00", PASSES, id="and the second date"),
        pytest.param(course("2026-10-24 23:59"), "2026-10-25 23:59", FAILS, id="the date of 25 hours after the last dose"),
        pytest.param(course("2026-10-24 23:59"), "2026-10-26 00:00", PASSES, id="the second date, across the autumn change"),
        pytest.param(course("2026-10-24"), "2026-10-26 00:00", PASSES, id="a date without the hour is precise enough"),
        pytest.param(course("2026-10-24"), "2026-11-08 00:00", FAILS, id="and on the fifteenth date too late"),
        pytest.param(course("2026-03-03 08:00"), "2026-03-04 12:00", FAILS, id="the last counts"),
        pytest.param(course("2026-03-03 08:00")[::-1], "2026-03-04 12:00", FAILS, id="in any order told"),
        pytest.param(course("2026-03-03 08:00"), "2026-03-05 00:00", PASSES, id="from the last"),
        pytest.param(course("2026-03-03 08:00", "omitted"), "2026-03-03 12:00", FAILS, id="omitted, the one before counts"),
        pytest.param(course("2026-03-03 08:00", "omitted"), "2026-03-04 12:00", PASSES, id="omitted, and two dates after the one before"),
        pytest.param(course("2026-03-03 08:00", "reduced"), "2026-03-04 12:00", FAILS, id="reduced"),
    ],
)
def test_the_infusion_is_two_to_fourteen_dates_after_the_last_dose(doses: list[e.Event], at: str, outcome: Outcome) -> None:
    assert verdict_on("infusion", "days-since-lymphodepletion", local(at), *doses).outcome == outcome


@pytest.mark.parametrize("outcome", ["given", "reduced", "omitted"])
@pytest.mark.parametrize("day", [-5, -4, -3])
def test_the_days_are_counted_only_when_every_day_of_the_course_is_accounted_for(day: int, outcome: str) -> None:
    at, told = local("2026-03-06 12:00"), {-5: "2026-03-01 08:00", -4: "2026-03-02 08:00", -3: "2026-03-03 08:00"}
    others = [depleted(when, other) for other, when in told.items() if other != day]
    waits = verdict_on("infusion", "days-since-lymphodepletion", at, *others)
    assert (waits.outcome, str(day) in waits.findings[0].says) == (UNKNOWN, True)
    assert verdict_on("infusion", "days-since-lymphodepletion", at, *others, depleted(told[day], day, outcome)).outcome == PASSES


def test_days_that_were_told_for_an_earlier_course_say_nothing_of_the_one_in_force() -> None:
    at, earlier = local("2026-03-06 12:00"), course("2026-02-03 08:00")
    again = course("2026-03-03 08:00")
    for told in (1, 2):
        assert verdict_on("infusion", "days-since-lymphodepletion", at, *earlier, *again[:told]).outcome == UNKNOWN
    assert verdict_on("infusion", "days-since-lymphodepletion", at, *earlier, *again).outcome == PASSES
