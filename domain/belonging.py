"""Whose an entry is that stands in no participant's record: a site's or the whole study's, and of whom it tells.

Whoever may see the history of a site sees what is the site's; what is the whole study's takes a role for every site.
"""

from collections.abc import Mapping
from typing import NamedTuple, assert_never

from domain.contacts import ContactNamed, ContactRemoved
from domain.doorkeeping import (
    DOOR,
    AccessesSealed,
    AccessRefused,
    CalendarAddressGiven,
    CalendarAddressTakenBack,
    DoorEvent,
    PasswordSet,
    SignedIn,
    SignedOut,
    TurnedAway,
    Unlocked,
)
from domain.handing_out import HANDED_OUT, CopyCertified, CutHandedOut, HandingOut, HeadGiven
from domain.keeping import DataCutMade, IdentifiersErased, RetentionSet
from domain.participant import PARTICIPANT
from domain.people import (
    PEOPLE,
    AccessGiven,
    IdentityVerified,
    PeopleEvent,
    PersonAdmitted,
    PersonLeft,
    RoleGranted,
    RoleWithdrawn,
)
from domain.searching import REVIEWS, EntriesReviewed, Question, ReviewEvent, Shelf
from domain.study import (
    STUDY,
    ConsentFormApproved,
    DrugClassified,
    ProtocolApproved,
    ProtocolReleased,
    ReferenceAdopted,
    Ruled,
    SiteOpened,
    StudyEvent,
    StudyOpened,
    TimeZoneDataAdopted,
)

CALLED: Mapping[str, Shelf] = {
    PARTICIPANT: "participants",
    STUDY: "study",
    PEOPLE: "people",
    DOOR: "door",
    REVIEWS: "reviews",
    HANDED_OUT: "handed-out",
}
"""How the streams of each shelf are called, before a participant's code or the study's name."""


def shelf_of(stream: str) -> Shelf | None:
    """The shelf on which a stream stands; None for one that this program does not know."""
    return CALLED.get(stream[: stream.find(":") + 1])


class Belongs(NamedTuple):
    """The site whose an entry is, or None where it is the whole study's; and the participant and the person of whom it tells."""

    site: str | None = None
    participant: str | None = None
    person: str | None = None


def belongs(event: StudyEvent | PeopleEvent | DoorEvent | ReviewEvent | HandingOut) -> Belongs:
    """Whose something is that was recorded around the participants' records; where that is in doubt, the whole study's."""
    match event:
        case SiteOpened() | ProtocolApproved() | ConsentFormApproved() | HeadGiven():
            return Belongs(event.site)
        case RoleGranted() | RoleWithdrawn() | ContactNamed():
            return Belongs(event.site, person=event.person)
        case AccessRefused():
            return Belongs(_refused_at(event), event.participant, event.person)
        case IdentifiersErased() | CopyCertified():
            return Belongs(_named_by(event.participant), event.participant)
        case EntriesReviewed():
            return Belongs(_reviewed_at(event.question), event.question.participant)
        case PersonAdmitted() | PersonLeft() | AccessGiven() | IdentityVerified() | ContactRemoved():
            return Belongs(person=event.person)
        case SignedIn() | SignedOut() | TurnedAway() | PasswordSet() | Unlocked() | AccessesSealed():
            return Belongs(person=event.person)
        case CalendarAddressGiven() | CalendarAddressTakenBack():
            return Belongs(person=event.person)
        case StudyOpened() | ProtocolReleased() | ReferenceAdopted() | TimeZoneDataAdopted() | Ruled() | DrugClassified():
            return Belongs()
        case RetentionSet() | DataCutMade() | CutHandedOut():
            return Belongs()
        case _:
            assert_never(event)


def _named_by(participant: str | None) -> str | None:
    """The site of a participant, with which the code begins."""
    return participant.partition("-")[0] if participant else None


def _refused_at(refused: AccessRefused) -> str | None:
    """The site at which somebody asked in vain, unless they named a participant of another one: no site hears of another's codes."""
    return refused.site if refused.participant is None or _named_by(refused.participant) == refused.site else None


def _reviewed_at(question: Question) -> str | None:
    """The one site of which everything was that was reviewed."""
    return question.sites[0] if len(question.sites) == 1 and not question.whole_study else None
