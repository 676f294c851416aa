"""Criteria in a protocol file: one that cannot be judged, or asks for what nobody can record, is named and never loaded."""

import pytest

from domain.protocol_checks.criteria import check_classes
from domain.protocol_file import parse_protocol, parse_reference
from tests.domain.files import DRUGS, SHIPPED, faults, with_, without

Change = tuple[str, str]


def named(change: Change, *, text: str = SHIPPED) -> list[str]:
    return faults(with_(change, text=text))


def in_criterion(id: str, old: str, new: str) -> str:
    """The shipped file with a piece of one criterion replaced."""
    start = SHIPPED.index(f'[[criteria]]\nid = "{id}"\n')
    end = SHIPPED.find("[[criteria]]", start + 1) % len(SHIPPED)
    return SHIPPED[:start] + with_((old, new), text=SHIPPED[start:end]) + SHIPPED[end:]


# The criterion as a whole

E25 = 'at_gate = "leukapheresis"\ninterpretations = ["investigational-drug"'


def test_two_criteria_of_one_id_are_named() -> None:
    assert faults(in_criterion("E29", '"E29"', '"E30b"')) == ["criteria.E30b: there is another criterion of this id"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (in_criterion("E32", "requires = {", "# {"), "criteria.E32: must be judged at confirmation or at a gate"),
        (
            in_criterion("E29", 'id = "E29"', 'id = "E24a"\nat_gate = "leukapheresis"'),
            "criteria.E24a: must be judged at confirmation or at a",
        ),
        (with_((E25, E25.replace("leukapheresis", "infusion", 1))), "criteria.E25.at_gate: the gate of infusion has no rule E25"),
        (
            in_criterion("E26a", 'name = "', 'otherwise_read = { says = "a", requires = { kind = "consented-first" } }\nname = "'),
            "criteria.E26a.otherwise_read: is another reading of what is not judged here",
        ),
        (in_criterion("E26a", '"E26a"', '"E26"'), "criteria.E26.at_gate: the gate of lymphodepletion has no rule E26"),
    ],
)
def test_a_criterion_is_judged_once_and_by_something_that_is_there(text: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(text))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            in_criterion("I2", 'anchor = "consent"', 'anchor = "screening"'),
            "criteria.I2.requires: aged is judged over the consent, and the criterion is anchored on the screening",
        ),
        (
            in_criterion("I4a", ", dated = true", ""),
            "criteria.I4a.requires: scored is judged over the confirmation, and the criterion is anchored on the consent",
        ),
        (
            in_criterion(
                "E2c", '"no-sustained-dose", at_least_mg = 100, days = 14, within = "P8W"', '"never", of = { classes = ["nsaid"] }'
            ),
            "criteria.E2c.requires.of.2: never is judged over the confirmation, and the criterion is anchored on the screening",
        ),
        (
            in_criterion("E31b", 'anchor = "confirmation"', 'anchor = "screening"'),
            "criteria.E31b.requires.then: not-present is judged over the confirmation, and the criterion is anchored on the screening",
        ),
        (
            in_criterion("I6", 'anchor = "screening"', 'anchor = "confirmation"'),
            "criteria.I6.requires.of.1: lasted is judged over the screening, and the criterion is anchored on the confirmation",
        ),
        (
            in_criterion("E11f", 'kind = "never"', 'kind = "none-within", within = "P1Y"'),
            (
                "criteria.E11f.requires.of.2.of.4.of: none-within is judged over the screening, "
                "and the criterion is anchored on the confirmation"
            ),
        ),
    ],
)
def test_a_leaf_that_is_judged_over_another_anchor_is_named(text: str, fault: str) -> None:
    assert faults(text) == [fault]


@pytest.mark.parametrize(
    "beside",
    [
        '{ kind = "of-sex", sex = "male" }',
        '{ kind = "attested", attestation = "able-and-willing" }',
        '{ kind = "reviewed", review = "history" }',
        '{ kind = "ruled-so", ruling = "treated-syphilis", choice = "treated-may-join" }',
    ],
)
@pytest.mark.parametrize(
    ("id", "leaf"),
    [
        ("I2", '{ kind = "aged", at_least = 18, at_most = 70 }'),
        ("I1a", '{ kind = "consented-first" }'),
        ("I3", '{ kind = "measured", test = "body-weight", at_least = 40 }'),
    ],
)
def test_what_hangs_on_no_time_may_stand_beside_every_anchor(id: str, leaf: str, beside: str) -> None:
    assert faults(in_criterion(id, leaf, f'{{ kind = "any", of = [{beside}, {leaf}] }}')) == []


