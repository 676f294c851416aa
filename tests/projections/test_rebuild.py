"""Views can be thrown away: built again they are the same, byte for byte, whatever was recorded, corrected and taken back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import commands as c
from domain import events as e
from domain.study import Ruled
from domain.time import When
from projections.rebuilding import rebuild
from projections.telling import park
from projections.timeline import Timeline, timeline
from projections.views import Views
from projections.worklist import worklist
from store.ledger import Unreadable
from tests.builders import BERLIN, Trial, by_, dose
from tests.projections.given import ByHand, fed, rows, rows_built_again, up_to_date, views_at
from tests.projections.moves import MOVES, begin, play

PARTS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(sorted(MOVES)), st.integers(0, 200)), min_size=1, max_size=25)


@pytest.mark.slow
@pytest.mark.torture
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(starts=st.tuples(st.integers(0, 5), st.integers(6, 11)), moves=PARTS, batch=st.integers(1, 40), feed_after=st.integers(1, 6))
def test_built_again_the_views_are_what_they_had_become(
    starts: tuple[int, int], moves: list[tuple[int, str, int]], batch: int, feed_after: int
) -> None:
    trial = Trial()
    ledger, desk = trial.participants.ledger, trial.participants.desk
    with TemporaryDirectory() as folder:
        views = views_at(Path(folder, "views.db"))
        by_hand = ByHand(ledger, desk, views)
        stories = [begin(trial, number) for number in starts]
        for number, (whose, name, how) in enumerate(moves):
            play(stories[whose], name, how)
            if number % feed_after == 0:
                by_hand.takes(batch)
        by_hand.takes(batch)
        views.close()
        assert views.parked() == ()
        assert rows(views) == rows_built_again(ledger, desk, Path(folder, "again.db"))
    ledger.close()


def test_a_correction_of_the_infusion_moves_every_window_in_the_views(trial: Trial, views: Views) -> None:
    story = trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    before = told(up_to_date(trial, views))
    infusion = story.now.infusions[0]
    earlier = infusion.fact.model_copy(update={"at": When("2026-02-08T12:10Z")})
    story.asks(c.Correct(entry=infusion.entry, fact=earlier), reason="the ward's clock was a day ahead")
    after = told(up_to_date(trial, views))
    counted = [
        (was, now) for was, now in zip(before.windows, after.windows, strict=True) if was.visit.startswith(("day-", "toxicity", "month"))
    ]
    assert len(counted) == 28
    assert all((was.opens - now.opens).days == 1 for was, now in counted if "month" not in was.visit)
    assert all(was.opens != now.opens and was.closes_at != now.closes_at for was, now in counted)
    firsts = [row.opens for row in worklist(views, trial.clock()) if row.name == "day-1"]
    assert firsts == [now.opens_at for _, now in counted if now.visit == "day-1"]


def test_a_corrected_entry_says_what_it_should_have_said_and_keeps_what_it_said(trial: Trial, views: Views) -> None:
    story = trial.participant().consents()
    story.reports(dose("prednisone", "20", When("2026-01-04")))
    wrong = story.record.entries[-1]
    story.asks(c.Correct(entry=wrong.version, fact=dose("prednisone", "2", When("2026-01-04"))), reason="a slip of the pen")
    line, correction = told(up_to_date(trial, views)).entries[-2:]
    assert (line.version, line.amended_by, line.retracted) == (wrong.version, correction.version, False)
    assert "2 mg" in line.says
    assert line.said is not None
    assert "20 mg" in line.said
    assert (correction.reason, correction.says) == (
        "a slip of the pen",
        f"Entry {wrong.version} corrected. It should have said: {line.says}",
    )


def test_a_retracted_entry_stays_to_be_seen(trial: Trial, views: Views) -> None:
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.asks(c.Retract(entry=story.record.version), reason="it was somebody else")
    line, retraction = told(up_to_date(trial, views)).entries[-2:]
    assert (line.retracted, line.amended_by, line.said) == (True, retraction.version, None)
    assert told(views).windows == ()


def test_a_rebuild_beside_a_running_feed_leaves_nothing_out(trial: Trial, views: Views, tmp_path: Path) -> None:
    ledger, desk = trial.participants.ledger, trial.participants.desk

    def rebuild_often() -> None:
        for _ in range(10):
            rebuild(ledger, desk, views)

    builder = Thread(target=rebuild_often)
    builder.start()
    for number in range(40):
        begin(trial, 2 + 6 * number)
        if number % 10 == 0:
            desk.record((Ruled(ruling="local-steroid-injections", choice="outside"),), by_("administrator", trial.next_id()))
    builder.join()
    up_to_date(trial, views)
    assert views.parked() == ()
    assert rows(views) == rows_built_again(ledger, desk, tmp_path / "again.db")


def test_views_that_another_program_made_are_built_again(trial: Trial, empty: Views) -> None:
    begin(trial, 2)
    with fed(trial, empty):
        expected = rows(up_to_date(trial, empty))
    other = Views(empty.path, empty.views, "another program")
    with fed(trial, other):
        assert rows(up_to_date(trial, other)) == expected
    other.close()


def test_views_of_another_ledger_are_built_again(trial: Trial, empty: Views) -> None:
    begin(trial, 2)
    elsewhere = Trial()
    for number in range(3):
        elsewhere.participant(f"SAO-{number:03}", "SAO")
    with fed(elsewhere, empty):
        up_to_date(elsewhere, empty)
    with empty.writing() as connection:
        park(connection, empty.views, Unreadable(7, "", 0, "nothing stands there"))
    ByHand(trial.participants.ledger, trial.participants.desk, empty)
    assert told(empty, "BER-002").zone == BERLIN
    assert timeline(empty, "SAO-001") is None
    assert empty.parked() == ()
    elsewhere.participants.ledger.close()


def told(views: Views, participant_id: str = "BER-001") -> Timeline:
    found = timeline(views, participant_id)
    assert isinstance(found, Timeline)
    return found
