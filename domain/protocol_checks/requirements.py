"""Requirements of criteria, leaf by leaf: which evidence a leaf names, over which anchor it is judged, whether it can be judged."""

from collections.abc import Iterator
from typing import NamedTuple, assert_never

from domain.criteria.language import (
    Aged,
    AllOf,
    Anchor,
    AnyOf,
    Attested,
    ConsentedFirst,
    ConsentFormCurrent,
    Criterion,
    ElapsedSince,
    Lasted,
    Leaf,
    Measured,
    Never,
    NoneWithin,
    NoSustainedDose,
    Not,
    NotPresent,
    OfSex,
    Requirement,
    Resulted,
    Reviewed,
    RuledSo,
    Scored,
    ScreeningWithin,
    Sought,
    VolumeBelow,
    WashedOut,
    Whenever,
)
from domain.protocol_checks.lengths import lengths, within_a_lifetime
from domain.protocol_checks.parts import Fault
from domain.words import ReviewKind


class Named(NamedTuple):
    """A name in a leaf: the key under which it stands, and the table of the file in which it must be found."""

    key: str
    table: str
    name: str


def leaves_of(criterion: Criterion, place: str) -> Iterator[tuple[str, Leaf]]:
    """The leaves of all that a criterion asks, by either reading, each with its place."""
    if criterion.requires:
        yield from leaves(criterion.requires, f"{place}.requires")
    if criterion.otherwise_read:
        yield from leaves(criterion.otherwise_read.requires, f"{place}.otherwise_read.requires")


def leaves(requirement: Requirement, place: str) -> Iterator[tuple[str, Leaf]]:
    """The leaves of a requirement, each with its place."""
    match requirement:
        case AllOf() | AnyOf():
            for number, part in enumerate(requirement.of, start=1):
                yield from leaves(part, f"{place}.of.{number}")
        case Not():
            yield from leaves(requirement.of, f"{place}.of")
        case Whenever():
            yield from leaves(requirement.condition, f"{place}.condition")
            yield from leaves(requirement.then, f"{place}.then")
        case _:
            yield place, requirement


def judged_over(leaf: Leaf) -> Anchor | None:
    """The anchor over whose times a leaf answers; None where it answers the same at all times."""
    match leaf:
        case NoneWithin() | VolumeBelow() | WashedOut() | NoSustainedDose() | Lasted() | ConsentedFirst():
            return "screening"
        case Aged() | ElapsedSince():
            return "consent"
        case Scored():
            return "consent" if leaf.dated else "confirmation"
        case Never() | NotPresent() | Measured() | Resulted() | ConsentFormCurrent() | ScreeningWithin():
            return "confirmation"
        case Attested() | Reviewed() | OfSex() | RuledSo():
            return None
        case _:
            assert_never(leaf)


def sought_by(leaf: Leaf) -> Sought | None:
    """What a leaf looks for on record, where it looks for something."""
    match leaf:
        case NoneWithin() | Never() | NotPresent() | VolumeBelow() | WashedOut() | Lasted():
            return leaf.of
        case _:
            return None


def named(leaf: Leaf) -> Iterator[Named]:
    """The evidence that a leaf names."""
    match leaf:
        case NoneWithin() | Never() | NotPresent() | VolumeBelow() | WashedOut() | Lasted():
            yield from (Named("of.conditions", "conditions", name) for name in leaf.of.conditions)
            yield from (Named("of.procedures", "procedures", name) for name in leaf.of.procedures)
        case ElapsedSince():
            yield Named("condition", "conditions", leaf.condition)
            yield Named("score", "scores", leaf.score)
        case Measured() | Resulted():
            yield Named("test", "tests", leaf.test)
        case Scored():
            yield Named("score", "scores", leaf.score)
        case Attested():
            yield Named("attestation", "attestations", leaf.attestation)
            yield from (Named("on", "tests", name) for name in leaf.on)
        case NoSustainedDose() | Aged() | Reviewed() | ConsentedFirst() | ConsentFormCurrent() | ScreeningWithin() | OfSex() | RuledSo():
            return
        case _:
            assert_never(leaf)


