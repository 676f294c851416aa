"""The page of a visit: its window, what it requires, and the forms by which it is recorded, booked or accounted for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from app.clinic_time import SiteClock
from app.web.participant_page import VisitShown, visit_shown
from app.web.sheets import Asks, question
from app.web.worklist_page import participant_href
from domain.assessing import by_word_alone, missing
from domain.participant import Participant
from domain.protocol import Assessment, VisitRule
from domain.rejections import Reason, Refused
from domain.study import Study
from domain.time import When, to_the_minute
from domain.visits import VisitWindow, windows
from domain.words import HoldPoint

TAKEN_BY: dict[str, HoldPoint] = {
    "leukapheresis-started.v1": "leukapheresis",
    "lymphodepletion-dose.v1": "lymphodepletion",
    "infusion-started.v1": "infusion",
}
"""The step by which a visit is settled that is one of treatment."""
STRICTNESS = {
    "record": "Outside its window it can be recorded with a reason, and is a deviation.",
    "approve": "Outside its window an investigator approves it, with a reason and a signature.",
    "stop": "Nothing is booked outside its window; what took place there is recorded with a reason, and is a deviation.",
}
"""What the protocol asks of a visit outside its window."""


class Result(NamedTuple):
    """Something that an assessment leaves in the record, and the form by which it is recorded."""

    says: str
    href: str


@dataclass(frozen=True, slots=True)
class Required:
    """An assessment of the visit, and whether it is on record."""

    name: str
    title: str
    done: bool
    by_word_alone: bool
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Everything that the page of a visit shows besides its forms."""

    shown: VisitShown
    clock: SiteClock
    range: str
    strays: bool
    """Whether a visit now would lie outside the window."""
    strictness: str
    required: tuple[Required, ...]
    step: HoldPoint | None
    href: str

    @property
    def lacking(self) -> tuple[Required, ...]:
        """What is not on record."""
        return tuple(one for one in self.required if not one.done)


def visit_page(visit: str, participant: Participant, study: Study, clock: SiteClock) -> VisitPage:
    """The page as of now. Raises Refused where the participant has no window for such a visit."""
    window = next((one for one in windows(participant, study) if one.visit == visit), None)
    if window is None:
        raise Refused(Reason(code="unknown-page", says=f"{participant.id} has no window for a visit {visit}"))
    rule, href = study.protocol(participant.protocol).visits[visit], participant_href(participant.id)
    return VisitPage(
        shown=visit_shown(window, clock, href),
        clock=clock,
        range=window.range(clock.zone),
        strays=window.strays(When.at(to_the_minute(clock.now)), clock.zone) is not None,
        strictness=STRICTNESS[window.outside],
        required=tuple(_required(window, rule, participant, study, clock)),
        step=TAKEN_BY.get(rule.settled_by or ""),
        href=href,
    )


def visit_asks(page: VisitPage) -> tuple[Asks, ...]:
    """Every form of the page: one for the visit, for its appointment, for the last word on it, and for each assessment by word alone."""
    window, name = page.shown.window, (page.shown.visit,)
    when = {"at": (page.clock.shows_when(window.held),)} if window.held else {}
    found = [
        Asks(
            f"assessment:{one.name}",
            question("visits.assessment"),
            one.title,
            button=f"Record {one.title}",
            fixed={"visit": name, "name": (one.name,)},
            begun=when,
        )
        for one in page.lacking
        if one.by_word_alone
    ]
    if window.held is None and page.step is None:
        found.append(Asks("visit", question("visits.visit"), "It took place", fixed={"name": name}, open=True))
        found.append(
            Asks(
                "book",
                question("visits.book"),
                "Book anew" if window.booked else "Book",
                button="Book",
                fixed={"name": name},
                begun={"at": ("",)},
            )
        )
    if window.state == "unaccounted":
        found.append(
            Asks("miss", question("visits.miss-visit"), "It did not take place", button="It was missed", fixed={"name": name}, open=True)
        )
    return tuple(found)


def _required(window: VisitWindow, rule: VisitRule, participant: Participant, study: Study, clock: SiteClock) -> Iterator[Required]:
    protocol = study.protocol(participant.protocol)
    at = window.held or When.at(to_the_minute(clock.now))
    lacking = missing(window.visit, at, participant, protocol, clock.zone)
    for name in rule.assessments:
        assessment = protocol.assessments[name]
        results = tuple(_results(assessment, participant.id, clock.shows_when(window.held) if window.held else ""))
        yield Required(name, assessment.title, name not in lacking, by_word_alone(assessment), results)


def _results(assessment: Assessment, participant: str, at: str) -> Iterator[Result]:
    """The forms by which what is found is recorded, begun with the time of the visit."""
    record, when = f"{participant_href(participant)}/record", {"at": at} if at else {}
    for test in assessment.tests:
        yield Result(test.replace("-", " "), f"{record}/screening.observe?{urlencode({'test': test, **when})}")
    for score in assessment.scores:
        yield Result(score, f"{record}/screening.score?{urlencode({'name': score, **when})}")
    for name in assessment.attestations:
        yield Result(name.replace("-", " "), f"{record}/screening.attest?{urlencode({'holds': name, **when})}")
