"""What if: facts that nobody has recorded, judged as if they had been, in a record that is never kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationError

from domain.base import Value
from domain.criteria.report import EligibilityReport, eligibility
from domain.decisions.reports import badly_formed
from domain.entry import Actor, Circumstances, Entry
from domain.events import ConsentSigned, Event, Fact
from domain.folding import as_of, evolve
from domain.participant import PARTICIPANT, Participant
from domain.protocol_checks.parts import Fault
from domain.protocol_file import ProtocolFaults, shape_fault
from domain.rejections import Reason, refuse_if
from domain.study import ConsentFormApproved, Ruled, SiteOpened, Study, StudyEvent, evolve_study, reasons_against
from domain.time import FIRST_YEAR, Zone
from domain.words import Name

NOBODY, NOWHERE = "NOBODY-000", "NOWHERE"
LONG_AGO = date(FIRST_YEAR, 1, 1)
SUPPOSED_BY = Circumstances(actor=Actor(id="nobody", role="coordinator"), source="import", command_id=UUID(int=0))
"""Of a supposition nobody asks who made it."""


class Supposition(Value):
    """What is supposed: facts in the order of their entries, the zone of the site, and what the study would have ruled."""

    zone: Zone
    rulings: Annotated[dict[Name, Name], Field(default_factory=dict)]
    facts: tuple[Fact, ...]


def parse_supposition(text: bytes) -> Supposition:
    """Read a file of facts; raises ProtocolFaults with everything that is wrong in it, each fault with its place."""
    document = _document(text)
    try:
        return Supposition.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise ProtocolFaults(shape_fault(detail, document) for detail in error.errors()) from None


def supposed(supposition: Supposition, study: Study, at: datetime) -> EligibilityReport:
    """The eligibility of somebody of whom this would be on record at `at`, aware and in UTC; the facts count as entries 1, 2, 3 ….

    `study` has one protocol and no site. Raises Refused where a ruling is not offered or evidence is impossible, with all reasons.
    """
    refuse_if(_not_offered(supposition, study))
    here = _ruled(supposition, study)
    somebody = Participant(id=NOBODY, site=NOWHERE, protocol=here.current)
    refuse_if(_impossible(supposition.facts, somebody, here, at))
    entries: list[Entry[Event]] = [
        Entry(PARTICIPANT + NOBODY, number, number, fact, at, SUPPOSED_BY, here.record.version, "")
        for number, fact in enumerate(supposition.facts, start=1)
    ]
    participant = as_of(reduce(evolve, entries, somebody), entries[-1]) if entries else somebody
    return eligibility(participant, here, at)


def _ruled(supposition: Supposition, study: Study) -> Study:
    """The study with a site in the zone, where the form that was signed last is in use, and with the rulings."""
    site = SiteOpened(site=NOWHERE, zone=supposition.zone)
    signed = [fact for fact in supposition.facts if isinstance(fact, ConsentSigned)]
    events: list[StudyEvent] = [
        site,
        *(ConsentFormApproved(site=NOWHERE, form=one.document, digest=one.document_digest, since=LONG_AGO) for one in signed[-1:]),
        *(Ruled(ruling=ruling, choice=choice) for ruling, choice in supposition.rulings.items()),
    ]
    return replace(study, record=reduce(evolve_study, events, study.record))


def _not_offered(supposition: Supposition, study: Study) -> Iterator[Reason]:
    for ruling, choice in supposition.rulings.items():
        ruled = Ruled(ruling=ruling, choice=choice)
        yield from _at(f"rulings.{ruling}", reasons_against(ruled, study.record, study.protocols, study.reference))


def _impossible(facts: Sequence[Fact], somebody: Participant, study: Study, at: datetime) -> Iterator[Reason]:
    for number, fact in enumerate(facts, start=1):
        yield from _at(f"facts.{number}", badly_formed(fact, somebody, study, at))


def _at(place: str, reasons: Iterator[Reason]) -> Iterator[Reason]:
    for reason in reasons:
        yield reason.model_copy(update={"says": f"{place}: {reason.says}"})


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ProtocolFaults([Fault(f"line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}")]) from None
    except (RecursionError, ValueError) as error:
        raise ProtocolFaults([Fault("file", f"cannot be read: {error}")]) from None
    if not isinstance(document, dict):
        raise ProtocolFaults([Fault("file", "must be a table with the keys `zone`, `rulings` and `facts`")])
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table that says nothing twice: of two values for a key nobody could tell which one counts."""
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the key {', '.join(twice)} is given twice in one table")
    return dict(pairs)


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
