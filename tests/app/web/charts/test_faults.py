"""Whatever is wrong with a form is said beside the field that it is about, and what was typed comes back."""

import re

import pytest

from app.demo.people import PASSWORD
from domain import events as e
from tests.app.web.at_the_door import Desk
from tests.app.web.faults import beside

REVIEWS, ELIGIBILITY, HISTORY = (f"/participants/BER-002/{page}" for page in ("reviews", "eligibility", "history"))
LONGEST = 2000


@pytest.mark.parametrize("field", ["reason", "document", "performed_by", "witnessed_by"])
def test_a_circumstance_that_cannot_be_kept_is_named_beside_its_field(field: str, desk: Desk) -> None:
    desk.clock.move(days=2)
    desk.seats("m-weber")
    before = len(desk.entries("BER-002"))
    answer = desk.sends(REVIEWS, "review:medicines", {field: "x" * (LONGEST + 1)})
    assert answer.status_code == 422
    assert beside(answer.text, field) == f"at most {LONGEST} characters can be kept"
    assert "x" * (LONGEST + 1) in answer.text
    assert len(desk.entries("BER-002")) == before
    assert desk.sends(REVIEWS, "review:medicines", {field: "x" * LONGEST}).status_code == 303


def test_ticks_with_a_fault_say_so_to_whoever_does_not_see_it(desk: Desk) -> None:
    answer = desk.sends(REVIEWS, "review:medicines", {"source": ["nobody"]})
    assert answer.status_code == 422
    group = re.search(r'<fieldset class="field ticks faulty" aria-describedby="(?:\S+ )?(\S+-fault)"', answer.text)
    assert group
    assert f'id="{group[1]}"' in answer.text
    assert re.search(r'<input type="checkbox" name="source"[^>]* aria-invalid="true"', answer.text)


def test_a_meaning_that_cannot_be_kept_is_named_beside_its_field(desk: Desk) -> None:
    answer = desk.seats("k-adler").sends(ELIGIBILITY, "confirm", {"meaning": "x" * (LONGEST + 1), "password": PASSWORD})
    assert answer.status_code == 422
    assert beside(answer.text, "meaning") == f"at most {LONGEST} characters can be kept"


def test_a_reason_that_is_missing_is_asked_for_beside_its_field(desk: Desk) -> None:
    number = desk.story("BER-001").entry_of(e.LeukapheresisEnded)
    answer = desk.sends(f"/participants/BER-001/entries/{number}", "correct", {"field.yield_e6_per_kg": "11.5"})
    assert answer.status_code == 409
    assert beside(answer.text, "reason") == "a correction needs a reason"
    assert 'value="11.5"' in answer.text


def test_a_wrong_password_is_named_beside_its_field(desk: Desk) -> None:
    answer = desk.seats("k-adler").sends(ELIGIBILITY, "confirm", {"meaning": "I have judged this", "password": "not hers"})
    assert "takes your short name" in beside(answer.text, "signer")
    answer = desk.sends(ELIGIBILITY, "confirm", {"meaning": "I have judged this", "signer": "k-adler", "password": "not hers"})
    assert "not your short name with your password" in beside(answer.text, "password")


def test_a_signature_that_is_missing_is_asked_for_beside_its_meaning(desk: Desk) -> None:
    answer = desk.seats("k-adler").sends(ELIGIBILITY, "confirm", {"meaning": "", "password": PASSWORD})
    assert beside(answer.text, "meaning") == "confirming eligibility needs a signature"


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("at", "foo", "'foo' is no time that can be read"),
        ("as_known_at", "yesterday", "'yesterday' is no time that can be read"),
        ("as_known_at", "2020-01-01 10:00", "nothing that could be judged was on record of BER-002 then"),
    ],
)
def test_for_when_eligibility_cannot_be_judged_is_named_beside_its_field(field: str, typed: str, says: str, desk: Desk) -> None:
    shown = desk.sees(f"{ELIGIBILITY}?{field}={typed}", 422)
    assert says in beside(shown, field)
    assert f'value="{typed}"' in shown
    assert 'id="part-' in shown, "what is on record now is judged all the same"


def test_each_moment_that_cannot_be_replayed_is_named_beside_its_field(desk: Desk) -> None:
    shown = desk.sees(f"{HISTORY}?known=foo&against=bar", 404)
    assert "'foo' is no time that can be read" in beside(shown, "known")
    assert "'bar' is no entry" in beside(shown, "against")


def test_each_part_of_a_search_that_cannot_be_read_is_named_beside_its_field(desk: Desk) -> None:
    shown = desk.sees("/search?late_hours=soon&recorded_from=x&participant=nobody", 422)
    assert "is no whole number" in beside(shown, "late_hours")
    assert "is no time that can be read" in beside(shown, "recorded_from")
    assert 'value="nobody"' in shown
