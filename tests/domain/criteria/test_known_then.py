"""A verdict as known at a past instant is the one that was shown then, to the digest, whatever was told, corrected or ruled since."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import commands as c
from domain import events as e
from domain.criteria.report import confirmation, eligibility
from domain.gates import judge
from domain.record import Record
from domain.rejections import Refused
from domain.study import DrugClassified, Ruled, Study
from domain.time import When, to_the_minute
from domain.verdicts import Derivation
from domain.words import STEPS
from tests.builders import Story, Trial, by_, consent, dose, local
from tests.domain.criteria.given import CONFIRMED, CONSENTED, SCREENED
from tests.domain.criteria.test_laws import PIECES, PROTOCOL, Told

Move = Callable[[Story], object]
BEGINNING = local("2026-04-20 12:00")
"""Later than whatever the evidence tells of."""


class Shown(NamedTuple):
    """What was shown at an instant: the digest of the report for a confirmation, and the derivation of every gate."""

    digest: str
    gates: tuple[Derivation, ...]


def shown(record: Record, study: Study, now: datetime) -> Shown:
    who = record.participant
    report = eligibility(who, study, confirmation(who, study, now))
    return Shown(report.digest, tuple(judge(step, who, study, now).derivation(now) for step in STEPS))


def tells(piece: Told) -> Move:
    return lambda story: story.reports(piece.coarse, "investigator", signed=True)


def makes_precise(piece: Told) -> Move:
    """Tells a piece vaguely and, right after it, corrects it."""

    def move(story: Story) -> None:
        story.reports(piece.coarse, "investigator", signed=True)
        story.trial.clock.move(minutes=7)
        story.asks(c.Correct(entry=story.record.version, fact=piece.precise), "investigator", reason="now it is known", signed=True)

    return move


def takes_back(which: int) -> Move:
    """Retracts one of the entries; of those that nobody may retract nothing is."""
    return lambda story: story.asks(c.Retract(entry=1 + which % story.record.version), reason="it was another participant")


def rules(ruling: str, choice: int) -> Move:
    choices = sorted(PROTOCOL.rulings[ruling].choices)
    ruled = Ruled(ruling=ruling, choice=choices[choice % len(choices)])
    return lambda story: story.trial.participants.desk.record((ruled,), by_("administrator", story.trial.next_id()))


def takes_an_unknown_drug(days: int) -> Move:
    at = When.at(BEGINNING - timedelta(days=days))
    return lambda story: story.reports(dose("snake-oil", "5", at).model_copy(update={"class_unknown": True}))


def classifies(*classes: str) -> Move:
    said = (DrugClassified(drug="snake-oil", classes=classes),)
    return lambda story: story.trial.participants.desk.record(said, by_("medical-monitor", story.trial.next_id(), reason="its label"))


def plans(hours: int) -> Move:
    return lambda story: story.plans("leukapheresis", to_the_minute(story.trial.clock()) + timedelta(hours=hours))


def confirms(story: Story) -> None:
    story.reports(e.EligibilityConfirmed(at=When.at(CONFIRMED)), "investigator", signed=True, reason="it was so")


MOVES: tuple[st.SearchStrategy[Move], ...] = (
    PIECES.map(tells),
    PIECES.map(makes_precise),
    st.integers(0, 40).map(takes_back),
    st.tuples(st.sampled_from(sorted(PROTOCOL.rulings)), st.integers(0, 2)).map(lambda one: rules(*one)),
    st.integers(0, 400).map(takes_an_unknown_drug),
    st.sampled_from([(), ("biologic",), ("b-cell-targeted",), ("glucocorticoid",)]).map(lambda classes: classifies(*classes)),
    st.integers(1, 40).map(plans),
    st.just(confirms),
)


@st.composite
def moves(draw: st.DrawFn) -> Move:
    """Each kind of move as often as another, however many kinds of evidence there are."""
    return draw(MOVES[draw(st.integers(0, len(MOVES) - 1))])


@pytest.mark.slow
@given(st.lists(st.tuples(moves(), st.integers(1, 3000)), min_size=3, max_size=14))
def test_what_was_shown_at_any_time_is_what_is_known_of_that_time_for_ever(life: list[tuple[Move, int]]) -> None:
    trial = Trial()
    story, desk = trial.participant(), trial.participants.desk
    trial.clock.move_to(BEGINNING)
    story.reports(consent(CONSENTED))
    story.reports(e.ScreeningStarted(at=SCREENED))
    then: dict[datetime, Shown] = {}
    for move, minutes in life:
        with suppress(Refused):
            move(story)
        story.advances()
        now = to_the_minute(trial.clock())
        then[now] = shown(story.record, desk.current(), now)
        trial.clock.move(minutes=minutes)
    assert {at: shown(story.record.as_known_at(at), desk.as_known_at(at), at) for at in then} == then
