"""What happened at the door: who signed in and out, who was turned away, and what somebody asked for that was not theirs.

These facts have a stream of their own. No decision about the trial rests on them; whoever audits the study reads them.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field

from domain.base import Value
from domain.words import Action, Digest, Name, ParticipantId, SiteId

DOOR = "door:"
"""How the stream of what happened at the door is called, before the study's name."""


class SignedIn(Value):
    """Somebody proved who they are and began to work."""

    kind: Literal["signed-in.v1"] = "signed-in.v1"
    person: Name
    by: Literal["password", "identity-provider"]


class SignedOut(Value):
    """Somebody ended a session: their own, or an administrator another's."""

    kind: Literal["signed-out.v1"] = "signed-out.v1"
    person: Name
    sessions: Annotated[int, Field(ge=1)] = 1


class TurnedAway(Value):
    """Somebody did not prove who they say they are; after several times nobody is let in under that name for a while."""

    kind: Literal["turned-away.v1"] = "turned-away.v1"
    person: Name
    locked: bool = False


class AccessRefused(Value):
    """Somebody who had signed in asked for what they may not do: at a site, or (None) in the study as a whole."""

    kind: Literal["access-refused.v1"] = "access-refused.v1"
    person: Name
    action: Action
    site: SiteId | None = None
    participant: ParticipantId | None = None


class PasswordSet(Value):
    """Somebody chose a password; the password itself is kept nowhere. Older entries tell so too of one that an administrator gave them."""

    kind: Literal["password-set.v1"] = "password-set.v1"
    person: Name
    chosen: bool


class Unlocked(Value):
    """An administrator lets somebody try again who had failed too often."""

    kind: Literal["unlocked.v1"] = "unlocked.v1"
    person: Name


class CalendarAddressGiven(Value):
    """Somebody had a secret address given to them, by which a calendar shows the dates they may see; the one before opens nothing more."""

    kind: Literal["calendar-address-given.v1"] = "calendar-address-given.v1"
    person: Name


class CalendarAddressTakenBack(Value):
    """Somebody's secret address opens nothing any more."""

    kind: Literal["calendar-address-taken-back.v1"] = "calendar-address-taken-back.v1"
    person: Name


class AccessesSealed(Value):
    """The account of who looked at whom reaches up to the row of this number, which has this hash; somebody's look began a new day."""

    kind: Literal["accesses-sealed.v1"] = "accesses-sealed.v1"
    person: Name
    number: Annotated[int, Field(ge=1)]
    hash: Digest


DoorEvent = Annotated[
    SignedIn
    | SignedOut
    | TurnedAway
    | AccessRefused
    | PasswordSet
    | Unlocked
    | CalendarAddressGiven
    | CalendarAddressTakenBack
    | AccessesSealed,
    Field(discriminator="kind"),
]
DOOR_EVENTS = get_args(get_args(DoorEvent)[0])
