"""Joining: registered, consented, screened, found eligible or not."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from app.cli.asking import WHEN, Chart, asks
from app.cli.reading import Reads
from app.cli.reviews import CHART
from domain import commands as c
from domain import events as e
from domain.criteria.report import eligibility
from domain.entry import Identifiers
from domain.rejections import Reason, Refused
from domain.time import When, to_the_minute
from domain.words import Digest, Name, Sentence, SiteId

joining = typer.Typer()
JUDGED_AT = "For when the report was judged, as the report says."


class Form(NamedTuple):
    """A consent form by the name of its file, and the SHA-256 of what stands in it."""

    name: str
    digest: str


@asks(joining)
def register(
    site: Annotated[SiteId, typer.Argument(metavar="SITE", help="The site, such as BER.", show_default=False)],
    *,
    identify: Annotated[bool, typer.Option("--identify", help="Ask for name, phone and e-mail, which are kept sealed.")] = False,
) -> c.Register:
    """Open a record for a participant at a site, under the protocol that the site has approved last."""
    return c.Register(site=site, identifiers=_asked() if identify else None)


@asks(joining)
def consent(  # noqa: PLR0913 - Each argument is an option of the command.
    at: WHEN,
    *,
    form: Annotated[
        Form, Reads(lambda _: form_in), typer.Option(metavar="FILE", help="The file of the form that was signed; its digest is recorded.")
    ],
    obtained_by: Annotated[Sentence, typer.Option(help="Who explained the study and obtained the consent.")],
    copy_given: Annotated[bool, typer.Option("--copy-given/--no-copy-given", help="Whether the participant got a copy.")],
    representative: Annotated[Sentence | None, typer.Option(metavar="RELATION", help="Signed by a representative: how related.")] = None,
    witness: Annotated[Sentence | None, typer.Option(help="Who witnessed the signing.")] = None,
    part: Annotated[list[Name] | None, typer.Option(help="An optional part that was agreed to; can be repeated.")] = None,
) -> c.Report:
    """Record that the informed consent form was signed."""
    fact = e.ConsentSigned(
        at=at,
        document=form.name,
        document_digest=form.digest,
        signer="participant" if representative is None else "representative",
        relation=representative,
        obtained_by=obtained_by,
        witness=witness,
        copy_given=copy_given,
        optional_parts=tuple(part or ()),
    )
    return c.Report(fact=fact)


@asks(joining)
def screen(at: WHEN) -> c.Report:
    """Record that screening started: the first study-specific procedure took place."""
    return c.Report(fact=e.ScreeningStarted(at=at))


@asks(joining)
def confirm(
    judged_at: Annotated[datetime, Reads(lambda chart: chart.clock.instant), typer.Argument(metavar="WHEN", help=JUDGED_AT)],
    *,
    report: Annotated[Digest, typer.Option(help="The digest of the report, as it stands below the report.")],
) -> c.ConfirmEligibility:
    """Confirm eligibility, which is enrolment, by the report that was judged; an investigator signs it.

    What was learned since about the time before is confirmed in the same way, by the report judged for the first confirmation.
    """
    return c.ConfirmEligibility(judged_at=to_the_minute(judged_at), report=report)


@asks(joining)
def confirmed_on_paper(at: WHEN) -> c.Report:
    """Record that eligibility was confirmed on paper; an investigator does this, by signature.

    It is judged by what is on record of the time before, and a deviation stands for as long as a part does not pass.
    """
    return c.Report(fact=e.EligibilityConfirmed(at=at))


@asks(joining)
def fail_screening(
    at: WHEN,
    *,
    chart: CHART,
    criterion: Annotated[
        list[Sentence] | None, typer.Option(help="A part that fails, such as E11b; can be repeated. If none is given: all that fail.")
    ] = None,
    why: Annotated[Sentence | None, typer.Option(help="Why screening ended, if for another reason.")] = None,
) -> c.Report:
    """Record that screening failed: by the parts that fail as judged then, by those that are named, or for another reason."""
    named = tuple(criterion or ()) if criterion or why else _failing(chart, at)
    return c.Report(fact=e.ScreenFailed(at=at, criteria=named, why=why))


def _failing(chart: Chart, at: When) -> tuple[str, ...]:
    """The parts that fail by what is on record."""
    report = eligibility(chart.record.participant, chart.study, min(at.span(chart.clock.zone).latest, chart.clock.now))
    return tuple(part.id for part in report.parts if part.verdict == "fails")


def form_in(typed: str) -> Form:
    """The form in a file. Raises Refused."""
    path = Path(typed)
    try:
        return Form(path.name, sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        raise Refused(Reason(code="no-file", says=f"{typed!r} cannot be read: {error.strerror}")) from None


def _asked() -> Identifiers:
    """Asked for on the terminal, so that they stand in no history of commands and no list of processes."""
    return Identifiers(
        **{key: typer.prompt(question, default="", show_default=False, err=True) or None for key, question in QUESTIONS.items()}
    )


QUESTIONS = {"name": "Name", "phone": "Phone", "email": "E-mail"}
