"""The pages of `docs/` that are made from the files of the study say what these say, all of it, and today."""

import re
from datetime import date
from pathlib import Path

import pytest

from app.documents import readings, reference_values
from domain.protocol import Approval, Protocol
from domain.reference import Reference
from store.studies import SHIPPED, protocol_in, reference_in
from tests.app.at_the_desk import Desk

DOCS = Path(__file__).parents[2] / "docs"
PROTOCOL: Protocol = protocol_in(SHIPPED / "cd19-cart-sle/v1.toml").protocol
REFERENCE: Reference = reference_in(SHIPPED / "reference/drugs.v1.toml").reference


@pytest.mark.parametrize(("page", "today"), [("readings.md", readings(PROTOCOL)), ("reference-values.md", reference_values(REFERENCE))])
def test_the_pages_that_are_kept_say_what_the_files_say_today(page: str, today: str) -> None:
    assert (DOCS / page).read_text().rstrip() == today.rstrip(), f"docs/{page} is behind the file that it is made from: run `make docs`."


@pytest.mark.parametrize(
    ("typed", "page"),
    [(("protocol", "readings", "cd19-cart-sle@1"), readings(PROTOCOL)), (("reference", "values", "1"), reference_values(REFERENCE))],
    ids=["readings", "values"],
)
def test_the_command_line_prints_the_page_line_by_line(empty_desk: Desk, typed: tuple[str, ...], page: str) -> None:
    assert empty_desk(*typed).stdout.rstrip() == page.rstrip()
    assert not empty_desk.folder.exists()


def test_every_reading_is_there_with_its_reason_and_with_what_rests_on_it() -> None:
    page = readings(PROTOCOL)
    assert re.findall(r"^### (.*)$", page, re.MULTILINE) == [*PROTOCOL.rulings, *PROTOCOL.interpretations]
    assert all(one.reads in page and f"*Why:* {one.because}" in page for one in PROTOCOL.interpretations.values())
    assert "Used by: ." not in page
    assert "Asked by: ." not in page


@pytest.mark.parametrize(
    ("name", "used_by"),
    [
        ("body-weight", "I3"),
        ("infusion-start", "E24b, E24b at infusion"),
        ("longest-slot", "the setting `longest_slot`"),
        ("toxicity-checks", "Daily toxicity check, day 1, "),
    ],
)
def test_a_reading_names_parts_rules_visits_and_settings(name: str, used_by: str) -> None:
    said = readings(PROTOCOL).partition(f"### {name}\n")[2].partition("###")[0]
    assert re.search(rf"^\*Proposed\.\* Used by: .*{re.escape(used_by)}", said, re.MULTILINE)


def test_a_reading_that_somebody_approved_says_who_and_when_and_is_not_counted_as_proposed() -> None:
    approval = Approval(role="chief investigator", on=date(2026, 2, 1), signature="on paper")
    approved = {"body-weight": PROTOCOL.interpretations["body-weight"].model_copy(update={"approved": approval})}
    page = readings(PROTOCOL.model_copy(update={"interpretations": PROTOCOL.interpretations | approved}))
    assert "*Approved by chief investigator on 2026-02-01 (on paper).* Used by: I3." in page
    count = len(PROTOCOL.interpretations)
    assert f"{count} readings, {count - 1} of them only proposed" in page
    assert f"{count} readings, {count} of them only proposed" in readings(PROTOCOL)


def test_a_ruling_names_its_choices_and_whatever_waits_for_it() -> None:
    said = readings(PROTOCOL).partition("### local-steroid-injections\n")[2].partition("###")[0]
    assert "- **outside**: Into a joint not at all; a depot on the date of the injection." in said
    assert "Asked by: E2c, E24a at leukapheresis, E24b at infusion." in said


def test_every_drug_is_there_with_every_value_and_whether_its_source_was_read() -> None:
    page = reference_values(REFERENCE)
    named = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")]
    for name, drug in REFERENCE.drugs.items():
        times = 1 + (drug.steroid is not None) + (drug.half_life is not None or drug.washout is not None)
        assert (name, named.count(name)) == (name, times)
    for line in (
        "| dexamethasone | 0.6 to 0.75 mg | read | GlobalRPh's table gives 0.75 mg, another stored table 0.6 mg; both read. |",
        "| deflazacort | 6 mg | from memory | Equivalence and ATC code are from memory; no source has been read. |",
        "| baricitinib | 5.7 to 12.5 h | Healthy Chinese adults for the lower end; adults with rheumatoid",
        "| vaccine-varicella | live-vaccine | ",
    ):
        assert line.removesuffix(" |") in page
