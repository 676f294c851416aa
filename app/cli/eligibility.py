"""The eligibility report as a person reads it: the answer first, then what stands in the way, then the rest in short."""

from collections.abc import Iterable, Iterator
from itertools import chain

from domain.criteria.report import Branch, EligibilityReport, Part, Verdict
from domain.verdicts import Finding

COUNTED: tuple[tuple[Verdict, str, str], ...] = (
    ("fails", "fails", "fail"),
    ("not yet known", "is not yet known", "are not yet known"),
    ("not due", "is not due", "are not due"),
    ("passes", "passes", "pass"),
)
"""The verdicts in the order in which they matter, and how so many are spoken of."""


def in_lines(report: EligibilityReport) -> Iterator[str]:
    """The whole report, line by line."""
    by_verdict = {verdict: [part for part in report.parts if part.verdict == verdict] for verdict, _, _ in COUNTED}
    counts = [f"{len(found)} {one if len(found) == 1 else more}" for verdict, one, more in COUNTED if (found := by_verdict[verdict])]
    yield f"{report.overall.upper()}: of {len(report.parts)} parts {', '.join(counts)}."
    yield f"Digest of this report: {report.digest}"
    yield from _under("Fails", chain.from_iterable(map(_whole, by_verdict["fails"])))
    yield from _under("Not yet known; what is missing", _missing(report))
    yield from _under("Not yet known", chain.from_iterable(map(_whole, by_verdict["not yet known"])))
    yield from _under(
        "Not due", (f"  {_named(part)}; judged at the gate of {part.due_at}{_assumed(part)}" for part in by_verdict["not due"])
    )
    yield from _under("Passes", chain.from_iterable(map(_in_short, by_verdict["passes"])))


def _under(heading: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines under their heading, where there are any."""
    first = True
    for line in lines:
        if first:
            yield from ("", heading)
            first = False
        yield line


def _missing(report: EligibilityReport) -> Iterator[str]:
    """What is missing, by who supplies it; what several parts ask for is said once."""
    names = {part.id: part.name for part in report.parts}
    for role, asked in report.missing.items():
        yield f"  From the {role.replace('-', ' ')}:"
        by_what: dict[str, list[str]] = {}
        for one in asked:
            part, _, what = one.partition(": ")
            by_what.setdefault(what, []).append(f"{part} {names[part]}")
        yield from (f"    - {what} ({'; '.join(parts)})" for what, parts in by_what.items())


def _whole(part: Part) -> Iterator[str]:
    """A part with its sentence and the tree of its reasons."""
    yield f"  {_named(part)}: {part.says}{_assumed(part)}"
    if part.rescreen_from is not None:
        yield f"    re-screen, not before {part.rescreen_from}"
    yield from _remarks(part)
    if part.because is not None:
        yield from _tree(part.because, "    ")


def _in_short(part: Part) -> Iterator[str]:
    """A part that passes, in a line, and what is told besides."""
    yield f"  {_named(part)}{_entries(_evidence(part.because))}{_assumed(part)}"
    yield from _remarks(part)


def _remarks(part: Part) -> Iterator[str]:
    yield from (f"    remark: {one.says}{_entries(one.evidence)}" for one in part.remarks)


def _tree(branch: Branch, indent: str) -> Iterator[str]:
    yield f"{indent}{branch.outcome}: {branch.says}"
    yield from (f"{indent}  - {_found(one)}" for one in branch.findings)
    for part in branch.parts:
        yield from _tree(part, indent + "  ")


def _found(found: Finding) -> str:
    asks = f"; ask the {found.supplied_by.replace('-', ' ')}" if found.supplied_by else ""
    return f"{found.says}{_entries(found.evidence)}{asks}"


def _entries(evidence: Iterable[int]) -> str:
    numbers = sorted(set(evidence))
    return f" ({'entry' if len(numbers) == 1 else 'entries'} {', '.join(map(str, numbers))})" if numbers else ""


def _evidence(branch: Branch | None) -> Iterator[int]:
    """Every entry that the branches which bear on the outcome rest on."""
    if branch is not None:
        for found in branch.findings:
            yield from found.evidence
        for part in branch.parts:
            if part.outcome == branch.outcome:
                yield from _evidence(part)


def _named(part: Part) -> str:
    return f"{part.id} {part.name}"


def _assumed(part: Part) -> str:
    return " [assumption]" if part.assumption else ""