# Evidence that nobody can record

DIALYSIS_ALONE = 'with or without severe nephritis.", requires = { kind = "none-within", of = { procedures = ["haemodialysis"]'
NEPHRITIS_DRUG_ALONE = (
    'with or without severe nephritis.", requires = '
    '{ kind = "none-within", of = { if_ruled = [{ ruling = "prohibited-nephritis-drugs", choice = "every-nephritis-drug"'
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            in_criterion("I3", '"body-weight", at', '"weight", at'),
            "criteria.I3.requires.test: nobody can record 'weight': it is not in the table tests",
        ),
        (
            in_criterion("E11b", 'test = "hepatitis-c-antibody"', 'test = "hepatitis-x"'),
            "criteria.E11b.requires.test: nobody can record 'hepatitis-x': it is not in the table tests",
        ),
        (
            in_criterion("E11b", 'passing = ["negative"]', 'passing = ["absent"]'),
            "criteria.E11b.requires.passing: absent is no result of hepatitis-c-antibody",
        ),
        (
            in_criterion("E11b", 'failing = ["positive"]', 'failing = ["present"]'),
            "criteria.E11b.requires.failing: present is no result of hepatitis-c-antibody",
        ),
        (
            in_criterion("E32", '["malignancy"]', '["cancer"]'),
            "criteria.E32.requires.of.conditions: nobody can record 'cancer': it is not in the table conditions",
        ),
        (
            in_criterion("I4b", 'condition = "systemic-lupus-erythematosus"', 'condition = "lupus"'),
            "criteria.I4b.requires.condition: nobody can record 'lupus': it is not in the table conditions",
        ),
        (
            in_criterion("E14a", 'marked = ["severe"]', 'marked = ["serious"]'),
            "criteria.E14a.requires.of.marked: nobody can record 'serious': it is no mark of hypersensitivity",
        ),
        (with_(("graded = true", "graded = false")), "criteria.E28a.requires.of.grade_at_least: nobody can record a grade: bleeding"),
        (
            in_criterion("E8a", '["organ-transplant"]', '["liver-transplant"]'),
            "criteria.E8a.requires.of.procedures: nobody can record 'liver-transplant': it is not in the table procedures",
        ),
        (
            with_(('"Loss of blood", measured = true', '"Loss of blood"')),
            "criteria.E27b.requires.of.procedures: nobody can record a volume: blood-loss is not measured",
        ),
        (
            in_criterion("I5a", 'score = "selena-sledai"', 'score = "bilag"'),
            "criteria.I5a.requires.score: nobody can record 'bilag': it is not in the table scores",
        ),
        (
            in_criterion("E15", "no-severe-heart-disease", "a-sound-heart"),
            "criteria.E15.requires.attestation: nobody can record 'a-sound-heart': it is not in the table attestations",
        ),
        (
            with_((DIALYSIS_ALONE, DIALYSIS_ALONE.replace("haemodialysis", "dialysis"))),
            "criteria.E2b.otherwise_read.requires.of.procedures: nobody can record 'dialysis': it is not in the table procedures",
        ),
        (
            with_((NEPHRITIS_DRUG_ALONE, NEPHRITIS_DRUG_ALONE.replace("every-nephritis-drug", "some"))),
            "criteria.E2a.otherwise_read.requires.of.if_ruled: the ruling prohibited-nephritis-drugs offers no choice 'some'",
        ),
        (
            in_criterion("E13b", 'on = ["creatinine"]', 'on = ["creatinine", "urea"]'),
            "criteria.E13b.requires.on: nobody can record 'urea': it is not in the table tests",
        ),
        (
            in_criterion("E21", 'ruling = "baff-april-inhibitors"', 'ruling = "belimumab"'),
            "criteria.E21.requires.of.if_ruled: there is no ruling 'belimumab'",
        ),
        (
            in_criterion("E21", 'choice = "b-cell-targeted"', 'choice = "perhaps"'),
            "criteria.E21.requires.of.if_ruled: the ruling baff-april-inhibitors offers no choice 'perhaps'",
        ),
        (
            in_criterion("I7a", 'ruling = "pregnancy-test-exemption"', 'ruling = "exemption"'),
            "criteria.I7a.requires.then.of.1.of.2.of.1: there is no ruling 'exemption'",
        ),
        (
            in_criterion("I7a", 'choice = "cannot-conceive"', 'choice = "everybody"'),
            "criteria.I7a.requires.then.of.1.of.2.of.1: the ruling pregnancy-test-exemption offers no choice 'everybody'",
        ),
        (
            in_criterion("E32", '"malignancy", "whole-life"', '"cancer", "whole-life"'),
            "criteria.E32.interpretations: there is no interpretation 'cancer'",
        ),
    ],
)
def test_evidence_that_nobody_can_record_is_named(text: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(text))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            ("[conditions]\n", '[conditions]\nasthma = { title = "Asthma" }\n'),
            "conditions.asthma: is asked for by no criterion, no gate and no promise",
        ),
        (
            ("[procedures]\n", '[procedures]\nbiopsy = { title = "Biopsy" }\n'),
            "procedures.biopsy: is asked for by no criterion, no gate and no promise",
        ),
        (
            ("[tests]\n", '[tests]\nheight = { title = "Height", unit = "cm", no_older_than = "P28D" }\n'),
            "tests.height: is asked for by no criterion, no gate and no promise",
        ),
        (
            ("[attestations]\n", '[attestations]\ntall = { by = "investigator", says = "Tall." }\n'),
            "attestations.tall: is asked for by no criterion, no gate and no promise",
        ),
        (
            ("[scores.acr-1997]\n", '[scores.slicc]\ntitle = "SLICC"\nno_older_than = "P28D"\nitems.rash = 1\n\n[scores.acr-1997]\n'),
            "scores.slicc: is asked for by no criterion, no gate and no promise",
        ),
        (
            ('marks = ["uncontrolled", ', 'marks = ["viral", "uncontrolled", '),
            "conditions.infection.marks: viral is asked for by no criterion, no gate and no promise",
        ),
        (
            ("[rulings.treated-syphilis]\n", '[rulings.a]\nasks = "Why?"\nchoices.so = "So."\n\n[rulings.treated-syphilis]\n'),
            "rulings.a: no rule and no criterion asks for this ruling",
        ),
        (
            ("[interpretations.malignancy]\n", '[interpretations.a]\nreads = "A."\nbecause = "B."\n\n[interpretations.malignancy]\n'),
            "interpretations.a: is used by no rule, no criterion, no promise, no visit and no setting",
        ),
    ],
)
def test_what_is_there_in_vain_is_named(change: Change, fault: str) -> None:
    assert named(change) == [fault]


