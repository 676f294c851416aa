"""What a review of this screening lets pass: absence is a fact only where somebody has looked, and how far back."""

from collections.abc import Sequence

from domain import events as e
from domain.criteria.answers import Answer, or_missing, throughout
from domain.criteria.episode import Episode, Looked
from domain.criteria.language import Reviewed
from domain.instants import InstantSet
from domain.rules.judgement import Found
from domain.rules.reviews import TITLES, first_with_look_back_from
from domain.standing import Noted
from domain.time import BEGINNING, Period, day_after, local_date, midnight
from domain.words import ReviewKind


def looked_before(kind: ReviewKind, within: Period, episode: Episode) -> tuple[Found, ...]:
    """Over times of the screening: those whose look-back is covered by the reviews of a kind, the last of them made in it."""
    found = []
    for review, made, reaches in episode.looked.get(kind, ()):
        first = first_with_look_back_from(reaches, within, episode.zone)
        end_of_its_date = midnight(day_after(local_date(made.earliest, episode.zone)), episode.zone)
        covers = f"covers the {within} before"
        found.append(_passing(review, InstantSet.between(first, end_of_its_date), covers, kind, episode))
    return or_missing(found, f"no review of {TITLES[kind]} that covers the {within} before screening was made in this screening")


def looked_ever(kind: ReviewKind, episode: Episode) -> tuple[Found, ...]:
    """Over instants of the confirmation: those after a review of this screening, when the reviews of the kind cover the whole life."""
    lifelong = [one for one in episode.looked.get(kind, ()) if one.reaches == BEGINNING]
    return _since_the_first(lifelong, "covers the whole life", f"{TITLES[kind]} that covers the whole life", kind, episode)


def looked_now(kind: ReviewKind, episode: Episode) -> tuple[Found, ...]:
    """Over instants of the confirmation: those after a review of this screening."""
    return _since_the_first(episode.looked.get(kind, ()), "was made in this screening", TITLES[kind], kind, episode)


def reviewed(rule: Reviewed, episode: Episode) -> Answer:
    """In this screening, beside whatever anchor."""
    return Answer.by(f"a review of {TITLES[rule.review]} in this screening", throughout(looked_now(rule.review, episode), episode.at))


def _since_the_first(made: Sequence[Looked], how: str, wanted: str, kind: ReviewKind, episode: Episode) -> tuple[Found, ...]:
    """What a review lets pass lasts to the confirmation, so the first of several tells all."""
    first = min(made, key=lambda one: one.made.latest, default=None)
    found = [] if first is None else [_passing(first.review, InstantSet.since(first.made.latest), how, kind, episode)]
    return or_missing(found, f"no review of {wanted} was made in this screening")


def _passing(review: Noted[e.ReviewMade], over: InstantSet, how: str, kind: ReviewKind, episode: Episode) -> Found:
    return Found("passes", over, f"the review of {TITLES[kind]} made {review.fact.at.shown(episode.zone)} {how}", (review.entry,))
