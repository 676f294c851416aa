"""Forms by which something is decided about the study by signature, read as the command line reads the same decision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4

from fastapi import Depends
from pydantic import TypeAdapter

from app.cli.asking import COMMON
from app.cli.reading import Annotations, Heard, annotations_of, shaped
from app.web.fields import Typed, as_typed
from app.web.forms import one_of
from app.web.in_vain import TROUBLES, Trouble, in_vain
from app.web.needs import Needs
from app.web.office import Asking, Signing, Stated
from domain.entry import Actor, Circumstances
from domain.rejections import Reason
from domain.study import StudyEvent
from store.errors import NotCarriedOut

Deciding = Annotated[Asking, Depends(Needs("run-study"))]
COMMAND = TypeAdapter(UUID)
STATED: Annotations = {"reason": COMMON["reason"], "meaning": COMMON["sign"]}


@dataclass(frozen=True, slots=True)
class Form:
    """Such a form as it is shown: what was typed, what is wrong with that, and the id under which it is sent."""

    typed: Typed = field(default_factory=dict)
    command_id: UUID = field(default_factory=uuid4)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    confirms: str = ""
    """What the button sends that commits to what was shown, and to nothing else; empty where nothing was."""

    def said(self, name: str, otherwise: str = "") -> str:
        """What stands in a field: what was typed there, or how it is best begun."""
        return one_of(self.typed, name) if name in self.typed else otherwise

    def word(self, name: str) -> str:
        """A word that was read from a field."""
        return self.said(name).strip()

    def fault(self, name: str, *codes: str) -> str:
        """What is wrong with a field: it cannot be read, or what is asked for is refused for a reason about it."""
        return "; ".join((*self.faults.get(name, ()), *(reason.says for reason in self.reasons if reason.code in codes)))

    def again(self, trouble: Trouble) -> "Form":
        """The same form, once nothing has come of it."""
        why = in_vain(trouble)
        return replace(self, command_id=why.again(self.command_id), reasons=why.reasons, status=why.status)


class Decision(NamedTuple):
    """What a form decides, how it comes to be decided, and the signature that it offers."""

    events: tuple[StudyEvent, ...]
    by: Circumstances
    signing: Signing | None


def understood(question: Callable[..., tuple[StudyEvent, ...]], asking: Asking, typed: Typed) -> tuple[Decision | None, Form]:
    """What a form decides; None where it cannot be read, and then the form says why beside each field."""
    heard, daybook = Heard(), asking.office.daybook
    command_id = shaped(lambda: COMMAND.validate_strings(one_of(typed, "command_id")))
    stated = heard.read(STATED, {name: one_of(typed, name).strip() or None for name in STATED}, daybook)
    values = heard.read(annotations_of(question), as_typed(question, typed), daybook)
    form = Form(typed, command_id, heard.faults)
    if stated is None or values is None:
        return None, replace(form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    by = asking.circumstances(Actor(id=asking.person.id, role="administrator"), Stated(command_id, reason=stated["reason"]))
    meaning, proof, signer = stated["meaning"], one_of(typed, "password"), one_of(typed, "signer").strip()
    return Decision(question(**values), by, Signing(meaning, proof, signer) if meaning else None), form


def put(asking: Asking, decision: Decision, form: Form) -> Form | None:
    """Record what a form decides; or the form again, with why nothing came of it.

    What is on record and could not be carried out yet is not asked for again: the page of what was decided tells how far it is.
    """
    try:
        asking.decide(decision.events, decision.by, decision.signing)
    except NotCarriedOut:
        return None
    except TROUBLES as trouble:
        return form.again(trouble)
    return None
