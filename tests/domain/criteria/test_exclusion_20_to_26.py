"""E20a to E26c: inhibitors of JAK and BTK, B-cell-targeted therapy, biologics, gene-modified cells, and what gates judge."""

from datetime import timedelta

import pytest

from domain import events as e
from domain.criteria.report import Branch, Verdict
from domain.time import When
from domain.words import HoldPoint
from tests.builders import local, minute, review, verdict_on
from tests.domain.criteria.given import attested, done, judged, looked, noted, taken, verdict
from tests.domain.criteria.tables import (
    LOOKED,
    Case,
    Table,
    corrected,
    fails,
    of_a_life,
    of_an_attestation,
    of_each_case,
    of_reviews_now,
    of_reviews_of_a_life,
    of_the_present,
    passes,
    retracted,
    unknown,
)

SCREENED = local("2026-03-30 09:00")
BAFF, CD38, PROTEASOME, ELSEWHERE = "baff-april-inhibitors", "anti-cd38-antibodies", "proteasome-inhibitors", "non-immune-antibodies"


def infusion(drug: str, start: str, stop: str | None = None) -> e.MedicationTaken:
    """One infusion, which has taken its time if it has a stop."""
    return taken(drug, start, stop, mg="500", route="intravenous")


def ticked(drug: e.MedicationTaken, *classes: str) -> e.MedicationTaken:
    """A drug that is not in the reference, of the classes that were ticked at entry; outside every class where none was."""
    return drug.model_copy(update={"classes": classes, "outside_every_class": not classes})


def of_washing_out(drug: str, *, blocked: str, free: str) -> list[Case]:
    """`blocked` is the minute exactly so many half-lives before screening, `free` the one before it."""
    return [
        passes("nothing is on record, and the medicines of the whole life were looked through"),
        fails("a dose exactly so many half-lives before still blocks", taken(drug, blocked)),
        passes("a dose in the minute before is free", taken(drug, free)),
        fails("a course counts from its last dose", taken(drug, "2025-01-05 08:00", blocked, per_day=2)),
        passes("a course that ended in the minute before", taken(drug, "2025-01-05 08:00", free, per_day=2)),
        fails("a course that goes on", taken(drug, "2025-01-05", per_day=2)),
        fails("the later of two doses decides", taken(drug, blocked), taken(drug, free)),
        fails("a dose while screening goes on", taken(drug, "2026-04-05 08:00")),
        fails("a course that began while screening goes on", taken(drug, "2026-04-05", per_day=2)),
        fails("a dose in the minute of the confirmation", taken(drug, "2026-04-10 12:00")),
        passes("a dose in the minute after", taken(drug, "2026-04-10 12:01")),
        fails("a dose after the confirmation hides none from before", taken(drug, blocked), taken(drug, "2026-04-11 08:00")),
        unknown("a dose on the date of the confirmation, without the hour", taken(drug, "2026-04-10")),
        unknown("a dose some day in the month of the confirmation", taken(drug, "2026-04")),
        unknown("the date of the bound, without the hour", taken(drug, blocked[:10])),
        unknown("some day in the month of the bound", taken(drug, blocked[:7])),
        unknown("some day in the year of the bound", taken(drug, blocked[:4])),
        passes("some day of the year 2020", taken(drug, "2020")),
        fails("it is on record and nobody has looked", taken(drug, blocked), reviews=()),
        passes("it should have said the minute before", taken(drug, blocked), corrected(taken(drug, free))),
        fails("it should have said the minute of the bound", taken(drug, free), corrected(taken(drug, blocked))),
        passes("it was another drug", taken(drug, blocked), corrected(taken("azathioprine", blocked))),
        passes("it should never have been recorded", taken(drug, blocked), retracted()),
        unknown("a drug that nobody has classified", taken("new-drug", "2020")),
        passes("one that is said to be outside every class", ticked(taken("new-drug", "2026-03-29"))),
        passes("hydrocortisone on the skin", taken("hydrocortisone", "2026-03-29 20:00", route="topical")),
    ]


