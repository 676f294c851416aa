"""Whom the study tells when something falls due: people by their roles at a site, and how each of them wants to be told.

Addresses are those of staff at work. They are no clinical facts, and they never reach a log.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from domain.base import Value
from domain.rejections import Reason
from domain.words import RUNGS, Name, Role, Rung, SiteId, Urgency

MailAddress = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", max_length=254, to_lower=True),
]
WebAddress = Annotated[
    str,
    StringConstraints(
        pattern=r"^https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[1-9][0-9]{0,3}|:[1-5][0-9]{4}|:6[0-4][0-9]{3})?(/[!-~]*)?$", max_length=1000
    ),
]
"""Without name and password: what tells a receiver that a message is ours is its signature."""
Preference = Literal["mail", "webhook", "inbox"]
"""By which way somebody wants to be told; what goes to the inbox is only shown in Daybook itself."""
ContactRole = Literal["coordinator", "investigator", "pharmacist", "cell-lab", "medical-monitor", "administrator"]


class ContactNamed(Value):
    """From here on a person is told what falls due for these roles, at one site or (None) at all; a second naming replaces the first."""

    kind: Literal["contact-named.v1"] = "contact-named.v1"
    person: Name
    roles: Annotated[tuple[ContactRole, ...], Field(min_length=1)]
    site: SiteId | None = None
    mail: MailAddress | None = None
    webhook: WebAddress | None = None
    rung: Rung | None = None
    urgent: Preference = "mail"
    timely: Preference = "mail"
    digest: Preference = "mail"

    def wants(self, urgency: Urgency) -> Preference:
        """How this person wants to be told what is so urgent."""
        return {"urgent": self.urgent, "timely": self.timely, "digest": self.digest}[urgency]

    def serves(self, site: str) -> bool:
        return self.site is None or self.site == site


class ContactRemoved(Value):
    """A person is told nothing from here on."""

    kind: Literal["contact-removed.v1"] = "contact-removed.v1"
    person: Name


Contacts = Mapping[str, ContactNamed]


def addressed(contacts: Contacts, site: str, role: Role, urgency: Urgency) -> tuple[ContactNamed, ...]:
    """Who is sent what falls due for a role at a site; whoever looks into the inbox only is sent nothing."""
    return tuple(one for one in contacts.values() if role in one.roles and one.serves(site) and one.wants(urgency) != "inbox")


def ladder(contacts: Contacts, site: str, role: Role) -> tuple[tuple[ContactNamed, ...], ...]:
    """Whom to call for something urgent, rung by rung. The lowest includes those of the role who stand on none."""
    standing = [one for one in contacts.values() if one.rung and one.serves(site) and one.urgent != "inbox"]
    beside = tuple(one for one in addressed(contacts, site, role, "urgent") if one.rung is None)
    rungs = [tuple(one for one in standing if one.rung == rung) for rung in RUNGS]
    lowest, *higher = [rung for rung in rungs if rung] or [()]
    return tuple(rung for rung in (lowest + beside, *higher) if rung)


def their_own(event: ContactNamed, contacts: Contacts, person: str) -> bool:
    """Whether somebody who is named already only says how they themselves want to be told: not for what, where or on which rung."""
    was = contacts.get(person)
    return event.person == person and was is not None and (was.roles, was.site, was.rung) == (event.roles, event.site, event.rung)


def not_to_be_told(event: ContactNamed, sites: Collection[str]) -> Iterator[Reason]:
    """Why a person cannot be named as a contact."""
    if event.site is not None and event.site not in sites:
        yield Reason(code="unknown-site", says=f"there is no site {event.site}")
    wanted = {event.urgent, event.timely, event.digest}
    if "mail" in wanted and event.mail is None:
        yield Reason(code="no-address", says=f"{event.person} is to be told by mail and has no mail address")
    if "webhook" in wanted and event.webhook is None:
        yield Reason(code="no-address", says=f"{event.person} is to be told by webhook and has no address for it")
    if event.rung is not None and event.urgent == "inbox":
        yield Reason(code="unreachable", says=f"{event.person} stands on the ladder of what is urgent, and that is not left in an inbox")
