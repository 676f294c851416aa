"""The live worklist of `daybook up`: drawn again on a terminal, printed when it changes anywhere else."""

import asyncio

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from app.cli.session import Session, console
from app.cli.worklist import in_lines, laid_out
from app.web.serving import where_to_sign_in
from app.wiring import Daybook
from domain.time import shown
from projections.worklist import worklist
from projections.worklist_rows import Row
from store.errors import Fault, Missing
from workflows.journeys import Journeys, NoTemporal

LOOKS_EVERY_SECONDS = 1.0
AROUND_THE_LIST = 8
"""How many lines of the terminal the heading, a banner and the last line take."""
ASKS_TEMPORAL_EVERY_SECONDS = 5.0


class Screen:
    """Shows the worklist, and a banner while Temporal does not answer."""

    def __init__(self, daybook: Daybook, session: Session) -> None:
        self._daybook, self._session = daybook, session
        self._banner = ""
        self._synthetic = False

    async def run(self, journeys: Journeys) -> None:
        """Show until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(journeys))
            group.create_task(self._draw() if console().is_terminal else self._print())

    async def _draw(self) -> None:
        with Live(console=console(), auto_refresh=False, transient=True) as live:
            while True:
                rows = await asyncio.to_thread(self._rows)
                now = self._session.clock()
                live.update(self._page(None if rows is None else in_lines(rows, now, live.console.height - AROUND_THE_LIST)), refresh=True)
                await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def _print(self) -> None:
        """A page whenever something has changed and then stood still for a moment."""
        printed: object = ()
        before: object = ()
        while True:
            rows = await asyncio.to_thread(self._rows)
            found = (rows, self._banner)
            if found == before != printed:
                console().print(self._page(None if rows is None else laid_out(rows, self._session.clock())))
                printed = found
            before = found
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def _watch(self, journeys: Journeys) -> None:
        while True:
            try:
                await journeys.namespace_id()
                self._banner = ""
            except NoTemporal as trouble:
                self._banner = f"{trouble} Until then no step is cleared, and what stands is judged when it is asked for."
            await asyncio.sleep(ASKS_TEMPORAL_EVERY_SECONDS)

    def _rows(self) -> tuple[Row, ...] | None:
        """The worklist; None until it was first built."""
        try:
            self._synthetic = self._daybook.desk.current().record.demonstration
            return worklist(self._daybook.views, self._session.clock())
        except Missing:
            return None
        except Fault as trouble:
            self._banner = str(trouble)  # the other parts make up for a fault by themselves; the page comes back with the database
            return None

    def _page(self, body: RenderableType | None) -> Group:
        """What there is to do, under a heading; `body` is None until the answers were first made ready."""
        synthetic = ", synthetic participants" if self._synthetic else ""
        now = shown(self._session.clock(), "UTC")
        heading = Text(f"Daybook {self._daybook.desk.name}{synthetic}, {now}. Ctrl-C stops.", style="bold")
        where = Text(f"{where_to_sign_in(self._daybook)}.")
        banner = [Text(self._banner, style="bold red")] if self._banner else []
        return Group(heading, where, *banner, Text(), body or "The answers are being made ready.")
