"""The demonstration, as a command."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from app.cli.session import console, session_of
from app.demo.stage import stage
from app.demo.story import tell
from app.demo.telling import Teller
from app.logs import logging_to

demonstration = typer.Typer()
A_PAGE = 160
"""How many characters a line of the story has where there is no terminal: it is read, and not searched."""


@demonstration.command()
def demo(ctx: typer.Context) -> None:
    """Live through two years of one synthetic participant in a quarter of a minute, on a real ledger and a real server that skips time."""
    form = session_of(ctx).settings.log
    with TemporaryDirectory(prefix="daybook-") as folder, Path(folder, "daybook.log").open("a") as file, logging_to(file, form):
        asyncio.run(_told(Path(folder)))


async def _told(folder: Path) -> None:
    async with stage(folder) as story:
        await tell(story, Teller(console(A_PAGE)))
