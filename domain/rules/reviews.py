"""What a recorded review lets pass: absence is a fact only where somebody has looked."""

from datetime import date, datetime

from domain.events import ReviewMade
from domain.instants import ALWAYS, InstantSet
from domain.protocol import ReviewAsked
from domain.rules.judgement import Found
from domain.standing import Noted
from domain.time import BEGINNING, MINUTE, Period, day_after, local_date, midnight

Reviews = tuple[Noted[ReviewMade], ...]

TITLES = {
    "history": "history and allergies",
    "medicines": "medicines",
    "procedures": "procedures",
    "psychiatric": "psychiatric history",
    "plans": "plans",
}


def reviewed(reviews: Reviews, asked: ReviewAsked, within: Period | None, zone: str) -> tuple[Found, ...]:
    """Where a review of the kind covers the look-back, if there is one, and is fresh enough; elsewhere one is still wanted."""
    of_kind = tuple(review for review in reviews if review.fact.review == asked.kind)
    title, covers = TITLES[asked.kind], "" if within is None else f" covers the {within} before"
    found = [
        Found("passes", covered, f"review of {title} made {review.fact.at.shown(zone)}{covers}", (review.entry,))
        for review in of_kind
        if (covered := _covered(review, of_kind, asked, within, zone))
    ]
    passing = InstantSet.of(pair for one in found for pair in one.over.intervals)
    reaching = "" if within is None else f"that covers the {within} before the step and is "
    wanted = f"a review of {title} {reaching}made no more than {asked.no_older_than} before {'it' if reaching else 'the step'}"
    return (*found, Found("not yet known", ALWAYS - passing, f"{wanted} has not been recorded", supplied_by="coordinator"))


def _covered(review: Noted[ReviewMade], all_of_kind: Reviews, asked: ReviewAsked, within: Period | None, zone: str) -> InstantSet:
    """The instants of the step for which this review is fresh and its look-back is covered, whatever its uncertain time."""
    made = review.fact.at.span(zone)
    reaches_back = start_of_cover(review, all_of_kind, zone)
    covered = BEGINNING if within is None else first_with_look_back_from(reaches_back, within, zone)
    return InstantSet.between(max(made.latest, covered), fresh_until(made.earliest, asked.no_older_than, zone))


def start_of_cover(review: Noted[ReviewMade], all_of_kind: Reviews, zone: str) -> datetime:
    """How far back the union of the reviews reaches without a gap, from this one."""
    start = _covers_from(review.fact, zone)
    for other in sorted(all_of_kind, key=lambda one: one.fact.at.span(zone).earliest, reverse=True):
        if start <= other.fact.at.span(zone).earliest <= review.fact.at.span(zone).earliest:
            start = min(start, _covers_from(other.fact, zone))
    return start


def _covers_from(review: ReviewMade, zone: str) -> datetime:
    return BEGINNING if review.covers_from is None else midnight(review.covers_from, zone)


def first_with_look_back_from(start: datetime, within: Period, zone: str) -> datetime:
    """The first instant whose look-back does not reach behind `start`."""
    if start == BEGINNING:
        return BEGINNING
    if within.elapsed is not None:
        return start + within.elapsed
    return midnight(first_looking_back_to(local_date(start, zone), within), zone)


def first_looking_back_to(day: date, within: Period) -> date:
    """The first date whose look-back does not reach behind `day`; months that clamp may need a few days more."""
    first = within.after(day)
    while within.before(first) < day:
        first = day_after(first)
    return first


def fresh_until(made: datetime, no_older_than: Period, zone: str) -> datetime:
    """The first instant for which what was made then is older than allowed; at exactly the age it is not."""
    if no_older_than.elapsed is not None:
        return made + no_older_than.elapsed + MINUTE
    return midnight(day_after(no_older_than.after(local_date(made, zone))), zone)
