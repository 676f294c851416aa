"""What is true of harm in every life, however people err: told a second time, in the plainest way."""

from collections import Counter

import pytest

from domain import events as e
from domain.history import effective
from domain.record import Record
from tests.builders import BERLIN
from tests.campaign import Campaign
from tests.domain.test_properties import lives


def criteria(record: Record) -> dict[int, set[str]]:
    """By the entry of every adverse event that stands, what makes it serious."""
    entries = effective(record.entries)
    found = {one.version: set[str](one.event.serious) for one in entries if isinstance(one.event, e.AdverseEvent)}
    for event in (one.event for one in entries if isinstance(one.event, e.AdverseEventUpdated)):
        found.get(event.entry, set()).update(event.serious)
    return found


def reported_of(record: Record, entry: int) -> set[str]:
    """The criteria of an adverse event that stood on record whenever something of it was reported."""
    reports = [one for one in effective(record.entries) if isinstance(one.event, e.SafetyReported)]
    own = [
        one.version for one in reports if isinstance(one.event, e.SafetyReported) and one.event.key.startswith(f"adverse-event:{entry}:")
    ]
    return {criterion for version in own for criterion in criteria(Record.of(record.id, record.entries[: version - 1])).get(entry, set())}


@pytest.mark.torture
def test_a_matter_is_open_exactly_where_something_serious_was_not_reported(campaign: Campaign) -> None:
    seen: Counter[str] = Counter()
    for _, turns in lives(campaign):
        for turn in turns[::5]:
            open_ = [one for one in turn.after.participant.safety_reports.values() if one.open and one.key.startswith("adverse-event:")]
            unreported = {entry for entry, met in criteria(turn.after).items() if met - reported_of(turn.after, entry)}
            assert sorted(int(one.key.split(":")[1]) for one in open_) == sorted(unreported)
            seen.update(
                open=len(open_), reported=sum(one.reported_in is not None for one in turn.after.participant.safety_reports.values())
            )
            learned = {
                one.event.at.span(BERLIN).latest
                for one in effective(turn.after.entries)
                if isinstance(one.event, e.AdverseEvent | e.AdverseEventUpdated)
            }
            assert all(one.since <= max(learned) for one in open_)
    assert seen["open"]
    assert seen["reported"]
