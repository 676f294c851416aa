"""What was typed is read strictly, and only that can be typed wrongly: a value of the wrong shape anywhere else is a bug, and stays one."""

from datetime import datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import daybook
from app.cli.reading import number, whole
from app.cli.session import Session
from domain.entry import Actor
from domain.rejections import Refused
from tests.app.at_the_desk import Desk


def test_a_number_is_written_with_a_point_and_nothing_else() -> None:
    assert [number("12.50"), number("0"), number("-3")] == [Decimal("12.50"), Decimal(0), Decimal(-3)]
    for typed in ("12,5", "1_0", "1e3", "NaN", "Infinity", "12.", ".5", " 5", "5 mg", "٣", ""):
        with pytest.raises(Refused, match="is no number; write"):
            number(typed)


def test_a_whole_number_has_no_point() -> None:
    assert [whole("0"), whole("-4"), whole("12")] == [0, -4, 12]
    for typed in ("1.0", "one", "1_0", "--1", "²", "1" * 10, ""):
        with pytest.raises(Refused, match="is no whole number; write 3"):
            whole(typed)


def broken_clock() -> datetime:
    """A clock with a bug: it makes something of the wrong shape."""
    raise ValueError(Actor.model_validate({"id": "Not a name", "role": "boss"}))


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("register BER-002 BER", id="in handling a request"),
        pytest.param("cancel BER-001 infusion", id="in deciding on a request"),
        pytest.param("screen BER-001 now", id="in finding the clocks to read a time on"),
        pytest.param("correct BER-001 3 copy_given=false --reason slip", id="in finding what is at hand"),
        pytest.param("study site MUC Europe/Berlin --as administrator:root", id="in recording what is decided about the study"),
    ],
)
def test_a_bug_is_not_taken_for_a_refusal(desk: Desk, typed: str) -> None:
    desk.consented()
    environment = {"DAYBOOK_FOLDER": str(desk.folder), "DAYBOOK_ACTOR": "coordinator:m-weber"}
    ended = CliRunner().invoke(daybook, typed.split(), env=environment, obj=Session(broken_clock))
    assert isinstance(ended.exception, ValidationError)
