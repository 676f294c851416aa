"""A correction appends and moves everything that hung on the fact; deviations arise and are voided by themselves."""

from datetime import date, datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.time import MINUTE, When, local_date
from domain.visits import VisitWindow, windows
from tests.builders import BERLIN, CODE, DIGEST, SAO_PAULO, Story, Trial, consent, dose, review


@pytest.fixture
def story() -> Story:
    """A participant who has just been infused, by the book."""
    return Trial().participant().is_ready().is_infused()


def calendar(story: Story) -> dict[str, VisitWindow]:
    return {window.visit: window for window in windows(story.now, story.trial.participants.study())}


def corrects(story: Story, kind: type[e.Event], fact: e.Fact) -> tuple[e.Event, ...]:
    return story.asks(c.Correct(entry=story.entry_of(kind), fact=fact), reason="it was written down wrongly").events


def retracts(story: Story, kind: type[e.Event]) -> tuple[e.Event, ...]:
    return story.asks(c.Retract(entry=story.entry_of(kind)), reason="it never happened").events


def gate(story: Story) -> set[str]:
    """What the deviations from gates name, without the occurrence: `infusion:E24b`."""
    return {":".join(key.split(":")[1::2]) for key in story.now.deviations if key.startswith("gate:")}


def thawed(story: Story) -> datetime:
    return story.now.thaws[0].fact.at.span(BERLIN).earliest


# The infusion's time moves every window


def test_windows_are_counted_in_dates_at_the_site_from_the_first_bag(story: Story) -> None:
    day_0 = local_date(thawed(story), BERLIN)
    found = calendar(story)
    assert {visit: (found[visit].opens - day_0, found[visit].closes - day_0) for visit in ("day-1", "day-7", "day-28")} == {
        "day-1": (timedelta(days=1), timedelta(days=1)),
        "day-7": (timedelta(days=6), timedelta(days=8)),
        "day-28": (timedelta(days=25), timedelta(days=31)),
    }
    assert (day_0, found["month-24"].target) == (date(2026, 2, 9), date(2028, 2, 9))
    assert (found["month-24"].opens, found["month-24"].closes) == (date(2028, 1, 10), date(2028, 3, 10))


def test_a_corrected_infusion_moves_every_window_that_is_counted_from_it(story: Story) -> None:
    before = calendar(story)
    earlier = When.at(story.now.infusions[0].fact.at.span(BERLIN).earliest - timedelta(hours=14))
    corrects(story, e.InfusionStarted, e.InfusionStarted(at=earlier, identity=CODE))
    after = calendar(story)
    moved = {visit for visit in after if after[visit].target != before[visit].target}
    counted = {name for name, rule in story.trial.participants.study().protocol(1).visits.items() if rule.anchor == "infusion"}
    assert moved == counted
    assert all(after[visit].target == before[visit].target - timedelta(days=1) for visit in counted if not visit.startswith("month"))


def test_a_correction_to_another_minute_of_the_same_date_moves_no_window(story: Story) -> None:
    before = calendar(story)
    later = When.at(story.now.infusions[0].fact.at.span(BERLIN).earliest + timedelta(hours=-1))
    corrects(story, e.InfusionStarted, e.InfusionStarted(at=later, identity=CODE))
    assert {visit: window.target for visit, window in calendar(story).items()} == {visit: window.target for visit, window in before.items()}


def test_the_date_is_that_of_the_site_wherever_it_lies() -> None:
    story = Trial().participant("SAO-001", "SAO").is_eligible()
    late_evening = When("2026-01-12T02:30Z")
    story.reports(e.InfusionStarted(at=late_evening, identity=CODE), reason="elsewhere")
    assert calendar(story)["day-1"].target == date(2026, 1, 12)
    assert local_date(late_evening.span(SAO_PAULO).earliest, SAO_PAULO) == date(2026, 1, 11)


def test_deviations_of_visits_arise_and_are_voided_when_the_infusion_is_corrected(story: Story) -> None:
    story.trial.clock.move(days=4)
    story.reports(e.VisitCompleted(visit="day-3", at=story.at()))
    assert not any(key.startswith("visit:day-3") for key in story.now.deviations)
    right = story.now.infusions[0].fact
    wrong = e.InfusionStarted(at=When.at(right.at.span(BERLIN).earliest - timedelta(days=1)), identity=CODE)
    assert "deviation-recorded.v1" in [event.kind for event in corrects(story, e.InfusionStarted, wrong)]
    assert "late" in story.now.deviations["visit:day-3:window"].says
    assert "deviation-voided.v1" in [event.kind for event in corrects(story, e.InfusionStarted, right)]
    assert "visit:day-3:window" not in story.now.deviations


