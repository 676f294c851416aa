"""The page of a participant: the next step with every rule of its gate, the visits as they stand, and what is drawn."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.clinic_time import SiteClock
from app.web.participant_page import LAST_ENTRIES, ParticipantPage, participant_page, visit_state
from app.web.showing import templates
from domain import commands as c
from domain import events as e
from domain.entry import Signature
from domain.signatures import to_sign
from domain.time import MINUTE, When
from domain.visits import VisitWindow, windows
from projections.timeline import Timeline, timeline
from projections.views import Views
from tests.app.web.test_templates import AROUND
from tests.builders import BERLIN, Story, Trial, by_, dose, go
from tests.projections.given import ByHand, views_at

DAY = timedelta(days=1)


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    found = views_at(tmp_path / "views.sqlite")
    yield found
    found.close()


@pytest.fixture
def story() -> Story:
    return Trial().participant()


def page_of(story: Story, views: Views, span: str = "near") -> ParticipantPage:
    participants = story.trial.participants
    ByHand(participants.ledger, participants.desk, views).takes()
    told = timeline(views, story.id, LAST_ENTRIES)
    assert isinstance(told, Timeline)
    return participant_page(story.record, participants.study(), told, story.trial.clock(), participants.desk.at, span)


def html_of(page: ParticipantPage) -> str:
    return templates().get_template("participant.html").render(dict(AROUND), page=page, recorded=(), erasure=None)


def window_of(story: Story, visit: str) -> VisitWindow:
    return next(one for one in windows(story.now, story.trial.participants.study()) if one.visit == visit)


def test_somebody_in_screening_awaits_eligibility_and_has_no_gate_yet(story: Story, views: Views) -> None:
    story.consents().reports(e.ScreeningStarted(at=story.at()))
    page = page_of(story, views)
    assert (page.stage, page.steps) == (0, ())
    assert page.eligibility is not None
    assert [one.visit for one in page.pressing] == ["screening"]
    assert "To confirm" in html_of(page)


def test_a_step_that_is_not_planned_is_judged_as_if_it_began_now(story: Story, views: Views) -> None:
    page = page_of(story.is_eligible(), views)
    (step,) = page.steps
    assert (step.step, step.state, step.slot) == ("leukapheresis", "not planned", None)
    assert "nothing gives leave" in step.says
    assert {rule.outcome for rule in step.in_the_way} == {"not yet known"}
    assert "Plan it" in html_of(page)


def test_the_next_step_shows_every_rule_what_stands_in_the_way_first(story: Story, views: Views) -> None:
    story.is_ready()
    protocol = story.trial.participants.study().protocol(1)
    (step,) = page_of(story, views).steps
    assert {rule.id for rule in step.rules} == {rule.id for rule in protocol.steps["infusion"].rules}
    found = [rule.outcome for rule in step.rules]
    assert found == sorted(found, key=["fails", "not yet known", "passes"].index)
    assert (*step.in_the_way, *step.at_rest) == step.rules
    assert all(rule.supplied_by for rule in step.in_the_way)


@pytest.mark.clause("21 CFR 11", "11.10(f)")
def test_leave_is_shown_until_a_fact_breaks_it_and_then_with_its_reason_and_the_earliest_instant(story: Story, views: Views) -> None:
    story.is_ready().is_cleared()
    (cleared,) = page_of(story, views).steps
    assert (cleared.state, cleared.in_the_way) == ("cleared", ())
    assert cleared.covers_until is not None
    story.reports(dose("dexamethasone", "8", story.at()))
    (revoked,) = page_of(story, views).steps
    assert revoked.state == "revoked"
    assert [(rule.id, rule.outcome) for rule in revoked.in_the_way] == [("E24b", "fails")]
    assert revoked.earliest == revoked.in_the_way[0].until
    assert revoked.earliest is not None
    assert revoked.earliest > story.trial.clock() + 3 * DAY
    assert ("E24b", story.trial.clock(), revoked.earliest) in revoked.blocked


def test_leave_that_time_has_ended_is_not_shown_as_leave(story: Story, views: Views) -> None:
    story.is_ready().is_cleared()
    (cleared,) = page_of(story, views).steps
    assert cleared.covers_until is not None
    story.trial.clock.move_to(cleared.covers_until)
    (ended,) = page_of(story, views).steps
    assert ended.state == "no longer valid"
    assert "Begin nothing" in ended.says


def test_a_black_out_is_drawn_beneath_its_step(story: Story, views: Views) -> None:
    story.is_ready()
    story.reports(dose("dexamethasone", "8", story.at()))
    drawing = page_of(story, views).drawing
    assert "Black-out E24b" in drawing
    assert 'class="piece blocked"' in drawing


def test_somebody_infused_is_shown_the_visits_that_press(story: Story, views: Views) -> None:
    story.is_ready().is_infused()
    story.lives_until(story.trial.clock() + 3 * DAY)
    page = page_of(story, views)
    assert (page.stage, page.steps, page.infusion) == (4, (), story.now.infusions[0].fact.at.span(BERLIN).earliest.date())
    assert ("day-1", "unaccounted") in [(one.visit, one.state) for one in page.pressing]
    assert [one.window.closes_at for one in page.pressing] == sorted(one.window.closes_at for one in page.pressing)
    assert "Account for it" in html_of(page)
    assert "D+3" in html_of(page)


def test_who_has_left_is_shown_so_and_has_no_step_ahead(story: Story, views: Views) -> None:
    story.is_eligible().reports(e.ContactLost(at=story.at()))
    page = page_of(story, views)
    assert (page.left, page.steps, page.pressing) == ("is lost to follow-up", (), ())
    assert "Is lost to follow-up" in html_of(page)


@pytest.mark.parametrize(("span", "drawn"), [("near", False), ("whole", True)])
def test_the_drawing_shows_the_weeks_around_now_or_the_whole_trial(story: Story, views: Views, span: str, *, drawn: bool) -> None:
    story.is_ready().is_infused()
    assert ("Month 24" in page_of(story, views, span).drawing) is drawn


def test_a_visit_tells_where_it_stands_to_the_minute(story: Story) -> None:
    story.is_ready().is_infused()
    window = window_of(story, "day-28")
    noon = When.on(window.target).span(BERLIN)
    for at, state in (
        (window.opens_at - MINUTE, "not open"),
        (window.opens_at, "open"),
        (noon.latest, "open"),
        (noon.latest + MINUTE, "past target"),
        (window.closes_at - MINUTE, "past target"),
        (window.closes_at, "closed"),
    ):
        assert visit_state(window, SiteClock(BERLIN, at)) == state


def test_a_visit_tells_whether_it_is_booked_and_how_it_went(story: Story) -> None:
    story.is_ready().is_infused()
    clock = SiteClock(BERLIN, story.trial.clock())
    story.asks(c.Report(fact=e.VisitBooked(visit="day-28", at=When.at(window_of(story, "day-28").target_at))))
    assert visit_state(window_of(story, "day-28"), clock) == "booked"
    story.trial.clock.move_to(window_of(story, "day-7").target_at)
    story.comes("day-7")
    assert visit_state(window_of(story, "day-7"), SiteClock(BERLIN, story.trial.clock())) == "completed"


def test_the_last_entries_stand_newest_first(story: Story, views: Views) -> None:
    page = page_of(story.is_eligible(), views)
    assert [line.version for line in page.entries] == list(range(page.version, page.version - 8, -1))


def test_a_course_is_told_with_its_tapers_and_with_what_hangs_on_it(story: Story, views: Views) -> None:
    story.is_ready().is_cleared()
    begun = story.at()
    story.reports(dose("dexamethasone", "8", begun))
    story.reports(dose("dexamethasone", "4", begun))
    page = page_of(story, views)
    course = page.chart.courses[0]
    assert (course.drug, [str(one.fact.dose_mg) for one in course.lines]) == ("dexamethasone", ["8", "4"])
    (washout,) = course.washouts
    assert (washout.rule, washout.step, washout.until) == ("E24b", "infusion", page.steps[0].earliest)
    assert "E24b</code> of the infusion, clears" in html_of(page)


def test_a_course_that_is_in_nobodys_way_hangs_on_nothing(story: Story, views: Views) -> None:
    story.is_ready().is_cleared()
    story.reports(dose("hydroxychloroquine", "200", story.at()))
    assert page_of(story, views).chart.courses[0].washouts == ()


def test_a_matter_of_safety_is_told_with_its_hours_until_it_is_reported(story: Story, views: Views) -> None:
    story.is_ready().is_infused()
    assert "Nothing is on record that had to be reported" in html_of(page_of(story, views))
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive"))
    page = page_of(story, views)
    (matter,) = page.chart.safety
    assert matter.open
    assert "in 1 day</time>, by" in html_of(page)
    story.reports(e.SafetyReported(at=story.at(), key=matter.key))
    page = page_of(story, views)
    assert not page.chart.safety[0].open
    assert f"reported in entry {page.version}" in html_of(page)


def test_every_signature_is_told_once_with_its_meaning_and_what_it_is_under(story: Story, views: Views) -> None:
    page = page_of(story.is_eligible(), views)
    confirmed = next(entry for entry in story.record.entries if isinstance(entry.event, e.EligibilityConfirmed))
    signature = confirmed.circumstances.signature
    assert signature is not None
    shown = next(one for one in page.chart.signatures if one.signed.first == confirmed.version).signed
    assert (shown.meaning, shown.at) == (signature.meaning, confirmed.recorded_at)
    firsts = [one.signed.first for one in page.chart.signatures]
    assert firsts == sorted(set(firsts), reverse=True)
    assert page.chart.signatures_on_record == len(
        {one.circumstances.command_id for one in story.record.entries if one.circumstances.signature}
    )


@pytest.mark.clause("EMA 2023", "sign-off of data")
def test_a_signature_is_marked_by_whether_it_stands_is_superseded_or_binds_something_else(story: Story, views: Views) -> None:
    story.is_eligible()
    command, by = c.Report(fact=go(story.at())), by_("investigator", story.trial.next_id())
    signature = Signature(meaning="I agree", signed=to_sign(story.id, command, by))
    story.trial.participants.handle(story.id, command, by.model_copy(update={"signature": signature}))
    attested = story.record.version
    story.asks(c.Retract(entry=attested), "investigator", reason="of another", signed=True)
    page = page_of(story, views)
    standing = {one.signed.first: one.signed.standing for one in page.chart.signatures}
    assert standing[attested] == "superseded"
    assert standing[attested + 1] == "binds something else", "what stands in these stories was not signed"
    assert standing[story.entry_of(e.EligibilityConfirmed)] == "stands"
    for said in (f"Superseded by entry {attested + 1}", "Binds something else", "do not rely on it", "Signed</span>"):
        assert said in html_of(page)
