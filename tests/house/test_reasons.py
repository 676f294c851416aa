"""Every exception from a rule says why it is one."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, lines, parsed, place, product, pyproject, python, report

A_REASON = r"[^\w\n]+\w+(?:[^\w\n]+\w+){2,}"
EXCUSES = re.compile(r"#\s*(noqa|type:\s*ignore)")
EXPLAINED = re.compile(rf"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w,\s-]+\]){A_REASON}")


def test_every_silenced_warning_says_why() -> None:
    offences = [where for path in python() for where, comment in comments(path) if EXCUSES.search(comment) and not explained(comment)]
    assert not offences, (
        f"Write `# noqa: CODE - the reason` or `# type: ignore[code]  # the reason`, in three words or more:{report(offences)}"
    )


def test_every_ruff_rule_that_is_off_says_why() -> None:
    lint = pyproject()["tool"]["ruff"]["lint"]
    codes = [*lint["ignore"], *(code for ignored in lint["per-file-ignores"].values() for code in ignored)]
    reasons = re.findall(rf'^\s+"([A-Z]+\d*)",?\s*#{A_REASON}', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    offences = sorted({code for code in codes if codes.count(code) > reasons.count(code)})
    assert not offences, f"Put each on a line of its own in pyproject.toml, with a comment that gives the reason:{report(offences)}"


def test_every_broad_except_says_why() -> None:
    offences = [place(path, handler) for path in product() for handler in broad_handlers(path) if not has_reason(path, handler)]
    assert not offences, f"Catch the error you expect, or say on the line why everything must be caught:{report(offences)}"


def comments(path: Path) -> Iterator[tuple[str, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def explained(comment: str) -> bool:
    return len(EXCUSES.findall(comment)) == len(EXPLAINED.findall(comment)) == 1


def broad_handlers(path: Path) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(error is None or ast.unparse(error) in {"Exception", "BaseException"} for error in caught):
                yield node


def has_reason(path: Path, handler: ast.ExceptHandler) -> bool:
    return re.search(rf"#.*{A_REASON}", lines(path)[handler.lineno - 1][1]) is not None
