"""I7a and E31a: whether a woman who cannot conceive is exempt from the pregnancy test only the study can rule."""

import pytest

from domain import events as e
from domain.criteria.report import Verdict, eligibility
from tests.builders import consent, told
from tests.domain.criteria.given import CONFIRMED, CONSENTED, SCREENED, attested, born, judged, looked, observed, ruled, verdict

PASSES, FAILS, UNKNOWN = "passes", "fails", "not yet known"
NOBODY, EXEMPT = {"pregnancy-test-exemption": "nobody"}, {"pregnancy-test-exemption": "cannot-conceive"}
WOMAN, MAN = born("1960-05-01"), born("1960-05-01", "male")
CANNOT, CAN = attested(cannot_conceive=True), attested(cannot_conceive=False)


def pregnancy_test(result: str, at: str = "2026-04-08 08:00", *, valid: bool = True) -> e.ObservationMade:
    return observed("pregnancy-test", result, at, valid=valid)


@pytest.mark.parametrize("part", ["I7a", "E31a"])
@pytest.mark.parametrize(
    ("facts", "unruled", "nobody", "exempt"),
    [
        pytest.param([WOMAN], UNKNOWN, UNKNOWN, UNKNOWN, id="nothing on record"),
        pytest.param([WOMAN, CANNOT], UNKNOWN, UNKNOWN, PASSES, id="she cannot conceive, and was not tested"),
        pytest.param([WOMAN, CAN], UNKNOWN, UNKNOWN, UNKNOWN, id="she can conceive, and was not tested"),
        pytest.param([WOMAN, CANNOT, pregnancy_test("negative")], PASSES, PASSES, PASSES, id="negative, whatever is ruled"),
        pytest.param([WOMAN, CAN, pregnancy_test("negative")], PASSES, PASSES, PASSES, id="she can conceive, negative"),
        pytest.param([WOMAN, CANNOT, pregnancy_test("positive")], FAILS, FAILS, FAILS, id="positive, whatever is ruled"),
        pytest.param([WOMAN, CANNOT, pregnancy_test("indeterminate")], UNKNOWN, UNKNOWN, UNKNOWN, id="indeterminate: repeat"),
        pytest.param([WOMAN, CANNOT, pregnancy_test("positive", valid=False)], UNKNOWN, UNKNOWN, PASSES, id="taken back"),
        pytest.param([WOMAN, CANNOT, pregnancy_test("positive", "2026-04-03 08:00")], FAILS, FAILS, FAILS, id="positive, 7 days old"),
        pytest.param(
            [WOMAN, CANNOT, pregnancy_test("positive", "2026-04-02 08:00")],
            UNKNOWN,
            UNKNOWN,
            UNKNOWN,
            id="positive, 8 days old: growing old lets nothing pass",
        ),
        pytest.param([WOMAN, CANNOT, pregnancy_test("negative", "2026-04-02 08:00")], UNKNOWN, UNKNOWN, PASSES, id="negative, 8 days old"),
        pytest.param([WOMAN, CANNOT, pregnancy_test("positive", "2026-04-10 12:01")], UNKNOWN, UNKNOWN, PASSES, id="after confirmation"),
        pytest.param([WOMAN, attested("2026-03-29 23:59", cannot_conceive=True)], UNKNOWN, UNKNOWN, UNKNOWN, id="attested too early"),
        pytest.param([WOMAN, attested("2026-04-10 12:01", cannot_conceive=True)], UNKNOWN, UNKNOWN, UNKNOWN, id="attested too late"),
        pytest.param([MAN], PASSES, PASSES, PASSES, id="a man"),
        pytest.param([CANNOT], UNKNOWN, UNKNOWN, PASSES, id="whoever cannot conceive, the sex not on record"),
    ],
)
def test_a_woman_is_exempt_only_as_ruled_and_never_against_a_test(
    part: str, facts: list[e.Event], unruled: Verdict, nobody: Verdict, exempt: Verdict
) -> None:
    asked = [*facts, *looked("history")]
    assert verdict(part, *asked) == unruled
    assert verdict(part, *asked, rulings=NOBODY) == nobody
    assert verdict(part, *asked, rulings=EXEMPT) == exempt


def missing(*facts: e.Event, rulings: dict[str, str] | None = None) -> dict[str, tuple[str, ...]]:
    """What I7a lacks, by who can supply it."""
    on_record = told((consent(CONSENTED), e.ScreeningStarted(at=SCREENED), *facts), CONFIRMED)
    report = eligibility(on_record.participant, ruled(rulings or {}), CONFIRMED)
    return {role: found for role, asked in report.missing.items() if (found := tuple(one for one in asked if one.startswith("I7a:")))}


TEST_MISSING = "I7a: no valid result of Pregnancy test in serum or urine, at most 7 days old, was recorded in this screening"


def test_until_it_is_ruled_both_ways_are_named_to_whoever_can_go_them() -> None:
    assert missing(WOMAN, CANNOT) == {
        "coordinator": (TEST_MISSING,),
        "medical-monitor": ("I7a: the study has not ruled on pregnancy-test-exemption",),
    }


def test_once_it_is_ruled_only_what_helps_is_asked_for() -> None:
    assert missing(WOMAN, CANNOT, rulings=NOBODY) == {"coordinator": (TEST_MISSING,)}
    attest = "I7a: cannot-conceive has not been attested in this screening"
    assert missing(WOMAN, rulings=EXEMPT) == {"coordinator": (TEST_MISSING,), "investigator": (attest,)}
    assert missing(WOMAN, CANNOT, rulings=EXEMPT) == {}


def test_a_ruling_that_bears_on_the_verdict_is_named_in_the_report() -> None:
    found = judged("I7a", WOMAN, CANNOT, rulings=EXEMPT)
    assert "the study has ruled: cannot-conceive" in found.model_dump_json()
