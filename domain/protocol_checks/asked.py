"""What rules of gates ask of tests, conditions and attestations, told in the language of criteria, so that it is checked as theirs is."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from domain.criteria import language as l
from domain.protocol import Afebrile, Attested, NotPregnant, NotPresent, Rule
from domain.protocol_checks.parts import Document, read, rules_of
from domain.words import STEPS

FORM: TypeAdapter[Rule] = TypeAdapter(Rule)


def asked_at_gates(document: Document) -> Iterator[tuple[str, l.Leaf]]:
    """Every such question of a gate, each with its place."""
    for step in STEPS:
        for place, part in rules_of(document, step):
            if rule := read(part, FORM):
                yield from ((place, leaf) for leaf in _leaves(rule))


def gates_readable(document: Document) -> bool:
    """Whether every rule of every gate can be read."""
    return all(read(part, FORM) is not None for step in STEPS for _, part in rules_of(document, step))


def _leaves(rule: Rule) -> Iterator[l.Leaf]:
    match rule:
        case NotPresent():
            for mark in rule.marked:
                sought = l.Sought(conditions=(rule.condition,), marked=(mark,))
                yield l.NotPresent(kind="not-present", of=sought, review="history")
        case Afebrile():
            yield l.Measured(kind="measured", test=rule.test, at_most=rule.fever_from)
        case NotPregnant():
            yield l.NotPresent(kind="not-present", of=l.Sought(conditions=(rule.condition,)), review="history")
            yield l.Resulted(kind="resulted", test=rule.test, passing=rule.negative, failing=rule.positive)
        case Attested():
            yield l.Attested(kind="attested", attestation=rule.attestation)
        case _:
            return
