"""Whatever is killed, everybody is told once; the one case that SMTP cannot exclude is a message that comes again under the same id."""

import asyncio
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain import events as e
from domain.notices import Unfinished, unfinished
from domain.study import ProtocolApproved, SiteOpened
from domain.time import When, local_time, to_the_minute
from store.participants import Participants
from tests.builders import BERLIN, Story, Trial, by_, consent
from tests.campaign import Campaign
from tests.conftest import free_port
from tests.workflows.processes import Processes, running, that_tell
from tests.workflows.telling import WEBER, Mailroom
from tests.workflows.test_kill import at_rest, live_and_die, trial_on
from tests.workflows.waiting import until, wait_until

DAY_AND_NIGHT = SiteOpened(site="MUN", zone=BERLIN, opens=time(0), closes=time(23, 59))
"""A site where people work around the clock, so that what is timely is told at once."""
A_LOST_ATTEMPT_SECONDS = 150
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


def opens(trial: Trial, *sites: SiteOpened) -> None:
    """Sites take part, and somebody is told what falls due there."""
    approved = [ProtocolApproved(protocol=1, site=one.site) for one in sites]
    trial.participants.desk.record((*sites, *approved, WEBER.model_copy(update={"site": None})), by_("administrator", trial.next_id()))


def planned(trial: Trial) -> Story:
    """A collection is planned for which two things are to be told at once."""
    opens(trial, DAY_AND_NIGHT)
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


def about_to_open(trial: Trial) -> tuple[SiteOpened, datetime]:
    """A site where work begins so soon that somebody waits for it, and when that is."""
    morning = to_the_minute(trial.clock() + timedelta(seconds=80))
    west = morning.hour - NOON
    zone = f"Etc/GMT{west:+d}" if west else "UTC"
    return SiteOpened(site=PROMPT, zone=zone, opens=local_time(morning, zone).time(), closes=time(23, 59)), morning


def begins_today(trial: Trial, number: int) -> Story:
    """Somebody is to be told in the morning that the screening visit can take place; that fell due in the night."""
    story = trial.participant(f"{PROMPT}-{number + 1:03}", PROMPT).consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.advances()
    return story


def lives_through_much(trial: Trial, number: int) -> Story:
    """The window of the screening visit closed long ago, and a collection is planned for which two things are to be told at once."""
    story, long_ago = trial.participant(f"MUN-{number + 1:03}", "MUN"), When.at(trial.clock() - timedelta(days=900))
    story.reports(consent(long_ago))
    story.reports(e.ScreeningStarted(at=long_ago))
    return story.plans("leukapheresis", to_the_minute(trial.clock()) + timedelta(hours=20))


def told_to_the_end(desk: Participants) -> bool:
    """Whether nothing is due, and nobody is still to be told of anything."""
    study = desk.study()
    return at_rest(desk) and all(unfinished(desk.read(one), study, desk.ledger.clock()) == Unfinished() for one in desk.ids())


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.timeout(900)
def test_killing_worker_relay_notices_and_mail_server_loses_no_reminder_and_doubles_none(
    campaign: Campaign, tmp_path: Path, temporal_server: str
) -> None:
    address, port, mail = f"sqlite:///{tmp_path / 'ledger.db'}", free_port(), tmp_path / "mail"
    mail.mkdir()
    trial, rounds = trial_on(address), campaign.rounds(KILLS)
    commands = that_tell(address, temporal_server, f"killed-{uuid4().hex}", port)
    commands["mail"] = [sys.executable, "-m", "tests.workflows.mailserver", str(port), str(mail)]
    with closing(trial.participants.ledger), running(commands, tmp_path / "processes.log") as processes:
        site, morning = about_to_open(trial)
        opens(trial, site, DAY_AND_NIGHT)
        stories = [begins_today(trial, number) for number in range(10)]
        for number in range(rounds):
            stories.append(lives_through_much(trial, number))
            live_and_die(processes, campaign.dice)
        wait_until(lambda: trial.clock() >= morning, seconds=90)
        for _ in range(rounds // 5):
            live_and_die(processes, campaign.dice)
        wait_until(lambda: told_to_the_end(trial.participants), seconds=600)
        for story in stories:
            assert_nothing_was_lost_or_doubled(story)
        assert_every_message_was_of_what_is_on_record(stories, mail, kills=rounds + rounds // 5)


def assert_nothing_was_lost_or_doubled(story: Story) -> None:
    """Each window is closed once, each reminder falls due once, and each is on record as sent once."""
    entries = story.record.entries
    of_weber = [entry.event for entry in entries if isinstance(entry.event, e.ReminderDue) and entry.event.to in WEBER.roles]
    due = [event.key for event in of_weber if not event.skipped]
    told = [entry.event.key for entry in entries if isinstance(entry.event, e.ReminderSent)]
    assert {key.split(":")[0] for key in due} == ({"visit-opens"} if story.id.startswith(PROMPT) else {"black-out", "review"})
    assert sorted(told) == sorted(due)
    assert not [entry for entry in entries if isinstance(entry.event, e.ReminderFailed | e.ReminderWithdrawn)]
    closed = [entry.event.visit for entry in entries if isinstance(entry.event, e.VisitUnaccounted)]
    assert closed == ([] if story.id.startswith(PROMPT) else ["screening"])
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))


def assert_every_message_was_of_what_is_on_record(stories: list[Story], mail: Path, kills: int) -> None:
    """What was told twice came under the same id, and only where something was killed."""
    ids = [str(message_from_bytes(path.read_bytes())["Message-ID"]) for path in mail.glob("*.eml")]
    assert set(ids) == {f"<{one.message}@study.example>" for story in stories for one in sent(story)}
    assert len(ids) - len(set(ids)) <= kills
