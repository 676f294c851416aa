"""Erasures: whose identity it was decided to erase, who signed that and why, and what has come of it."""

from collections.abc import Mapping

import typer

from app.cli.asking import AS_JSON, opened_list
from app.cli.history import signed_in_words
from app.cli.session import grid, session_of
from domain.time import shown
from store.erasing import State

erasing = typer.Typer()
IN_WORDS: Mapping[State, str] = {
    "erased": "key destroyed",
    "in a file": "not finished: a file of the database may still hold the key",
    "not yet": "not carried out yet",
}


@erasing.command()
def erasures(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """List whose identity is erased or is to be, by whose signature, and what has come of it; `daybook study erase` decides it."""
    session = session_of(ctx)
    with opened_list(ctx) as daybook:
        decided = daybook.desk.erasures()
        states = {participant: daybook.erasures.state(participant) for participant in decided}
    if as_json:
        session.answers({who: {"erased": one, "signature": signed, "state": states[who]} for who, (one, signed) in decided.items()})
        return
    table = grid("Participant", "Why", "Approved by", "Legal decision", "Signed", "By", "State", title="Erasures")
    for who, (one, signed) in decided.items():
        why = (signed.by.reason or "", one.approved_by, one.legal_decision or "")
        table.add_row(who, *why, shown(signed.at, "UTC"), signed_in_words(signed), IN_WORDS[states[who]])
    session.shows(table)