def of_inhibitors(class_: str) -> list[Case]:
    """What inhibitors of JAK and of BTK have in common besides their half-lives."""
    return [
        unknown("ticked as one at entry: nobody knows its half-life", ticked(taken("new-drug", "2020"), class_)),
        passes("ticked as something else at entry", ticked(taken("new-drug", "2026-03-29"), "immunosuppressant")),
        passes("ticked as one that targets B cells besides", ticked(taken("new-drug", "2026-03-29"), class_, "b-cell-targeted")),
        passes("ticked as one in cells besides", ticked(taken("new-drug", "2026-03-29"), class_, "cell-therapy")),
        *[
            passes(f"{route} use is not systemic", ticked(taken("new-drug", "2026-03-29", route=route), class_))
            for route in ("topical", "inhaled", "nasal", "ocular")
        ],
        passes(
            "not marketed anywhere: an investigational drug",
            ticked(taken("new-drug", "2026-03-29")).model_copy(update={"investigational": True}),
        ),
        unknown(
            "a review of the last years only", reviews=[review(minute("2026-04-02 10:00"), local("2020-01-01 00:00").date(), "medicines")]
        ),
    ]


def of_a_ruling(ruling: str, drug: str, verdicts: dict[str | None, Verdict], when: str = "2026-03-20") -> list[Case]:
    """A drug on the edge: by what the study has ruled, and while it has not (None)."""
    return [
        Case(
            f"{drug} while the study has ruled {choice or 'nothing'} on {ruling}",
            its,
            (infusion(drug, when), *LOOKED),
            {ruling: choice} if choice else {},
        )
        for choice, its in verdicts.items()
    ]


