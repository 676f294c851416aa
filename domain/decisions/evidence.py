"""Evidence that cannot be: refused at entry, with every fault at once, so that no verdict ever rests on a slip of the hand."""

from collections.abc import Iterable, Iterator

from domain import events as e
from domain.criteria.language import Score
from domain.protocol import Protocol
from domain.rejections import Reason
from domain.study import Study
from domain.time import Span, When, local_date

OLDEST_YEARS = 120


def impossible(fact: e.Evidence, study: Study, protocol: Protocol, zone: str) -> Iterator[Reason]:
    """What is wrong with a piece of evidence by itself, whatever else is on record. `zone` is the site's IANA zone."""
    match fact:
        case e.DemographicsRecorded():
            yield from _birth(fact, zone)
        case e.ObservationMade():
            yield from _observation(fact, protocol)
        case e.ConditionNoted():
            yield from _condition(fact, protocol, zone)
        case e.ScoreAssessed():
            yield from _assessment(fact, protocol, zone)
        case e.Attested():
            yield from _unknown("attestation", fact.holds, protocol.attestations)
        case e.VaccineGiven():
            yield from _unclassified(fact.vaccine, fact, study)
        case e.MedicationTaken():
            yield from _medication(fact, zone)
            yield from _unclassified(fact.drug, fact, study)
        case e.ProcedurePerformed():
            yield from _procedure(fact, protocol)
        case e.ReviewMade():
            if fact.covers_from is not None and fact.covers_from > local_date(fact.at.span(zone).latest, zone):
                yield Reason(code="covers-nothing", says="a review cannot cover only what comes after it")


def _birth(fact: e.DemographicsRecorded, zone: str) -> Iterator[Reason]:
    born, at = fact.born.span(zone), fact.at.span(zone)
    if born.earliest > at.latest:
        yield Reason(code="future", says=f"born {fact.born.shown(zone)} lies after the entry itself")
    if at.latest.year - born.latest.year > OLDEST_YEARS:
        yield Reason(code="improbable-age", says=f"born {fact.born.shown(zone)} would make the participant older than {OLDEST_YEARS} years")


def _observation(fact: e.ObservationMade, protocol: Protocol) -> Iterator[Reason]:
    test = protocol.tests.get(fact.test)
    if test is None:
        yield from _unknown("test", [fact.test], protocol.tests)
        return
    if (fact.value is None) == (fact.result is None):
        yield Reason(code="one-outcome", says=f"{fact.test} has either a value or a result")
    if fact.result is not None and fact.result not in test.results:
        yield Reason(
            code="unknown-result", says=f"{fact.result} is no result of {fact.test}; these are: {', '.join(test.results) or 'none'}"
        )
    if fact.value is None:
        return
    if test.least is None or test.most is None:
        yield Reason(code="no-value", says=f"{fact.test} has a result, not a value: {', '.join(test.results)}")
    elif not test.least <= fact.value <= test.most:
        yield Reason(code="out-of-scale", says=f"{fact.test} lies from {test.least:f} to {test.most:f}; {fact.value:f} cannot be")
    if fact.unit != test.unit:
        yield Reason(code="unknown-unit", says=f"{fact.test} is recorded in {test.unit or 'no unit'}, not in {fact.unit or 'none'}")


def _condition(fact: e.ConditionNoted, protocol: Protocol, zone: str) -> Iterator[Reason]:
    condition = protocol.conditions.get(fact.condition)
    if condition is None:
        yield from _unknown("condition", [fact.condition], protocol.conditions)
        return
    yield from _unknown(f"mark of {fact.condition}", fact.marks, condition.marks)
    if fact.grade is not None and not condition.graded:
        yield Reason(code="not-graded", says=f"{fact.condition} has no grade")
    start, noted = fact.start.span(zone), fact.at.span(zone)
    if start.earliest > noted.latest:
        yield Reason(code="noted-before-start", says=f"{fact.condition} cannot have been noted before it began")
    if fact.stop is not None and fact.stop.span(zone).latest < start.earliest:
        yield Reason(code="stop-before-start", says=f"{fact.condition} ends before it starts")


