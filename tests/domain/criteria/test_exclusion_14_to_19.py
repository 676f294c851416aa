"""E14a to E19b: allergies, present diseases, infection, live vaccines."""

from domain import events as e
from domain.time import When
from tests.builders import minute
from tests.domain.criteria.given import attested, noted, taken, verdict
from tests.domain.criteria.tables import (
    LOOKED,
    Case,
    Table,
    corrected,
    fails,
    of_a_life,
    of_a_look_back,
    of_an_attestation,
    of_each_case,
    of_reviews_before,
    of_reviews_now,
    of_reviews_of_a_life,
    of_the_present,
    passes,
    unknown,
)

LATE = "2026-04-20 10:00"
"""When a condition was noted that became known late, so that its date alone decides."""
CONTROLLED = attested(no_uncontrolled_infection=True)


def allergy(mark: str, start: str = "2019", *, holds: bool = True) -> e.ConditionNoted:
    return noted("hypersensitivity", start, at=LATE).model_copy(update={"marks": {mark: holds}})


def infection(start: str = "2026-04-01", stop: str | None = None, **marks: bool) -> e.ConditionNoted:
    return noted("infection", start, stop, at=LATE, **marks)


def uncontrolled(start: str = "2026-04-01", stop: str | None = None) -> e.ConditionNoted:
    return infection(start, stop, uncontrolled=True, needs_anti_infective=True)


def vaccinated(on: str, vaccine: str = "vaccine-yellow-fever", *, classes: tuple[str, ...] = (), outside: bool = False) -> e.VaccineGiven:
    at = minute(on) if ":" in on else When(on)
    return e.VaccineGiven(at=at, vaccine=vaccine, classes=classes, outside_every_class=outside)


LIVE = (
    "vaccine-measles-mumps-rubella", "vaccine-measles-mumps-rubella-varicella", "vaccine-varicella", "vaccine-zoster-live",
    "vaccine-yellow-fever", "vaccine-influenza-nasal", "vaccine-bcg", "vaccine-typhoid-oral", "vaccine-rotavirus",
    "vaccine-poliomyelitis-oral", "vaccine-dengue",
)  # fmt: skip
INACTIVATED = (
    "vaccine-influenza-inactivated", "vaccine-zoster-recombinant", "vaccine-covid-19-mrna", "vaccine-covid-19-inactivated",
    "vaccine-covid-19-protein", "vaccine-rsv", "vaccine-pneumococcal-conjugate", "vaccine-meningococcal-b", "vaccine-hepatitis-b",
    "vaccine-poliomyelitis-inactivated", "vaccine-typhoid-polysaccharide", "vaccine-tick-borne-encephalitis",
)  # fmt: skip

