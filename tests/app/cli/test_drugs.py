"""Drugs that the reference does not list: recorded all the same, queued for the medical monitor, and classified for the whole study."""

import pytest

from tests.app.at_the_desk import Desk
from tests.app.cli.test_judging import part

MONITOR = "medical-monitor:dr-okafor"
NEWUMAB = ("medication", "BER-001", "newumab", "100", "2025-10-01", "--route", "intravenous", "--for", "lupus", "--class-unknown")
CLASSIFY = ("study", "classify", "newumab", "--class", "biologic", "--class", "b-cell-targeted", "--reason", "an antibody against CD19")


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    """A participant in screening with a drug and a vaccine that nobody could classify."""
    desk.consented()
    desk.clock.move(minutes=30)
    desk("screen", "BER-001", "now")
    desk(*NEWUMAB)
    desk("vaccine", "BER-001", "newvax", "2025-12-22", "--class-unknown")
    return desk


def test_the_queue_names_each_drug_since_when_for_how_many_and_of_what_it_stands_in_the_way(waiting: Desk) -> None:
    drug, vaccine = waiting.json("study", "drugs")["unclassified"]
    assert (drug["drug"], drug["since"], drug["participants"]) == ("newumab", "2026-01-05T08:30:00Z", ["BER-001"])
    assert "E21" in drug["in_the_way_of"]["BER-001"]
    assert "E19a" in vaccine["in_the_way_of"]["BER-001"]
    said = waiting("study", "drugs").stdout
    assert "newumab  2026-01-05 09:30+01:00  1" in said
    assert "E21" in said


def test_nothing_waits_where_every_drug_is_known(desk: Desk) -> None:
    desk.consented()
    desk("medication", "BER-001", "prednisone", "5", "2025-10-01", "--route", "oral", "--for", "lupus")
    assert desk("study", "drugs").stdout == "No drug waits to be classified.\n"


def test_what_the_medical_monitor_classifies_leaves_the_queue_and_counts_at_once(waiting: Desk) -> None:
    assert part(waiting.json("judge", "BER-001"), "E21")["verdict"] == "not yet known"
    waiting.clock.move(minutes=5)
    said = waiting(*CLASSIFY, who=MONITOR).stdout
    assert "Recorded for the study cd19-cart-sle: newumab classified: biologic, b-cell-targeted." in said
    assert [one["drug"] for one in waiting.json("study", "drugs")["unclassified"]] == ["newvax"]
    assert part(waiting.json("judge", "BER-001"), "E21")["verdict"] == "fails"
    assert part(waiting.json("judge", "BER-001", "--as-known-at", "2026-01-05 09:34"), "E21")["verdict"] == "not yet known"
    waiting("study", "classify", "newvax", "--outside-every-class", "--reason", "a sugar", who=MONITOR)
    shown = waiting("study", "show").stdout
    assert "Drug newumab: biologic, b-cell-targeted" in shown
    assert "Drug newvax: outside every class" in shown


def test_a_drug_is_classified_in_some_classes_or_outside_every_class(waiting: Desk) -> None:
    for typed in ((), ("--class", "biologic", "--outside-every-class")):
        said = waiting("study", "classify", "newumab", *typed, "--reason", "its label", code=2, who=MONITOR).stderr
        assert "give either --class, once for each class, or --outside-every-class" in said


@pytest.mark.parametrize(
    ("typed", "who", "says"),
    [
        (CLASSIFY, "administrator:root", "only the medical monitor says of which classes a drug is"),
        (CLASSIFY[:-2], MONITOR, "to classify a drug needs a reason"),
        ((*CLASSIFY, "--class", "homeopathic"), MONITOR, "there is no class of drugs homeopathic; these are: glucocorticoid"),
        (("study", "classify", "prednisone", *CLASSIFY[3:]), MONITOR, "the classes of prednisone are those of the drug reference"),
        (
            ("study", "rule", "local-steroid-injections", "outside"),
            MONITOR,
            "only an administrator records what is decided about the study",
        ),
    ],
)
def test_what_cannot_be_classified_is_refused_in_a_sentence(waiting: Desk, typed: tuple[str, ...], who: str, says: str) -> None:
    before = waiting.json("study", "show")
    assert says in waiting(*typed, code=2, who=who).stderr
    assert waiting.json("study", "show") == before


def test_a_drug_that_is_left_open_says_so_in_the_history(waiting: Desk) -> None:
    said = " ".join(waiting("history", "BER-001").stdout.split())
    assert "(its class left to the medical monitor)" in said
