"""A form: many facts that were found together, recorded together or not at all."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import Chart, asks
from app.cli.reading import Reads
from app.cli.reviews import CHART
from domain import commands as c
from domain.rejections import Reason, Refused, refuse_if
from domain.supposing import Supposition, parse_supposition

forms = typer.Typer()


@asks(forms)
def form(
    chart: CHART,
    file: Annotated[
        Supposition,
        Reads(lambda _: _read),
        typer.Argument(metavar="FILE", help="A file of JSON, as `daybook judge --facts` takes it.", show_default=False),
    ],
) -> c.ReportTogether:
    """Record all facts in a file of JSON, or none where one of them is refused.

    It is the file that `daybook judge --facts` judges beforehand; dates without a time are read on the clocks of the participant's site.
    """
    refuse_if(_for_another_site(chart, file))
    return c.ReportTogether(facts=file.facts)


def _for_another_site(chart: Chart, file: Supposition) -> list[Reason]:
    reasons = []
    if file.zone != chart.clock.zone:
        says = f"the file is written for clocks in {file.zone}, and the participant's site has those of {chart.clock.zone}"
        reasons.append(Reason(code="another-zone", says=says))
    if file.rulings:
        reasons.append(Reason(code="rulings", says="rulings are the study's, and are not recorded of a participant"))
    return reasons


def _read(typed: str) -> Supposition:
    try:
        return parse_supposition(Path(typed).read_bytes())
    except OSError as error:
        raise Refused(Reason(code="no-file", says=f"{typed!r} cannot be read: {error.strerror}")) from None
