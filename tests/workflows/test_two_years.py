"""Two years of one participant, lived on a server that skips time, and every reminder that was sent, derived by hand."""

import asyncio
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.rejections import Refused
from domain.time import When, clock_time, local_date
from tests.builders import BERLIN, CODE, Story, Trial, codes
from tests.workflows.telling import WEBER, Mailroom, names
from workflows.virtual_time import VirtualTime, virtual_time

pytestmark = pytest.mark.slow

ITO = ContactNamed(person="dr-ito", roles=("investigator",), site="BER", mail="dr.ito@ber.example")
MAIL = {"m-weber": "m.weber@ber.example", "dr-ito": "dr.ito@ber.example"}


class Life:
    """A participant's two years, told with the dates and times that the clocks of the site show."""

    def __init__(self, story: Story, time: VirtualTime) -> None:
        self.story, self.time = story, time

    async def until(self, text: str) -> None:
        """Time passes from one thing that falls due to the next, so that whoever is to be told has begun to be told."""
        instant = at(text)
        while True:
            items = self.story.trial.participants.agenda(self.story.id)[1].items
            following = min((item.due for item in items if self.story.trial.clock() < item.due <= instant), default=instant)
            await self.time.pass_until(following)
            if following == instant:
                return

    async def comes(self, visit: str, text: str) -> None:
        """The participant comes to a visit, and all that it requires is found and recorded."""
        await self.until(text)
        self.story.comes(visit)
        await self.time.settle()

    def books(self, visit: str, text: str) -> None:
        self.story.reports(e.VisitBooked(visit=visit, at=When.at(at(text))))

    def reviews(self, key: str) -> None:
        """The investigator signs a deviation as it stands."""
        read = self.story.now.deviations[key].told_in
        self.story.asks(c.ReviewDeviation(key=key, entry=read), "investigator", signed=True)


def at(text: str) -> datetime:
    """The instant at which the clocks of the site show `2026-03-10 08:00`."""
    shown = datetime.fromisoformat(text)
    return clock_time(shown.date(), shown.hour, shown.minute, BERLIN)


def slot(start: str, until_: str) -> e.Slot:
    return e.Slot(start=at(start), until=at(until_), target=at(start))


async def joins(life: Life) -> None:
    story = life.story
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    await life.until("2026-01-12 10:00")
    story.comes("screening")
    story.is_screened()
    story.confirms()
    story.asks(c.Plan(step="leukapheresis", slot=slot("2026-01-22 09:00", "2026-01-22 17:00")))
    await life.until("2026-01-22 09:00")
    story.is_seen_before("leukapheresis")
    await life.time.settle()
    story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    await life.until("2026-01-22 13:00")
    story.reports(e.LeukapheresisEnded(at=story.at(), identity=CODE, yield_e6_per_kg=Decimal(12)))


async def is_treated(life: Life) -> None:
    story = life.story
    await life.until("2026-02-12 10:00")
    story.reports(e.ProductReceived(at=story.at(), identity=CODE, expires=date(2026, 6, 30)), "cell-lab")
    story.reports(e.ProductReleased(at=story.at(), identity=CODE), "cell-lab")
    story.asks(c.Plan(step="infusion", slot=slot("2026-02-23 20:00", "2026-02-24 02:00")))
    story.asks(c.Plan(step="lymphodepletion", slot=slot("2026-02-18 10:00", "2026-02-18 18:00")))
    await life.comes("pre-lymphodepletion-baseline", "2026-02-16 10:00")
    await life.until("2026-02-18 10:00")
    story.is_seen_before("lymphodepletion")
    await life.time.settle()
    story.asks(c.Perform(beginning=c.BeginLymphodepletion(day=-5, drug="fludarabine")))
    for day, text in ((-4, "2026-02-19 10:00"), (-3, "2026-02-20 10:00")):
        await life.until(text)
        story.reports(e.LymphodepletionDose(at=story.at(), day=day, drug="fludarabine"))
    await life.until("2026-02-23 20:00")
    story.is_seen_before("infusion")
    story.checks_identity()
    await life.time.settle()
    await life.until("2026-02-23 23:40")
    story.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
    await life.until("2026-02-23 23:55")
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE))
    await life.until("2026-02-24 00:20")
    story.reports(e.InfusionEnded(at=story.at()))


