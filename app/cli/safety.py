"""Safety: adverse events with what more becomes known of them, toxicities of the cells by grade, and reports to the sponsor."""

from functools import partial
from typing import Annotated

import typer

from app.cli.asking import WHEN, Chart, asks
from app.cli.reading import Reads, whole
from domain import commands as c
from domain import events as e
from domain.harm import adverse_event as standing
from domain.rejections import Reason, Refused
from domain.time import When
from domain.words import AstctGrade, CtcaeGrade, IceScore, Relation, Sentence, Seriousness

safety = typer.Typer()
ASTCT = Annotated[
    AstctGrade, typer.Argument(metavar="GRADE", help="The grade by ASTCT, from 0 (looked for and not there) to 5.", show_default=False)
]
A_WHEN = Reads(lambda chart: chart.clock.when)
LEARNED = Annotated[
    When,
    Reads(lambda chart: chart.clock.when, otherwise="now"),
    typer.Option(metavar="WHEN", help="When the site learned of it; now, if nothing is said. The hours of what is serious run from then."),
]
STOP = Annotated[When | None, A_WHEN, typer.Option(metavar="WHEN", help="When it ended; without this, it goes on.")]
SERIOUS = Annotated[
    list[Seriousness] | None,
    typer.Option(help="What makes it serious, such as hospitalisation or its prolongation; can be repeated. Not serious without this."),
]
RELATION = Annotated[Relation | None, typer.Option(help="Whether there is a reasonable possibility that the product caused it.")]
NARRATIVE = Annotated[Sentence | None, typer.Option(help="What happened, in the words of the site.")]


@asks(safety)
def adverse_event(  # noqa: PLR0913 - Each argument is an option of the command.
    term: Annotated[Sentence, typer.Argument(metavar="WHAT", help="What it is, in the words of the site.", show_default=False)],
    start: WHEN,
    *,
    grade: Annotated[CtcaeGrade, typer.Option(metavar="1…5", help="How severe it is, by CTCAE version 5.0.")],
    learned: LEARNED,
    stop: STOP = None,
    serious: SERIOUS = None,
    relation: RELATION = None,
    narrative: NARRATIVE = None,
) -> c.Report:
    """Record an adverse event. What is serious must reach the sponsor within 24 hours of when the site learned of it."""
    fact = e.AdverseEvent(
        at=learned,
        term=term,
        grade=grade,
        start=start,
        stop=stop,
        serious=tuple(serious or ()),
        relation=relation,
        narrative=narrative,
    )
    return c.Report(fact=fact)


@asks(safety)
def update_adverse_event(  # noqa: PLR0913 - Each argument is an option of the command.
    event: Annotated[
        int,
        Reads(lambda chart: partial(_told_by, chart)),
        typer.Argument(metavar="ENTRY", help="The number of the entry that told of the adverse event first.", show_default=False),
    ],
    *,
    learned: LEARNED,
    grade: Annotated[CtcaeGrade | None, typer.Option(metavar="1…5", help="How severe it has become, by CTCAE version 5.0.")] = None,
    stop: STOP = None,
    serious: SERIOUS = None,
    relation: RELATION = None,
    narrative: NARRATIVE = None,
) -> c.Report:
    """Record what more became known of an adverse event; what is not said again stays. What was told wrongly is corrected instead."""
    fact = e.AdverseEventUpdated(
        entry=event,
        at=learned,
        grade=grade,
        stop=stop,
        serious=tuple(serious or ()),
        relation=relation,
        narrative=narrative,
    )
    return c.Report(fact=fact)


@asks(safety)
def cytokine_release(grade: ASTCT, at: WHEN) -> c.Report:
    """Record how severe the cytokine release syndrome was. From grade 3 on the investigator is called at once."""
    return c.Report(fact=e.CytokineReleaseGraded(at=at, grade=grade))


@asks(safety)
def neurotoxicity(
    grade: ASTCT,
    at: WHEN,
    *,
    ice: Annotated[IceScore | None, typer.Option(metavar="0…10", help="The ICE score, where it could be tested; 10 is unimpaired.")] = None,
) -> c.Report:
    """Record how severe the neurotoxicity of the cells (ICANS) was. From grade 3 on the investigator is called at once."""
    return c.Report(fact=e.NeurotoxicityGraded(at=at, grade=grade, ice=ice))


@asks(safety)
def safety_reported(
    at: WHEN, *, matter: Annotated[Sentence, typer.Option(metavar="KEY", help="What was reported, by the key that the worklist shows.")]
) -> c.Report:
    """Record that a matter of safety was reported to the sponsor."""
    return c.Report(fact=e.SafetyReported(at=at, key=matter))


def _told_by(chart: Chart, typed: str) -> int:
    """The entry that told of an adverse event first. Raises Refused where none did."""
    entry = whole(typed)
    if standing(chart.record.participant, entry) is None:
        raise Refused(Reason(code="no-such-event", says=f"entry {entry} tells of no adverse event that stands"))
    return entry
