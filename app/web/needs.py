"""What each address needs of whoever asks: stated where the address is declared, and seen to before anything is read."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.accounts.accesses import Look
from app.watching import LONGEST, noted
from app.web.office import Asking, Office
from domain.doorkeeping import AccessRefused
from domain.rejections import Reason, Refused
from domain.words import Action

COOKIE = "daybook"
BEARER = "Bearer "
OF_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
OF_PARTICIPANTS: frozenset[Action] = frozenset({"see-participants", "see-history"})
"""What lists of participants are shown for."""
KEPT_UP_TO_DATE, LIVE = "/worklist", "/worklist/live"
"""The one page that asks for itself anew, and where it listens for when to."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SCHEME = HTTPBearer(auto_error=False, scheme_name="session", description="The token of a session, which `POST /api/session` begins.")
"""How the description of the interface says that one has signed in."""


class NotSignedIn(Exception):
    """Nobody knows who asks; they are sent to the door."""


class Forged(Exception):
    """A form was sent that this desk did not show to whoever sent it."""


def office_of(request: Request) -> Office:
    """What this process stands on."""
    office: Office = request.app.state.office
    return office


def for_programs(request: Request) -> bool:
    """Whether a program asks, and is answered in JSON."""
    return request.url.path.startswith("/api/")


def shown_secret(request: Request) -> str:
    """The secret of the session that somebody shows: browsers a cookie, programs a bearer's token."""
    token = request.headers.get("authorization", "")
    return token.removeprefix(BEARER) if token.startswith(BEARER) else request.cookies.get(COOKIE, "")


def asking_by(request: Request, secret: str) -> Asking | None:
    """Whose session has this secret; None where it is nobody's, or nobody's who is still here."""
    office = office_of(request)
    session = office.accounts.sessions.find(secret, by_itself=_by_itself(request)) if secret else None
    person = office.daybook.people.current().persons.get(session.person) if session else None
    if session is None or person is None or not person.here:
        return None
    rights = office.daybook.authority.rights(person.id)
    return Asking(office, session, person, "api" if for_programs(request) else "web", rights)


async def shown_again(request: Request) -> str:
    """What a form shows again of the session in which it was shown: a field, or a header where a script sends it."""
    shown = request.headers.get("x-csrf-token", "")
    if shown or request.method in SAFE or not request.headers.get("content-type", "").startswith(OF_FORMS):
        return shown
    return str((await request.form()).get("csrf", ""))


Shown = Annotated[str, Depends(shown_again)]
InASession = Annotated[object, Depends(SCHEME)]


def asking(request: Request, shown: Shown, _: InASession) -> Asking:
    """Who asks, once it is known that this desk showed them the form that they sent. Raises NotSignedIn or Forged.

    Whatever needs more calls this instead of depending on it: it is all found out in one thread, since each change of threads waits for
    whoever works in another.
    """
    found = asking_by(request, shown_secret(request))
    if found is None:
        raise NotSignedIn
    by_token = request.headers.get("authorization", "").startswith(BEARER)
    if request.method not in SAFE and not by_token and not compare_digest(shown.encode(errors="replace"), found.session.csrf.encode()):
        raise Forged
    return found


Somebody = Annotated[Asking, Depends(asking)]
"""Whoever asks, once they have signed in."""


def _by_itself(request: Request) -> bool:
    """Whether a page asks without anybody at it, because it keeps itself up to date: that keeps no session alive.

    Only the worklist does; what anything else says of itself in a header is nothing to go by.
    """
    path = request.url.path
    return path == LIVE or (path == KEPT_UP_TO_DATE and "hx-request" in request.headers)


@dataclass(frozen=True)
class Needs:
    """The action that an address stands for. Where it names a participant, both the participant and the action must be this person's.

    `somebody_new` names a participant who is on no record yet; at which site the action is this person's is asked once that is read.
    `unread` asks for a record that need not be one that can be read.
    """

    action: Action
    somebody_new: bool = False
    unread: bool = False

    def __call__(self, request: Request, shown: Shown, session: InASession) -> Asking:
        """Who asks, once they may. Raises NotSignedIn or Forged, and Refused as Authority does, once that is recorded."""
        found = asking(request, shown, session)
        authority = found.office.daybook.authority
        participant = request.path_params.get("participant")
        if participant is not None and not self.somebody_new:
            site = authority.seen(found.person.id, participant, found.source, unread=self.unread)
            if self.action != "see-participants":  # Which is what they have just been found to be allowed.
                authority.permit(found.person.id, self.action, site, found.source, participant=participant)
            note_look(request, found, participant, site)
            return found.about(participant, site)
        if not found.may(self.action):
            found.office.daybook.people.note(AccessRefused(person=found.person.id, action=self.action), found.source)
            raise Refused(Reason(code="not-allowed", says=f"you have no role that may {self.action.replace('-', ' ')}"))
        if self.action in OF_PARTICIPANTS and not _by_itself(request):
            note_look(request, found)
        return found


def note_look(request: Request, asking: Asking, participant: str | None = None, site: str | None = None) -> None:
    """Note who looks at what, before anything is shown: at a participant always, for nobody can tell who sits before a page."""
    look = Look(asking.person.id, request.url.path[:LONGEST], asking.source, participant, site)
    noted(asking.office.accounts.accesses, asking.office.daybook.people, look)


SeeingSystem = Annotated[Asking, Depends(Needs("see-system"))]
"""Whoever asks, of how the system and the study as a whole are doing."""
Seeing = Annotated[Asking, Depends(Needs("see-participants"))]
"""Whoever asks, of participants whom they may see."""
SeeingHistory = Annotated[Asking, Depends(Needs("see-history"))]
"""Whoever asks, of what was recorded of participants, entry by entry."""
Admitting = Annotated[Asking, Depends(Needs("admit-people"))]
"""Whoever looks after the accounts of others."""
