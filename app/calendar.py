"""The calendar as calendar programs read it (RFC 5545): codes of participants, titles and times, and nothing clinical.

Everything keeps its UID wherever it moves; the version of the participant's record is its SEQUENCE, so that the last word is known as such.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from icalendar import vText
from icalendar.parser import Contentline

from domain.scheduled import Kind, Scheduled
from domain.time import local_date, shown
from projections.calendar import Calendar, Record, Row, row_of

LONGEST_LINE = 75
"""In octets, by RFC 5545."""
WHAT: Mapping[Kind, str] = {"window": "window of the visit", "booked": "booked", "step": "planned"}


@dataclass(frozen=True, slots=True)
class Publisher:
    """Writes the calendars of a study; `address` is where people find the desk."""

    study: str
    address: str

    def published(self, found: Calendar, withdrawn: Mapping[str, Iterable[Scheduled]], zones: Mapping[str, str]) -> bytes:
        """The calendar, with what was withdrawn of each participant marked as cancelled. `zones` are the sites'."""
        records = {one.participant: one for one in found.records}
        lines = [
            *self._head(),
            *(line for row in found.rows for line in self._event(row, records[row.participant], _status(row))),
            *(
                line
                for participant, gone in withdrawn.items()
                for one in gone
                for line in self._event(_gone(one, records[participant], zones), records[participant], "CANCELLED")
            ),
            "END:VCALENDAR",
        ]
        return b"".join(map(_folded, lines))

    def _head(self) -> Iterator[str]:
        yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Daybook//Calendar//EN", "CALSCALE:GREGORIAN")
        yield from (f"{name}:{_text(f'Daybook {self.study}')}" for name in ("NAME", "X-WR-CALNAME"))
        yield from ("REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M")

    def _event(self, row: Row, record: Record, status: str) -> Iterator[str]:
        yield "BEGIN:VEVENT"
        yield f"UID:{row.participant}.{row.key.replace(':', '.')}@{self.study}.daybook"
        yield f"DTSTAMP:{_instant(record.recorded_at)}"
        yield f"LAST-MODIFIED:{_instant(record.recorded_at)}"
        yield f"SEQUENCE:{record.version}"
        yield f"STATUS:{status}"
        yield "TRANSP:TRANSPARENT"
        yield from _times(row)
        yield f"SUMMARY:{_text(f'{row.participant} {row.title}, {WHAT[row.kind]}')}"
        yield f"DESCRIPTION:{_text(_says(row, self.study))}"
        yield f"URL:{self.address}/participants/{quote(row.participant, safe='')}"
        yield "END:VEVENT"


def _status(row: Row) -> str:
    return "CANCELLED" if row.state == "withdrawn" else "CONFIRMED"


def _gone(one: Scheduled, record: Record, zones: Mapping[str, str]) -> Row:
    """What was withdrawn, as the calendar would hold it."""
    return row_of(record.participant, record.site, zones[record.site], one)


def _times(row: Row) -> Iterator[str]:
    """Dates at the site, of which the last is the first date after; or minutes, in UTC."""
    if row.whole_days:
        yield f"DTSTART;VALUE=DATE:{row.first:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{local_date(row.ends, row.zone):%Y%m%d}"
        return
    yield f"DTSTART:{_instant(row.starts)}"
    if row.ends > row.starts:
        yield f"DTEND:{_instant(row.ends)}"


def _says(row: Row, study: str) -> str:
    """The same in words, on the clocks of the site."""
    whose = f"Study {study}, participant {row.participant}."
    if row.whole_days:
        when = f"{row.first}" if row.first == row.last else f"{row.first} to {row.last}, best on {local_date(row.target, row.zone)}"
    elif row.ends > row.starts:
        when = f"{shown(row.starts, row.zone)} to {shown(row.ends, row.zone)}, best at {shown(row.target, row.zone)}"
    else:
        when = shown(row.starts, row.zone)
    return f"{whose} {row.title}, {WHAT[row.kind]}: {when}. Look in Daybook before anything is done because of it."


def _folded(line: str) -> bytes:
    """A line as it is sent; the library counts its way through each letter, so it is asked only about those that can be too long."""
    octets = line.encode()
    if len(octets) > LONGEST_LINE:
        octets = Contentline(line).to_ical()  # type: ignore[no-untyped-call]  # The library leaves it so.
    return octets + b"\r\n"


def _text(says: str) -> str:
    return vText(says).to_ical().decode()


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