TABLE: Table = {
    "E20a": [
        *of_washing_out("tofacitinib", blocked="2026-03-29 15:00", free="2026-03-29 14:59"),
        *of_reviews_of_a_life("medicines"),
        *of_inhibitors("jak-inhibitor"),
        fails("by the metabolite of filgotinib, 57 hours over the change of the clocks", taken("filgotinib", "2026-03-27 23:00")),
        passes("57 hours and a minute", taken("filgotinib", "2026-03-27 22:59")),
        fails("37 hours and a half of baricitinib", taken("baricitinib", "2026-03-28 18:30")),
        passes("and a minute more", taken("baricitinib", "2026-03-28 18:29")),
        fails("TYK2 is a Janus kinase", taken("deucravacitinib", "2026-03-29 03:00")),
        passes("30 hours and a minute after it", taken("deucravacitinib", "2026-03-29 01:59")),
        fails("ruxolitinib by mouth", taken("ruxolitinib", "2026-03-29 20:00")),
        passes("a cream of ruxolitinib", taken("ruxolitinib", "2026-03-29 20:00", per_day=2, route="topical")),
        fails("abrocitinib, though its code is that of the skin", taken("abrocitinib", "2026-03-29 20:00")),
        passes("on the eve of the date of the bound, without the hour", taken("tofacitinib", "2026-03-28")),
        fails("on the date of screening, without the hour", taken("tofacitinib", "2026-03-30")),
        unknown("ivarmacitinib, whose half-life nobody has read", taken("ivarmacitinib", "2020")),
        passes("an inhibitor of BTK is another part", taken("ibrutinib", "2026-03-29 20:00")),
        fails(
            "a marketed one given in another trial counts all the same",
            taken("tofacitinib", "2026-03-29 20:00").model_copy(update={"investigational": True}),
        ),
    ],
    "E20b": [
        *of_washing_out("ibrutinib", blocked="2026-03-29 15:00", free="2026-03-29 14:59"),
        *of_reviews_of_a_life("medicines"),
        *of_inhibitors("btk-inhibitor"),
        fails("by the metabolite of acalabrutinib, 20 hours and 42 minutes", taken("acalabrutinib", "2026-03-29 12:18")),
        passes("and a minute more", taken("acalabrutinib", "2026-03-29 12:17")),
        fails("60 hours of pirtobrutinib over the change of the clocks", taken("pirtobrutinib", "2026-03-27 20:00")),
        passes("and a minute more", taken("pirtobrutinib", "2026-03-27 19:59")),
        unknown("tirabrutinib, whose half-life nobody has read", taken("tirabrutinib", "2020")),
        passes("an inhibitor of JAK is another part", taken("tofacitinib", "2026-03-29 20:00")),
    ],
    "E21": [
        *of_a_life(lambda start: infusion("rituximab", start)),
        *of_reviews_of_a_life("medicines"),
        *[
            fails(f"{drug}, years ago", infusion(drug, "2015"))
            for drug in (
                "obinutuzumab",
                "inebilizumab",
                "ocrelizumab",
                "ofatumumab",
                "tafasitamab",
                "blinatumomab",
                "inotuzumab-ozogamicin",
                "epratuzumab",
            )
        ],
        *[
            case
            for drug in ("belimumab", "telitacicept", "atacicept")
            for case in of_a_ruling(BAFF, drug, {None: "not yet known", "b-cell-targeted": "fails", "other-biologic": "passes"}, "2015")
        ],
        *of_a_ruling(CD38, "daratumumab", {None: "not yet known", "b-cell-targeted": "fails", "other-biologic": "passes"}, "2015"),
        *of_a_ruling(PROTEASOME, "bortezomib", {None: "not yet known", "b-cell-targeted": "fails", "outside": "passes"}, "2015"),
        *of_a_ruling(BAFF, "daratumumab", {"b-cell-targeted": "not yet known"}, "2015"),
        passes("BTK is not taken for a mark of B cells", taken("ibrutinib", "2026-03-29")),
        passes("an antibody against something else", infusion("infliximab", "2026-03-20")),
        passes("cells against CD19 are judged by themselves", infusion("tisagenlecleucel", "2022")),
        unknown("a drug that nobody has classified", infusion("new-drug", "2015")),
        fails("one ticked as directed at B cells", ticked(infusion("new-drug", "2015"), "biologic", "b-cell-targeted")),
        passes("one ticked as another biologic", ticked(infusion("new-drug", "2015"), "biologic")),
        unknown("one ticked as an inhibitor of BAFF, and nobody has ruled", ticked(infusion("new-drug", "2015"), "baff-april-inhibitor")),
        passes("one ticked as cells", ticked(infusion("new-drug", "2015"), "b-cell-targeted", "cell-therapy")),
        passes("one said to be outside every class", ticked(infusion("new-drug", "2015"))),
        passes("it was another antibody", infusion("rituximab", "2015"), corrected(infusion("infliximab", "2015"))),
        fails("it was this one", infusion("infliximab", "2015"), corrected(infusion("rituximab", "2015"))),
        passes("hydrocortisone on the skin", taken("hydrocortisone", "2026-03-29 20:00", route="topical")),
    ],
    "E22": [
        *of_washing_out("anakinra", blocked="2026-03-29 03:00", free="2026-03-29 01:59"),
        *of_reviews_of_a_life("medicines"),
        fails("25 days of etanercept over the change of the clocks", taken("etanercept", "2026-03-05 08:00", route="subcutaneous")),
        passes("and a minute more", taken("etanercept", "2026-03-05 07:59", route="subcutaneous")),
        fails("an infusion counts from its end", infusion("infliximab", "2026-02-08 06:00", "2026-02-08 08:00")),
        passes("one that ended in the minute before", infusion("infliximab", "2026-02-08 06:00", "2026-02-08 07:59")),
        fails(
            "62 days and a half of telitacicept, if it is another biologic",
            infusion("telitacicept", "2026-01-26 20:00"),
            rulings={BAFF: "other-biologic"},
        ),
        passes("and a minute more", infusion("telitacicept", "2026-01-26 19:59"), rulings={BAFF: "other-biologic"}),
        fails("16 weeks of anifrolumab: the date still blocks", infusion("anifrolumab", "2025-12-08")),
        fails("to its first minute", infusion("anifrolumab", "2025-12-08 00:00")),
        passes("the date before is free", infusion("anifrolumab", "2025-12-07")),
        passes("to its last minute", infusion("anifrolumab", "2025-12-07 23:59")),
        unknown("some day in that month", infusion("anifrolumab", "2025-12")),
        passes("some day in the month before", infusion("anifrolumab", "2025-11")),
        unknown("an antibody whose half-life nobody has read", infusion("dupilumab", "2015")),
        *of_a_ruling(BAFF, "belimumab", {None: "not yet known", "b-cell-targeted": "passes", "other-biologic": "fails"}),
        *of_a_ruling(BAFF, "belimumab", {None: "not yet known", "other-biologic": "fails"}, "2025-12-23 08:00"),
        *of_a_ruling(BAFF, "belimumab", {None: "passes", "other-biologic": "passes"}, "2025-12-23 07:59"),
        *of_a_ruling(BAFF, "atacicept", {None: "not yet known", "b-cell-targeted": "passes", "other-biologic": "not yet known"}),
        *of_a_ruling(CD38, "daratumumab", {None: "not yet known", "b-cell-targeted": "passes", "other-biologic": "fails"}),
        *of_a_ruling(CD38, "daratumumab", {None: "passes", "other-biologic": "passes"}, "2025-12-05 07:59"),
        *of_a_ruling(PROTEASOME, "bortezomib", {None: "passes", "b-cell-targeted": "passes", "outside": "passes"}),
        *of_a_ruling(ELSEWHERE, "denosumab", {None: "not yet known", "as-biologic": "fails", "outside": "passes"}),
        *of_a_ruling(ELSEWHERE, "denosumab", {None: "not yet known", "as-biologic": "fails"}, "2025-11-05 08:00"),
        *of_a_ruling(ELSEWHERE, "denosumab", {None: "passes", "as-biologic": "passes"}, "2025-11-05 07:59"),
        *of_a_ruling(ELSEWHERE, "infliximab", {"outside": "fails"}),
        *[
            passes(f"{drug} is no such biologic", infusion(drug, "2026-03-29 20:00"))
            for drug in (
                "human-normal-immunoglobulin",
                "insulin-glargine",
                "epoetin-alfa",
                "filgrastim",
                "heparin",
                "albumin",
                "azathioprine",
            )
        ],
        passes("a vaccine is none", e.VaccineGiven(at=When("2026-03-29"), vaccine="vaccine-hepatitis-b")),
        passes("what is directed at B cells is judged by itself", infusion("rituximab", "2026-03-29")),
        unknown("one ticked as a biologic: nobody knows its half-life", ticked(infusion("new-drug", "2015"), "biologic")),
        passes("one ticked as directed at B cells besides", ticked(infusion("new-drug", "2026-03-29"), "biologic", "b-cell-targeted")),
        passes("one ticked as an inhibitor of JAK besides", ticked(infusion("new-drug", "2026-03-29"), "biologic", "jak-inhibitor")),
        passes("one ticked as an inhibitor of BTK besides", ticked(infusion("new-drug", "2026-03-29"), "biologic", "btk-inhibitor")),
        passes("one ticked as cells besides", ticked(infusion("new-drug", "2026-03-29"), "biologic", "cell-therapy")),
        unknown(
            "one ticked as acting elsewhere, and nobody has ruled", ticked(infusion("new-drug", "2015"), "biologic", "non-immune-antibody")
        ),
        passes(
            "the same, when these do not count",
            ticked(infusion("new-drug", "2015"), "biologic", "non-immune-antibody"),
            rulings={ELSEWHERE: "outside"},
        ),
    ],
    "E23": [
        *of_a_life(lambda start: infusion("tisagenlecleucel", start)),
        *[case._replace(says=f"as a procedure, {case.says}") for case in of_a_life(lambda start: done("gene-modified-cells-given", start))],
        *of_reviews_of_a_life("medicines", beside=looked("history")),
        *of_reviews_of_a_life("history", beside=looked("medicines")),
        *[
            fails(f"{cells}", infusion(cells, "2022"))
            for cells in ("axicabtagene-ciloleucel", "idecabtagene-vicleucel", "ciltacabtagene-autoleucel", "relmacabtagene-autoleucel")
        ],
        fails("cells of a trial, ticked at entry", ticked(infusion("new-cells", "2022"), "cell-therapy", "b-cell-targeted")),
        unknown("a drug that nobody has classified", infusion("new-cells", "2022")),
        passes("one said to be outside every class", ticked(infusion("new-cells", "2022"))),
        passes("an antibody against B cells", infusion("rituximab", "2022")),
        passes("a transplant of stem cells", done("stem-cell-transplant", "2022")),
        passes("the trial's own cells come after the confirmation", e.InfusionStarted(at=minute("2026-05-20 10:00"), identity="COI-0001")),
        passes("hydrocortisone on the skin", taken("hydrocortisone", "2026-03-29 20:00", route="topical")),
    ],
    "E26b": [
        *of_an_attestation("no-major-surgery-planned"),
        *of_reviews_now("plans", beside=[attested(no_major_surgery_planned=True)]),
        fails("it is planned, though nobody has looked", attested(no_major_surgery_planned=False), reviews=()),
    ],
    "E26c": [
        *of_the_present(lambda start, stop: noted("surgical-wound", start, stop, at="2026-04-20 10:00")),
        *of_reviews_now("procedures"),
        passes("surgery whose wound has healed", e.ProcedurePerformed(name="hip replacement", major=True, at=When("2026-03-20"))),
    ],
}


