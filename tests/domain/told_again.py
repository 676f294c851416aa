"""The rules of the gates and the leave for a step, told a second time in the plainest way: what surely breaks a rule, and no more."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple, TypeVar

from domain import events as e
from domain.history import effective
from domain.record import Record
from domain.time import FOREVER, Span, When, local_date, to_the_minute
from domain.words import HoldPoint
from tests.builders import BERLIN, CODE

SYSTEMIC = {"oral", "intravenous", "intramuscular", "intra-articular"}
EQUIVALENT = {
    "prednisone": Decimal(5),
    "prednisolone": Decimal(5),
    "dexamethasone": Decimal("0.6"),
    "methylprednisolone": Decimal(4),
    "hydrocortisone": Decimal(20),
}


@dataclass(frozen=True)
class Case:
    """What is on record of a participant, looked at from an instant: all that is told, what has surely happened, and what may have."""

    told: tuple[e.Event, ...]
    at: datetime

    @property
    def happened(self) -> list[e.Event]:
        return [event for event in self.told if (when := when_of(event)) is not None and when.span(BERLIN).latest <= self.at]

    @property
    def perhaps(self) -> list[e.Event]:
        return [event for event in self.told if when_of(event) is not None and earliest(event) <= self.at]

    def after_failures(self) -> "Case":
        """What was told after the last failure of cells: nothing that was told of them before it counts any more."""
        failures = [event for event in self.happened if isinstance(event, e.LeukapheresisFailed | e.ProductFailed)]
        since = max((n for n, event in enumerate(self.told, start=1) if event in failures), default=0)
        return Case(self.told[since:], self.at)


F = TypeVar("F", bound=e.Event)


def of(kind: type[F], events: Iterable[e.Event]) -> list[F]:
    return [event for event in events if isinstance(event, kind)]


def no_consent_or_eligibility(case: Case) -> bool:
    said = [event for event in case.told if isinstance(event, e.EligibilityConfirmed | e.EligibilityReconsidered)]
    doubted = not said or (isinstance(said[-1], e.EligibilityReconsidered) and bool(said[-1].otherwise))
    confirmed = of(e.EligibilityConfirmed, case.told) and not doubted
    return not of(e.ConsentSigned, case.happened) or bool(of(e.ConsentWithdrawn, case.happened)) or not confirmed


def no_cells(case: Case) -> bool:
    return not of(e.LeukapheresisEnded, case.after_failures().happened)


def no_code_on_cells(case: Case) -> bool:
    """Whether no cells that stand carry a code; at what time a collection ended is what no_cells asks."""
    return not of(e.LeukapheresisEnded, case.after_failures().told)


def no_cells_or_lymphodepletion(case: Case) -> bool:
    return no_cells(case) or not [dose for dose in of(e.LymphodepletionDose, case.happened) if dose.outcome != "omitted"]


def no_product(case: Case) -> bool:
    """Whether the cells that stand were not received, not released, or have expired by whatever may have been received."""
    cells = case.after_failures()
    received = [one.identity for one in of(e.ProductReceived, cells.happened)]
    released = [one.identity for one in of(e.ProductReleased, cells.happened)]
    return no_code_on_cells(case) or CODE not in received or CODE not in released or expired(cells.perhaps, case.at)


def no_code(case: Case) -> bool:
    """Whether the cells that stand or the product made from them carry no code yet."""
    return no_code_on_cells(case) or CODE not in [one.identity for one in of(e.ProductReceived, case.after_failures().happened)]


def no_check(case: Case) -> bool:
    """Whether nobody has surely compared the codes since the product may have arrived, or a wrong one was surely found last."""
    arrived = [earliest(one) for one in of(e.ProductReceived, case.after_failures().perhaps)]
    checks = of(e.IdentityChecked, case.happened)
    right = [one for one in checks if one.identity == CODE and arrived and one.at.span(BERLIN).latest >= min(arrived)]
    return no_code(case) or not right or wrong_code(list(checks), case.perhaps)


def no_review(kind: str, case: Case) -> bool:
    return not [one for one in of(e.ReviewMade, case.happened) if one.review == kind]


def steroid_before_infusion(case: Case) -> bool:
    return steroid(case.happened, case.at) or goes_on(case.happened, case.at) or no_review("medicines", case)


def steroid_before_collection(case: Case) -> bool:
    """Whether one of the seven dates before had more than 10 mg in single doses of known minutes, or nobody has looked."""
    totals: dict[date, Decimal] = defaultdict(Decimal)
    for one in of(e.MedicationTaken, case.happened):
        if one.drug in EQUIVALENT and one.route in SYSTEMIC and one.start.exact and one.doses_per_day is None:
            totals[on_date(one)] += prednisone(one)
    therapeutic = [day for day, mg in totals.items() if mg > 10]
    return any((local_date(case.at, BERLIN) - day).days <= 7 for day in therapeutic) or no_review("medicines", case)


def trial_drug(case: Case) -> bool:
    taken = [one for one in of(e.MedicationTaken, case.happened) if one.investigational]
    return any(four_weeks_before(one.start, case.at) for one in taken) or no_review("medicines", case)


def surgery(case: Case) -> bool:
    done = [one for one in of(e.ProcedurePerformed, case.happened) if one.major]
    return any(four_weeks_before(one.at, case.at) for one in done) or no_review("procedures", case)


def four_weeks_before(when: When, at: datetime) -> bool:
    """Whether a time surely lies in the four weeks before."""
    return (local_date(at, BERLIN) - local_date(when.span(BERLIN).earliest, BERLIN)).days <= 28


def infected(case: Case) -> bool:
    """Whether an infection that counts surely goes on, or nobody has asked for medicines."""
    counting = [one for one in of(e.ConditionNoted, case.told) if one.condition == "infection" and any(one.marks.values())]
    begun = [one for one in counting if one.start.span(BERLIN).latest <= case.at]
    return any(one.stop is None or case.at <= one.stop.span(BERLIN).earliest for one in begun) or no_review("medicines", case)


def tested(test: str, events: Iterable[e.Event]) -> list[e.ObservationMade]:
    return [one for one in of(e.ObservationMade, events) if one.test == test and one.valid]


def perhaps_pregnant(case: Case) -> bool:
    """Whether no woman's test of the seven days before is surely negative, or one is surely positive and came last."""
    who = of(e.DemographicsRecorded, case.told)
    negative = [one for one in tested("pregnancy-test", case.happened) if one.result == "negative"]
    positive = [one for one in tested("pregnancy-test", case.happened) if one.result == "positive"]
    fresh = [one for one in negative if (local_date(case.at, BERLIN) - local_date(earliest(one), BERLIN)).days <= 7]
    perhaps = [one for one in tested("pregnancy-test", case.perhaps) if one.result == "negative"]
    return not who or (who[-1].sex == "female" and (not fresh or came_last(positive, perhaps)))


