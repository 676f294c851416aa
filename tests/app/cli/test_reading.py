"""Only what was typed can be typed wrongly: a value of the wrong shape anywhere else is a bug, and stays one."""

from datetime import datetime

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import daybook
from app.cli.session import Session
from domain.entry import Actor
from tests.app.at_the_desk import Desk


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