@of_each_case(TABLE)
def test_exclusion_20_to_26(part: str, case: Case) -> None:
    assert verdict(part, *case.facts, rulings=case.rulings) == case.verdict


# Half-lives, each by its upper end as the sources give it

HOURS = {
    "E20a": {"tofacitinib": "6", "baricitinib": "12.5", "upadacitinib": "14", "filgotinib": "19", "deucravacitinib": "10"},
    "E20b": {"acalabrutinib": "6.9", "ibrutinib": "6", "zanubrutinib": "4", "orelabrutinib": "4", "pirtobrutinib": "20"},
    "E22": {
        "abatacept": "312",
        "tocilizumab": "312",
        "infliximab": "240",
        "etanercept": "120",
        "adalimumab": "336",
        "golimumab": "336",
        "certolizumab-pegol": "336",
        "anakinra": "6",
        "secukinumab": "744",
        "ustekinumab": "504",
    },
}


@pytest.mark.parametrize(("part", "drug", "hours"), [(part, drug, float(h)) for part, drugs in HOURS.items() for drug, h in drugs.items()])
def test_the_upper_end_of_the_half_life_decides_to_the_minute(part: str, drug: str, hours: float) -> None:
    count = 5 if part == "E22" else 3
    bound = SCREENED - timedelta(minutes=round(hours * 60) * count)
    blocked, free = (
        e.MedicationTaken.model_validate(taken(drug, "2026").model_dump() | {"start": When.at(at)})
        for at in (bound, bound - timedelta(minutes=1))
    )
    assert (verdict(part, blocked, *LOOKED), verdict(part, free, *LOOKED)) == ("fails", "passes")


