"""The visits of a protocol file: windows that can be reached, that do not overlap, and that the gates allow."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import combinations

from pydantic import TypeAdapter

from domain.protocol import Anchor, DaysSinceLymphodepletion, VisitRule
from domain.protocol_checks.parts import Document, Fault, read, readable, rules_of, table
from domain.time import Period

SETTLED_ON: Mapping[str, Anchor] = {
    "leukapheresis-started.v1": "leukapheresis",
    "lymphodepletion-dose.v1": "planned-infusion",
    "infusion-started.v1": "infusion",
}
"""The anchor from which the fact that settles a visit is counted."""
FARTHEST_DAY, FARTHEST_MONTH = 5479, 180
"""Follow-up after gene-modified cells ends after fifteen years; a number beyond that is a slip."""
EARLIEST_DOSE = -30
"""The first day on which a lymphodepletion dose can be recorded."""


def check_visits(document: Document) -> Iterator[Fault]:
    """Each visit by itself, and the calendar that they make together."""
    visits = readable(table(document, "visits"), TypeAdapter(VisitRule))
    for name, visit in visits.items():
        yield from _visit(f"visits.{name}", visit)
    sound = {name: visit for name, visit in visits.items() if not any(_visit(name, visit))}
    yield from _overlaps(sound)
    yield from _periods(sound, document)
    yield from _infusion_day(sound, document)


def _visit(place: str, visit: VisitRule) -> Iterator[Fault]:
    if (visit.day is None) == (visit.month is None):
        yield Fault(place, "must be counted in days or in months: give either `day` or `month`")
        return
    far = max(abs(visit.day or 0), visit.early, visit.late) > FARTHEST_DAY
    if far or (visit.month is not None and not 1 <= visit.month <= FARTHEST_MONTH):
        yield Fault(place, f"must lie within {FARTHEST_DAY} days or in month 1 to {FARTHEST_MONTH}")
        return
    opens, closes = _window(visit)
    if visit.anchor == "planned-infusion" and closes > 0:
        yield Fault(place, "lies after the planned infusion: anchor it on the infusion")
    if visit.anchor != "planned-infusion" and opens < 0:
        yield Fault(place, f"opens before its anchor ({visit.anchor}), which is not known until it happens")
    if visit.settled_by:
        yield from _settled(f"{place}.settled_by", visit, visit.settled_by)


def _settled(place: str, visit: VisitRule, fact: str) -> Iterator[Fault]:
    if visit.anchor != SETTLED_ON[fact]:
        yield Fault(place, f"{fact} is counted from {SETTLED_ON[fact]} and never settles a visit anchored on {visit.anchor}")
    elif fact != "lymphodepletion-dose.v1" and visit.day != 0:
        yield Fault(place, f"{fact} is the anchor itself and settles only a visit on day 0")
    elif fact == "lymphodepletion-dose.v1" and not (visit.day and EARLIEST_DOSE <= visit.day <= -1):
        yield Fault(place, f"a dose can be recorded for day {EARLIEST_DOSE} to −1 only")


def _overlaps(visits: Mapping[str, VisitRule]) -> Iterator[Fault]:
    """A date must belong to one visit of a series only, or nobody could tell which of two took place."""
    for (one, first), (other, second) in combinations(visits.items(), 2):
        if first.series == second.series and _counted_from(first) == _counted_from(second):
            (opens, closes), (opens_too, closes_too) = _window(first), _window(second)
            if opens <= closes_too and opens_too <= closes:
                yield Fault(f"visits.{other}", f"overlaps with visits.{one}, of the same series")


def _periods(visits: Mapping[str, VisitRule], document: Document) -> Iterator[Fault]:
    """Periods within reason, and every toxicity check inside the toxicity period."""
    for key in ("toxicity_period_days", "visit_grace_days"):
        if isinstance(days := document.get(key), int) and days > FARTHEST_DAY:
            yield Fault(key, f"must be within {FARTHEST_DAY} days")
    period = document.get("toxicity_period_days")
    for name, visit in visits.items():
        if visit.series == "toxicity" and isinstance(period, int) and _window(visit)[1] > period:
            yield Fault(f"visits.{name}", f"ends after the toxicity period of {period} days")


def _infusion_day(visits: Mapping[str, VisitRule], document: Document) -> Iterator[Fault]:
    """An infusion on day 0 must be allowed by the rule about the days since the last planned dose."""
    doses = [visit.day for visit in visits.values() if visit.settled_by == "lymphodepletion-dose.v1" and visit.day is not None]
    for place, part in rules_of(document, "infusion"):
        rule = read(part, TypeAdapter(DaysSinceLymphodepletion))
        if rule and doses and rule.at_least <= rule.at_most and not rule.at_least <= -max(doses) <= rule.at_most:
            yield Fault(place, f"forbids the infusion on day 0: the last planned lymphodepletion dose is on day {max(doses)}")


def _counted_from(visit: VisitRule) -> Anchor:
    return "infusion" if visit.anchor == "planned-infusion" else visit.anchor


def _window(visit: VisitRule) -> tuple[int, int]:
    """The first and the last day after the anchor on which the visit can be, whatever the calendar."""
    first, last = (visit.day, visit.day) if visit.day is not None else _days_in(visit.month or 0)
    return first - visit.early, last + visit.late


@lru_cache(maxsize=256)
def _days_in(months: int) -> tuple[int, int]:
    """The fewest and the most days that a number of months can have; the firsts of four years show every case."""
    firsts = [date(year, month, 1) for year in range(2024, 2028) for month in range(1, 13)]
    days = [(Period(f"P{months}M").after(first) - first).days for first in firsts]
    return min(days), max(days)
