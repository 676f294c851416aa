"""Joining: registered, consented, screened, found eligible or not."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from app.cli.asking import WHEN, asks
from app.cli.reading import Reads
from domain import commands as c
from domain import events as e
from domain.entry import Identifiers
from domain.rejections import Reason, Refused
from domain.words import Name, Sentence, SiteId

joining = typer.Typer()


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
        Form, Reads(lambda _: _form), typer.Option(metavar="FILE", help="The file of the form that was signed; its digest is recorded.")
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
def confirm(at: WHEN) -> c.Report:
    """Confirm eligibility, which is enrolment; an investigator does this, and signs with --sign."""
    return c.Report(fact=e.EligibilityConfirmed(at=at))


@asks(joining)
def fail_screening(
    at: WHEN,
    *,
    criterion: Annotated[list[Sentence], typer.Option(help="A criterion that was not satisfied, such as E24; can be repeated.")],
) -> c.Report:
    """Record that the participant was found not eligible."""
    return c.Report(fact=e.ScreenFailed(at=at, criteria=tuple(criterion)))


def _form(typed: str) -> Form:
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
