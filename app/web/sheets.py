"""Sheets: the forms by which something is recorded about a participant, alone on a page or as a part of one that shows more."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import NonNegativeInt, TypeAdapter

import app.cli  # noqa: F401 - Whatever is asked at the command line is declared by it.
from app.cli.asking import BY_OTHERS, COMMON, QUESTIONS, Chart
from app.cli.reading import Annotations, Heard, annotations_of, shaped
from app.cli.session import Session
from app.web.answering import page
from app.web.asked import number_of
from app.web.fields import Field, Typed, as_typed, fields
from app.web.forms import one_of
from app.web.in_vain import TROUBLES, in_vain, refused_as
from app.web.office import Asking, Signing, Stated
from app.web.rehearsal import Rehearsal, rehearsed
from domain.access import asked_by
from domain.anchors import day_0
from domain.commands import PersonsCommand
from domain.entry import Entry
from domain.events import Event
from domain.rejections import Reason, Refused
from domain.words import Action
from projections.sentences import says
from store.participants import Outcome, Overtaken

SIGNED = frozenset({"screening.attest", "screening.condition", "visits.visit", "evidence.procedure"})
"""What asks for the investigator's signature in some cases, as the protocol says in which."""
BEYOND_TREATMENT = frozenset({"joining.confirmed-on-paper", "recordkeeping.correct", "recordkeeping.retract"})
"""What can be signed as well, since what it tells of may have been the investigator's."""
COMMAND, SEEN = TypeAdapter(UUID), TypeAdapter(NonNegativeInt)
OF_EVERY_FORM: Mapping[str, tuple[str, ...]] = {
    "reason": ("Reason", "Why, where a reason is needed: a late entry, a visit outside its window, a correction.", "reason-missing"),
    "document": ("Source document", "Where this was taken from."),
    "performed_by": ("Done by", "Who did it, if somebody else."),
    "witnessed_by": ("Witnessed by", "Who saw it."),
}
"""What they are called in the browser, the hint beneath each, and the codes of the refusals that are about it."""
CIRCUMSTANCES: Annotations = {"reason": COMMON["reason"], "document": COMMON["document"], **BY_OTHERS, "meaning": COMMON["sign"]}
"""What every form can say of how it came to be sent, read as the command line reads it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that can be asked for, by its name."""

    name: str
    title: str
    says: str
    ask: Callable[..., PersonsCommand]
    action: Action


@dataclass(frozen=True, slots=True)
class Asks:
    """A question as a page puts it, under a key of its own."""

    key: str
    question: Question
    title: str = ""
    says: str = ""
    button: str = "Record"
    fixed: Typed = field(default_factory=dict)
    """What the page answers itself, whatever is sent."""
    carried: Typed = field(default_factory=dict)
    """What stood on the page when it was shown: it comes back with the form, unseen."""
    begun: Typed = field(default_factory=dict)
    """How fields are best begun."""
    without: frozenset[str] = frozenset()
    """Fields that say nothing here."""
    open: bool = False
    meaning: str = ""
    """What a signature is most likely to mean."""
    foretold: bool = False
    """Whether what it would bring about stands beside its buttons already, so that one of them is enough."""

    @property
    def confirms(self) -> bool:
        """Whether it is shown what would move before it is recorded: whatever is said of a step moves the windows that hang on it."""
        return self.question.name.partition(".")[0] in {"steps", "treatment"} and not self.foretold

    @property
    def hidden(self) -> frozenset[str]:
        """The fields that nobody fills in."""
        return frozenset({*self.fixed, *self.carried, *self.without})

    @property
    def signs(self) -> bool:
        """Whether it can carry a signature: always for an investigator's judgement, else where a person may want to sign."""
        return self.question.action == "judge-by-signature" or self.question.name in SIGNED | BEYOND_TREATMENT


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it is shown: its fields, what is said beside them, why it was refused, and what it would bring about."""

    asks: Asks
    fields: tuple[Field, ...]
    stated: Mapping[str, str]
    command_id: UUID
    seen: int
    carried: tuple[tuple[str, str], ...] = ()
    reasons: tuple[Reason, ...] = ()
    changed: tuple[str, ...] = ()
    """What somebody else recorded meanwhile."""
    rehearsal: Rehearsal | None = None
    confirms: str = ""
    """What the button sends that commits to what was shown, and to nothing else; empty where one only looked."""
    status: HTTPStatus = HTTPStatus.OK
    on_record: bool = False
    """Whether that it was refused is itself on record, as it is of a step and of a confirmation."""
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What of it cannot be read, by the names of the fields that every form has."""

    @property
    def answered(self) -> bool:
        """Whether it was sent, and is shown again."""
        return bool(self.reasons or self.rehearsal or self.status != HTTPStatus.OK)

    def fault(self, name: str, *codes: str) -> str:
        """What is wrong with a field that every form has: it cannot be read, or what is asked for is refused for a reason about it."""
        refused = (reason.says for reason in self.reasons if reason.code in codes)
        return "; ".join((*self.faults.get(name, ()), *refused))

    @property
    def circumstances(self) -> tuple[Field, ...]:
        """The fields that every form has besides its own: why, from what, and by whom."""
        return tuple(self._of_every_form(name, *said) for name, said in OF_EVERY_FORM.items())

    def _of_every_form(self, name: str, label: str, hint: str, *codes: str) -> Field:
        said, fault = self.stated.get(name, ""), self.fault(name, *codes)
        return Field(name, label, hint, "text", True, value=(said,), faults=(fault,) if fault else (), filled_in=bool(said))  # noqa: FBT003 - A field's own order.

    @property
    def heading(self) -> str:
        """What stands above the reasons why nothing came of it."""
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return "This did not get through"
        return "Nothing was recorded but the refusal" if self.on_record else "Nothing was recorded"

    @property
    def open(self) -> bool:
        """Whether its fields are seen at once."""
        return self.asks.open or self.answered


