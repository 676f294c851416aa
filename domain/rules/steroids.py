"""Therapeutic steroid: systemic doses as mg of prednisone, added up per date at the site, against the protocol's threshold.

A date counts as therapeutic when its doses add up to more than the threshold. It blocks a step from the minute at which the
running total exceeds the threshold until the look-back has left the last dose of that date behind.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from domain.events import MedicationTaken
from domain.instants import InstantSet
from domain.participant import Participant
from domain.protocol import NoTherapeuticSteroid
from domain.reference import Equivalence
from domain.rules.courses import Course, course, released
from domain.rules.judgement import Found
from domain.rules.reviews import reviewed
from domain.standing import Noted
from domain.study import Study
from domain.time import FOREVER, MINUTE, Period, Span, day_after, found_until, local_date, midnight
from domain.verdicts import Outcome

PREDNISONE_MG = Decimal(5)
THREE_WEEKS = Period("P3W")
"""For how long an injection into a joint or a depot counts, where the study has ruled so or has not ruled."""
LOCAL_INJECTIONS = "local-steroid-injections"
"""The ruling on steroids injected into a joint, for which there is no safe default."""
GLUCOCORTICOID = "glucocorticoid"
"""The class of steroids, by which one is known that the reference in force does not list."""
NOT_TOLD = "{drug} is not in the drug reference in force: it is not known whether it is a steroid, and for how much it would count"
SYSTEMIC = frozenset({"oral", "intravenous", "intramuscular", "subcutaneous", "epidural"})
"""Routes that count; topical, inhaled, nasal and ocular ones never do (EBMT/ISCT; criteria table, steroid arithmetic)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts as a steroid, and for how much. `local_injections` is the study's ruling on them, None while there is none."""

    study: Study
    local_injections: str | None

    @classmethod
    def by(cls, study: Study) -> "Counted":
        """By the reference in force, what the medical monitor has classified, and the study's ruling, if it has ruled."""
        return cls(study, study.record.rulings.get(LOCAL_INJECTIONS))

    def steroid(self, medication: MedicationTaken) -> Equivalence | None:
        """For how much a drug counts, by the reference in force."""
        listed = self.study.reference.drugs.get(medication.drug)
        return None if listed is None else listed.steroid

    def untold(self, medication: MedicationTaken) -> bool:
        """Whether nobody can tell if it is a steroid, or for how much: only the reference gives equivalents."""
        if medication.drug in self.study.reference.drugs:
            return False
        classes = self.study.classes(medication.drug, medication.classes, outside=medication.outside_every_class)
        return classes is None or GLUCOCORTICOID in classes

    def counts(self, medication: MedicationTaken) -> bool:
        """Whether the route counts at all."""
        joint = medication.route == "intra-articular"
        return medication.route in SYSTEMIC or (joint and self.local_injections != "outside")

    def unruled(self, medication: MedicationTaken) -> bool:
        """Whether it hangs on a ruling that the study has not made."""
        return medication.lasting and self.local_injections is None


@dataclass(frozen=True, slots=True)
class Dose:
    """Doses of one drug on one date: when on that date, for how much prednisone in mg, and how much of that is sure.

    What is known to the minute is sure; without an amount it marks the end of a dose given over a time.
    """

    on: date
    span: Span
    sure_mg: Decimal
    possible_mg: Decimal
    entry: int


@dataclass(frozen=True, slots=True)
class Block:
    """A date whose doses exceed the threshold, surely or possibly, with the instants it blocks."""

    on: date
    mg: Decimal
    over: InstantSet
    entries: tuple[int, ...]

    @property
    def open(self) -> bool:
        """Whether no end is known."""
        return self.over.intervals[-1][1] == FOREVER


