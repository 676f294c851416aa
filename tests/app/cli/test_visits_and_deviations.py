"""Visits and deviations as they are typed: booked, outside the window, with what they require; recorded, looked into, reviewed, counted."""

import pytest

from tests.app.at_the_desk import INVESTIGATOR, Desk
from tests.app.cli.test_answers import told

SIGNED = ("--sign", "I have read this")


@pytest.fixture
def late(desk: Desk) -> Desk:
    """Somebody in whose screening a visit took place after its window."""
    desk.consented()
    desk("screen", "BER-001", "2026-01-05")
    desk.clock.move(days=30)
    said = desk("visit", "BER-001", "screening", "2026-02-03", code=2).stderr
    assert "2026-02-03 lies outside the window of the visit screening, 2026-01-05 to 2026-02-02: give the reason" in said
    desk("visit", "BER-001", "screening", "2026-02-03", "--reason", "a strike of the railway")
    return desk


def test_a_visit_is_booked_and_the_worklist_and_the_timeline_show_it(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    assert "Visit screening booked for 2026-01-20 09:30+01:00." in desk("book", "BER-001", "screening", "2026-01-20 09:30").stdout
    told(desk)
    [row] = [row for row in desk.json("worklist") if row["name"] == "screening"]
    assert row["says"] == "From 2026-01-05 to 2026-02-02, best on 2026-01-05. Booked for 2026-01-20 09:30+01:00."
    assert row["category"] == "soon", "it is for the day of the appointment"
    assert "booked for 2026-01-20 09:30+01:00" in desk("timeline", "BER-001").stdout
    desk("retract", "BER-001", "5", "--reason", "the participant cannot come")
    told(desk)
    assert "booked for" not in desk("timeline", "BER-001").stdout.partition("Visits")[2]


def test_a_booking_outside_the_window_says_so_on_the_worklist(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk("book", "BER-001", "screening", "2026-02-10")
    told(desk)
    [row] = [row for row in desk.json("worklist") if row["name"] == "screening"]
    assert row["says"].endswith("Booked for 2026-02-10, outside the window.")


def test_what_is_awaited_is_told_by_agenda_and_timeline(desk: Desk) -> None:
    desk.consented()
    told(desk)
    awaited = {group["anchor"]: group["visits"] for group in desk.json("timeline", "BER-001")["awaiting"]}
    assert awaited["leukapheresis"] == ["collection"]
    assert "Awaiting the collection of cells: collection." in desk("agenda", "BER-001").stdout
    assert "the infusion" in desk("timeline", "BER-001").stdout


def test_an_unscheduled_visit_is_recorded(desk: Desk) -> None:
    desk.consented()
    said = desk("unscheduled-visit", "BER-001", "now", "--why", "a fever at home").stdout
    assert "Unscheduled visit on 2026-01-05 09:00+01:00: a fever at home." in said


def test_an_assessment_that_a_visit_does_not_require_is_refused(desk: Desk) -> None:
    desk.consented()
    said = desk("assessment", "BER-001", "month-3", "late-effects", "now", code=2).stderr
    assert "the visit month-3 requires no late-effects; it requires: disease-activity" in said
    assert "record what was found" in desk("assessment", "BER-001", "month-3", "disease-activity", "now", code=2).stderr
    assert "Assessment late-effects of the visit month-6 done" in desk("assessment", "BER-001", "month-6", "late-effects", "now").stdout


def test_a_deviation_is_looked_into_reviewed_and_leaves_the_worklist(late: Desk) -> None:
    key = "visit:screening:window"
    told(late)
    assert [row["title"] for row in late.json("worklist") if row["category"] == "to review"] == ["Deviation"]
    assert [row["key"] for row in late.json("deviations")["deviations"]] == [key]
    late("deviation", "describe", "BER-001", key, "--cause", "a strike", "--important", "--discovered", "2026-02-04")
    said = late("deviation", "describe", "BER-001", key, "--to-sponsor", "2026-02-04").stdout
    found = "important; discovered: 2026-02-04; cause: a strike; reported to the sponsor: 2026-02-04"
    assert f"Deviation (visit screening window): {found}." in said
    told(late)
    as_read = "--entry", str(late.json("deviations")["deviations"][0]["told_in"])
    assert as_read[1] in late("deviations").stdout
    assert "only an investigator reviews a deviation" in late("deviation", "review", "BER-001", key, *as_read, *SIGNED, code=2).stderr
    late("deviation", "review", "BER-001", key, *as_read, *SIGNED, who=INVESTIGATOR)
    told(late)
    assert not [row for row in late.json("worklist") if row["category"] == "to review"]
    [one] = late.json("deviations")["deviations"]
    assert (one["category"], one["important"], one["reviewed"], one["details"]["cause"]) == ("late", True, True, "a strike")


def test_a_deviation_of_which_something_was_said_since_it_was_read_is_read_again_before_it_is_reviewed(late: Desk) -> None:
    key = "visit:screening:window"
    told(late)
    read = late.json("deviations")["deviations"][0]["told_in"]
    late("deviation", "describe", "BER-001", key, "--cause", "a strike")
    review = ("deviation", "review", "BER-001", key, *SIGNED)
    assert "read it again" in late(*review, "--entry", str(read), who=INVESTIGATOR, code=2).stderr
    told(late)
    assert late.json("deviations")["deviations"][0]["told_in"] == read + 1
    assert "reviewed" in late(*review, "--entry", str(read + 1), who=INVESTIGATOR).stdout


def test_deviations_are_listed_and_counted_by_site_and_category(late: Desk) -> None:
    told(late)
    assert late.json("deviations", "--site", "SAO") == {"deviations": [], "counts": []}
    assert late("deviations", "--site", "SAO").stdout == "No deviation stands.\n"
    assert "there is no site NIX" in late("deviations", "--site", "NIX", code=2).stderr
    late("deviation", "record", "BER-001", "a form was lost", "--category", "procedure", "--occurred", "2026-02-01", "--important")
    told(late)
    assert late.json("deviations")["counts"] == [
        {"site": "BER", "category": "late", "standing": 1, "important": 0, "proposed": 0, "reviewed": 0},
        {"site": "BER", "category": "procedure", "standing": 1, "important": 1, "proposed": 0, "reviewed": 0},
    ]
    said = late("deviations", "--site", "BER").stdout
    assert "a form was lost" in said
    assert "procedure, important" in said
    assert "final, to review" in said


def test_a_deviation_that_was_recorded_by_mistake_is_taken_back(late: Desk) -> None:
    recorded = late.json("deviation", "record", "BER-001", "a form was lost", "--category", "procedure")["events"]
    key = recorded[0]["key"]
    assert "to take a deviation back needs a reason" in late("deviation", "void", "BER-001", key, code=2).stderr
    late("deviation", "void", "BER-001", key, "--reason", "it was found")
    assert "no deviation visit:day-7:window stands" in late("deviation", "void", "BER-001", "visit:day-7:window", code=2).stderr
    told(late)
    assert [one["key"] for one in late.json("deviations")["deviations"]] == ["visit:screening:window"]
