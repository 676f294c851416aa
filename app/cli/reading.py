"""Reading what was typed: each parameter says what it becomes, and all that cannot be read is said at once.

Typer only splits the words; what shape they must have is said by the type of the parameter, and how they are read by `Reads` where
that takes more than the type knows. Whatever has a bare type is read by its shape. Flags stay with typer.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from typer.models import ArgumentInfo, OptionInfo

from domain.rejections import Reason, Refused

T = TypeVar("T")
Annotations = Mapping[str, Any]
"""Parameters by name, each annotated with what it becomes, how it is read, and how typer asks for it."""


@dataclass(frozen=True, slots=True)
class Reads:
    """How what is typed for a parameter becomes a value: from what is at hand (a chart, the study) to whoever reads the text."""

    by: Callable[[Any], Callable[[str], Any]]
    otherwise: str | None = None
    """What is read where nothing was typed."""


@dataclass(frozen=True, slots=True)
class AtHand:
    """A parameter that nobody types, because it is at hand."""

    found: Callable[[Any], Any]


class RefusedInParts(Refused):
    """What was typed for a parameter cannot be read in some of its parts, such as the cells of a row; each has its reasons."""

    def __init__(self, parts: Mapping[str, Sequence[Reason]]) -> None:
        super().__init__(*(reason for reasons in parts.values() for reason in reasons))
        self.parts = parts


class Heard:
    """Hears out everything that is wrong with what was typed before it refuses, once and with every reason."""

    def __init__(self) -> None:
        self._reasons: list[Reason] = []
        self.faults: dict[str, list[str]] = {}
        """What is wrong with each parameter, by its name; with a part of one by both, as `line.0.2`."""

    def read(self, annotations: Annotations, typed: Mapping[str, Any], at_hand: Any) -> dict[str, Any] | None:
        """The values of these parameters; None where any of them cannot be read."""
        before = len(self._reasons)
        values = {name: self._value(name, annotation, typed, at_hand) for name, annotation in annotations.items()}
        return values if len(self._reasons) == before else None

    def made(self, make: Callable[[], T]) -> T | None:
        """What is made of values that were read; None where that is refused, or they do not have the shape that they must have."""
        with self._hearing():
            return shaped(make)
        return None

    def refusal(self) -> Refused:
        """The refusal of all that was wrong; what was said twice is said once."""
        return Refused(*dict.fromkeys(self._reasons))

    def _value(self, name: str, annotation: Any, typed: Mapping[str, Any], at_hand: Any) -> Any:
        with self._hearing(of=name):
            match marked(annotation, Reads | AtHand):
                case AtHand(found):
                    return found(at_hand)
                case Reads(by):
                    read = by(at_hand)
                case _ if said_type(get_args(annotation)[0]) is bool:
                    return typed[name]
                case _:
                    read = by_its_shape(annotation)
            return _each(typed[name], lambda text: self._read(read, text, name, annotation))
        return None

    def _read(self, read: Callable[[str], Any], text: str, name: str, annotation: Any) -> Any:
        with self._hearing(f"{called(name, annotation)}: ", of=name):
            return read(text)

    @contextmanager
    def _hearing(self, where: str = "", of: str = "") -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            self._reasons += [reason.model_copy(update={"says": where + reason.says}) for reason in refused.reasons]
            parts = refused.parts if isinstance(refused, RefusedInParts) else {"": refused.reasons}
            for part, reasons in parts.items():
                self.faults.setdefault(f"{of}.{part}" if part else of, []).extend(reason.says for reason in reasons)


def annotations_of(question: Callable[..., Any]) -> dict[str, Any]:
    """The parameters of a question, in their order."""
    return {one.name: one.annotation for one in parameters(question)}


def typed_for(question: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a question as typer asks for them: none that is at hand, and text where we read it ourselves."""
    return [as_typed(one) for one in parameters(question) if marked(one.annotation, AtHand) is None]