def test_while_a_criterion_cannot_be_read_nothing_is_said_to_be_there_in_vain() -> None:
    assert faults(in_criterion("E32", 'anchor = "confirmation"', 'anchor = "ever"')) == [
        "criteria.E32.anchor: must be 'consent', 'screening' or 'confirmation'"
    ]


# Requirements that cannot be


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            in_criterion("I2", "at_least = 18", "at_least = 71"),
            "criteria.I2.requires.at_most: nobody is at least 71 and at most 70 years old",
        ),
        (in_criterion("I3", ", at_least = 40", ""), "criteria.I3.requires: every value passes: give `at_least`, `at_most` or both"),
        (
            in_criterion("I3", "at_least = 40", "at_least = 90, at_most = 40"),
            "criteria.I3.requires.at_most: no value is at least 90 and at most 40",
        ),
        (in_criterion("I3", "at_least = 40", "at_least = 400"), "criteria.I3.requires.at_least: 400 is no value that body-weight can have"),
        (
            in_criterion("I3", '"body-weight", at', '"pregnancy-test", at'),
            "criteria.I3.requires.test: pregnancy-test has results and no value",
        ),
        (
            in_criterion("E11b", 'failing = ["positive"]', 'failing = ["positive", "negative"]'),
            "criteria.E11b.requires.failing: negative passes and fails",
        ),
        (in_criterion("I5a", "at_least = 6", "at_least = 106"), "criteria.I5a.requires.at_least: selena-sledai never reaches 106"),
        (in_criterion("I4b", "reached = 4", "reached = 12"), "criteria.I4b.requires.reached: acr-1997 never reaches 12"),
        (
            with_(("malar-rash = 1", "malar-rash = 2")),
            "criteria.I4a.requires.score: the items of acr-1997 are counted over time, so each must",
        ),
        (in_criterion("I4b", '"P24W"', '"P0W"'), "criteria.I4b.requires.at_least: 0 weeks is no length"),
        (in_criterion("E9a", '"P14D"', '"P0D"'), "criteria.E9a.requires.within: 0 days is no length for a look-back"),
        (in_criterion("E9a", '"P14D"', '"P999Y"'), "criteria.E9a.requires.within: 999 years is no length for a look-back"),
        (
            in_criterion("I6", "gap_days = 7", "gap_days = 56"),
            "criteria.I6.requires.of.1.longest_gap_days: with a gap of 56 days nothing need be",
        ),
        (in_criterion("E32", 'conditions = ["malignancy"]', ""), "criteria.E32.requires.of: nothing is sought"),
        (
            in_criterion("E8a", 'procedures = ["organ-transplant"]', 'procedures = ["organ-transplant"], marked = ["severe"]'),
            "criteria.E8a.requires.of: only conditions have marks",
        ),
        (
            in_criterion("E8a", 'procedures = ["organ-transplant"]', 'procedures = ["organ-transplant"], routes = ["oral"]'),
            "criteria.E8a.requires.of: only drugs have routes",
        ),
        (
            in_criterion("E20a", 'but_not = ["cell-therapy"', 'but_not = ["jak-inhibitor"'),
            "criteria.E20a.requires.of.but_not: jak-inhibitor is sought and taken out",
        ),
        (
            in_criterion("E27a", 'procedures = ["blood-donation"]', 'conditions = ["bleeding"]'),
            "criteria.E27a.requires.of: only procedures have",
        ),
        (
            in_criterion("E20a", 'of = { classes = ["jak', 'of = { conditions = ["bleeding"], classes = ["jak'),
            "criteria.E20a.requires.of: only",
        ),
    ],
)
def test_a_requirement_that_nobody_or_everybody_would_pass_is_named(text: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(text))


