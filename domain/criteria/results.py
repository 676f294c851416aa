"""Requirements on what was measured, scored or attested in this screening: the last valid one before the confirmation decides."""

from collections.abc import Callable, Iterator, Sequence

from domain import events as e
from domain.criteria.answers import Answer, or_missing
from domain.criteria.episode import Episode
from domain.criteria.language import Attested, Measured, Resulted
from domain.rules.judgement import Found
from domain.rules.last import Dated, last_decides
from domain.standing import Noted
from domain.time import Period
from domain.verdicts import Outcome


def measured(rule: Measured, episode: Episode) -> Answer:
    """A value in a range, bounds included; what has no value decides nothing."""
    test = episode.protocol.tests[rule.test]

    def outcome(fact: e.ObservationMade) -> Outcome:
        if fact.value is None:
            return "not yet known"
        low = rule.at_least is not None and fact.value < rule.at_least
        high = rule.at_most is not None and fact.value > rule.at_most
        return "fails" if low or high else "passes"

    bounds = [
        f"at least {rule.at_least:f}" if rule.at_least is not None else "",
        f"at most {rule.at_most:f}" if rule.at_most is not None else "",
    ]
    return _of_test(rule.test, f"{test.title} {' and '.join(filter(None, bounds))} {test.unit or ''}".rstrip(), outcome, episode)


def resulted(rule: Resulted, episode: Episode) -> Answer:
    """A result that passes or fails; any other decides nothing and asks for the test to be repeated."""

    def outcome(fact: e.ObservationMade) -> Outcome:
        return "passes" if fact.result in rule.passing else "fails" if fact.result in rule.failing else "not yet known"

    says = f"{episode.protocol.tests[rule.test].title}: {' or '.join(rule.passing)}"
    untested: Outcome = "passes" if rule.if_tested else "not yet known"
    return _of_test(rule.test, f"{says}, if tested" if rule.if_tested else says, outcome, episode, untested)


def attested(rule: Attested, episode: Episode) -> Answer:
    """What was attested last in this screening."""
    asked = episode.protocol.attestations[rule.attestation]
    made = [
        Dated(fact.at.span(episode.zone), _so(fact.holds[rule.attestation]), f"attested {fact.at.shown(episode.zone)}", one.entry)
        for one in episode.participant.attestations
        if rule.attestation in (fact := one.fact).holds
    ]
    found = decided(made, None, episode)
    return Answer.by(asked.says, or_missing(found, f"{rule.attestation} has not been attested in this screening", asked.by))


def decided(made: Sequence[Dated], no_older_than: Period | None, episode: Episode) -> list[Found]:
    """Where what was found in this screening decides: of several the last, until it is too old."""
    aging = made if no_older_than is None else [one.until_older_than(no_older_than, episode.zone) for one in made]
    return list(last_decides(list(_belonging(aging, episode))))


def _belonging(made: Sequence[Dated], episode: Episode) -> Iterator[Dated]:
    """What belongs to this screening; where that is not sure it decides nothing, and leaves nothing decided."""
    for one in made:
        if episode.perhaps_within(one.made):
            yield one if episode.surely_within(one.made) else one.unsure("it is not sure that it was made in this screening")


def _so(holds: bool) -> Outcome:  # noqa: FBT001 - It is what was attested.
    return "passes" if holds else "fails"


def _of_test(
    name: str, says: str, meaning: Callable[[e.ObservationMade], Outcome], episode: Episode, untested: Outcome = "not yet known"
) -> Answer:
    """Of the valid results that the protocol allows, the last decides; a repeat beyond those decides only where it fails."""
    test = episode.protocol.tests[name]
    valid = [one for one in episode.participant.observations if one.fact.test == name and one.fact.valid]
    made = [Dated(one.fact.at.span(episode.zone), meaning(one.fact), _result(one, episode), one.entry) for one in valid]
    belong = [one for one in made if episode.perhaps_within(one.made)]
    allowed = list(_allowed(belong, 1 + test.repeats))
    beyond = f"; {len(belong) - len(allowed)} more than the protocol allows let nothing pass" if len(allowed) < len(belong) else ""
    missing = f"no valid result of {test.title}, at most {test.no_older_than} old, was recorded in this screening{beyond}"
    return Answer.by(says, or_missing(decided(allowed, test.no_older_than, episode), missing, outcome=untested))


def _allowed(made: Sequence[Dated], count: int) -> Iterator[Dated]:
    """The first so many, and every one that fails: to test again and again gives no leave, and never hides what was found."""
    for one in made:
        surely_before = sum(other.made.latest < one.made.earliest for other in made)
        perhaps_before = sum(other.made.earliest <= one.made.latest for other in made if other is not one)
        if one.outcome == "fails" or perhaps_before < count:
            yield one
        elif surely_before < count:
            yield one.unsure("it is not sure whether the protocol still allowed it")


def _result(one: Noted[e.ObservationMade], episode: Episode) -> str:
    fact = one.fact
    what = fact.result if fact.value is None else f"{fact.value:f} {fact.unit or ''}".rstrip()
    return f"{episode.protocol.tests[fact.test].title} {fact.at.shown(episode.zone)}: {what}"
