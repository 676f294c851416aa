"""The exclusions 14 to 33 together: no part is left out, and a part that fails by time says from when on a new screening can help."""

from datetime import date, timedelta
from typing import NamedTuple

import pytest

from domain import events as e
from domain.criteria.report import Part
from domain.time import When
from tests.builders import BERLIN, consent, local, minute, review, study_of
from tests.domain.criteria import test_exclusion_14_to_19 as first
from tests.domain.criteria import test_exclusion_20_to_26 as second
from tests.domain.criteria import test_exclusion_27_to_33 as third
from tests.domain.criteria.given import CONSENTED, SCREENED, attested, done, in_screening, judged, looked, noted, taken
from tests.domain.criteria.tables import KINDS, LOOKED, Table

TABLES: Table = first.TABLE | second.TABLE | third.TABLE
PARTS = (
    "E14a", "E14b", "E14c", "E15", "E16", "E17", "E18", "E19a", "E19b", "E20a", "E20b", "E21", "E22", "E23", "E24a", "E24b", "E25",
    "E26a", "E26b", "E26c", "E27a", "E27b", "E27c", "E27d", "E28a", "E28b", "E29", "E30a", "E30b", "E31a", "E31b", "E31c", "E31d",
    "E32", "E33a", "E33b",
)  # fmt: skip
"""In the order of the registry entry."""
OF_SCREENING = ("E19a", "E20a", "E20b", "E22", "E27a", "E27b", "E27c", "E28a")
"""The parts that look back from screening: only these can fail by time."""


def criteria() -> dict[str, str]:
    """Every part from E14a on as the protocol has it, with its anchor or its gate."""
    protocol = study_of(BERLIN, None).protocols[1]
    found: dict[str, str] = {one.id: one.at_gate or str(one.anchor) for one in protocol.criteria if one.id[0] == "E"}
    return dict(list(found.items())[list(found).index("E14a") :])


def test_the_protocol_has_every_part_in_its_order() -> None:
    assert tuple(criteria()) == PARTS


def test_every_part_has_a_table_or_is_judged_at_a_gate() -> None:
    assert sorted([*TABLES, *second.STEPS]) == sorted(PARTS)
    assert {part: gate for part, gate in criteria().items() if gate not in {"screening", "confirmation"}} == second.STEPS


@pytest.mark.parametrize("part", TABLES)
def test_every_table_has_cases_of_every_verdict(part: str) -> None:
    assert {case.verdict for case in TABLES[part]} == {"passes", "fails", "not yet known"}


def test_the_parts_that_look_back_are_anchored_on_screening() -> None:
    assert tuple(part for part, anchor in criteria().items() if anchor == "screening") == OF_SCREENING


@pytest.mark.parametrize("part", TABLES)
def test_only_a_failed_part_that_looks_back_from_screening_says_when_a_new_one_can_help(part: str) -> None:
    for case in TABLES[part]:
        found = judged(part, *case.facts, rulings=case.rulings)
        by_time = found.verdict == "fails" and part in OF_SCREENING and not any(goes_on(fact) for fact in case.facts)
        assert (found.rescreen_from is not None) == by_time, case.says


def goes_on(fact: e.Event) -> bool:
    """Whether it has no end on record."""
    match fact:
        case e.ConditionNoted():
            return fact.stop is None
        case e.MedicationTaken():
            return fact.stop is None and fact.doses_per_day is not None
        case _:
            return False


# Re-screen, not before


class Failed(NamedTuple):
    """A part that failed by time: by what, and from which date on a new screening can help."""

    part: str
    says: str
    facts: tuple[e.Event, ...]
    not_before: str


def failed(part: str, says: str, *facts: e.Event, not_before: str) -> Failed:
    return Failed(part, says, facts, not_before)


OTHER_BIOLOGIC = {"baff-april-inhibitors": "other-biologic", "non-immune-antibodies": "as-biologic"}
FAILED = [
    failed("E19a", "four weeks and a day", first.vaccinated("2026-03-20"), not_before="2026-04-18"),
    failed("E19a", "the later of two", first.vaccinated("2026-04-05 23:59"), first.vaccinated("2026-03-20"), not_before="2026-05-04"),
    failed("E19a", "free by now: from today on", first.vaccinated("2026-03-02"), not_before="2026-04-10"),
    failed("E19a", "free tomorrow", first.vaccinated("2026-03-13"), not_before="2026-04-11"),
    failed("E20a", "filgotinib: 57 hours", taken("filgotinib", "2026-04-10 08:00"), not_before="2026-04-12"),
    failed("E20a", "fedratinib: 342 hours", taken("fedratinib", "2026-03-28 08:00"), not_before="2026-04-11"),
    failed("E20b", "60 hours that end in the last minute of today", taken("pirtobrutinib", "2026-04-08 11:58"), not_before="2026-04-10"),
    failed("E20b", "60 hours that end at midnight", taken("pirtobrutinib", "2026-04-08 11:59"), not_before="2026-04-11"),
    failed("E22", "etanercept: 25 days", taken("etanercept", "2026-03-20 08:00"), not_before="2026-04-14"),
    failed("E22", "the end of an infusion", taken("infliximab", "2026-03-01 22:00", "2026-03-01 23:59"), not_before="2026-04-21"),
    failed("E22", "anifrolumab: 16 weeks and a day", taken("anifrolumab", "2026-01-05"), not_before="2026-04-28"),
    failed("E22", "belimumab, as ruled: 97 days", taken("belimumab", "2026-01-20 08:00"), not_before="2026-04-27"),
    failed("E22", "two drugs", taken("etanercept", "2026-03-20 08:00"), taken("anifrolumab", "2026-01-05"), not_before="2026-04-28"),
    failed("E27a", "four weeks and a day", done("blood-donation", "2026-03-20", 400), not_before="2026-04-18"),
    failed(
        "E27a",
        "until the sum falls below, with the first of two",
        done("blood-donation", "2026-03-20", 200),
        done("blood-donation", "2026-04-05", 200),
        not_before="2026-04-18",
    ),
    failed(
        "E27a",
        "the last two of three are enough",
        done("blood-donation", "2026-03-20", 200),
        done("blood-donation", "2026-03-25", 200),
        done("blood-donation", "2026-04-05", 200),
        not_before="2026-04-23",
    ),
    failed(
        "E27b",
        "lost and donated",
        done("blood-donation", "2026-03-20", 200),
        done("blood-loss", "2026-04-05", 200),
        not_before="2026-04-18",
    ),
    failed("E27c", "eight weeks and a day", done("transfusion", "2026-03-20"), not_before="2026-05-16"),
    failed("E27c", "over the end of a month", done("transfusion", "2026-04-05"), not_before="2026-06-01"),
    failed("E28a", "its end counts", noted("bleeding", "2026-01-05", "2026-03-20", grade=2), not_before="2026-04-18"),
]


