"""One call of the command line: its settings, its clock, its log, and what it says to whoever called."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from time import perf_counter
from typing import Any

import structlog
import typer
from pydantic_core import to_jsonable_python
from rich.console import Console, RenderableType
from rich.table import Table

from app.clinic_time import SiteClock
from app.logs import logging_to
from app.settings import Settings
from app.wiring import Clock, Daybook, opened, rehearsed, world_clock
from store.heads import PublicKey

WIDE = 1000
"""How many characters a line may have where there is no terminal: a row of a table stays on one line."""


class Session:
    """Made once for each call; nothing is opened before it is needed. Tests give it a clock of their own."""

    def __init__(self, clock: Clock = world_clock) -> None:
        self.clock = clock
        self.as_json = False
        self.site_clock: SiteClock | None = None
        """The clocks of the site that this call is about, once that is known."""
        self._log = ExitStack()
        self.noted: dict[str, Any] = {}
        """What the log will say of this call."""

    @cached_property
    def settings(self) -> Settings:
        """The settings; whatever is logged from here on goes to the folder. Raises BadSettings."""
        settings = Settings.read()
        self._log.enter_context(logging_to(LogFile(settings), settings.log))
        return settings

    @contextmanager
    def daybook(self, *, create: bool = False, key: PublicKey | None = None) -> Iterator[Daybook]:
        """The record, open."""
        with opened(self.settings, self.clock, create=create, key=key) as daybook:
            yield daybook

    @contextmanager
    def rehearsal(self) -> Iterator[Daybook]:
        """A new record that is forgotten again."""
        with rehearsed(self.settings, self.clock) as daybook:
            yield daybook

    def says(self, text: str = "") -> None:
        """A line for whoever called."""
        print_line(text)

    def warns(self, text: str) -> None:
        """A line beside the answer, on standard error."""
        warn(text)

    def shows(self, what: RenderableType) -> None:
        """A table, as wide as the terminal is."""
        console().print(what)

    def answers(self, value: Any) -> None:
        """The answer as JSON, for a program."""
        print_line(json.dumps(to_jsonable_python(value), indent=2, ensure_ascii=False))

    @contextmanager
    def logged(self) -> Iterator[None]:
        """One line in the log about this call, if anything was opened for it."""
        began, names = perf_counter(), {}
        try:
            yield
        except Exception as trouble:  # Whatever it was is raised again, and leaves its name in the log.
            names = _names_of(trouble)
            raise
        finally:
            if "settings" in self.__dict__:
                structlog.get_logger().info("called", **self.noted, **names, seconds=round(perf_counter() - began, 3))
            self._log.close()


class LogFile:
    """The log in the folder, opened for each line; where there is no folder, nothing is worth a line yet."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.log_file

    def write(self, text: str) -> None:
        if not self._path.parent.is_dir():
            return
        try:
            with self._path.open("a") as file:
                file.write(text)
        except OSError as error:
            warn(f"Daybook cannot write its log to {self._path}: {error.strerror}. A line of the log is lost, and nothing else.")

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False


def _names_of(error: BaseException) -> dict[str, str]:
    """An error by name, and what caused it first: what either says may quote the record."""
    first = error
    while first.__cause__ is not None:
        first = first.__cause__
    cause = getattr(first, "sqlite_errorname", None) or getattr(first, "sqlstate", None) or type(first).__name__
    return {"error": type(error).__name__} | ({} if first is error else {"cause": cause})


def session_of(ctx: typer.Context) -> Session:
    """The session of a call, which from here on knows the command's name."""
    session: Session = ctx.obj
    session.noted["command"] = ctx.command_path.replace(" ", ".").partition(".")[2]
    return session


def console(otherwise: int = WIDE) -> Console:
    """Where answers go; a terminal says how wide it is. Brackets in what people wrote are only brackets."""
    return Console(width=None if sys.stdout.isatty() else otherwise, highlight=False, markup=False)


def warn(text: str) -> None:
    """Print a line on standard error."""
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)


def print_line(text: str) -> None:
    """Print a line as it is, however long."""
    console().print(text, soft_wrap=True)


def grid(*columns: str, title: str | None = None) -> Table:
    """A table with a heading for each column, plain enough to be read aloud."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
