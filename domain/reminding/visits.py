"""Reminders of visits: to be booked, open, closing, past their appointment, without an account, or with something missing."""

from collections.abc import Iterator

from domain.events import VisitBooked, VisitUnaccounted
from domain.reminding.reminder import A_WEEK, DAY, Reminder
from domain.standing import Noted
from domain.time import day_after, local_date, midnight
from domain.visits import VisitWindow


def of_visit(window: VisitWindow, account: Noted[VisitUnaccounted] | None, grace_days: int, zone: str) -> Iterator[Reminder]:
    """Everything that somebody should be told of a visit."""
    booking = window.booking
    if booking is not None and window.state in {"open", "unaccounted"}:
        yield from _of_booking(window, booking, zone)
    if window.missing:
        yield from _of_missing(window, grace_days, zone)
    if window.state == "open" and window.closes_at > window.known_since:
        yield from _of_hours(window, zone) if window.in_hours else _of_dates(window, zone)
    if window.state == "unaccounted":
        yield from _of_closed(window, account, zone)


def _of_booking(window: VisitWindow, booking: Noted[VisitBooked], zone: str) -> Iterator[Reminder]:
    """That the appointment lies outside the window, as soon as that is known; and once it has passed, whether it was kept.

    Of an appointment at the very end of the window that is asked when the window has closed.
    """
    at, outside = booking.fact.at, window.booked_outside(zone)
    if outside:
        key = f"visit-booked-{outside}:{window.visit}:{window.edition}:{booking.entry}"
        says = f"The visit {window.visit} is booked for {at.shown(zone)}, outside its window: {window.range(zone)}."
        told = max(booking.known_since, window.known_since)
        yield Reminder(key, told, told + A_WEEK, "timely", "coordinator", says)
    on = local_date(at.span(zone).latest, zone)
    passed = midnight(day_after(on), zone)
    if outside == "late" or passed < window.closes_at:
        due = max(passed, booking.known_since)
        says = f"The visit {window.visit} was booked for {at.shown(zone)}, and nothing is recorded of it. Did it take place?"
        until = window.closes_at if due < window.closes_at else due + 14 * DAY
        yield Reminder(f"visit-passed:{window.visit}:{on:%Y%m%d}", due, until, "timely", "coordinator", says)


def _of_missing(window: VisitWindow, grace_days: int, zone: str) -> Iterator[Reminder]:
    """What is missing of a visit that took place, once its window has closed and a day has passed since it was recorded."""
    due = max(window.closes_at, midnight(day_after(local_date(window.held_known_since, zone)), zone))
    says = f"The visit {window.visit} took place; these assessments are missing: {', '.join(window.missing)}."
    key = f"visit-incomplete:{window.visit}:{window.edition}"
    yield Reminder(key, due, window.grace_over(window.held_known_since, grace_days, zone), "digest", "coordinator", says)


def _of_closed(window: VisitWindow, account: Noted[VisitUnaccounted] | None, zone: str) -> Iterator[Reminder]:
    """That nothing was recorded: at once, or a day after a window became known that had closed by then, since records may follow."""
    said_at = window.closes_at if account is None else max(window.closes_at, account.recorded_at)
    due = said_at if window.closes_at > window.known_since else said_at + DAY
    says = f"Nothing was recorded for the visit {window.visit}, whose window closed at {window.end(zone)}."
    yield Reminder(f"visit-unaccounted:{window.visit}:{window.edition}", due, due + 14 * DAY, "timely", "coordinator", says)


def _of_dates(window: VisitWindow, zone: str) -> Iterator[Reminder]:
    """A week ahead, and that it opens, unless it is booked; that it closes, unless it is booked for what is left of the window then.

    What has a date of its own is not asked for ahead: dates that stand by themselves are those of days on the ward.
    """
    key, last_day = f"{window.visit}:{window.edition}", midnight(window.closes, zone)
    if window.booked is None:
        ahead = midnight(window.opens - A_WEEK, zone)
        if window.opens < window.closes and window.known_since <= ahead:
            says = f"The visit {window.visit} is not booked. It can take place from {window.range(zone)}, best on {window.target}."
            yield Reminder(f"visit-not-booked:{key}", ahead, window.opens_at, "digest", "coordinator", says)
        range_ = f"can take place from {window.range(zone)}, best on {window.target}"
        says = f"The visit {window.visit} {range_ if window.opens < window.closes else f'is due on {window.target}'}."
        yield Reminder(f"visit-opens:{key}", window.opens_at, window.closes_at, "digest", "coordinator", says)
    booked = None if window.booked is None or window.booked_outside(zone) else window.booked.span(zone)
    if window.opens < window.closes and (booked is None or booked.latest < last_day):
        says = f"The window of the visit {window.visit} closes at the end of {window.closes}."
        yield Reminder(f"visit-closes:{key}", last_day, window.closes_at, "timely", "coordinator", says)


def _of_hours(window: VisitWindow, zone: str) -> Iterator[Reminder]:
    """A window of hours is too short for a warning inside it: it is announced a day ahead, unless it is booked within it.

    Should no morning come before it opens, it is announced at once: it may open and close while nobody is at work.
    """
    if window.booked is None or window.booked_outside(zone):
        key = f"visit-ahead:{window.visit}:{window.opens_at:%Y%m%dT%H%MZ}:{window.edition}"
        says = f"The visit {window.visit} can take place from {window.range(zone)}, best at {window.best(zone)}."
        due = max(window.opens_at - DAY, window.known_since)
        yield Reminder(key, due, window.closes_at, "timely", "coordinator", says, late_from=window.opens_at)
