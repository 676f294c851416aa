"""Drug references as files: compared with one another, with whose verdicts hang on the difference."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import AS_JSON
from app.cli.protocols import told
from app.cli.reading import whole
from app.cli.session import Session, session_of
from app.documents import reference_values
from domain.criteria.changes import Change, changes
from domain.differences import differences
from domain.time import to_the_minute
from store.errors import Missing
from store.studies import Adopted, StudyFiles, reference_in

references = typer.Typer(help="Look at drug references.")


@references.command()
def values(ctx: typer.Context, version: Annotated[str, typer.Argument(metavar="VERSION", help="The number of a version.")]) -> None:
    """Print, as a document, what a version reckons with: every value with its source, and whether that was read or is remembered."""
    session = session_of(ctx)
    session.says(reference_values(StudyFiles(session.settings.studies).reference(whole(version)).reference))


@references.command()
def diff(
    ctx: typer.Context,
    was: Annotated[str, typer.Argument(metavar="OLD", help="The number of a version, or a file.", show_default=False)],
    becomes: Annotated[str, typer.Argument(metavar="NEW", help="The number of a version, or a file.", show_default=False)],
    *,
    as_json: AS_JSON = False,
) -> None:
    """Show the drugs and values that differ, and whose verdicts change with them."""
    session = session_of(ctx)
    old, new = _either(session, was), _either(session, becomes)
    found, whose = differences(old.reference, new.reference), _whose(session, old, new)
    if as_json:
        session.answers({"differences": found, "verdicts": whose})
        return
    for line in told(found):
        session.says(line)
    if whose is None:
        session.says("There is no ledger here, so nobody's verdicts were compared.")
    elif not whose:
        session.says("Nobody's verdicts change.")
    for participant, changed in (whose or {}).items():
        session.says(f"{participant}: {'; '.join(f'{one.on} {one.was}, becomes {one.becomes}' for one in changed)}")


def _either(session: Session, typed: str) -> Adopted:
    """The reference in a file, or a version."""
    path = Path(typed)
    return reference_in(path) if path.is_file() else StudyFiles(session.settings.studies).reference(whole(typed))


def _whose(session: Session, old: Adopted, new: Adopted) -> dict[str, tuple[Change, ...]] | None:
    """Those whose verdicts change, each with what changes; None where there is no ledger."""
    try:
        with session.daybook() as daybook:
            study, now = daybook.desk.current(), to_the_minute(session.clock())
            before, after = (study.reckoning_with(one.reference, one.digest) for one in (old, new))
            everybody = ((id, daybook.participants.read(id).participant) for id in daybook.participants.ids())
            return {id: changed for id, one in everybody if (changed := changes(one, before, after, now))}
    except Missing:
        return None