@pytest.mark.parametrize(
    ("id", "old", "fault"),
    [
        (
            "E32",
            "history",
            "criteria.E32.requires.review: a review of plans does not find conditions; it must be history or procedures or psychiatric",
        ),
        ("E8a", "procedures", "criteria.E8a.requires.review: a review of plans does not find procedures; it must be history or procedures"),
        ("E19a", "medicines", "criteria.E19a.requires.review: a review of plans does not find drugs; it must be medicines"),
        ("E2c", "medicines", "criteria.E2c.requires.of.2.review: a review of plans does not find drugs; it must be medicines"),
    ],
)
def test_a_review_that_does_not_find_what_is_sought_is_named(id: str, old: str, fault: str) -> None:
    assert faults(in_criterion(id, f'review = "{old}"', 'review = "plans"')) == [fault]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('unit = "kg", ', ""), "tests.body-weight: must be measured or result in something: give either `unit` or `results`"),
        (('unit = "kg", ', ""), "tests.body-weight: has no value that could lie between `least` and `most`"),
        (('unit = "kg", ', 'unit = "kg", results = ["fat"], '), "tests.body-weight: must be measured or result in something: give either"),
        (("least = 20, most = 300", "least = 300, most = 20"), "tests.body-weight.most: no value is at least 300 and at most 20"),
        (
            ('most = 300, no_older_than = "P28D"', 'most = 300, no_older_than = "PT0H"'),
            "tests.body-weight.no_older_than: 0 hours is no age",
        ),
        (
            ('title = "Platelets", unit = "10^9/L", least = 0, most = 3000', 'title = "Platelets", results = ["few"]'),
            "tests.platelets.flag: must be a value that the test can have",
        ),
        (("below = 50, says", "below = 3001, says"), "tests.platelets.flag: must be a value that the test can have"),
        (("below = 50, says", "says"), "tests.platelets.flag: no value is flagged: give `below`, `above` or both"),
        (("below = 50, says", "below = 50, above = 49, says"), "tests.platelets.flag.above: every value is below 50 or above 49"),
        (
            ('unit = "kg", least', 'unit = "kg", flag = { below = 45, says = "light" }, least'),
            "tests.body-weight.flag: is shown to nobody: no attestation is judged on this test",
        ),
        (
            ('"SELENA-SLEDAI"\nno_older_than = "P28D"', '"SELENA-SLEDAI"\nno_older_than = "P0D"'),
            "scores.selena-sledai.no_older_than: 0 days is no age for a score",
        ),
        (('judged = ["crisis"]', 'judged = ["severe"]'), "conditions.lupus-flare.judged: severe is no mark"),
        (('look_back = "P10D"', 'look_back = "P0D"'), "scores.selena-sledai.look_back: 0 days is no length for a look-back"),
        (('look_back = "P10D"\n', ""), "scores.selena-sledai: items of the laboratory are drawn in a look-back: give both"),
        (('"pyuria", "low', '"urea", "low'), "scores.selena-sledai.laboratory: urea is no item"),
        (
            ('"ACR classification of 1997"\n', '"ACR classification of 1997"\nlaboratory = ["malar-rash"]\nlook_back = "P10D"\n'),
            "criteria.I4a.requires.score: the items of acr-1997 are counted over time, so none is drawn for one assessment",
        ),
    ],
)
def test_a_test_or_score_that_cannot_be_recorded_is_named(change: Change, fault: str) -> None:
    assert any(one.startswith(fault) for one in named(change))


