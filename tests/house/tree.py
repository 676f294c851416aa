"""The files of the house and how to read them: every house rule looks at the tree through this module."""

import ast
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RINGS = ("domain", "store", "workflows", "projections", "app")
HAND_WRITTEN = {"", ".cfg", ".css", ".html", ".ini", ".js", ".json", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".yaml", ".yml"}
HIDDEN_BUT_OURS = {".ci", ".github"}
MADE_BY_MACHINES = {"__pycache__", "build", "dist", "fossils"}


def product() -> list[Path]:
    """Every Python file that is delivered."""
    return [path for ring in RINGS for path in sorted((ROOT / ring).rglob("*.py"))]


def suite() -> list[Path]:
    return sorted((ROOT / "tests").rglob("*.py"))


def python() -> list[Path]:
    return [*product(), *suite(), *sorted((ROOT / "benchmarks").rglob("*.py"))]


def hand_written(folder: Path = ROOT) -> Iterator[Path]:
    """Every text file that a person wrote."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in MADE_BY_MACHINES and (not path.name.startswith(".") or path.name in HIDDEN_BUT_OURS):
                yield from hand_written(path)
        elif path.suffix in HAND_WRITTEN and path.name != "uv.lock":
            yield path


def lines(path: Path) -> list[tuple[str, str]]:
    """Each line with the place that a message names, such as `store/ledger.py:12`."""
    return [(f"{path.relative_to(ROOT)}:{number}", line) for number, line in enumerate(path.read_text().splitlines(), 1)]


def place(path: Path, node: ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.alias) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def report(offences: list[str]) -> str:
    """The offences as a failure message shows them."""
    return "\n  " + "\n  ".join(offences)
