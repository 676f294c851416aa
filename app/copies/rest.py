"""What a ledger holds besides the records of participants, as a document that people read: the study, its people, reviews, copies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from app.copies.around import Around
from app.copies.paper import in_utc, signature_in_words, template
from app.raw_record import understood
from domain.decided import decisions_signed
from domain.entry import Circumstances
from domain.searching import kind_in_words
from domain.signatures import Signed
from domain.study import STUDY
from store.codec import Row, entry


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the document shows it: its kind in words, and then everything that it says, by name."""

    row: Row
    what: str
    recorded: str = ""
    by: str = ""
    told: tuple[tuple[str, str], ...] = ()
    signed: str = ""


def write_rest(out: BinaryIO, around: Around, rows: Iterable[Row], decided: Iterable[Signed], made_at: datetime) -> None:
    """Write the document as one HTML file; `decided` are the signatures under decisions about the study."""
    under = {version: one for one in decided for version in range(one.first, one.last + 1)}
    lines = (_line(row, around, under) for row in rows)
    shown = {"study": around.name, "made_at": in_utc(made_at), "lines": lines}
    out.writelines(part.encode() for part in template("rest.html").generate(shown))


def _line(row: Row, around: Around, under: Mapping[int, Signed]) -> Line:
    """An entry that can be read; of another, what is stored of it."""
    state, why = understood(row)
    if state is None:
        return Line(row, f"{kind_in_words(row.kind)}: {why}", told=(("Stored", row.state.decode(errors="replace")),))
    found, by = entry(row, state, None), state.circumstances
    signed = [under[row.version]] if row.stream == STUDY + around.name and by.signature else decisions_signed(around.name, [found])
    return Line(
        row=row,
        what=kind_in_words(row.kind),
        recorded=in_utc(found.recorded_at),
        by=f"{around.named(by.actor.id)}, {by.actor.role}",
        told=(*_fields(found.event.model_dump(mode="json", exclude={"kind"})), *_circumstances(by)),
        signed=" ".join(signature_in_words(one, around) for one in signed),
    )


def _fields(said: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        called = f"{before}{name.replace('_', ' ')}"
        match value:
            case dict():
                yield from _fields(value, f"{called}, ")
            case None | []:
                pass
            case list():
                yield called, ", ".join(map(str, value))
            case _:
                yield called, str(value)


def _circumstances(by: Circumstances) -> Iterator[tuple[str, str]]:
    said = {"reason": by.reason, "document": by.document, "performed by": by.performed_by, "witnessed by": by.witnessed_by}
    yield from ((name, value) for name, value in said.items() if value)
    yield "by way of", f"{by.source}, {by.assurance}"
