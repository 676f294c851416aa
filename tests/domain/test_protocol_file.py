"""Protocol and reference files: whatever is wrong is found, named with its place, and never loaded."""

import re
from itertools import chain
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.criteria.language import Criterion
from domain.events import MedicationTaken, ProcedurePerformed
from domain.protocol import GateRule, NoneWithin, Protocol, VisitRule
from domain.protocol_checks.gates import LOOKED_FOR
from domain.protocol_file import ProtocolFaults, parse_protocol, parse_reference
from domain.words import STEPS, HoldPoint
from tests.domain.files import DRUGS, SHIPPED, faults, with_, without


def test_every_event_that_a_rule_can_ask_for_can_be_recorded() -> None:
    assert set(LOOKED_FOR) == set(get_args(NoneWithin.model_fields["event"].annotation))
    assert "investigational" in MedicationTaken.model_fields
    assert "major" in ProcedurePerformed.model_fields


# What is wrong is found, with its place

DAY_7 = 'day = 7, early = 1, late = 1, interpretations = ["follow-up-visits"]'
COUNTED_ONCE = "visits.day-7: must be counted in days, months or hours: give one of `day`, `month` and `hour`"
DOSE_3 = 'anchor = "planned-infusion", day = -3, settled_by'
E24B = 'within = "PT72H"\nreview = { kind = "medicines", no_older_than = "PT24H" }'


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("study = ", "stuudy = "), "study: is missing"),
        (("study = ", "stuudy = "), "stuudy: is not a key that belongs here"),
        (("version = 1", 'version = "one"'), "version: must be a whole number"),
        (("version = 1", "version = 1.5"), "version: must be a whole number"),
        (("version = 1", "version = 0"), "version: must be greater than or equal to 1"),
        (("demonstration = true", 'demonstration = "yes"'), "demonstration: must be true or false"),
        (('title = "CD19', 'title = ""\nx = "CD19'), "title: must not be empty"),
        ((DAY_7, DAY_7.replace("late = 1", 'late = "one"')), "visits.day-7.late: must be a whole number"),
        ((DAY_7, DAY_7.replace("late", "latest")), "visits.day-7.latest: is not a key that belongs here"),
        (("\nday-7 = {", '\n"Day 7" = {'), "visits.Day 7: 'Day 7' is not written as it must be: ^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
        (("above_mg = 10", 'above_mg = "ten"'), "steps.leukapheresis.rules.E24a.above_mg: must be a number"),
        (("above_mg = 10", "above_mg = nan"), "steps.leukapheresis.rules.E24a.above_mg: must be a finite number"),
        (("above_mg = 10\n", ""), "steps.leukapheresis.rules.E24a.above_mg: is missing"),
        (('id = "E24a"\n', ""), "steps.leukapheresis.rules.2.id: is missing"),
        (('kind = "none-within"\n', ""), "steps.leukapheresis.rules.E25: lacks the key `kind`"),
        (
            ('event = "major-surgery"', 'event = "minor-surgery"'),
            "steps.lymphodepletion.rules.E26a.event: must be 'investigational-drug' or 'major-surgery'",
        ),
        (
            ('within = "P7D"', 'within = "7 days"'),
            (
                "steps.leukapheresis.rules.E24a.within: '7 days' is no period; "
                "write PT72H for elapsed hours, P7D, P4W, P6M or P2Y for calendar time"
            ),
        ),
        (("[override_grounds]", "[[override_grounds]]"), "override_grounds: must be a table"),
        (
            ("milestones = [", 'milestones = "consent"\nx = ['),
            "steps.leukapheresis.rules.consent-and-eligibility.milestones: must be a list",
        ),
    ],
)
def test_a_part_of_the_wrong_shape_is_named(change: tuple[str, str], fault: str) -> None:
    assert fault in faults(with_(change))


