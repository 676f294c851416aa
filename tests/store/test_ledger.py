"""Facts go in once, in order, and are never rubbed out: on every database alike."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from domain.entry import Draft
from domain.study import StudyOpened
from store.errors import CommandReused, Fault, LostRace
from store.ledger import Ledger
from store.orders import Appended
from tests.builders import START, Clock
from tests.store.given import ANNA, BORIS, STUDY, Hand, append, by, dose, lost, opened, registered


def test_what_was_appended_is_read_as_it_was(ledger: Ledger) -> None:
    drafts = [registered(), dose(), lost()]
    append(ledger, ANNA, *drafts)
    entries = ledger.read(ANNA)
    assert [entry.event for entry in entries] == [draft.event for draft in drafts]
    assert [entry.circumstances for entry in entries] == [draft.circumstances for draft in drafts]
    assert [entry.study_version for entry in entries] == [0, 3, 0]
    assert [(entry.stream, entry.version, entry.position) for entry in entries] == [(ANNA, 1, 1), (ANNA, 2, 2), (ANNA, 3, 3)]
    assert {entry.recorded_at for entry in entries} == {START}


@pytest.mark.parametrize("words", ["nul \x00 inside", 'quote " and \\ backslash', "line\u2028end", "ΔΩ 😀", "\\u0000", "' OR 1=1 --"])
def test_words_of_any_kind_come_back_as_they_were(ledger: Ledger, words: str) -> None:
    draft = dose(by().model_copy(update={"reason": words}))
    append(ledger, ANNA, draft)
    assert ledger.read(ANNA)[0].circumstances == draft.circumstances


def test_a_ledger_that_many_open_for_the_first_time_at_once_is_created_once(shared: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        ledgers = list(pool.map(opened, [shared] * 6))
    for number, one in enumerate(ledgers, 1):
        assert append(one, ANNA).position == number
        one.close()


def test_a_ledger_that_is_opened_again_holds_what_it_held(shared: str, ledger: Ledger) -> None:
    append(ledger, ANNA, registered(), dose())
    again = opened(shared)
    assert again.read(ANNA) == ledger.read(ANNA)
    again.close()


def test_an_unknown_stream_is_empty(ledger: Ledger) -> None:
    assert ledger.read(ANNA) == ()
    assert ledger.version_of(ANNA) == 0
    assert ledger.head() == 0
    assert ledger.after(0, 10) == []


def test_positions_are_gapless_across_streams(ledger: Ledger) -> None:
    for stream in (ANNA, BORIS, ANNA, STUDY, BORIS):
        append(ledger, stream, dose(), dose())
    entries = ledger.after(0, 100)
    assert [entry.position for entry in entries] == list(range(1, 11))
    assert [entry.stream for entry in entries] == [s for s in (ANNA, BORIS, ANNA, STUDY, BORIS) for _ in range(2)]
    assert ledger.after(4, 3) == entries[4:7]
    assert ledger.head() == 10


def test_a_refused_append_uses_up_no_position(ledger: Ledger) -> None:
    append(ledger, ANNA)
    with pytest.raises(LostRace):
        ledger.append({ANNA: [dose()]}, expect={ANNA: 0}, command_digest="a")
    append(ledger, BORIS)
    assert [entry.position for entry in ledger.after(0, 10)] == [1, 2]


def test_streams_are_listed_by_their_prefix(ledger: Ledger) -> None:
    for stream in (BORIS, STUDY, ANNA):
        append(ledger, stream)
    assert ledger.streams("participant:") == [ANNA, BORIS]
    assert ledger.streams("") == [ANNA, BORIS, STUDY]


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_whoever_expects_another_version_has_lost_the_race(ledger: Ledger, expected: int) -> None:
    append(ledger, ANNA, registered(), dose())
    with pytest.raises(LostRace) as race:
        ledger.append({ANNA: [lost()]}, expect={ANNA: expected}, command_digest="a")
    assert (race.value.stream, race.value.expected, race.value.found) == (ANNA, expected, 2)
    assert ledger.version_of(ANNA) == 2


def test_a_stream_that_was_only_looked_at_must_not_have_grown(ledger: Ledger) -> None:
    append(ledger, STUDY)
    ledger.append({ANNA: [dose()]}, expect={ANNA: 0, STUDY: 1}, command_digest="a")
    append(ledger, STUDY)
    with pytest.raises(LostRace) as race:
        ledger.append({ANNA: [dose()]}, expect={ANNA: 1, STUDY: 1}, command_digest="a")
    assert (race.value.stream, race.value.found) == (STUDY, 2)


def test_another_process_that_appended_first_wins(shared: str, ledger: Ledger) -> None:
    other = opened(shared)
    append(ledger, ANNA)
    append(other, ANNA)
    with pytest.raises(LostRace):
        ledger.append({ANNA: [dose()]}, expect={ANNA: 1}, command_digest="a")
    assert append(ledger, ANNA).last == 3
    other.close()


def test_of_writers_who_expect_the_same_exactly_one_wins(ledger: Ledger) -> None:
    append(ledger, ANNA)
    barrier = Barrier(8)

    def race(_: int) -> bool:
        barrier.wait()
        try:
            ledger.append({ANNA: [dose()]}, expect={ANNA: 1}, command_digest="a")
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1
    assert [entry.version for entry in ledger.read(ANNA)] == [1, 2]


def test_many_writers_leave_every_stream_whole(ledger: Ledger) -> None:
    def write(number: int) -> None:
        for _ in range(10):
            append(ledger, f"participant:BER-{number:03d}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert [entry.position for entry in ledger.after(0, 1000)] == list(range(1, 81))
    for number in range(8):
        assert [entry.version for entry in ledger.read(f"participant:BER-{number:03d}")] == list(range(1, 11))


def test_several_streams_are_appended_at_once_or_not_at_all(ledger: Ledger) -> None:
    append(ledger, BORIS)
    together = by()
    drafts = {STUDY: [dose(together)], ANNA: [registered(together), dose(together)], BORIS: [lost(together)]}
    with pytest.raises(LostRace):
        ledger.append(drafts, expect={STUDY: 0, ANNA: 0, BORIS: 0}, command_digest="a")
    assert ledger.head() == 1
    appended = ledger.append(drafts, expect={STUDY: 0, ANNA: 0, BORIS: 1}, command_digest="a")
    assert appended == Appended("anna", together.command_id, "a", ANNA, 1, 2, 5)
    assert [entry.stream for entry in ledger.after(1, 10)] == [STUDY, ANNA, ANNA, BORIS]


def test_a_command_is_remembered_with_what_it_appended(ledger: Ledger) -> None:
    command = by()
    append(ledger, ANNA)
    appended = append(ledger, ANNA, registered(command), dose(command), digest="d")
    assert ledger.outcome("anna", command.command_id) == appended == Appended("anna", command.command_id, "d", ANNA, 2, 3, 3)
    assert ledger.outcome("anna", uuid4()) is None
    assert ledger.outcome("boris", command.command_id) is None


def test_the_same_command_again_has_the_same_outcome_whatever_it_expects(ledger: Ledger) -> None:
    command = by()
    first = append(ledger, ANNA, dose(command))
    append(ledger, ANNA)
    for expected in (0, 1, 2):
        assert ledger.append({ANNA: [dose(command)]}, expect={ANNA: expected}, command_digest="a") == first
    assert ledger.version_of(ANNA) == 2


@pytest.mark.parametrize("expected", [0, 1])
def test_the_id_of_a_command_is_refused_for_another_one(ledger: Ledger, expected: int) -> None:
    command = by()
    append(ledger, ANNA, dose(command))
    with pytest.raises(CommandReused):
        ledger.append({ANNA: [dose(command)]}, expect={ANNA: expected}, command_digest="b")
    assert ledger.version_of(ANNA) == 1


def test_two_actors_may_use_the_same_command_id(ledger: Ledger) -> None:
    same = uuid4()
    append(ledger, ANNA, dose(by(same, "anna")))
    assert append(ledger, ANNA, dose(by(same, "boris")), digest="b").last == 2


def test_a_command_sent_by_eight_threads_at_once_is_recorded_once(ledger: Ledger) -> None:
    for round_ in range(10):
        barrier = Barrier(8)

        def send(command: Draft, barrier: Barrier = barrier, version: int = round_) -> Appended:
            barrier.wait()
            return ledger.append({ANNA: [command]}, expect={ANNA: version}, command_digest="a")

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(send, [dose()] * 8))) == 1
        assert ledger.version_of(ANNA) == round_ + 1


def test_an_entry_is_never_recorded_before_the_one_it_follows(ledger: Ledger, clock: Clock) -> None:
    append(ledger, ANNA)
    clock.instant = START - timedelta(hours=1)
    append(ledger, ANNA)
    append(ledger, BORIS)
    clock.instant = START + timedelta(hours=1)
    append(ledger, ANNA)
    assert [entry.recorded_at - START for entry in ledger.read(ANNA)] == [timedelta(0), timedelta(0), timedelta(hours=1)]
    assert ledger.read(BORIS)[0].recorded_at == START - timedelta(hours=1)


def test_a_clock_that_steps_back_is_noticed_after_a_restart_too(shared: str, ledger: Ledger) -> None:
    append(ledger, ANNA)
    again = opened(shared, Clock(START - timedelta(days=1)))
    append(again, ANNA)
    assert {entry.recorded_at for entry in again.read(ANNA)} == {START}
    again.close()


def test_events_of_the_study_share_the_ledger(ledger: Ledger) -> None:
    opening = StudyOpened(study="demo", demonstration=True)
    append(ledger, STUDY, Draft(event=opening, circumstances=by()))
    assert ledger.read(STUDY)[0].event == opening


@pytest.mark.clause("21 CFR 11", "11.10(e)")
@pytest.mark.clause("FDA Q&A 2024", "audit trails")
@pytest.mark.clause("EMA 2023", "audit trail")
@pytest.mark.clause("EU Annex 11", "9")
@pytest.mark.parametrize("change", ["UPDATE {} SET stream = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["entries", "commands", "appended"])
def test_the_database_itself_refuses_to_change_what_is_recorded(ledger: Ledger, hand: Hand, change: str, table: str) -> None:
    append(ledger, ANNA)
    with pytest.raises(Exception, match="what is recorded is never changed"):
        hand(change.format(table))
    assert ledger.version_of(ANNA) == 1


@pytest.mark.places("memory", "sqlite")
@pytest.mark.parametrize("table", ["entries", "commands", "appended", "heads"])
def test_no_row_takes_the_place_of_another(ledger: Ledger, hand: Hand, table: str) -> None:
    append(ledger, ANNA)
    ledger.recorder.add_head(1, "a head", {})
    before = hand(f"SELECT * FROM {table}")
    with pytest.raises(sqlite3.IntegrityError, match="what is recorded is never changed"):
        hand(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert hand(f"SELECT * FROM {table}") == before


def test_an_append_of_nothing_is_a_mistake(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="has drafts for each of its streams"):
        ledger.append({ANNA: []}, expect={ANNA: 0}, command_digest="a")
    with pytest.raises(ValueError, match="what it expects of each"):
        ledger.append({ANNA: [dose()]}, expect={}, command_digest="a")


def test_an_address_of_no_known_kind_is_named() -> None:
    with pytest.raises(Fault, match="'mysql://x' is no address of a ledger"):
        opened("mysql://x")
