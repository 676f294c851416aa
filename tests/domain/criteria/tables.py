"""Tables of cases, a part at a time, and the edges that parts of one kind share.

Screening was started on 2026-03-30 at 9:00 in Berlin and is judged for a confirmation on 2026-04-10 at 12:00. Unless a case says
otherwise, all five reviews were made in it and cover the whole life.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple, TypeVar

import pytest

from domain import events as e
from domain.criteria.report import Verdict
from domain.time import When
from domain.words import ReviewKind
from tests.builders import minute, review
from tests.domain.criteria.given import attested, looked

Event = TypeVar("Event", bound=e.Event)
KINDS: tuple[ReviewKind, ...] = ("history", "medicines", "procedures", "psychiatric", "plans")
LOOKED: tuple[e.Event, ...] = tuple(looked(*KINDS))
FIRST_ENTRY = 5
"""The entry of the first fact of a case: registered, protocol, consent and start of screening come before."""


class Case(NamedTuple):
    """What is on record, and the verdict that it must come to."""

    says: str
    verdict: Verdict
    facts: tuple[e.Event, ...]
    rulings: dict[str, str]


Table = dict[str, list[Case]]
Facts = Iterable[e.Event]


def passes(says: str, *facts: e.Event, reviews: Facts = LOOKED, rulings: dict[str, str] | None = None) -> Case:
    return Case(says, "passes", (*facts, *reviews), rulings or {})


def fails(says: str, *facts: e.Event, reviews: Facts = LOOKED, rulings: dict[str, str] | None = None) -> Case:
    return Case(says, "fails", (*facts, *reviews), rulings or {})


def unknown(says: str, *facts: e.Event, reviews: Facts = LOOKED, rulings: dict[str, str] | None = None) -> Case:
    return Case(says, "not yet known", (*facts, *reviews), rulings or {})


def of_each_case(table: Table) -> pytest.MarkDecorator:
    """Every case of a table, with the part it is about."""
    rows = [(part, case) for part, cases in table.items() for case in cases]
    return pytest.mark.parametrize(("part", "case"), rows, ids=[f"{part}, {case.says}" for part, case in rows])


def corrected(fact: Event, nth: int = 0) -> e.EntryCorrected:
    """What the nth fact of a case should have said."""
    return e.EntryCorrected.model_validate({"entry": FIRST_ENTRY + nth, "fact": fact})


def retracted(nth: int = 0) -> e.EntryRetracted:
    """The nth fact of a case should never have been recorded."""
    return e.EntryRetracted(entry=FIRST_ENTRY + nth)


# Edges that parts of one kind share


def of_a_look_back(on: Callable[[str], e.Event], *, blocked: str, free: str) -> list[Case]:
    """None within: `blocked` is the date exactly as long before screening as the look-back, `free` the one before."""
    return [
        passes("nothing is on record, and somebody has looked"),
        fails("the date exactly so long before still blocks", on(blocked)),
        passes("the date before it is free", on(free)),
        fails("the first minute of the blocked date", on(f"{blocked} 00:00")),
        passes("the last minute of the free date", on(f"{free} 23:59")),
        fails("the later of two decides", on(blocked), on(free)),
        fails("on the date of screening, before it began", on("2026-03-30 08:00")),
        fails("while screening goes on", on("2026-04-05")),
        fails("in the minute of the confirmation", on("2026-04-10 12:00")),
        passes("in the minute after the confirmation it changes nothing any more", on("2026-04-10 12:01")),
        passes("on the date after the confirmation", on("2026-04-11")),
        fails("what comes after the confirmation hides nothing from before", on(blocked), on("2026-04-11")),
        unknown("on the date of the confirmation, without the hour", on("2026-04-10")),
        unknown("some day in the month of the confirmation", on("2026-04")),
        unknown("some day of the year leaves it open", on("2026")),
        unknown("some day in the month of the bound leaves it open", on(blocked[:7])),
        passes("some day of last year", on("2025")),
        fails("it is on record and nobody has looked", on(blocked), reviews=()),
        passes("it should have said the free date", on(blocked), corrected(on(free))),
        fails("it should have said the blocked date", on(free), corrected(on(blocked))),
        passes("it should never have been recorded", on(blocked), retracted()),
    ]


def of_reviews_before(kind: ReviewKind, *, covers_from: str, too_late: str, beside: Facts = ()) -> list[Case]:
    """None within: what a review has to cover, and when it has to be made."""
    beside, since = tuple(beside), date.fromisoformat

    def made(at: str, covers: str | None = covers_from) -> e.ReviewMade:
        return review(minute(at) if " " in at else When(at), since(covers) if covers else None, kind)

    return [
        *_of_reviews(kind, made, beside),
        unknown("the review leaves out the first date of the look-back", made("2026-04-02 10:00", too_late), reviews=beside),
        unknown(
            "an earlier review and one that leaves a gap",
            made(f"{covers_from} 10:00", None),
            made("2026-04-02 10:00", too_late),
            reviews=beside,
        ),
        passes(
            "nothing new since an earlier review", made("2026-03-20 10:00", None), made("2026-04-02 10:00", "2026-03-20"), reviews=beside
        ),
        unknown("a review that may have been made after the confirmation", made("2026-04"), reviews=beside),
    ]


def of_reviews_of_a_life(kind: ReviewKind, *, beside: Facts = ()) -> list[Case]:
    """Never: a review has to cover the whole life."""
    beside = tuple(beside)

    def made(at: str, covers: date | None = None) -> e.ReviewMade:
        return review(minute(at) if " " in at else When(at), covers, kind)

    return [
        *_of_reviews(kind, made, beside),
        unknown("the review covers a hundred years and not the life", made("2026-04-02 10:00", date(1926, 4, 2)), reviews=beside),
        passes(
            "an earlier review of the life, and nothing new since",
            made("2026-01-20 10:00"),
            made("2026-04-02 10:00", date(2026, 1, 20)),
            reviews=beside,
        ),
        unknown(
            "an earlier review of the life, and a gap",
            made("2026-01-20 10:00"),
            made("2026-04-02 10:00", date(2026, 1, 21)),
            reviews=beside,
        ),
        unknown("a review that may have been made after the confirmation", made("2026-04"), reviews=beside),
    ]


def of_reviews_now(kind: ReviewKind, *, beside: Facts = ()) -> list[Case]:
    """Not present: any review of this screening."""

    def made(at: str) -> e.ReviewMade:
        return review(minute(at) if " " in at else When(at), date(2026, 4, 1) if at > "2026-04-01" else None, kind)

    return _of_reviews(kind, made, tuple(beside))


def _of_reviews(kind: ReviewKind, made: Callable[[str], e.ReviewMade], beside: tuple[e.Event, ...]) -> list[Case]:
    others = (*beside, *looked(*(one for one in KINDS if one != kind)))
    return [
        unknown("nobody has looked", reviews=beside),
        unknown(f"only other things than {kind} were looked through", reviews=others),
        passes(f"a review of {kind} in this screening", made("2026-04-02 10:00"), reviews=beside),
        unknown("a review that was taken back", made("2026-04-02 10:00"), retracted(), reviews=beside),
        passes("a review on the first date of screening", made("2026-03-30 08:30"), reviews=beside),
        passes("a review in the minute of the confirmation", made("2026-04-10 12:00"), reviews=beside),
        unknown("a review on the eve of screening", made("2026-03-29 23:59"), reviews=beside),
        unknown("a review after the confirmation", made("2026-04-10 12:01"), reviews=beside),
        unknown("a review on the date of the confirmation, without the hour", made("2026-04-10"), reviews=beside),
        unknown("a review that may have been made before screening", made("2026-03"), reviews=beside),
    ]


def of_a_life(on: Callable[[str], e.Event], *, beside: Facts = ()) -> list[Case]:
    """Never: at any time up to the confirmation."""
    reviews = (*beside, *LOOKED)
    return [
        passes("nothing is on record, and somebody has looked", reviews=reviews),
        fails("decades ago, some day of a year", on("1990"), reviews=reviews),
        fails("some day in a month of last year", on("2025-06"), reviews=reviews),
        fails("on the date of screening", on("2026-03-30"), reviews=reviews),
        fails("while screening goes on", on("2026-04-05"), reviews=reviews),
        fails("in the minute of the confirmation", on("2026-04-10 12:00"), reviews=reviews),
        passes("in the minute after it", on("2026-04-10 12:01"), reviews=reviews),
        unknown("on the date of the confirmation, without the hour", on("2026-04-10"), reviews=reviews),
        unknown("some day in the month of the confirmation", on("2026-04"), reviews=reviews),
        unknown("some day in the year of the confirmation", on("2026"), reviews=reviews),
        fails("what comes after the confirmation hides nothing from before", on("1990"), on("2026-04-11"), reviews=reviews),
        fails("it is on record and nobody has looked", on("1990"), reviews=beside),
        passes("it should never have been recorded", on("1990"), retracted(), reviews=reviews),
        passes("it should have said a time after the confirmation", on("2026-04-09"), corrected(on("2026-04-12")), reviews=reviews),
    ]


def of_the_present(lasting: Callable[[str, str | None], e.Event], *, beside: Facts = ()) -> list[Case]:
    """Not present: going on at the confirmation."""
    reviews = (*beside, *LOOKED)
    return [
        passes("nothing is on record, and somebody has looked", reviews=reviews),
        fails("what has no end on record goes on", lasting("2026-01-05", None), reviews=reviews),
        fails("it goes on and nobody has looked", lasting("2026-01-05", None), reviews=beside),
        fails("it began in the minute of the confirmation", lasting("2026-04-10 12:00", None), reviews=reviews),
        passes("it began in the minute after", lasting("2026-04-10 12:01", None), reviews=reviews),
        unknown("it began on the date of the confirmation, without the hour", lasting("2026-04-10", None), reviews=reviews),
        unknown("it began some day of the month", lasting("2026-04", None), reviews=reviews),
        passes("it ended on the eve", lasting("2026-01-05", "2026-04-09"), reviews=reviews),
        passes("it ended in the minute before", lasting("2026-01-05", "2026-04-10 11:59"), reviews=reviews),
        fails("it ended only after the confirmation", lasting("2026-01-05", "2026-04-10 12:01"), reviews=reviews),
        unknown("it ended on the date of the confirmation, without the hour", lasting("2026-01-05", "2026-04-10"), reviews=reviews),
        unknown("it ended some day of the month", lasting("2026-01-05", "2026-04"), reviews=reviews),
        unknown("it ended some day of the year", lasting("2026-01-05", "2026"), reviews=reviews),
        passes("it was over last year", lasting("2025", "2025"), reviews=reviews),
        passes("its end was added", lasting("2026-01-05", None), corrected(lasting("2026-01-05", "2026-04-08")), reviews=reviews),
        fails("its end was wrong", lasting("2026-01-05", "2026-04-08"), corrected(lasting("2026-01-05", None)), reviews=reviews),
        passes("it should never have been recorded", lasting("2026-01-05", None), retracted(), reviews=reviews),
    ]


def of_an_attestation(name: str, *, beside: Facts = ()) -> list[Case]:
    """Attested: what was attested last, in this screening."""
    beside = tuple(beside)

    def says(holds: bool, at: str = "2026-04-02 11:00") -> e.Attested:  # noqa: FBT001 - It is what is attested.
        return attested(at, **{name.replace("-", "_"): holds})

    return [
        unknown("nobody has attested it", *beside),
        passes("attested", says(True), *beside),
        fails("denied", says(False), *beside),
        unknown("attested on the eve of screening", says(True, "2026-03-29 23:59"), *beside),
        passes("attested on the first date of screening", says(True, "2026-03-30 09:00"), *beside),
        passes("attested in the minute of the confirmation", says(True, "2026-04-10 12:00"), *beside),
        unknown("attested in the minute after", says(True, "2026-04-10 12:01"), *beside),
        unknown("attested on the date of the confirmation, without the hour", says(True, "2026-04-10"), *beside),
        unknown("attested some day in a month that began before screening", says(True, "2026-03"), *beside),
        fails("attested, then denied", says(True), says(False, "2026-04-03 11:00"), *beside),
        passes("denied, then attested", says(False), says(True, "2026-04-03 11:00"), *beside),
        passes("denied before the screening, attested in it", says(False, "2026-03-20 11:00"), says(True), *beside),
        passes("denied only after the confirmation", says(True), says(False, "2026-04-10 12:01"), *beside),
        unknown(
            "attested and denied on dates without hours: nobody knows what came last",
            says(True, "2026-04-05"),
            says(False, "2026-04-05"),
            *beside,
        ),
        fails("it should have been a denial", says(True), corrected(says(False)), *beside),
        passes("it should have been no denial", says(False), corrected(says(True)), *beside),
        unknown("it should never have been recorded", says(True), retracted(), *beside),
    ]
