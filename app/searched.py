"""Searches as people write them and read them, and the review of what one found."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from app.cli.reading import shaped, whole
from app.clinic_time import DAY, SiteClock
from domain.belonging import shelf_of
from domain.entry import Circumstances, Entry
from domain.rejections import Reason, Refused, refuse_if
from domain.searching import OF_ACCESSES, SHELVES, EntriesReviewed, Question, Shelf, digest_of, kind_in_words, not_to_be_reviewed
from domain.study import Study
from domain.time import MINUTE, shown
from domain.words import Action
from projections.search import Bounds, Row, found_in_all, search
from projections.views import Parked, Views
from store.codec import canonical

TYPED = (
    "site", "shelf", "participant", "actor", "role", "source", "kind", "mark", "recorded_from", "recorded_until", "occurred_from",
    "occurred_until", "late_hours", "out_of_hours", "text",
)  # fmt: skip
"""What can be typed, by the names of the fields; the sites are those that one may see, or one of them."""
AS_BEFORE = "participants-as-before"
"""What is typed for a shelf to search as was searched before a search said over what it goes: reviews were signed of that."""
ON_SHELVES: Mapping[Shelf, str] = {
    "participants": "participants",
    "study": "the study",
    "people": "people",
    "door": "the door",
    "reviews": "reviews",
    "handed-out": "what was handed out",
}
MOST_REVIEWED = 10_000
"""How many entries somebody can say to have looked at, one by one."""
MARKED: Mapping[str, str] = {
    "correction": "corrections and what was taken back",
    "override": "overrides and releases by hand",
    "refusal": "refusals",
    "signature": "signed entries",
}
LONGEST_SAID = 40
SMALLEST = timedelta(microseconds=1)


def question_of(
    typed: Mapping[str, str], sites: Collection[str], study: Study, now: datetime, *, everywhere: Collection[Action]
) -> Question:
    """The search that was typed; dates are those of the site that is asked for, or of UTC. Raises Refused with all that is wrong.

    `everywhere` is what may be done by a role for every site: by that it goes over what is of the whole study, unless a site is asked for.
    """
    said = {"shelf": ""} | {name: text.strip() for name in TYPED if (text := typed.get(name, "")).strip()}
    site = said.pop("site", "")
    if site and site not in sites:
        raise Refused(Reason(code="not-understood", says=f"site: there is no site {site[:10]} that you may see"))
    clock = SiteClock(study.zone(site) if site else "UTC", now)
    values: dict[str, Any] = {"sites": (site,) if site else tuple(sorted(sites)), "out_of_hours": said.pop("out_of_hours", "") == "yes"}
    reasons: list[Reason] = []
    for name, text in said.items():
        try:
            values[name] = _read(name, text, clock)
        except Refused as refused:
            reasons += [one.model_copy(update={"says": f"{name.replace('_', ' ')}: {one.says}"}) for one in refused.reasons]
    refuse_if(reasons)
    if shelves := values.pop("shelf"):
        values["over"] = _over(shelves, () if site else everywhere)
    return shaped(lambda: Question.model_validate(values))


def _over(shelves: Collection[str], everywhere: Collection[Action]) -> dict[str, object]:
    """Over what somebody's search goes who may do that much for the whole study."""
    hidden = set() if "see-accesses" in everywhere else set(OF_ACCESSES)
    whole_study = "see-history" in everywhere and not hidden.issuperset(shelves)
    return {"shelves": shelves, "whole_study": whole_study, "accesses": not whole_study or hidden.isdisjoint(shelves)}


def _read(name: str, text: str, clock: SiteClock) -> object:
    """What was typed in a field; a bound of a period is a minute or a date, all of it included."""
    if name == "late_hours":
        return whole(text)
    if name == "shelf":
        return _shelves(text)
    if not name.endswith(("_from", "_until")):
        return text
    end = name.endswith("_until")
    bound = clock.bound(text, end=end)
    return bound - SMALLEST if end and DAY.fullmatch(text) else bound + MINUTE - SMALLEST if end else bound


def _shelves(typed: str) -> tuple[str, ...]:
    """The shelves that were typed; none at all where it is to be searched as before."""
    if typed not in {"", AS_BEFORE, *SHELVES}:
        raise Refused(Reason(code="not-understood", says=f"{typed[:LONGEST_SAID]!r} is not kept here; say one of: {', '.join(SHELVES)}"))
    if typed == AS_BEFORE:
        return ()
    return (typed,) if typed else SHELVES