TABLE: Table = {
    "E14a": [
        *of_a_life(lambda start: allergy("severe", start)),
        *of_reviews_of_a_life("history"),
        passes("an allergy that is not severe", allergy("severe", holds=False)),
        unknown("nobody has said whether it is severe", noted("hypersensitivity", "2019")),
        unknown("a severe one to which product is not known, judged elsewhere", allergy("to-trial-product", holds=True)),
        fails("severe, though to none of the trial's products", noted("hypersensitivity", "2019", severe=True, to_trial_product=False)),
        fails("one that is over, for it was there once", noted("hypersensitivity", "2001", "2002", severe=True)),
        fails("it turned out to be severe", allergy("severe", holds=False), corrected(allergy("severe"))),
        passes("it turned out not to be severe", allergy("severe"), corrected(allergy("severe", holds=False))),
    ],
    "E14b": [
        *of_a_life(lambda start: allergy("to-trial-product", start)),
        *of_reviews_of_a_life("history"),
        passes("an allergy to something else", allergy("to-trial-product", holds=False)),
        passes("a severe one to something else", noted("hypersensitivity", "2019", severe=True, to_trial_product=False)),
        unknown("nobody has said to what", noted("hypersensitivity", "2019", severe=False)),
        fails("a mild one to albumin", noted("hypersensitivity", "2019", severe=False, to_trial_product=True)),
        fails("of two allergies one is to an ingredient", allergy("to-trial-product", holds=False), allergy("to-trial-product")),
    ],
    "E14c": [
        *of_an_attestation("not-allergic-by-constitution"),
        passes("hay fever alone", allergy("severe", holds=False), attested(not_allergic_by_constitution=True)),
    ],
    "E15": of_an_attestation("no-severe-heart-disease"),
    "E16": [
        *of_an_attestation("no-severe-hepatobiliary-disease"),
        unknown("another disease does not stand for it", attested(no_severe_heart_disease=True)),
    ],
    "E17": of_an_attestation("no-unstable-condition"),
    "E18": [
        *of_the_present(uncontrolled, beside=[CONTROLLED]),
        *of_reviews_now("history", beside=[CONTROLLED]),
        *of_an_attestation("no-uncontrolled-infection"),
        passes("an infection under control", infection(uncontrolled=False, needs_anti_infective=True), CONTROLLED),
        passes("one that needs no drug", infection(uncontrolled=True, needs_anti_infective=False), CONTROLLED),
        unknown("nobody has said whether it is under control", infection(needs_anti_infective=True), CONTROLLED),
        unknown("nobody has said whether it needs a drug", infection(uncontrolled=True), CONTROLLED),
        unknown("nobody has said anything of it", infection(), CONTROLLED),
        passes("prophylaxis does not count", taken("aciclovir", "2026-01-05", per_day=2, mg="400"), CONTROLLED),
        fails("the investigator denies, though none is on record", attested(no_uncontrolled_infection=False)),
        fails("the investigator attests against the record", uncontrolled(), CONTROLLED),
        fails("on record, and the investigator has not attested", uncontrolled()),
        passes("it came under control", uncontrolled(), corrected(infection(uncontrolled=False, needs_anti_infective=True)), CONTROLLED),
    ],
    "E19a": [
        *of_a_look_back(vaccinated, blocked="2026-03-02", free="2026-03-01"),
        *of_reviews_before("medicines", covers_from="2026-03-02", too_late="2026-03-03"),
        *[fails(f"{name} is live", vaccinated("2026-03-02", name)) for name in LIVE],
        *[passes(f"{name} is not live", vaccinated("2026-03-20", name)) for name in INACTIVATED],
        fails("bacilli for the bladder are a live vaccine though no vaccination", taken("vaccine-bcg-intravesical", "2026-03-20", mg="80")),
        unknown("a vaccine that nobody has classified", vaccinated("2026-03-20", "vaccine-new")),
        passes("one that nobody has classified, too long ago to matter", vaccinated("2026-03-01", "vaccine-new")),
        unknown("one that nobody has classified, in the minute of the confirmation", vaccinated("2026-04-10 12:00", "vaccine-new")),
        passes("one that nobody has classified, in the minute after", vaccinated("2026-04-10 12:01", "vaccine-new")),
        fails("one that was ticked as live at entry", vaccinated("2026-03-20", "vaccine-new", classes=("live-vaccine",))),
        passes("one that was ticked as inactivated", vaccinated("2026-03-20", "vaccine-new", classes=("inactivated-vaccine",))),
        passes("one that is said to be outside every class", vaccinated("2026-03-20", "vaccine-new", outside=True)),
        passes("it was another vaccine", vaccinated("2026-03-20"), corrected(vaccinated("2026-03-20", "vaccine-rabies"))),
        passes("hydrocortisone on the skin", taken("hydrocortisone", "2026-03-20", route="topical")),
    ],
    "E19b": [
        *of_an_attestation("no-live-vaccine-planned"),
        *of_reviews_now("plans", beside=[attested(no_live_vaccine_planned=True)]),
        passes("a live vaccine of the past is no plan", vaccinated("2026-03-20"), attested(no_live_vaccine_planned=True)),
        unknown("that none was received says nothing of plans", reviews=LOOKED),
    ],
}


@of_each_case(TABLE)
def test_exclusion_14_to_19(part: str, case: Case) -> None:
    assert verdict(part, *case.facts, rulings=case.rulings) == case.verdict
