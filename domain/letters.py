"""What a message says of a reminder: study, participant's code, visit or step and window, and no clinical value.

A message may be read on a ward, by whoever stands near the screen. It tells that there is something to read, never what to do about a drug.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.contacts import ContactNamed
from domain.notices import Notice, by_channel, message_id, tag
from domain.participant import Participant
from domain.study import Study
from domain.time import MINUTE, shown
from domain.words import STEPS, Channel, HoldPoint, Urgency

LOOK = "Read it in Daybook before anything is done or left undone because of this message."
STEP_SAYS = {
    "black-out": "A time in which something blocks the step has come near. Change no treatment because of this message.",
    "revoked": "Leave has been revoked.",
    "lapsed": "Leave has lapsed.",
    "held": "It is held.",
    "held-near": "It is held, and there is no leave to begin it.",
    "slot-ended": (
        "Its slot has ended, and nothing is recorded of it. Report what took place, or plan it again. "
        "Neither begin it nor break it off because of this message."
    ),
}
"""What is said of a step, by the kind of the reminder; anything else needs something that is not on record yet."""
SAYS = {
    "visit-opens": "The visit {name} can take place; its window closes at {end}.",
    "visit-ahead": "The window of the visit {name} opens at {opening} and closes at {end}.",
    "visit-closes": "The window of the visit {name} closes at {end}.",
    "visit-unaccounted": "Nothing was recorded for the visit {name}, whose window closed at {end}.",
    "visit-not-booked": "The visit {name} is not booked; its window closes at {end}.",
    "visit-passed": "The visit {name} was booked for {day}, and nothing is recorded of it.",
    "visit-incomplete": "The visit {name} took place, and not all that it requires is on record.",
    "product-failed": "The product has failed.",
    "product-expires": "The product expires at the end of {day}.",
    "toxicity-ends": "The period of daily watching ends with {day}.",
    "screening-expires": "The screening expires at the end of {day}.",
    "screening-expired": "The screening expired at the end of {day}.",
    "visit-booked-early": "The visit {name} is booked before its window opens.",
    "visit-booked-late": "The visit {name} is booked after its window closes.",
    "results-expire": "Results of the screening count until the end of {day}.",
    "deviation-review": "A protocol deviation is to be reviewed.",
    "deviation-unreported": "An important protocol deviation has not been reported to the sponsor.",
    "hand-over": "The participant is to be handed over to long-term follow-up.",
    "severe-toxicity": "A matter of safety waits to be seen to, at any hour.",
    "safety-report": "A matter of safety is to be reported to the sponsor within 24 hours.",
    "safety-report-late": "A matter of safety was not reported to the sponsor within its 24 hours. Report it now.",
    "eligibility-superseded": "The report of eligibility is to be read again.",
}
OTHERWISE = "Something falls due."


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one person, ready to be handed over.

    `id` is the same for every attempt; `reminders` are those told, by participant and tag; `at` is when it was written.
    `enclosed` is a file to keep, by name and text; only mail carries one.
    """

    id: str
    channel: Channel
    address: str
    study: str
    urgency: Urgency
    reminders: tuple[tuple[str, str], ...]
    heading: str
    lines: tuple[str, ...]
    at: datetime
    enclosed: tuple[str, str] | None = None


def says(key: str, participant: Participant, zone: str) -> str:
    """One sentence about a reminder; of its key only kind, step or visit, and date are told."""
    kind, _, rest = key.partition(":")
    name = rest.partition(":")[0]
    step: HoldPoint | None = next((one for one in STEPS if one == name), None)
    if step is not None:
        return _of_step(kind, step, participant, zone)
    sentence = SAYS.get(kind, OTHERWISE)
    told = {"day": _day(rest), "opening": _opening(rest, zone), "end": _end(rest, zone)}
    untold = any(what is None and f"{{{word}}}" in sentence for word, what in told.items())
    return OTHERWISE if untold else sentence.format(name=name, **told)


def letter(notice: Notice, call: int, to: ContactNamed, participant: Participant, study: Study, at: datetime) -> Letter:  # noqa: PLR0913, PLR0917 - These are all that it is written of.
    """The message that tells a person of a reminder in a call, written at an instant: what is late stands among the messages of its day."""
    key, urgency = notice.due.key, notice.due.urgency
    zone, name, short = study.zone(participant.site), study.record.name, tag(key)
    return Letter(
        id=message_id(participant.id, key, to.person, call),
        channel=by_channel(to, urgency),
        address=_address(to, urgency),
        study=name,
        urgency=urgency,
        reminders=((participant.id, short),),
        heading=f"{'Urgent: ' if urgency == 'urgent' else ''}{name} {participant.id}",
        lines=(
            f"Study {name}, participant {participant.id}.",
            says(key, participant, zone),
            LOOK,
            f"To say that you have taken note: daybook acknowledge {participant.id} {short}",
        ),
        at=at,
    )


def letter_of_a_morning(  # noqa: PLR0913, PLR0917 - These are all that it is written of.
    id: str, told: Sequence[tuple[Notice, Participant]], to: ContactNamed, site: str, study: Study, at: datetime
) -> Letter:
    """The one message that tells a person of all that falls due once a morning at a site, written at an instant."""
    name, zone = study.record.name, study.zone(site)
    return Letter(
        id=id,
        channel=by_channel(to, "digest"),
        address=_address(to, "digest"),
        study=name,
        urgency="digest",
        reminders=tuple((participant.id, tag(notice.due.key)) for notice, participant in told),
        heading=f"{name} {site}: {len(told)} {'reminder' if len(told) == 1 else 'reminders'} this morning",
        lines=(
            f"Study {name}, site {site}.",
            *(f"{participant.id}: {says(one.due.key, participant, zone)} ({tag(one.due.key)})" for one, participant in told),
            LOOK,
            f"To say that you have taken note of one, such as the first: daybook acknowledge {told[0][1].id} {tag(told[0][0].due.key)}",
        ),
        at=at,
    )


def _address(to: ContactNamed, urgency: Urgency) -> str:
    return (to.webhook if by_channel(to, urgency) == "webhook" else to.mail) or ""


def _of_step(kind: str, step: HoldPoint, participant: Participant, zone: str) -> str:
    plan = participant.plans.get(step)
    planned = f", planned from {shown(plan.slot.start, zone)}" if plan else ""
    revoked = f"{STEP_SAYS['revoked']} " if plan and plan.revoked_in and kind in {"held", "held-near"} else ""
    return f"About the {step}{planned}: {revoked}{STEP_SAYS.get(kind, 'it needs something that is not on record yet.')}"


def _opening(text: str, zone: str) -> str | None:
    """The first minute of a window of hours, which a key names before its edition."""
    found = re.search(r":(\d{8}T\d{4}Z):\d{8}T\d{4}Z$", text)
    return None if found is None else shown(_instant(found[1]), zone)


def _end(text: str, zone: str) -> str | None:
    """The end of the window whose edition a key ends with, in words: of a date, or the last minute of hours."""
    if (day := _day(text)) is not None:
        return f"the end of {day}"
    found = re.search(r":(\d{8}T\d{4}Z)$", text)
    return None if found is None else shown(_instant(found[1]) - MINUTE, zone)


def _instant(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%z")


def _day(text: str) -> date | None:
    """The date with which a key ends, if it does."""
    found = re.search(r"(?:^|:)(\d{4})(\d\d)(\d\d)$", text)
    return None if found is None else date(*map(int, found.groups()))
