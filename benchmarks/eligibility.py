"""How long it takes to judge every part of every criterion, for one record of 500 entries and for a thousand suppositions."""

from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter

from domain import events as e
from domain.criteria.report import eligibility
from domain.supposing import Supposition, supposed
from tests.builders import consent, study_of, told
from tests.domain.criteria.given import (
    CONFIRMED,
    CONSENTED,
    SCREENED,
    assessed,
    attested,
    born,
    done,
    looked,
    noted,
    observed,
    ruled,
    taken,
)

ENTRIES = 500
ROUNDS = 50
SUPPOSED = 1000


def main() -> None:
    """Print the time of one report, and of a thousand what-ifs on one core, each answered in JSON and let go."""
    facts = evidence()
    reminders = [e.ReminderDue(key=f"r{n}", urgency="digest", to="coordinator", says="told") for n in range(ENTRIES - len(facts))]
    participant, study = told((*facts, *reminders), CONFIRMED).participant, ruled({})
    took = [seconds(lambda: eligibility(participant, study, CONFIRMED)) * 1000 for _ in range(ROUNDS)]
    name = f"79 parts, {ENTRIES} entries, {len(facts)} of evidence"
    print(f"{name:<48} p50 {median(took):6.1f} ms   p99 {quantiles(took, n=100)[98]:6.1f} ms")
    supposition = Supposition(zone="Europe/Berlin", rulings={}, facts=tuple(facts))
    whole = seconds(lambda: [len(supposed(supposition, study_of(), CONFIRMED).model_dump_json()) for _ in range(SUPPOSED)])
    print(f"{f'what-if, {SUPPOSED} participants':<48} {whole:10.1f} s")


def evidence() -> list[e.Fact]:
    """What a screening leaves on record: some hundred facts of every kind."""
    facts: list[e.Fact] = [consent(CONSENTED), e.ScreeningStarted(at=SCREENED), born("1990-04-01")]
    facts += looked("history", "medicines", "procedures", "psychiatric", "plans")
    facts += [
        observed("body-weight", "62", unit="kg"),
        observed("hepatitis-c-antibody", "negative"),
        observed("pregnancy-test", "negative"),
    ]
    facts += [assessed("selena-sledai", "arthritis", "rash"), attested(no_severe_heart_disease=True)]
    facts += [noted("lupus-nephritis", f"202{n % 5}-03", severe=False) for n in range(20)]
    facts += [done("blood-loss", f"2026-0{1 + n % 3}-1{n % 9}", 50) for n in range(20)]
    drugs = ("prednisone", "hydroxychloroquine", "azathioprine", "tofacitinib", "belimumab")
    return [*facts, *(taken(drugs[n % 5], f"202{n % 6}-02-1{n % 9}", f"202{n % 6}-03-2{n % 9}", per_day=1) for n in range(50))]


def seconds(job: Callable[[], object]) -> float:
    """How long a job takes."""
    start = perf_counter()
    job()
    return perf_counter() - start


if __name__ == "__main__":
    main()