# Shape, deep inside


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            in_criterion("E28a", "grade_at_least = 2", "grade_at_least = 6"),
            "criteria.E28a.requires.of.grade_at_least: must be less than or equal to 5",
        ),
        (
            in_criterion("E2c", "at_least_mg = 100", 'at_least_mg = "much"'),
            "criteria.E2c.requires.of.2.at_least_mg: must be a number",
        ),
        (
            in_criterion("E11f", 'review = "medicines"', 'review = "chart"'),
            "criteria.E11f.requires.of.2.of.4.of.review: must be 'history', 'medicines', 'procedures', 'psychiatric' or 'plans'",
        ),
        (in_criterion("E31b", 'sex = "female"', 'sex = "woman"'), "criteria.E31b.requires.condition.sex: must be 'female' or 'male'"),
        (in_criterion("E29", 'name = "Severe mental illness"\n', ""), "criteria.E29.name: is missing"),
        (
            in_criterion(
                "E2b", 'otherwise_read = { says = "haemodialysis excludes, with or without severe nephritis.", ', "otherwise_read = { "
            ),
            "criteria.E2b.otherwise_read.says: is missing",
        ),
        (in_criterion("E15", 'kind = "attested"', 'kind = "asserted"'), "criteria.E15.requires: is of kind 'asserted'; it must be one of"),
    ],
)
def test_a_part_of_the_wrong_shape_inside_a_requirement_is_named_with_its_place(text: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(text))


# Classes of drugs, which the other file explains


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (in_criterion("E19a", '["live-vaccine"]', '["vaccine"]'), "criteria.E19a.requires.of.classes: 'vaccine' is no class of version 1"),
        (
            in_criterion("E20b", 'but_not = ["cell-therapy"', 'but_not = ["cells"'),
            "criteria.E20b.requires.of.but_not: 'cells' is no class of version 1",
        ),
        (
            in_criterion("E2a", 'classes = ["nephritis-drug"]', 'classes = ["kidney-drug"]'),
            "criteria.E2a.requires.of.2.of.if_ruled: 'kidney-drug' is no class of version 1",
        ),
    ],
)
def test_a_class_that_the_reference_does_not_explain_is_named(text: str, fault: str) -> None:
    [found] = check_classes(parse_protocol(text), parse_reference(DRUGS))
    assert f"{found.place}: {found.says}".startswith(fault)


RITUXIMAB = "half_life = { least_hours = 146.4, most_hours = 1248"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            with_(('["cell-therapy"]', '["cells"]'), text=DRUGS),
            "drugs.idecabtagene-vicleucel.classes: 'cells' is not in the table of classes",
        ),
        (without("nsaid = ", "immunosuppressant = ", DRUGS), "drugs.ibuprofen.classes: 'nsaid' is not in the table of classes"),
        (with_(("[classes]\n", '[classes]\nherb = "Herbs."\n'), text=DRUGS), "classes.herb: no drug belongs to it"),
        (
            with_((RITUXIMAB, RITUXIMAB.replace("1248", "124.8")), text=DRUGS),
            "drugs.rituximab.half_life: least_hours is more than most_hours",
        ),
        (
            with_((RITUXIMAB, f'washout = "P26W"\n{RITUXIMAB}'), text=DRUGS),
            "drugs.rituximab.washout: stands in place of a half-life, and there is one",
        ),
        (with_(('washout = "P16W"', 'washout = "P0W"'), text=DRUGS), "drugs.anifrolumab.washout: 0 weeks is no length for a washout"),
    ],
)
def test_a_drug_of_an_unknown_class_or_an_impossible_stay_is_named(text: str, fault: str) -> None:
    assert fault in faults(text, parse_reference)
