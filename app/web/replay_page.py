"""The part of the history page that replays: the moment that is asked for, how things stood then, why, and what another moment changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Annotated

from app.cli.reading import Annotations, Heard, Reads
from app.cli.replay import difference
from app.clinic_time import SiteClock
from app.moments import Replays, entry_of, in_words, moment
from app.retelling import Change, Line, changes, rule_in_words, standing, told
from app.web.asked import Asked
from app.web.next_step import StepShown, step_shown
from domain.rederiving import Rederived, ReportAgain
from domain.replay import Cut, Replayed
from projections.sentences import says

OF_GATES = "Gate of "
Explanation = tuple[datetime, Iterable[tuple[str, str]], tuple[tuple[str, str, str], ...]]
"""For which instant something was judged, with what, and by which rules."""
MOMENTS: Annotations = {
    "at": Annotated[Cut | None, Reads(lambda clock: partial(moment, clock=clock))],
    "known": Annotated[datetime | None, Reads(lambda clock: clock.instant)],
    "happened": Annotated[datetime | None, Reads(lambda clock: clock.instant)],
    "against": Annotated[Cut | None, Reads(lambda clock: partial(moment, clock=clock))],
}
"""How each part is read."""


@dataclass(frozen=True, slots=True)
class MomentAsked(Asked):
    """Which moment somebody wants to see, and against which other."""

    PATH, LONGEST = "history", 120
    at: str = ""
    known: str = ""
    """By what was recorded until then."""
    happened: str = ""
    """By what had happened until then."""
    against: str = ""

    def cut(self, clock: SiteClock) -> Cut | None:
        """The moment; None where none is asked for. Raises Refused, with all that cannot be read."""
        heard = Heard()
        said = heard.read(MOMENTS, {name: getattr(self, name) or None for name in MOMENTS}, clock)
        if said is None:
            raise heard.refusal()
        instants = {clock_of: said[name] for name, clock_of in (("known", "recorded"), ("happened", "occurred")) if said[name]}
        if instants:
            return Cut(entry=entry_of(self.at) if self.at else None, **instants)
        at: Cut | None = said["at"]
        return at


@dataclass(frozen=True, slots=True)
class Explained:
    """A verdict with its derivation as recorded: what it was judged by, and what today's program makes of it."""

    entry: int
    recorded_at: datetime
    says: str
    judged_for: datetime
    instruments: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str, str], ...]
    """Of each rule its id, what was recorded, and what today's program says where that is otherwise."""
    same: bool
    difference: str


@dataclass(frozen=True, slots=True)
class StateShown:
    """How things stood at a moment, and what of it another moment tells otherwise."""

    words: str
    at: datetime
    version: int
    recorded_at: datetime
    study_version: int
    standing: str
    sections: tuple[tuple[str, tuple[Line, ...]], ...]
    gates: tuple[StepShown, ...]
    explained: tuple[Explained, ...]
    compared: str
    """The moment that this one is compared with, in words; empty where there is none to compare with."""
    changes: tuple[Change, ...]


def state_shown(replays: Replays, cut: Cut, asked: MomentAsked, clock: SiteClock) -> tuple[Replayed, StateShown]:
    """How things stood at a moment, compared with the one that is asked for, else with the entry before. Raises Refused."""
    then = replays.to(cut)
    one, lines = then.participant, told(then)
    before, other = _beside(replays, cut, asked, clock)
    shown = StateShown(
        words=in_words(cut, clock.zone),
        at=then.at,
        version=then.record.version,
        recorded_at=then.record.entries[-1].recorded_at,
        study_version=then.study.record.version,
        standing=standing(one, clock.zone),
        sections=_sections(lines),
        gates=tuple(step_shown(gate.step, one, then.study, then.at) for gate in then.gates),
        explained=tuple(_explained(found, clock) for found in replays.again(then)),
        compared="" if other is None else in_words(other, clock.zone),
        changes=() if other is None else _changes(lines, told(replays.to(other)), before=before),
    )
    return then, shown


def _beside(replays: Replays, cut: Cut, asked: MomentAsked, clock: SiteClock) -> tuple[bool, Cut | None]:
    """The moment to compare with, and whether it lies before by itself: after an entry, what that entry changed is shown."""
    if asked.against:
        return False, moment(asked.against, clock)
    alone = cut.entry is not None and cut.recorded is None and cut.occurred is None
    return True, Cut(entry=cut.entry - 1) if alone and cut.entry is not None and 1 < cut.entry <= replays.record.version else None


def _changes(lines: tuple[Line, ...], others: tuple[Line, ...], *, before: bool) -> tuple[Change, ...]:
    return changes(others, lines) if before else changes(lines, others)


def _sections(lines: tuple[Line, ...]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """What is told, section by section; gates are shown rule by rule."""
    grouped = groupby((line for line in lines if not line.section.startswith(OF_GATES)), key=lambda line: line.section)
    return tuple((section, tuple(found)) for section, found in grouped)


def _explained(found: Rederived | ReportAgain, clock: SiteClock) -> Explained:
    judged_for, instruments, rules = _of_a_verdict(found) if isinstance(found, Rederived) else _of_a_report(found)
    return Explained(
        entry=found.entry,
        recorded_at=found.recorded_at,
        says=says(found.event, clock.zone),
        judged_for=judged_for,
        instruments=tuple((name.replace("_", " ").capitalize(), value) for name, value in instruments),
        rules=rules,
        same=found.same,
        difference=difference(found),
    )


def _of_a_verdict(found: Rederived) -> Explanation:
    today = {rule.rule: rule_in_words(rule.today) if rule.today else "is not asked" for rule in found.rules}
    rules = tuple((rule.rule, rule_in_words(rule), today.get(rule.rule, "")) for rule in found.recorded.rules)
    return found.recorded.at, found.recorded.made_with, rules


def _of_a_report(found: ReportAgain) -> Explanation:
    """A report that was confirmed says that every part passes; what does not by today's program is named."""
    rules = tuple((part.id, "passes", part.verdict) for part in found.today.not_passing)
    return found.today.at, [("report", found.event.report or ""), *(found.made_with or ())], rules
