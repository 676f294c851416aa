"""Forms that were sent in vain: why, in words for whoever sent them, and under which id each is sent again."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Form

from domain.rejections import Reason, Refused
from store.errors import CommandReused, Fault, LostRace

SENT_BEFORE = Reason(
    code="sent-before",
    says="this form was recorded already, and what was changed in it since was not: look at the record, then send it again if it holds",
)
CommandId = Annotated[UUID, Form()]
"""The id under which a form is sent, which it carries unseen."""
Text = Annotated[str, Form()]
"""What stands in a field, which may be left blank: what is wrong with it is said beside it, by whoever reads it."""
Trouble = Refused | CommandReused | Fault | LostRace
TROUBLES = (Refused, CommandReused, Fault, LostRace)
"""What can become of a form, besides that it is recorded: each shows it again with all that was typed."""


@dataclass(frozen=True, slots=True)
class InVain:
    """Why nothing came of a form. Where its id was `used` for something else, it is sent again under another one."""

    reasons: tuple[Reason, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    used: bool = False

    def again(self, command_id: UUID) -> UUID:
        """The id under which the form is sent again: the same wherever that can be, so that nothing is recorded twice."""
        return uuid4() if self.used else command_id


NOT_SENT = InVain()
"""Nothing is wrong with a form that was not sent yet."""


def left_blank(**typed: str) -> Iterator[Reason]:
    """What must be said and was not, field by field."""
    return (Reason(code="malformed", says=f"{name}: something must be said") for name, said in typed.items() if not said)


def in_vain(trouble: Trouble) -> InVain:
    """What whoever sent a form is told of why nothing came of it."""
    match trouble:
        case Refused(reasons=reasons):
            return InVain(reasons, HTTPStatus.CONFLICT)
        case CommandReused():
            return InVain((SENT_BEFORE,), HTTPStatus.CONFLICT, used=True)
        case _:
            return InVain((Reason(code="not-now", says=str(trouble)),), HTTPStatus.SERVICE_UNAVAILABLE)
