"""How long it takes to replay a participant with a thousand entries to any moment, beside the floor: folding those entries once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from statistics import median, quantiles

from benchmarks.eligibility import seconds
from domain import events as e
from domain.record import Record
from domain.replay import Cut, replay
from domain.signatures import signatures
from domain.time import When
from tests.builders import Trial, dose, study_of

ENTRIES = 1000
MOMENTS = 300


def main() -> None:
    """Print the times for moments all over a life of years, by entry, by each clock and by both."""
    record, study, dice = a_long_record(), study_of(), Random(7)
    first, last = record.entries[0].recorded_at, record.entries[-1].recorded_at
    floor = median(seconds(lambda: Record.of(record.id, record.entries)) for _ in range(50))
    print(f"{'fold of all entries (the floor)':<36}{floor * 1000:>8.1f} ms")

    def instant() -> object:
        return first + (last - first) * dice.random()

    cuts: dict[str, Callable[[], dict[str, object]]] = {
        "as of an entry": lambda: {"entry": dice.randrange(1, ENTRIES + 1)},
        "by what was recorded": lambda: {"recorded": instant()},
        "by what had happened": lambda: {"occurred": instant()},
        "by both": lambda: {"recorded": instant(), "occurred": last},
    }
    for name, cut in cuts.items():
        times = [seconds(partial(replay, record, study, Cut.model_validate(cut()))) for _ in range(MOMENTS)]
        p50, p99 = median(times) * 1000, quantiles(times, n=100)[98] * 1000
        print(f"{name:<36}{p50:>8.1f} ms{p99:>8.1f} ms p99   {p50 / 1000 / floor:.1f} × the floor")
    print(f"{'every signature of it':<36}{seconds(lambda: signatures(record, lambda _: study)) * 1000:>8.1f} ms")


def a_long_record() -> Record:
    """A life up to the infusion, and after it so many courses, reviews and reminders that there are a thousand entries of it."""
    record = Trial().participant().is_ready().is_infused().record
    by, at = record.entries[-1].circumstances, record.participant.recorded_at
    while record.version < ENTRIES:
        at += timedelta(hours=20)
        number = record.version
        facts: tuple[e.Event, ...] = (
            dose("paracetamol", str(number % 9 + 1), When.at(at)),
            e.ReminderDue(key=f"r{number}", urgency="digest", to="coordinator", says="told"),
            e.UnscheduledVisit(at=When.at(at), why="a headache"),
            e.ReminderSent(key=f"r{number}", to="m-weber", channel="mail", message="0" * 32),
        )
        record = record.then(facts, at, by)
    return Record.of(record.id, record.entries[:ENTRIES])


if __name__ == "__main__":
    main()