def test_a_visit_that_was_given_up_as_missed_is_open_again_when_its_window_has_moved(story: Story) -> None:
    story.lives_until(story.trial.clock() + timedelta(days=3))
    assert calendar(story)["day-1"].state == "unaccounted"
    assert not story.now.deviations["visit:day-1:missed"].final
    right = story.now.infusions[0].fact
    corrects(story, e.InfusionStarted, right.model_copy(update={"at": story.at()}))
    assert calendar(story)["day-1"].state == "open"
    assert "visit:day-1:missed" not in story.now.deviations


@pytest.mark.parametrize(
    ("days", "how"), [(1, "early"), (2, None), (4, None), (5, "late")], ids=["a day early", "first day", "last day", "a day late"]
)
def test_a_visit_outside_its_window_is_a_deviation_on_either_side(story: Story, days: int, how: str | None) -> None:
    day_0 = local_date(thawed(story), BERLIN)
    story.trial.clock.move(days=6)
    story.reports(e.VisitCompleted(visit="day-3", at=When.on(day_0 + timedelta(days=days))), reason="the participant was ill")
    found = story.now.deviations.get("visit:day-3:window")
    assert (found is not None) == (how is not None)
    if found is not None:
        assert how is not None
        assert how in found.says


@pytest.mark.slow
def test_a_visit_told_late_voids_the_deviation_that_was_proposed(story: Story) -> None:
    day_1 = When.on(local_date(thawed(story), BERLIN) + timedelta(days=1))
    story.lives_until(story.trial.clock() + timedelta(days=20))
    assert story.now.deviations["visit:day-1:missed"].final
    outcome = story.reports(e.VisitCompleted(visit="day-1", at=day_1))
    assert [event.kind for event in outcome.events] == ["visit-completed.v1", "deviation-voided.v1"]


# What is learned late about a step


def test_a_steroid_that_is_told_after_the_infusion_makes_a_deviation_and_its_correction_voids_it(story: Story) -> None:
    inside, outside = (When.at(thawed(story) - timedelta(hours=72) - before) for before in (timedelta(0), MINUTE))
    outcome = story.reports(dose("prednisone", "20", inside))
    assert [event.kind for event in outcome.events] == ["medication-taken.v1", "deviation-recorded.v1"]
    assert gate(story) == {"infusion:E24b"}
    assert [event.kind for event in corrects(story, e.MedicationTaken, dose("prednisone", "20", outside))] == [
        "entry-corrected.v1",
        "deviation-voided.v1",
    ]
    assert gate(story) == set()
    corrects(story, e.MedicationTaken, dose("prednisone", "20", inside))
    assert gate(story) == {"infusion:E24b"}
    corrects(story, e.MedicationTaken, dose("prednisone", "10", inside))
    assert gate(story) == set()


def test_a_dose_of_uncertain_time_leaves_a_deviation_until_the_time_is_known(story: Story) -> None:
    story.reports(dose("prednisone", "20", When("2026-02-06")))
    assert gate(story) == {"infusion:E24b"}
    corrects(story, e.MedicationTaken, dose("prednisone", "20", When.at(thawed(story) - timedelta(hours=72, minutes=1))))
    assert gate(story) == set()


ALL_THREE = {f"{step}:consent-and-eligibility" for step in ("leukapheresis", "lymphodepletion", "infusion")}


def test_consent_that_is_taken_back_makes_every_step_a_deviation_and_consent_that_is_found_voids_them(story: Story) -> None:
    retracts(story, e.ConsentSigned)
    assert gate(story) == ALL_THREE
    story.reports(consent(When("2026-01-05T08:00Z")))
    assert gate(story) == set()


def test_consent_that_was_signed_later_than_told_makes_the_earlier_steps_deviations(story: Story) -> None:
    corrects(story, e.ConsentSigned, consent(When("2026-01-20")))
    assert gate(story) == {"leukapheresis:consent-and-eligibility"}


def test_consent_that_was_withdrawn_before_the_infusion_and_told_after_it_makes_it_a_deviation(story: Story) -> None:
    infused = story.now.infusions[0].fact.at.span(BERLIN).earliest
    story.reports(e.ConsentWithdrawn(at=When.at(thawed(story) - MINUTE), scope="treatment"))
    for withdrawn, deviations in (
        (thawed(story) - 2 * MINUTE, {"infusion:consent-and-eligibility"}),
        (thawed(story) + MINUTE, {"infusion:consent-and-eligibility"}),
        (infused, {"infusion:consent-and-eligibility"}),
        (infused + MINUTE, set()),
    ):
        corrects(story, e.ConsentWithdrawn, e.ConsentWithdrawn(at=When.at(withdrawn), scope="treatment"))
        assert gate(story) == deviations


