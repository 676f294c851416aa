"""The assessments of a protocol file: each is required by a visit, and what settles it can be recorded."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from domain.protocol import Assessment
from domain.protocol_checks.parts import Document, Fault, members, readable, table


def check_assessments(document: Document) -> Iterator[Fault]:
    """Assessments that are required and not there, or there and not required; and what nobody can record."""
    known, required = table(document, "assessments"), set[str]()
    for visit, rule in table(document, "visits").items():
        for name in members(table(rule).get("assessments")):
            required.add(str(name))
            if name not in known:
                yield Fault(f"visits.{visit}.assessments", f"there is no assessment {name!r}")
    yield from (Fault(f"assessments.{name}", "is required by no visit") for name in known if name not in required)
    for assessment, kind, name in _settled_by(document):
        if name not in table(document, kind):
            yield Fault(f"assessments.{assessment}.{kind}", f"nobody can record {name!r}: it is not in the table {kind}")


def settling(document: Document) -> Iterator[tuple[str, str]]:
    """What is recorded because an assessment asks for it, each by its table and its name."""
    yield from ((kind, name) for _, kind, name in _settled_by(document))


def _settled_by(document: Document) -> Iterator[tuple[str, str, str]]:
    for assessment, one in readable(table(document, "assessments"), TypeAdapter(Assessment)).items():
        for kind, names in (("tests", one.tests), ("scores", one.scores), ("attestations", one.attestations)):
            yield from ((assessment, kind, name) for name in names)
