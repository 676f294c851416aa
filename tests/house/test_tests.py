"""Tests wait for facts, not for time, and talk to the real thing."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import lines, parsed, place, report, suite

SLEEPS = {"time.sleep", "asyncio.sleep", "sleep", "anyio.sleep"}
ALLOWED = "# awaits another process"
PRETENCE = {"mock", "unittest.mock", "pytest_mock", "MagicMock", "AsyncMock", "monkeypatch", "mocker", "MonkeyPatch"}


def test_no_test_sleeps() -> None:
    offences = [
        place(path, node)
        for path in suite()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SLEEPS and ALLOWED not in lines(path)[node.lineno - 1][1]
    ]
    assert not offences, (
        "Move a fixed clock, or wait for the event itself; only a loop that polls another program may sleep, "
        f"and its line ends in `{ALLOWED}`:{report(offences)}"
    )


def test_no_test_pretends() -> None:
    offences = [where for path in suite() for where in pretences(path)]
    assert not offences, (
        f"Use the real thing: an in-memory ledger, a fixed clock, the fixtures `postgres`, `temporal_server`:{report(offences)}"
    )


def pretences(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                if PRETENCE & {module, *(name.name for name in names)}:
                    yield place(path, node)
            case ast.arg(arg=name) | ast.Attribute(attr=name) if name in PRETENCE:
                yield place(path, node)
            case _:
                pass
