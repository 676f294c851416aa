import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread, Timer
from uuid import NAMESPACE_OID

import pytest

from app.settings import Settings
from app.wiring import Daybook, opened
from domain import commands as c
from domain.entry import Signature
from domain.signatures import to_sign
from tests.app.at_the_desk import INVESTIGATOR, Desk
from tests.builders import Story, Trial, by_, go


def test_the_worklist_says_what_to_do_under_its_categories(desk: Desk) -> None:
    desk.eligible("SAO-001")
    desk.planned()
    desk.journey_acts("BER-001")
    told(desk)
    said = desk("worklist").stdout
    assert "Due: from today on" in said
    row = next(line for line in said.splitlines() if line.startswith("BER-001"))
    assert row.startswith(
        "BER-001      Collection of cells  cleared  begins 2026-01-19 10:00+01:00, in 1 hour  wait  Leave for leukapheresis"
    )


def test_the_worklist_of_one_site_leaves_out_the_others(desk: Desk) -> None:
    desk.planned("BER-001")
    desk.planned("SAO-001")
    told(desk)
    assert {row["participant"] for row in desk.json("worklist", "--site", "SAO")} == {"SAO-001"}
    assert {row["participant"] for row in desk.json("worklist")} == {"BER-001", "SAO-001"}


def test_the_worklist_of_another_day_is_reckoned_on_the_clocks_of_the_site(desk: Desk) -> None:
    desk.eligible()
    desk("plan", "BER-001", "leukapheresis", "2026-02-20", "2026-02-21")
    told(desk)
    assert [row["kind"] for row in desk.json("worklist", "--site", "BER", "--at", "2026-02-22")] == ["step"]
    assert desk.json("worklist", "--site", "BER", "--at", "2026-02-22")[0]["category"] == "overdue"


def test_an_empty_worklist_says_so(desk: Desk) -> None:
    told(desk)
    assert desk("worklist").stdout == "Nothing is to be done.\n"


def test_answers_before_the_views_were_built_say_what_to_do(desk: Desk) -> None:
    assert "The views have not been built yet" in desk("worklist", code=3).stderr


@pytest.mark.slow
def test_answers_that_are_behind_say_so(desk: Desk) -> None:
    told(desk)
    desk.consented()
    assert "These answers are 3 entries behind the ledger" in desk("worklist").stderr


def test_the_timeline_shows_what_stands_with_windows_and_study_days(desk: Desk) -> None:
    desk.collected()
    told(desk)
    said = desk("timeline", "BER-001").stdout
    assert said.startswith("BER-001, site BER, protocol version 1; times in Europe/Berlin.")
    assert "Leukapheresis started on 2026-01-12 11:00+01:00." in said
    assert "Visits" in said
    assert "collection  2026-01-12" in said