def known_pregnant(case: Case) -> bool:
    """Whether a woman's test was surely positive and came last. Pregnancies noted as conditions are not told here."""
    who = of(e.DemographicsRecorded, case.told)
    positive = [one for one in tested("pregnancy-test", case.happened) if one.result == "positive"]
    perhaps = [one for one in tested("pregnancy-test", case.perhaps) if one.result == "negative"]
    return not who or (who[-1].sex == "female" and came_last(positive, perhaps))


def feverish(case: Case) -> bool:
    """Whether there surely was fever in the 48 hours before and since lymphodepletion, or no temperature below it in the 24 before.

    Of lymphodepletion that was told twice only the course that is in force counts, which is not told a second time here.
    """
    doses = of(e.LymphodepletionDose, case.told)
    twice = len({(dose.day, dose.drug) for dose in doses}) < len(doses)
    began = [dose.at.span(BERLIN).latest for dose in doses if dose.outcome != "omitted" and not twice]
    taken = [(earliest(one), one.value or 0) for one in tested("body-temperature", case.happened)]
    fever = [at for at, value in taken if value >= 38 and began and at >= min(began) and case.at - at <= timedelta(hours=48)]
    return bool(fever) or not [at for at, value in taken if value < 38 and case.at - at <= timedelta(hours=24)]


