"""Files and functions fit a reader, and things are called by the clinic's words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, hand_written, lines, parsed, place, product, python, report

LINES_IN_A_FILE = 400
LINES_IN_A_FUNCTION = 40
CATALOGUES = {"domain/events.py"}
"""One list that is looked things up in: splitting it would only make people search."""
LEFT_UNDONE = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
EMPTY_NAMES = {"manager", "managers", "helper", "helpers", "util", "utils", "data"}
NOT_THE_CLINICS_WORDS = re.compile(r"(^|_)(subject|patient)s?(_|$)", re.IGNORECASE)


def test_no_file_is_longer_than_a_reader_wants() -> None:
    offences = [
        f"{path.relative_to(ROOT)} has {length}"
        for path in product()
        if (length := len(lines(path))) > LINES_IN_A_FILE and str(path.relative_to(ROOT)) not in CATALOGUES
    ]
    assert not offences, f"Split by idea, not by size; a file may have {LINES_IN_A_FILE} lines:{report(offences)}"


def test_every_function_fits_a_screen() -> None:
    offences = [
        f"{place(path, node)} {node.name} has {length}"
        for path in product()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := length_of(node)) > LINES_IN_A_FUNCTION
    ]
    assert not offences, f"Split by idea, and name each part; a function may have {LINES_IN_A_FUNCTION} lines:{report(offences)}"


def test_nothing_is_left_undone() -> None:
    offences = [where for path in hand_written() for where, line in lines(path) if LEFT_UNDONE.search(line)]
    assert not offences, f"Do it now, or write it down as a known limit in the docs:{report(offences)}"


def test_every_module_is_named_after_its_idea() -> None:
    offences = [str(path.relative_to(ROOT)) for path in python() if EMPTY_NAMES & {path.stem, path.parent.name}]
    assert not offences, f"Name the module after the idea in it, or move its parts to where their ideas live:{report(offences)}"


def test_people_in_the_trial_are_participants() -> None:
    offences = [
        f"{where} {name}" for path in product() for where, name in names_given(path) if NOT_THE_CLINICS_WORDS.search(in_snake_case(name))
    ]
    assert not offences, f"Say participant:{report(offences)}"


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, its decorators and its docstring not counted; a closed `match` counts as its longest case.

    A match over a closed union is a table that a type checker holds complete: it is as hard to read as its hardest line.
    """
    docstring = function.body[0] if ast.get_docstring(function) else None
    tables = sum(height(node) - max(map(height_of_case, node.cases)) for node in function.body if isinstance(node, ast.Match))
    return height(function) - (height(docstring) if docstring else 0) - tables


def height_of_case(case: ast.match_case) -> int:
    return case.body[-1].end_lineno - case.pattern.lineno + 1 if case.body[-1].end_lineno else 1


def height(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def names_given(path: Path) -> Iterator[tuple[str, str]]:
    """Every name that the module itself gives to something, with its place."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield place(path, node), name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.alias(asname=str(name)):
                yield place(path, node), name
            case _:
                pass


def in_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
