"""On ledgers in SQLite and PostgreSQL, whatever was asked, corrected and ruled: every moment is told again as it was shown."""

from datetime import datetime
from typing import NamedTuple

import pytest

from app.moments import Replays
from domain.agenda import Agenda, agenda
from domain.gates import judge, judged_for
from domain.participant import Participant
from domain.replay import Cut, Replayed
from domain.time import to_the_minute
from domain.verdicts import RuleVerdict
from domain.words import STEPS
from projections.rows_then import rows_then
from projections.views import Views
from projections.worklist import worklist
from projections.worklist_rows import Row
from tests.builders import Story, Trial
from tests.campaign import Campaign
from tests.projections.given import up_to_date
from tests.projections.moves import MOVES, begin, play

MOVES_OF_A_STREAM = 8
STREAMS, IN_EVERY_RUN = 1000, 20
"""A tenth would take a minute, and the prefixes of the records themselves are replayed elsewhere."""


class Shown(NamedTuple):
    """What was shown of a participant, and under how many entries of the study."""

    participant: Participant
    rules: tuple[tuple[RuleVerdict, ...], ...]
    agenda: Agenda
    rows: tuple[Row, ...]
    studied: int


def shown(story: Story, views: Views, now: datetime) -> Shown:
    """Everything as pages, journey and worklist show it live at an instant."""
    one, study = story.now, story.trial.participants.study()
    up_to_date(story.trial, views)
    rows = sorted((row for row in worklist(views, now) if row.participant == story.id), key=lambda row: (row.kind, row.name))
    instants = {step: judged_for(one.plans.get(step), now) for step in STEPS}
    rules = tuple(judge(step, one, study, at).derivation(at).rules for step, at in instants.items())
    return Shown(one, rules, agenda(one, study), tuple(rows), study.record.version)


def again(then: Replayed) -> Shown:
    rows = sorted(rows_then(then.participant, then.study, then.at), key=lambda row: (row.kind, row.name))
    rules = tuple(gate.rules for gate in then.gates)
    return Shown(then.participant, rules, then.agenda, tuple(rows), then.study.record.version)


@pytest.mark.clause("ICH E6(R3)", "4.2.7")
@pytest.mark.torture
@pytest.mark.slow
def test_what_was_shown_live_is_told_again_by_entry_and_by_the_clock(trial: Trial, views: Views, campaign: Campaign) -> None:
    """After each move, whether or not anything came of it but that time has passed, or that the study has changed."""
    compared, streams = 0, STREAMS if campaign.full else IN_EVERY_RUN
    for number in range(streams):
        story = begin(trial, number)
        by_entry: dict[int, Shown] = {}
        by_minute: dict[datetime, Shown] = {}
        for _ in range(MOVES_OF_A_STREAM):
            before = story.record.version
            play(story, campaign.dice.choice(sorted(MOVES)), campaign.dice.randrange(200))
            if story.record.version > before:
                by_entry[story.record.version] = shown(story, views, story.now.recorded_at)
            by_minute[to_the_minute(trial.clock())] = shown(story, views, trial.clock())
            trial.clock.move(minutes=1)
        replays = Replays(trial.participants, story.record)
        for version, was in by_entry.items():
            assert again(replays.to(Cut(entry=version))) == was
        for minute, was in by_minute.items():
            assert again(replays.to(Cut(recorded=minute))) == was
            compared += len(was.rows)
    assert compared > streams * MOVES_OF_A_STREAM, "too little was shown to prove anything"
