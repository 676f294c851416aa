"""Deviations as people handle them: recorded by hand, looked into, reviewed by signature, or taken back."""

from collections.abc import Iterator
from datetime import date, datetime

from domain import commands as c
from domain import events as e
from domain.entry import Circumstances
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.standing import Deviation
from domain.study import Study
from domain.time import local_date

BY_HAND = "by-hand:"
"""What the key of a deviation that no rule found begins with."""


def record_deviation(command: c.RecordDeviation, record: Record, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """A deviation that no rule can find, with what is known of it."""
    refuse_if(_impossible(command.details, _today(record, study, at)))
    key, says = f"{BY_HAND}{record.version + 1}", command.says.rstrip(". ")
    if not says:
        raise Refused(Reason(code="says-nothing", says="say in words what deviated from the protocol"))
    found = e.DeviationRecorded(key=key, says=says, category=command.category, important=command.details.important is True)
    return found, e.DeviationDescribed(key=key, details=command.details)


def describe_deviation(command: c.DescribeDeviation, record: Record, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """What somebody found out about a deviation takes the place of what was said of it before."""
    known = _known(command.key, record)
    refuse_if(_impossible(command.details, _today(record, study, at)))
    if known.details == command.details:
        raise Refused(Reason(code="same-details", says="this is said of the deviation already"))
    return (e.DeviationDescribed(key=command.key, details=command.details),)


def review_deviation(command: c.ReviewDeviation, record: Record, by: Circumstances) -> tuple[e.Event, ...]:
    """The investigator signs a deviation as it was read; one about which something else was said meanwhile is read again."""
    known = _known(command.key, record)
    refuse_if(_against_reviewing(command, known, by))
    return (e.DeviationReviewed(key=command.key, entry=command.entry),)


def void_deviation(command: c.VoidDeviation, record: Record, by: Circumstances) -> tuple[e.Event, ...]:
    """What a person recorded a person takes back; what a rule found goes away when the record says otherwise."""
    known = _known(command.key, record)
    if not known.key.startswith(BY_HAND):
        raise Refused(Reason(code="by-rule", says="a rule found this deviation: it is voided by correcting what it rests on"))
    if by.reason is None:
        raise Refused(Reason(code="reason-missing", says="to take a deviation back needs a reason"))
    return (e.DeviationVoided(key=known.key, why=by.reason),)


def _known(key: str, record: Record) -> Deviation:
    known = record.participant.deviations.get(key)
    if known is None:
        raise Refused(Reason(code="unknown-deviation", says=f"no deviation {key} stands"))
    return known


def _against_reviewing(command: c.ReviewDeviation, known: Deviation, by: Circumstances) -> Iterator[Reason]:
    if by.actor.role != "investigator":
        yield Reason(code="investigator-only", says="only an investigator reviews a deviation")
    if by.signature is None:
        yield Reason(code="signature-missing", says="to review a deviation needs a signature")
    if known.reviewed_in is not None:
        yield Reason(code="already-reviewed", says="the deviation has been reviewed as it stands")
    elif command.entry != known.told_in:
        yield Reason(code="says-otherwise", says="by now something else is said of the deviation than was read: read it again")


def _today(record: Record, study: Study, at: datetime) -> date:
    return local_date(at, study.zone(record.participant.site))


def _impossible(details: e.DeviationDetails, today: date) -> Iterator[Reason]:
    """Nothing is found out or reported before it has happened, nor in the future."""
    stated = {
        "occurred on": details.occurred_on,
        "discovered on": details.discovered_on,
        "reported to the sponsor on": details.reported_to_sponsor_on,
        "reported to the ethics committee on": details.reported_to_ethics_committee_on,
    }
    for name, day in stated.items():
        if day is not None and day > today:
            yield Reason(code="future", says=f"{name} {day} lies in the future")
        if day is not None and details.occurred_on is not None and day < details.occurred_on:
            yield Reason(code="before-it-occurred", says=f"{name} {day} lies before {details.occurred_on}, on which it occurred")