def check_leaf(place: str, leaf: Leaf) -> Iterator[Fault]:
    """What is wrong with a leaf whatever the rest of the file says."""
    match leaf:
        case NoneWithin() | VolumeBelow() | NoSustainedDose():
            if not within_a_lifetime(leaf.within):
                yield Fault(f"{place}.within", f"{leaf.within} is no length for a look-back")
        case Lasted() | ElapsedSince():
            if not within_a_lifetime(leaf.at_least):
                yield Fault(f"{place}.at_least", f"{leaf.at_least} is no length that somebody can live through")
        case ScreeningWithin():
            if leaf.at_most.elapsed is not None or not within_a_lifetime(leaf.at_most):
                yield Fault(f"{place}.at_most", f"{leaf.at_most} is no length for a screening, which is counted in dates")
        case Aged():
            if not 0 <= leaf.at_least <= leaf.at_most:
                yield Fault(f"{place}.at_most", f"nobody is at least {leaf.at_least} and at most {leaf.at_most} years old")
        case Measured():
            if leaf.at_least is None and leaf.at_most is None:
                yield Fault(place, "every value passes: give `at_least`, `at_most` or both")
            elif leaf.at_least is not None and leaf.at_most is not None and leaf.at_least > leaf.at_most:
                yield Fault(f"{place}.at_most", f"no value is at least {leaf.at_least} and at most {leaf.at_most}")
        case Resulted():
            for result in sorted(set(leaf.passing) & set(leaf.failing)):
                yield Fault(f"{place}.failing", f"{result} passes and fails")
        case _:
            pass
    if isinstance(leaf, Lasted) and leaf.longest_gap_days >= lengths(leaf.at_least)[0].days:
        yield Fault(f"{place}.longest_gap_days", f"with a gap of {leaf.longest_gap_days} days nothing need be taken for {leaf.at_least}")
    yield from _absence(place, leaf)


def _absence(place: str, leaf: Leaf) -> Iterator[Fault]:
    """What is sought can be found, and by the review that is asked for."""
    of = sought_by(leaf)
    if isinstance(leaf, NoSustainedDose) and leaf.review != "medicines":
        yield _blind(place, leaf.review, "drugs")
    if of is None:
        return
    yield from _sought(f"{place}.of", of)
    match leaf:
        case NoneWithin() | Never() | NotPresent() | VolumeBelow() | WashedOut() | Lasted():
            yield from (_blind(place, leaf.review, what) for what in _kinds(of) if leaf.review not in LOOKED_FOR[what])
        case _:
            pass
    if isinstance(leaf, VolumeBelow) and _kinds(of) != ["procedures"]:
        yield Fault(f"{place}.of", "only procedures have a volume")
    if isinstance(leaf, WashedOut | Lasted) and _kinds(of) != ["drugs"]:
        yield Fault(f"{place}.of", "only drugs are taken, and washed out")


LOOKED_FOR: dict[str, frozenset[ReviewKind]] = {
    "conditions": frozenset({"history", "psychiatric", "procedures"}),
    "procedures": frozenset({"procedures", "history"}),
    "drugs": frozenset({"medicines"}),
}
"""Which reviews find what; one of another kind would let an absence pass that nobody has looked for."""


def _kinds(of: Sought) -> list[str]:
    """Which kinds of evidence are sought."""
    kinds = {"conditions": of.conditions, "procedures": of.procedures, "drugs": of.classes or of.if_ruled}
    return [kind for kind, names in kinds.items() if names]


def _blind(place: str, review: ReviewKind, what: str) -> Fault:
    wanted = " or ".join(sorted(LOOKED_FOR[what]))
    return Fault(f"{place}.review", f"a review of {review} does not find {what}; it must be {wanted}")


def _sought(place: str, of: Sought) -> Iterator[Fault]:
    if not _kinds(of):
        yield Fault(place, "nothing is sought: name conditions, procedures or classes of drugs")
    if not of.conditions and (of.marked or of.grade_at_least is not None):
        yield Fault(place, "only conditions have marks and a grade, and none is named")
    if not (of.classes or of.if_ruled) and (of.but_not or of.routes):
        yield Fault(place, "only drugs have routes and more specific classes, and no class is named")
    for name in sorted({*of.classes, *(name for one in of.if_ruled for name in one.classes)} & set(of.but_not)):
        yield Fault(f"{place}.but_not", f"{name} is sought and taken out")
