"""Promises of a protocol file: each belongs to a criterion, can be broken by something that people record, and ends some time."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from domain.criteria import language as l
from domain.protocol import Conduct
from domain.protocol_checks.lengths import within_a_lifetime
from domain.protocol_checks.parts import Document, Fault, criteria_in, readable, table


def check_conduct(document: Document) -> Iterator[Fault]:
    """What is wrong with each promise."""
    criteria = {place.removeprefix("criteria.") for place, _ in criteria_in(document)}
    for name, rule in _promises(document).items():
        place = f"conduct.{name}"
        if rule.criterion not in criteria:
            yield Fault(f"{place}.criterion", f"there is no criterion {rule.criterion}")
        if rule.of is None and not rule.major_surgery and not rule.results:
            yield Fault(place, "nothing breaks it: give `of`, `major_surgery` or `results`")
        if rule.until.elapsed is not None or not within_a_lifetime(rule.until):
            yield Fault(f"{place}.until", f"{rule.until} is no length for a promise, which is counted in dates")
        yield from _recordable(place, rule, document)


def asked_by_conduct(document: Document) -> Iterator[l.Leaf]:
    """What promises ask of conditions, procedures and tests, told in the language of criteria."""
    for rule in _promises(document).values():
        if rule.of is not None:
            yield l.NotPresent(kind="not-present", of=rule.of, review="history")
        for test, results in rule.results.items():
            yield l.Resulted(kind="resulted", test=test, passing=results, failing=results)


def _promises(document: Document) -> dict[str, Conduct]:
    return readable(table(document, "conduct"), TypeAdapter(Conduct))


def _recordable(place: str, rule: Conduct, document: Document) -> Iterator[Fault]:
    sought = {"conditions": rule.of.conditions, "procedures": rule.of.procedures} if rule.of else {}
    for kind, names in sought.items():
        for name in names:
            if name not in table(document, kind):
                yield Fault(f"{place}.of.{kind}", f"nobody can record {name!r}: it is not in the table {kind}")
    for test, results in rule.results.items():
        offered = table(document, "tests", test).get("results", ())
        for result in results:
            if result not in offered:
                yield Fault(f"{place}.results.{test}", f"nobody can record {result!r}: it is no result of {test}")