def no_go_for(hours: int | None, case: Case) -> bool:
    """Whether no go is surely of the same or the previous date, or of the hours before, or a no is surely of then and came last."""
    said = [one for one in of(e.Attested, case.happened) if "go" in one.holds and is_fresh(earliest(one), hours, case.at)]
    perhaps = [one for one in of(e.Attested, case.perhaps) if one.holds.get("go")]
    return not [one for one in said if one.holds["go"]] or came_last([one for one in said if not one.holds["go"]], perhaps)


def is_fresh(made: datetime, hours: int | None, at: datetime) -> bool:
    """Whether a minute lies in so many hours before or, where no hours are given, on the same or the previous date."""
    if hours is not None:
        return at - made <= timedelta(hours=hours)
    return (local_date(at, BERLIN) - local_date(made, BERLIN)).days <= 1


def came_last(some: Sequence[e.Event], others: Sequence[e.Event]) -> bool:
    """Whether one of some is surely later than whatever may be among the others."""
    return bool(some) and all(latest(other) < max(map(earliest, some)) for other in others)


AGAIN: dict[HoldPoint, dict[str, Callable[[Case], bool]]] = {
    "leukapheresis": {
        "consent-and-eligibility": no_consent_or_eligibility,
        "E24a": steroid_before_collection,
        "E25": trial_drug,
        "no-infection": infected,
        "go": partial(no_go_for, None),
    },
    "lymphodepletion": {
        "consent-and-eligibility": no_consent_or_eligibility,
        "steps-before": no_cells,
        "E26a": surgery,
        "product-ready": no_product,
        "same-identity": no_code,
        "no-infection": infected,
        "pregnancy-test": perhaps_pregnant,
        "go": partial(no_go_for, None),
    },
    "infusion": {
        "consent-and-eligibility": no_consent_or_eligibility,
        "steps-before": no_cells_or_lymphodepletion,
        "E24b": steroid_before_infusion,
        "days-since-lymphodepletion": lambda case: untold_or_far(list(case.told), case.at),
        "product-ready": no_product,
        "same-identity": no_check,
        "no-infection": infected,
        "no-pregnancy": known_pregnant,
        "afebrile": feverish,
        "go": partial(no_go_for, 24),
    },
}


def broken(record: Record, at: datetime, step: HoldPoint = "infusion") -> set[str]:
    """The rules of a gate that were surely broken by what had happened."""
    case = Case(tuple(entry.event for entry in effective(record.entries)), at)
    return {rule for rule, is_broken in AGAIN[step].items() if is_broken(case)}


def broken_then(record: Record, at: datetime, step: HoldPoint, entry: int) -> set[str]:
    """The same for a step that an entry tells of: what is thought of the confirmation since is a deviation of its own."""
    told = [one for one in effective(record.entries) if one.version < entry or not isinstance(one.event, e.EligibilityReconsidered)]
    case = Case(tuple(one.event for one in told), at)
    return {rule for rule, is_broken in AGAIN[step].items() if is_broken(case)}


def when_of(event: e.Event) -> When | None:
    when = getattr(event, "at", getattr(event, "start", None))
    return when if isinstance(when, When) else None


def earliest(event: e.Event) -> datetime:
    return span_of(event).earliest


def latest(event: e.Event) -> datetime:
    return span_of(event).latest


def span_of(event: e.Event) -> Span:
    when = when_of(event)
    assert when is not None
    return when.span(BERLIN)


def untold_or_far(told: list[e.Event], at: datetime) -> bool:
    """Whether a lymphodepletion day is told in no course, or the last dose lies less than 2 or more than 14 dates back.

    Of lymphodepletion that was told twice only the course that is in force counts, which is not told a second time here.
    """
    doses = [event for event in told if isinstance(event, e.LymphodepletionDose)]
    if not {-5, -4, -3} <= {dose.day for dose in doses}:
        return True
    if len({(dose.day, dose.drug) for dose in doses}) < len(doses):
        return False
    given = [earliest(dose) for dose in doses if dose.outcome != "omitted" and earliest(dose) <= at]
    return not given or not 2 <= (local_date(at, BERLIN) - local_date(max(given), BERLIN)).days <= 14


def expired(perhaps: list[e.Event], at: datetime) -> bool:
    """Whether the product has expired by whatever may have been received."""
    expires = [event.expires for event in perhaps if isinstance(event, e.ProductReceived) and event.identity == CODE]
    return bool(expires) and max(expires) < local_date(at, BERLIN)