def test_a_rule_of_an_unknown_kind_is_told_which_kinds_there_are() -> None:
    [first, *_] = faults(with_(('kind = "days-since-lymphodepletion"', 'kind = "days-since"')))
    assert first.startswith("steps.infusion.rules.days-since-lymphodepletion: is of kind 'days-since'; it must be one of 'none-within'")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (with_(("version = 1", "version =")), "line 8"),
        (with_(("version = 1", "version = 1\nversion = 2")), "line 9"),
        (SHIPPED + "[visits", "end of document"),
        (SHIPPED + "\nx = " + "[" * 5000, "file"),
        ("version = " + "9" * 5000, "file"),
    ],
)
def test_what_is_not_toml_is_named_with_its_line(text: str, place: str) -> None:
    [fault] = faults(text)
    assert fault.startswith(f"{place}")


def test_what_is_not_text_is_named_with_its_line() -> None:
    with pytest.raises(ProtocolFaults, match=r"^line 2: is not text in UTF-8$"):
        parse_protocol(b"version = 1\ntitle = '\xff'")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            ('["baseline-visit"]', '["base-line"]'),
            "visits.pre-lymphodepletion-baseline.interpretations: there is no interpretation 'base-line'",
        ),
        (
            ('["baseline-visit"]', '["base-line"]'),
            "interpretations.baseline-visit: is used by no rule, no criterion, no promise, no visit and no setting",
        ),
        (
            ("[rulings.local-steroid-injections]", "[rulings.local-steroids]"),
            "rulings.local-steroids: no rule and no criterion asks for this ruling",
        ),
        (
            ("outside = ", "apart = "),
            "rulings.local-steroid-injections.choices: must be exactly these: as-systemic, outside, three-weeks",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_named(change: tuple[str, str], fault: str) -> None:
    assert fault in faults(with_(change))


def test_the_ruling_that_the_steroid_rules_need_cannot_be_left_out() -> None:
    text = without("[rulings.local-steroid-injections]\n", "[rulings.prohibited-nephritis-drugs]")
    assert faults(text) == ["rulings.local-steroid-injections: is missing: the steroid rules ask for it"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('longest_slot = "P7D"', 'longest_slot = "P2M"'), "steps.leukapheresis.longest_slot: 2 months is no length for a slot"),
        (('longest_slot = "P7D"', 'longest_slot = "PT0H"'), "steps.leukapheresis.longest_slot: 0 hours is no length for a slot"),
        (('id = "E25"', 'id = "E24a"'), "steps.leukapheresis.rules.E24a: there is another rule of this id in the gate"),
        (("overridable = false\n", ""), "steps.leukapheresis.rules.consent-and-eligibility.overridable: must be false"),
        (('"consent", "eligibility"', '"consent"'), "steps.leukapheresis.rules: no rule asks for eligibility"),
        (('within = "P7D"', 'within = "P0D"'), "steps.leukapheresis.rules.E24a.within: 0 days is no length for a look-back"),
        (('within = "P4W"', 'within = "P999Y"'), "steps.leukapheresis.rules.E25.within: 999 years is no length for a look-back"),
        (
            (E24B, E24B.replace("PT24H", "P3D")),
            "steps.infusion.rules.E24b.review.no_older_than: a review 3 days old need not cover any of the 72",
        ),
        (
            ('{ kind = "procedures"', '{ kind = "medicines"'),
            "steps.lymphodepletion.rules.E26a.review.kind: a review of medicines does not find",
        ),
        (
            ('{ kind = "medicines", no_older_than = "P1D" }\nsupplied_by', '{ kind = "plans", no_older_than = "P1D" }\nsupplied_by'),
            "steps.leukapheresis.rules.no-infection.review.kind: a review of plans does not find this; it must be history or medicines",
        ),
        (
            ('{ kind = "medicines", no_older_than = "P1D" }\nsupplied_by', '{ kind = "medicines", no_older_than = "P0D" }\nsupplied_by'),
            "steps.leukapheresis.rules.no-infection.review.no_older_than: 0 days is no age",
        ),
        (('free_for = "PT48H"', 'free_for = "P2M"'), "steps.infusion.rules.afebrile.free_for: 2 months is no age"),
        (
            ('"PT48H"\nno_older_than = "PT24H"', '"PT48H"\nno_older_than = "P32D"'),
            "steps.infusion.rules.afebrile.no_older_than: 32 days is",
        ),
        (('no_older_than = "P7D"\noverr', 'no_older_than = "P32D"\noverr'), "steps.lymphodepletion.rules.pregnancy-test.no_older_than: 32"),
        (('"go"\nno_older_than = "P1D"', '"go"\nno_older_than = "PT0H"'), "steps.leukapheresis.rules.go.no_older_than: 0 hours is no age"),
        (
            ('no_older_than = "P7D"\noverridable = false', 'no_older_than = "P7D"'),
            "steps.lymphodepletion.rules.pregnancy-test.overridable: must be false: consent, eligibility, identity, an",
        ),
        (
            ('condition = "infection"\nmarked', 'condition = "sepsis"\nmarked'),
            "steps.leukapheresis.rules.no-infection.of.conditions: nobody can record 'sepsis': it is not in the table conditions",
        ),
        (
            ('marked = ["uncontrolled", "needs-anti-infective"]\nreview', 'marked = ["uncontrolled", "viral"]\nreview'),
            "steps.leukapheresis.rules.no-infection.of.marked: nobody can record 'viral': it is no mark of infection",
        ),
        (
            ('test = "body-temperature"', 'test = "temperature"'),
            "steps.infusion.rules.afebrile.test: nobody can record 'temperature': it is not in the table tests",
        ),
        (
            ('test = "body-temperature"', 'test = "chest-imaging"'),
            "steps.infusion.rules.afebrile.test: chest-imaging has results and no value",
        ),
        (("fever_from = 38.0", "fever_from = 100.4"), "steps.infusion.rules.afebrile.at_most: 100.4 is no value that body-temperature can"),
        (
            ('test = "pregnancy-test"\n', 'test = "hcg"\n'),
            "steps.lymphodepletion.rules.pregnancy-test.test: nobody can record 'hcg': it is not in the table tests",
        ),
        (('negative = ["negative"]', 'negative = ["none"]'), "steps.lymphodepletion.rules.pregnancy-test.passing: none is no result of"),
        (('positive = ["positive"]', 'positive = ["negative"]'), "steps.lymphodepletion.rules.pregnancy-test.failing: negative passes and"),
        (
            ('attestation = "go"', 'attestation = "ready"'),
            "steps.leukapheresis.rules.go.attestation: nobody can record 'ready': it is not in the table attestations",
        ),
        (("at_least = 2", "at_least = 15"), "steps.infusion.rules.days-since-lymphodepletion.at_most: no sensible date is at least 15"),
        (("at_least = 2", "at_least = 4"), "steps.infusion.rules.days-since-lymphodepletion: forbids the infusion on day 0"),
    ],
)
def test_a_gate_that_cannot_do_its_work_is_named(change: tuple[str, str], fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(with_(change)))