@pytest.mark.parametrize(
    ("part", "drug", "last", "by_the_longest", "by_the_shortest"),
    [
        ("E20a", "tofacitinib", "2026-03-29 20:00", "2026-03-30 14:01+02:00", "2026-03-30 05:01+02:00"),
        ("E20a", "filgotinib", "2026-03-29 20:00", "2026-04-01 05:01+02:00", "2026-03-30 17:01+02:00"),
        ("E20b", "acalabrutinib", "2026-03-29 20:00", "2026-03-30 16:43+02:00", "2026-03-29 22:43+02:00"),
        ("E22", "etanercept", "2026-03-20 20:00", "2026-04-14 21:01+02:00", "2026-04-04 21:01+02:00"),
    ],
)
def test_both_clear_dates_are_told(part: str, drug: str, last: str, by_the_longest: str, by_the_shortest: str) -> None:
    told = said(judged(part, taken(drug, last), *LOOKED).because)
    assert by_the_longest in told
    assert by_the_shortest in told


def test_while_a_course_goes_on_no_clear_date_is_told() -> None:
    told = said(judged("E20a", taken("tofacitinib", "2026-01-05", per_day=2), *LOOKED).because)
    assert "tofacitinib is not washed out while it goes on" in told
    assert "not washed out before" not in told


@pytest.mark.parametrize(
    ("part", "fact", "asked"),
    [
        ("E20a", taken("new-drug", "2026-03-20"), "medical-monitor"),
        ("E20a", taken("ivarmacitinib", "2026-03-20"), "medical-monitor"),
        ("E21", infusion("belimumab", "2026-03-20"), "medical-monitor"),
        ("E22", infusion("denosumab", "2026-03-20"), "medical-monitor"),
        ("E20a", taken("tofacitinib", "2026-03"), "coordinator"),
    ],
)
def test_what_is_not_known_names_who_can_tell(part: str, fact: e.Event, asked: str) -> None:
    assert asked in asks(judged(part, fact, *LOOKED).because)


