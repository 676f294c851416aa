"""Slots that are offered for a step in one tap, each with how it would be judged there and what would move with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Literal

from app.clinic_time import SiteClock
from app.web.rehearsal import Foresight
from domain import commands as c
from domain.events import Slot
from domain.gates import Gate, judge
from domain.rejections import Reason, Refused
from domain.study import Study
from domain.time import clock_time, day_after, to_the_minute, working_day
from domain.words import HoldPoint

State = Literal["", "cleared", "waiting", "held"]
"""How a slot would be judged; nothing where it cannot be planned."""
SHIFTS = (-24, -6, -2, -1, 1, 2, 6, 24)
"""By how many hours a slot is shifted in one tap."""
DAYS_OFFERED = 5
"""On how many working days a slot is offered, from the first on which nothing known forbids the step."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot that can be taken in one tap: how it is judged there, and what moves with it, or why it cannot be there."""

    button: tuple[str, str]
    """The name of its button, and what that sends."""
    says: str
    label: str
    """The same for whoever hears it and does not see the table."""
    slot: Slot
    state: State = ""
    earliest: datetime | None = None
    moves: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Offering:
    """The slots that are offered for a step, each as it is foreseen."""

    step: HoldPoint
    foresight: Foresight

    @property
    def now(self) -> datetime:
        return self.foresight.now

    @cached_property
    def _gate(self) -> Gate:
        """By which every slot is judged: no rule of a gate asks for what has been planned."""
        return judge(self.step, self.foresight.record.participant, self.foresight.study, to_the_minute(self.now))

    def shifts(self) -> Iterator[Offer]:
        """The planned slot a few hours earlier or later."""
        plan = self.foresight.record.participant.plans.get(self.step)
        for hours in SHIFTS if plan else ():
            assert plan is not None, "there are no shifts without a plan"  # noqa: S101 - cannot happen; see house style
            says = f"{'+' if hours > 0 else '−'}{abs(hours)} h"
            yield self._offer(("shift", str(hours)), says, f"Shift by {says}", shifted(plan.slot, hours))

    def days(self, earliest: datetime | None) -> Iterator[Offer]:
        """The working hours of the site on the next working days on which nothing known forbids the step."""
        study, site = self.foresight.study, self.foresight.record.participant.site
        clock = SiteClock(study.zone(site), self.now)
        first = max(day_after(clock.date_at(self.now)), clock.date_at(earliest or self.now))
        for day in islice(_working_days(first), DAYS_OFFERED):
            slot = on_a_day(day, study, site)
            yield self._offer(("on", str(day)), f"{day:%A}", f"Plan for {day:%A}, {day}", slot)

    def _offer(self, button: tuple[str, str], says: str, label: str, slot: Slot) -> Offer:
        try:
            rehearsal = self.foresight.of(c.Plan(step=self.step, slot=slot))
        except Refused as refused:
            return Offer(button, says, label, slot, reasons=refused.reasons)
        moves = tuple(one for one in rehearsal.moves if not one.startswith(f"The {self.step} would move"))
        found = self._gate.outlook(slot, self.now)
        return Offer(button, says, label, slot, found.state, found.opens, moves)


def shifted(slot: Slot, hours: int) -> Slot:
    """A slot as long as it is, and elsewhere."""
    by = timedelta(hours=hours)
    return Slot(start=slot.start + by, until=slot.until + by, target=slot.target + by)


def on_a_day(day: date, study: Study, site: str) -> Slot:
    """The hours of a date in which people work at a site; what is aimed at is their beginning."""
    opened = study.record.sites[site]
    start, until = (clock_time(day, at.hour, at.minute, opened.zone) for at in (opened.opens, opened.closes))
    return Slot(start=start, until=until, target=start)


def _working_days(first: date) -> Iterator[date]:
    day = first
    while True:
        if working_day(day):
            yield day
        day = day_after(day)
