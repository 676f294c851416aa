"""What every page shows alike: times on the clocks of a site, how far away they are, and the marks of states."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.clinic_time import SiteClock, days_away, study_day
from app.web.drawing import legend
from app.web.fields import Field
from app.web.filling import filled
from app.web.marks import mark
from domain.rejections import Reason
from domain.time import When, local_time, midnight

HERE = Path(__file__).parent
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DATES_REMEMBERED = 8192
"""Those of some years, as they are written at each site and as far away as they are today."""
FIELDS_REMEMBERED = 2048
"""A page has some dozens of fields; where one begins with the time, there is another of it with each minute."""


def templates() -> Environment:
    """The pages, in which everything that is shown is escaped and nothing is silently left out."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    made.globals.update(mark=mark, legend=legend(), drawn=_drawing_in(made))
    return made


def _drawing_in(pages: Environment) -> Callable[[Field, str], Markup]:
    """Draws the fields of forms. One that nobody has filled in is drawn once for everybody: pages have many, and they are alike."""

    def drawn(field: Field, prefix: str) -> Markup:
        of_fields: Any = pages.get_template("field.html").module
        return Markup(of_fields.drawn(field, prefix))  # noqa: S704 - The page has escaped it.

    remembered = lru_cache(FIELDS_REMEMBERED)(drawn)
    return lambda field, prefix: (drawn if field.filled_in or field.faults else remembered)(field, prefix)


def made_ready(pages: Environment) -> Environment:
    """The same pages, each of them compiled, so that nobody waits for that who is the first to look at one."""
    for name in pages.list_templates():
        pages.get_template(name)
    return pages


def instant(at: datetime, clock: SiteClock) -> Markup:
    """An instant on the clocks of the site, with their offset; UTC for whoever points at it."""
    there, minute = local_time(at, clock.zone).isoformat(" ", "minutes"), len("2026-03-01 10:30")
    piece = '<time datetime="{}" title="{}">{}<span class="offset"> {}</span></time>'
    return filled(piece, _read_by_programs(at), in_utc(at), there[:minute], there[minute:])


def instant_in(at: datetime, zone: str) -> Markup:
    """An instant on the clocks of a site of its own, where a list is of several sites."""
    return instant(at, SiteClock(zone, at))


def away(at: datetime, clock: SiteClock) -> Markup:
    """How far away an instant is, as `in 2 days`; a browser keeps it right."""
    piece = '<time class="away" datetime="{}" data-away data-zone="{}">{}</time>'
    return filled(piece, _read_by_programs(at), clock.zone, clock.away(at))


def countdown(at: datetime, clock: SiteClock) -> Markup:
    """How long it is until an instant, to the minute; a browser counts on."""
    return filled('<time class="countdown" datetime="{}" data-countdown>{}</time>', _read_by_programs(at), left(at - clock.now))


def _read_by_programs(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def left(span: timedelta) -> str:
    """A length of time to the full minute, as `2 d 3 h 12 min`."""
    if span < MINUTE:
        return "now"
    days, hours, minutes = span // DAY, span % DAY // HOUR, span % HOUR // MINUTE
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def as_known(when: When, clock: SiteClock) -> Markup:
    """A time as precisely as it is known: to the minute, or a date, a month or a year at the site."""
    if when.exact:
        return instant(when.span(clock.zone).earliest, clock)
    return filled('<time datetime="{}" title="{}">{}</time>', when.root, f"in {clock.zone}", clock.shows_when(when))


def day_away(day: date, clock: SiteClock) -> Markup:
    """How far away a date is, as `tomorrow`; a browser keeps it right."""
    return _day_away(day, clock.zone, clock.date_at(clock.now))


@lru_cache(DATES_REMEMBERED)
def _day_away(day: date, zone: str, today: date) -> Markup:
    return filled('<time class="away" datetime="{}" data-day data-zone="{}">{}</time>', day, zone, days_away(day, today))


def edge_away(at: datetime, clock: SiteClock, *, ends: bool = False) -> Markup:
    """How far away the edge of a window is: by dates where it is the edge of a date, else by the clock."""
    day = edge_day(at, clock, ends=ends)
    return away(at, clock) if day is None else day_away(day, clock)


def edge(at: datetime, clock: SiteClock, *, ends: bool = False, infusion: date | None = None) -> Markup:
    """The edge of a window: of dates the first or the last that is included, else the instant; and the day counted from day 0."""
    day = edge_day(at, clock, ends=ends)
    number = study_day(day or clock.date_at(at), infusion)
    counted = f" · {number}" if number else ""
    if day is None:
        return filled("{}{}", instant(at, clock), counted)
    return filled('{}<time datetime="{}" title="{}">{}</time>{}', "end of " if ends else "", day, in_utc(at), day, counted)


def edge_day(at: datetime, clock: SiteClock, *, ends: bool) -> date | None:
    """The date whose beginning, or whose end, an instant is at the site; None where it is neither."""
    day = clock.date_at(at)
    if at != midnight(day, clock.zone):
        return None
    return clock.date_at(at - MINUTE) if ends else day


def dated(day: date, clock: SiteClock, infusion: date | None = None) -> Markup:
    """A date at the site, with how far away it is and, once day 0 is known, the day counted from it."""
    return _dated(day, clock.zone) + _aside(day_away(day, clock), day, infusion)


@lru_cache(DATES_REMEMBERED)
def _dated(day: date, zone: str) -> Markup:
    """A date at the site, and a space before what is said of it."""
    return filled('<time datetime="{}" title="{}">{}</time> ', day, f"begins {in_utc(midnight(day, zone))}", day)


def instant_dated(at: datetime, clock: SiteClock, infusion: date | None = None) -> Markup:
    """An instant on the clocks of the site, with how far away it is and, once day 0 is known, the day counted from it."""
    return filled("{} {}", instant(at, clock), _aside(away(at, clock), clock.date_at(at), infusion))


def known_dated(when: When, clock: SiteClock, infusion: date | None = None) -> Markup:
    """A time as precisely as it is known; where that is to the day, with how far away it is and the day counted from day 0."""
    if when.exact:
        return instant_dated(when.span(clock.zone).earliest, clock, infusion)
    day = clock.date_of(when)
    return dated(day, clock, infusion) if when == When.on(day) else as_known(when, clock)


def _aside(how_far: Markup, day: date, infusion: date | None) -> Markup:
    number = study_day(day, infusion)
    return filled('<span class="aside">{}{}</span>', how_far, f" · {number}" if number else "")


def beside(reasons: Iterable[Reason], name: str, *codes: str) -> str:
    """Of the reasons of a refusal those about a field: what is said of it by its name, and those whose codes begin so."""
    return "; ".join(
        one.says.removeprefix(f"{name}: ") for one in reasons if one.says.startswith(f"{name}: ") or one.code.startswith(codes)
    )


def in_utc(at: datetime) -> str:
    """An instant for whoever reckons in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def plural(count: int, word: str) -> str:
    """A number of things, such as `1 row`, `2 rows` or `2 entries`."""
    several = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count} {word if count == 1 else several}"


def sentence(says: str) -> str:
    """What was found, as a sentence begins."""
    return says[:1].upper() + says[1:]


FILTERS: Mapping[str, Callable[..., object]] = {
    "instant": instant,
    "instant_in": instant_in,
    "utc": in_utc,
    "away": away,
    "countdown": countdown,
    "as_known": as_known,
    "dated": dated,
    "instant_dated": instant_dated,
    "known_dated": known_dated,
    "edge": edge,
    "edge_away": edge_away,
    "beside": beside,
    "plural": plural,
    "sentence": sentence,
}
