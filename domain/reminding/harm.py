"""Reminders of harm: that a toxicity of the cells has become severe."""

from collections.abc import Iterator
from datetime import datetime

from domain.events import CytokineReleaseGraded, Grading, NeurotoxicityGraded
from domain.participant import Participant
from domain.reminding.reminder import DAY, Reminder
from domain.standing import Noted
from domain.words import AstctGrade

SEVERE: AstctGrade = 3
"""From this grade on, by ASTCT, somebody is called at any hour."""


def of_severe_toxicity(participant: Participant, zone: str) -> Iterator[Reminder]:
    """For a day after a severe grading somebody is called, unless they were called for one as severe in the day before.

    What was graded longer ago than a day when it was recorded calls nobody, and keeps nobody from being called.
    """
    for kind, name in ((CytokineReleaseGraded, "cytokine release"), (NeurotoxicityGraded, "neurotoxicity")):
        graded = [one for one in participant.gradings if isinstance(one.fact, kind) and one.known_since < _over(one, zone)]
        before: Noted[Grading] | None = None
        for now in sorted(graded, key=lambda one: (one.fact.at.span(zone).earliest, one.entry)):
            if now.fact.grade >= SEVERE and not (before and _as_severe(before, now, zone)):
                says = f"Severe {name} was graded. See the record, and that the participant is seen to."
                key = f"severe-toxicity:{now.entry}:{now.fact.grade}"
                yield Reminder(key, now.known_since, _over(now, zone), "urgent", "investigator", says)
            before = now


def _over(grading: Noted[Grading], zone: str) -> datetime:
    """From when on it has been seen to, or is told of in vain."""
    return grading.fact.at.span(zone).latest + DAY


def _as_severe(before: Noted[Grading], now: Noted[Grading], zone: str) -> bool:
    """Whether it was no better a day ago or less."""
    return now.fact.at.span(zone).earliest <= _over(before, zone) and before.fact.grade >= now.fact.grade
