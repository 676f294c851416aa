"""Reminders of cells, the toxicity period, screening, matters of safety, deviations, and the end of the study."""

from collections.abc import Iterator
from datetime import timedelta

from domain.anchors import anchors
from domain.events import ProductFailed
from domain.leaving import visits_ended_at, ways_in_force
from domain.participant import Participant
from domain.protocol_checks.requirements import leaves_of, named
from domain.reminding.reminder import A_WEEK, DAY, LONG, Reminder
from domain.reminding.steps import product_of
from domain.rules.reviews import fresh_until
from domain.screening import awaited
from domain.standing import Deviation, SafetyReport
from domain.study import Study
from domain.time import MINUTE, day_after, local_date, midnight


def of_product(participant: Participant, zone: str) -> Iterator[Reminder]:
    """That the cells failed, and that they expire."""
    failed = participant.collections[-1].failed if participant.collections else None
    if failed is not None and isinstance(failed.fact, ProductFailed):
        says = "The product has failed. Look at what was planned with it."
        yield Reminder(f"product-failed:{failed.entry}", failed.recorded_at, failed.recorded_at + A_WEEK, "urgent", "coordinator", says)
    product = product_of(participant)
    if product is None or product.received is None or participant.taken_step("infusion"):
        return
    expires = midnight(day_after(product.received.fact.expires), zone)
    says = f"The product expires at the end of {product.received.fact.expires}."
    key = f"product-expires:{product.received.entry}:{product.received.fact.expires:%Y%m%d}"
    yield Reminder(key, max(expires - A_WEEK, product.received.known_since), expires, "urgent", "coordinator", says)


def of_toxicity(participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
    """The toxicity period is counted in dates from the infusion; its end is when daily watching may end."""
    infused = anchors(participant, study).get("infusion")
    if infused is None or visits_ended_at(participant, zone) is not None:
        return
    days = study.protocol(participant.protocol).toxicity_period_days
    last = infused.on + timedelta(days=days)
    ends = midnight(day_after(last), zone)
    if infused.known_since < ends:
        says = f"The toxicity period ends with {last}, day {days} after the infusion."
        yield Reminder(f"toxicity-ends:{last:%Y%m%d}", ends, ends + A_WEEK, "digest", "investigator", says)


def of_screening(participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
    """A screening that will expire, or has, and results of it that will; and a confirmation that no longer stands as it was signed."""
    waits = awaited(participant, study)
    if waits is None:
        return
    if waits.state == "superseded":
        says = (
            "Something was learned about the time before eligibility was confirmed, and it is judged otherwise by now. Read the report "
            "again: confirm it anew, or decide what becomes of the participant."
        )
        key = f"eligibility-superseded:{waits.entry}"
        yield Reminder(key, waits.since, waits.since + 14 * DAY, "timely", "investigator", says)
    if waits.state == "to confirm":
        yield from _of_results(participant, study, zone)
    if waits.expires is not None and waits.since < waits.expires:
        last = local_date(waits.expires - MINUTE, zone)
        says = f"The screening expires at the end of {last}, and eligibility has not been confirmed."
        soon = max(waits.expires - A_WEEK, waits.since)
        yield Reminder(f"screening-expires:{last:%Y%m%d}", soon, waits.expires, "timely", "coordinator", says)
        says = f"The screening expired at the end of {last} without a confirmation. Record that it failed; it can be started again."
        yield Reminder(f"screening-expired:{last:%Y%m%d}", waits.expires, waits.expires + 14 * DAY, "timely", "coordinator", says)


def _of_results(participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
    """On the date before the last one on which results of this screening are not too old to confirm eligibility by."""
    protocol, began = study.protocol(participant.protocol), participant.screenings[-1].fact.at.span(zone).earliest
    asked = {
        one.name for criterion in protocol.criteria for _, leaf in leaves_of(criterion, "") for one in named(leaf) if one.table == "tests"
    }
    made = sorted(participant.observations, key=lambda one: one.fact.at.span(zone).earliest)
    last = {one.fact.test: one for one in made if one.fact.valid and one.fact.test in asked and one.fact.at.span(zone).latest >= began}
    for test, one in last.items():
        until = fresh_until(one.fact.at.span(zone).earliest, protocol.tests[test].no_older_than, zone)
        day = local_date(until - MINUTE, zone)
        if one.known_since < until:
            says = f"Results of this screening count until the end of {day}. Eligibility is confirmed by then, or the tests are repeated."
            yield Reminder(f"results-expire:{day:%Y%m%d}", midnight(day - DAY, zone), until, "digest", "coordinator", says)


def of_safety(matter: SafetyReport) -> Iterator[Reminder]:
    """Told at once, and again when its 24 hours are over."""
    says = "Something has come to light that must be reported to the sponsor as a matter of safety within 24 hours. See the record."
    yield Reminder(f"safety-report:{matter.key}:{matter.entry}", matter.since, matter.due, "urgent", "investigator", says)
    says = "A matter of safety has not been reported to the sponsor within its 24 hours. Report it now."
    yield Reminder(f"safety-report-late:{matter.key}:{matter.entry}", matter.due, matter.due + LONG, "urgent", "investigator", says)


def of_deviation(deviation: Deviation) -> Iterator[Reminder]:
    """That it is to be reviewed, as soon as it is final; and after a week that an important one was not reported to the sponsor."""
    if not deviation.final:
        return
    since = deviation.open_since
    if not deviation.reviewed:
        says = "A protocol deviation is to be reviewed and signed. See the record."
        yield Reminder(f"deviation-review:{deviation.opened_in}", since, since + LONG, "digest", "investigator", says)
    reported = deviation.details is not None and deviation.details.reported_to_sponsor_on is not None
    if deviation.important and not reported:
        says = "An important protocol deviation has not been reported to the sponsor. See the record."
        yield Reminder(f"deviation-unreported:{deviation.entry}", since + A_WEEK, since + LONG, "timely", "coordinator", says)


def of_hand_over(participant: Participant, zone: str) -> Iterator[Reminder]:
    """Whoever was infused and comes to no more visits is followed for years elsewhere, unless the way of leaving forbids that."""
    left = [(way, at) for way, at in ways_in_force(participant, zone) if way.ends_visits]
    if not participant.infusions or not left or not all(way.long_term_follow_up for way, _ in left):
        return
    first = min(at for _, at in left)
    told = max([first, *(one.known_since for one in participant.leaving)])
    says = "The participant comes to no more visits of the study. Hand over to long-term follow-up."
    yield Reminder(f"hand-over:{local_date(first, zone):%Y%m%d}", told, told + 90 * DAY, "digest", "coordinator", says)
