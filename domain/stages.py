"""How far participants come: the stages of the trial, in their order."""

from typing import Literal, get_args

from domain.participant import Participant

Stage = Literal["Screening", "Eligible", "Cells collected", "Lymphodepletion", "Infused", "Completed"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which a participant goes through them."""


def stage(participant: Participant) -> Stage:
    """The furthest stage that a participant has reached."""
    reached: tuple[tuple[bool, Stage], ...] = (
        (bool(participant.completed_at), "Completed"),
        (bool(participant.infusions), "Infused"),
        (bool(participant.given_doses), "Lymphodepletion"),
        (any(one.ended for one in participant.collections), "Cells collected"),
        (participant.eligible is not None, "Eligible"),
    )
    return next((name for holds, name in reached if holds), "Screening")
