"""The processes: all of them on one machine with `daybook up`, or each by itself in production."""

import sys
from typing import Annotated, Literal

import typer

from app.cli.session import session_of
from app.logs import logging_to
from store.ledger import stands

processes = typer.Typer()
NO_KEY = (
    "There is no master key at {path}: no contact data can be recorded, and those on record cannot be read. "
    "Put the key back, or name its file in DAYBOOK_KEYS; a new one is not made."
)


@processes.command()
def up(
    ctx: typer.Context,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Fill a new ledger with a synthetic study and synthetic participants.")] = False,
) -> None:
    """Run all of Daybook on this machine, and show the worklist until stopped with Ctrl-C."""
    from app.cli import running  # noqa: PLC0415 - It loads Temporal, for which most commands would wait in vain.
    from app.web.serving import refuse_unless_free  # noqa: PLC0415 - And this the web.

    session = session_of(ctx)
    if not stands(session.settings.ledger):
        running.refuse_without_temporal(session.settings)
    refuse_unless_free(session.settings)
    with session.daybook(create=True) as daybook:
        if not daybook.sealing:
            session.warns(NO_KEY.format(path=session.settings.keys))
        running.run(running.everything(daybook, session, demo=demo))


@processes.command()
def worker(ctx: typer.Context) -> None:
    """Carry the journeys of the study on the Temporal server, until stopped. Any number may run."""
    _alone(ctx, "worker")


@processes.command()
def relay(ctx: typer.Context) -> None:
    """Follow the record and nudge journeys, until stopped. Any number may run: one works, the others stand by."""
    _alone(ctx, "relay")


@processes.command()
def project(ctx: typer.Context) -> None:
    """Follow the record and keep the answers ready, until stopped. Any number may run: one works, the others stand by."""
    _alone(ctx, "project")


@processes.command()
def web(
    ctx: typer.Context,
    *,
    beside: Annotated[int | None, typer.Option(hidden=True, help="The descriptor of its socket.")] = None,
) -> None:
    """Answer browsers and programs, until stopped; DAYBOOK_WEB_PROCESSES says in how many processes."""
    if beside is None:
        _alone(ctx, "web")
        return
    from app.web.side_by_side import answer_beside  # noqa: PLC0415 - It loads the web, for which most commands would wait in vain.

    session = session_of(ctx)
    with session.daybook() as daybook, logging_to(sys.stderr, session.settings.log):
        answer_beside(beside, daybook)


def _alone(ctx: typer.Context, part: Literal["worker", "relay", "project", "web"]) -> None:
    from app.cli import running  # noqa: PLC0415 - It loads Temporal, for which most commands would wait in vain.

    session = session_of(ctx)
    with session.daybook() as daybook, logging_to(sys.stderr, session.settings.log):
        running.run(running.PARTS[part](daybook))
