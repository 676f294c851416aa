"""The pages of deviations: those of one participant with their forms, and those of the study, filtered and counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from app.web.asked import Asked, chosen, pages_of
from app.web.sheets import Asks, question
from domain.decisions.deviating import BY_HAND
from domain.events import DeviationDetails
from domain.participant import Participant
from domain.standing import Deviation
from projections.deviations import Count, Row, Wanted, counts, listed, sites_of
from projections.views import Views

MEANING = "I have reviewed this deviation as it stands"
DETAILS: Mapping[str, str] = {
    "important": "important",
    "occurred_on": "occurred",
    "discovered_on": "discovered",
    "cause": "cause",
    "prevention": "prevention",
    "reported_to_sponsor_on": "to_sponsor",
    "reported_to_ethics_committee_on": "to_committee",
}
"""What can be found out about a deviation, by the field of the form in which it stands."""
ROWS_ON_A_PAGE = 50


def deviation_asks(participant: Participant) -> Iterator[Asks]:
    """For each deviation the forms by which it is looked into, reviewed and taken back; and one for what no rule finds."""
    for one in participant.deviations.values():
        fixed = {"known": (one.key,)}
        if not one.reviewed:
            yield Asks(
                f"review:{one.key}",
                question("deviations.review"),
                "Review by signature",
                button="Sign the review",
                fixed=fixed,
                carried={"entry": (str(one.told_in),)},
                meaning=MEANING,
            )
        yield Asks(f"describe:{one.key}", question("deviations.describe"), "Look into it", fixed=fixed, begun=_begun(one))
        if one.key.startswith(BY_HAND):
            yield Asks(f"void:{one.key}", question("deviations.void"), "Take it back", button="Take it back", fixed=fixed)
    yield Asks("record", question("deviations.record"), "Record a deviation that no rule finds")


def _begun(one: Deviation) -> dict[str, tuple[str, ...]]:
    stated = (one.details or DeviationDetails()).model_dump(mode="json")
    return {field: (_typed(stated[name]),) for name, field in DETAILS.items() if stated[name] is not None}


def _typed(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class DeviationsAsked(Asked):
    """Which deviations somebody wants to see."""

    PATH = "/deviations"
    site: str = ""
    category: str = ""
    standing: str = ""
    importance: str = ""
    text: str = ""

    def wanted(self, sites: frozenset[str]) -> Wanted:
        """What is wanted of the deviations of these sites."""
        return Wanted(
            sites=chosen(sites, self.site), category=self.category, standing=self.standing, importance=self.importance, text=self.text
        )


@dataclass(frozen=True, slots=True)
class DeviationsPage:
    """The deviations that are wanted, page by page, with how many there are of each category at each site."""

    asked: DeviationsAsked
    rows: tuple[Row, ...]
    total: int
    pages: int
    counts: tuple[Count, ...]
    sites: tuple[tuple[str, str], ...]
    csv: str


STANDINGS = (("proposed", "Proposed"), ("to review", "To review"), ("reviewed", "Reviewed"))
IMPORTANCE = (("important", "Important"), ("minor", "Not important"))
CATEGORIES = tuple((name, name.capitalize()) for name in ("early", "late", "missed", "override", "procedure"))


def standing_of(row: Row) -> str:
    """How a deviation stands, in a word that has a mark."""
    return "reviewed" if row.reviewed else "to review" if row.final else "proposed"


def deviations_page(views: Views, sites: frozenset[str], asked: DeviationsAsked) -> DeviationsPage:
    """The page that is asked for, and beyond the last one that; what there is to choose among are the sites at which any stands."""
    wanted = asked.wanted(sites)
    rows, total = listed(views, wanted, ROWS_ON_A_PAGE, (asked.page - 1) * ROWS_ON_A_PAGE)
    pages = pages_of(total, ROWS_ON_A_PAGE)
    if asked.page > pages:
        return deviations_page(views, sites, replace(asked, page=pages))
    return DeviationsPage(
        asked=asked,
        rows=rows,
        total=total,
        pages=pages,
        counts=counts(views, wanted),
        sites=tuple((site, site) for site in sites_of(views, sites)),
        csv=asked.url("/deviations.csv"),
    )
