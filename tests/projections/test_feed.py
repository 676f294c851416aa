"""The feed misses nothing, and what is wrong with one record is nobody else's trouble."""

import sqlite3
from pathlib import Path
from threading import Thread

import pytest

from domain.events import ProtocolAdopted, Registered
from domain.study import Ruled
from projections.feed import EVERY_VIEW, Feed
from projections.rebuilding import look_through, rebuild, retry
from projections.timeline import Timeline, timeline
from projections.views import Parked, Told, Views
from projections.worklist import worklist
from store.errors import Fault, LostLease, Missing
from store.ledger import Unreadable
from store.recorder import Claim
from tests.builders import START, Trial, by_
from tests.projections.given import PROGRAM, ByHand, fed, feed_of, rows, rows_built_again, up_to_date, views_at
from tests.projections.moves import begin
from tests.store.given import Hand

ANNA, BORIS = "participant:BER-001", "participant:BER-002"


class Clumsy:
    """A view with a bug that shows at one participant."""

    TABLES = ("clumsy (participant TEXT PRIMARY KEY) STRICT",)
    mended = False

    def apply(self, views: sqlite3.Connection, told: Told) -> None:
        self.forget(views, told.participant.id)
        views.execute("INSERT INTO clumsy VALUES (?)", (told.participant.id,))
        if told.participant.id == "BER-001" and not self.mended:
            raise ZeroDivisionError("prednisone 40 mg")

    def forget(self, views: sqlite3.Connection, participant_id: str) -> None:
        views.execute("DELETE FROM clumsy WHERE participant = ?", (participant_id,))


class Witness:
    """A view that says under which version of the study it was told of whom."""

    TABLES = ("witness (participant TEXT PRIMARY KEY, study INTEGER) STRICT",)

    def apply(self, views: sqlite3.Connection, told: Told) -> None:
        views.execute("INSERT OR REPLACE INTO witness VALUES (?, ?)", (told.participant.id, told.study.record.version))

    def forget(self, views: sqlite3.Connection, participant_id: str) -> None:
        views.execute("DELETE FROM witness WHERE participant = ?", (participant_id,))


def by_hand(trial: Trial, views: Views) -> ByHand:
    return ByHand(trial.participants.ledger, trial.participants.desk, views)


def damage(hand: Hand) -> None:
    """The second entry of Anna's record is altered on disk."""
    hand.free()("UPDATE entries SET state = ? WHERE stream = ? AND version = 3", b"{}", ANNA)


def test_a_damaged_entry_parks_one_record_and_the_others_go_on(trial: Trial, hand: Hand, empty: Views) -> None:
    feed = by_hand(trial, empty)
    anna, boris = trial.participant("BER-001"), trial.participant("BER-002")
    feed.takes()
    anna.consents()
    damage(hand)
    boris.consents()
    feed.takes(2)
    (parked,) = empty.parked()
    assert (parked.participant, parked.stream, parked.version) == ("BER-001", ANNA, 3)
    assert parked.why == "its contents do not agree with its hash"
    assert timeline(empty, "BER-001") == parked
    assert isinstance(found := timeline(empty, "BER-002"), Timeline)
    assert found.version == 3
    assert empty.position() == trial.participants.ledger.head()


def test_an_old_entry_that_was_altered_is_found_by_looking_through_and_taken_back_when_it_is_whole(
    trial: Trial, hand: Hand, empty: Views
) -> None:
    feed, ledger, desk = by_hand(trial, empty), trial.participants.ledger, trial.participants.desk
    trial.participant("BER-001").consents()
    trial.participant("BER-002").consents()
    feed.takes()
    whole = ledger.recorder.stream(ANNA).rows[2].state
    damage(hand)
    assert empty.parked() == ()
    look_through(ledger, desk, empty)
    assert [(one.stream, one.version) for one in empty.parked()] == [(ANNA, 3)]
    assert isinstance(timeline(empty, "BER-002"), Timeline)
    hand("UPDATE entries SET state = ? WHERE stream = ? AND version = 3", whole, ANNA)
    look_through(ledger, desk, empty)
    assert empty.parked() == ()
    assert isinstance(timeline(empty, "BER-001"), Timeline)


