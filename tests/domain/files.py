"""The shipped protocol and drug reference as text, changed piece by piece, and what is then wrong with them."""

from collections.abc import Callable

from domain.protocol_file import ProtocolFaults, parse_protocol
from tests.house.tree import ROOT

SHIPPED = (ROOT / "studies/cd19-cart-sle/v1.toml").read_text()
DRUGS = (ROOT / "studies/reference/drugs.v1.toml").read_text()


def with_(*changes: tuple[str, str], text: str = SHIPPED) -> str:
    """The shipped file with pieces of its text replaced, each where it first occurs."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def without(beginning: str, end: str, text: str = SHIPPED) -> str:
    """The shipped file without the text from one piece up to another."""
    start = text.index(beginning)
    return text[:start] + text[text.index(end, start + 1) :]


def faults(text: str, parse: Callable[[str], object] = parse_protocol) -> list[str]:
    try:
        parse(text)
    except ProtocolFaults as refused:
        return [f"{fault.place}: {fault.says}" for fault in refused.faults]
    return []