@pytest.mark.parametrize("step", STEPS)
def test_a_hold_point_cannot_be_left_out(step: HoldPoint) -> None:
    assert f"steps.{step}: is missing: every protocol has this hold point" in faults(SHIPPED.replace(f"steps.{step}", f"stepz.{step}"))


@pytest.mark.parametrize("kind", ["product-ready", "same-identity"])
def test_no_infusion_without_product_and_identity(kind: str) -> None:
    start = SHIPPED.index(f'[[steps.infusion.rules]]\nid = "{kind}"')
    end = SHIPPED.index("\n\n", start)
    assert f"steps.infusion.rules: there is no rule of kind {kind}" in faults(SHIPPED[:start] + SHIPPED[end:])


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ('id = "too-early"\nkind = "product-ready"\noverridable = false', "there is no product yet at this step"),
        (
            'id = "too-early"\nkind = "days-since-lymphodepletion"\nat_least = 1\nat_most = 2',
            "no lymphodepletion dose has been given yet at this step",
        ),
        (
            'id = "too-early"\nkind = "afebrile"\ntest = "body-temperature"\nfever_from = 38\nfree_for = "P2D"\nno_older_than = "P1D"',
            "no lymphodepletion dose has been given yet at this step",
        ),
        (
            'id = "too-early"\nkind = "steps-before"\nmilestones = ["lymphodepletion"]',
            "lymphodepletion cannot have been taken before leukapheresis",
        ),
    ],
)
def test_a_rule_at_a_step_where_it_can_never_pass_is_named(rule: str, fault: str) -> None:
    text = with_(("[steps.lymphodepletion]", f'[[steps.leukapheresis.rules]]\n{rule}\nsays = "Never."\n\n[steps.lymphodepletion]'))
    [found] = faults(text)
    assert found.startswith("steps.leukapheresis.rules.too-early")
    assert found.endswith(fault)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ((DAY_7, "month = 1, " + DAY_7), COUNTED_ONCE),
        (
            (DAY_7, DAY_7.replace("day = 7, ", "")),
            COUNTED_ONCE,
        ),
        ((DAY_7, DAY_7.replace("day = 7", "month = 0")), "visits.day-7: must lie within 5479 days or 672 hours, or in month 1 to 180"),
        ((DAY_7, DAY_7.replace("day = 7", "day = 7777")), "visits.day-7: must lie within 5479 days or 672 hours, or in month 1 to 180"),
        (
            (DAY_7, DAY_7.replace("early = 1", "early = 8")),
            "visits.day-7: opens before its anchor (infusion), which is not known until it happens",
        ),
        ((DAY_7, DAY_7.replace("late = 1", "late = 2")), "visits.day-10: overlaps with visits.day-7, of the same series"),
        (
            (DOSE_3, DOSE_3.replace("-3", "3")),
            "visits.lymphodepletion-day-minus-3: lies after the planned infusion: anchor it on the infusion",
        ),
        (
            (DOSE_3, DOSE_3.replace("-3", "-4")),
            "visits.lymphodepletion-day-minus-3: overlaps with visits.lymphodepletion-day-minus-4, of the same series",
        ),
        (
            (DOSE_3, DOSE_3.replace("-3", "0")),
            "visits.lymphodepletion-day-minus-3.settled_by: a dose can be recorded for day -30 to −1 only",
        ),
        (("toxicity_period_days = 28", "toxicity_period_days = 13"), "visits.toxicity-day-14: ends after the toxicity period of 13 days"),
        (("visit_grace_days = 14", "visit_grace_days = 99999"), "visit_grace_days: must be within 5479 days"),
        (
            ("late = 28, ", 'late = 28, settled_by = "infusion-started.v1", '),
            "visits.screening.settled_by: infusion-started.v1 is counted from infusion",
        ),
        (("day = 0, settled_by", "day = 1, settled_by"), "visits.collection.settled_by: leukapheresis-started.v1 is the anchor itself"),
        (("month = 3, early = 7", "month = 3, early = 20"), "visits.month-3: overlaps with visits.month-2, of the same series"),
    ],
)
def test_a_visit_that_cannot_be_is_named(change: tuple[str, str], fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(with_(change)))