def test_the_timeline_shows_what_was_corrected_and_what_it_said(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk("correct", "BER-001", "4", "at=2026-01-05", "--reason", "the hour is not known")
    told(desk)
    said = desk.json("timeline", "BER-001")["entries"][3]
    assert (said["amended_by"], said["occurred"]) == (5, "2026-01-05")
    assert "[corrected by entry 5; it said: Screening started on 2026-01-05 09:00+01:00.]" in unwrapped(desk("timeline", "BER-001").stdout)


def test_the_history_shows_both_clocks_who_why_and_the_proof(desk: Desk) -> None:
    desk.consented()
    desk.clock.move(days=1)
    desk("screen", "BER-001", "2026-01-05 10:00", "--reason", "late entry", "--document", "ward book")
    desk("retract", "BER-001", "4", "--reason", "wrong chart")
    said = unwrapped(desk("history", "BER-001").stdout)
    for part in (
        "2026-01-05 10:00+01:00",
        "2026-01-06 09:00+01:00",
        "coordinator m-weber, cli",
        "(reason: late entry) (document: ward book) [taken back by entry 5]",
        desk.entries()[3].digest[:12],
    ):
        assert part in said


@pytest.mark.clause("21 CFR 11", "11.50")
def test_the_history_shows_who_signed_whether_they_proved_it_and_whether_it_stands(desk: Desk) -> None:
    desk.planned()
    with desk.ledger() as ledger:
        story = Story(Trial(desk.clock, ledger), "BER-001")
        said, by = c.Report(fact=go(story.at())), by_("investigator", NAMESPACE_OID)
        signed = Signature(meaning="I agree", signed=to_sign(story.id, said, by), authenticated=True, name="K. Adler")
        story.trial.participants.handle(story.id, said, by.model_copy(update={"signature": signed}))
    attested = [number for number, kind in enumerate(desk.kinds(), 1) if kind == "attested"][-2]
    desk("retract", "BER-001", str(attested), "--reason", "of another", "--sign", "It was not this one", who=INVESTIGATOR)
    last = desk.kinds().index("entry-retracted") + 1
    shown, told_to_programs = unwrapped(desk("history", "BER-001").stdout), desk.json("history", "BER-001")["signatures"]
    assert "(signed by K. Adler: I agree)" in shown
    taken_back = f"superseded by entry {last}: entry {attested}, which was signed, was taken back"
    assert f"(signed by dr-ito, not authenticated: Nothing speaks against it; {taken_back})" in shown
    assert {one["first"]: one["superseded"] and one["superseded"]["entry"] for one in told_to_programs}[attested] == last
    assert {one["binds"] for one in told_to_programs} == {True}


def test_what_the_journey_recorded_was_recorded_by_the_journey(desk: Desk) -> None:
    desk.planned()
    desk.journey_acts("BER-001")
    told(desk)
    for answer in ("history", "timeline"):
        said = desk(answer, "BER-001").stdout
        assert "the journey" in said
        assert "journey journey" not in said


def test_the_gate_names_the_entries_that_a_verdict_rests_on(desk: Desk) -> None:
    desk.planned()
    said = desk("gate", "BER-001", "leukapheresis").stdout
    confirmed = desk.kinds().index("eligibility-confirmed") + 1
    assert f"the investigator has confirmed eligibility (entries 3, {confirmed})" in said
    assert f"covers the 7 days before (entry {confirmed + 2})" in said


def test_the_agenda_shows_what_falls_due_and_how_far_away_it_is(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    said = desk("agenda", "BER-001").stdout
    assert "2026-02-03 00:00+01:00  in 29 days" in said
    assert "The window of the visit screening has closed" in said
    assert desk.json("agenda", "BER-001")["agenda"]["finished"] is False


def test_an_agenda_of_nothing_says_so(desk: Desk) -> None:
    desk("register", "BER-001", "BER")
    assert desk("agenda", "BER-001").stdout.splitlines()[:2] == ["Nothing falls due.", "Awaiting the start of screening: screening."]


def test_the_gate_shows_every_rule_with_its_verdict_why_until_when_and_whether_it_is_assumed(desk: Desk) -> None:
    desk.planned()
    said = desk("gate", "BER-001", "leukapheresis").stdout
    assert "as judged for 2026-01-12 10:00+01:00, in 1 hour:" in said
    assumed = [line.split("  ")[0] for line in said.splitlines() if "an assumption" in line]
    assert assumed == ["consent-and-eligibility", "E24a", "E25", "no-infection", "go"]
    assert "On record: no verdict yet; the journey gives one." in said
    assert "Judged now: Leave given for leukapheresis, from" in said
    desk.journey_acts("BER-001")
    assert "Judged now: the same." in desk("gate", "BER-001", "leukapheresis").stdout


def test_the_gate_can_be_asked_for_another_time_and_as_json(desk: Desk) -> None:
    desk.planned()
    asked = desk.json("gate", "BER-001", "leukapheresis", "--at", "2026-01-20 10:00")
    assert asked["judged_for"] == "2026-01-20T09:00:00Z"
    assert {rule["rule"]: rule["outcome"] for rule in asked["rules"]}["E24a"] == "not yet known"
    assert "nothing gives leave for it" in desk("gate", "BER-001", "infusion").stdout


def test_everything_is_read_and_proved(desk: Desk) -> None:
    desk.consented()
    assert desk("verify").stdout.startswith(f"{len(desk.entries()) + 11} entries proved in 2 streams, nothing altered. No head")


def test_the_status_names_what_somebody_should_look_at(desk: Desk) -> None:
    desk.consented()
    said = desk("status", code=3).stdout
    assert "nothing altered." in said
    assert "not built yet; is `daybook project` running?" in said
    assert "No Temporal server answers at 127.0.0.1:9." in said
    told(desk)
    found = desk.json("status", code=3)
    assert (found["feed_lag"], found["parked"], found["temporal_answers"], found["journeys_behind"]) == (0, [], False, None)


@pytest.mark.slow
def test_views_that_stay_behind_are_trouble_and_views_that_are_about_to_catch_up_are_not(desk: Desk) -> None:
    told(desk)
    desk.consented()
    assert desk.json("status", code=3)["feed_lag"] == 3
    assert "3 entries behind the record" in desk("status", code=3).stdout
    with closing(sqlite3.connect(desk.folder / "views.sqlite", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        Timer(0.5, other.rollback).start()
        with feeding(desk):
            assert desk.json("status", code=3)["feed_lag"] == 0


def unwrapped(text: str) -> str:
    """What the cells of a table say, whatever its columns cut."""
    return " ".join(text.split())


def told(desk: Desk) -> None:
    """The views tell everything that is on record."""
    with feeding(desk) as daybook:
        assert daybook.views.reached(daybook.ledger.head(), within_seconds=30)


@contextmanager
def feeding(desk: Desk) -> Iterator[Daybook]:
    """A feed runs beside the desk."""
    with opened(Settings(folder=desk.folder), desk.clock) as daybook:
        feed = daybook.feed()
        thread = Thread(target=feed.run)
        thread.start()
        try:
            yield daybook
        finally:
            feed.stop()
            thread.join()
