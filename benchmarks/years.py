"""Two years of two hundred participants, with every visit and every reminder, on a server that skips time and with a real mail server."""

import asyncio
from datetime import timedelta
from time import perf_counter

from domain import events as e
from domain.time import When, local_date
from domain.visits import windows
from tests.builders import BERLIN, Story, Trial
from tests.workflows.telling import WEBER, Mailroom, names
from workflows.virtual_time import virtual_time

PARTICIPANTS = 200
YEARS = timedelta(days=731)
A_STEP = timedelta(days=7)
"""How often the site writes down who came; every fifth visit nobody comes to."""


def infused(trial: Trial, number: int) -> Story:
    """A participant who was infused today, as it is brought over from paper."""
    story = trial.participant(f"BER-{number:03}").consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    story.reports(e.InfusionStarted(at=story.at(), identity=f"COI-{number:04}"), reason="brought over from paper")
    return story


def those_who_come(story: Story) -> None:
    """Whoever is in a window comes to the visit, unless it is one of those to which nobody comes."""
    study, today = story.trial.participants.study(), local_date(story.trial.clock(), BERLIN)
    for place, window in enumerate(windows(story.now, study)):
        if window.state == "open" and window.firm and window.opens <= today <= window.closes and (place + int(story.id[-3:])) % 5:
            story.reports(e.VisitCompleted(visit=window.visit, at=When.at(story.trial.clock())))


async def live(participants: int) -> None:
    """Tell the story of all of them at once, and print what it took."""
    trial, room = Trial(), Mailroom()
    names(trial, WEBER)
    stories = [infused(trial, number) for number in range(1, participants + 1)]
    end, began = trial.clock() + YEARS, perf_counter()
    async with room.open(), virtual_time(trial.participants, trial.clock.move_to, room.send) as time:
        while trial.clock() < end:
            await time.pass_until(min(trial.clock() + A_STEP, end))
            for story in stories:
                those_who_come(story)
    took = perf_counter() - began
    told = sum(len(story.told_of(e.ReminderSent)) for story in stories)
    print(f"{f'two years of {participants} participants':<48} {took:10.1f} s")
    print(f"{'participants in a minute':<48} {60 * participants / took:10.1f}")
    print(f"{'reminders told, in so many messages':<48} {told:10} {len(room.taken):>8}")


def main() -> None:
    """Print how long it takes, by the clock on the wall."""
    asyncio.run(live(PARTICIPANTS))


if __name__ == "__main__":
    main()