def test_windows_that_only_touch_do_not_overlap() -> None:
    assert faults(with_((DAY_7, DAY_7.replace("early = 1", "early = 2")))) == []
    assert len(faults(with_((DAY_7, DAY_7.replace("early = 1", "early = 3"))))) == 1


def test_the_error_reads_as_one_line_for_each_fault() -> None:
    with pytest.raises(ProtocolFaults, match=r"^title: is missing\ntitel: is not a key that belongs here$"):
        parse_protocol(with_(("title = ", "titel = ")))


def test_faults_of_shape_and_of_meaning_are_listed_together() -> None:
    text = with_(
        ("title = ", "titel = "),
        ("above_mg = 10", 'above_mg = "ten"'),
        (E24B, E24B.replace("PT24H", "P3D")),
        (DAY_7, DAY_7.replace("late = 1", "late = 2")),
        ('["baseline-visit"]', '["base-line"]'),
    )
    assert [fault.split(": ")[0] for fault in faults(text)] == [
        "title",
        "steps.leukapheresis.rules.E24a.above_mg",
        "titel",
        "visits.pre-lymphodepletion-baseline.interpretations",
        "interpretations.baseline-visit",
        "steps.infusion.rules.E24b.review.no_older_than",
        "visits.day-10",
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("least_mg = 0.6", "least_mg = 0.8"), "drugs.betamethasone.steroid: least_mg is more than most_mg"),
        (("least_mg = 0.6", "least_mg = 0"), "drugs.betamethasone.steroid.least_mg: must be greater than 0"),
        (
            ("steroid = { least_mg = 25, most_mg = 25 }\n", ""),
            "drugs.cortisone.steroid: is missing: a systemic steroid without it would count for nothing",
        ),
        (("H02AB09", "H02AB10"), "drugs.hydrocortisone.atc: is also the code of cortisone"),
        (("H02AB09", "H02"), "drugs.hydrocortisone.atc: 'H02' is not written as it must be: ^[A-Z]\\d\\d[A-Z]{2}\\d\\d$"),
        (('standing = "verified"', 'standing = "sure"'), "drugs.cortisone.standing: must be 'verified' or 'memory'"),
    ],
)
def test_a_drug_that_would_be_reckoned_wrongly_is_named(change: tuple[str, str], fault: str) -> None:
    assert fault in faults(with_(change, text=DRUGS), parse_reference)


