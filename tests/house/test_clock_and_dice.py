"""Time and chance are arguments in the domain and in the workflows, and nobody reads a clock at import."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, parsed, place, product, report

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.monotonic"}
CLOCKS |= {"time.perf_counter", "Instant.now", "ZonedDateTime.now", "PlainDateTime.now", "Date.today_in_system_tz"}
DICE = {"uuid.uuid1", "uuid.uuid4", "os.urandom", "random", "secrets"}


@pytest.mark.parametrize("ring", ["domain", "workflows"])
def test_time_and_chance_are_arguments(ring: str) -> None:
    offences = [f"{place(path, node)} {name}" for path in sorted((ROOT / ring).rglob("*.py")) for node, name in impurities(path)]
    assert not offences, f"Take the instant, the identifier or the dice as an argument, instead of asking for them at:{report(offences)}"


def test_nothing_reads_the_clock_at_import() -> None:
    offences = [place(path, node) for path in product() for node in at_import(parsed(path)) if tail(node) in CLOCKS | DICE]
    assert not offences, f"Ask inside a function, when somebody wants to know, instead of at import:{report(offences)}"


def impurities(path: Path) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Every use, called or passed on, of a clock or of dice; Temporal's own `workflow.now` and `workflow.random` are replayed, so fine."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Attribute() if tail(node) in CLOCKS | DICE:
                yield node, tail(node)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                modules = {node.module} if isinstance(node, ast.ImportFrom) else set()
                imported = {prefix + name.name for name in names} | modules
                yield from ((node, str(name)) for name in imported & (CLOCKS | DICE))
            case _:
                pass


def at_import(node: ast.AST) -> Iterator[ast.expr]:
    """Every function that is called while a module is imported."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            children: list[ast.AST] = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        case ast.Lambda():
            children = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        case _:
            children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call):
        yield node.func
    for child in children:
        yield from at_import(child)


def tail(node: ast.expr) -> str:
    """The last two names of a dotted expression: `datetime.now` for `datetime.datetime.now`."""
    return ".".join(ast.unparse(node).split(".")[-2:])