@pytest.mark.parametrize(
    ("kind", "fact", "rules"),
    [
        pytest.param(
            e.ProductReleased,
            e.ProductReleased(at=When("2026-02-08"), identity=CODE),
            {"lymphodepletion:product-ready"},
            id="a release after lymphodepletion",
        ),
        pytest.param(
            e.ProductReceived,
            e.ProductReceived(at=When("2026-02-03"), identity=CODE, expires=date(2026, 2, 8)),
            {"infusion:product-ready"},
            id="a product that had expired",
        ),
        pytest.param(
            e.LymphodepletionDose,
            e.LymphodepletionDose(at=When("2026-02-08"), day=-3, drug="fludarabine"),
            {"infusion:days-since-lymphodepletion"},
            id="a last dose on the eve of the infusion",
        ),
        pytest.param(
            e.IdentityChecked,
            e.IdentityChecked(at=When("2026-02-09T12:01Z"), identity=CODE, checked_by=("nurse one", "nurse two")),
            {"infusion:same-identity"},
            id="an identity check after the thaw",
        ),
        pytest.param(
            e.ReviewMade,
            review(When("2026-02-08T11:59Z"), date(2026, 1, 1)),
            {"infusion:E24b", "infusion:no-infection"},
            id="a review that was stale by a minute",
        ),
    ],
)
def test_whatever_a_gate_rested_on_is_judged_again_when_it_is_corrected(
    story: Story, kind: type[e.Event], fact: e.Fact, rules: set[str]
) -> None:
    right = next(entry.event for entry in reversed(story.record.entries) if isinstance(entry.event, kind))
    assert isinstance(right, e.FACTS)
    corrects(story, kind, fact)
    assert gate(story) == rules
    corrects(story, kind, right)
    assert gate(story) == set()


def test_a_thaw_that_was_earlier_than_told_is_judged_at_its_own_time_leave_included(story: Story) -> None:
    right = story.now.thaws[0].fact
    corrects(story, e.ThawStarted, e.ThawStarted(at=When.at(thawed(story) - MINUTE), identity=CODE))
    assert gate(story) == {f"infusion:{rule}" for rule in ("E24b", "no-infection", "afebrile", "go", "same-identity", "leave")}
    corrects(story, e.ThawStarted, right)
    assert gate(story) == set()


def test_a_step_that_is_retracted_takes_its_deviations_with_it() -> None:
    story = Trial().participant().is_eligible()
    story.trial.clock.move(days=2)
    story.reports(e.LeukapheresisStarted(at=story.at()))
    assert gate(story) == {f"leukapheresis:{rule}" for rule in ("E24a", "E25", "no-infection", "go", "leave")}
    retracts(story, e.LeukapheresisStarted)
    assert gate(story) == set()
    assert not story.now.taken


def test_an_infusion_whose_thaw_is_retracted_is_judged_at_its_own_time() -> None:
    story = Trial().participant().is_ready().is_infused()
    assert gate(story) == set()
    retracts(story, e.ThawStarted)
    taken = story.now.taken_step("infusion")
    assert taken is not None
    assert taken.at == story.now.infusions[0].fact.at
    assert gate(story) == set()


# History stays


def test_nothing_that_was_recorded_is_changed_by_a_correction(story: Story) -> None:
    before = story.record.entries
    corrects(story, e.InfusionStarted, e.InfusionStarted(at=story.at(), identity=CODE))
    retracts(story, e.ReviewMade)
    assert story.record.entries[: len(before)] == before


def test_the_last_correction_counts_and_a_retraction_after_it_too() -> None:
    story = Trial().participant().consents()
    for document in ("version 1.1", "version 1.2"):
        corrects(story, e.ConsentSigned, consent(When("2026-01-05")).model_copy(update={"document": document}))
    assert story.now.consents[0].fact.document == "version 1.2"
    assert story.now.consents[0].fact.document_digest == DIGEST
    retracts(story, e.ConsentSigned)
    assert not story.now.consents


@pytest.mark.slow
def test_a_visit_that_is_accounted_for_late_has_its_days_of_grace_all_the_same(story: Story) -> None:
    story.trial.clock.move(days=60)
    story.advances()
    assert story.now.deviations["visit:day-7:missed"].final is False, "nobody could answer before"
    story.lives_until(story.trial.clock() + timedelta(days=15))
    assert story.now.deviations["visit:day-7:missed"].final


@pytest.mark.slow
def test_a_visit_that_was_missed_in_a_window_that_moved_is_asked_for_anew_when_the_new_one_closes(story: Story) -> None:
    story.lives_until(story.trial.clock() + timedelta(days=11))
    story.asks(c.MissVisit(visit="day-7"))
    infused = story.now.infusions[0]
    later = When.at(infused.fact.at.span(BERLIN).earliest + timedelta(days=10))
    story.asks(c.Correct(entry=infused.entry, fact=infused.fact.model_copy(update={"at": later})), reason="the sheet names another date")
    story.lives_until(story.trial.clock() + timedelta(days=9))
    assert story.now.deviations["visit:day-7:missed"].final is False
