"""The clause table: which test proves which clause. `python -m tests.compliance` writes docs/compliance.md.

A test says what it proves by a mark, `@pytest.mark.clause("21 CFR 11", "11.10(e)")`; the clauses stand in docs/clauses.toml.
"""

import ast
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from domain.base import Value

ROOT = Path(__file__).parents[1]
CLAUSES, TABLE = ROOT / "docs/clauses.toml", ROOT / "docs/compliance.md"
Duty = Literal["ours", "shared", "theirs"]
IN_WORDS: Mapping[Duty, str] = {"ours": "Daybook", "shared": "Daybook and the organisation", "theirs": "the organisation"}


class Clause(Value):
    """What a rule asks for, in our words; `gap` is what does not hold yet."""

    id: str
    duty: Duty
    says: str
    gap: str = ""


class Rule(Value):
    """A regulation or guideline, where it is found, and how well it was read."""

    name: str
    title: str
    source: str
    clause: tuple[Clause, ...]


class Proof(NamedTuple):
    """A test that says that it proves a clause."""

    rule: str
    clause: str
    file: str
    test: str


def rules() -> Sequence[Rule]:
    """Every rule, with its clauses."""
    return [Rule.model_validate(one | {"clause": tuple(one["clause"])}) for one in tomllib.loads(CLAUSES.read_text())["rule"]]


def proofs() -> Iterator[Proof]:
    """Every mark of every test, read from the source, so that a test that did not run is named as well."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test in ast.walk(ast.parse(path.read_text())):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for rule, clause in _marked(test):
                    yield Proof(rule, clause, str(path.relative_to(ROOT)), test.name)


def _marked(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.clause":
            rule, *clauses = (ast.literal_eval(argument) for argument in mark.args)
            yield from ((rule, clause) for clause in clauses)


def unproved(found: Sequence[Rule], by: Sequence[Proof]) -> list[str]:
    """The clauses that are Daybook's to keep, are not said to be open, and that no test is marked with."""
    proved = {(proof.rule, proof.clause) for proof in by}
    return [
        f"{rule.name} {clause.id}"
        for rule in found
        for clause in rule.clause
        if clause.duty != "theirs" and not clause.gap and (rule.name, clause.id) not in proved
    ]


def table(found: Sequence[Rule], by: Sequence[Proof]) -> str:
    """The page, as Markdown."""
    return "\n".join(_table(found, by)) + "\n"


def _table(found: Sequence[Rule], by: Sequence[Proof]) -> Iterator[str]:
    proving: dict[tuple[str, str], list[Proof]] = defaultdict(list)
    for proof in by:
        proving[proof.rule, proof.clause].append(proof)
    yield "# Clause by clause"
    yield from (
        "",
        "What rules for electronic records ask of a trial's system, whose duty it is, and which tests prove that Daybook does its",
        "part. The clauses are told in our own words and are no legal advice. A test proves what it tests, and no more; what an",
        "organisation must do by itself, no test can prove. `make docs` makes this page of `docs/clauses.toml` and of the marks on tests.",
    )
    duties = Counter(clause.duty for rule in found for clause in rule.clause)
    says = f"{duties['ours']} are Daybook's, {duties['shared']} are shared, {duties['theirs']} are the organisation's."
    yield from ("", f"Of {duties.total()} clauses {says}")
    if gaps := [(rule, clause) for rule in found for clause in rule.clause if clause.gap]:
        yield from ("", "## What does not hold yet", "")
        yield from (f"- {rule.name}, {clause.id}: {clause.gap}" for rule, clause in gaps)
    for rule in found:
        yield from ("", f"## {rule.title}", "", f"Source: {rule.source}.", "")
        yield from ("| Clause | What it asks | Whose duty | Proved by |", "|---|---|---|---|")
        for clause in rule.clause:
            shown = "<br>".join(map(_link, proving[rule.name, clause.id]))
            gap = f" **Open:** {clause.gap}" if clause.gap else ""
            yield f"| {clause.id} | {clause.says}{gap} | {IN_WORDS[clause.duty]} | {shown} |"


def _link(proof: Proof) -> str:
    return f"[{proof.test.removeprefix('test_').replace('_', ' ')}](../{proof.file})"


def main() -> None:
    """Write the page anew."""
    TABLE.write_text(table(rules(), list(proofs())))


if __name__ == "__main__":
    main()
