"""E27a to E33b: blood, bleeding and anticoagulation, mental illness, alcohol and drugs, pregnancy, malignancy, judgement."""

from domain import events as e
from tests.domain.criteria.given import attested, born, done, looked, noted, observed, taken, verdict
from tests.domain.criteria.tables import (
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
    retracted,
    unknown,
)

LATE = "2026-04-20 10:00"
"""When a condition was noted that became known late, so that its date alone decides."""
WOMAN, MAN = born("1990-05-04"), born("1990-05-04", "male")
SHORT, LONG = attested(anticoagulation_is_short=True), attested(anticoagulation_is_short=False)


def donated(on: str, ml: int | None = 400) -> e.ProcedurePerformed:
    return done("blood-donation", on, ml)


def lost(on: str, ml: int | None = 400) -> e.ProcedurePerformed:
    return done("blood-loss", on, ml)


def bled(on: str, stop: str | None = None, grade: int | None = 2) -> e.ConditionNoted:
    """A bleeding, over at once unless told otherwise."""
    return noted("bleeding", on, stop or on, at=LATE, grade=grade)


def bleeding(start: str, grade: int | None = 2) -> e.ConditionNoted:
    """A bleeding without an end on record, noted before screening."""
    return noted("bleeding", start, at="2026-01-20 10:00", grade=grade)


def need(start: str, stop: str | None = None) -> e.ConditionNoted:
    return noted("need-of-long-term-anticoagulation", start, stop, at=LATE)


def on_warfarin(start: str, stop: str | None = None) -> e.MedicationTaken:
    return taken("warfarin", start, stop, mg="5", per_day=1)


def under_the_skin(drug: str) -> e.MedicationTaken:
    return taken(drug, "2026-03-20", mg="40", per_day=1, route="subcutaneous")


def unclassified(*, outside: bool) -> e.MedicationTaken:
    return taken("new-drug", "2026-03-20", per_day=1).model_copy(update={"outside_every_class": outside})


def pregnancy_test(result: str, at: str = "2026-04-08 08:00", *, valid: bool = True) -> e.ObservationMade:
    return observed("pregnancy-test", result, at, valid=valid)


def of_volumes(of: str, on: str) -> list[Case]:
    """400 mL and 399 mL, of one kind; the date `on` still counts and the date before it does not."""

    def ml(volume: int | None, at: str) -> e.ProcedurePerformed:
        return done(of, at, volume)

    before = "2026-03-01"
    return [
        passes("399 mL", ml(399, on)),
        fails("400 mL", ml(400, on)),
        fails("400 mL in two, the first on the blocked date", ml(200, on), ml(200, "2026-04-05")),
        passes("399 mL in two", ml(200, on), ml(199, "2026-04-05")),
        passes("400 mL in two, the first on the free date", ml(200, before), ml(200, "2026-04-05")),
        fails("400 mL in three, told in another order", ml(200, "2026-04-05"), ml(1, "2026-03-15"), ml(199, on)),
        passes("400 mL in two, the second after the confirmation", ml(200, on), ml(200, "2026-04-10 12:01")),
        fails("more after the confirmation hides nothing from before", ml(400, on), ml(400, "2026-04-12")),
        fails("more on a date that may lie after it hides nothing either", ml(400, on), ml(400, "2026-04")),
        unknown("what may lie after it may be too much", ml(200, on), ml(200, "2026-04")),
        passes("what may lie after it is not too much in any case", ml(200, on), ml(199, "2026-04")),
        unknown("a volume nobody recorded may be any", ml(None, on)),
        unknown("a volume nobody recorded beside a small one", ml(None, "2026-03-20"), ml(1, "2026-03-21")),
        fails("a volume nobody recorded beside enough", ml(None, "2026-03-20"), ml(400, "2026-03-21")),
        passes("a volume nobody recorded on the free date", ml(None, before)),
        passes("the volume nobody recorded was added: 399 mL", ml(None, on), corrected(ml(399, on))),
        fails("the volume nobody recorded was added: 400 mL", ml(None, on), corrected(ml(400, on))),
        passes("it was 399 mL", ml(400, on), corrected(ml(399, on))),
        fails("it was 400 mL", ml(399, on), corrected(ml(400, on))),
        passes("one of two should never have been recorded", ml(200, on), ml(200, "2026-04-05"), retracted(1)),
        unknown("one of two on a date that is not sure", ml(200, "2026-03"), ml(200, "2026-04-05")),
        passes("399 mL whatever the date", ml(399, "2026-03")),
    ]


