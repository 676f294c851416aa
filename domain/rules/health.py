"""The rules that look at the participant's health close to a step: infection, fever, pregnancy, and the investigator's go."""

from collections.abc import Iterator, Sequence
from functools import reduce

from domain import events as e
from domain.criteria.answers import or_missing
from domain.criteria.episode import Episode, first_of
from domain.criteria.exposures import Exposure, exposures
from domain.criteria.language import Attestation, Sought, Test
from domain.instants import ALWAYS, NEVER, InstantSet
from domain.participant import Participant
from domain.protocol import Afebrile, Attested, NotPregnant, NotPresent
from domain.rules.judgement import Found
from domain.rules.last import Dated, last_decides
from domain.rules.reviews import fresh_until, reviewed
from domain.standing import Noted
from domain.study import Study
from domain.time import FOREVER, Span, found_until


def not_present(rule: NotPresent, participant: Participant, study: Study) -> tuple[Found, ...]:
    """A condition goes on until its end is recorded; one mark is enough, and where none is and one is not recorded nobody knows."""
    episode = Episode.of(participant, study, FOREVER)
    told: dict[int, list[Exposure]] = {}
    for mark in rule.marked:
        for one in exposures(Sought(conditions=(rule.condition,), marked=(mark,)), episode):
            told.setdefault(one.entry, []).append(one)
    found = [each for same in told.values() for each in _goes_on(same)]
    return (*found, *reviewed(participant.reviews, rule.review, None, episode.zone))


def _goes_on(same: Sequence[Exposure]) -> Iterator[Found]:
    """One condition, sought by several marks: it stands in the way where it surely does by one of them."""
    surely, possibly = zip(*(one.found_present() for one in same), strict=True)
    sure, possible = (reduce(InstantSet.__or__, sets, NEVER) for sets in (surely, possibly))
    why = "; ".join(one.unsure for one in same if one.unsure) or "its dates are not sure"
    name, entry, asks = same[0].name, (same[0].entry,), same[0].asks
    yield Found("fails", sure, f"{name} goes on", entry)
    yield Found("not yet known", possible - sure, f"{name} perhaps goes on: {why}", entry, asks)


def afebrile(rule: Afebrile, participant: Participant, test: Test, zone: str) -> tuple[Found, ...]:
    """Each fever since the start of lymphodepletion blocks; a temperature without fever, fresh enough, lets pass."""
    measured = [(one, one.fact.value) for one in _valid(rule.test, participant) if one.fact.value is not None]
    began = first_of([dose.fact.at.span(zone) for dose in participant.given_doses])
    febrile = [one for one, value in measured if value >= rule.fever_from]
    blocks = [found for one in febrile if began for found in _fever(one, began, rule, zone)]
    normal = [_without_fever(one, rule, zone) for one, value in measured if value < rule.fever_from]
    wanted = f"a valid result of {test.title} below {rule.fever_from:f} {test.unit}"
    return (*blocks, *or_missing(normal, f"{wanted}, measured no more than {rule.no_older_than} before the step, has not been recorded"))


def _fever(one: Noted[e.ObservationMade], began: Span, rule: Afebrile, zone: str) -> Iterator[Found]:
    """It blocks from its minute until so long after it, if it came since lymphodepletion began."""
    made = one.fact.at.span(zone)
    if made.latest < began.earliest:
        return
    possible = InstantSet.between(made.earliest, found_until(made.latest, rule.free_for, zone))
    sure = InstantSet.between(made.latest, found_until(made.earliest, rule.free_for, zone)) if made.earliest >= began.latest else NEVER
    fever = f"fever of {_temperature(one, zone)}"
    yield Found("fails", sure, f"{fever}, since lymphodepletion began, blocks for {rule.free_for}", (one.entry,))
    unsure = f"{fever} may block for {rule.free_for}: its time, or that of lymphodepletion, is not sure"
    yield Found("not yet known", possible - sure, unsure, (one.entry,), "coordinator")


def _without_fever(one: Noted[e.ObservationMade], rule: Afebrile, zone: str) -> Found:
    made = one.fact.at.span(zone)
    fresh = InstantSet.between(made.latest, fresh_until(made.earliest, rule.no_older_than, zone))
    return Found("passes", fresh, f"{_temperature(one, zone)} is no fever", (one.entry,))


def _temperature(one: Noted[e.ObservationMade], zone: str) -> str:
    return f"{one.fact.value:f} {one.fact.unit} measured {one.fact.at.shown(zone)}"


def not_pregnant(rule: NotPregnant, participant: Participant, study: Study) -> tuple[Found, ...]:
    """Men pass. A pregnancy stops the step while it goes on.

    Of tests, a negative one decides until it is too old or another is made, a positive one until another is made.
    """
    episode = Episode.of(participant, study, FOREVER)
    who = participant.demographics
    if who is None:
        return (Found("not yet known", ALWAYS, "the sex is not on record", supplied_by="coordinator"),)
    if who.fact.sex == "male":
        return (Found("passes", ALWAYS, "male is on record", (who.entry,)),)
    pregnancies = exposures(Sought(conditions=(rule.condition,)), episode)
    goes_on = [found for one in pregnancies for found in _goes_on([one])]
    test = episode.protocol.tests[rule.test]
    made = [_tested(one, rule, test, episode.zone) for one in _valid(rule.test, participant)]
    if rule.no_older_than is None:
        return (*goes_on, *or_missing(list(last_decides(made)), "no pregnancy is on record", outcome="passes"))
    missing = f"a valid result of {test.title}, taken no more than {rule.no_older_than} before the step, has not been recorded"
    return (*goes_on, *or_missing(list(last_decides(made)), missing))


def _tested(one: Noted[e.ObservationMade], rule: NotPregnant, test: Test, zone: str) -> Dated:
    result = one.fact.result
    found = Dated(one.fact.at.span(zone), "not yet known", f"{test.title} {one.fact.at.shown(zone)}: {result}", one.entry)
    if result in rule.negative:
        passing = found._replace(outcome="passes")
        return passing if rule.no_older_than is None else passing.until_older_than(rule.no_older_than, zone)
    return found._replace(outcome="fails") if result in rule.positive else found


def attested(rule: Attested, participant: Participant, asked: Attestation, zone: str) -> tuple[Found, ...]:
    """What was attested last decides, either way, until it is too old."""
    made = [_said(rule, one, zone, so=so) for one in participant.attestations if (so := one.fact.holds.get(rule.attestation)) is not None]
    missing = f"the attestation {rule.attestation}, made no more than {rule.no_older_than} before the step, has not been recorded"
    return or_missing(list(last_decides(made, asked.by)), missing, asked.by)


def _said(rule: Attested, one: Noted[e.Attested], zone: str, *, so: bool) -> Dated:
    says = f"{rule.attestation} attested {one.fact.at.shown(zone)}{'' if so else ' as not so'}"
    said = Dated(one.fact.at.span(zone), "passes" if so else "fails", says, one.entry)
    return said.until_older_than(rule.no_older_than, zone)


def _valid(test: str, participant: Participant) -> list[Noted[e.ObservationMade]]:
    return [one for one in participant.observations if one.fact.test == test and one.fact.valid]
