"""What is sought on record, as exposures in time: conditions, procedures and drugs, each surely or possibly of the kind sought."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from domain import events as e
from domain.criteria.episode import Episode, Given
from domain.criteria.language import Sought
from domain.criteria.rulings import not_ruled
from domain.instants import NEVER, InstantSet
from domain.rules.courses import Course
from domain.time import BEGINNING, FOREVER, MINUTE, Span, local_date
from domain.words import Role

FreeFrom = Callable[[datetime], datetime]
"""From the end of an exposure to the first anchor that is free of it."""
Sets = tuple[InstantSet, InstantSet]
"""Where something surely is so, and where it possibly is."""
Dates = tuple[date, date]
"""The first and the last of consecutive dates at the site."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Something on record that is surely, or (`unsure`: why it is not sure) possibly of the kind sought."""

    name: str
    entry: int
    course: Course
    unsure: str | None = None
    asks: Role = "coordinator"
    """Who can tell."""
    ml: int | None = None

    def found_before(self, at: datetime, free_from: FreeFrom) -> Sets:
        """The anchors whose look-back finds it; what begins after the anchor and up to `at` is found too. An open one goes on."""
        taken = self.course
        since, until = (FOREVER if taken.open else free_from(end) for end in (taken.end.earliest, taken.end.latest))
        sure = InstantSet.between(BEGINNING, since) if taken.start.latest <= at else NEVER
        return self._as_sure(sure), InstantSet.between(BEGINNING, until) if taken.start.earliest <= at else NEVER

    def found_ever(self) -> Sets:
        """The instants from which on it has occurred."""
        return self._as_sure(InstantSet.since(self.course.start.latest)), InstantSet.since(self.course.start.earliest)

    def found_present(self) -> Sets:
        """The instants at which it goes on; an open one goes on until its end is recorded."""
        taken = self.course
        since, until = (FOREVER if taken.open else end + MINUTE for end in (taken.end.earliest, taken.end.latest))
        return self._as_sure(InstantSet.between(taken.start.latest, since)), InstantSet.between(taken.start.earliest, until)

    def sure_dates(self, zone: str) -> Dates | None:
        """The dates that it surely covers, each of its ends whole, if it surely covers any."""
        first, last = local_date(self.course.start.latest, zone), local_date(self.course.end.earliest, zone)
        return (first, last) if first <= last and self.unsure is None else None

    def possible_dates(self, zone: str) -> Dates:
        """The dates that it possibly covers."""
        end = FOREVER if self.course.open else self.course.end.latest
        return local_date(self.course.start.earliest, zone), local_date(end, zone)

    def _as_sure(self, found: InstantSet) -> InstantSet:
        return found if self.unsure is None else NEVER


def exposures(sought: Sought, episode: Episode) -> tuple[Exposure, ...]:
    """Everything of the kind on record, in the order of the entries."""
    found = [*_conditions(sought, episode), *_procedures(sought, episode), *_drugs(sought, episode)]
    return tuple(sorted(found, key=lambda one: one.entry))


def _conditions(sought: Sought, episode: Episode) -> Iterator[Exposure]:
    for noted in episode.participant.conditions:
        fact = noted.fact
        if fact.condition in sought.conditions and not _ruled_out(fact, sought):
            title = episode.protocol.conditions[fact.condition].title
            yield Exposure(title, noted.entry, _duration(fact, episode.zone), _unmarked(fact, sought), "investigator")


def _ruled_out(fact: e.ConditionNoted, sought: Sought) -> bool:
    too_mild = fact.grade is not None and sought.grade_at_least is not None and fact.grade < sought.grade_at_least
    return too_mild or any(fact.marks.get(mark) is False for mark in sought.marked)


def _unmarked(fact: e.ConditionNoted, sought: Sought) -> str | None:
    """What is missing to tell whether the condition is of the kind sought."""
    missing = [mark for mark in sought.marked if mark not in fact.marks]
    if sought.grade_at_least is not None and fact.grade is None:
        missing.append(f"grade {sought.grade_at_least} or more")
    return f"it is not recorded whether this holds of it: {', '.join(missing)}" if missing else None


def _duration(fact: e.ConditionNoted, zone: str) -> Course:
    """From its start to its end; while none is recorded it goes on."""
    start = fact.start.span(zone)
    end = start if fact.stop is None else fact.stop.span(zone)
    return Course(start, end, frozenset(), open=fact.stop is None)


def _procedures(sought: Sought, episode: Episode) -> Iterator[Exposure]:
    for noted in episode.participant.procedures:
        if noted.fact.category in sought.procedures:
            span: Span = noted.fact.at.span(episode.zone)
            title = episode.protocol.procedures[noted.fact.category].title
            yield Exposure(title, noted.entry, Course(span, span, frozenset()), ml=noted.fact.volume_ml)


def _drugs(sought: Sought, episode: Episode) -> Iterator[Exposure]:
    wanted = {*sought.classes, *(name for one in sought.if_ruled for name in one.classes)}
    if not wanted:
        return
    for one in episode.drugs:
        if one.classes is not None and one.classes.isdisjoint(wanted):
            continue
        if sought.routes and one.route is not None and one.route not in sought.routes:
            continue
        belongs = _belongs(one, sought, episode)
        if belongs is not None:
            yield Exposure(one.name, one.entry, one.course, *belongs)


Belongs = tuple[str | None, Role]
"""Why it is not sure that something is of the kind sought (None: it is), and who can tell."""


def _belongs(one: Given, sought: Sought, episode: Episode) -> Belongs | None:
    """Whether a drug is of the classes sought; None where it surely is not."""
    if one.classes is None:
        return f"{one.name} is not in the drug reference in force, and nobody has said of which class it is", "medical-monitor"
    if not one.classes.isdisjoint(sought.but_not):
        return None
    if not one.classes.isdisjoint(sought.classes):
        return None, "coordinator"
    return _by_ruling(one.classes, sought, episode)


def _by_ruling(classes: frozenset[str], sought: Sought, episode: Episode) -> Belongs | None:
    for one in sought.if_ruled:
        ruled = episode.study.record.rulings.get(one.ruling)
        if not classes.isdisjoint(one.classes) and ruled in {None, one.choice}:
            return (None, "coordinator") if ruled else (not_ruled(one.ruling), "medical-monitor")
    return None
