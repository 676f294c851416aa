"""Forms as they were sent: what stands in each field, and what must."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request

from app.web.fields import Typed
from domain.rejections import Reason

LONGEST_LINE = 2000
CommandId = Annotated[UUID, Form()]
"""The id under which a form is sent, which it carries unseen."""
Text = Annotated[str, Form()]
"""What stands in one field, which may be left blank: what is wrong with it is said beside it, by whoever reads it."""


async def sent(request: Request) -> Typed:
    """What the form says, by the names of its fields."""
    return gathered((await request.form()).multi_items())


async def sent_in_lines(request: Request) -> Mapping[str, str]:
    """What the form says, where each of its fields is one line."""
    return {name: texts[-1][:LONGEST_LINE].strip() for name, texts in (await sent(request)).items()}


Sent = Annotated[Typed, Depends(sent)]
"""The form that was sent."""
Lines = Annotated[Mapping[str, str], Depends(sent_in_lines)]
"""The form that was sent, where each of its fields is one line."""


def asked_in(request: Request) -> Typed:
    """What an address says of fields."""
    return gathered(request.query_params.multi_items())


def gathered(said: Iterable[tuple[str, object]]) -> Typed:
    """What was said of each field, in one pass however many there are; what no page can show is taken for a question mark."""
    typed: dict[str, list[str]] = {}
    for name, one in said:
        typed.setdefault(name, []).append(str(one).encode(errors="replace").decode())
    return typed


def one_of(typed: Typed, name: str) -> str:
    """What was said in a field, if anything."""
    return next(iter(typed.get(name, ())), "")


def left_blank(**typed: str) -> Iterator[Reason]:
    """What must be said and was not, field by field."""
    return (Reason(code="malformed", says=f"{name}: something must be said") for name, said in typed.items() if not said.strip())
