"""Whatever is killed, everybody is told once; the one case that SMTP cannot exclude is a message that comes again under the same id."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.notices import A_CALL, Unfinished, notices, unfinished
from domain.study import ProtocolApproved, SiteOpened
from domain.time import When, local_time, to_the_minute
from store.participants import Participants
from tests.builders import BERLIN, Story, Trial, by_, consent, dose
from tests.campaign import Campaign
from tests.conftest import TEMPORAL, free_port
from tests.workflows.processes import Killed, Processes, running, that_tell
from tests.workflows.telling import NOVAK, WEBER, Mailroom
from tests.workflows.test_kill import at_rest, live_and_die, trial_on
from tests.workflows.test_server import answers
from tests.workflows.waiting import until, wait_until

DAY_AND_NIGHT = SiteOpened(site="MUN", zone=BERLIN, opens=time(0), closes=time(23, 59))
"""A site where people work around the clock, so that what is timely is told at once."""
A_LOST_ATTEMPT_SECONDS = 240
"""Temporal finds out after a minute that an attempt was lost with its process."""


@dataclass
class Deadly(Mailroom):
    """A mail server whose first client is killed the moment its message is taken."""

    processes: list[Processes] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        answer = await super().handle_DATA(server, session, envelope)
        if self.processes:
            await asyncio.to_thread(begin_anew, self.processes.pop())
        return answer


def begin_anew(processes: Processes) -> None:
    """In one go, for with its client gone the server stops what it does for it."""
    processes.kill("notices")
    processes.start("notices")


def opens(trial: Trial, contacts: tuple[ContactNamed, ...], *sites: SiteOpened) -> None:
    """Sites take part, and somebody is told what falls due there."""
    approved = [ProtocolApproved(protocol=1, site=one.site) for one in sites]
    trial.participants.desk.record((*sites, *approved, *contacts), by_("administrator", trial.next_id()))


def planned(trial: Trial) -> Story:
    """A collection is planned for which two things are to be told at once."""
    opens(trial, (WEBER.model_copy(update={"site": None}),), DAY_AND_NIGHT)
    story = trial.participant("MUN-001", "MUN").consents()
    return story.plans("leukapheresis", to_the_minute(trial.clock()) + timedelta(hours=20))


def sent(story: Story) -> list[e.ReminderSent]:
    return [entry.event for entry in story.record.entries if isinstance(entry.event, e.ReminderSent)]


@pytest.mark.slow
def test_a_process_killed_between_sending_and_recording_sends_again_under_the_same_message_id(tmp_path: Path, temporal_server: str) -> None:
    address = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    story, room = planned(trial_on(address)), Deadly()

    async def live() -> None:
        async with room.open():
            commands = that_tell(address, temporal_server, f"test-{uuid4().hex}", room.port)
            with running(commands, tmp_path / "log") as processes:
                room.processes.append(processes)
                await until(lambda: asyncio.to_thread(lambda: len(sent(story)) == 2), A_LOST_ATTEMPT_SECONDS)

    asyncio.run(live())
    ids = sorted(str(message["Message-ID"]) for message in room.taken)
    assert sorted({one.key.split(":")[0] for one in sent(story)}) == ["black-out", "review"]
    assert sorted(set(ids)) == sorted(f"<{one.message}@study.example>" for one in sent(story))
    assert 3 <= len(ids) <= 4, "only what was under way when it was killed came twice"


KILLS = 100
PROMPT = "BH"
"""A site whose messages of the morning are written within seconds of its opening."""
NOON = 12
"""The hour that it has at that site, whenever the test runs: its day is far from over."""
A_LITTLE = timedelta(seconds=25)
"""How long before its opening the processes begin that tell people."""
EVERY_THIRD = 3
LEFT_TO_FINISH = timedelta(seconds=1)
"""How long a receiver may need for what its client had sent when it was killed."""


@dataclass(frozen=True)
class Town:
    """Where the campaign takes place: a ledger, a Temporal server, a mail server and a pager, each of which may be killed."""

    folder: Path
    temporal: int = field(default_factory=free_port)
    mail: int = field(default_factory=free_port)
    pager: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        for name in ("mail", "pager"):
            (self.folder / name).mkdir()

    @property
    def ledger(self) -> str:
        return f"sqlite:///{self.folder / 'ledger.db'}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.temporal}"

    def contacts(self) -> tuple[ContactNamed, ContactNamed]:
        """Two people who are both mailed what is timely; what is urgent is mailed to the first, and then the second is paged."""
        pager = {"webhook": f"http://127.0.0.1:{self.pager}/", "urgent": "webhook", "rung": "second-coordinator"}
        return WEBER.model_copy(update={"site": None, "rung": "coordinator"}), NOVAK.model_copy(update={"site": None, **pager})

    @contextmanager
    def running(self, ahead: timedelta) -> Iterator[tuple[Processes, Processes]]:
        """The server, and all that needs it. Whoever tells has a clock ahead of that by which reminders fall due: so much was missed."""
        name, here = f"killed-{uuid4().hex}", [sys.executable, "-m"]
        commands = that_tell(self.ledger, self.address, name, self.mail, ahead)
        commands["worker"] = that_tell(self.ledger, self.address, name, self.mail)["worker"]
        commands["mail"] = [*here, "tests.workflows.mailserver", str(self.mail), str(self.folder / "mail")]
        commands["pager"] = [*here, "tests.workflows.pager", str(self.pager), str(self.folder / "pager")]
        database = ["--db-filename", str(self.folder / "temporal.db"), "--log-level", "error"]
        server = [TEMPORAL, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.temporal), *database]
        with ExitStack() as stack:
            alone = stack.enter_context(running({"temporal": server}, self.folder / "temporal.log"))
            wait_until(lambda: answers(self.address))
            yield alone, stack.enter_context(running(commands, self.folder / "processes.log"))

    def arrivals(self) -> dict[tuple[str, str], list[datetime]]:
        """Every message that arrived, by its way and its id, with the times at which it did."""
        found: dict[tuple[str, str], list[datetime]] = {}
        for path in (*self.folder.glob("mail/*.eml"), *self.folder.glob("pager/*.id")):
            way = path.parent.name
            id = path.read_text() if way == "pager" else str(message_from_bytes(path.read_bytes())["Message-ID"]).strip("<>")
            found.setdefault((way, id.partition("@")[0]), []).append(datetime.fromtimestamp(path.stat().st_mtime, UTC))
        return {message: sorted(times) for message, times in found.items()}


def about_to_open(trial: Trial) -> tuple[SiteOpened, timedelta]:
    """A site where work begins in a little while, by clocks that are so far ahead that an urgent call has not been answered in time."""
    now = trial.clock()
    morning = to_the_minute(now) + A_CALL + timedelta(minutes=2)
    west = morning.hour - NOON
    zone = f"Etc/GMT{west:+d}" if west else "UTC"
    return SiteOpened(site=PROMPT, zone=zone, opens=local_time(morning, zone).time(), closes=time(23, 59)), morning - now - A_LITTLE


def begins_today(trial: Trial, number: int) -> Story:
    """Somebody is to be told in the morning that the screening visit can take place; that fell due in the night."""
    story = trial.participant(f"{PROMPT}-{number + 1:03}", PROMPT).consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.advances()
    return story


def lives_through_much(trial: Trial, number: int) -> Story:
    """The window of the screening visit closed long ago, and a collection is planned for which two things are to be told at once.

    Of every third a steroid holds it, for which somebody is called.
    """
    story, long_ago = trial.participant(f"MUN-{number + 1:03}", "MUN"), When.at(trial.clock() - timedelta(days=900))
    story.reports(consent(long_ago))
    story.reports(e.ScreeningStarted(at=long_ago))
    if number % EVERY_THIRD == 0:
        story.reports(dose("prednisone", "50", story.at(), per_day=1))
    return story.plans("leukapheresis", to_the_minute(trial.clock()) + timedelta(hours=20))


def one_dies(server: Processes, others: Processes, dice: Random, address: str) -> None:
    """One of the processes lives for a random time, is killed and begins anew; the others go on."""
    live_and_die(others if dice.randrange(len(others.names) + 1) else server, dice)
    wait_until(lambda: answers(address))


def takes_note(called: list[Story]) -> None:
    """Somebody takes note of what was called out to both; of every second as soon as it falls due, while the first is being called."""
    for story in tuple(called):
        for key, notice in notices(story.record).items():
            if notice.due.urgency == "urgent" and (hurried(story) or notice.sent == len(CALLS)):
                story.asks(c.Acknowledge(key=key))
                called.remove(story)


def hurried(story: Story) -> bool:
    return int(story.id.rpartition("-")[2]) % 2 == 0


def noted_and_told_to_the_end(desk: Participants, called: list[Story]) -> bool:
    """Whether nothing is due, and nobody is still to be told of anything, once somebody has taken note of what they were called for."""
    takes_note(called)
    study = desk.study()
    return at_rest(desk) and all(unfinished(desk.read(one), study, desk.ledger.clock()) == Unfinished() for one in desk.ids())


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.timeout(900)
def test_whatever_is_killed_no_reminder_is_lost_and_only_what_was_under_way_comes_twice(campaign: Campaign, tmp_path: Path) -> None:
    town, rounds = Town(tmp_path), campaign.rounds(KILLS)
    trial = trial_on(town.ledger)
    site, ahead = about_to_open(trial)
    morning = trial.clock() + A_LITTLE
    opens(trial, town.contacts(), site, DAY_AND_NIGHT)
    with closing(trial.participants.ledger), town.running(ahead) as (server, others):
        stories, called = [begins_today(trial, number) for number in range(10)], list[Story]()
        for number in range(rounds):
            stories.append(lives_through_much(trial, number))
            called += [] if number % EVERY_THIRD else stories[-1:]
            one_dies(server, others, campaign.dice, town.address)
            takes_note(called)
        wait_until(lambda: trial.clock() >= morning)
        for _ in range(rounds // 5):
            one_dies(server, others, campaign.dice, town.address)
            takes_note(called)
        wait_until(lambda: noted_and_told_to_the_end(trial.participants, called), seconds=1800)
        for story in stories:
            assert_nothing_was_lost_or_doubled(story)
        assert_what_came_twice_was_under_way(stories, town, others.killed, ahead)


TOLD = {("m-weber", 1, "mail"), ("k-novak", 1, "mail")}
CALLS = {("m-weber", 1, "mail"), ("k-novak", 2, "webhook")}
"""Who is told in which call and how: of what is timely both, of what is urgent one after the other."""


def assert_nothing_was_lost_or_doubled(story: Story) -> None:
    """Each window is closed once, each reminder falls due once, and each is on record as sent once to everybody who had their turn."""
    entries = story.record.entries
    of_both = [entry.event for entry in entries if isinstance(entry.event, e.ReminderDue) and entry.event.to in WEBER.roles]
    due = {event.key: event.urgency for event in of_both if not event.skipped}
    kinds, urgent = {key.split(":")[0] for key in due}, {key for key, urgency in due.items() if urgency == "urgent"}
    assert kinds - {"held-near"} == ({"visit-opens"} if story.id.startswith(PROMPT) else {"black-out", "review"})
    assert {key.split(":")[0] for key in urgent} == kinds & {"held-near"}
    for key in due:
        told = [(one.to, one.call, one.channel) for one in sent(story) if one.key == key]
        assert len(told) == len(set(told)), "told twice"
        assert (set(told) <= CALLS) if key in urgent and hurried(story) else set(told) == (CALLS if key in urgent else TOLD)
    assert {one.key for one in sent(story)} <= due.keys()
    assert not [entry for entry in entries if isinstance(entry.event, e.ReminderFailed | e.ReminderWithdrawn)]
    closed = [entry.event.visit for entry in entries if isinstance(entry.event, e.VisitUnaccounted)]
    assert closed == ([] if story.id.startswith(PROMPT) else ["screening"])
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))


def assert_what_came_twice_was_under_way(stories: list[Story], town: Town, killed: list[Killed], ahead: timedelta) -> None:
    """Every message is of what is on record and came before that was; it came again only where a sender or its receiver died between."""
    recorded: dict[tuple[str, str], datetime] = {}
    for story in stories:
        for entry in story.record.entries:
            if isinstance(entry.event, e.ReminderSent):
                sent_as = ("pager" if entry.event.channel == "webhook" else "mail", entry.event.message)
                recorded[sent_as] = min(entry.recorded_at - ahead, recorded.get(sent_as, entry.recorded_at))
    arrivals = town.arrivals()
    assert arrivals.keys() == recorded.keys()
    assert {way for way, _ in arrivals} == {"mail", "pager"}
    for message, times in arrivals.items():
        assert times[-1] <= recorded[message], "it was on record as sent, and came again"
        deaths = [one for one in killed if one.name in {"notices", message[0]}]
        for first, again in pairwise(times):
            assert any(first - LEFT_TO_FINISH <= one.ended and one.began <= again for one in deaths), "nobody had died"
