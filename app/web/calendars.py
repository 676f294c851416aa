"""The calendar feed of each person, at an address that is itself the key, and the giving out of such addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.calendar import Publisher
from app.web.answering import page
from app.web.door import Turnstile
from app.web.needs import Somebody, office_of
from app.web.office import Office
from domain.doorkeeping import CalendarAddressGiven, CalendarAddressTakenBack
from domain.participant import PARTICIPANT
from domain.scheduled import Scheduled, withdrawn
from projections.calendar import Calendar, Record, calendar

calendars = APIRouter(include_in_schema=False)
KEPT_BACK = timedelta(days=31)
"""How long what has passed by stays in a feed."""
MOST_KEPT = 32
"""Of how many combinations of sites the last feed is kept."""


@dataclass(frozen=True, slots=True)
class Written:
    """A feed as it was written: up to which position of the ledger and from which date on it tells."""

    position: int
    since: datetime
    body: bytes

    @property
    def tag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:32]}"'


@dataclass
class Feeds:
    """Writes a feed again only once something has changed, and whoever asks meanwhile waits for the one that is being written."""

    wrong: Turnstile = field(default_factory=Turnstile)
    """Counts whoever tries addresses that open nothing."""
    _kept: dict[frozenset[str], Written] = field(default_factory=dict)
    _withdrawn: dict[str, tuple[int, tuple[Scheduled, ...]]] = field(default_factory=dict)
    _writing: Lock = field(default_factory=Lock)

    def of(self, office: Office, sites: frozenset[str]) -> Written:
        """The feed of everybody at these sites as it stands. Raises Fault."""
        since = office.now.replace(hour=0, minute=0, second=0, microsecond=0) - KEPT_BACK
        with self._writing:
            kept = self._kept.get(sites)
            if kept is not None and (kept.position, kept.since) == (office.daybook.views.position(), since):
                return kept
            written = self._write(office, sites, since)
            self._kept.pop(sites, None)
            self._kept[sites] = written
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return written

    def _write(self, office: Office, sites: frozenset[str], since: datetime) -> Written:
        daybook = office.daybook
        found = calendar(daybook.views, sites, since)
        zones = {name: site.zone for name, site in daybook.participants.study().record.sites.items()}
        gone = self._gone(office, found, since)
        body = Publisher(daybook.desk.name, daybook.settings.public_address).published(found, gone, zones)
        return Written(found.position, since, body)

    def _gone(self, office: Office, found: Calendar, since: datetime) -> Mapping[str, tuple[Scheduled, ...]]:
        """What was withdrawn and has not passed by, of each participant of whom anything may have been."""
        return {
            record.participant: tuple(one for one in self._withdrawn_of(office, record) if one.ends >= since)
            for record in found.records
            if record.withdrew
        }

    def _withdrawn_of(self, office: Office, record: Record) -> tuple[Scheduled, ...]:
        version, known = self._withdrawn.get(record.participant, (0, ()))
        if version != record.version:
            entries = office.daybook.ledger.read(PARTICIPANT + record.participant)[: record.version]
            known = withdrawn(entries, office.daybook.participants.study())
            self._withdrawn[record.participant] = record.version, known
        return known


@calendars.get("/calendar/{secret}.ics")
def feed(request: Request, secret: str) -> Response:
    """The feed of whoever was given this address, of the sites where they may see participants today."""
    office, feeds = office_of(request), feeds_of(request)
    person = office.accounts.calendars.whose(secret)
    found = office.daybook.people.current().persons.get(person) if person else None
    if found is None or not found.here:
        lets = feeds.wrong.lets(request.client.host if request.client else "", office.now)
        return Response(status_code=HTTPStatus.NOT_FOUND if lets else HTTPStatus.TOO_MANY_REQUESTS)
    written = feeds.of(office, office.daybook.authority.rights(found.id).sites("see-participants"))
    headers = {"cache-control": "private, max-age=300", "etag": written.tag}
    if written.tag in {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(written.body, media_type="text/calendar; charset=utf-8", headers=headers)


@calendars.post("/profile/calendar")
def give(request: Request, asking: Somebody) -> Response:
    """A new secret address, shown this once; the one before opens nothing any more."""
    asking.office.daybook.people.note(CalendarAddressGiven(person=asking.person.id), "web")
    secret = asking.office.accounts.calendars.give(asking.person.id)
    address = f"{asking.office.daybook.settings.public_address}/calendar/{secret}.ics"
    return page(request, asking, "calendar_given.html", calendar_address=address)


@calendars.post("/profile/calendar/end")
def take_back(asking: Somebody) -> Response:
    """The address opens nothing any more."""
    if asking.office.accounts.calendars.take_back(asking.person.id):
        asking.office.daybook.people.note(CalendarAddressTakenBack(person=asking.person.id), "web")
    return RedirectResponse("/profile", HTTPStatus.SEE_OTHER)


def feeds_of(request: Request) -> Feeds:
    """The feeds of this process."""
    feeds: Feeds = request.app.state.feeds
    return feeds