# What a study does not want is left out


@pytest.mark.parametrize("rule", ["no-infection", "pregnancy-test", "afebrile", "go"])
def test_a_rule_beyond_the_registry_is_switched_off_by_leaving_it_out_with_what_only_it_asks_for(rule: str) -> None:
    text = SHIPPED
    while f'\nid = "{rule}"\nkind' in text:
        start = text.rindex("[[steps", 0, text.index(f'\nid = "{rule}"\nkind'))
        text = text[:start] + text[text.index("\n\n", start) + 2 :]
    left = faults(text)
    assert left
    assert all(one.startswith("interpretations.") or one.endswith("is asked for by no criterion, no gate and no promise") for one in left)


# Whatever is misspelt or lost

KEYS = list(re.finditer(r"(?m)(?<=[{,] )([a-z_]+)(?= = )|^([a-z_]+)(?= = )", SHIPPED))
FORMS = (GateRule, VisitRule, Protocol, Criterion)
OPTIONAL = {name for form in FORMS for name, key in form.model_fields.items() if not key.is_required()}
OPTIONAL |= {"supplied_by", "overridable"}


def own_names(protocol: Protocol) -> set[str]:
    """The names that whoever writes a protocol is free to give."""
    choices = (ruling.choices for ruling in protocol.rulings.values())
    items = (score.items for score in protocol.scores.values())
    evidence = (protocol.tests, protocol.conditions, protocol.procedures, protocol.attestations)
    return {*protocol.visits, *chain(*evidence, *choices, *items)}


OWN_NAMES = own_names(parse_protocol(SHIPPED))


@pytest.mark.slow
@given(st.sampled_from(KEYS), st.sampled_from(["x", "_", "s"]))
def test_a_misspelt_key_is_never_passed_over(key: re.Match[str], letter: str) -> None:
    misspelt = key.group() + letter
    text = SHIPPED[: key.start()] + misspelt + SHIPPED[key.end() :]
    found = faults(text)
    if key.group() in OWN_NAMES:
        assert found or misspelt in own_names(parse_protocol(text))
    else:
        assert any(one.split(": ")[0].endswith(misspelt) or one.endswith("lacks the key `kind`") for one in found)


LINES = SHIPPED.splitlines(keepends=True)


@pytest.mark.slow
@given(st.sampled_from([number for number, line in enumerate(LINES) if re.match(r"[a-z_]+ = .*[^\\\[]$", line) and " = { " not in line]))
def test_a_lost_line_is_a_fault_unless_its_key_may_be_left_out(number: int) -> None:
    key = LINES[number].split(" = ")[0]
    if '"""' not in LINES[number]:
        assert faults("".join(LINES[:number] + LINES[number + 1 :])) or key in OPTIONAL | OWN_NAMES
