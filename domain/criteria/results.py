"""Requirements on what was measured, scored or attested in this screening: the last valid one before the confirmation decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from domain import events as e
from domain.criteria.answers import Answer, Remark, or_missing, throughout
from domain.criteria.episode import Episode
from domain.criteria.language import Attested, Measured, Resulted, Test
from domain.rules.judgement import Found
from domain.rules.last import Dated, last_decides
from domain.standing import Noted
from domain.time import Period
from domain.verdicts import Outcome
from domain.words import Role


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
    return _of_test(rule.test, f"{says}, if tested" if rule.if_tested else says, outcome, episode, asked=not rule.if_tested)


def attested(rule: Attested, episode: Episode) -> Answer:
    """What was attested last in this screening, beside whatever anchor, and the results that it was judged on."""
    asked = episode.protocol.attestations[rule.attestation]
    results = [one for test in rule.on for one in _of_this_screening(test, episode)]
    made = [
        _knowing(
            results,
            Dated(fact.at.span(episode.zone), _so(fact.holds[rule.attestation]), f"attested {fact.at.shown(episode.zone)}", one.entry),
            episode,
        )
        for one in episode.participant.attestations
        if rule.attestation in (fact := one.fact).holds
    ]
    last = [replace(one, supplied_by=asked.by) for one in decided(made, None, episode)]
    found = or_missing(last, f"{rule.attestation} has not been attested in this screening", asked.by)
    on_record = (told for test in rule.on for told in _recorded(test, episode))
    return Answer.by(asked.says, throughout((*found, *on_record), episode.at), _flagged(results, asked.by, episode))


def _knowing(results: Sequence[Noted[e.ObservationMade]], attested: Dated, episode: Episode) -> Dated:
    """What was attested in favour goes by the results there were; one that may have come later has still to be judged."""
    later = [one for one in results if one.fact.at.span(episode.zone).latest > attested.made.earliest]
    if attested.outcome != "passes" or not later:
        return attested
    return attested.unsure(f"perhaps before there was a result: {_result(later[-1], episode)}")


def _recorded(name: str, episode: Episode) -> tuple[Found, ...]:
    """That a test has a result which is not too old, whatever it is."""
    test = episode.protocol.tests[name]
    made = [Dated(one.fact.at.span(episode.zone), "passes", _result(one, episode), one.entry) for one in _of_this_screening(name, episode)]
    return or_missing(decided(made, test.no_older_than, episode), _no_result_of(test))


def _flagged(results: Sequence[Noted[e.ObservationMade]], judge: Role, episode: Episode) -> Iterator[Remark]:
    for one in results:
        flag = episode.protocol.tests[one.fact.test].flag
        if flag is not None and one.fact.value is not None and flag.marks(one.fact.value):
            yield Remark(says=f"{_result(one, episode)}; flagged: {flag.says}; the {judge} judges", evidence=(one.entry,))


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


def _of_test(name: str, says: str, meaning: Callable[[e.ObservationMade], Outcome], episode: Episode, *, asked: bool = True) -> Answer:
    """Of the valid results that the protocol allows, the last decides; a repeat beyond those decides only where it fails.

    A test that is not `asked` for lets pass while nothing else than passing results were found.
    """
    test = episode.protocol.tests[name]
    valid = _of_this_screening(name, episode)
    belong = [Dated(one.fact.at.span(episode.zone), meaning(one.fact), _result(one, episode), one.entry) for one in valid]
    allowed = list(_allowed(belong, 1 + test.repeats))
    beyond = f"; {len(belong) - len(allowed)} more than the protocol allows let nothing pass" if len(allowed) < len(belong) else ""
    untested: Outcome = "not yet known" if asked or any(one.outcome != "passes" for one in belong) else "passes"
    return Answer.by(says, or_missing(decided(allowed, test.no_older_than, episode), f"{_no_result_of(test)}{beyond}", outcome=untested))


def _of_this_screening(name: str, episode: Episode) -> list[Noted[e.ObservationMade]]:
    """The valid results of a test that belong, or may belong, to this screening."""
    valid = (one for one in episode.participant.observations if one.fact.test == name and one.fact.valid)
    return [one for one in valid if episode.perhaps_within(one.fact.at.span(episode.zone))]


def _no_result_of(test: Test) -> str:
    return f"no valid result of {test.title}, at most {test.no_older_than} old, was recorded in this screening"


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