def wrong_code(checks: list[e.Event], perhaps: list[e.Event]) -> bool:
    """Whether a check that found another code is surely later than every one that found the right one."""
    right = [event.at.span(BERLIN).latest for event in perhaps if isinstance(event, e.IdentityChecked) and event.identity == CODE]
    wrong = [earliest(check) for check in checks if isinstance(check, e.IdentityChecked) and check.identity != CODE]
    return bool(wrong) and all(max(wrong) > latest for latest in right)


def goes_on(taken: list[e.Event], at: datetime) -> bool:
    """Whether courses without a stop, from known minutes, may add up to more than 10 mg with each other or with a dose of a date."""
    counted = [one for one in taken if isinstance(one, e.MedicationTaken) and one.drug in EQUIVALENT and one.route in SYSTEMIC]
    known = [one for one in counted if one.start.exact]
    courses = [one for one in known if one.doses_per_day is not None and one.stop is None]
    single = [one for one in known if one.doses_per_day is None and one.stop is None]
    dates = {local_date(at, BERLIN), *(on_date(one) for one in single if at - earliest(one) <= timedelta(hours=72))}
    return any(
        bool(going := [one for one in courses if on_date(one) <= day])
        and sum(prednisone(one) for one in (*going, *(one for one in single if on_date(one) == day))) > 10
        for day in dates
    )


def on_date(one: e.MedicationTaken) -> date:
    return local_date(earliest(one), BERLIN)


def prednisone(one: e.MedicationTaken) -> Decimal:
    return one.dose_mg * (one.doses_per_day or 1) * 5 / EQUIVALENT[one.drug]


def steroid(taken: list[e.Event], at: datetime) -> bool:
    """Whether a date with more than 10 mg in single doses of known minutes has its last of them in the 72 hours before."""
    totals: dict[object, Decimal] = defaultdict(Decimal)
    last: dict[object, datetime] = {}
    for one in taken:
        if not isinstance(one, e.MedicationTaken) or one.drug not in EQUIVALENT or one.route not in SYSTEMIC:
            continue
        if one.start.exact and one.doses_per_day is None:
            minute = one.start.span(BERLIN).earliest
            day = local_date(minute, BERLIN)
            totals[day] += one.dose_mg * 5 / EQUIVALENT[one.drug]
            last[day] = max(minute, last.get(day, minute))
    return any(total > 10 and at - last[day] <= timedelta(hours=72) for day, total in totals.items())


# Leave


class Leave(NamedTuple):
    """Leave for a step, told a second time: what it covers, and from when to when it was known and stood."""

    covers_from: datetime
    covers_until: datetime
    given: datetime
    ended: datetime


ENDS_LEAVE = e.StepPlanned | e.StepReplanned | e.StepCancelled | e.ClearanceRevoked | e.ClearanceLapsed
TAKES: dict[HoldPoint, tuple[type[e.Event], ...]] = {
    "leukapheresis": (e.LeukapheresisStarted,),
    "lymphodepletion": (e.LymphodepletionDose,),
    "infusion": (e.ThawStarted, e.InfusionStarted),
}


def leaves(record: Record, step: HoldPoint) -> list[Leave]:
    """Every leave for a step; it ends with the plan, the step, a revocation, a lapse, or the next leave."""
    found: list[Leave] = []
    for entry in effective(record.entries):
        event = entry.event
        gives = isinstance(event, e.StepCleared | e.ManuallyReleased) and event.step == step
        omitted = isinstance(event, e.LymphodepletionDose) and event.outcome == "omitted"
        ends = (isinstance(event, ENDS_LEAVE) and event.step == step) or (isinstance(event, TAKES[step]) and not omitted)
        if (gives or ends) and found and found[-1].ended == FOREVER:
            found[-1] = found[-1]._replace(ended=entry.recorded_at)
        if isinstance(event, e.StepCleared | e.ManuallyReleased) and gives:
            found.append(Leave(event.covers_from, event.covers_until, to_the_minute(entry.recorded_at), FOREVER))
    return found


def stood(given: list[Leave], at: datetime) -> bool:
    return any(one.covers_from <= at < one.covers_until and one.given <= at < one.ended for one in given)
