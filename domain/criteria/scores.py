"""Scores as the sum of the weights of their items; an item that nobody answered leaves the score open unless the others decide."""

from collections.abc import Iterator, Mapping

from domain import events as e
from domain.criteria.answers import Answer, or_missing
from domain.criteria.episode import Episode
from domain.criteria.language import Score, Scored
from domain.criteria.results import decided
from domain.instants import InstantSet
from domain.rules.judgement import Found
from domain.rules.last import Dated
from domain.standing import Noted
from domain.time import BEGINNING, FOREVER, Span, found_until
from domain.verdicts import Outcome


def scored(rule: Scored, episode: Episode) -> Answer:
    """Of the last assessment in this screening, or of all items that were ever present, each since its date."""
    score = episode.protocol.scores[rule.score]
    says = f"{score.title} of at least {rule.at_least}"
    if rule.dated:
        return Answer.by(says, _ever(rule, episode))
    made = [
        Dated(one.fact.at.span(episode.zone), *_of(one, rule, episode), one.entry)
        for one in episode.participant.assessments
        if one.fact.score == rule.score
    ]
    missing = f"{score.title} was not assessed in this screening, at most {score.no_older_than} ago"
    return Answer.by(says, or_missing(decided(made, score.no_older_than, episode), missing))


def reached(score: str, count: int, episode: Episode) -> Span:
    """When so many items were first present together or one after the other; FOREVER is never, or nobody knows.

    An item that nobody answered may have been present all along, or never.
    """
    since = _since(score, episode)
    open_ = episode.protocol.scores[score].items.keys() - since.keys() - _answered(score, episode)
    possible = [*(BEGINNING for _ in open_), *sorted(span.earliest for span in since.values()), *[FOREVER] * count]
    sure = [*sorted(span.latest for span in since.values()), *[FOREVER] * count]
    return Span(possible[count - 1], sure[count - 1])


def _of(one: Noted[e.ScoreAssessed], rule: Scored, episode: Episode) -> tuple[Outcome, str]:
    """What the known items already decide; what is missing counts as absent for passing and as present for failing."""
    score = episode.protocol.scores[rule.score]
    answered = {item.item: item.present for item in one.fact.items if _counts(item.item, one.fact, score, episode)}
    present = sum(score.items[name] for name, is_present in answered.items() if is_present)
    open_ = sum(weight for name, weight in score.items.items() if name not in answered)
    not_drawn = [item.item for item in one.fact.items if item.item not in answered]
    says = f"{present} points {one.fact.at.shown(episode.zone)}" + (f", up to {open_} more in items not answered" if open_ else "")
    says += f" or not known to be drawn in screening and the {score.look_back} before: {', '.join(not_drawn)}" if not_drawn else ""
    if present >= rule.at_least:
        return "passes", says
    return ("fails" if present + open_ < rule.at_least else "not yet known"), says


def _counts(item: str, fact: e.ScoreAssessed, score: Score, episode: Episode) -> bool:
    """Whether an item of the laboratory was surely drawn in this screening and in the look-back; any other counts as assessed."""
    if score.look_back is None or item not in score.laboratory:
        return True
    if item not in fact.drawn:
        return False
    drawn, assessed = fact.drawn[item].span(episode.zone), fact.at.span(episode.zone)
    return episode.surely_within(drawn) and assessed.latest < found_until(drawn.earliest, score.look_back, episode.zone)


def _ever(rule: Scored, episode: Episode) -> Iterator[Found]:
    """Over times of the anchor. Too few items leave it open, and fail once so few are unanswered that it cannot be reached."""
    entries = tuple(one.entry for one in episode.participant.assessments if one.fact.score == rule.score)
    present, answered = _since(rule.score, episode).keys(), _answered(rule.score, episode)
    when, all_ = reached(rule.score, rule.at_least, episode), len(episode.protocol.scores[rule.score].items)
    told = f"{len(present)} of {all_} items are on record as present, {len(answered)} answered"
    yield Found("passes", InstantSet.since(when.latest), f"{rule.at_least} items were present by then", entries)
    yield Found("fails", InstantSet.between(BEGINNING, when.earliest), f"{told}; by then too few were present", entries)
    unsure = f"{told}; by then perhaps {rule.at_least} were present"
    yield Found("not yet known", InstantSet.between(when.earliest, when.latest), unsure, entries, "coordinator")


def _answered(score: str, episode: Episode) -> set[str]:
    return {item.item for one in episode.participant.assessments if one.fact.score == score for item in one.fact.items}


def _since(score: str, episode: Episode) -> Mapping[str, Span]:
    """Since when each item that was ever present has been, as precisely as that is known."""
    found: dict[str, Span] = {}
    for one in episode.participant.assessments:
        for item in one.fact.items if one.fact.score == score else ():
            if item.present:
                span = item.since.span(episode.zone) if item.since else Span(BEGINNING, one.fact.at.span(episode.zone).latest)
                known = found.get(item.item, span)
                found[item.item] = Span(min(known.earliest, span.earliest), min(known.latest, span.latest))
    return found