@cache
def question(name: str) -> Question:
    """A question of the command line, by its module and name."""
    return question_of(name, QUESTIONS[name])


def question_of(name: str, ask: Callable[..., PersonsCommand]) -> Question:
    """A question, by the function that makes the request."""
    asks: type[Any] = inspect.signature(ask, eval_str=True).return_annotation
    title = name.partition(".")[2].replace("-", " ").capitalize()
    return Question(name, title, (ask.__doc__ or "").strip(), ask, asked_by(asks.model_construct()))


def chart_of(asking: Asking, participant: str) -> Chart:
    """The record of a participant, as the readers of what was typed want it."""
    return Chart(participant, asking.office.daybook, Session(asking.office.daybook.ledger.clock))


def begun(asks: Asks, chart: Chart, typed: Typed | None = None) -> Sheet:
    """A form that nobody has filled in, but for what an address says."""
    known = {**asks.begun, **(typed or {})}
    found = fields(asks.question.ask, chart, known, {}, asks.hidden)
    return Sheet(asks, found, {"meaning": asks.meaning}, uuid4(), chart.record.version, tuple(_pairs(asks.carried)))


def put(asks: Asks, chart: Chart, asking: Asking, typed: Typed) -> Outcome | Sheet:
    """Record what a form says, or answer with it and all that is wrong; `rehearse` only tells what it would bring about.

    Whatever goes wrong, what was typed comes back; after a fault under the same id, so that nothing is recorded twice.
    """
    authority, heard = asking.office.daybook.authority, Heard()
    authority.permit(asking.person.id, asks.question.action, asking.site, asking.source, participant=asking.participant)
    command, sheet = _understood(asks, chart, {**typed, **asks.fixed}, heard)
    if command is None:
        faulty = fields(asks.question.ask, chart, typed, heard.faults, asks.hidden)
        wrong, faults = tuple(_beside_no_field(heard, asks)), {name: says for name, says in heard.faults.items() if name in CIRCUMSTANCES}
        return replace(sheet, reasons=wrong, fields=faulty, faults=faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        stated = Stated(sheet.command_id, **{key: sheet.stated[key] or None for key in OF_EVERY_FORM})
        if "rehearse" in typed:
            return _shown_first(asking, chart.id, command, sheet, stated)
        if asks.confirms and not _sent_before(asking, sheet, typed):
            asking.weigh(chart.id, command, stated, sheet.stated["meaning"], seen=sheet.seen)
            shown = _shown_first(asking, chart.id, command, sheet, stated)
            if one_of(typed, "confirmed") != shown.confirms:
                return shown
            sheet = shown
        return asking.handle(chart.id, command, stated, signing=_signing(typed), seen=sheet.seen)
    except Overtaken as overtaken:
        told = tuple(_told(entry, chart) for entry in overtaken.since)
        seen = overtaken.since[-1].version
        return replace(sheet, reasons=overtaken.reasons, changed=told, seen=seen, confirms="", status=HTTPStatus.CONFLICT)
    except Refused as refused:
        again = _afresh(sheet, asking, refused) if refused.recorded else sheet
        return replace(again, reasons=refused.reasons, status=refused_as(refused.reasons))
    except TROUBLES as trouble:
        why = in_vain(trouble)
        return replace(sheet, command_id=why.again(sheet.command_id), reasons=why.reasons, status=why.status)


def page_with(  # noqa: PLR0913, PLR0917 - A page is all of this.
    request: Request,
    asking: Asking,
    template: str,
    chart: Chart,
    asked: Sequence[Asks],
    form: Typed | None,
    /,
    back: str = "",
    **shown: Any,
) -> Response:
    """A page with forms that the asker may send, or, where one of them was sent and recorded, the way back to it, or to another."""
    answer = None if form is None else put(_sent_one(asked, form), chart, asking, form)
    if isinstance(answer, Outcome):
        return RedirectResponse(f"{back or request.url.path}?recorded={answer.version - len(answer.events) + 1}", HTTPStatus.SEE_OTHER)
    mine = [one for one in asked if asking.may(one.question.action)]
    sheets = {one.key: answer if answer and answer.asks.key == one.key else begun(one, chart) for one in mine}
    status = answer.status if answer else HTTPStatus.OK
    around = {"participant": chart.id, "clock": chart.clock, "sheets": sheets, "recorded": tuple(recorded(request, chart))}
    infusion = day_0(chart.record.participant, chart.study)
    return page(request, asking, template, status, infusion=infusion, **around, **shown)


def recorded(request: Request, chart: Chart) -> Iterator[str]:
    """What has just been recorded, where the address says since which entry."""
    since = number_of(request.query_params.get("recorded", ""))
    entry = chart.record.entries[since - 1] if 0 < since <= chart.record.version else None
    for one in chart.record.entries if entry else ():
        if entry and one.circumstances.command_id == entry.circumstances.command_id:
            yield f"{one.version}. {says(one.event, chart.clock.zone)}"


def _sent_one(asked: Sequence[Asks], typed: Typed) -> Asks:
    """The form of a page that was sent. Raises Refused."""
    key = one_of(typed, "sheet")
    found = next((one for one in asked if one.key == key), None)
    if found is None:
        raise Refused(Reason(code="unknown-page", says="there is no such form here any more; open the page afresh"))
    return found


def _understood(asks: Asks, chart: Chart, typed: Typed, heard: Heard) -> tuple[PersonsCommand | None, Sheet]:
    """What is asked for, None where that cannot be read; and the form as it was filled in."""
    said = {key: " ".join(typed.get(key, ())).strip() for key in CIRCUMSTANCES}
    command_id = shaped(lambda: COMMAND.validate_strings(one_of(typed, "command_id")))
    seen = shaped(lambda: SEEN.validate_strings(one_of(typed, "seen")))
    ask = asks.question.ask
    stated = heard.read(CIRCUMSTANCES, {key: text or None for key, text in said.items()}, chart)
    values = heard.read(annotations_of(ask), as_typed(ask, typed), chart)
    command = None if values is None or stated is None else heard.made(lambda: ask(**values))
    carried = tuple(_pairs({name: typed.get(name, ()) for name in asks.carried}))
    return command, Sheet(asks, fields(ask, chart, typed, {}, asks.hidden), said, command_id, seen, carried)


def _sent_before(asking: Asking, sheet: Sheet, typed: Typed) -> bool:
    """Whether what was shown was agreed to and sent already: it has the outcome that it had, whatever it would bring about by now."""
    return "confirmed" in typed and asking.office.daybook.ledger.outcome(asking.person.id, sheet.command_id) is not None


def _afresh(sheet: Sheet, asking: Asking, refused: Refused) -> Sheet:
    """The form for another attempt: a refusal that is on record has used up its id, and is an entry that its asker has seen."""
    ledger = asking.office.daybook.ledger
    kept = ledger.outcome(asking.person.id, sheet.command_id)
    if kept is None or ledger.read(kept.stream)[kept.first - 1].event != refused.recorded:
        return sheet
    return replace(sheet, command_id=uuid4(), seen=kept.last, on_record=True, rehearsal=None, confirms="")


def _shown_first(asking: Asking, participant: str, command: PersonsCommand, sheet: Sheet, stated: Stated) -> Sheet:
    """The form with what it would bring about, and with the button that commits to that. Raises Refused where it would be refused."""
    by = asking.as_if_signed(participant, command, stated, sheet.stated["meaning"])
    rehearsal = rehearsed(asking.office.daybook.participants, participant, command, by)
    return replace(sheet, rehearsal=rehearsal, confirms=_agreed(sheet, rehearsal) if sheet.asks.confirms else "")


def _agreed(sheet: Sheet, rehearsal: Rehearsal) -> str:
    """What stands for a form as it was filled in, on a record as it was seen, and for all that it would bring about.

    Anything else is shown first again: also what only time has changed, such as another rule that no longer passes.
    """
    said = [(one.name, one.value, one.rows) for one in sheet.fields]
    return sha256(repr((said, sorted(sheet.stated.items()), sheet.seen, rehearsal.timeless)).encode()).hexdigest()[:16]


def _signing(typed: Typed) -> Signing | None:
    """That somebody signs, where they say what they mean by it."""
    meaning = one_of(typed, "meaning").strip()
    return Signing(meaning, one_of(typed, "password"), one_of(typed, "signer").strip()) if meaning else None


def _told(entry: Entry[Event], chart: Chart) -> str:
    """Something that was recorded meanwhile, and by whom."""
    by = entry.circumstances.actor
    return f"{entry.version}. {says(entry.event, chart.clock.zone)} Recorded {chart.clock.shows(entry.recorded_at)} by {by.role} {by.id}."


def _beside_no_field(heard: Heard, asks: Asks) -> Iterator[Reason]:
    """What is wrong with the form as a whole, or with what nobody fills in."""
    beside = {says for name, faults in heard.faults.items() if name and name not in asks.hidden for says in faults}
    return (reason for reason in heard.refusal().reasons if not any(reason.says.endswith(one) for one in beside))


def _pairs(typed: Typed) -> Iterator[tuple[str, str]]:
    return ((name, one) for name, many in typed.items() for one in many)
