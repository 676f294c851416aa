"""The one base class of every value that crosses a boundary: immutable, closed and strictly typed."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value that rejects unknown fields and silent coercion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
