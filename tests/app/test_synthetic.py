from pathlib import Path

import pytest

from app.settings import Settings
from app.synthetic import populate
from app.wiring import opened
from domain.agenda import agenda
from domain.participant import PARTICIPANT
from domain.signatures import signatures
from tests.builders import Clock, Story, Trial


@pytest.mark.slow
def test_the_synthetic_study_has_a_dozen_participants_in_all_stages_and_their_journeys_come_to_rest(tmp_path: Path) -> None:
    clock = Clock()
    with opened(Settings(folder=tmp_path / "daybook"), clock, create=True) as daybook:
        populate(daybook, clock())
        trial = Trial(clock, daybook.ledger)
        found = {}
        for participant in daybook.participants.ids():
            story = Story(trial, participant)
            story.advances()
            found[participant] = story.now
        study = daybook.participants.study()
    verdicts = {type(plan.verdict).__name__ for one in found.values() for plan in one.plans.values()}
    assert len(found) == 12
    assert {one.site for one in found.values()} == {"BER", "SAO"}
    assert verdicts == {"StepCleared", "StepWaiting", "StepHeld"}
    assert any(plan.revoked_in for one in found.values() for plan in one.plans.values())
    assert {bool(one.infusions) for one in found.values()} == {True, False}
    assert any(one.screen_failed for one in found.values())
    assert any(one.unaccounted for one in found.values())
    assert sum(agenda(one, study).finished for one in found.values()) >= 1


@pytest.mark.slow
def test_every_synthetic_entry_is_labelled(tmp_path: Path) -> None:
    clock = Clock()
    with opened(Settings(folder=tmp_path / "daybook"), clock, create=True) as daybook:
        populate(daybook, clock())
        assert daybook.participants.study().record.demonstration
        for stream in daybook.ledger.streams(PARTICIPANT):
            assert all("synthetic" in (entry.circumstances.reason or "") for entry in daybook.ledger.read(stream))


@pytest.mark.slow
def test_every_synthetic_signature_binds_what_stands_beside_it(tmp_path: Path) -> None:
    clock = Clock()
    with opened(Settings(folder=tmp_path / "daybook"), clock, create=True) as daybook:
        populate(daybook, clock())
        found = [
            one for participant in daybook.participants.ids() for one in signatures(daybook.participants.read(participant), daybook.desk.at)
        ]
    assert len(found) > 12
    assert [one for one in found if one.binds is False] == []
