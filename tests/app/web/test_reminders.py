"""The page of reminders, and the page to which a message leads."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain import events as e
from domain.notices import notices, tag
from tests.app.web.at_the_door import Desk, at_a_new_desk
from tests.builders import Clock, Story
from tests.domain.test_notices import WEBER, names, record

FORM = re.compile(r'<form method="post" action="(/reminders/[^"]+)">.*?name="command_id" value="([^"]+)"')


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with at_a_new_desk(tmp_path, Clock()) as found:
        yield found


def due(desk: Desk, id: str = "BER-001") -> Story:
    """The last day of the screening visit's window: that it opened, and that it closes, has fallen due."""
    story = desk.trial.participant(id, id[:3])
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    desk.trial.clock.move(days=27)
    story.advances()
    return story


def links(story: Story) -> list[str]:
    return [f"/reminders/{story.id}/{tag(key)}" for key in notices(story.record)]


def test_the_inbox_shows_what_waits_for_the_roles_at_the_sites_of_whoever_asks(desk: Desk) -> None:
    here = links(due(desk))
    for person, sees in (("m-weber", True), ("a-kim", True), ("j-silva", False), ("k-adler", False), ("p-lind", False)):
        shown = desk.seats(person).sees("/reminders")
        assert all((link in shown) is sees for link in here), person


def test_the_log_tells_of_the_askers_sites_and_of_no_other(desk: Desk) -> None:
    here = links(due(desk))
    there = links(due(desk, "SAO-001"))
    for person, sees in (("m-weber", here), ("j-silva", there), ("s-novak", here + there)):
        shown = desk.seats(person).sees("/reminders?view=log")
        assert {link for link in here + there if link in shown} == set(sees), person
    assert not any(link in desk.seats("m-weber").sees("/reminders?view=log&site=SAO") for link in here + there)


def test_the_log_is_narrowed_by_participant_and_by_state(desk: Desk) -> None:
    story, other = due(desk), due(desk, "BER-002")
    key = next(iter(notices(story.record)))
    record(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", why="refused"))
    failed = f"/reminders/BER-001/{tag(key)}"
    desk.seats("m-weber")
    assert {link for link in links(story) + links(other) if link in desk.sees("/reminders?view=log&state=failed")} == {failed}
    assert not any(link in desk.sees("/reminders?view=log&participant=BER-001") for link in links(other))
    assert "m-weber not told by mail, refused" in desk.sees(failed)


def test_whom_no_message_reached_is_told_again_at_the_press_of_a_button(desk: Desk) -> None:
    names(desk.trial, WEBER)
    story = due(desk)
    key = next(iter(notices(story.record)))
    link = f"/reminders/BER-001/{tag(key)}"
    desk.seats("m-weber")
    assert "Send again" not in desk.sees(link), "nobody is known to be unreached"
    record(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", why="refused"))
    assert f'action="{link}/again"' in desk.sees("/reminders?view=log&state=failed")
    assert desk.post(f"{link}/again", command_id=str(uuid4())).headers["location"] == link
    assert "Sent again by m-weber" in desk.sees(link)
    assert isinstance(story.record.entries[-1].event, e.SendingAgainAsked)
    assert desk.post(f"{link}/again", command_id=str(uuid4())).status_code == 409
    assert desk.seats("s-novak").post(f"{link}/again", command_id=str(uuid4())).status_code == 403


def test_taking_note_is_one_click_and_is_recorded_once(desk: Desk) -> None:
    story = due(desk)
    found = FORM.search(desk.seats("m-weber").sees("/reminders"))
    assert found is not None
    path, command_id = found.groups()
    for _ in range(2):
        answer = desk.post(path, command_id=command_id, then="/reminders?site=BER")
        assert (answer.status_code, answer.headers["location"]) == (303, "/reminders?site=BER")
    noted = [entry for entry in story.record.entries if isinstance(entry.event, e.ReminderAcknowledged)]
    assert [(one.circumstances.actor.id, one.circumstances.actor.role, one.circumstances.source) for one in noted] == [
        ("m-weber", "coordinator", "web")
    ]
    assert path not in desk.sees("/reminders")
    assert "Acknowledged by m-weber" in desk.sees(path)


def test_of_two_who_take_note_at_once_the_second_is_told_of_the_first(desk: Desk) -> None:
    link = links(due(desk))[0]
    assert desk.seats("m-weber").post(link, command_id=str(uuid4())).headers["location"] == link
    second = desk.seats("a-kim").post(link, command_id=str(uuid4()))
    assert second.status_code == 409
    assert "-weber has acknowledged this reminder already" in second.text


def test_opening_the_page_of_a_message_changes_nothing(desk: Desk) -> None:
    story = due(desk)
    desk.seats("m-weber")
    before = desk.office.daybook.ledger.head()
    assert "I have taken note" in desk.sees(links(story)[0])
    assert desk.office.daybook.ledger.head() == before


def test_whoever_only_looks_on_is_offered_no_button_and_may_not_press_it(desk: Desk) -> None:
    link = links(due(desk))[0]
    assert "I have taken note" not in desk.seats("s-novak").sees(link)
    assert desk.post(link, command_id=str(uuid4())).status_code == 403


def test_a_reminder_of_another_site_is_as_unknown_as_one_that_never_fell_due(desk: Desk) -> None:
    link = links(due(desk, "SAO-001"))[0]
    desk.seats("m-weber").sees(link, status=404)
    desk.sees("/reminders/BER-999/0123456789ab", status=404)
    assert desk.post(link, command_id=str(uuid4())).status_code == 404
    desk.seats("j-silva").sees(link)
    desk.sees("/reminders/SAO-001/0123456789ab", status=404)


def test_what_no_longer_applies_waits_for_nobody(desk: Desk) -> None:
    story = due(desk)
    link = links(story)[0]
    story.reports(e.ScreenFailed(at=story.at(), criteria=("E24a",)))
    assert link not in desk.seats("m-weber").sees("/reminders")
    shown = desk.sees(link)
    assert "It no longer applies" in shown
    assert "I have taken note" not in shown


def test_nobody_is_sent_elsewhere_by_a_form(desk: Desk) -> None:
    link = links(due(desk))[0]
    answer = desk.seats("m-weber").post(link, command_id=str(uuid4()), then="https://elsewhere.example/")
    assert answer.headers["location"] == link
