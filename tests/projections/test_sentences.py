"""Every fact that can be recorded reads as a sentence, on the clocks of the site."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain.time import When
from projections.sentences import says
from tests.builders import BERLIN, SAO_PAULO, consent, dose, slot
from tests.store.strategies import any_of

NOON = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)


@given(st.sampled_from(e.EVENTS).flatmap(any_of), st.sampled_from([BERLIN, SAO_PAULO]))
def test_every_fact_reads_as_a_sentence(event: e.Event, zone: str) -> None:
    words = says(event, zone)
    assert words[0] == words[0].upper()
    assert len(words.strip()) > 10


SAID = [
    (e.ScreeningStarted(at=When.at(NOON)), "Screening started on 2026-03-29 12:00+02:00."),
    (e.ScreeningStarted(at=When("2026-03-29")), "Screening started on 2026-03-29."),
    (e.ScreeningStarted(at=When("2026-03")), "Screening started in 2026-03."),
    (e.ScreeningStarted(at=When("2026")), "Screening started in 2026."),
    (
        consent(When("2026-03-29")),
        "Consent signed on 2026-03-29 by the participant; consent form 1.0, obtained by an investigator.",
    ),
    (
        e.VaccineGiven(at=When("2026-03"), vaccine="newpox", classes=("live-vaccine",)),
        "Vaccine newpox given in 2026-03 (settled at entry: live-vaccine).",
    ),
    (
        dose("newumab", "20", When("2026-03-29")).model_copy(update={"outside_every_class": True}),
        "Medication: newumab 20 mg oral, once, on 2026-03-29, for lupus (settled at entry: outside every class).",
    ),
    (
        e.ProcedurePerformed(name="two bags", major=False, at=When("2026-03"), category="transfusion", volume_ml=600),
        "Procedure performed in 2026-03: two bags (transfusion, 600 mL).",
    ),
    (e.ProcedurePerformed(name="a mole", major=False, at=When("2026")), "Procedure performed in 2026: a mole."),
    (
        e.ObservationMade(at=When("2026-03-29"), test="body-weight", value=Decimal("62.50"), unit="kg"),
        "Body-weight on 2026-03-29: 62.50 kg.",
    ),
    (dose("prednisone", "20", When("2026-03-29")), "Medication: prednisone 20 mg oral, once, on 2026-03-29, for lupus."),
    (
        dose("prednisone", "2.5", When("2026-03"), per_day=2),
        "Medication: prednisone 2.5 mg oral, 2 a day from 2026-03, no stop recorded, for lupus.",
    ),
    (
        e.StepPlanned(step="infusion", slot=slot(NOON, 2)),
        "Infusion planned for 2026-03-29 12:00+02:00 to 2026-03-29 14:00+02:00.",
    ),
    (
        e.LeukapheresisEnded(at=When("2026-03-29"), identity="COI-0001", yield_e6_per_kg=Decimal("12.5")),
        "Leukapheresis ended on 2026-03-29 with 12.5 × 10⁶ CD3-positive cells per kg, code COI-0001.",
    ),
    (
        e.DeviationVoided(key="visit:day-14:missed", why="what is on record now says otherwise"),
        "No deviation after all (visit day-14 missed): what is on record now says otherwise.",
    ),
    (
        e.VisitUnaccounted(visit="day-7", closed_on=date(2026, 3, 29)),
        "The window of the visit day-7 closed at the end of 2026-03-29 with nothing recorded.",
    ),
    (
        e.VisitIncomplete(visit="sample", closed_on=date(2026, 3, 29), closed_at=NOON, missing=("late-effects",)),
        "The window of the visit sample closed at 2026-03-29 11:59+02:00; missing: late-effects.",
    ),
    (e.VisitBooked(visit="day-7", at=When.at(NOON)), "Visit day-7 booked for 2026-03-29 12:00+02:00."),
    (e.VisitBooked(visit="day-7", at=When("2026-03-29")), "Visit day-7 booked for 2026-03-29."),
    (e.UnscheduledVisit(at=When("2026-03-29"), why="a fever at home"), "Unscheduled visit on 2026-03-29: a fever at home."),
    (
        e.DeviationDescribed(
            key="visit:day-7:window",
            details=e.DeviationDetails(important=True, cause="a strike", reported_to_sponsor_on=date(2026, 3, 29)),
        ),
        "Deviation (visit day-7 window): important; cause: a strike; reported to the sponsor: 2026-03-29.",
    ),
    (
        e.DeviationDescribed(key="visit:day-7:window", details=e.DeviationDetails(important=False, prevention="a taxi")),
        "Deviation (visit day-7 window): not important; prevention: a taxi.",
    ),
    (
        e.DeviationDescribed(key="visit:day-7:window", details=e.DeviationDetails(cause="a strike")),
        "Deviation (visit day-7 window): cause: a strike.",
    ),
    (
        e.DeviationDescribed(key="by-hand:12", details=e.DeviationDetails()),
        "Deviation (by-hand 12): nothing was found out so far.",
    ),
    (
        e.DeviationReviewed(key="visit:day-7:window", entry=61),
        "The investigator reviewed the deviation (visit day-7 window), as it stood after entry 61, by signature.",
    ),
    (
        e.AdverseEvent(at=When("2026-03-29"), term="a rash", grade=1, start=When("2026-03")),
        "Adverse event, of which the site learned on 2026-03-29: a rash; grade 1; since 2026-03, going on; not serious.",
    ),
    (
        e.AdverseEvent(
            at=When("2026-03-29"),
            term="pneumonia",
            grade=4,
            start=When.at(NOON),
            stop=When("2026-04-02"),
            serious=("life-threatening", "hospitalisation"),
            relation="not-related",
            narrative="Fever at home.",
        ),
        (
            "Adverse event, of which the site learned on 2026-03-29: pneumonia; grade 4; since 2026-03-29 12:00+02:00, until 2026-04-02; "
            "serious (life threatening, hospitalisation); not related to the product. Fever at home."
        ),
    ),
    (
        e.AdverseEventUpdated(entry=7, at=When("2026-03-29"), grade=5, stop=When("2026-03-29"), serious=("fatal",), relation="related"),
        (
            "More became known on 2026-03-29 of the adverse event of entry 7: grade 5; ended on 2026-03-29; serious as well (fatal); "
            "related to the product."
        ),
    ),
    (
        e.AdverseEventUpdated(entry=7, at=When("2026-03-29"), narrative="On the mend."),
        "More became known on 2026-03-29 of the adverse event of entry 7. On the mend.",
    ),
    (e.CytokineReleaseGraded(at=When("2026-03-29"), grade=0), "Cytokine release graded 0 by ASTCT, on 2026-03-29."),
    (
        e.NeurotoxicityGraded(at=When.at(NOON), grade=3, ice=2),
        "Neurotoxicity (ICANS) graded 3 by ASTCT, ICE score 2, on 2026-03-29 12:00+02:00.",
    ),
    (e.NeurotoxicityGraded(at=When("2026-03-29"), grade=1), "Neurotoxicity (ICANS) graded 1 by ASTCT, on 2026-03-29."),
    (
        e.EntryCorrected(entry=7, fact=e.ContactLost(at=When("2026-03-29"))),
        "Entry 7 corrected. It should have said: Contact lost on 2026-03-29.",
    ),
]


@pytest.mark.parametrize(("event", "sentence"), SAID)
def test_a_sentence_is_as_precise_as_what_is_known(event: e.Event, sentence: str) -> None:
    assert says(event, BERLIN) == sentence
