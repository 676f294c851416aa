"""The proof of the record, and the heads by which others can prove it too."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import AS_JSON
from app.cli.session import grid, session_of
from app.cli.speaking import IN_THE_WAY
from app.proving import damaged, heads_in, proved, unread, verification
from domain.time import shown
from store.errors import in_plain_words
from store.heads import Head, Unproven, walked

proofs = typer.Typer()
HELD = Annotated[
    list[Path] | None,
    typer.Option("--head", metavar="FILE", help="A head that somebody holds, as it came by mail; can be repeated. Proves from the start."),
]
FROM_THE_START = Annotated[
    bool, typer.Option("--from-the-start", help="Prove everything again, and not only what came since the last proof.")
]


@proofs.command()
def verify(ctx: typer.Context, *, head: HELD = None, from_the_start: FROM_THE_START = False, as_json: AS_JSON = False) -> None:
    """Prove that nothing was altered since it was recorded, from where the last proof ended; damage is named where it stands."""
    session = session_of(ctx)
    kept = heads_in(head or ())
    with session.daybook() as daybook:
        found = verification(daybook, kept=kept, from_the_start=from_the_start)
    if as_json:
        session.answers(found)
    else:
        session.says(proved(found))
    for one in found.unreadable:
        session.warns(unread(one))
    for one in found.damage:
        session.warns(damaged(one))
    if found.damage:
        raise typer.Exit(IN_THE_WAY)


@proofs.command()
def heads(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Show every head that was signed: how many entries it states, their root, and when."""
    session = session_of(ctx)
    with session.daybook() as daybook, in_plain_words():
        found = list(walked((note for _, note in daybook.ledger.recorder.heads()), daybook.signing.first()))
    if as_json:
        session.answers([one.note if isinstance(one, Head) else {"none": str(one)} for one in found])
        return
    table = grid("Head", "Entries", "Root", "Signed")
    for number, one in enumerate(found, 1):
        row = ("", f"is none: {one}", "") if isinstance(one, Unproven) else (str(one.size), one.root.hex()[:16], shown(one.at, "UTC"))
        table.add_row(str(number), *row)
    session.shows(table)


@proofs.command()
def head(ctx: typer.Context) -> None:
    """Sign a head of the record as it stands now, and print it: whoever keeps it can prove what is altered or cut off later."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        session.says(daybook.signing.seal().seal(daybook.ledger).note.rstrip())


@proofs.command()
def public_key(ctx: typer.Context) -> None:
    """Print the public key that heads and certified copies are checked with."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        session.says(str(daybook.signing.first()))


@proofs.command()
def renew_key(ctx: typer.Context) -> None:
    """Have heads signed by a new key from now on; the old key signs that it is the new one, so whoever knows the old one can go on."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        signed = daybook.signing.renew(daybook.ledger)
    session.says(f"The next head is signed by {signed.next_key}.")