def in_words(question: Question) -> str:
    """What a search looks for, in words; instants in UTC."""
    said = {
        "of": question.participant,
        "by": question.actor,
        "in the role of": question.role,
        "from": question.source,
        "of the kind": question.kind and kind_in_words(question.kind),
        "among": question.mark and MARKED[question.mark],
        "recorded from": question.recorded_from and shown(question.recorded_from, "UTC"),
        "recorded until": question.recorded_until and shown(question.recorded_until, "UTC"),
        "happened from": question.occurred_from and shown(question.occurred_from, "UTC"),
        "happened until": question.occurred_until and shown(question.occurred_until, "UTC"),
        "recorded late by at least": question.late_hours and f"{question.late_hours} h",
        "whose kind says": question.text,
    }
    parts = [_where(question), *(f"{word} {value}" for word, value in said.items() if value)]
    if question.out_of_hours:
        parts.append(
            "recorded out of hours, weekends not counted"
            if question.over is None
            else "recorded out of hours of their site, so nothing of the whole study"
        )
    return f"Entries {'; '.join(parts)}"


def _where(question: Question) -> str:
    kept = "" if question.shelves == SHELVES else f"of {' and '.join(ON_SHELVES[shelf] for shelf in question.shelves)} "
    study = " and of the whole study" if question.whole_study else ""
    unseen = " but for people and the door" if question.over and not question.over.accesses else ""
    return f"{kept}at {', '.join(question.sites) or 'no site'}{study}{unseen}"


def shelf_typed(question: Question) -> str:
    """What is typed for a search to go over the same shelves."""
    if question.over is None:
        return AS_BEFORE
    return question.shelves[0] if len(question.shelves) == 1 else ""


def kept_with(row: Row) -> str:
    """With whom or with what an entry is kept: the participant in whose record it stands, or else its shelf."""
    return row.participant or "" if row.shelf == "participants" else ON_SHELVES[row.shelf].capitalize()


def tells_of(row: Row) -> str:
    """Of whom an entry tells besides whom it is kept with and who recorded it."""
    others = {row.participant, row.person} - {row.actor, kept_with(row)}
    return ", ".join(sorted(one for one in others if one))


def whose(parked: Parked) -> str:
    """Whose record is left out."""
    shelf = shelf_of(parked.stream)
    return f"What is kept of {ON_SHELVES[shelf]}" if parked.around and shelf else parked.participant or "A record"


def to_be_reviewed(views: Views, question: Question, upto: int, reviewer: str, finds: str | None) -> EntriesReviewed:
    """The review of everything that a search found up to a position, by somebody who recorded none of it. Raises Refused."""
    if upto > views.position():
        raise Refused(Reason(code="not-told-yet", says="nobody has seen these entries yet: search again"))
    found = found_in_all(views, question, Bounds(upto=upto))
    refuse_if(not_to_be_reviewed(reviewer, len(found.digests), found.actors))
    if len(found.digests) > MOST_REVIEWED:
        raise Refused(
            Reason(code="too-many-to-review", says=f"nobody looks at more than {MOST_REVIEWED} entries one by one: narrow it down")
        )
    return EntriesReviewed(question=question, upto=upto, entries=len(found.digests), digest=digest_of(found.digests), finds=finds)


def bound_by(review: EntriesReviewed) -> str:
    """The digest that the signature of a review binds."""
    return sha256(canonical(review)).hexdigest()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review as it stands: what was added since that the search finds as well, and whether it is still bound to what was signed."""

    number: int
    signed_at: datetime
    by: Circumstances
    review: EntriesReviewed
    words: str
    since: int
    whole: bool


def reviewed(views: Views, entry: Entry[EntriesReviewed]) -> Reviewed:
    """A review, beside what its search finds by now."""
    review, by = entry.event, entry.circumstances
    then = found_in_all(views, review.question, Bounds(upto=review.upto))
    since = search(views, review.question, Bounds(after=review.upto), 1, 1).found
    signed = by.signature is not None and by.signature.signed == bound_by(review)
    whole_ = signed and digest_of(then.digests) == review.digest
    return Reviewed(entry.version, entry.recorded_at, by, review, in_words(review.question), since, whole_)
