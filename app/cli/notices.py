"""Reminders that fell due: the inbox of a role, taking note of one, and the mail that was caught on this machine."""

from functools import partial
from typing import Annotated

import typer

from app.cli.asking import AS_JSON, Chart, acting, asks, opened_list
from app.cli.reading import Reads
from app.cli.session import grid, session_of
from app.cli.worklist import warn_if_behind
from app.clinic_time import SiteClock
from app.notices.catcher import caught
from app.wiring import Daybook
from domain import commands as c
from domain.base import Value
from domain.entry import Actor
from domain.notices import notices, tag
from domain.rejections import Reason, Refused
from domain.time import Moment
from domain.words import ParticipantId, Sentence, SiteId, Urgency
from projections.notices import Row
from projections.notices import inbox as waiting_for

told = typer.Typer()
MOST_SHOWN = 10_000
"""How many reminders a table has at most; nobody reads as many."""


@asks(told)
def acknowledge(
    reminder: Annotated[
        str,
        Reads(lambda chart: partial(_key, chart)),
        typer.Argument(metavar="REMINDER", help="The reminder, as the message or the inbox names it.", show_default=False),
    ],
) -> c.Acknowledge:
    """Take note of a reminder: nobody else is told of it from here on."""
    return c.Acknowledge(key=reminder)


@asks(told)
def send_again(
    reminder: Annotated[
        str,
        Reads(lambda chart: partial(_key, chart)),
        typer.Argument(metavar="REMINDER", help="The reminder, as the message or the inbox names it.", show_default=False),
    ],
) -> c.SendAgain:
    """Have those told of a reminder again whom no message reached, once their address was put right."""
    return c.SendAgain(key=reminder)


class Waiting(Value):
    """A reminder that nobody has acknowledged and that still applies."""

    participant: ParticipantId
    reminder: str
    urgency: Urgency
    since: Moment
    says: Sentence
    sent: int
    failed: int


@told.command()
def inbox(
    ctx: typer.Context,
    *,
    actor: Annotated[str | None, typer.Option("--as", metavar="ROLE:ID", help="Whose inbox, such as coordinator:m-weber.")] = None,
    site: Annotated[SiteId | None, typer.Option(help="For this site only.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Show what fell due for a role and still applies, whether or not it was sent, until somebody acknowledges it."""
    session = session_of(ctx)
    who = acting(actor or session.settings.actor)
    with opened_list(ctx) as daybook:
        warn_if_behind(daybook, session)
        found = _inbox(daybook, who, site)
    if as_json:
        session.answers({"inbox": [_waiting(row) for row in found]})
        return
    if not found:
        session.says("Nothing waits to be acknowledged.")
        return
    table = grid("Participant", "Reminder", "Class", "Since", "Sent", "What")
    for row in found:
        clock, one = SiteClock(row.zone, session.clock()), _waiting(row)
        table.add_row(one.participant, one.reminder, one.urgency, clock.shows(one.since), _sent(one), one.says)
    session.shows(table)


@told.command()
def mail(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="Read this message; without one, list all.")] = None,
) -> None:
    """Read the mail that this machine caught instead of sending it, as it does where no mail server is named."""
    session = session_of(ctx)
    messages = caught(session.settings.caught_mail)
    if number is not None:
        message = next((one for one in messages if one.number == number), None)
        if message is None:
            raise Refused(Reason(code="unknown-message", says=f"no message {number} was caught; there are {len(messages)}"))
        session.says(f"To: {message.message['To']}\nSubject: {message.message['Subject']}\n\n{message.text}")
        return
    if not messages:
        session.says("No mail was caught.")
        return
    table = grid("Number", "Date", "To", "Subject")
    for one in messages:
        table.add_row(str(one.number), str(one.message["Date"]), str(one.message["To"]), str(one.message["Subject"]))
    session.shows(table)


def _key(chart: Chart, typed: str) -> str:
    """The key of a reminder that fell due. Raises Refused where none is called so."""
    found = next((key for key in notices(chart.record) if tag(key) == typed), None)
    if found is None:
        raise Refused(Reason(code="not-due", says=f"no reminder {typed!r} has fallen due; look at those that wait"))
    return found


def _inbox(daybook: Daybook, who: Actor, site: str | None) -> tuple[Row, ...]:
    """The reminders that wait, by participant and then as they fell due."""
    sites = [name for name in daybook.desk.current().record.sites if site in {None, name}]
    found, _ = waiting_for(daybook.views, daybook.ledger.clock(), dict.fromkeys(sites, (who.role,)), person=who.id, limit=MOST_SHOWN)
    return tuple(sorted(found, key=lambda row: (row.participant, row.since, row.key)))


def _waiting(row: Row) -> Waiting:
    return Waiting(
        participant=row.participant,
        reminder=row.tag,
        urgency=row.urgency,
        since=row.since,
        says=row.says,
        sent=row.sent,
        failed=sum(step.became == "failed" for step in row.story),
    )


def _sent(one: Waiting) -> str:
    if one.failed:
        return f"to {one.sent}; {one.failed} not reached"
    return f"to {one.sent}" if one.sent else "to nobody yet"
