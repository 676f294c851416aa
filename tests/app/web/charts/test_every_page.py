"""Every page of a chart answers, to those who may see it alone, and shows whatever was typed as text."""

import re

import pytest

from app.web.recording import questions
from tests.app.web.at_the_door import Desk

PAGES = (
    "steps/leukapheresis",
    "steps/lymphodepletion",
    "steps/infusion",
    "visits/screening",
    "eligibility",
    "screening",
    "consent",
    "medications",
    "reviews",
    "safety",
    "deviations",
    "history",
    "history?at=5",
    "entries/3",
    "record",
)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("person", ["m-weber", "k-adler", "p-lind", "s-novak"])
def test_every_page_answers_whoever_may_see_the_participant_and_is_light(person: str, desk: Desk) -> None:
    desk.seats(person)
    for page in PAGES:
        shown = desk.sees(f"/participants/BER-001/{page}")
        assert "BER-001" in shown
        assert len(shown.encode()) <= 150_000


def test_a_participant_of_another_site_is_nobody_on_every_page(desk: Desk) -> None:
    for page in PAGES:
        there = desk.sees(f"/participants/SAO-001/{page}", 404)
        nowhere = desk.sees(f"/participants/SAO-999/{page}", 404)
        assert there.replace("SAO-001", "SAO-999") == nowhere


def test_what_there_is_not_is_said_not_to_be(desk: Desk) -> None:
    for path in ("visits/no-such-visit", "entries/999", "entries/1", "history?at=999", "record/no.such-form"):
        desk.sees(f"/participants/BER-001/{path}", 404)


def test_every_form_shows_hostile_text_as_text_and_keeps_what_was_typed(desk: Desk) -> None:
    desk.seats("k-adler")
    for name in questions():
        path = f"/participants/BER-001/record/{name}"
        shown = desk.form(path, name)
        fields = [key for key in shown.typed if key not in {"csrf", "sheet", "command_id", "seen", "password", "meaning"}]
        answer = desk.sends(path, name, dict.fromkeys(fields, HOSTILE), shown=shown)
        assert answer.status_code in {303, 409, 422}, f"{name}: {answer.text}"
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        if answer.status_code != 303:
            assert "&lt;script&gt;alert" in answer.text, f"{name}: {answer.text[1500:4000]}"


def test_no_form_speaks_of_the_command_line(desk: Desk) -> None:
    desk.seats("k-adler")
    for name in questions():
        shown = re.sub(r'value="[^"]*"', "", desk.sees(f"/participants/BER-001/record/{name}"))
        assert re.findall(r"--[a-z]+|`daybook[^`]*`", shown) == [], name


def test_a_form_that_is_not_on_the_page_is_refused(desk: Desk) -> None:
    shown = desk.form("/participants/BER-001/steps/infusion", "plan")
    answer = desk.sends("/participants/BER-001/steps/infusion", "plan", {"sheet": "no-such-form"}, shown=shown)
    assert answer.status_code == 404


def test_a_form_is_not_shown_to_whoever_may_not_send_it_and_refused_if_they_do(desk: Desk) -> None:
    path = "/participants/BER-001/steps/infusion"
    shown = desk.form(path, "plan")
    desk.seats("s-novak")
    page = desk.sees(path)
    assert 'name="sheet" value="plan"' not in page
    theirs = page.partition('name="csrf" value="')[2].partition('"')[0]
    assert desk.sends(path, "plan", {"csrf": theirs}, shown=shown).status_code == 403
