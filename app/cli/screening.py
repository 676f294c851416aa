"""Evidence of who a participant is and how they are: demographics, tests, conditions, scores, and what somebody attests."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import typer

from app.cli.asking import WHEN, Chart, asks
from app.cli.reading import NUMBER, AtHand, Reads, by_its_shape, number
from domain import commands as c
from domain import events as e
from domain.criteria.language import Score
from domain.rejections import Reason, Refused, refuse_if
from domain.time import When
from domain.words import Name, Sentence

Holds = dict[Name, bool]
A_WHEN = Reads(lambda chart: chart.clock.when)
EVERY_ITEM = ""
"""What is said of no item in particular is said of every one of the laboratory."""
screening = typer.Typer()


@asks(screening)
def demographics(
    at: WHEN,
    *,
    born: Annotated[When, A_WHEN, typer.Option(metavar="DATE", help="The date of birth, or its month or year where no more may be known.")],
    sex: Annotated[Literal["female", "male"], typer.Option(help="The sex.")],
) -> c.Report:
    """Record when the participant was born, and of which sex; the last such entry counts."""
    return c.Report(fact=e.DemographicsRecorded(at=at, born=born, sex=sex))


@asks(screening)
def observe(
    test: Annotated[
        str, typer.Argument(metavar="TEST", help="The test as the protocol names it, such as body-weight.", show_default=False)
    ],
    outcome: Annotated[
        str, typer.Argument(metavar="OUTCOME", help="Its value, such as 62.5, or its result, such as negative.", show_default=False)
    ],
    at: WHEN,
    *,
    unit: Annotated[Sentence | None, typer.Option(help="The unit of a value, such as kg.")] = None,
    valid: Annotated[bool, typer.Option("--valid/--not-valid", help="Whether it may decide anything, or was taken back.")] = True,
) -> c.Report:
    """Record a test or a measurement as of when it was taken."""
    value, result = (number(outcome), None) if NUMBER.fullmatch(outcome) else (None, outcome)
    return c.Report(fact=e.ObservationMade(at=at, test=test, value=value, unit=unit, result=result, valid=valid))


@asks(screening)
def condition(  # noqa: PLR0913 - Each argument is an option of the command.
    name: Annotated[
        str, typer.Argument(metavar="CONDITION", help="The condition as the protocol names it, such as infection.", show_default=False)
    ],
    start: WHEN,
    *,
    noted: Annotated[When, Reads(lambda chart: chart.clock.when, otherwise="now"), typer.Option(metavar="WHEN", help="When it was noted.")],
    stop: Annotated[
        When | None, A_WHEN, typer.Option(metavar="WHEN", help="When it ended; without this, it went on when it was noted.")
    ] = None,
    mark: Annotated[list[str] | None, typer.Option(help="What can be said of it, such as active; can be repeated.")] = None,
    no_mark: Annotated[list[str] | None, typer.Option(help="What cannot be said of it, such as severe; can be repeated.")] = None,
    grade: Annotated[int | None, typer.Option(metavar="1…5", help="Its grade by CTCAE.")] = None,
    detail: Annotated[Sentence | None, typer.Option(help="What else is to be said.")] = None,
) -> c.Report:
    """Record a condition: since when, until when, and what can be said of it; what is not said is not known."""
    marks = _either_way(mark, no_mark)
    fact = e.ConditionNoted(at=noted, condition=name, start=start, stop=stop, marks=marks, grade=grade, detail=detail)
    return c.Report(fact=fact)


@asks(screening)
def score(  # noqa: PLR0913 - Each argument is an option of the command.
    chart: Annotated[Chart, AtHand(lambda chart: chart)],
    name: Annotated[
        str, typer.Argument(metavar="SCORE", help="The score as the protocol names it, such as selena-sledai.", show_default=False)
    ],
    at: WHEN,
    *,
    present: Annotated[list[str] | None, typer.Option(metavar="ITEM", help="An item that was present; can be repeated.")] = None,
    absent: Annotated[list[str] | None, typer.Option(metavar="ITEM", help="An item that was not present; can be repeated.")] = None,
    others_absent: Annotated[bool, typer.Option("--others-absent", help="Every other item was looked for, and was not present.")] = False,
    since: Annotated[
        list[tuple[str, When]] | None,
        Reads(lambda chart: partial(_of_item, chart.clock.when)),
        typer.Option(metavar="ITEM=WHEN", help="Since when an item has been present; can be repeated."),
    ] = None,
    source: Annotated[
        list[tuple[str, str]] | None,
        Reads(lambda _: partial(_of_item, by_its_shape(Annotated[Sentence, None]))),
        typer.Option(metavar="ITEM=WORDS", help="By which source that is known of an item; can be repeated."),
    ] = None,
    drawn: Annotated[
        list[tuple[str, When]] | None,
        Reads(lambda chart: partial(_of_item_or_all, chart.clock.when)),
        typer.Option(metavar="[ITEM=]WHEN", help="When the sample for an item was drawn, or for every one of the laboratory."),
    ] = None,
) -> c.Report:
    """Record the items of a score as they were assessed; an item that is not named was not answered."""
    answers = _either_way(present, absent)
    if others_absent:
        answers = dict.fromkeys(_score(name, chart).items, False) | answers
    dates, sources = dict(since or ()), dict(source or ())
    _all_answered([*dates, *sources], answers)
    items = [
        e.ScoreItem(item=item, present=is_present, since=dates.get(item), source=sources.get(item)) for item, is_present in answers.items()
    ]
    return c.Report(fact=e.ScoreAssessed(at=at, score=name, items=tuple(items), drawn=_drawn(name, dict(drawn or ()), answers, chart)))


@asks(screening)
def attest(
    at: WHEN,
    *,
    holds: Annotated[list[str] | None, typer.Option(metavar="NAME", help="What is so, as the protocol names it; can be repeated.")] = None,
    not_: Annotated[list[str] | None, typer.Option("--not", metavar="NAME", help="What is not so; can be repeated.")] = None,
) -> c.Report:
    """Attest what the protocol asks, several in one go; what an investigator judges is signed."""
    return c.Report(fact=e.Attested(at=at, holds=_either_way(holds, not_)))


def _either_way(so: list[str] | None, not_so: list[str] | None) -> Holds:
    """What is so and what is not. Raises Refused where something is to be both, or is said twice."""
    said = [*(so or ()), *(not_so or ())]
    refuse_if(Reason(code="said-twice", says=f"{name} is said more than once") for name in dict.fromkeys(said) if said.count(name) > 1)
    return dict.fromkeys(so or (), True) | dict.fromkeys(not_so or (), False)


def _score(score: str, chart: Chart) -> Score:
    """A score of the protocol. Raises Refused where there is none of that name."""
    scores = chart.study.protocol(chart.record.participant.protocol).scores
    if score not in scores:
        raise Refused(Reason(code="unknown-score", says=f"there is no score {score}; these are: {', '.join(scores)}"))
    return scores[score]


def _drawn(score: str, drawn: dict[str, When], answers: Holds, chart: Chart) -> dict[str, When]:
    """When samples were drawn: what was said of one item, else what was said of all that are answered."""
    named = {item: when for item, when in drawn.items() if item != EVERY_ITEM}
    if EVERY_ITEM not in drawn:
        return named
    return {item: drawn[EVERY_ITEM] for item in _score(score, chart).laboratory if item in answers} | named


def _all_answered(named: list[str], answers: Holds) -> None:
    """Raises Refused where something is said of an item that is neither present nor absent."""
    refuse_if(Reason(code="not-answered", says=f"{item} is said to be neither present nor absent") for item in named if item not in answers)


def _of_item_or_all(read: Callable[[str], Any], typed: str) -> tuple[str, Any]:
    item, sign, what = typed.rpartition("=")
    return (item, read(what)) if sign else (EVERY_ITEM, read(typed))


def _of_item(read: Callable[[str], Any], typed: str) -> tuple[str, Any]:
    item, sign, what = typed.partition("=")
    if not sign:
        raise Refused(Reason(code="not-understood", says=f"{typed!r} says nothing of an item; write ITEM=…"))
    return item, read(what)
