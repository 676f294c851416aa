"""Forms that were sent in vain: why, in words for whoever sent them, and under which id each is sent again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID, uuid4

from domain.rejections import Reason, Refused
from store.errors import CommandReused, Fault, LostRace

SENT_BEFORE = Reason(
    code="sent-before",
    says="this form was recorded already, and what was changed in it since was not: look at the record, then send it again if it holds",
)
NOT_READABLE = frozenset({"not-understood", "no-moment", "malformed", "not-a-time", "not-a-date", "no-number"})
"""The codes of what cannot be understood as it was sent."""
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


def in_vain(trouble: Trouble) -> InVain:
    """What whoever sent a form is told of why nothing came of it."""
    match trouble:
        case Refused(reasons=reasons):
            return InVain(reasons, refused_as(reasons))
        case CommandReused():
            return InVain((SENT_BEFORE,), HTTPStatus.CONFLICT, used=True)
        case _:
            return InVain((Reason(code="not-now", says=str(trouble)),), HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form of one line a field, as it is shown: what was typed, why nothing came of it, and the id under which it is sent again."""

    typed: Mapping[str, str] = field(default_factory=dict)
    why: InVain = NOT_SENT
    command_id: UUID = field(default_factory=uuid4)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.why.reasons

    def value(self, name: str) -> str:
        return self.typed.get(name, "")

    def fault(self, name: str) -> str:
        """What is wrong with a field."""
        return "; ".join(says for where, says in map(_split, self.reasons) if where == name)

    @property
    def beside_no_field(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if _split(reason)[0] not in self.typed)


def sent_in_vain(typed: Mapping[str, str], command_id: UUID, trouble: Trouble) -> Filled:
    """A form of which nothing came, as it is shown again."""
    why = in_vain(trouble)
    return Filled(typed, why, why.again(command_id) if typed else uuid4())


def refused_as(reasons: tuple[Reason, ...]) -> HTTPStatus:
    """What is answered by why something was refused: where any of it was understood and refused nevertheless, that weighs more."""
    codes = {reason.code for reason in reasons}
    if "too-many" in codes:
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.UNPROCESSABLE_ENTITY if codes <= NOT_READABLE else HTTPStatus.CONFLICT


def _split(reason: Reason) -> tuple[str, str]:
    where, _, says = reason.says.partition(": ")
    return where, says
