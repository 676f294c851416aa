"""The interface for programs: the study's data cuts, who stood how at each, and what was erased."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cutting import Standing, counted, cut_of
from app.web.api_of_the_study import Key
from app.web.cuts import in_one_file
from app.web.erasing import erasure
from app.web.needs import SeeingHistory, SeeingSystem, note_look
from app.web.problems import DESCRIBED
from domain.base import Value
from domain.keeping import DataCutMade, IdentifiersErased
from domain.signatures import Signed
from domain.signatures import Standing as Stands
from store.erasing import State

of_keeping = APIRouter(prefix="/api/study", tags=["study"], responses=DESCRIBED)
IN_ONE_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "The cut, with its signed manifest."}
}


class CutListed(Value):
    """A data cut, the signature under which it was made, and how far that can be relied on."""

    cut: DataCutMade
    signature: Signed
    signature_stands: Stands


class Cuts(Value):
    """Every data cut, in the order in which they were made."""

    cuts: tuple[CutListed, ...]


class CutCounted(CutListed):
    """A data cut with everybody counted at it; one by one those whose histories the asker may see."""

    counts: Mapping[str, int]
    participants: tuple[Standing, ...]


class ErasureListed(Value):
    """A decision to erase what identifies a participant, the signature under it, and what has come of it."""

    erased: IdentifiersErased
    signature: Signed
    signature_stands: Stands
    state: State


class Erasures(Value):
    """Every erasure, in the order in which they were decided."""

    erasures: tuple[ErasureListed, ...]


@of_keeping.get("/cuts")
def cuts(asking: SeeingSystem) -> Cuts:
    """Every data cut, and by whose signature it was made."""
    found = asking.office.daybook.desk.cuts().values()
    return Cuts(cuts=tuple(CutListed(cut=made, signature=signed, signature_stands=signed.standing) for made, signed in found))


@of_keeping.get("/cuts/{cut}")
def who_stood_how(request: Request, cut: str, asking: SeeingSystem) -> CutCounted:
    """Everybody counted at a data cut, also who failed screening, and who was never infused."""
    daybook, sites = asking.office.daybook, asking.sites("see-history")
    made, signed = cut_of(daybook.desk, cut)
    found = daybook.standings.at(daybook.participants, made)
    mine = tuple(one for one in found if one.site in sites)
    if mine:
        note_look(request, asking)
    return CutCounted(cut=made, signature=signed, signature_stands=signed.standing, counts=counted(found), participants=mine)


@of_keeping.post("/cuts/{cut}/copies", response_class=Response, responses=IN_ONE_FILE)
def take_out(cut: str, asking: SeeingHistory, idempotency_key: Key = None) -> Response:
    """A data cut as one file with a signed manifest; that it was taken is put on record."""
    return in_one_file(asking, cut, idempotency_key or uuid4())


@of_keeping.get("/erasures")
def erasures(request: Request, asking: SeeingSystem) -> Erasures:
    """Every decision to erase what identifies a participant, and whether it was carried out."""
    note_look(request, asking)
    daybook = asking.office.daybook
    found = (erasure(daybook, *one) for one in daybook.desk.erasures().values())
    return Erasures(
        erasures=tuple(
            ErasureListed(erased=one.event, signature=one.signed, signature_stands=one.signed.standing, state=one.state) for one in found
        )
    )