def no_therapeutic_steroid(
    rule: NoTherapeuticSteroid, participant: Participant, counted: Counted, zone: str, since: datetime
) -> tuple[Found, ...]:
    """Judge the rule for steps at or after `since`."""
    first = rule.within.before(local_date(since, zone)) if rule.within.elapsed is None else local_date(since - rule.within.elapsed, zone)
    systemic = [one for one in participant.medications if counted.counts(one.fact)]
    courses = _courses(systemic, participant, counted, zone)
    last = max((local_date(taken.end.latest, zone) for _, _, taken in courses), default=first)
    doses = [dose for one, steroid, taken in courses for dose in _doses(one, steroid, taken, zone, (first, last))]
    unruled = {one.entry for one in systemic if counted.unruled(one.fact)}
    return (
        *_told("fails", _blocks([dose for dose in doses if dose.entry not in unruled], rule, zone, _surely), rule),
        *_told("not yet known", _blocks(doses, rule, zone, _possibly), rule),
        *(_untold(one, participant, rule, zone) for one in systemic if counted.untold(one.fact)),
        *reviewed(participant.reviews, rule.review, rule.within, zone),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """What the doses of a date add up to, in mg of prednisone: surely, and possibly."""

    sure: Decimal
    possible: Decimal
    entries: tuple[int, ...]


def daily_totals(participant: Participant, counted: Counted, zone: str, since: date, until: datetime) -> dict[date, Total]:
    """What systemic steroids of each date from `since` may add up to by an instant; an unruled one is never sure."""
    systemic = [one for one in participant.medications if counted.counts(one.fact)]
    by_date: dict[date, list[Dose]] = {}
    for one, steroid, taken in _courses(systemic, participant, counted, zone):
        for dose in _doses(one, steroid, taken, zone, (since, local_date(until, zone))):
            sure = Decimal(0) if counted.unruled(one.fact) or dose.span.latest > until else dose.sure_mg
            if dose.span.earliest <= until:
                by_date.setdefault(dose.on, []).append(replace(dose, sure_mg=sure))
    return {on: _total(doses) for on, doses in sorted(by_date.items())}


def _total(doses: Sequence[Dose]) -> Total:
    sure, possible = (sum(each, Decimal(0)) for each in zip(*((dose.sure_mg, dose.possible_mg) for dose in doses), strict=True))
    return Total(sure, possible, tuple(sorted({dose.entry for dose in doses})))


Taken = tuple[Noted[MedicationTaken], Equivalence, Course]


def _courses(systemic: Sequence[Noted[MedicationTaken]], participant: Participant, counted: Counted, zone: str) -> list[Taken]:
    return [
        (one, steroid, _as_counted(one, participant, counted, zone))
        for one in systemic
        if (steroid := counted.steroid(one.fact)) is not None
    ]


def prednisone(mg: Decimal, steroid: Equivalence) -> Decimal:
    """How many mg of prednisone a dose counts for; where sources differ, the most that any of them says."""
    return mg * PREDNISONE_MG / steroid.least_mg


def _untold(one: Noted[MedicationTaken], participant: Participant, rule: NoTherapeuticSteroid, zone: str) -> Found:
    """A drug that the reference in force does not list may be a steroid, or is one that nobody can reckon with."""
    taken = course(one, participant, zone)
    until = FOREVER if taken.open else found_until(taken.end.latest, rule.within, zone)
    says = NOT_TOLD.format(drug=one.fact.drug)
    return Found("not yet known", InstantSet.between(taken.start.earliest, until), says, (one.entry,), "medical-monitor")


def _as_counted(one: Noted[MedicationTaken], participant: Participant, counted: Counted, zone: str) -> Course:
    """An injection into a joint or a depot counts for as long as the study has ruled, or might rule."""
    taken = course(one, participant, zone)
    return released(taken, THREE_WEEKS, zone) if one.fact.lasting and counted.local_injections in {None, "three-weeks"} else taken


def _doses(medication: Noted[MedicationTaken], steroid: Equivalence, taken: Course, zone: str, within: tuple[date, date]) -> Iterator[Dose]:
    """The doses of a medication, a date at a time, between two dates; of a course without a stop also all that may follow.

    Every such course ends its dates on the same one, so that what may follow adds up with what other courses may.
    """
    amount, per_day = prednisone(medication.fact.dose_mg, steroid), medication.fact.doses_per_day or 1
    day, last = max(within[0], local_date(taken.start.earliest, zone)), local_date(taken.end.latest, zone)
    while day <= last:
        for span, sure, possible in _portions(_whole(day, zone), taken, per_day):
            yield Dose(day, span, amount * sure, amount * possible, medication.entry)
        day = day_after(day)
    while taken.open and day <= within[1]:
        yield Dose(day, _whole(day, zone), Decimal(0), amount * per_day, medication.entry)
        day = day_after(day)
    if taken.open:
        yield Dose(day, Span(midnight(day, zone), FOREVER), Decimal(0), amount * per_day, medication.entry)


def _whole(day: date, zone: str) -> Span:
    return Span(midnight(day, zone), midnight(day_after(day), zone) - MINUTE)


def _portions(day: Span, taken: Course, per_day: int) -> Iterator[tuple[Span, int, int]]:
    """The doses of one date as (when, how many surely, how many possibly): one at each known minute, the others some time on the date."""
    if taken.continuous:
        first, last = max(day.earliest, taken.start.earliest), min(day.latest, taken.end.latest)
        yield from ((Span(first, first), 1, 1), (Span(last, last), 0, 0))
        return
    known = [minute for minute in taken.known if day.earliest <= minute <= day.latest]
    yield from ((Span(minute, minute), 1, 1) for minute in known)
    rest = per_day - len(known)
    if rest <= 0:
        return
    whole_day = taken.start.latest < day.earliest and day.latest <= taken.end.earliest
    at_an_end = not known and any(day.earliest <= end.earliest and end.latest <= day.latest for end in (taken.start, taken.end))
    sure = rest if whole_day else 1 if at_an_end else 0
    yield Span(max(day.earliest, taken.start.earliest), min(day.latest, taken.end.latest)), sure, rest


Reach = Callable[[date, list[Dose], NoTherapeuticSteroid, str], Block | None]


def _blocks(doses: Sequence[Dose], rule: NoTherapeuticSteroid, zone: str, reach: Reach) -> list[Block]:
    by_date: dict[date, list[Dose]] = {}
    for dose in doses:
        by_date.setdefault(dose.on, []).append(dose)
    blocks = (reach(on, of_date, rule, zone) for on, of_date in sorted(by_date.items()))
    return [block for block in blocks if block is not None]


def _surely(on: date, doses: list[Dose], rule: NoTherapeuticSteroid, zone: str) -> Block | None:
    sure = [dose for dose in doses if dose.sure_mg > 0 or dose.span.exact]
    crossing = _crossing([(dose.span.latest, dose.sure_mg) for dose in sure], rule.above_mg)
    if crossing is None:
        return None
    until = found_until(max(dose.span.earliest for dose in sure), rule.within, zone)
    return _block(on, sum((dose.sure_mg for dose in sure), Decimal(0)), InstantSet.between(crossing, until), sure)


def _possibly(on: date, doses: list[Dose], rule: NoTherapeuticSteroid, zone: str) -> Block | None:
    crossing = _crossing([(dose.span.earliest, dose.possible_mg) for dose in doses], rule.above_mg)
    if crossing is None:
        return None
    last = max(dose.span.latest for dose in doses)
    until = FOREVER if last == FOREVER else found_until(last, rule.within, zone)
    return _block(on, sum((dose.possible_mg for dose in doses), Decimal(0)), InstantSet.between(crossing, until), doses)


def _block(on: date, mg: Decimal, over: InstantSet, doses: list[Dose]) -> Block:
    return Block(on, mg, over, tuple(sorted({dose.entry for dose in doses})))


def _crossing(steps: list[tuple[datetime, Decimal]], above: Decimal) -> datetime | None:
    """When the running total first exceeds the threshold."""
    total = Decimal(0)
    for instant, mg in sorted(steps):
        total += mg
        if total > above:
            return instant
    return None


def _told(outcome: Outcome, blocks: list[Block], rule: NoTherapeuticSteroid) -> Iterator[Found]:
    """One finding for each run of dates whose blocks touch; it names the last date, which is the one to wait for."""
    for pair in InstantSet.of(pair for block in blocks for pair in block.over.intervals).intervals:
        run = [block for block in blocks if any(pair[0] <= start < pair[1] for start, _ in block.over.intervals)]
        entries = tuple(sorted({entry for block in run for entry in block.entries}))
        yield Found(outcome, InstantSet.of([pair]), _sentence(outcome, run[-1], rule), entries, "coordinator")


def _sentence(outcome: Outcome, last: Block, rule: NoTherapeuticSteroid) -> str:
    amount = f"{last.mg.normalize():f} mg" if last.mg == last.mg.to_integral() else f"{last.mg:.1f} mg"
    if outcome == "fails":
        return f"systemic steroid of {amount} prednisone-equivalent on {last.on}; above {rule.above_mg} mg/day blocks for {rule.within}"
    if last.open:
        return (
            f"systemic steroid of up to {amount}/day prednisone-equivalent may be going on since {last.on}; its stop has not been recorded"
        )
    return (
        f"systemic steroid of up to {amount} prednisone-equivalent may lie in the {rule.within} before: its time on {last.on} is uncertain"
    )