async def is_corrected(life: Life) -> None:
    """The pump shows that the infusion began ten minutes later, on the next date: every window moves by a day."""
    story = life.story
    life.books("day-7", "2026-03-01 10:00")
    await life.until("2026-02-24 14:00")
    right = e.InfusionStarted(at=When.at(at("2026-02-24 00:05")), identity=CODE)
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=right), reason="the pump says 00:05")
    await life.until("2026-02-24 15:00")
    for day in range(1, 15):
        on = date(2026, 2, 24) + timedelta(days=day)
        life.books(f"toxicity-day-{day}", f"{on} 09:00")
    life.books("day-7", "2026-03-03 10:00")


async def is_watched(life: Life) -> None:
    """A month of visits: on time, early, late, and once not at all."""
    story = life.story
    held = {1: "day-1", 2: "day-3", 7: "day-7", 14: "day-14"}
    for day in range(1, 15):
        on = date(2026, 2, 24) + timedelta(days=day)
        await life.until(f"{on} 09:00")
        story.comes(f"toxicity-day-{day}")
        if day == 8:
            await life.until(f"{on} 10:00")
            story.reports(e.VisitCompleted(visit="day-10", at=story.at()), reason="leaves for a funeral")
        if day in held:
            await life.comes(held[day], f"{on} 10:00")
    life.reviews("visit:day-10:window")
    await life.until("2026-03-21 10:00")
    story.reports(e.VisitCompleted(visit="day-21", at=story.at()), reason="a strike of the railway")
    life.reviews("visit:day-21:window")


async def comes_for_two_years(life: Life) -> None:
    story = life.story
    await life.until("2026-04-20 10:00")
    life.reviews("visit:day-28:missed")
    await life.comes("month-2", "2026-04-24 10:00")
    await life.until("2026-04-28 10:00")
    with pytest.raises(Refused) as refused:
        story.reports(e.VisitCompleted(visit="month-2", at=story.at()))
    assert codes(refused.value) == {"already-completed"}
    story.reports(e.UnscheduledVisit(at=story.at(), why="came again, by mistake"))
    life.books("month-3", "2026-05-20 10:00")
    await life.until("2026-05-22 10:00")
    came = When.at(at("2026-05-20 10:00"))
    story.reports(e.VisitCompleted(visit="month-3", at=came))
    for fact in activity(came):
        story.reports(fact)
    await life.until("2026-08-24 10:00")
    story.reports(e.VisitCompleted(visit="month-6", at=story.at()))
    for fact in activity(story.at()):
        story.reports(fact)
    await life.until("2026-09-15 10:00")
    story.reports(e.AssessmentDone(visit="month-6", assessment="late-effects", at=When.at(at("2026-08-24 10:00"))))
    await life.until("2026-11-05 10:00")
    life.books("month-9", "2026-11-24 10:00")
    await life.comes("month-9", "2026-11-24 10:00")
    life.books("month-12", "2027-03-10 10:00")
    await life.comes("month-12", "2027-03-10 10:00")
    await life.comes("month-18", "2027-08-24 10:00")
    await life.comes("month-24", "2028-03-24 10:00")
    await life.until("2028-05-01 10:00")


def activity(found: When) -> tuple[e.Fact, ...]:
    """What the activity of lupus is assessed by."""
    score = e.ScoreAssessed(at=found, score="selena-sledai", items=(e.ScoreItem(item="rash", present=True),))
    return score, e.ObservationMade(at=found, test="physicians-global-assessment", value=Decimal(1), unit="points of 0 to 3")


