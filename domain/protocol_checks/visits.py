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
FARTHEST_HOUR = 28 * 24
"""What is counted in hours lies near what it is counted from; a number beyond that is a slip."""
EARLIEST_DOSE = -30
"""The first day on which a lymphodepletion dose can be recorded."""


def check_visits(document: Document) -> Iterator[Fault]:
    """Each visit by itself, and the calendar that they make together."""
    visits = readable(table(document, "visits"), TypeAdapter(VisitRule))
    for name, visit in visits.items():
        yield from _visit(f"visits.{name}", visit)
    sound = {name: visit for name, visit in visits.items() if not any(_visit(name, visit))}
    yield from _overlaps(sound)
    yield from (fault for name, visit in sound.items() for fault in _second_anchor(name, visit, sound, document))
    yield from _periods(sound, document)
    yield from _infusion_day(sound, document)


def _visit(place: str, visit: VisitRule) -> Iterator[Fault]:
    if sum(count is not None for count in (visit.day, visit.month, visit.hour)) != 1:
        yield Fault(place, "must be counted in days, months or hours: give one of `day`, `month` and `hour`")
        return
    if mixed := _mixed(visit):
        yield Fault(place, mixed)
        return
    hours = max(abs(visit.hour or 0), visit.early_hours, visit.late_hours)
    far = max(abs(visit.day or 0), visit.early, visit.late) > FARTHEST_DAY or hours > FARTHEST_HOUR
    if far or (visit.month is not None and not 1 <= visit.month <= FARTHEST_MONTH):
        yield Fault(place, f"must lie within {FARTHEST_DAY} days or {FARTHEST_HOUR} hours, or in month 1 to {FARTHEST_MONTH}")
        return
    opens, closes = _window(visit)
    if visit.anchor == "planned-infusion" and closes > 0:
        yield Fault(place, "lies after the planned infusion: anchor it on the infusion")
    if visit.anchor != "planned-infusion" and (opens < 0 or (visit.hour or 0) < visit.early_hours):
        yield Fault(place, f"opens before its anchor ({visit.anchor}), which is not known until it happens")
    if visit.settled_by:
        yield from _settled(f"{place}.settled_by", visit, visit.settled_by)


def _mixed(visit: VisitRule) -> str | None:
    """What is wrong with a window that is counted in two ways at once."""
    if visit.hour is None:
        return "has no `hour` to be early or late by hours" if visit.early_hours or visit.late_hours else None
    if visit.early or visit.late:
        return "is counted in hours: give `early_hours` and `late_hours`"
    if visit.anchor == "planned-infusion":
        return "is counted in hours, and a plan has no minute: anchor it on what happens"
    return "is counted in hours, which `not_before` and `settled_by` do not go with" if visit.not_before or visit.settled_by else None


def _second_anchor(name: str, visit: VisitRule, visits: Mapping[str, VisitRule], document: Document) -> Iterator[Fault]:
    """What a visit must follow comes before it, is recorded by hand, and leaves it a date of its own window at least."""
    if visit.not_before is None:
        return
    place, other = f"visits.{name}.not_before", visits.get(visit.not_before.visit)
    if other is None:
        if visit.not_before.visit not in table(document, "visits"):
            yield Fault(place, f"there is no visit {visit.not_before.visit!r}")
    elif other.settled_by is not None:
        yield Fault(place, f"{visit.not_before.visit} is settled by treatment: anchor on that instead")
    elif _counted_from(other) != _counted_from(visit):
        yield Fault(place, f"{visit.not_before.visit} is counted from something else, so nobody can tell whether the window can be reached")
    elif _window(other)[0] >= _window(visit)[0]:
        yield Fault(place, f"{visit.not_before.visit} is not due before")
    elif _window(other)[0] + visit.not_before.days > _window(visit)[1]:
        yield Fault(place, f"leaves no date of the window, however early {visit.not_before.visit} takes place")


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
            both_in_hours = first.hour is not None and second.hour is not None
            (opens, closes), (opens_too, closes_too) = map(_hours if both_in_hours else _window, (first, second))
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
    """The first and the last day after the anchor on which the visit can be, whatever the calendar and the clock."""
    if visit.hour is not None:
        opens, closes = _hours(visit)
        return opens // 24, closes // 24 + 1
    first, last = (visit.day, visit.day) if visit.day is not None else _days_in(visit.month or 0)
    return first - visit.early, last + visit.late


def _hours(visit: VisitRule) -> tuple[int, int]:
    """The first and the last hour after the anchor at which the visit can be."""
    return (visit.hour or 0) - visit.early_hours, (visit.hour or 0) + visit.late_hours


@lru_cache(maxsize=256)
def _days_in(months: int) -> tuple[int, int]:
    """The fewest and the most days that a number of months can have; the firsts of four years show every case."""
    firsts = [date(year, month, 1) for year in range(2024, 2028) for month in range(1, 13)]
    days = [(Period(f"P{months}M").after(first) - first).days for first in firsts]
    return min(days), max(days)
