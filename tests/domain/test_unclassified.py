"""A drug that the reference does not list waits for the medical monitor, once for the whole study, and is settled for everybody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import commands as c
from domain import events as e
from domain.criteria.report import Verdict, eligibility
from domain.gates import judge
from domain.rejections import Refused
from domain.study import DrugClassified, Study, evolve_study
from domain.time import MINUTE, When
from domain.unclassified import unclassified
from domain.words import Role
from tests.builders import BERLIN, SAO_PAULO, START, Story, Trial, by_, codes, consent, dose, local, minute, review, told
from tests.domain.criteria.given import CONFIRMED, CONSENTED, SCREENED, looked, ruled, taken

BEGINNING: tuple[e.Fact, ...] = (consent(CONSENTED), e.ScreeningStarted(at=SCREENED), *looked("medicines"))
LEFT_OPEN = {"class_unknown": True}
NEWUMAB = taken("newumab", "2026-03-20", mg="500", route="intravenous").model_copy(update=LEFT_OPEN)
NEWVAX = e.VaccineGiven(at=When("2026-03-20"), vaccine="newvax", class_unknown=True)


def having(study: Study, *classified: DrugClassified) -> Study:
    """The study after the medical monitor has said so."""
    record = study.record
    for one in classified:
        record = evolve_study(record, one)
    return replace(study, record=record)


def classify(
    trial: Trial, *classes: str, drug: str = "snake-oil", role: Role = "medical-monitor", reason: str | None = "its label"
) -> None:
    by = by_(role, trial.next_id(), reason=reason)
    trial.participants.desk.record((DrugClassified(drug=drug, classes=classes),), by)


def verdicts(*facts: e.Event, study: Study) -> dict[str, Verdict]:
    return {part.id: part.verdict for part in eligibility(told((*BEGINNING, *facts), CONFIRMED).participant, study, CONFIRMED).parts}


# What a classification settles


@pytest.mark.parametrize(
    ("classes", "b_cells", "half_lives", "immunoglobulin"),
    [
        pytest.param(None, "not yet known", "not yet known", "not yet known", id="nobody has said"),
        pytest.param((), "passes", "passes", "passes", id="outside every class"),
        pytest.param(("biologic", "b-cell-targeted"), "fails", "passes", "passes", id="one that B cells know"),
        pytest.param(("biologic",), "passes", "not yet known", "passes", id="another biologic, whose half-life nobody knows"),
    ],
)
def test_what_the_medical_monitor_says_counts_as_if_the_reference_listed_it(
    classes: Sequence[str] | None, b_cells: Verdict, half_lives: Verdict, immunoglobulin: Verdict
) -> None:
    said = () if classes is None else (DrugClassified(drug="newumab", classes=tuple(classes)),)
    found = verdicts(NEWUMAB, study=having(ruled({}), *said))
    assert (found["E21"], found["E22"], found["E9c"]) == (b_cells, half_lives, immunoglobulin)


@pytest.mark.parametrize(
    ("classes", "verdict"), [(None, "not yet known"), ((), "passes"), (("inactivated-vaccine",), "passes"), (("live-vaccine",), "fails")]
)
def test_a_vaccine_is_classified_as_drugs_are(classes: Sequence[str] | None, verdict: Verdict) -> None:
    said = () if classes is None else (DrugClassified(drug="newvax", classes=tuple(classes)),)
    assert verdicts(NEWVAX, study=having(ruled({}), *said))["E19a"] == verdict


def test_the_last_word_of_the_medical_monitor_counts_and_concerns_no_other_drug() -> None:
    wrong, right = (DrugClassified(drug="newumab", classes=classes) for classes in (("b-cell-targeted",), ("biologic",)))
    assert verdicts(NEWUMAB, study=having(ruled({}), wrong, right))["E21"] == "passes"
    assert verdicts(NEWUMAB, study=having(ruled({}), right, wrong))["E21"] == "fails"
    assert verdicts(NEWUMAB, study=having(ruled({}), DrugClassified(drug="newumab-x", classes=())))["E21"] == "not yet known"


def test_a_reference_that_comes_to_list_the_drug_has_the_word() -> None:
    study = having(ruled({}), DrugClassified(drug="newumab", classes=("b-cell-targeted",)))
    listed = study.reference.drugs | {"newumab": study.reference.drugs["paracetamol"]}
    assert verdicts(NEWUMAB, study=replace(study, reference=study.reference.model_copy(update={"drugs": listed})))["E21"] == "passes"


@pytest.mark.parametrize(
    ("classes", "outcome"),
    [
        pytest.param(None, "not yet known", id="nobody has said"),
        pytest.param((), "passes", id="outside every class"),
        pytest.param(("biologic",), "passes", id="no steroid"),
        pytest.param(("glucocorticoid",), "not yet known", id="a steroid for which nobody knows an equivalent"),
    ],
)
@pytest.mark.parametrize("at_entry", [False, True])
def test_only_a_steroid_goes_on_blocking_the_infusion(classes: Sequence[str] | None, outcome: str, *, at_entry: bool) -> None:
    instant = local("2026-03-08 08:00")
    ticked: dict[str, Any] = LEFT_OPEN if classes is None else {"classes": tuple(classes), "outside_every_class": not classes}
    said = [] if classes is None or at_entry else [DrugClassified(drug="snake-oil", classes=tuple(classes))]
    given = dose("snake-oil", "5", minute("2026-03-07 08:00")).model_copy(update=ticked if at_entry else LEFT_OPEN)
    participant = told((given, review(When.at(instant), None)), instant).participant
    gate = judge("infusion", participant, having(ruled({}), *said), instant)
    assert {one.rule: one.outcome for one in gate.derivation(instant).rules}["E24b"] == outcome


# What a verdict on record becomes, and what was known before


def waiting(trial: Trial) -> Story:
    """A collection whose slot has begun, with everything that its gate asks for, and a drug that nobody can classify."""
    story = trial.participant().is_eligible()
    trial.clock.move(minutes=1)
    story.reports(dose("snake-oil", "5", story.at()).model_copy(update=LEFT_OPEN))
    story.plans("leukapheresis", trial.clock() + timedelta(hours=1))
    story.is_seen_before("leukapheresis")
    trial.clock.move(hours=1)
    story.advances()
    return story


def test_leave_is_given_once_the_drug_is_settled_and_goes_when_it_turns_out_to_be_a_steroid() -> None:
    trial = Trial()
    story = waiting(trial)
    assert isinstance(story.now.plans["leukapheresis"].verdict, e.StepWaiting)
    trial.clock.move(minutes=10)
    classify(trial, "antimalarial")
    story.advances()
    assert isinstance(story.now.plans["leukapheresis"].verdict, e.StepCleared)
    trial.clock.move(minutes=10)
    classify(trial, "glucocorticoid")
    story.advances()
    assert isinstance(story.now.plans["leukapheresis"].verdict, e.StepWaiting)
    assert story.now.clearance("leukapheresis") is None


def test_the_study_as_it_was_known_before_the_classification_judges_as_it_did() -> None:
    trial = Trial()
    story, desk = waiting(trial), trial.participants.desk
    before, shown_then = trial.clock(), eligibility(story.now, desk.current(), trial.clock())
    trial.clock.move(minutes=1)
    classify(trial)
    assert eligibility(story.now, desk.current(), before).digest != shown_then.digest
    assert eligibility(story.record.as_known_at(before).participant, desk.as_known_at(before), before).digest == shown_then.digest
    now = before + MINUTE
    assert desk.as_known_at(now).record == desk.current().record


# Who classifies, and what


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param({}, set(), id="the medical monitor, with a reason"),
        pytest.param({"role": "administrator"}, {"medical-monitor-only"}, id="an administrator"),
        pytest.param({"role": "investigator"}, {"medical-monitor-only"}, id="an investigator"),
        pytest.param({"reason": None}, {"reason-missing"}, id="without a reason"),
        pytest.param({"role": "coordinator", "reason": None}, {"medical-monitor-only", "reason-missing"}, id="for both reasons"),
        pytest.param({"classes": ("biologic", "homeopathic")}, {"unknown-class"}, id="a class that is none"),
        pytest.param({"drug": "prednisone"}, {"classified-already"}, id="a drug of the reference"),
        pytest.param({"drug": "known-oil"}, {"classified-already"}, id="as it has been classified"),
        pytest.param({"drug": "known-oil", "classes": ("biologic",)}, set(), id="otherwise than it has been classified"),
    ],
)
def test_only_the_medical_monitor_classifies_with_a_reason_what_is_not_known(asked: dict[str, Any], why: set[str]) -> None:
    trial = Trial()
    classify(trial, drug="known-oil")
    before, found = trial.participants.desk.current().record, set()
    try:
        classify(trial, *asked.pop("classes", ()), **asked)
    except Refused as refused:
        found = codes(refused)
    assert found == why
    assert (trial.participants.desk.current().record == before) == bool(why)


# What is ticked at entry


@pytest.mark.parametrize(
    ("drug", "ticked", "why"),
    [
        pytest.param("snake-oil", {}, {"unclassified-drug"}, id="nothing, of an unknown drug"),
        pytest.param("snake-oil", LEFT_OPEN, set(), id="that nobody can tell"),
        pytest.param("snake-oil", {**LEFT_OPEN, "classes": ("biologic",)}, {"classified-twice"}, id="that nobody can tell, and a class"),
        pytest.param("snake-oil", {**LEFT_OPEN, "outside_every_class": True}, {"classified-twice"}, id="that nobody can tell, and none"),
        pytest.param("prednisone", LEFT_OPEN, {"classified-already"}, id="that nobody can tell, of a drug of the reference"),
        pytest.param("known-oil", {}, set(), id="nothing, of a drug that the medical monitor has classified"),
        pytest.param("known-oil", {"classes": ("biologic",)}, {"classified-already"}, id="a class, of such a drug"),
        pytest.param("known-oil", LEFT_OPEN, {"classified-already"}, id="that nobody can tell, of such a drug"),
    ],
)
@pytest.mark.parametrize("vaccine", [False, True])
def test_at_entry_a_drug_is_settled_or_left_to_the_medical_monitor(
    drug: str, ticked: dict[str, Any], why: set[str], *, vaccine: bool
) -> None:
    trial = Trial()
    story = trial.participant().consents()
    classify(trial, "antimalarial", drug="known-oil")
    given = e.VaccineGiven(at=story.at(), vaccine=drug) if vaccine else dose(drug, "5", story.at())
    found: set[str] = set()
    try:
        story.would(c.Report(fact=given.model_copy(update=ticked)))
    except Refused as refused:
        found = codes(refused)
    assert found == why


# The queue


def test_each_drug_waits_once_for_the_whole_study_since_it_was_first_recorded() -> None:
    trial = Trial()
    first, second = trial.participant().consents(), trial.participant("SAO-002", "SAO").consents()
    trial.clock.move(hours=1)
    second.reports(dose("snake-oil", "5", second.at()).model_copy(update=LEFT_OPEN))
    trial.clock.move(hours=1)
    for story, drug in ((first, "snake-oil"), (first, "snake-oil"), (first, "newumab"), (second, "prednisone")):
        story.reports(dose(drug, "5", story.at()).model_copy(update=LEFT_OPEN if drug != "prednisone" else {}))
    first.reports(dose("third-oil", "5", first.at()).model_copy(update={"outside_every_class": True}))
    queue = unclassified([first.now, second.now], trial.participants.study(), trial.clock())
    assert [(one.drug, one.since, one.zone, one.participants) for one in queue] == [
        ("snake-oil", START + timedelta(hours=1), SAO_PAULO, ("BER-001", "SAO-002")),
        ("newumab", START + timedelta(hours=2), BERLIN, ("BER-001",)),
    ]
    classify(trial)
    assert [one.drug for one in unclassified([first.now, second.now], trial.participants.study(), trial.clock())] == ["newumab"]


def test_a_drug_that_was_a_slip_of_the_hand_waits_no_longer_once_its_entry_is_corrected() -> None:
    trial = Trial()
    story = trial.participant().consents()
    slip = dose("prednison", "5", story.at())
    story.reports(slip.model_copy(update=LEFT_OPEN))
    assert len(unclassified([story.now], trial.participants.study(), trial.clock())) == 1
    story.asks(c.Correct(entry=story.entry_of(e.MedicationTaken), fact=slip.model_copy(update={"drug": "prednisone"})), reason="a slip")
    assert unclassified([story.now], trial.participants.study(), trial.clock()) == ()


def test_it_says_which_verdicts_are_not_yet_known_because_of_the_drug() -> None:
    trial = Trial()
    story = waiting(trial)
    (drug,) = unclassified([story.now], trial.participants.study(), trial.clock())
    assert drug.in_the_way_of["BER-001"][-1] == "E24a at leukapheresis"
    screening = told((*BEGINNING, NEWUMAB, NEWVAX), CONFIRMED).participant
    oil, vaccine = unclassified([screening], ruled({}), CONFIRMED)
    assert (oil.drug, vaccine.drug) == ("newumab", "newvax")
    assert {"E21", "E22"} <= set(oil.in_the_way_of["BER-001"])
    assert "E19a" in vaccine.in_the_way_of["BER-001"]


def test_it_names_only_what_the_drug_can_matter_to() -> None:
    on_the_skin = NEWUMAB.model_copy(update={"start": When("2020-03-20"), "route": "topical"})
    (drug,) = unclassified([told((*BEGINNING, on_the_skin), CONFIRMED).participant], ruled({}), CONFIRMED)
    assert "E2c" not in drug.in_the_way_of["BER-001"]
    assert "E21" in drug.in_the_way_of["BER-001"]
    (not_screened,) = unclassified([told((consent(CONSENTED), on_the_skin), CONFIRMED).participant], ruled({}), CONFIRMED)
    assert "E22" not in not_screened.in_the_way_of.get("BER-001", ())