def test_a_record_that_cannot_be_read_stands_above_all_in_the_worklist_of_its_site_alone(trial: Trial, hand: Hand, empty: Views) -> None:
    trial.participant("BER-001").consents()
    trial.participant("SAO-001", "SAO").consents()
    damage(hand)
    by_hand(trial, empty)
    assert worklist(empty, trial.clock(), ["SAO"]) == ()
    first = worklist(empty, trial.clock(), ["BER"])[0]
    assert worklist(empty, trial.clock())[0] == first
    assert (first.participant, first.category, first.action) == ("BER-001", "unreadable", "tell-administrator")
    assert first.says.startswith("Entry 3 cannot be shown: its contents do not agree with its hash. Do not rely on this record")


def test_a_gap_in_the_ledger_is_named(trial: Trial, hand: Hand, empty: Views) -> None:
    feed = by_hand(trial, empty)
    trial.participant("BER-001").consents()
    trial.participant("BER-002")
    hand.free()("DELETE FROM entries WHERE stream = ? AND version = 3", ANNA)
    feed.takes()
    (gap,) = empty.parked()
    assert (gap.participant, gap.version) == ("", 0)
    assert gap.why == f"nothing stands at position {gap.position}, where something was recorded"
    assert isinstance(timeline(empty, "BER-002"), Timeline)
    rebuild(trial.participants.ledger, trial.participants.desk, empty)
    assert gap in empty.parked()


def test_every_gap_in_the_ledger_is_named(trial: Trial, hand: Hand, empty: Views) -> None:
    feed = by_hand(trial, empty)
    trial.participant("BER-001").consents()
    trial.participant("BER-002").consents()
    trial.participant("BER-003")
    hand.free()("DELETE FROM entries WHERE version = 2 AND stream IN (?, ?)", ANNA, BORIS)
    feed.takes()
    assert [one.why for one in empty.parked() if not one.stream] == [
        f"nothing stands at position {one.position}, where something was recorded"
        for one in trial.participants.ledger.after(0, 500)
        if isinstance(one, Unreadable)
    ]
    assert len([one for one in empty.parked() if not one.stream]) == 2
    assert isinstance(timeline(empty, "BER-003"), Timeline)


def test_a_bug_parks_the_record_it_shows_at_and_tells_nothing_clinical(trial: Trial, tmp_path: Path) -> None:
    views = Views(tmp_path / "views.db", (*EVERY_VIEW, Clumsy()), PROGRAM)
    feed = by_hand(trial, views)
    trial.participant("BER-001")
    trial.participant("BER-002")
    feed.takes()
    (parked,) = views.parked()
    assert (parked.participant, parked.version) == ("BER-001", 2)
    assert parked.why.startswith("the program failed on it (ZeroDivisionError in test_feed.py, line ")
    assert {name: {row[0] for row in found} for name, found in rows(views).items() if name in {"timeline", "clumsy"}} == {
        "timeline": {"BER-002"},
        "clumsy": {"BER-002"},
    }
    views.close()


def test_a_parked_record_stays_out_until_it_is_retried(trial: Trial, tmp_path: Path) -> None:
    clumsy = Clumsy()
    views = Views(tmp_path / "views.db", (*EVERY_VIEW, clumsy), PROGRAM)
    feed = by_hand(trial, views)
    anna = trial.participant("BER-001")
    feed.takes()
    clumsy.mended = True
    anna.consents()
    feed.takes()
    assert isinstance(timeline(views, "BER-001"), Parked)
    assert retry(trial.participants.ledger, trial.participants.desk, views, "BER-001") is None
    anna.is_eligible()
    feed.takes()
    assert isinstance(found := timeline(views, "BER-001"), Timeline)
    assert found.version == anna.record.version == len(found.entries)
    views.close()


def test_a_retry_that_fails_says_why(trial: Trial, hand: Hand, empty: Views) -> None:
    trial.participant("BER-001").consents()
    damage(hand)
    by_hand(trial, empty)
    assert retry(trial.participants.ledger, trial.participants.desk, empty, "BER-001") == empty.parked()[0]


def test_a_rebuild_takes_parked_records_in_again(trial: Trial, tmp_path: Path) -> None:
    clumsy = Clumsy()
    views = Views(tmp_path / "views.db", (*EVERY_VIEW, clumsy), PROGRAM)
    feed = by_hand(trial, views)
    begin(trial, 1)
    feed.takes()
    assert views.parked()
    clumsy.mended = True
    rebuild(trial.participants.ledger, trial.participants.desk, views)
    assert views.parked() == ()
    assert {row[0] for row in rows(views)["clumsy"]} == {"BER-001"}
    views.close()


