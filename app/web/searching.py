"""The pages of a search over all entries, and of the reviews of what one found."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Annotated, Self, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.cli.reading import shaped
from app.searched import (
    AS_BEFORE,
    MARKED,
    ON_SHELVES,
    TYPED,
    Reviewed,
    bound_by,
    kept_with,
    question_of,
    reviewed,
    shelf_typed,
    tells_of,
    to_be_reviewed,
    whose,
)
from app.web.answering import MOST_ROWS, as_csv, page
from app.web.asked import Asked, number_of, page_of, pages_of
from app.web.forms import CommandId, Lines
from app.web.in_vain import TROUBLES, Filled, sent_in_vain
from app.web.needs import Needs, SeeingHistory
from app.web.office import Asking, Signing, Stated
from domain.entry import Actor, Entry
from domain.rejections import Refused
from domain.searching import KINDS_ON, EntriesReviewed, Question, kind_in_words
from domain.words import Role, Source
from projections.search import Bounds, Page, Row, search
from projections.views import Views

searching = APIRouter(include_in_schema=False)
Reviewing = Annotated[Asking, Depends(Needs("review-entries"))]
ON_A_PAGE = 50
COLUMNS = tuple(name for name in Row._fields if name != "position")
CHOICES = {
    "shelves": tuple((shelf, words.capitalize()) for shelf, words in ON_SHELVES.items()),
    "roles": tuple((role, role.replace("-", " ").capitalize()) for role in get_args(Role)),
    "sources": tuple((source, source.capitalize()) for source in get_args(Source)),
    "kinds": tuple(sorted(((kind, kind_in_words(kind)) for kinds in KINDS_ON.values() for kind in kinds), key=lambda one: one[1])),
    "marks": tuple((mark, words.capitalize()) for mark, words in MARKED.items()),
}


@dataclass(frozen=True, slots=True)
class SearchAsked(Asked):
    """Which entries are looked for: every part of a question is a parameter, and an empty one narrows nothing."""

    PATH = "/search"
    typed: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    upto: int = 0
    """Between which positions of the ledger; 0 is no bound."""
    review: int = 0
    """The review since which they are looked for, if it is for that."""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """As the address or a form says; what is no number is none."""
        typed = {name: text for name in TYPED if (text := parameters.get(name, "").strip()[: cls.LONGEST])}
        after, upto, review = (number_of(parameters.get(name, "")) for name in ("after", "upto", "review"))
        return cls(typed, after, upto, review, page=page_of(parameters))

    def said(self, name: str) -> str:
        return self.typed.get(name, "")

    @property
    def stated(self) -> dict[str, str]:
        return dict(self.typed) | {name: str(bound) for name in ("after", "upto", "review") if (bound := getattr(self, name))}

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.after, self.upto or None)


@dataclass(frozen=True, slots=True)
class ReviewsAsked(Asked):
    """Which of the reviews somebody wants to see: a page of them, or the page on which one of them is shown."""

    PATH = "/reviews"
    review: int = 0
    """The one that is shown wherever it is; 0 is none."""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """As the address says; what is no number is none."""
        return cls(number_of(parameters.get("review", "")), page=page_of(parameters))

    def address(self, page: int) -> str:
        """Where another page is, whichever review one came for."""
        return self.url(page=page, review=0)

    def number(self, numbers: Sequence[int]) -> int:
        """The page to show where the reviews are of these numbers: that of the one asked for, if it is among them."""
        return numbers.index(self.review) // ON_A_PAGE + 1 if self.review in numbers else min(self.page, pages_of(len(numbers), ON_A_PAGE))


@searching.get("/search")
def entries(request: Request, asking: SeeingHistory) -> Response:
    """The entries that are looked for, the last recorded first."""
    return _shown(request, asking, SearchAsked.of(request.query_params))


@searching.get("/search.csv")
def as_a_table(request: Request, asking: SeeingHistory) -> Response:
    """The same entries as a table; instants in UTC."""
    asked = SearchAsked.of(request.query_params)
    found = search(asking.office.daybook.views, question_by(asking, asked.typed), asked.bounds, 1, MOST_ROWS)
    return as_csv("entries", COLUMNS, ([getattr(row, name) for name in COLUMNS] for row in found.rows))


@searching.post("/search")
def sign_off(request: Request, asking: Reviewing, typed: Lines, command_id: CommandId) -> Response:
    """Sign that every entry was reviewed that a search found up to the position at which it was shown."""
    asked = SearchAsked.of(typed)
    try:
        _sign_off(asking, asked, typed, command_id)
    except TROUBLES as trouble:
        return _shown(request, asking, asked, sent_in_vain(typed, command_id, trouble))
    return RedirectResponse("/reviews", HTTPStatus.SEE_OTHER)


@searching.get("/reviews")
def reviews(request: Request, asking: SeeingHistory) -> Response:
    """The reviews of entries of the asker's sites, the last first: by whom, of what, and what was added since."""
    mine, views = _seen_by(asking), asking.office.daybook.views
    asked, pages = ReviewsAsked.of(request.query_params), pages_of(len(mine), ON_A_PAGE)
    number = asked.number([entry.version for entry in mine])
    first = (number - 1) * ON_A_PAGE
    shown = tuple(reviewed(views, entry) for entry in mine[first : first + ON_A_PAGE])
    since = tuple(_since(one) for one in shown)
    told = tuple(zip(shown, since, strict=True))
    return page(request, asking, "entry_reviews.html", shown=told, number=number, pages=pages, asked=asked)