def of_women(*cases: Case, beside: e.Event) -> list[Case]:
    """Cases of a woman; nothing of this is asked of a man, and where the sex is not on record it is not known."""
    return [
        *(case._replace(facts=(*case.facts, WOMAN)) for case in cases),
        passes("nothing of it is asked of a man", MAN, reviews=()),
        passes("a man, whatever is on record", MAN, beside),
        unknown("neither the sex nor anything else is on record", reviews=()),
        unknown("it would exclude a woman, and the sex is not on record", beside),
        fails("the sex was corrected to that of a woman", beside, MAN, corrected(WOMAN, 1)),
    ]


TABLE: Table = {
    "E27a": [
        *of_a_look_back(donated, blocked="2026-03-02", free="2026-03-01"),
        *of_reviews_before("procedures", covers_from="2026-03-02", too_late="2026-03-03"),
        *of_volumes("blood-donation", "2026-03-02"),
        passes("lost blood is no donation", lost("2026-03-20", 2000)),
        passes("199 mL donated and 1000 mL lost", donated("2026-03-20", 199), lost("2026-03-20", 1000)),
        passes("another procedure", done("plasmapheresis", "2026-03-20")),
    ],
    "E27b": [
        *of_a_look_back(lost, blocked="2026-03-02", free="2026-03-01"),
        *of_reviews_before("procedures", covers_from="2026-03-02", too_late="2026-03-03"),
        *of_volumes("blood-loss", "2026-03-02"),
        fails("200 mL donated and 200 mL lost are added", donated("2026-03-02", 200), lost("2026-04-05", 200)),
        passes("200 mL and 199 mL", donated("2026-03-02", 200), lost("2026-04-05", 199)),
        passes("the donation on the free date", donated("2026-03-01", 200), lost("2026-04-05", 200)),
        unknown("a donation whose volume nobody recorded, and 1 mL", donated("2026-03-02", None), lost("2026-04-05", 1)),
    ],
    "E27c": [
        *of_a_look_back(lambda on: done("transfusion", on), blocked="2026-02-02", free="2026-02-01"),
        *of_reviews_before("procedures", covers_from="2026-02-02", too_late="2026-02-03"),
        fails("some day in March lies in the eight weeks, whichever it was", done("transfusion", "2026-03")),
        passes("some day in January before them", done("transfusion", "2026-01")),
        passes("plasmapheresis is none", done("plasmapheresis", "2026-03-20")),
        passes("albumin and immunoglobulin are none", taken("albumin", "2026-03-20"), taken("human-normal-immunoglobulin", "2026-03-20")),
        passes("the trial's own collection comes after it", e.LeukapheresisStarted(at=done("transfusion", "2026-05-04 09:00").at)),
    ],
    "E27d": [
        *of_an_attestation("no-blood-donation-planned"),
        *of_reviews_now("plans", beside=[attested(no_blood_donation_planned=True)]),
        passes("a donation of the past is no plan", donated("2026-03-20"), attested(no_blood_donation_planned=True)),
    ],
    "E28a": [
        *of_a_look_back(bled, blocked="2026-03-02", free="2026-03-01"),
        *of_reviews_before("history", covers_from="2026-03-02", too_late="2026-03-03"),
        passes("grade 1", bled("2026-03-20", grade=1)),
        *[fails(f"grade {grade}", bled("2026-03-20", grade=grade)) for grade in (2, 3, 4, 5)],
        unknown("a grade nobody recorded", bled("2026-03-20", grade=None)),
        passes("a grade nobody recorded, on the free date", bled("2026-03-01", grade=None)),
        fails("grade 1 and, another time, grade 2", bled("2026-03-25", grade=1), bled("2026-03-20", grade=2)),
        fails("it began before the four weeks and ended on their first date", bled("2026-01-05", "2026-03-02")),
        passes("it ended on the date before", bled("2026-01-05", "2026-03-01")),
        unknown("it ended some day of the month", bled("2026-01-05", "2026-03")),
        fails("it spans the four weeks and ended after the confirmation", bled("2026-01-05", "2026-04-15")),
        fails("it began before them and has no end on record", bleeding("2026-01-05")),
        passes("grade 1 without an end", bleeding("2026-01-05", grade=1)),
        fails("it was of grade 2", bled("2026-03-20", grade=1), corrected(bled("2026-03-20", grade=2))),
        passes("it was of grade 1", bled("2026-03-20", grade=2), corrected(bled("2026-03-20", grade=1))),
        fails("the grade was added", bled("2026-03-20", grade=None), corrected(bled("2026-03-20", grade=3))),
        passes("loss of blood without bleeding of a grade is another part", lost("2026-03-20", 300)),
    ],
    "E28b": [
        *of_the_present(need),
        *[case._replace(says=f"warfarin for long, {case.says}") for case in of_the_present(on_warfarin, beside=[LONG])],
        *of_reviews_now("history", beside=looked("medicines")),
        *of_reviews_now("medicines", beside=looked("history")),
        unknown("warfarin, and nobody has said for how long", on_warfarin("2026-01-05")),
        fails(
            "warfarin, attested as short, and a need for long",
            on_warfarin("2026-01-05"),
            SHORT,
            need("2025"),
        ),
        passes("a prophylaxis that is attested as short", under_the_skin("enoxaparin"), SHORT),
        passes("short, though the medicines were not looked through", under_the_skin("enoxaparin"), SHORT, reviews=looked("history")),
        fails("the same for long", under_the_skin("enoxaparin"), LONG),
        passes("nothing is taken, though it is denied that it would be short", LONG),
        *[
            fails(f"{drug} for long", taken(drug, "2026-01-05", per_day=1), LONG)
            for drug in ("phenprocoumon", "acenocoumarol", "dabigatran", "rivaroxaban", "apixaban", "edoxaban")
        ],
        *[
            passes(f"{drug} hinders platelets and is none", taken(drug, "2026-01-05", per_day=1), LONG)
            for drug in ("acetylsalicylic-acid", "clopidogrel", "prasugrel", "ticagrelor")
        ],
        passes("heparin on the skin", taken("heparin", "2026-01-05", per_day=2, route="topical"), LONG),
        passes("hydrocortisone on the skin", taken("hydrocortisone", "2026-01-05", per_day=2, route="topical"), LONG),
        unknown("a drug that nobody has classified goes on", unclassified(outside=False)),
        passes("one that is said to be outside every class", unclassified(outside=True)),
        passes("warfarin was stopped", on_warfarin("2026-01-05"), corrected(on_warfarin("2026-01-05", "2026-04-08")), LONG),
        passes("it was aspirin", on_warfarin("2026-01-05"), corrected(taken("acetylsalicylic-acid", "2026-01-05", per_day=1)), LONG),
    ],
    "E29": [
        *of_an_attestation("no-severe-mental-illness"),
        *of_reviews_now("psychiatric", beside=[attested(no_severe_mental_illness=True)]),
        fails("denied, though nobody has looked", attested(no_severe_mental_illness=False), reviews=()),
    ],
    "E30a": [
        *of_an_attestation("no-alcoholism"),
        *of_reviews_now("history", beside=[attested(no_alcoholism=True), *looked("psychiatric")]),
        *of_reviews_now("psychiatric", beside=[attested(no_alcoholism=True), *looked("history")]),
        passes("abuse of drugs is another part", noted("drug-abuse", "2010", "2012"), attested(no_alcoholism=True)),
    ],
    "E30b": [
        *of_a_life(lambda start: noted("drug-abuse", start, start, at=LATE)),
        *of_reviews_of_a_life("history", beside=looked("psychiatric")),
        *of_reviews_of_a_life("psychiatric", beside=looked("history")),
        fails("abuse that goes on", noted("drug-abuse", "2010")),
        fails("abuse that ended long ago", noted("drug-abuse", "1995", "1996")),
        passes("alcoholism is another part", attested(no_alcoholism=False)),
    ],
    "E31a": of_women(
        fails("a pregnancy that goes on, whatever the test says", pregnancy_test("negative"), noted("pregnancy", "2026-04-01")),
        passes("a pregnancy of the past", pregnancy_test("negative"), noted("pregnancy", "2019", "2020")),
        unknown("a negative test, and nobody has asked", pregnancy_test("negative"), reviews=()),
        passes("a negative test", pregnancy_test("negative")),
        fails("a positive test", pregnancy_test("positive")),
        unknown("no test"),
        unknown("an indeterminate test", pregnancy_test("indeterminate")),
        passes("a test exactly 7 days old", pregnancy_test("negative", "2026-04-03 00:00")),
        unknown("a test of the date before", pregnancy_test("negative", "2026-04-02 23:59")),
        passes("a test of a date 7 days ago, without the hour", pregnancy_test("negative", "2026-04-03")),
        unknown("a test of a date 8 days ago", pregnancy_test("negative", "2026-04-02")),
        passes("a test in the minute of the confirmation", pregnancy_test("negative", "2026-04-10 12:00")),
        unknown("a test in the minute after", pregnancy_test("negative", "2026-04-10 12:01")),
        unknown("a test on the date of the confirmation, without the hour", pregnancy_test("negative", "2026-04-10")),
        unknown("a test some day in the month", pregnancy_test("negative", "2026-04")),
        unknown("a test of routine care before screening", pregnancy_test("negative", "2026-03-29 08:00")),
        fails("negative, then positive", pregnancy_test("negative", "2026-04-05 08:00"), pregnancy_test("positive")),
        passes("positive, then negative", pregnancy_test("positive", "2026-04-05 08:00"), pregnancy_test("negative")),
        passes(
            "then one that is not valid",
            pregnancy_test("negative", "2026-04-05 08:00"),
            pregnancy_test("positive", valid=False),
        ),
        unknown("only a test that is not valid", pregnancy_test("negative", valid=False)),
        passes("positive only after the confirmation", pregnancy_test("negative"), pregnancy_test("positive", "2026-04-10 12:01")),
        fails("it was positive", pregnancy_test("negative"), corrected(pregnancy_test("positive"))),
        passes("it was negative", pregnancy_test("positive"), corrected(pregnancy_test("negative"))),
        unknown("it should never have been recorded", pregnancy_test("negative"), retracted()),
        beside=pregnancy_test("positive"),
    ),
    "E31b": of_women(
        *of_the_present(lambda start, stop: noted("breast-feeding", start, stop, at=LATE)),
        *of_reviews_now("history"),
        passes("whoever does not breast-feed passes, whatever the sex"),
        beside=noted("breast-feeding", "2026-01-05"),
    ),
    "E31c": of_women(
        *of_an_attestation("no-pregnancy-intended"),
        *of_reviews_now("plans", beside=[attested(no_pregnancy_intended=True)]),
        beside=attested(no_pregnancy_intended=False),
    ),
    "E31d": [
        *of_reviews_now("plans", beside=[MAN, attested(no_conception_by_partner_intended=True)]),
        *(case._replace(facts=(*case.facts, MAN)) for case in of_an_attestation("no-conception-by-partner-intended")),
        passes("nothing of it is asked of a woman", WOMAN, reviews=()),
        passes("a woman, whatever was attested", WOMAN, attested(no_conception_by_partner_intended=False)),
        unknown("the sex is not on record"),
        unknown("it would exclude a man, and the sex is not on record", attested(no_conception_by_partner_intended=False)),
        unknown("that she does not intend it is another promise", MAN, attested(no_pregnancy_intended=True)),
    ],
    "E32": [
        *of_a_life(lambda start: noted("malignancy", start, start, at=LATE)),
        *of_reviews_of_a_life("history"),
        fails("a cancer of the skin that was cured", noted("malignancy", "2005", "2005")),
        fails("one that goes on", noted("malignancy", "2026-01-05")),
        passes("one that began after the confirmation", noted("malignancy", "2026-09-01", at="2026-09-01 10:00")),
        passes("another condition", noted("latent-tuberculosis", "2005")),
    ],
    "E33a": of_an_attestation("no-contraindication"),
    "E33b": [
        *of_an_attestation("no-unacceptable-risk"),
        unknown("a contraindication that is denied says nothing of other risks", attested(no_contraindication=True)),
        passes("both under one signature", attested(no_contraindication=False, no_unacceptable_risk=True)),
    ],
}


@of_each_case(TABLE)
def test_exclusion_27_to_33(part: str, case: Case) -> None:
    assert verdict(part, *case.facts, rulings=case.rulings) == case.verdict