def test_an_entry_in_the_study_has_everybody_judged_again(trial: Trial, tmp_path: Path) -> None:
    views = Views(tmp_path / "views.db", (*EVERY_VIEW, Witness()), PROGRAM)
    feed = by_hand(trial, views)
    stories = [begin(trial, number) for number in (1, 2, 3)]
    feed.takes()
    before = trial.participants.study().record.version
    assert {study for _, study in rows(views)["witness"]} == {before}
    desk = trial.participants.desk
    desk.record((Ruled(ruling="local-steroid-injections", choice="outside"),), by_("administrator", trial.next_id()))
    stories[0].advances()
    feed.takes()
    assert rows(views)["witness"] == [(story.id, before + 1) for story in stories]
    views.close()


def test_a_batch_that_ends_within_a_command_is_told_as_far_as_it_goes(trial: Trial, empty: Views) -> None:
    feed = by_hand(trial, empty)
    trial.participant()
    assert [type(entry.event) for entry in trial.participants.read("BER-001").entries] == [Registered, ProtocolAdopted]
    feed.takes(1)
    assert empty.parked() == ()


def test_nobody_waits_longer_than_asked(trial: Trial, views: Views) -> None:
    head = trial.participants.ledger.head()
    assert views.reached(head, 30)
    assert not views.reached(head + 1, 0.05)


def test_whoever_waits_sees_what_was_recorded_before_also_through_another_door(trial: Trial, views: Views) -> None:
    elsewhere = views_at(views.path)
    for number in range(1, 20):
        trial.participant(f"BER-{number:03}")
        assert elsewhere.reached(trial.participants.ledger.head(), 30)
        assert isinstance(timeline(elsewhere, f"BER-{number:03}"), Timeline)
    elsewhere.close()


def test_views_that_nobody_has_built_say_so(empty: Views) -> None:
    with pytest.raises(Missing, match="have not been built yet"):
        worklist(empty, START)
    assert not empty.reached(1, 0.01)


def test_of_two_feeds_one_tells_and_the_other_takes_over(trial: Trial, empty: Views, tmp_path: Path) -> None:
    with fed(trial, empty):
        up_to_date(trial, empty)
        with fed(trial, views_at(empty.path)) as second:
            for number in range(1, 10):
                begin(trial, number)
            up_to_date(trial, second)
            token = token_of(second)
        begin(trial, 10)
        up_to_date(trial, empty)
    with fed(trial, empty):
        begin(trial, 11)
        up_to_date(trial, empty)
    assert token_of(empty) == token + 1
    second.close()
    assert rows(empty) == rows_built_again(trial.participants.ledger, trial.participants.desk, tmp_path / "again.db")


def token_of(views: Views) -> int:
    with views.reading() as connection:
        return int(connection.execute("SELECT token FROM mark").fetchone()[0])


def test_a_feed_whose_lease_another_has_taken_tells_nothing_more(trial: Trial, empty: Views) -> None:
    late, ledger = by_hand(trial, empty), trial.participants.ledger
    feed_of(trial, empty).begin(Claim(2, 0))
    trial.participant()
    with pytest.raises(LostLease):
        late.takes()
    with pytest.raises(LostLease):
        late.feed.begin(Claim(1, 0))
    assert timeline(empty, "BER-001") is None
    assert empty.position() < ledger.head()


def test_what_cannot_be_kept_is_a_fault_and_is_told_again(trial: Trial, empty: Views) -> None:
    feed = by_hand(trial, empty)
    trial.participant()
    with empty.writing() as connection:
        connection.execute("PRAGMA max_page_count = 1")  # It may not grow any more.
    for number in range(2, 200):
        trial.participant(f"BER-{number:03}")
    with pytest.raises(Fault, match="disk is full"):
        feed.takes()
    assert empty.parked() == ()
    feed.feed.begin(Claim(2, 0))
    with empty.writing() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    feed.takes()
    assert len(rows(empty)["timeline"]) == 199
    assert empty.parked() == ()


def test_a_feed_of_its_own_thread_stops_when_told_to(trial: Trial, empty: Views) -> None:
    follower = Feed(trial.participants.ledger, trial.participants.desk, empty).follower()
    thread = Thread(target=follower.run)
    thread.start()
    follower.stop()
    thread.join(10)
    assert not thread.is_alive()
