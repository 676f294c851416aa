"""Questions of the browser alone, each a whole job on one form: a screening, a course that tapers, a consent by a form in use."""

import inspect
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import typer

from app.cli import evidence, joining, reviews, screening
from app.cli.asking import WHEN, Chart
from app.cli.joining import Form
from app.cli.reading import Reads, by_its_shape, number
from app.cli.reviews import CHART, SINCE, SOURCES
from app.web.fields import Called, Rows, read_cells
from app.web.sheets import Question, question_of
from domain import commands as c
from domain import events as e
from domain.criteria.language import Test
from domain.protocol import Protocol
from domain.rejections import Reason, Refused, refuse_if
from domain.time import When
from domain.words import Asked, DosesPerDay, Milligrams, Name, Route, Sentence

FOUND = "found_"
"""What the name of a field begins with in which a test's result stands."""


class Line(NamedTuple):
    """One line of a course that tapers."""

    milligrams: Decimal
    per_day: int | None
    start: When
    stop: When | None


def tapered(  # noqa: PLR0913 - Each argument is a field of the form.
    drug: Annotated[Name, typer.Argument(metavar="DRUG", help="The drug as the reference has it, such as prednisone.")],
    *,
    route: Annotated[Route, typer.Option(help="How it was given.")],
    indication: Annotated[Sentence, Called("Given for"), typer.Option(help="What it was given for.")],
    line: Annotated[
        list[Line],
        Reads(lambda chart: partial(_line, chart)),
        Rows(("Dose in mg", "Doses a day", "From", "Until")),
        Called("Doses"),
        typer.Option(help="A line for each dose or course. Until stays empty while a course goes on, Doses a day for a single dose"),
    ],
    depot: Annotated[bool | None, typer.Option(help="Whether an injection goes on acting for weeks.")] = None,
    investigational: Annotated[bool, typer.Option(help="An investigational drug of another trial.")] = False,
    class_: evidence.CLASSES = None,
    outside_every_class: evidence.OUTSIDE_EVERY_CLASS = False,
    class_unknown: evidence.CLASS_UNKNOWN = False,
) -> c.ReportTogether:
    """Record a drug with all its doses, line by line as it tapers: all of them are recorded, or none."""
    refuse_if([Reason(code="nothing-said", says="say at least one dose, with the time from which it was taken")] if not line else [])
    of_all = partial(
        evidence.medication,
        drug,
        route=route,
        indication=indication,
        depot=depot,
        investigational=investigational,
        class_=class_,
        outside_every_class=outside_every_class,
        class_unknown=class_unknown,
    )
    return c.ReportTogether(facts=tuple(of_all(one.milligrams, one.start, per_day=one.per_day, stop=one.stop).fact for one in line))


def consent(  # noqa: PLR0913 - Each argument is a field of the form.
    at: WHEN,
    *,
    form: Annotated[
        Form,
        Reads(lambda chart: partial(_form_in_use, chart)),
        typer.Option(metavar="FORM", help="The form that was signed, of those approved at the site."),
    ],
    obtained_by: Annotated[Sentence, typer.Option(help="Who explained the study and obtained the consent.")],
    copy_given: Annotated[bool, typer.Option(help="Whether the participant got a copy.")],
    representative: Annotated[Sentence | None, typer.Option(help="Signed by a representative: how related.")] = None,
    witness: Annotated[Sentence | None, typer.Option(help="Who witnessed the signing.")] = None,
    part: Annotated[list[Name] | None, Called("Optional parts"), typer.Option(help="The optional parts that were agreed to.")] = None,
) -> c.Report:
    """Record that the informed consent form was signed; its digest is that of the form in use."""
    return joining.consent(
        at, form=form, obtained_by=obtained_by, copy_given=copy_given, representative=representative, witness=witness, part=part
    )


CONSENT = question_of("jobs.consent", consent)
TAPERED = question_of("jobs.medication", tapered)


def screening_of(protocol: Protocol) -> Question:
    """The screening form of a protocol: with who the participant is, all five reviews, and a field for each test."""
    return question_of("jobs.screening", _screening(protocol))