def _assessment(fact: e.ScoreAssessed, protocol: Protocol, zone: str) -> Iterator[Reason]:
    score = protocol.scores.get(fact.score)
    if score is None:
        yield from _unknown("score", [fact.score], protocol.scores)
        return
    names = [item.item for item in fact.items]
    yield from _unknown(f"item of {fact.score}", names, score.items)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Reason(code="answered-twice", says=f"the item {name} is answered twice")
    assessed: Span = fact.at.span(zone)
    for item in fact.items:
        if item.since is not None and item.since.span(zone).earliest > assessed.latest:
            yield Reason(code="future", says=f"the item {item.item} cannot have been present only after it was assessed")
        if item.since is not None and not item.present:
            yield Reason(code="absent-since", says=f"the item {item.item} was not present, so it was not present since any time")
    yield from _drawn(fact, score, zone)


def _drawn(fact: e.ScoreAssessed, score: Score, zone: str) -> Iterator[Reason]:
    """When samples were drawn, of the items that rest on one."""
    yield from _unknown(f"laboratory item of {fact.score}", fact.drawn, score.laboratory)
    for name, when in fact.drawn.items():
        if name not in {item.item for item in fact.items}:
            yield Reason(code="not-answered", says=f"a sample was drawn for the item {name}, which is not answered")
        if when.span(zone).earliest > fact.at.span(zone).latest:
            yield Reason(code="future", says=f"the sample for the item {name} cannot have been drawn only after it was assessed")


def _medication(fact: e.MedicationTaken, zone: str) -> Iterator[Reason]:
    if fact.stop is not None and fact.stop.span(zone).latest < fact.start.span(zone).earliest:
        yield Reason(code="stop-before-start", says="the medication stops before it starts")
    if fact.stop is not None and fact.doses_per_day is None and not (fact.start.exact and fact.stop.exact):
        yield Reason(code="single-dose", says="the start and the end of one dose are known to the minute; a course has doses per day")
    if fact.doses_per_day == 1 and fact.stop is not None and fact.stop != fact.start and _on_one_date(fact.start, fact.stop, zone):
        yield Reason(code="doses-per-day", says="one dose a day cannot be taken at two times of one date: record each dose")


def _on_one_date(start: When, stop: When, zone: str) -> bool:
    """Whether both are minutes of the same date."""
    one, other = start.span(zone), stop.span(zone)
    return one.exact and other.exact and local_date(one.latest, zone) == local_date(other.latest, zone)


def _unclassified(name: str, given: e.MedicationTaken | e.VaccineGiven, study: Study) -> Iterator[Reason]:
    """An unknown drug is never silently outside a class: whoever enters it ticks its classes, or none of them, or leaves it open."""
    known = study.settled(name) is not None
    ways = (bool(given.classes), given.outside_every_class, given.class_unknown)
    if not known and not any(ways):
        says = f"{name} is not in the drug reference: name its classes, say that it is in none, or leave it to the medical monitor"
        yield Reason(code="unclassified-drug", says=says)
    if known and (given.classes or given.class_unknown):
        yield Reason(code="classified-already", says=f"the classes of {name} are settled for the whole study")
    if sum(ways) > 1:
        yield Reason(code="classified-twice", says=f"{name} is in some classes, or outside every class, or nobody can tell: one of them")
    yield from _unknown("class of drugs", given.classes, study.reference.classes)


def _procedure(fact: e.ProcedurePerformed, protocol: Protocol) -> Iterator[Reason]:
    kind = protocol.procedures.get(fact.category)
    if kind is None and fact.category != e.OTHER_PROCEDURE:
        yield from _unknown("category of procedures", [fact.category], [*protocol.procedures, e.OTHER_PROCEDURE])
    if fact.volume_ml is not None and (kind is None or not kind.measured):
        yield Reason(code="no-volume", says=f"a procedure of the category {fact.category} has no volume")


def _unknown(what: str, named: Iterable[str], known: Iterable[str]) -> Iterator[Reason]:
    """Names that are not there, each with those that are."""
    there = list(known)
    for name in named:
        if name not in there:
            yield Reason(
                code=f"unknown-{what.split(maxsplit=1)[0]}", says=f"there is no {what} {name}; these are: {', '.join(there) or 'none'}"
            )
