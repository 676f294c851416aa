"""The criteria of a protocol file: each can be judged, on evidence that somebody can record, and no evidence is asked for in vain."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter

from domain.criteria.language import (
    Attested,
    Condition,
    Criterion,
    ElapsedSince,
    Flag,
    Leaf,
    Measured,
    Procedure,
    Resulted,
    Score,
    Scored,
    Test,
    VolumeBelow,
)
from domain.protocol import Protocol
from domain.protocol_checks.asked import asked_at_gates, gates_readable
from domain.protocol_checks.assessments import settling
from domain.protocol_checks.conduct import asked_by_conduct
from domain.protocol_checks.lengths import within_a_lifetime
from domain.protocol_checks.parts import Document, Fault, criteria_in, read, readable, rules_of, table
from domain.protocol_checks.requirements import check_leaf, judged_over, leaves_of, named, sought_by
from domain.reference import Reference

EVIDENCE = ("tests", "conditions", "procedures", "scores", "attestations")
"""The tables of what can be recorded for criteria."""


@dataclass(frozen=True, slots=True)
class Recordable:
    """What the file lets people record, as far as it can be read."""

    tests: dict[str, Test]
    conditions: dict[str, Condition]
    procedures: dict[str, Procedure]
    scores: dict[str, Score]

    @classmethod
    def of(cls, document: Document) -> "Recordable":
        return cls(
            readable(table(document, "tests"), TypeAdapter(Test)),
            readable(table(document, "conditions"), TypeAdapter(Condition)),
            readable(table(document, "procedures"), TypeAdapter(Procedure)),
            readable(table(document, "scores"), TypeAdapter(Score)),
        )


def check_criteria(document: Document) -> Iterator[Fault]:
    """Each criterion has an id of its own and one way to be judged, over its anchor; what it asks for can be recorded, as at the gates."""
    places = Counter(place for place, _ in criteria_in(document))
    yield from (Fault(place, "there is another criterion of this id") for place, count in places.items() if count > 1)
    recordable = Recordable.of(document)
    for place, criterion in _readable(document):
        yield from _judged_once(place, criterion, document)
        for where, leaf in leaves_of(criterion, place):
            anchor = judged_over(leaf)
            if anchor not in {None, criterion.anchor}:
                yield Fault(where, f"{leaf.kind} is judged over the {anchor}, and the criterion is anchored on the {criterion.anchor}")
            yield from _asked(where, leaf, document, recordable)
    for place, leaf in asked_at_gates(document):
        yield from _asked(place, leaf, document, recordable)


def check_evidence(document: Document) -> Iterator[Fault]:
    """Each test, condition, procedure, score and attestation can be recorded, and a criterion or a gate asks for it."""
    recordable = Recordable.of(document)
    for name, test in recordable.tests.items():
        yield from _test(f"tests.{name}", test)
    for name, condition in recordable.conditions.items():
        yield from _condition(f"conditions.{name}", condition)
    for name, score in recordable.scores.items():
        yield from _score(f"scores.{name}", score)
    if len(_readable(document)) == len(criteria_in(document)) and gates_readable(document):
        yield from _in_vain(document, recordable)


def _condition(place: str, condition: Condition) -> Iterator[Fault]:
    yield from (Fault(f"{place}.judged", f"{mark} is no mark") for mark in condition.judged if mark not in condition.marks)


def check_classes(protocol: Protocol, reference: Reference) -> Iterator[Fault]:
    """The classes of drugs that a protocol names are those of the reference that it reckons with."""
    missing = f"is no class of version {reference.version} of the drug reference"
    for criterion in protocol.criteria:
        for place, leaf in leaves_of(criterion, f"criteria.{criterion.id}"):
            of = sought_by(leaf)
            keys = {"classes": of.classes, "but_not": of.but_not} if of else {}
            keys |= {"if_ruled": tuple(name for one in of.if_ruled for name in one.classes)} if of else {}
            for key, names in keys.items():
                yield from (Fault(f"{place}.of.{key}", f"{name!r} {missing}") for name in names if name not in reference.classes)


def _readable(document: Document) -> list[tuple[str, Criterion]]:
    form = TypeAdapter(Criterion)
    return [(place, criterion) for place, part in criteria_in(document) if (criterion := read(part, form)) is not None]


def _judged_once(place: str, criterion: Criterion, document: Document) -> Iterator[Fault]:
    step = criterion.at_gate
    if (step is None) == (criterion.requires is None):
        yield Fault(place, "must be judged at confirmation or at a gate: give either `requires` or `at_gate`")
    if (criterion.requires is None) != (criterion.anchor is None):
        yield Fault(f"{place}.anchor", "must be given for what is judged at confirmation, and only for that")
    if criterion.requires is None and criterion.otherwise_read is not None:
        yield Fault(f"{place}.otherwise_read", "is another reading of what is not judged here")
    if step is not None and f"steps.{step}.rules.{criterion.id}" not in dict(rules_of(document, step)):
        yield Fault(f"{place}.at_gate", f"the gate of {step} has no rule {criterion.id}")


def _asked(place: str, leaf: Leaf, document: Document, recordable: Recordable) -> Iterator[Fault]:
    """What a leaf names can be recorded, and can answer it."""
    for one in named(leaf):
        if one.name not in table(document, one.table):
            yield Fault(f"{place}.{one.key}", f"nobody can record {one.name!r}: it is not in the table {one.table}")
    yield from check_leaf(place, leaf)
    yield from _marks(place, leaf, recordable)
    yield from _answerable(place, leaf, recordable)


def _marks(place: str, leaf: Leaf, recordable: Recordable) -> Iterator[Fault]:
    """Marks, grades and volumes are asked for where they can be noted."""
    of = sought_by(leaf)
    if of is None:
        return
    for name in of.conditions:
        if condition := recordable.conditions.get(name):
            for mark in of.marked:
                if mark not in condition.marks:
                    yield Fault(f"{place}.of.marked", f"nobody can record {mark!r}: it is no mark of {name}")
            if of.grade_at_least is not None and not condition.graded:
                yield Fault(f"{place}.of.grade_at_least", f"nobody can record a grade: {name} is not graded")
    for name in of.procedures if isinstance(leaf, VolumeBelow) else ():
        if (procedure := recordable.procedures.get(name)) and not procedure.measured:
            yield Fault(f"{place}.of.procedures", f"nobody can record a volume: {name} is not measured")


def _answerable(place: str, leaf: Leaf, recordable: Recordable) -> Iterator[Fault]:
    """What is asked of a test or a score is something that it can answer."""
    match leaf:
        case Measured():
            if test := recordable.tests.get(leaf.test):
                yield from _measurable(place, leaf, test)
        case Resulted():
            known = recordable.tests[leaf.test].results if leaf.test in recordable.tests else (*leaf.passing, *leaf.failing)
            for key, results in (("passing", leaf.passing), ("failing", leaf.failing)):
                yield from (Fault(f"{place}.{key}", f"{one} is no result of {leaf.test}") for one in results if one not in known)
        case Scored() | ElapsedSince():
            if score := recordable.scores.get(leaf.score):
                yield from _reachable(place, leaf, score)
        case _:
            pass


def _measurable(place: str, leaf: Measured, test: Test) -> Iterator[Fault]:
    if test.unit is None:
        yield Fault(f"{place}.test", f"{leaf.test} has results and no value")
    for key, bound in (("at_least", leaf.at_least), ("at_most", leaf.at_most)):
        low = bound is not None and test.least is not None and bound < test.least
        high = bound is not None and test.most is not None and bound > test.most
        if low or high:
            yield Fault(f"{place}.{key}", f"{bound} is no value that {leaf.test} can have")


def _reachable(place: str, leaf: Scored | ElapsedSince, score: Score) -> Iterator[Fault]:
    counted = isinstance(leaf, ElapsedSince) or leaf.dated
    if counted and set(score.items.values()) != {1}:
        yield Fault(f"{place}.score", f"the items of {leaf.score} are counted over time, so each must weigh 1")
    if counted and score.laboratory:
        yield Fault(f"{place}.score", f"the items of {leaf.score} are counted over time, so none is drawn for one assessment")
    key, wanted = ("reached", leaf.reached) if isinstance(leaf, ElapsedSince) else ("at_least", leaf.at_least)
    if wanted > sum(score.items.values()):
        yield Fault(f"{place}.{key}", f"{leaf.score} never reaches {wanted}")


def _test(place: str, test: Test) -> Iterator[Fault]:
    if (test.unit is None) == (not test.results):
        yield Fault(place, "must be measured or result in something: give either `unit` or `results`")
    if test.unit is None and (test.least, test.most) != (None, None):
        yield Fault(place, "has no value that could lie between `least` and `most`")
    if test.least is not None and test.most is not None and test.least > test.most:
        yield Fault(f"{place}.most", f"no value is at least {test.least} and at most {test.most}")
    if test.flag is not None:
        yield from _flag(f"{place}.flag", test.flag, test)
    if not within_a_lifetime(test.no_older_than):
        yield Fault(f"{place}.no_older_than", f"{test.no_older_than} is no age for a result")


def _score(place: str, score: Score) -> Iterator[Fault]:
    if not within_a_lifetime(score.no_older_than):
        yield Fault(f"{place}.no_older_than", f"{score.no_older_than} is no age for a score")
    if (score.look_back is None) == bool(score.laboratory):
        yield Fault(place, "items of the laboratory are drawn in a look-back: give both `laboratory` and `look_back`, or neither")
    if score.look_back is not None and not within_a_lifetime(score.look_back):
        yield Fault(f"{place}.look_back", f"{score.look_back} is no length for a look-back")
    yield from (Fault(f"{place}.laboratory", f"{name} is no item") for name in score.laboratory if name not in score.items)


def _flag(place: str, flag: Flag, test: Test) -> Iterator[Fault]:
    """Some values are flagged, and not all."""
    bounds = [bound for bound in (flag.below, flag.above) if bound is not None]
    if not bounds:
        yield Fault(place, "no value is flagged: give `below`, `above` or both")
    if test.least is None or test.most is None or any(not test.least <= bound <= test.most for bound in bounds):
        yield Fault(place, "must be a value that the test can have")
    if flag.below is not None and flag.above is not None and flag.below > flag.above:
        yield Fault(f"{place}.above", f"every value is below {flag.below} or above {flag.above}")


def _in_vain(document: Document, recordable: Recordable) -> Iterator[Fault]:
    """What can be recorded and is asked for by no criterion, no gate and no promise."""
    asked = [leaf for place, one in _readable(document) for _, leaf in leaves_of(one, place)]
    asked += [*(leaf for _, leaf in asked_at_gates(document)), *asked_by_conduct(document)]
    used = {(one.table, one.name) for leaf in asked for one in named(leaf)} | set(settling(document))
    for kind in EVIDENCE:
        for name in table(document, kind):
            if (kind, name) not in used:
                yield Fault(f"{kind}.{name}", "is asked for by no criterion, no gate and no promise")
    judged = {name for leaf in asked if isinstance(leaf, Attested) for name in leaf.on}
    for name, test in recordable.tests.items():
        if test.flag is not None and name not in judged:
            yield Fault(f"tests.{name}.flag", "is shown to nobody: no attestation is judged on this test")
    marks = {(name, mark) for of in map(sought_by, asked) if of for name in of.conditions for mark in of.marked}
    for name, condition in recordable.conditions.items():
        for mark in condition.marks:
            if (name, mark) not in marks:
                yield Fault(f"conditions.{name}.marks", f"{mark} is asked for by no criterion, no gate and no promise")
