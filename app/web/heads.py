"""The last head of the ledger, for whoever wants to keep it."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from app.web.needs import SeeingHistory
from domain.rejections import Reason, Refused
from store.errors import in_plain_words

heads = APIRouter(include_in_schema=False)


@heads.get("/head.txt")
def last_head(asking: SeeingHistory) -> PlainTextResponse:
    """The head as it was signed, to be kept where whoever runs Daybook cannot reach it. Raises Refused where none was signed yet."""
    with in_plain_words():
        notes = [note for _, note in asking.office.daybook.ledger.recorder.heads()]
    if not notes:
        raise Refused(Reason(code="no-head", says="no head of the ledger has been signed yet; the worker signs one every hour"))
    return PlainTextResponse(notes[-1], headers={"content-disposition": 'attachment; filename="head.txt"'})
