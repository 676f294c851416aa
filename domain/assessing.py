"""The assessments that a visit requires, and which of them are missing."""

from datetime import date

from domain.participant import Participant
from domain.protocol import Assessment, Protocol
from domain.time import When, local_date

Results = frozenset[tuple[str, str]]
"""Tests, scores and attestations, each by what it is and by its name."""


def missing(visit: str, held: When, participant: Participant, protocol: Protocol, zone: str) -> tuple[str, ...]:
    """The required assessments of a visit, held at a time, of which nothing or not everything is on record."""
    required = {name: protocol.assessments[name] for name in protocol.visits[visit].assessments}
    if not required:
        return ()
    said = {one.fact.assessment for one in participant.assessed if one.fact.visit == visit}
    found = _found(held, participant, zone)
    return tuple(name for name, one in required.items() if not (name in said if by_word_alone(one) else results(one) <= found))


def by_word_alone(assessment: Assessment) -> bool:
    """Whether an assessment leaves nothing in the record but that somebody says it was done."""
    return not results(assessment)


def results(assessment: Assessment) -> Results:
    """What an assessment leaves in the record."""
    return frozenset(
        [
            *(("test", name) for name in assessment.tests),
            *(("score", name) for name in assessment.scores),
            *(("attestation", name) for name in assessment.attestations),
        ]
    )


def _found(held: When, participant: Participant, zone: str) -> Results:
    """What was found on the date of a visit, or may have been where times are vague; a test that was taken back was not."""
    made = [
        *((one.fact.at, "test", one.fact.test) for one in participant.observations if one.fact.valid),
        *((one.fact.at, "score", one.fact.score) for one in participant.assessments),
        *((one.fact.at, "attestation", name) for one in participant.attestations for name in one.fact.holds),
    ]
    first, last = _dates(held, zone)
    return frozenset((what, name) for at, what, name in made if _dates(at, zone)[0] <= last and first <= _dates(at, zone)[1])


def _dates(at: When, zone: str) -> tuple[date, date]:
    span = at.span(zone)
    return local_date(span.earliest, zone), local_date(span.latest, zone)