def _shown(request: Request, asking: Asking, asked: SearchAsked, sent: Filled | None = None) -> Response:
    sent = sent or Filled()
    reasons, status, found, since, signs = sent.reasons, sent.why.status, None, None, 0
    views, sites, signer = asking.office.daybook.views, asking.sites("see-history"), asking.may("review-entries")
    try:
        question = question_by(asking, asked.typed)
        found = search(views, question, asked.bounds, asked.page, ON_A_PAGE)
        since = _since_which(asking, asked, question) if asked.review else None
        signs = _to_sign(views, question, asked, found) if signer and found.rows else 0
    except Refused as refused:
        reasons, status = refused.reasons, HTTPStatus.UNPROCESSABLE_ENTITY
    unread = [one for one in views.parked() if one.site in {"", *sites}]
    before = ((AS_BEFORE, "Participants, as reviewed before"),) if asked.said("shelf") == AS_BEFORE else ()
    return page(
        request, asking, "search.html", status, asked=asked, found=found, signs=signs, since=since, reasons=reasons, unread=unread,
        pages=pages_of(found.found if found else 0, ON_A_PAGE),
        sites=tuple((site, site) for site in sorted(sites)), shelves=(*CHOICES["shelves"], *before), choices=CHOICES,
        kind_in_words=kind_in_words, kept_with=kept_with, tells_of=tells_of, leads=partial(_leads, asking), late=late, whose=whose,
        typed=sent.typed, new_id=sent.command_id, reviews=signer,
    )  # fmt: skip


def _to_sign(views: Views, question: Question, asked: SearchAsked, found: Page) -> int:
    """Of how many entries a review of a search would be: of all that it finds, though only those after some position be shown."""
    return search(views, question, Bounds(upto=found.upto), 1, 1).found if asked.after else found.found


def question_by(asking: Asking, typed: Mapping[str, str]) -> Question:
    """The search that somebody typed, at the sites whose histories they may see. Raises Refused; a site of others is on record then."""
    daybook, sites, site = asking.office.daybook, asking.sites("see-history"), typed.get("site", "").strip()
    if site and site not in sites:
        with suppress(Refused):  # What is told is the same whether it is another's site or none at all.
            daybook.authority.permit(asking.person.id, "see-history", site, asking.source)
    return question_of(typed, sites, daybook.participants.study(), asking.now, everywhere=asking.rights.everywhere)


def _sign_off(asking: Asking, asked: SearchAsked, typed: Mapping[str, str], command_id: UUID) -> None:
    """Record the review. Raises Refused."""
    daybook = asking.office.daybook
    question = question_by(asking, asked.typed)
    permit = daybook.authority.permit
    places = question.sites if question.sites and not question.whole_study else (*question.sites, None)
    role, *_ = [permit(asking.person.id, "review-entries", place, asking.source) for place in places]
    review = to_be_reviewed(daybook.views, question, asked.upto, asking.person.id, typed.get("finds") or None)
    signing = Signing(typed.get("meaning", ""), typed.get("password", ""), typed.get("signer", "").strip())
    signature = shaped(lambda: asking.signature(signing, bound_by(review)))
    by = asking.circumstances(Actor(id=asking.person.id, role=role), Stated(command_id))
    daybook.reviews.record(review, by.model_copy(update={"signature": signature}))
    asking.has_signed()


def _seen_by(asking: Asking) -> list[Entry[EntriesReviewed]]:
    """The reviews of entries that somebody may see, all of them, the last first."""
    sites = asking.sites("see-history")
    every = ((entry, entry.event.question) for entry in reversed(asking.office.daybook.reviews.all()))
    return [entry for entry, question in every if sites.issuperset(question.sites) and _sees_around(asking, question)]


def _since_which(asking: Asking, asked: SearchAsked, question: Question) -> Entry[EntriesReviewed] | None:
    """The review since which entries are looked for, if it is one that somebody may see, went up to there, and was of the same question.

    Whoever sees more than its reviewer did asks another one: of what they alone see nothing was reviewed.
    """
    was = (asked.review, asked.after, question)
    return next((one for one in _seen_by(asking) if (one.version, one.event.upto, one.event.question) == was), None)


def _sees_around(asking: Asking, question: Question) -> bool:
    """Whether somebody may see all that a search goes over of the whole study."""
    everywhere = asking.rights.everywhere
    return ("see-history" in everywhere or not question.whole_study) and ("see-accesses" in everywhere or not question.accesses)


def _leads(asking: Asking, row: Row) -> str:
    """Where more is shown of what an entry is about, to whoever may see it; empty where there is no such page."""
    match row.shelf:
        case "participants":
            return f"/participants/{row.participant}/history?at={row.version}"
        case "reviews":
            return f"{ReviewsAsked(row.version).url()}#review-{row.version}"
        case "people" | "door" if row.person and asking.may("admit-people"):
            return f"/people/{row.person}"
        case _:
            return ""


def late(minutes: int) -> str:
    """How late something was recorded, in words."""
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"


def _since(one: Reviewed) -> str:
    """Where what was added since a review is found; that holds for whoever may see all of its sites, as whoever is shown it may."""
    question = one.review.question
    written = question.model_dump(mode="json", exclude={"sites", "over"}, exclude_none=True)
    typed = {name: _typed(value) for name, value in written.items()} | {"shelf": shelf_typed(question)}
    if len(question.sites) == 1 and not question.whole_study:
        typed["site"] = question.sites[0]
    return SearchAsked.of(typed).url(after=one.review.upto, review=one.number)


def _typed(value: object) -> str:
    """A part of a question as one would type it; an instant to the minute."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return f"{str(value)[:16]}Z" if isinstance(value, str) and value[10:11] == "T" else str(value)
