"""A reminder, and how long before or after something it is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.words import Role, Urgency

DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
LONG = timedelta(days=730)
"""As long as a participant is followed: what must be done however late it is stays on somebody's list."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something a person should be told once it is due, unless it has become pointless by then."""

    key: str
    due: datetime
    pointless_after: datetime
    urgency: Urgency
    to: Role
    says: str
    late_from: datetime | None = None
    """From when it is told too late to do all that it asks for, where that is before it is pointless."""

    @property
    def best_before(self) -> datetime:
        """By when it is told, even if that is at night."""
        return self.late_from or self.pointless_after
