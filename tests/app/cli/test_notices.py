import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from app.notices.catcher import catching
from app.notices.channels import channels
from app.settings import Settings
from domain import events as e
from domain.notices import notices
from tests.app.at_the_desk import COORDINATOR, INVESTIGATOR, Desk
from tests.app.cli.test_answers import told, unwrapped
from tests.app.notices.given import LETTER
from tests.builders import Story, Trial
from tests.domain.test_notices import record

ADMINISTRATOR = "administrator:root"
WEBER = ("study", "contact", "m-weber", "--role", "coordinator", "--site", "BER", "--mail", "m.weber@ber.example")


def on_the_last_day(desk: Desk) -> Desk:
    """The last day of the screening visit's window: something has fallen due."""
    desk.consented()
    desk("screen", "BER-001", "now")
    desk.clock.move(days=27)
    desk.journey_acts("BER-001")
    told(desk)
    return desk


def are_refused(desk: Desk) -> None:
    """The mail server wants none of what fell due."""
    with desk.ledger() as ledger:
        story = Story(Trial(desk.clock, ledger), "BER-001")
        for key in notices(story.record):
            record(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", why="refused"))


def test_a_contact_is_named_shown_and_removed(desk: Desk) -> None:
    said = desk(*WEBER, "--rung", "coordinator", "--digest", "inbox", who=ADMINISTRATOR).stdout
    assert "contact m-weber named for coordinator at BER" in said
    assert "m.weber" not in said, "an address is nobody else's business"
    assert desk.json("study", "show")["contacts"]["m-weber"]["digest"] == "inbox"
    assert "coordinator  mail" in desk("study", "show").stdout
    assert "contact m-weber removed" in desk("study", "remove-contact", "m-weber", who=ADMINISTRATOR).stdout
    assert desk.json("study", "show")["contacts"] == {}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("--mail", "nowhere"), "--mail: 'nowhere' is not written as it must be"),
        (("--urgent", "pigeon"), "--urgent: 'pigeon' must be"),
        (("--urgent", "webhook"), "m-weber is to be told by webhook and has no address for it"),
    ],
)
def test_what_cannot_be_a_contact_is_refused(desk: Desk, typed: tuple[str, ...], says: str) -> None:
    assert says in desk(*WEBER, *typed, who=ADMINISTRATOR, code=2).stderr


def test_no_address_reaches_the_log(desk: Desk) -> None:
    desk(*WEBER, who=ADMINISTRATOR)
    desk(*WEBER, "--urgent", "webhook", who=ADMINISTRATOR, code=2)
    log = (desk.folder / "daybook.log").read_text()
    assert "study.contact" in log
    assert "ber.example" not in log


def test_the_status_says_for_whom_nobody_is_named(desk: Desk) -> None:
    desk(*WEBER, who=ADMINISTRATOR)
    assert desk.json("status", code=3)["nobody_named"] == ["investigator at BER", "coordinator at SAO", "investigator at SAO"]
    assert "nobody is named, so that reminders only wait in the inbox, for the investigator at BER" in desk("status", code=3).stdout


def test_the_status_says_for_whom_what_is_urgent_is_left_in_inboxes_until_somebody_stands_on_the_ladder(desk: Desk) -> None:
    desk(*WEBER, "--urgent", "inbox", who=ADMINISTRATOR)
    adler = ("study", "contact", "k-adler", "--role", "investigator", "--mail", "k.adler@study.example")
    desk(*adler, "--urgent", "inbox", who=ADMINISTRATOR)
    assert desk.json("status", code=3)["nobody_named"] == [
        "coordinator at BER (for what is urgent)",
        "investigator at BER (for what is urgent)",
        "coordinator at SAO",
        "investigator at SAO (for what is urgent)",
    ]
    desk(*adler, "--rung", "investigator", who=ADMINISTRATOR)
    assert desk.json("status", code=3)["nobody_named"] == ["coordinator at SAO"]


def test_the_status_counts_the_messages_that_should_have_gone_out_and_says_what_to_do(desk: Desk) -> None:
    desk(*WEBER, who=ADMINISTRATOR)
    on_the_last_day(desk)
    desk.clock.move(hours=1)
    found = desk.json("status", code=3)
    assert (found["messages_failed"], found["messages_late"]) == (0, 1), "the other one waits for the morning"
    said = unwrapped(desk("status", code=3).stdout)
    assert "1 message should have been sent by now: see that `daybook worker` runs" in said
    assert "could not be delivered" not in said


def test_the_status_counts_the_messages_that_were_given_up_until_somebody_takes_note(desk: Desk) -> None:
    desk(*WEBER, who=ADMINISTRATOR)
    on_the_last_day(desk)
    waiting = desk.json("inbox")["inbox"]
    are_refused(desk)
    found = desk.json("status", code=3)
    assert (found["messages_failed"], found["messages_late"]) == (2, 0)
    assert "2 messages could not be delivered: tell these people" in unwrapped(desk("status", code=3).stdout)
    for one in waiting:
        desk("acknowledge", "BER-001", one["reminder"])
    assert desk.json("status", code=3)["messages_failed"] == 0


def test_what_falls_due_waits_in_the_inbox_until_somebody_takes_note(desk: Desk) -> None:
    waiting = on_the_last_day(desk).json("inbox")["inbox"]
    assert {one["participant"] for one in waiting} == {"BER-001"}
    first = waiting[0]
    assert first["says"] in desk("inbox").stdout
    assert f"Reminder {first['reminder']} acknowledged." in desk("acknowledge", "BER-001", first["reminder"]).stdout
    told(desk)
    assert first not in desk.json("inbox")["inbox"]
    said = desk("acknowledge", "BER-001", first["reminder"], who=INVESTIGATOR, code=2).stderr
    assert "m-weber has acknowledged this reminder already" in said


def test_an_inbox_is_that_of_a_role_and_of_a_site(desk: Desk) -> None:
    on_the_last_day(desk)
    assert desk.json("inbox", "--as", INVESTIGATOR) == {"inbox": []}
    assert desk.json("inbox", "--as", COORDINATOR, "--site", "SAO") == {"inbox": []}
    assert "Nothing waits to be acknowledged." in desk("inbox", "--site", "SAO").stdout


def test_a_reminder_that_never_fell_due_is_acknowledged_by_nobody(desk: Desk) -> None:
    desk.consented()
    assert "no reminder 'abc' has fallen due" in desk("acknowledge", "BER-001", "abc", code=2).stderr


def test_mail_that_was_caught_is_listed_and_read(desk: Desk) -> None:
    assert "No mail was caught." in desk("mail").stdout

    async def catch(folder: Path) -> None:
        async with catching(folder / "mail") as port:
            await channels(Settings(folder=folder), catcher=port).send(LETTER)

    asyncio.run(catch(desk.folder))
    assert LETTER.heading in desk("mail").stdout
    assert LETTER.lines[1] in desk("mail", "1").stdout
    assert "no message 2 was caught; there are 1" in desk("mail", "2", code=2).stderr


def test_a_reminder_is_not_due_before_its_time(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk.clock.move_to(desk.clock() + timedelta(hours=1))
    told(desk)
    assert all("closes at the end" not in one["says"] for one in desk.json("inbox")["inbox"])
