"""What can go wrong, as one tree.

Refused      expected: the request cannot be granted; shown to people, always with every reason
Fault        the world: a disk, a network, a database (see store/errors.py); retried, then said plainly
a bug        anything else: crashes loudly
"""

from collections.abc import Iterable

from domain.base import Value
from domain.events import Refusal
from domain.time import Moment
from domain.words import Account, RuleId, Sentence


class Reason(Value):
    """One reason for a refusal: a stable code, a sentence, the rule it comes from and the first instant at which it no longer holds."""

    code: Sentence
    says: Account
    rule: RuleId | None = None
    earliest: Moment | None = None


class Refused(Exception):
    """The request cannot be granted. A step that was submitted and refused is itself `recorded`."""

    def __init__(self, *reasons: Reason, recorded: Refusal | None = None) -> None:
        super().__init__("; ".join(reason.says for reason in reasons))
        self.reasons = reasons
        self.recorded = recorded


def refuse_if(reasons: Iterable[Reason]) -> None:
    """Refuse for all reasons at once, if there are any."""
    found = tuple(reasons)
    if found:
        raise Refused(*found)
