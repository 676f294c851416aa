"""The screenings of a participant, each of which stays readable by what is on record of its time, whatever came after it."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from domain.participant import Participant
from domain.study import Study
from domain.time import MINUTE


class Screened(NamedTuple):
    """The participant in one of the screenings, and the instant at which that ended: the last at which it can be judged.

    None while it goes on, or when it led to the confirmation of eligibility.
    """

    participant: Participant
    ended: datetime | None


def in_screening(number: int, participant: Participant, study: Study) -> Screened:
    """A screening by its number, counted from 1, which must be on record.

    It ended when it failed or, where that is no longer on record, in the minute before the next one began.
    """
    begun, *following = participant.screenings[number - 1 :]
    zone, failed = study.zone(participant.site), participant.screenings_failed
    its_own = [one.fact.at for one in failed if begun.entry < one.entry and not (following and following[0].entry < one.entry)]
    ends = [*(at.span(zone).latest for at in its_own[-1:]), *(one.fact.at.span(zone).earliest - MINUTE for one in following[:1])]
    then = replace(
        participant,
        screenings=participant.screenings[:number],
        screenings_failed=tuple(one for one in failed if one.entry < begun.entry),
        eligible=None if following else participant.eligible,
    )
    return Screened(then, ends[0] if ends else None)