SENT = (
    # Screening is counted from 5 January, the day it started at nine, and may take 28 days: to 2 February. Told the next morning.
    ("2026-01-06", "m-weber", "visit-opens:screening:20260202"),
    # The collection is planned on 12 January for 09:00 on the 22nd (08:00 UTC). Steroids block it from seven dates before, the 15th:
    # told at planning, a day before, and when it starts. What is looked at no earlier than the date before is asked for on the 21st.
    ("2026-01-12", "m-weber", "black-out:leukapheresis:E24a:20260122T0800Z:planned"),
    ("2026-01-14", "m-weber", "black-out:leukapheresis:E24a:20260122T0800Z:day-before"),
    ("2026-01-15", "m-weber", "black-out:leukapheresis:E24a:20260122T0800Z:start"),
    ("2026-01-21", "dr-ito", "attestation:leukapheresis:go:20260122T0800Z"),
    ("2026-01-21", "m-weber", "review:leukapheresis:medicines:20260122T0800Z"),
    # On 12 February the infusion is planned for 20:00 on the 23rd, so that days -5, -4 and -3 are the 18th, 19th and 20th. The baseline
    # of day -6 may be seven days early: 10 to 17 February, open already, told in the next morning's digest. A pregnancy test may be
    # seven dates old: since the 11th, told at once. The black-out is 72 hours: from 20:00 on the 20th, when work is over.
    ("2026-02-12", "m-weber", "black-out:infusion:E24b:20260223T1900Z:planned"),
    ("2026-02-12", "m-weber", "test:lymphodepletion:pregnancy-test:20260218T0900Z"),
    ("2026-02-13", "m-weber", "visit-opens:pre-lymphodepletion-baseline:20260217"),
    ("2026-02-17", "dr-ito", "attestation:lymphodepletion:go:20260218T0900Z"),
    ("2026-02-17", "m-weber", "review:lymphodepletion:medicines:20260218T0900Z"),
    ("2026-02-17", "m-weber", "review:lymphodepletion:procedures:20260218T0900Z"),
    ("2026-02-18", "m-weber", "visit-opens:lymphodepletion-day-minus-5:20260218"),
    ("2026-02-19", "m-weber", "visit-opens:lymphodepletion-day-minus-4:20260219"),
    ("2026-02-20", "m-weber", "black-out:infusion:E24b:20260223T1900Z:day-before"),
    ("2026-02-20", "m-weber", "visit-opens:lymphodepletion-day-minus-3:20260220"),
    ("2026-02-21", "m-weber", "black-out:infusion:E24b:20260223T1900Z:start"),
    # No older than 24 hours before 20:00 on the 23rd: due at 20:00 on the 22nd, told in the morning.
    ("2026-02-23", "dr-ito", "attestation:infusion:go:20260223T1900Z"),
    ("2026-02-23", "m-weber", "review:infusion:medicines:20260223T1900Z"),
    ("2026-02-23", "m-weber", "test:infusion:body-temperature:20260223T1900Z"),
    # The infusion is recorded as of 23:55 on the 23rd: day 1 is the 24th, with its visit and its check.
    ("2026-02-24", "m-weber", "visit-opens:day-1:20260224"),
    ("2026-02-24", "m-weber", "visit-opens:toxicity-day-1:20260224"),
    # At 14:00 it is corrected to 00:05 on the 24th. Day 7 is 3 March by now, and may be a day early or late: 2 to 4 March. It was
    # booked for the 1st. Day 1 is announced for the date that it has moved to; the checks are booked by then.
    ("2026-02-24", "m-weber", "visit-booked-early:day-7:20260304:[day-7]"),
    ("2026-02-25", "m-weber", "visit-opens:day-1:20260225"),
    # Day 3 is the 27th, a day on either side.
    ("2026-02-26", "m-weber", "visit-opens:day-3:20260228"),
    # Day 10 is 6 March, a day on either side. Nobody has booked it a week before the 5th; the participant came on the 4th, which the
    # investigator is shown the next morning, and signs on the 10th.
    ("2026-02-26", "m-weber", "visit-not-booked:day-10:20260307"),
    ("2026-03-05", "dr-ito", "deviation-review:[visit:day-10:window]"),
    # Day 14 is the 10th, two days on either side: 8 to 12 March. Nobody has booked it a week before.
    ("2026-03-01", "m-weber", "visit-not-booked:day-14:20260312"),
    ("2026-03-08", "m-weber", "visit-opens:day-14:20260312"),
    # Day 21 is the 17th, two days on either side: 15 to 19 March; the participant came on the 21st, which was signed at once.
    ("2026-03-08", "m-weber", "visit-not-booked:day-21:20260319"),
    ("2026-03-15", "m-weber", "visit-opens:day-21:20260319"),
    ("2026-03-19", "m-weber", "visit-closes:day-21:20260319"),
    ("2026-03-20", "m-weber", "visit-unaccounted:day-21:20260319"),
    # Day 28 is the 24th, three days on either side: 21 to 27 March; nobody came, and after 14 days of grace, with 10 April over, it is
    # missed for good; the investigator signs that on the 20th. The toxicity period ends with day 28.
    ("2026-03-14", "m-weber", "visit-not-booked:day-28:20260327"),
    ("2026-03-21", "m-weber", "visit-opens:day-28:20260327"),
    ("2026-03-25", "dr-ito", "toxicity-ends:20260324"),
    ("2026-03-27", "m-weber", "visit-closes:day-28:20260327"),
    ("2026-03-28", "m-weber", "visit-unaccounted:day-28:20260327"),
    ("2026-04-11", "dr-ito", "deviation-review:[visit:day-28:missed]"),
    # Month 2 is 24 April, seven days on either side: 17 April to 1 May.
    ("2026-04-10", "m-weber", "visit-not-booked:month-2:20260501"),
    ("2026-04-17", "m-weber", "visit-opens:month-2:20260501"),
    # Month 3 is booked more than a week ahead for 20 May; that the participant came then was recorded on the 22nd only.
    ("2026-05-21", "m-weber", "visit-passed:month-3:20260520"),
    # Month 6 is 24 August, 14 days on either side: 10 August to 7 September. What was missing came on the 15th, in the days of grace.
    ("2026-08-03", "m-weber", "visit-not-booked:month-6:20260907"),
    ("2026-08-10", "m-weber", "visit-opens:month-6:20260907"),
    ("2026-09-08", "m-weber", "visit-incomplete:month-6:20260907"),
    # Month 9 is 24 November, 14 days on either side, from the 10th on; it was booked on the 5th. Month 12 was booked months ahead, for
    # the last date of its window, and kept.
    ("2026-11-03", "m-weber", "visit-not-booked:month-9:20261208"),
    # Months 18 and 24 are 24 August 2027 and 24 February 2028, 30 days on either side: from 25 July and from 25 January on. The study
    # is complete when the last window closes with 25 March 2028.
    ("2027-07-18", "m-weber", "visit-not-booked:month-18:20270923"),
    ("2027-07-25", "m-weber", "visit-opens:month-18:20270923"),
    ("2028-01-18", "m-weber", "visit-not-booked:month-24:20280325"),
    ("2028-01-25", "m-weber", "visit-opens:month-24:20280325"),
    ("2028-03-26", "m-weber", "hand-over:20280326"),
)
"""Every reminder that is sent: on which date at the site, to whom, by its key, in which [] stands for the entry that tells of it."""


