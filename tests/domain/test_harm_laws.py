"""What is true of harm in every life, however people err: told a second time, in the plainest way."""

from collections import Counter
from datetime import datetime
from random import Random

import pytest

from domain import events as e
from domain.history import effective
from domain.record import Record
from tests.builders import BERLIN
from tests.campaign import Campaign
from tests.domain.lives import Life


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


def learned(record: Record, entry: int) -> set[datetime]:
    """The first minutes at which the site can have learned anything of an adverse event that stands."""
    entries = effective(record.entries)
    [first] = [one.event for one in entries if one.version == entry and isinstance(one.event, e.AdverseEvent)]
    updates = [one.event for one in entries if isinstance(one.event, e.AdverseEventUpdated) and one.event.entry == entry]
    began = first.start.span(BERLIN).earliest
    return {max(at.span(BERLIN).earliest, began) for at in (first.at, *(one.at for one in updates))}


@pytest.mark.torture
def test_a_matter_is_open_exactly_where_something_serious_was_not_reported(campaign: Campaign) -> None:
    seen: Counter[str] = Counter()
    for n in range(campaign.rounds(300)):
        life = Life(Random(f"{campaign.dice.random()} {n}"))
        for turn in (*(life.turn() for _ in range(4)), *(life.is_harmed() for _ in range(40))):
            matters = [one for key, one in turn.after.participant.safety_reports.items() if key.startswith("adverse-event:")]
            open_ = [one for one in matters if one.open]
            unreported = {entry for entry, met in criteria(turn.after).items() if met - reported_of(turn.after, entry)}
            assert sorted(int(one.key.split(":")[1]) for one in open_) == sorted(unreported)
            assert all(one.since in learned(turn.after, int(one.key.split(":")[1])) for one in open_)
            seen.update(
                open=len(open_), void=sum(one.void for one in matters), again=len(matters) - len({one.key.split(":")[1] for one in matters})
            )
            seen.update(reported=sum(one.reported_in is not None for one in matters))
    assert all(seen[state] for state in ("open", "void", "again", "reported")), seen