def asks(branch: Branch | None) -> set[str | None]:
    """Everybody who is asked to make something known."""
    assert branch is not None
    return {found.supplied_by for found in branch.findings} | {role for part in branch.parts for role in asks(part)}


def said(branch: Branch | None) -> str:
    """Everything that was found for a verdict."""
    assert branch is not None
    return " ".join([*(found.says for found in branch.findings), *(said(part) for part in branch.parts)])


# The most specific class takes a drug out of the general ones

PARTS = ("E20a", "E20b", "E21", "E22", "E23")


@pytest.mark.parametrize(
    ("drug", "excluded_by"),
    [
        ("tisagenlecleucel", "E23"),
        ("ciltacabtagene-autoleucel", "E23"),
        ("rituximab", "E21"),
        ("ofatumumab", "E21"),
        ("tofacitinib", "E20a"),
        ("pirtobrutinib", "E20b"),
        ("infliximab", "E22"),
        ("anifrolumab", "E22"),
        ("azathioprine", None),
        ("prednisone", None),
        ("human-normal-immunoglobulin", None),
    ],
)
def test_a_drug_is_judged_under_its_most_specific_class_alone(drug: str, excluded_by: str | None) -> None:
    dose = infusion(drug, "2026-03-29 20:00")
    verdicts = {part: verdict(part, dose, *LOOKED) for part in PARTS}
    assert verdicts == {part: "fails" if part == excluded_by else "passes" for part in PARTS}


# Not due at confirmation: their gates judge them

STEPS: dict[str, HoldPoint] = {"E24a": "leukapheresis", "E24b": "infusion", "E25": "leukapheresis", "E26a": "lymphodepletion"}
NOON = "2026-05-12 12:00"
IN_THE_WAY: dict[str, e.Event] = {
    "E24a": taken("prednisone", "2026-05-05 08:00", mg="10.5"),
    "E24b": taken("dexamethasone", "2026-05-09 12:00", mg="8", route="intravenous"),
    "E25": taken("obinutuzumab", "2026-04-14").model_copy(update={"investigational": True}),
    "E26a": e.ProcedurePerformed(name="hip replacement", major=True, at=When("2026-04-14")),
}
OUT_OF_IT: dict[str, e.Event] = {
    "E24a": taken("prednisone", "2026-05-04 08:00", mg="10.5"),
    "E24b": taken("dexamethasone", "2026-05-09 11:59", mg="8", route="intravenous"),
    "E25": taken("obinutuzumab", "2026-04-13").model_copy(update={"investigational": True}),
    "E26a": e.ProcedurePerformed(name="hip replacement", major=True, at=When("2026-04-13")),
}


@pytest.mark.parametrize("part", STEPS)
def test_a_part_of_a_later_step_is_not_due_whatever_is_on_record(part: str) -> None:
    steroid = taken("prednisone", "2026-04-09", mg="500", per_day=1)
    surgery = e.ProcedurePerformed(name="hip replacement", major=True, at=When("2026-04-09"))
    trial = taken("obinutuzumab", "2026-04-09").model_copy(update={"investigational": True})
    for facts in ((), LOOKED, (steroid, surgery, trial)):
        found = judged(part, *facts)
        assert (found.verdict, found.due_at, found.because, found.rescreen_from) == ("not due", STEPS[part], None, None)


@pytest.mark.parametrize("part", STEPS)
def test_its_gate_judges_it(part: str) -> None:
    looked_over = [review(minute("2026-05-12 11:00"), None, "procedures" if part == "E26a" else "medicines")]
    cream = taken("hydrocortisone", "2026-05-12 08:00", mg="1000", route="topical")

    def at_the_gate(*facts: e.Event) -> str:
        return verdict_on(STEPS[part], part, local(NOON), *facts).outcome

    assert at_the_gate() == "not yet known"
    assert at_the_gate(*looked_over) == "passes"
    assert at_the_gate(IN_THE_WAY[part], *looked_over) == "fails"
    assert at_the_gate(OUT_OF_IT[part], *looked_over) == "passes"
    assert at_the_gate(cream, *looked_over) == "passes"