@pytest.mark.parametrize("case", FAILED, ids=[f"{case.part}, {case.says}" for case in FAILED])
def test_re_screen_not_before(case: Failed) -> None:
    found = judged(case.part, *case.facts, *LOOKED, rulings=OTHER_BIOLOGIC)
    assert (found.verdict, found.rescreen_from) == ("fails", date.fromisoformat(case.not_before))


def screened_again(on: date, case: Failed) -> Part:
    """The part as judged five days after a new screening, which began in the last minute of a date."""
    started = local(f"{on} 23:59")
    confirmed = started + timedelta(days=5)
    reviews = [review(When.at(started + timedelta(days=1)), None, kind) for kind in KINDS]
    first_time = (consent(CONSENTED), e.ScreeningStarted(at=SCREENED), *case.facts, *LOOKED)
    failed_then = e.ScreenFailed(at=minute("2026-04-10 12:30"), criteria=(case.part,))
    again = (consent(When.at(started - timedelta(hours=1))), e.ScreeningStarted(at=When.at(started)))
    return in_screening(case.part, *first_time, failed_then, *again, *reviews, at=confirmed, rulings=OTHER_BIOLOGIC)


@pytest.mark.parametrize("case", FAILED, ids=[f"{case.part}, {case.says}" for case in FAILED])
def test_a_new_screening_passes_from_that_date_on_and_fails_before_it(case: Failed) -> None:
    not_before = date.fromisoformat(case.not_before)
    assert screened_again(not_before, case).verdict == "passes"
    if not_before > date(2026, 4, 10):
        assert screened_again(not_before - timedelta(days=1), case).verdict == "fails"


@pytest.mark.parametrize(
    ("part", "goes_on"),
    [
        ("E20a", taken("tofacitinib", "2026-01-05", per_day=2)),
        ("E20b", taken("ibrutinib", "2026-01-05", per_day=1)),
        ("E22", taken("anakinra", "2026-01-05", per_day=1)),
        ("E28a", noted("bleeding", "2026-01-05", grade=2)),
    ],
)
def test_for_what_goes_on_no_date_can_be_told(part: str, goes_on: e.Event) -> None:
    found = judged(part, goes_on, *LOOKED)
    assert (found.verdict, found.rescreen_from) == ("fails", None)
    case = Failed(part, "it goes on", (goes_on,), "2026-12-31")
    assert screened_again(date(2026, 12, 31), case).verdict == "fails"


def test_the_first_screening_s_attestations_and_reviews_do_not_serve_the_second() -> None:
    before = (consent(CONSENTED), e.ScreeningStarted(at=SCREENED), attested(no_contraindication=True), *LOOKED)
    again = (e.ScreenFailed(at=minute("2026-04-10 12:30"), criteria=("E19a",)), consent(minute("2026-05-04 08:00")))
    started = e.ScreeningStarted(at=minute("2026-05-04 09:00"))
    at = local("2026-05-08 12:00")
    for part in ("E19a", "E20a", "E21", "E27a", "E33a"):
        assert in_screening(part, *before, *again, started, at=at).verdict == "not yet known", part
    looked_again = looked(*KINDS, at="2026-05-05 10:00", covers_from=date(2026, 4, 2))
    for part in ("E19a", "E20a", "E21", "E27a"):
        assert in_screening(part, *before, *again, started, *looked_again, at=at).verdict == "passes", part


@pytest.mark.parametrize(
    ("part", "fact"),
    [
        ("E19a", first.vaccinated("2026-03-02 02:30")),
        ("E22", taken("anifrolumab", "2025-12-08 02:30")),
        ("E27a", done("blood-donation", "2026-03-02 02:30", 400)),
        ("E27c", done("transfusion", "2026-02-02 02:30")),
        ("E28a", noted("bleeding", "2026-03-02 02:30", "2026-03-02 02:30", grade=2)),
    ],
)
def test_days_and_weeks_are_dates_at_the_site(part: str, fact: e.Event) -> None:
    assert judged(part, fact, *LOOKED).verdict == "fails"
    assert judged(part, fact, *LOOKED, zone="America/New_York").verdict == "passes"


def test_half_lives_are_elapsed_time_wherever_the_site_is() -> None:
    blocked, free = taken("filgotinib", "2026-03-27 23:00"), taken("filgotinib", "2026-03-27 22:59")
    for zone in (BERLIN, "America/New_York", "Asia/Shanghai"):
        assert judged("E20a", blocked, *LOOKED, zone=zone).verdict == "fails", zone
        assert judged("E20a", free, *LOOKED, zone=zone).verdict == "passes", zone
