"""Adverse events as tests tell of them."""

from typing import Any

from domain import events as e
from domain.agenda import agenda
from domain.reminding.reminder import Reminder
from domain.time import When
from tests.builders import Story


def adverse(at: When, **but: Any) -> e.AdverseEvent:
    """One of grade 2 that is not serious and began when the site learned of it, but for what is said."""
    return e.AdverseEvent.model_validate({"at": at, "term": "pneumonia", "grade": 2, "start": at} | but)


def more_of(entry: int, at: When, **but: Any) -> e.AdverseEventUpdated:
    """What more became known of the adverse event of an entry."""
    return e.AdverseEventUpdated.model_validate({"entry": entry, "at": at} | but)


IN_HOSPITAL: dict[str, Any] = {"serious": ("hospitalisation",)}
DEADLY: dict[str, Any] = {"serious": ("fatal",), "grade": 5}


def calls(story: Story, kinds: tuple[str, ...] = ("safety-report", "safety-report-late", "severe-toxicity")) -> list[tuple[str, str, str]]:
    """What somebody is told of harm now: of which kind, how urgently, and who."""
    due = agenda(story.now, story.trial.participants.study()).due(story.trial.clock())
    acts = [item.act for item in due if isinstance(item.act, Reminder)]
    return [(kind, act.urgency, act.to) for act in acts if (kind := act.key.partition(":")[0]) in kinds]
