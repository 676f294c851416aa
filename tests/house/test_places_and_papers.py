"""Nothing knows the machine it was written on, and decisions are on paper."""

import re

from tests.house.tree import ROOT, hand_written, lines, report

OF_ONE_MACHINE = re.compile(r"(?<![\w.\-/])/(home|Users|root|work|mnt)/\w|\b[A-Z]:\\Users")
OF_ONE_NETWORK = re.compile(r"pypi\.\w|pythonhosted\.\w|artifactor[y]|\bnexus\.\w|(index|find)-(url|links)\b|\.(corp|lan)\b", re.IGNORECASE)
DECISIONS = ROOT / "docs/decisions"
HEADINGS = (r"^# \S", r"^## Context$", r"^## Decision$", r"^## Consequences$")


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    offences = [f"{where} {line.strip()}" for path in hand_written() for where, line in lines(path) if OF_ONE_MACHINE.search(line)]
    assert not offences, f"Start the path from the repository or from a setting:{report(offences)}"


def test_no_file_names_a_package_registry() -> None:
    offences = [f"{where} {line.strip()}" for path in hand_written() for where, line in lines(path) if OF_ONE_NETWORK.search(line)]
    assert not offences, f"Leave the package index to the machine's own configuration:{report(offences)}"


def test_decisions_are_numbered_without_gaps() -> None:
    found = [path.name for path in sorted(DECISIONS.glob("*.md"))]
    offences = [name for number, name in enumerate(found, 1) if not re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", name)]
    assert not offences, f"Name decisions NNNN-the-choice.md, one number each, from 0001 on:{report(offences)}"


def test_every_decision_gives_context_decision_and_consequences() -> None:
    offences = [
        f"{path.name} lacks {heading.strip('^$')}"
        for path in sorted(DECISIONS.glob("*.md"))
        for heading in HEADINGS
        if not re.search(heading, path.read_text(), re.MULTILINE)
    ]
    assert not offences, f"Write the missing part of the decision:{report(offences)}"