def _screening(protocol: Protocol) -> Callable[..., c.ReportTogether]:
    def together(at: When, **said: Any) -> c.ReportTogether:
        tests = (said[FOUND + name.replace("-", "_")] for name in protocol.tests)
        found = tuple(e.ObservationMade(at=at, **one) for one in tests if one is not None)
        facts = (*_who(at, said), *found, *_looked(at, said))
        refuse_if([Reason(code="nothing-said", says="nothing was filled in")] if not facts else [])
        return c.ReportTogether(facts=facts)

    together.__doc__ = "Record what a screening found, from one form: all of it is recorded, or none. What stays empty is not recorded."
    by_name = inspect.Parameter.KEYWORD_ONLY
    asked = [inspect.Parameter(name, by_name, annotation=of, default=begins) for name, (of, begins) in _asked(protocol).items()]
    together.__signature__ = inspect.Signature(asked, return_annotation=c.ReportTogether)  # type: ignore[attr-defined]  # The fields are read from it.
    return together


def _asked(protocol: Protocol) -> dict[str, tuple[Any, Any]]:
    """The fields of the screening form, each with what it begins with."""
    nothing = inspect.Parameter.empty
    tests = {FOUND + name.replace("-", "_"): (_of_test(name, test), None) for name, test in protocol.tests.items()}
    return {
        "chart": (CHART, nothing),
        "at": (WHEN, nothing),
        "born": (Annotated[When | None, screening.A_WHEN, typer.Option(help="The date of birth, or its month or year.")], None),
        "sex": (Annotated[Literal["female", "male"] | None, typer.Option()], None),
        "since": (Annotated[Sentence | None, *_marks(SINCE), Called("All five reviews: looked through since")], None),
        "source": (Annotated[list[Asked] | None, *_marks(SOURCES), Called("Asked for the reviews")], None),
        **tests,
    }


def _marks(annotation: Any) -> tuple[Any, ...]:
    marks: tuple[Any, ...] = annotation.__metadata__
    return marks


def _of_test(name: str, test: Test) -> Any:
    kind: Any = Literal[test.results] if test.results else Sentence
    label = Called(test.title + (f" ({test.unit})" if test.unit else ""))
    return Annotated[kind | None, Reads(lambda _: partial(_outcome, name, test)), label, typer.Option()]


def _outcome(name: str, test: Test, typed: str) -> dict[str, Any]:
    """What a test resulted in."""
    if test.results:
        return {"test": name, "result": by_its_shape(Annotated[Name, None])(typed)}
    return {"test": name, "value": number(typed), "unit": test.unit}


def _who(at: When, said: dict[str, Any]) -> Iterator[e.Fact]:
    """Who the participant is. Raises Refused where only half of it is said."""
    if said["born"] is None and said["sex"] is None:
        return
    if said["born"] is None or said["sex"] is None:
        raise Refused(Reason(code="half-said", says="say both when the participant was born and of which sex, or neither"))
    yield screening.demographics(at, born=said["born"], sex=said["sex"]).fact


def _looked(at: When, said: dict[str, Any]) -> tuple[e.Fact, ...]:
    """All five reviews. Raises Refused where only half of them is said."""
    if said["since"] is None and not said["source"]:
        return ()
    if said["since"] is None or not said["source"]:
        raise Refused(
            Reason(code="half-said", says="for the reviews say both since when everything was looked through and who was asked, or neither")
        )
    return reviews.screening_review(said["chart"], at, since=said["since"], source=said["source"]).facts


def _line(chart: Chart, cells: tuple[str, ...]) -> Line:
    """A line of a course as it was typed, after its number. Raises Refused, with every cell that cannot be read."""
    line, *typed = cells
    dose, per_day = by_its_shape(Annotated[Milligrams, None]), by_its_shape(Annotated[DosesPerDay, None])
    return Line(*read_cells(line, typed, (dose, _if_said(per_day), chart.clock.when, _if_said(chart.clock.when))))


def _if_said(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader of what may stay empty."""
    return lambda typed: read(typed) if typed else None


def _form_in_use(chart: Chart, typed: str) -> Form:
    """A form that was approved at the site, by its digest. Raises Refused."""
    forms = chart.study.record.consent_forms.get(chart.record.participant.site, ())
    found = next((one for one in forms if one.digest == typed), None)
    if found is None:
        raise Refused(Reason(code="unknown-form", says="no such form was approved at the site"))
    return Form(found.form, found.digest)
