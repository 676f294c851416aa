"""Sets of instants obey the laws of sets, and are always kept in their tidy form."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import ALWAYS, NEVER, InstantSet
from domain.time import BEGINNING, FOREVER
from tests.builders import START

HOURS = st.integers(-48, 48).map(lambda hours: START + timedelta(hours=hours))
EDGES = st.one_of(HOURS, st.just(BEGINNING), st.just(FOREVER))
PAIRS = st.lists(st.tuples(EDGES, EDGES), max_size=6)
SETS = PAIRS.map(InstantSet.of)
INSTANTS = st.integers(-50 * 60, 50 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def tidy(one: InstantSet) -> bool:
    return all(start < end for start, end in one.intervals) and all(end < following for (_, end), (following, _) in pairwise(one.intervals))


@given(PAIRS, INSTANTS)
def test_a_set_holds_what_one_of_its_intervals_holds_each_without_its_end(
    pairs: list[tuple[datetime, datetime]], instant: datetime
) -> None:
    assert (instant in InstantSet.of(pairs)) == any(start <= instant < end for start, end in pairs)


@given(SETS, SETS)
def test_every_set_is_kept_sorted_disjoint_and_without_touching_or_empty_intervals(one: InstantSet, other: InstantSet) -> None:
    assert all(tidy(found) for found in (one, one | other, one & other, one - other, ~one))


@given(SETS, SETS, INSTANTS)
def test_membership_follows_the_words_or_and_not(one: InstantSet, other: InstantSet, instant: datetime) -> None:
    here, there = instant in one, instant in other
    assert (instant in one | other) == (here or there)
    assert (instant in one & other) == (here and there)
    assert (instant in ~one) == (not here)
    assert (instant in one - other) == (here and not there)


@given(SETS, SETS)
def test_de_morgan(one: InstantSet, other: InstantSet) -> None:
    assert ~(one | other) == ~one & ~other
    assert ~(one & other) == ~one | ~other


@given(SETS, SETS, SETS)
def test_union_and_intersection_commute_associate_and_distribute(one: InstantSet, other: InstantSet, third: InstantSet) -> None:
    assert one | other == other | one
    assert one & other == other & one
    assert (one | other) | third == one | (other | third)
    assert one & (other | third) == one & other | one & third


@given(SETS)
def test_a_set_and_what_it_leaves_out_are_everything_and_have_nothing_in_common(one: InstantSet) -> None:
    assert ~~one == one
    assert one | ~one == ALWAYS
    assert one & ~one == NEVER
    assert (one | NEVER, one & ALWAYS) == (one, one)


@given(SETS, SETS)
def test_a_set_lies_within_another_when_it_leaves_nothing_over(one: InstantSet, other: InstantSet) -> None:
    assert (one <= other) == (one | other == other)
    assert one & other <= one <= one | other


@given(SETS, INSTANTS)
def test_the_first_member_from_an_instant_is_a_member_with_none_before_it(one: InstantSet, instant: datetime) -> None:
    first = one.first_from(instant)
    if first is None:
        assert not one & InstantSet.since(instant)
    else:
        assert first >= instant
        assert first in one
        assert not one & InstantSet.between(instant, first)


@given(SETS, INSTANTS)
def test_around_a_member_lies_the_whole_interval_and_around_others_nothing(one: InstantSet, instant: datetime) -> None:
    around = one.around(instant)
    assert (around is not None) == (instant in one)
    if around is not None:
        assert InstantSet.of([around]) <= one
        assert around[1] not in one


@given(SETS, HOURS, HOURS)
def test_edges_within_a_range_are_where_membership_changes(one: InstantSet, start: datetime, end: datetime) -> None:
    second = timedelta(seconds=1)
    changes = [
        hour for n in range(97) if start < (hour := START + timedelta(hours=n - 48)) <= end and (hour in one) != (hour - second in one)
    ]
    assert one.edges_within(start, end) == changes


@pytest.mark.parametrize(("empty", "holds"), [(NEVER, False), (ALWAYS, True), (InstantSet.between(START, START), False)])
def test_only_a_set_with_an_instant_in_it_counts_as_something(empty: InstantSet, holds: bool) -> None:  # noqa: FBT001 - A column of the table.
    assert bool(empty) == holds
