"""Requirements of absence: none within a look-back, never, not present. What is not on record passes only where somebody has looked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from domain.criteria.answers import Answer
from domain.criteria.episode import Episode
from domain.criteria.exposures import Exposure, FreeFrom, Sets, exposures
from domain.criteria.language import Never, NoneWithin, NotPresent, VolumeBelow
from domain.criteria.looking import looked_before, looked_ever, looked_now
from domain.instants import ALWAYS, NEVER, InstantSet
from domain.rules.judgement import Found
from domain.time import Period, found_until


def none_within(rule: NoneWithin, episode: Episode) -> Answer:
    """Over times of the anchor: an event counts when it overlaps the look-back or comes after the anchor, up to the confirmation."""
    free_from = _free_from(rule.within, episode)
    found = _told(exposures(rule.of, episode), lambda one: one.found_before(episode.at, free_from), f"lies in the {rule.within} before")
    return Answer.by(f"nothing of this in the {rule.within} before", [*found, *looked_before(rule.review, rule.within, episode)])


def never(rule: Never, episode: Episode) -> Answer:
    """Over instants of the confirmation; of several occurrences the one that makes them too many decides."""
    found = exposures(rule.of, episode)
    if rule.fewer_than == 1:
        told = _told(found, Exposure.found_ever, "is on record")
        return Answer.by("never", [*told, *looked_ever(rule.review, episode)])
    several = _too_many(rule.fewer_than, found)
    return Answer.by(f"fewer than {rule.fewer_than} ever", [*several, *looked_ever(rule.review, episode)])


def not_present(rule: NotPresent, episode: Episode) -> Answer:
    """Over instants of the confirmation."""
    told = _told(exposures(rule.of, episode), Exposure.found_present, "goes on")
    return Answer.by("not present", [*told, *looked_now(rule.review, episode)])


def volume_below(rule: VolumeBelow, episode: Episode) -> Answer:
    """Over times of the anchor: what lies in the look-back is added up; a volume that nobody recorded may be any."""
    found = [one for one in exposures(rule.of, episode) if one.course.start.earliest <= episode.at]
    past = [one for one in found if one.course.start.latest <= episode.at]
    surely = _adding_up(past, lambda one: one.course.end.earliest, lambda one: one.ml or 0, rule, episode)
    possibly = _adding_up(found, lambda one: one.course.end.latest, lambda one: rule.below_ml if one.ml is None else one.ml, rule, episode)
    entries = tuple(one.entry for one in found)
    says = f"{rule.below_ml} mL or more in the {rule.within} before"
    told = (
        Found("fails", surely[0], f"together {says}", entries),
        Found("not yet known", possibly[1] - surely[0], f"perhaps {says}: dates or volumes are not sure", entries, "coordinator"),
    )
    return Answer.by(
        f"less than {rule.below_ml} mL in the {rule.within} before", [*told, *looked_before(rule.review, rule.within, episode)]
    )


def _adding_up(
    found: Sequence[Exposure], end: Callable[[Exposure], datetime], ml: Callable[[Exposure], int], rule: VolumeBelow, episode: Episode
) -> Sets:
    """Where those that a look-back still finds, the last by their end, add up to the volume: surely, and possibly."""
    sure, possible, total = ALWAYS, ALWAYS, 0
    for one in sorted(found, key=end, reverse=True):
        surely, possibly = one.found_before(episode.at, _free_from(rule.within, episode))
        sure, possible, total = sure & surely, possible & possibly, total + ml(one)
        if total >= rule.below_ml:
            return sure, possible
    return NEVER, NEVER


def _free_from(within: Period, episode: Episode) -> FreeFrom:
    return lambda end: found_until(end, within, episode.zone)


def _told(found: Sequence[Exposure], sets: Callable[[Exposure], Sets], how: str) -> Iterator[Found]:
    """Each exposure as it surely, and as it only possibly, stands in the way."""
    for one in found:
        sure, possible = sets(one)
        yield Found("fails", sure, f"{one.name} {how}", (one.entry,))
        why = one.unsure or "its dates are not sure"
        yield Found("not yet known", possible - sure, f"{one.name} perhaps {how}: {why}", (one.entry,), one.asks)


def _too_many(count: int, found: Sequence[Exposure]) -> Iterator[Found]:
    """From when on there are so many: the last of the earliest so many."""
    entries, names = tuple(one.entry for one in found), ", ".join(sorted({one.name for one in found}))
    both = [one.found_ever() for one in found]
    sure, possible = (_from_the(count, sets) for sets in zip(*both, strict=True)) if both else (NEVER, NEVER)
    yield Found("fails", sure, f"{names}: {count} or more are on record", entries)
    yield Found("not yet known", possible - sure, f"{names}: perhaps {count} or more; it is not sure of all", entries, "coordinator")


def _from_the(count: int, sets: Iterable[InstantSet]) -> InstantSet:
    begins = sorted(one.intervals[0][0] for one in sets if one)
    return InstantSet.since(begins[count - 1]) if len(begins) >= count else NEVER
