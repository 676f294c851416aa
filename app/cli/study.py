"""The study itself: opened, its sites, the versions that are released, approved and adopted, and what it has ruled."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Annotated, Any, NamedTuple, TypeVar

import typer

from app.cli.asking import AS_JSON, COMMON, Options, command, opened_list, signed, understood
from app.cli.joining import Form, form_in
from app.cli.reading import AtHand, Reads, whole
from app.cli.session import Session, grid, session_of
from app.cli.speaking import IN_THE_WAY
from app.clinic_time import SiteClock, day_of, hour_of
from app.status import erasures_left
from app.wiring import Daybook, time_zone_data
from domain import study as s
from domain.contacts import ContactNamed, ContactRemoved, ContactRole, MailAddress, Preference, WebAddress
from domain.decided import to_decide
from domain.entry import Circumstances
from domain.keeping import DataCutMade, IdentifiersErased, RetentionSet
from domain.rejections import Reason, Refused
from domain.time import MINUTE, Zone, shown
from domain.unclassified import Unclassified, unclassified
from domain.words import Name, ParticipantId, Rung, Sentence, SiteId
from store.errors import NotCarriedOut, StoreError

study = typer.Typer(help="Set up the study: its sites, the versions of its protocol, and what it has ruled.")
VERSION = typer.Argument(metavar="VERSION", help="The number of the version.", show_default=False)
PERSON = Annotated[Name, typer.Argument(metavar="PERSON", help="The person's id, such as m-weber.", show_default=False)]
SITE = Annotated[SiteId, typer.Argument(metavar="SITE", help="The site, such as BER.", show_default=False)]
F = TypeVar("F", bound=Callable[..., tuple[s.StudyEvent, ...]])


class Decided(NamedTuple):
    """What was put on record about the study, and what was then in the way of carrying it out."""

    events: tuple[s.StudyEvent, ...]
    by: Circumstances
    hindered: NotCarriedOut | None = None


def decides(question: F) -> F:
    """Declare a function from what was typed, once it is read, to what is recorded about the study as a command of the same name."""
    opens = question.__name__ == "open_"

    def decided(daybook: Daybook, session: Session, typed: Options) -> Decided:
        events, by = understood(question, COMMON, typed, daybook, session)
        by = signed(by, typed["sign"], to_decide(daybook.desk.name, events, by))
        try:
            daybook.authority.decide(events, by)
        except NotCarriedOut as hindered:
            return Decided(events, by, hindered)
        return Decided(events, by)

    def decide(ctx: typer.Context, **typed: Any) -> None:
        session = session_of(ctx)
        if opens:
            with session.rehearsal() as nothing_yet:
                decided(nothing_yet, session, typed)
        with session.daybook(create=opens) as daybook:
            events, by, hindered = decided(daybook, session, typed)
            if session.as_json:
                session.answers({"study": daybook.desk.name, "command_id": by.command_id, "events": events})
            else:
                session.says(f"Recorded for the study {daybook.desk.name}: {_in_words(events)}.")
            if hindered is not None:
                session.warns(str(hindered))
                raise typer.Exit(IN_THE_WAY)
            if any(isinstance(event, IdentifiersErased) for event in events):
                tell_what_is_left(daybook, session)

    command(study, question, decide, {"ctx": typer.Context}, COMMON)
    return question


def tell_what_is_left(daybook: Daybook, session: Session) -> None:
    """Say what is not done yet of what was decided. The decision is on record, so nothing that is in the way of asking is its refusal."""
    try:
        left = tuple(erasures_left(daybook.erasures.unfinished(), daybook.erasures.not_begun()))
    except StoreError as trouble:
        left = (f"nobody can tell whether that is done everywhere, since something is in the way: {trouble} See `daybook status`",)
    for says in left:
        session.warns(f"Not done yet: {says}.")


def _released(daybook: Daybook) -> Callable[[str], s.ProtocolReleased]:
    """Reads the number of a protocol whose file is there."""

    def read(typed: str) -> s.ProtocolReleased:
        version = whole(typed)
        return s.ProtocolReleased(protocol=version, digest=daybook.files.protocol(daybook.desk.name, version).digest)

    return read


def _adopted(daybook: Daybook) -> Callable[[str], s.ReferenceAdopted]:
    """Reads the number of a drug reference whose file is there."""

    def read(typed: str) -> s.ReferenceAdopted:
        version = whole(typed)
        return s.ReferenceAdopted(reference=version, digest=daybook.files.reference(version).digest)

    return read


def _a_minute_that_is_over(daybook: Daybook) -> Callable[[str], datetime]:
    """Reads an instant on the clocks of UTC, which the whole study shares; `now` is the last minute that is over."""
    clock = SiteClock("UTC", daybook.ledger.clock() - MINUTE)
    return lambda typed: clock.instant(typed, "write 2026-03-01 10:30, in UTC")


@decides
def open_(
    name: Annotated[str, AtHand(lambda daybook: daybook.desk.name)],
    *,
    demonstration: Annotated[
        bool, typer.Option("--demonstration", help="Synthetic participants only; this can never become a real study.")
    ] = False,
    reference: Annotated[
        s.ReferenceAdopted,
        Reads(_adopted, otherwise="1"),
        typer.Option(metavar="VERSION", help="The version of the drug reference to begin with."),
    ],
) -> tuple[s.StudyEvent, ...]:
    """Open the study in a ledger, which is made if there is none yet, and with it the master key."""
    opened = s.StudyOpened(study=name, demonstration=demonstration)
    return opened, s.TimeZoneDataAdopted(version=time_zone_data()), reference


@decides
def site(
    name: SITE,
    zone: Annotated[Zone, typer.Argument(metavar="ZONE", help="Its time zone, such as Europe/Berlin.", show_default=False)],
    *,
    opens: Annotated[time, Reads(lambda _: hour_of, otherwise="08:00"), typer.Option(metavar="HH:MM", help="When work begins there.")],
    closes: Annotated[time, Reads(lambda _: hour_of, otherwise="17:00"), typer.Option(metavar="HH:MM", help="When work ends there.")],
) -> tuple[s.StudyEvent, ...]:
    """Open a site with its time zone and working hours, which stay as they are."""
    return (s.SiteOpened(site=name, zone=zone, opens=opens, closes=closes),)


@decides
def release(version: Annotated[s.ProtocolReleased, Reads(_released), VERSION]) -> tuple[s.StudyEvent, ...]:
    """Release a version of the protocol, bound by the digest of its file; every fault in the file is named."""
    return (version,)


@decides
def approve(version: Annotated[int, VERSION], site: SITE) -> tuple[s.StudyEvent, ...]:
    """Record that the ethics committee of a site approved a version of the protocol."""
    return (s.ProtocolApproved(protocol=version, site=site),)


@decides
def approve_form(
    site: SITE,
    form: Annotated[Form, Reads(lambda _: form_in), typer.Argument(metavar="FILE", help="The file of the form.", show_default=False)],
    *,
    since: Annotated[date, Reads(lambda _: _date), typer.Option(metavar="DATE", help="From which date on it is in use at the site.")],
) -> tuple[s.StudyEvent, ...]:
    """Record that the ethics committee of a site approved a version of the consent form, bound by the digest of its file."""
    return (s.ConsentFormApproved(site=site, form=form.name, digest=form.digest, since=since),)


@decides
def adopt(version: Annotated[s.ReferenceAdopted, Reads(_adopted), VERSION]) -> tuple[s.StudyEvent, ...]:
    """Put a version of the drug reference in force, bound by the digest of its file."""
    return (version,)


@decides
def adopt_time_zones() -> tuple[s.StudyEvent, ...]:
    """Put the time-zone data of this machine in force, after it was brought up to date."""
    return (s.TimeZoneDataAdopted(version=time_zone_data()),)


@decides
def keep_until(
    until: Annotated[date, Reads(lambda _: _date), typer.Argument(metavar="DATE", help="The last date.", show_default=False)],
) -> tuple[s.StudyEvent, ...]:
    """Set until when the record is kept with everything that identifies participants; it is never made shorter."""
    return (RetentionSet(until=until),)


@decides
def erase(
    participant: Annotated[ParticipantId, typer.Argument(metavar="PARTICIPANT", help="Whose identity is erased.", show_default=False)],
    *,
    approved_by: Annotated[Sentence, typer.Option(metavar="WHO", help="Who allowed it, and by which document.")],
    legal_decision: Annotated[Sentence | None, typer.Option(metavar="WHICH", help="By which decision, before its time.")] = None,
) -> tuple[s.StudyEvent, ...]:
    """Make what identifies a participant unreadable for good, by destroying its key; every proof stays. Takes --sign and --reason."""
    return (IdentifiersErased(participant=participant, approved_by=approved_by, legal_decision=legal_decision),)


@decides
def cut(
    name: Annotated[Name, typer.Argument(metavar="NAME", help="What the cut is called, such as dsmb-2.", show_default=False)],
    *,
    purpose: Annotated[Sentence, typer.Option(metavar="TEXT", help="What it is for.")],
    recorded_by: Annotated[datetime, Reads(_a_minute_that_is_over), typer.Option(metavar="UTC", help="What had been recorded by then.")],
    occurred_by: Annotated[datetime, Reads(_a_minute_that_is_over), typer.Option(metavar="UTC", help="What had happened by then.")],
) -> tuple[s.StudyEvent, ...]:
    """Make a data cut: name and sign a pair of both clocks, through which the record is shown and counted. Takes --sign."""
    return (DataCutMade(name=name, purpose=purpose, recorded_by=recorded_by, occurred_by=occurred_by),)


@decides
def rule(
    current: Annotated[s.Study, AtHand(lambda daybook: daybook.desk.current())],
    ruling: Annotated[str, typer.Argument(metavar="RULING", help="The question, as the protocol names it.", show_default=False)],
    choice: Annotated[str, typer.Argument(metavar="CHOICE", help="One of the choices that the protocol offers.", show_default=False)],
) -> tuple[s.StudyEvent, ...]:
    """Settle a question that the protocol leaves to the study, for everybody."""
    offered = _rulings(current).get(ruling)
    if offered is None:
        raise Refused(Reason(code="unknown-ruling", says=f"no released protocol asks for a ruling on {ruling}"))
    if choice not in offered:
        raise Refused(Reason(code="unknown-choice", says=f"{choice} is not offered for {ruling}; these are: {', '.join(offered)}"))
    return (s.Ruled(ruling=ruling, choice=choice),)


@decides
def classify(
    drug: Annotated[Name, typer.Argument(metavar="DRUG", help="The drug or vaccine, as it stands on record.", show_default=False)],
    *,
    class_: Annotated[list[str] | None, typer.Option("--class", help="A class that the reference names; can be repeated.")] = None,
    outside_every_class: Annotated[bool, typer.Option("--outside-every-class", help="In no class that the reference names.")] = False,
) -> tuple[s.StudyEvent, ...]:
    """As the medical monitor, say of which classes a drug is that the reference does not list: for everybody, from now on."""
    if bool(class_) == outside_every_class:
        raise Refused(Reason(code="not-understood", says="give either --class, once for each class, or --outside-every-class"))
    return (s.DrugClassified(drug=drug, classes=tuple(class_ or ())),)


@decides
def contact(  # noqa: PLR0913 - Each argument is an option of the command.
    person: PERSON,
    *,
    role: Annotated[list[ContactRole], typer.Option(metavar="ROLE", help="For whom something must be to reach them; can be repeated.")],
    site: Annotated[SiteId | None, typer.Option(help="At this site only; without this, at every site.")] = None,
    mail: Annotated[MailAddress | None, typer.Option(help="Their mail address at work.")] = None,
    webhook: Annotated[WebAddress | None, typer.Option(metavar="URL", help="The address of their pager.")] = None,
    rung: Annotated[Rung | None, typer.Option(help="Their place on the ladder that is climbed until somebody acknowledges.")] = None,
    urgent: Annotated[Preference, typer.Option(help="How to tell what cannot wait.")] = "mail",
    timely: Annotated[Preference, typer.Option(help="How to tell what is for working hours.")] = "mail",
    digest: Annotated[Preference, typer.Option(help="How to tell what is for the morning.")] = "mail",
) -> tuple[s.StudyEvent, ...]:
    """Name a person who is told when something falls due, or change how; what goes to the inbox is not sent."""
    return (
        ContactNamed(
            person=person,
            roles=tuple(role),
            site=site,
            mail=mail,
            webhook=webhook,
            rung=rung,
            urgent=urgent,
            timely=timely,
            digest=digest,
        ),
    )


@decides
def remove_contact(person: PERSON) -> tuple[s.StudyEvent, ...]:
    """Tell a person nothing from here on."""
    return (ContactRemoved(person=person),)


@study.command()
def drugs(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """List the drugs on record that nobody has classified: they wait for the medical monitor, once for the whole study."""
    session = session_of(ctx)
    with opened_list(ctx) as daybook:
        everybody = (daybook.participants.read(id).participant for id in daybook.participants.ids())
        queue = unclassified(everybody, daybook.desk.current(), session.clock())
    if as_json:
        session.answers({"unclassified": queue})
    elif not queue:
        session.says("No drug waits to be classified.")
    else:
        session.shows(_waiting(queue))


def _waiting(queue: Iterable[Unclassified]) -> Any:
    table = grid("Drug", "First recorded", "Participants", "Stands in the way of")
    for one in queue:
        ways = "; ".join(f"{', '.join(parts)} ({id})" for id, parts in one.in_the_way_of.items())
        table.add_row(one.drug, shown(one.since, one.zone), str(len(one.participants)), ways or "nothing yet")
    return table


@study.command()
def show(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Show the study as it stands."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        current = daybook.desk.current()
    if as_json:
        session.answers(current.record)
        return
    record = current.record
    kind = "a demonstration with synthetic participants" if record.demonstration else "not a demonstration"
    session.says(f"Study {record.name}, {kind}; time-zone data {record.time_zone_data}.")
    session.shows(_sites(record))
    session.shows(_versions(record))
    if record.contacts:
        session.shows(_contacts(record))
    for name, choices in _rulings(current).items():
        ruled = record.rulings.get(name)
        settled = f"{ruled}. {choices[ruled]}" if ruled else f"not settled; the choices are: {', '.join(choices)}"
        session.says(f"Ruling {name}: {settled}")
    for drug in record.classified.values():
        session.says(f"Drug {drug.drug}: {', '.join(drug.classes) or 'outside every class'}")


def _sites(record: s.StudyRecord) -> Any:
    table = grid("Site", "Time zone", "Working hours", "Approved protocols")
    for name, opened in sorted(record.sites.items()):
        approved = sorted(version for site, version in record.approved if site == name)
        table.add_row(name, opened.zone, f"{opened.opens:%H:%M} to {opened.closes:%H:%M}", ", ".join(map(str, approved)) or "none yet")
    return table


def _contacts(record: s.StudyRecord) -> Any:
    table = grid("Contact", "Roles", "Site", "Rung", "Urgent by", "Timely by", "Digest by")
    for person, one in sorted(record.contacts.items()):
        table.add_row(person, ", ".join(one.roles), one.site or "every site", one.rung or "", one.urgent, one.timely, one.digest)
    return table


def _versions(record: s.StudyRecord) -> Any:
    table = grid("What", "Version", "SHA-256 of the file")
    for what, versions in (("protocol", record.released), ("drug reference", record.references)):
        for version, digest in sorted(versions.items()):
            table.add_row(what, str(version), digest)
    return table


def _rulings(current: s.Study) -> dict[str, dict[str, str]]:
    """The questions that released protocols leave to the study, with the choices they offer."""
    return {name: dict(ruling.choices) for protocol in current.protocols.values() for name, ruling in protocol.rulings.items()}


def _in_words(events: Iterable[s.StudyEvent]) -> str:
    return "; ".join(_words(event) for event in events)


def _words(event: s.StudyEvent) -> str:
    match event:
        case s.StudyOpened():
            return f"opened{' as a demonstration' if event.demonstration else ''}"
        case s.SiteOpened():
            return f"site {event.site} in {event.zone}, open from {event.opens:%H:%M} to {event.closes:%H:%M}"
        case s.ProtocolReleased():
            return f"version {event.protocol} of the protocol released"
        case s.ProtocolApproved():
            return f"version {event.protocol} of the protocol approved at {event.site}"
        case s.ConsentFormApproved():
            return f"{event.form} approved at {event.site}, in use from {event.since} on"
        case s.ReferenceAdopted():
            return f"version {event.reference} of the drug reference adopted"
        case s.TimeZoneDataAdopted():
            return f"time-zone data {event.version} adopted"
        case s.Ruled():
            return f"ruled on {event.ruling}: {event.choice}"
        case ContactNamed():
            return f"contact {event.person} named for {', '.join(event.roles)} at {event.site or 'every site'}"
        case ContactRemoved():
            return f"contact {event.person} removed"
        case RetentionSet():
            return f"kept with everything in it until the end of {event.until}"
        case IdentifiersErased():
            return f"what identifies {event.participant} is to be erased for good"
        case DataCutMade():
            return f"data cut {event.name} made"
        case s.DrugClassified():
            return f"{event.drug} classified: {', '.join(event.classes) or 'outside every class'}"


def _date(typed: str) -> date:
    return day_of(typed, "write 2026-03-01")
