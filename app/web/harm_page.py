"""Harm on the pages of a participant: adverse events as they stand, toxicities of the cells, and the forms by which both are recorded."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from app.clinic_time import SiteClock
from app.web.sheets import Asks, question
from domain.events import Grading
from domain.harm import Adverse, adverse_events
from domain.participant import Participant
from domain.standing import Noted
from projections.sentences import says


class Graded(NamedTuple):
    """A toxicity of the cells as somebody graded it, in words."""

    entry: int
    says: str


class HarmShown(NamedTuple):
    """What is on record of harm: adverse events that go on, then those that ended, and every grading; what came last stands first."""

    events: tuple[Adverse, ...]
    gradings: tuple[Graded, ...]


def harm_shown(participant: Participant, clock: SiteClock) -> HarmShown:
    """The harm that stands on a participant's record."""

    def began(one: Adverse) -> datetime:
        return one.first.fact.start.span(clock.zone).earliest

    def graded(one: Noted[Grading]) -> datetime:
        return one.fact.at.span(clock.zone).earliest

    events = sorted(adverse_events(participant), key=began, reverse=True)
    return HarmShown(
        events=tuple(sorted(events, key=lambda one: one.stop is not None)),
        gradings=tuple(Graded(one.entry, says(one.fact, clock.zone)) for one in sorted(participant.gradings, key=graded, reverse=True)),
    )


def harm_asks(participant: Participant) -> Iterator[Asks]:
    """One form for each fact; what more becomes known is told of one event at a time."""
    more = question("safety.update-adverse-event")
    for one in adverse_events(participant):
        yield Asks(f"update:{one.entry}", more, "Record what more is known", fixed={"event": (str(one.entry),)})
    yield Asks("adverse-event", question("safety.adverse-event"), "Record an adverse event")
    yield Asks("cytokine-release", question("safety.cytokine-release"), "Grade cytokine release")
    yield Asks("neurotoxicity", question("safety.neurotoxicity"), "Grade neurotoxicity (ICANS)")
