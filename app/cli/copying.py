"""Certified copies: of one participant's record or of the whole ledger, to be kept by others; and reading one in."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import AS_JSON, Chart, acting, circumstances
from app.cli.proving import HELD
from app.cli.session import Session, session_of
from app.copies.reading import checked, read_in
from app.copies.writing import export as written
from app.proving import heads_in
from app.signing import Signing
from app.wiring import Daybook
from domain.rejections import Reason, Refused
from store.ledger import stands

copies = typer.Typer()
TAKEN_ON_TRUST = (
    "Nobody's head was compared: that this is the ledger that it says rests on the copy alone. Ask whoever holds a head for the "
    "public key that they were sent; here it is {key}"
)
FOLDER = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the copy.", show_default=False)]


@copies.command()
def export(  # noqa: PLR0913 - Each argument is an option of the command.
    ctx: typer.Context,
    folder: FOLDER,
    *,
    participant: Annotated[str | None, typer.Option(metavar="PARTICIPANT", help="Of this participant only, such as BER-001.")] = None,
    study: Annotated[bool, typer.Option("--study", help="Of the whole ledger.")] = False,
    actor: Annotated[str | None, typer.Option("--as", metavar="ROLE:ID", help="Who certifies it, such as auditor:r-haas.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Write a certified copy that opens and proves itself without Daybook; that it was made is put on record."""
    session = session_of(ctx)
    if (participant is None) != study:
        raise Refused(Reason(code="not-understood", says="say what to copy: either --participant with a code, or --study"))
    by = circumstances(session, acting(actor or session.settings.actor), {"command_id": None})
    with session.daybook() as daybook:
        permit_copying(daybook, session, participant, by.actor.id, by.actor.role, around=study)
        certified = written(daybook, folder, participant, by)
    if as_json:
        session.answers(certified)
    else:
        entries = f"{certified.entries} {'entry' if certified.entries == 1 else 'entries'}"
        session.says(f"Certified: {entries} in {folder}, SHA-256 of the manifest {certified.manifest}.")


@copies.command(name="import")
def import_(ctx: typer.Context, folder: FOLDER, *, head: HELD = None) -> None:
    """Read a certified copy of a whole ledger into a new one; contact data stay sealed, since their keys are in no copy."""
    session = session_of(ctx)
    if stands(session.settings.ledger):
        raise Refused(Reason(code="not-empty", says="there is a ledger already; a copy is read into a new one"))
    heads_in(head or ())  # What is no head says nothing of the copy.
    key = checked(folder, head or ())
    signing = Signing(session.settings)
    if key.name != signing.name:
        raise Refused(Reason(code="another-study", says=f"the copy is of {key.name}, and this is {signing.name}"))
    with session.daybook(create=True, key=key) as daybook:
        entries = read_in(folder, daybook.ledger, key)
        daybook.erasures.carry_out()
    if not head:
        session.warns(TAKEN_ON_TRUST.format(key=key))
    session.says(f"Read in: {entries} entries. Put the signing key of that ledger at {session.settings.signing} to go on signing heads.")


def permit_copying(  # noqa: PLR0913 - Each says of what the copy is, or who takes it.
    daybook: Daybook, session: Session, participant: str | None, person: str, role: str, *, around: bool = False
) -> None:
    """Refuse whoever may not take a copy, of what stands `around` the records as well, once there are people of whom that can be known."""
    code = None if participant is None else Chart(participant, daybook, session).code
    if daybook.people.current().anybody:
        daybook.authority.permit_copying(person, code, "cli", role, around=around)
