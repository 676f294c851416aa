"""Requirements on drugs over time: washed out, no sustained dose of steroid, treated for long enough."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from domain.criteria.answers import Answer, throughout
from domain.criteria.episode import Episode
from domain.criteria.exposures import Dates, Exposure, exposures
from domain.criteria.language import Lasted, NoSustainedDose, WashedOut
from domain.criteria.looking import looked_before, looked_ever
from domain.instants import ALWAYS, NEVER, InstantSet
from domain.reference import Drug
from domain.rules.courses import course
from domain.rules.judgement import Found
from domain.rules.steroids import NOT_TOLD, Counted, daily_totals
from domain.time import BEGINNING, FOREVER, MINUTE, day_after, found_until, local_date, midnight, shown


def washed_out(rule: WashedOut, episode: Episode) -> Answer:
    """Over times of the anchor, a drug at a time. Of a range of half-lives the upper end decides, and the lower is told besides."""
    found = [told for one in exposures(rule.of, episode) for told in _washing_out(one, rule, episode)]
    return Answer.by(f"{rule.half_lives} half-lives since the last dose", [*found, *looked_ever_before(rule, episode)])


def no_sustained_dose(rule: NoSustainedDose, episode: Episode) -> Answer:
    """Over times of the anchor: the last date of a run of so many dates decides from when on a look-back is free of it."""
    anchor = local_date(episode.screening.earliest if episode.screening else episode.at, episode.zone)
    since = rule.within.before(anchor) - timedelta(days=rule.days)
    totals = daily_totals(episode.participant, Counted.by(episode.study), episode.zone, since, episode.at)
    sure = [day for day, mg in totals.items() if mg.sure >= rule.at_least_mg]
    possible = [day for day, mg in totals.items() if mg.possible >= rule.at_least_mg]
    fails, perhaps = (_free_after(_last_of_runs(days, rule.days), rule, episode) for days in (sure, possible))
    entries = tuple(sorted({entry for mg in totals.values() for entry in mg.entries}))
    says = f"{rule.days} dates running with {rule.at_least_mg:f} mg or more of prednisone-equivalent"
    told = (
        Found("fails", fails, f"{says} reach into the {rule.within} before", entries),
        Found("not yet known", perhaps - fails, f"perhaps {says} reach into the {rule.within} before", entries, "coordinator"),
        *_untold(rule, episode),
    )
    return Answer.by(f"no {says} in the {rule.within} before", [*told, *looked_before(rule.review, rule.within, episode)])


def _untold(rule: NoSustainedDose, episode: Episode) -> Iterator[Found]:
    """Drugs that the reference in force does not list, by a route that counts: they may be steroids, or nobody can reckon with them."""
    counted = Counted.by(episode.study)
    for one in episode.participant.medications:
        if counted.counts(one.fact) and counted.untold(one.fact):
            taken = Exposure(one.fact.drug, one.entry, course(one, episode.participant, episode.zone))
            _, possible = taken.found_before(episode.at, lambda end: found_until(end, rule.within, episode.zone))
            yield Found("not yet known", possible, NOT_TOLD.format(drug=taken.name), (one.entry,), "medical-monitor")


def lasted(rule: Lasted, episode: Episode) -> Answer:
    """Over times of the anchor: those whose look-back is covered, gaps included.

    That nothing more was taken a review of this screening makes sure; what is taken from now on may cover a later anchor.
    """
    courses = exposures(rule.of, episode)
    says = f"treated for at least {rule.at_least}, no gap longer than {rule.longest_gap_days} days"
    passes = _covered([one.sure_dates(episode.zone) for one in courses], rule, episode.zone)
    possible = _covered([one.possible_dates(episode.zone) for one in courses], rule, episode.zone)
    looked = Answer.by("looked through", looked_before(rule.review, rule.at_least, episode))
    known = episode.screening is not None and looked.outcome(InstantSet.during(episode.screening)) == "passes"
    entries = tuple(one.entry for one in courses)
    fails = ALWAYS - possible if known else NEVER
    return Answer.by(
        says,
        [
            Found("passes", passes, f"{', '.join(sorted({one.name for one in courses}))} cover the {rule.at_least} before", entries),
            Found("fails", fails, f"what was taken does not cover the {rule.at_least} before", entries),
            Found(
                "not yet known",
                ALWAYS - passes - fails,
                "courses that cover the time, or a review that there are none, are missing",
                entries,
                "coordinator",
            ),
        ],
    )


def looked_ever_before(rule: WashedOut, episode: Episode) -> tuple[Found, ...]:
    """However long a half-life is: the medicines of the whole life must have been looked through, in this screening."""
    return throughout(looked_ever(rule.review, episode), episode.at)


def _washing_out(one: Exposure, rule: WashedOut, episode: Episode) -> Iterator[Found]:
    drug = episode.study.reference.drugs.get(one.name)
    soonest, latest = (
        _clear(one.course.end.earliest, rule, drug, episode, upper=False),
        _clear(one.course.end.earliest, rule, drug, episode, upper=True),
    )
    if drug is None or soonest is None or latest is None:
        unsure = one.unsure or f"the reference gives {one.name} neither a half-life nor a time in its place"
        yield Found("not yet known", ALWAYS if one.course.start.earliest <= episode.at else NEVER, unsure, (one.entry,), "medical-monitor")
        return
    sure, possible = one.found_before(episode.at, lambda end: _clear(end, rule, drug, episode, upper=True) or FOREVER)
    other = f" (by the shortest half-life from {shown(soonest, episode.zone)})" if soonest != latest else ""
    until = "while it goes on" if one.course.open else f"before {shown(latest, episode.zone)}{other}"
    yield Found("fails", sure, f"{one.name} is not washed out {until}", (one.entry,))
    why = one.unsure or "its dates are not sure"
    yield Found("not yet known", possible - sure, f"{one.name} is perhaps not washed out: {why}", (one.entry,), one.asks)


def _clear(last_dose: datetime, rule: WashedOut, drug: Drug | None, episode: Episode, *, upper: bool) -> datetime | None:
    """The first anchor that is free of a last dose; None where the reference does not tell."""
    if drug is None:
        return None
    if drug.washout is not None:
        return found_until(last_dose, drug.washout, episode.zone)
    if drug.half_life is None:
        return None
    hours = drug.half_life.most_hours if upper else drug.half_life.least_hours
    minutes = -(-int(hours * 60 * rule.half_lives) // 1)
    return last_dose + timedelta(minutes=minutes) + MINUTE


def _last_of_runs(days: Sequence[date], length: int) -> date | None:
    """The last date that lies in a run of at least so many consecutive dates."""
    found, run = None, 0
    for before, day in zip([None, *sorted(days)], sorted(days), strict=False):
        run = run + 1 if before is not None and day_after(before) == day else 1
        found = day if run >= length else found
    return found


def _free_after(last: date | None, rule: NoSustainedDose, episode: Episode) -> InstantSet:
    if last is None:
        return NEVER
    return InstantSet.between(BEGINNING, found_until(midnight(last, episode.zone), rule.within, episode.zone))


def _covered(taken: Sequence[Dates | None], rule: Lasted, zone: str) -> InstantSet:
    """The anchors whose look-back lies in a stretch of treatment, gaps of so many dates bridged, and the one before the anchor too."""
    gap = rule.longest_gap_days
    stretches: list[Dates] = []
    for first, last in sorted(dates for dates in taken if dates is not None):
        if stretches and (first - stretches[-1][1]).days - 1 <= gap:
            stretches[-1] = (stretches[-1][0], max(last, stretches[-1][1]))
        else:
            stretches.append((first, last))
    return InstantSet.of((midnight(rule.at_least.after(first), zone), _end(last, gap, zone)) for first, last in stretches)


def _end(last: date, gap: int, zone: str) -> datetime:
    """The first instant of the date by which the gap since the last date of treatment has become too long."""
    return FOREVER if last.year >= FOREVER.year - 1 else midnight(last + timedelta(days=gap + 2), zone)
