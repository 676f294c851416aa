"""What a screening finds in somebody who may join: synthetic, and all that the criteria ask for, as it stands on one form."""

from datetime import datetime
from decimal import Decimal
from typing import get_args

from domain import events as e
from domain.assessing import by_word_alone
from domain.protocol import Protocol
from domain.time import When
from domain.words import ReviewKind

RESULTS = {
    "pregnancy-test": "negative",
    "hepatitis-b-surface-antigen": "negative",
    "hepatitis-b-core-antibody": "negative",
    "hepatitis-c-antibody": "negative",
    "hiv-screening": "non-reactive",
    "cytomegalovirus-dna": "not-detected",
    "epstein-barr-virus-dna": "not-detected",
    "treponemal-test": "non-reactive",
    "tuberculosis-infection-test": "negative",
    "chest-imaging": "no-sign-of-tuberculosis",
    "electrocardiogram": "normal",
}
VALUES = {
    "body-weight": "61.5",
    "physicians-global-assessment": "2",
    "alanine-aminotransferase": "0.6",
    "bilirubin": "0.5",
    "creatinine": "0.9",
    "neutrophils": "3.1",
    "platelets": "190",
    "haemoglobin": "11.8",
    "international-normalised-ratio": "1.0",
    "oxygen-saturation": "98",
    "ejection-fraction": "62",
}
PRESENT = {
    "selena-sledai": frozenset({"arthritis", "rash", "low-complement"}),
    "acr-1997": frozenset({"malar-rash", "nonerosive-arthritis", "immunologic-disorder", "antinuclear-antibodies"}),
}
NOT_ASKED = frozenset({"syphilis-treated", "tuberculosis-treated", "anticoagulation-is-short", "cannot-conceive", "go"})
"""What is attested only of those to whom it applies, or at a gate."""
DIAGNOSED = When("2019-04")


def screened(protocol: Protocol, at: datetime) -> tuple[e.Fact, ...]:
    """Facts of a woman with active lupus who passes every criterion of the protocol, found at an instant of her screening."""
    found = When.at(at)
    return (
        e.DemographicsRecorded(at=found, born=When("1991-06"), sex="female"),
        *(e.ObservationMade(at=found, test=test, result=result) for test, result in RESULTS.items()),
        *(_measured(protocol, test, found) for test in VALUES),
        e.ConditionNoted(at=found, condition="systemic-lupus-erythematosus", start=DIAGNOSED, marks={}),
        *(_assessed(protocol, score, present, found) for score, present in PRESENT.items()),
        e.MedicationTaken(
            drug="hydroxychloroquine",
            dose_mg=Decimal(200),
            doses_per_day=2,
            route="oral",
            start=When("2020-01"),
            indication="lupus",
        ),
        e.Attested(at=found, holds={name: True for name in protocol.attestations if name not in NOT_ASKED}),
        *(e.ReviewMade(review=kind, at=found, covers_from=None, sources=("participant", "chart")) for kind in get_args(ReviewKind)),
    )


def found_at(visit: str, protocol: Protocol, at: When) -> tuple[e.Fact, ...]:
    """Everything that is assessed at a visit, in somebody whose lupus is as active as at screening."""
    facts: list[e.Fact] = []
    for name in protocol.visits[visit].assessments:
        required = protocol.assessments[name]
        if by_word_alone(required):
            facts.append(e.AssessmentDone(visit=visit, assessment=name, at=at))
        facts += (_measured(protocol, test, at) for test in required.tests)
        facts += (_assessed(protocol, score, PRESENT[score], at) for score in required.scores)
    return tuple(facts)


def _measured(protocol: Protocol, test: str, at: When) -> e.ObservationMade:
    return e.ObservationMade(at=at, test=test, value=Decimal(VALUES[test]), unit=protocol.tests[test].unit)


def _assessed(protocol: Protocol, score: str, present: frozenset[str], at: When) -> e.ScoreAssessed:
    items = tuple(
        e.ScoreItem(item=item, present=item in present, since=DIAGNOSED if item in present else None)
        for item in protocol.scores[score].items
    )
    return e.ScoreAssessed(at=at, score=score, items=items, drawn=dict.fromkeys(protocol.scores[score].laboratory, at))
