"""Reminders as the view keeps them, against what the record says of each."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.notices import notices, tag
from projections.notices import State, inbox, log, one
from projections.views import Views
from tests.builders import Story, Trial
from tests.domain.test_notices import key_of, on_the_last_day, record
from tests.projections.given import up_to_date


def due(trial: Trial, id: str = "BER-001") -> Story:
    story = trial.participant(id, id[:3])
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    trial.clock.move(days=27)
    story.advances()
    return story


def waiting(trial: Trial, views: Views, site: str = "BER", role: str = "coordinator", person: str = "nobody") -> set[str]:
    rows, found = inbox(up_to_date(trial, views), trial.clock(), {site: (role,)}, person=person, limit=50)
    assert found == len(rows)
    return {row.key for row in rows}


def test_the_inbox_keeps_what_is_due_until_somebody_takes_note_or_it_no_longer_applies(trial: Trial, views: Views) -> None:
    story = on_the_last_day(trial)

    def kinds(role: str = "coordinator") -> set[str]:
        return {key.partition(":")[0] for key in waiting(trial, views, role=role)}

    assert kinds() == {"visit-opens", "visit-closes", "screening-expires"}
    assert kinds("investigator") == set()
    story.asks(c.Acknowledge(key=key_of(story, "screening-expires")))
    assert kinds() == {"visit-opens", "visit-closes"}
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert kinds() == set()


def test_what_was_withdrawn_and_applies_again_waits_again(trial: Trial, views: Views) -> None:
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    record(story, e.ReminderWithdrawn(key=key))
    assert key not in waiting(trial, views)
    assert [row.state for row in log(views, {"BER"}, 50) if row.key == key] == ["withdrawn"]
    story.asks(c.Retract(entry=story.entry_of(e.VisitCompleted)), reason="it was another participant")
    story.advances()
    assert key in waiting(trial, views)


def test_what_waits_is_of_use_up_to_an_instant_and_not_at_it(trial: Trial, views: Views) -> None:
    due(trial)
    up_to_date(trial, views)
    row = inbox(views, trial.clock(), {"BER": ("coordinator",)}, person="", limit=50)[0][0]
    assert row.applies_until is not None
    assert row.waits(row.applies_until - timedelta(minutes=1))
    assert not row.waits(row.applies_until)
    for instant, waits in ((row.applies_until - timedelta(minutes=1), True), (row.applies_until, False)):
        assert (row.key in {one.key for one in inbox(views, instant, {"BER": ("coordinator",)}, person="", limit=50)[0]}) is waits


def test_whoever_was_told_finds_it_in_their_inbox_whatever_their_role(trial: Trial, views: Views) -> None:
    story = due(trial)
    key = next(iter(notices(story.record)))
    record(story, e.ReminderSent(key=key, to="k-adler", channel="mail", message="0" * 32))
    assert waiting(trial, views, role="investigator", person="k-adler") == {key}
    assert waiting(trial, views, role="investigator", person="adler") == set()
    assert waiting(trial, views, site="SAO", role="investigator", person="k-adler") == set()


def test_an_inbox_is_read_part_by_part(trial: Trial, views: Views) -> None:
    due(trial)
    up_to_date(trial, views)
    roles = {"BER": ("coordinator",), "SAO": ()}
    everything, found = inbox(views, trial.clock(), roles, person="", limit=50)
    assert found == len(everything) == 2
    parts = [inbox(views, trial.clock(), roles, person="", limit=1, skipped=n) for n in range(3)]
    assert [rows for rows, _ in parts] == [(everything[0],), (everything[1],), ()]
    assert {count for _, count in parts} == {2}
    assert inbox(views, trial.clock(), {}, person="", limit=50) == ((), 0)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([], "due"),
        ([{"sent": "m-weber"}], "sent"),
        ([{"failed": "m-weber"}], "failed"),
        ([{"failed": "m-weber"}, {"sent": "a-kim"}], "failed"),
        ([{"sent": "m-weber"}, {"noted": ""}], "acknowledged"),
    ],
)
def test_the_log_says_what_became_of_a_reminder_and_in_which_order(
    trial: Trial, views: Views, facts: list[dict[str, str]], state: State
) -> None:
    story = due(trial)
    key = next(iter(notices(story.record)))
    for fact in facts:
        for became, who in fact.items():
            trial.clock.move(minutes=1)
            if became == "sent":
                record(story, e.ReminderSent(key=key, to=who, channel="mail", message="0" * 32))
            elif became == "failed":
                record(story, e.ReminderFailed(key=key, to=who, channel="mail", why="refused"))
            else:
                story.asks(c.Acknowledge(key=key))
    row = one(up_to_date(trial, views), "BER-001", tag(key))
    assert row is not None
    assert row.state == state
    assert [step.became for step in row.story] == ["due", *({"noted": "acknowledged"}.get(name, name) for fact in facts for name in fact)]
    assert [step.at for step in row.story] == sorted(step.at for step in row.story)
    assert row.last_at == row.story[-1].at


def test_the_log_is_of_some_sites_participants_and_states_the_latest_first(trial: Trial, views: Views) -> None:
    first, other = due(trial), due(trial, "SAO-001")
    up_to_date(trial, views)
    rows = log(views, {"BER", "SAO"}, 50)
    assert {row.key for row in rows} >= notices(first.record).keys() | notices(other.record).keys()
    assert [row.last_at for row in rows] == sorted((row.last_at for row in rows), reverse=True)
    assert {row.site for row in log(views, {"SAO"}, 50)} == {"SAO"}
    assert {row.participant for row in log(views, {"BER", "SAO"}, 50, participant="ber")} == {"BER-001"}
    assert log(views, {"BER", "SAO"}, 50, state="failed") == ()
    assert log(views, {"BER", "SAO"}, 1, 1) == rows[1:2]
    assert log(views, set(), 50) == ()
