"""Deviations of visits, as they are on record now: outside the window, without an account, missed, or with something missing."""

from collections.abc import Iterator

from domain.events import DeviationProposed, DeviationRecorded
from domain.participant import Participant
from domain.study import Study
from domain.visits import VisitWindow, windows


def of_visits(after: Participant, study: Study, zone: str) -> Iterator[DeviationProposed | DeviationRecorded]:
    """Every deviation that follows from the windows of a participant's visits."""
    for window in windows(after, study):
        yield from _of_time(window, zone)
        if window.incomplete:
            says = f"of the visit {window.visit} these assessments are missing: {', '.join(window.missing)}"
            yield DeviationProposed(key=f"visit:{window.visit}:incomplete", says=says, category="procedure")


def _of_time(window: VisitWindow, zone: str) -> Iterator[DeviationProposed | DeviationRecorded]:
    """A window that stops makes whatever strays from it important."""
    important, range_ = window.outside == "stop", f"its window was {window.range(zone)}"
    if how := window.out_of_window(zone):
        says = f"the visit {window.visit} took place {how}: {range_}"
        yield DeviationRecorded(key=f"visit:{window.visit}:window", says=says, category=how, important=important)
    elif window.state == "unaccounted":
        says = f"nothing was recorded for the visit {window.visit}: {range_}"
        yield DeviationProposed(key=f"visit:{window.visit}:missed", says=says, category="missed", important=important)
    elif window.state == "missed":
        says = f"the visit {window.visit} was missed: {range_}"
        yield DeviationRecorded(key=f"visit:{window.visit}:missed", says=says, category="missed", important=important)