def as_typed(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter as typer asks for it: words, of which the choices are shown where there are any. Flags it reads itself."""
    becomes = get_args(parameter.annotation)[0]
    if said_type(becomes) is bool:
        return parameter
    reads: Reads | None = marked(parameter.annotation, Reads)
    default = parameter.default if reads is None or reads.otherwise is None else reads.otherwise
    info = copy(marked(parameter.annotation, ArgumentInfo | OptionInfo))
    info.metavar = info.metavar or _choices(parameter.annotation)
    return parameter.replace(annotation=Annotated[_words(becomes), info], default=str(default) if isinstance(default, int) else default)


def called(name: str, annotation: Any) -> str:
    """What a parameter is called by those who type it: `--stop`, or `WHEN`; a field by its name."""
    match marked(annotation, ArgumentInfo | OptionInfo):
        case ArgumentInfo() as argument:
            return str(argument.metavar)
        case OptionInfo(default=str(first)):  # Typer keeps the first name there, where it stands in an annotation.
            return first
        case OptionInfo():
            return f"--{name.replace('_', '-')}"
        case _:
            return name


def by_its_shape(annotation: Any) -> Callable[[str], Any]:
    """Whoever reads a word by the type of its parameter, and each word where that takes several. Raises Refused."""
    shape = _shape(annotation)
    adapter, written = TypeAdapter[Any](shape), WRITTEN.get(_bare(shape), str)

    def read(typed: str) -> Any:
        written(typed)
        return shaped(lambda: adapter.validate_strings(typed))

    return read


PARAMETERS: WeakKeyDictionary[Callable[..., Any], tuple[inspect.Parameter, ...]] = WeakKeyDictionary()
NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def number(typed: str) -> Decimal:
    """A decimal number, with a point. Raises Refused."""
    if not NUMBER.fullmatch(typed):
        raise Refused(Reason(code="no-number", says=f"{typed!r} is no number; write 12.5, without a unit"))
    return Decimal(typed)


def whole(typed: str) -> int:
    """A whole number. Raises Refused."""
    if not re.fullmatch(r"-?\d{1,9}", typed, re.ASCII):
        raise Refused(Reason(code="no-number", says=f"{typed!r} is no whole number; write 3"))
    return int(typed)


WRITTEN: Mapping[Any, Callable[[str], Any]] = {int: whole, Decimal: number}
"""How numbers are written, which is one way of the many that a machine would read."""


def shaped(make: Callable[[], T]) -> T:
    """Make a value of what was typed. Raises Refused for everything about it that does not have the shape it must have."""
    try:
        return make()
    except ValidationError as error:
        raise Refused(*map(_reason, error.errors())) from None


def parameters(question: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """What a question asks for, in its order; each with its type and how it is read; found out once."""
    found = PARAMETERS.get(question)
    if found is None:
        found = PARAMETERS[question] = tuple(inspect.signature(question, eval_str=True).parameters.values())
    return found


def _each(typed: Any, read: Callable[[str], Any]) -> Any:
    match typed:
        case None:
            return None
        case list() | tuple():
            return [read(text) for text in typed]
        case _:
            return read(typed)


def _shape(annotation: Any) -> Any:
    """What one word must be: that nothing need be typed, or that several words may be, is seen to before."""
    becomes = get_args(annotation)[0]
    said = said_type(becomes)
    if get_origin(said) in {list, tuple}:
        return get_args(said)[0]
    return annotation if said is becomes else said


def said_type(becomes: Any) -> Any:
    """The type of a parameter where something is typed."""
    return next(kind for kind in get_args(becomes) if kind is not NoneType) if NoneType in get_args(becomes) else becomes


def _words(becomes: Any) -> Any:
    """How many words typer hands over for a type."""
    several: dict[Any, Any] = {list: list[str], tuple: tuple[str, str]}
    words = several.get(get_origin(said_type(becomes)), str)
    return words | None if NoneType in get_args(becomes) else words


def _choices(annotation: Any) -> str | None:
    """The words among which one is chosen, as --help shows them."""
    kind = _bare(_shape(annotation))
    return "|".join(get_args(kind)) if get_origin(kind) is Literal else None


def _bare(shape: Any) -> Any:
    """A type without its bounds."""
    return get_args(shape)[0] if get_origin(shape) is Annotated else shape


def marked(annotation: Any, kind: Any) -> Any:
    """The mark of a kind that a parameter carries, if it does."""
    return next((one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, kind)), None)


def _reason(detail: ErrorDetails) -> Reason:
    """What the shape of a value asks for, in words."""
    place = " ".join(str(part).replace("_", " ") for part in detail["loc"] if not str(part).endswith(".v1"))
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            says = "something must be said"
        case "string_pattern_mismatch":
            says = f"{detail['input']!r} is not written as it must be: {context['pattern']}"
        case "string_too_short":
            says = "something must be said"
        case "string_too_long":
            says = f"at most {context['max_length']} characters can be kept"
        case "literal_error":
            says = f"{detail['input']!r} must be {context['expected']}"
        case "uuid_parsing":
            says = f"{detail['input']!r} is no id of a request, which is a UUID"
        case "value_error":
            says = str(context["error"])
        case _:
            says = detail["msg"].replace("Input should", f"{detail['input']!r} must")
    return Reason(code="malformed", says=f"{place}: {says}" if place else says)
