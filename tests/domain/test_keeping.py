"""The record is kept as long as was once said; nobody's identity is erased before without a legal decision; cuts are of the past."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.keeping import DataCutMade, IdentifiersErased, Keeping, OfKeeping, RetentionSet, evolve_keeping, not_to_be_kept_so

NOW = datetime(2056, 3, 1, 23, 59, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEPT = Keeping(until=date(2056, 3, 1))
ERASED = IdentifiersErased(participant="BER-001", approved_by="the data protection officer")
BY_ORDER = ERASED.model_copy(update={"legal_decision": "a court's order of 2026-01-04"})


def refused(event: OfKeeping, kept: Keeping, now: datetime = NOW) -> set[str]:
    return {reason.code for reason in not_to_be_kept_so(event, kept, now)}


def cut(recorded_by: datetime, occurred_by: datetime) -> DataCutMade:
    return DataCutMade(name="dsmb-1", purpose="the safety board", recorded_by=recorded_by, occurred_by=occurred_by)


@pytest.mark.clause("ICH E6(R3)", "4.2.8")
@pytest.mark.clause("21 CFR 11", "11.10(c)")
@pytest.mark.clause("FDA Q&A 2024", "retention")
def test_to_the_end_of_its_last_date_the_record_names_people_and_from_then_on_it_need_not() -> None:
    assert refused(ERASED, KEPT, NOW) == {"to-be-kept"}
    assert refused(ERASED, KEPT, NOW + MINUTE) == set()


def test_while_nobody_has_said_until_when_it_is_kept() -> None:
    assert refused(ERASED, Keeping(), NOW + timedelta(days=36500)) == {"to-be-kept"}


def test_a_legal_decision_goes_before_the_end() -> None:
    assert refused(BY_ORDER, KEPT) == set()
    assert refused(BY_ORDER, Keeping()) == set()


def test_nobody_is_erased_twice() -> None:
    kept = evolve_keeping(KEPT, BY_ORDER)
    assert refused(BY_ORDER, kept) == {"erased-already"}
    assert refused(BY_ORDER.model_copy(update={"participant": "BER-002"}), kept) == set()


def test_the_time_of_keeping_is_made_longer_and_never_shorter() -> None:
    assert refused(RetentionSet(until=date(2056, 3, 1)), KEPT) == set()
    assert refused(RetentionSet(until=date(2056, 2, 29)), KEPT) == {"kept-longer"}
    assert evolve_keeping(KEPT, RetentionSet(until=date(2060, 1, 1))).until == date(2060, 1, 1)


@pytest.mark.clause("ICH E6(R3)", "4.2.6")
@pytest.mark.parametrize(
    ("recorded_by", "occurred_by", "codes"),
    [
        (NOW - MINUTE, NOW - MINUTE, set()),
        (NOW - MINUTE, NOW - 2 * MINUTE, set()),
        (NOW, NOW - MINUTE, {"cut-ahead"}),
        (NOW - 2 * MINUTE, NOW - MINUTE, {"cut-foreseen"}),
        (NOW, NOW + MINUTE, {"cut-ahead", "cut-foreseen"}),
    ],
)
def test_a_cut_is_made_through_minutes_that_are_over(recorded_by: datetime, occurred_by: datetime, codes: set[str]) -> None:
    assert refused(cut(recorded_by, occurred_by), Keeping()) == codes


def test_a_name_is_cut_once() -> None:
    made = cut(NOW - MINUTE, NOW - MINUTE)
    assert refused(made, evolve_keeping(Keeping(), made)) == {"cut-already"}


def test_a_cut_is_made_at_a_full_minute() -> None:
    assert cut(NOW + timedelta(seconds=59), NOW).recorded_by == NOW
    assert cut(NOW + timedelta(seconds=60), NOW).recorded_by == NOW + MINUTE
