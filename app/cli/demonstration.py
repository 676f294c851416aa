"""The demonstration, as a command."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from app.cli.session import console, session_of
from app.logs import logging_to

demonstration = typer.Typer()
A_PAGE = 160
"""How many characters a line of the story has where there is no terminal: it is read, and not searched."""


@demonstration.command()
def demo(ctx: typer.Context) -> None:
    """Live through two years of one synthetic participant in a quarter of a minute, on a real ledger and a real server that skips time."""
    from app.demo.story import live_through  # noqa: PLC0415 - It loads Temporal, for which most commands would wait in vain.

    form = session_of(ctx).settings.log
    with TemporaryDirectory(prefix="daybook-") as folder, Path(folder, "daybook.log").open("a") as file, logging_to(file, form):
        asyncio.run(live_through(Path(folder), console(A_PAGE)))