def sent(story: Story) -> list[tuple[str, str, str]]:
    told = [(when, one) for when, one in story.told_of(e.ReminderSent) if isinstance(one, e.ReminderSent)]
    return sorted((f"{local_date(when, BERLIN)}", one.to, spoken(one.key, story)) for when, one in told)


def spoken(key: str, story: Story) -> str:
    """A key with what an entry in it tells of in place of its number."""
    kind, _, last = key.rpartition(":")
    if not last.isdigit() or len(last) == len("20260105"):
        return key
    told = next(entry.event for entry in story.record.entries if entry.version == int(last))
    assert isinstance(told, e.VisitBooked | e.DeviationRecorded)
    return f"{kind}:[{told.visit if isinstance(told, e.VisitBooked) else told.key}]"


def test_who_comes_early_late_not_at_all_twice_and_is_corrected_is_reminded_of_as_derived_by_hand() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER, ITO)
    story = trial.participant()
    asyncio.run(lives_two_years(story, room))
    assert sent(story) == sorted(SENT)
    reached = [(str(message["To"]), str(message["Message-ID"])) for message in room.taken]
    told = [one for _, one in story.told_of(e.ReminderSent) if isinstance(one, e.ReminderSent)]
    assert sorted(reached) == sorted({(MAIL[one.to], f"<{one.message}@study.example>") for one in told}), "one message for a morning"
    assert story.now.completed_at is not None
    assert local_date(story.now.completed_at, BERLIN) == date(2028, 3, 26), "the window of month 24 closes with the 25th"
    assert set(story.now.deviations) == {"visit:day-10:window", "visit:day-21:window", "visit:day-28:missed"}


async def lives_two_years(story: Story, room: Mailroom) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(room.open())
        course = await stack.enter_async_context(virtual_time(story.trial.participants, story.trial.clock.move_to, room.send))
        life = Life(story, course)
        for part in (joins, is_treated, is_corrected, is_watched, comes_for_two_years):
            await part(life)
        handle = course.journeys.client.get_workflow_handle(course.journeys.id_of(story.id))
        await handle.result()
