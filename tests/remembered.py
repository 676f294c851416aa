"""Lives that many tests begin with are decided once in a process: a stretch that begins as one before it is copied, and not lived again.

What went before is compared by the chain of its digests, so that nothing but the very same past is ever followed by what is copied.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from itertools import groupby
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from domain.entry import Draft, Entry
from domain.participant import PARTICIPANT
from store.participants import Participants

if TYPE_CHECKING:
    from tests.builders import Story, Trial

P = ParamSpec("P")
MOST = 256
"""How many stretches are remembered, those that were lived or copied last."""


@dataclass(frozen=True)
class Stretch:
    """What was recorded, under which digests of its commands; and where the clock and the count of ids stood after it."""

    entries: tuple[Entry[Any], ...]
    digests: tuple[str, ...]
    until: datetime
    numbers: int


STRETCHES: OrderedDict[Hashable, Stretch] = OrderedDict()


def remembered(live: "Callable[Concatenate[Story, P], Story]") -> "Callable[Concatenate[Story, P], Story]":
    """A method that lives through something, which need be decided only the first time."""

    @wraps(live)
    def told(story: "Story", /, *args: P.args, **named: P.kwargs) -> "Story":
        if type(story.trial.participants) is not Participants:
            return live(story, *args, **named)  # a desk that breaks, or overtakes somebody, is to do so
        key = (live.__name__, args, *sorted(named.items()), *_so_far(story))
        stretch = STRETCHES.pop(key, None)
        if stretch is None:
            version = story.record.version
            live(story, *args, **named)
            stretch = _lived(story, version)
        else:
            _copied(story, stretch)
        STRETCHES[key] = stretch
        if len(STRETCHES) > MOST:
            STRETCHES.popitem(last=False)
        return story

    return told


def _so_far(story: "Story") -> tuple[Hashable, ...]:
    """All that what follows can depend on: both pasts, the clock, the ids, and what the machine reckons with."""
    trial = story.trial
    return (
        story.id,
        _last(trial, PARTICIPANT + story.id),
        _last(trial, trial.participants.desk.stream),
        trial.clock(),
        trial.numbers,
        trial.time_zone_data,
    )


def _last(trial: "Trial", stream: str) -> str:
    """The digest at the end of a chain."""
    entries = trial.participants.ledger.read(stream)
    return entries[-1].digest if entries else ""


def _lived(story: "Story", since: int) -> Stretch:
    ledger, entries = story.trial.participants.ledger, story.record.entries[since:]
    found = (ledger.outcome(one.circumstances.actor.id, one.circumstances.command_id) for one in entries)
    digests = tuple(one.digest if one else "" for one in found)
    return Stretch(entries, digests, story.trial.clock(), story.trial.numbers)


def _copied(story: "Story", stretch: Stretch) -> None:
    """Record it again, command by command, at the instants at which it was recorded."""
    trial, stream = story.trial, PARTICIPANT + story.id
    for _, some in groupby(zip(stretch.entries, stretch.digests, strict=True), key=lambda pair: pair[0].circumstances.command_id):
        entries, digests = zip(*some, strict=True)
        trial.clock.move_to(entries[0].recorded_at)
        drafts = [Draft(event=one.event, circumstances=one.circumstances, study_version=one.study_version) for one in entries]
        trial.participants.ledger.append({stream: drafts}, expect={stream: entries[0].version - 1}, command_digest=digests[0])
    trial.clock.move_to(stretch.until)
    trial.numbers = stretch.numbers
