"""The people who work with the record: who has an account, and in which roles, by site and date."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

import typer

from app.accounts import accounts_at
from app.cli.asking import AS_JSON, COMMON, Options, acting, circumstances, command, understood
from app.cli.reading import Reads, shaped
from app.cli.session import Session, grid, session_of
from app.clinic_time import day_of
from app.staff import Staff, refuse_unless_shown
from app.wiring import Daybook
from domain.contacts import MailAddress
from domain.entry import Actor, Circumstances
from domain.people import Administered, IdentityVerified, PersonAdmitted, PersonLeft, RoleGranted, RoleWithdrawn
from domain.words import Name, PersonsRole, Sentence, SiteId

people = typer.Typer(help="Admit the people who work with the record, and say in which roles and where.")
PERSON = Annotated[Name, typer.Argument(metavar="PERSON", help="The person's short name, such as m-weber.", show_default=False)]
ROLE = Annotated[PersonsRole, typer.Argument(metavar="ROLE", help="The role, such as coordinator.", show_default=False)]
SITE = Annotated[SiteId | None, typer.Option(help="At this site only; without this, at every site.")]
SAID: Options = {name: COMMON[name] for name in ("actor", "reason", "command_id", "as_json")}
GIVEN = "The password to begin with, shown this once: {given}"
F = TypeVar("F", bound=Callable[..., tuple[Administered, ...]])


def decides(question: F) -> F:
    """Declare a function from what was typed, once it is read, to what is recorded about people as a command of the same name."""

    def decide(ctx: typer.Context, **typed: Any) -> None:
        session = session_of(ctx)
        with session.daybook() as daybook:
            events, by = understood(question, SAID, typed, daybook, session)
            given = _looked_after(daybook, session, events, by)
        if session.as_json:
            session.answers({"command_id": by.command_id, "events": events, "passwords": given})
            return
        session.says(f"Recorded: {'; '.join(map(_words, events))}.")
        for password in given.values():
            session.says(GIVEN.format(given=password))

    command(people, question, decide, {"ctx": typer.Context}, SAID)
    return question


@decides
def admit(
    person: PERSON,
    name: Annotated[Sentence, typer.Argument(metavar="NAME", help="The full name, as signatures print it.", show_default=False)],
    *,
    mail: Annotated[
        MailAddress | None, typer.Option(help="Where they hear that their account was locked or changed, or a password given.")
    ] = None,
    administrator_since: Annotated[
        date | None,
        Reads(lambda _: _date),
        typer.Option(metavar="DATE", help="Delegate to them, from this date on, to look after accounts; the first account needs it."),
    ] = None,
) -> tuple[Administered, ...]:
    """Admit somebody, who gets a password to begin with; or put right what is recorded of them."""
    admitted = PersonAdmitted(person=person, name=name, mail=mail)
    if administrator_since is None:
        return (admitted,)
    since = administrator_since
    return admitted, RoleGranted(person=person, role="administrator", delegated=since, trained=since)


@decides
def grant(
    person: PERSON,
    role: ROLE,
    *,
    site: SITE = None,
    delegated: Annotated[date, Reads(lambda _: _date), typer.Option(metavar="DATE", help="From which date on it is delegated.")],
    trained: Annotated[
        date | None, Reads(lambda _: _date), typer.Option(metavar="DATE", help="When they were trained for it; it does not hold before.")
    ] = None,
) -> tuple[Administered, ...]:
    """Delegate a role to somebody."""
    return (RoleGranted(person=person, role=role, site=site, delegated=delegated, trained=trained),)


@decides
def withdraw(person: PERSON, role: ROLE, *, site: SITE = None) -> tuple[Administered, ...]:
    """Take a role from somebody."""
    return (RoleWithdrawn(person=person, role=role, site=site),)


@decides
def leave(person: PERSON) -> tuple[Administered, ...]:
    """Close somebody's account, and end their sessions; what they recorded and signed stays theirs."""
    return (PersonLeft(person=person),)


@people.command()
def reset(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The person's short name, such as m-weber.", show_default=False)],
    actor: Annotated[str | None, typer.Option("--as", metavar="ROLE:ID", help="Who asks, such as administrator:t-berg.")] = None,
    *,
    as_json: AS_JSON = False,
) -> None:
    """Give somebody another password to begin with, or with an identity provider leave to come as another identity; their sessions end."""
    session = session_of(ctx)
    by = circumstances(session, acting(actor or session.settings.actor), {"command_id": None})
    with session.daybook() as daybook, accounts_at(daybook.settings.accounts, daybook.ledger.clock) as accounts:
        given = Staff(daybook.authority, accounts, daybook.settings.proved_by).reset(person, by)
    if as_json:
        session.answers({"password": given})
    else:
        session.says(GIVEN.format(given=given) if given else f"{person} can come as another identity of the provider's.")


@people.command()
def vouch(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The person's short name, such as m-weber.", show_default=False)],
    code: Annotated[str, typer.Argument(metavar="CODE", help="What the person reads out from their own profile.", show_default=False)],
    operator: Annotated[Sentence, typer.Option(metavar="NAME", help="Your full name: you run this machine.", show_default=False)],
    *,
    as_json: AS_JSON = False,
) -> None:
    """Say that you saw the person of an account before you, so that they can sign; only where nobody with an account may say it."""
    session = session_of(ctx)
    by = circumstances(session, Actor(id="operator", role="door"), {"command_id": None})
    event = shaped(lambda: IdentityVerified(person=person, operator=operator))
    with session.daybook() as daybook, accounts_at(daybook.settings.accounts, daybook.ledger.clock) as accounts:
        refuse_unless_shown(accounts, daybook.people, person, code)
        daybook.people.record((event,), by)
    if as_json:
        session.answers({"command_id": by.command_id, "events": [event]})
    else:
        session.says(f"Recorded: the account {person} is in its person's hands. From now on it signs.")


@people.command("list")
def list_(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """List everybody who has or had an account, with their roles."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        found = daybook.people.current().persons
    if as_json:
        session.answers(
            [
                {"person": one.id, "name": one.name, "here": one.here, "verified": one.verified, "roles": list(one.roles.values())}
                for one in found.values()
            ]
        )
        return
    table = grid("Person", "Name", "Role", "Site", "Delegated", "Trained", "State")
    for _, one in sorted(found.items()):
        state = ("signs" if one.verified else "nobody has vouched yet") if one.here else "has left"
        for each in one.roles.values() or (None,):
            role = (
                ("none", "", "", "") if each is None else (each.role, each.site or "every site", str(each.delegated), _said(each.trained))
            )
            table.add_row(one.id, one.name, *role, state)
    session.shows(table)


def _looked_after(daybook: Daybook, session: Session, events: tuple[Administered, ...], by: Circumstances) -> Mapping[str, str]:
    with accounts_at(daybook.settings.accounts, session.clock) as accounts:
        return Staff(daybook.authority, accounts, daybook.settings.proved_by).decide(events, by)


def _words(event: Administered) -> str:
    match event:
        case PersonAdmitted():
            return f"{event.person} admitted as {event.name}"
        case RoleGranted():
            return f"{event.person} is {event.role} at {event.site or 'every site'} from {event.delegated} on"
        case RoleWithdrawn():
            return f"{event.person} is no longer {event.role} at {event.site or 'every site'}"
        case PersonLeft():
            return f"{event.person} has left"


def _said(trained: date | None) -> str:
    return "not yet" if trained is None else str(trained)


def _date(typed: str) -> date:
    return day_of(typed, "write 2026-03-01")
