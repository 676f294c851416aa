"""The worklist shows what presses most first, and each thing under its category up to the very minute."""

from datetime import UTC, datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.study import Ruled
from domain.time import MINUTE
from projections.views import Views, stored
from projections.worklist import worklist
from projections.worklist_rows import ORDER, Category, Kept, Kind, Row, State
from tests.builders import CODE, START, Story, Trial, by_, dose
from tests.projections.given import up_to_date

DAY = timedelta(days=1)
OPENS = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
DUE = OPENS + 2 * DAY
CLOSES = OPENS + 5 * DAY


def kept(state: State, kind: Kind) -> Kept:
    instants = [stored(at) for at in (OPENS, DUE, DUE, CLOSES, OPENS - 30 * DAY)]
    return Kept("BER-001", "key", "BER", "Europe/Berlin", kind, "name", "title", state, "says", "wait", *instants)


BOUNDS: list[tuple[State, Kind, datetime, Category | None]] = [
    ("held", "step", OPENS - timedelta(hours=72) - MINUTE, "waiting"),
    ("held", "step", OPENS - timedelta(hours=72), "urgent"),
    ("held", "step", CLOSES + DAY, "urgent"),
    ("revoked", "step", OPENS - timedelta(hours=72) - MINUTE, "waiting"),
    ("revoked", "step", OPENS - timedelta(hours=72), "urgent"),
    ("waiting", "step", OPENS - 30 * DAY, "waiting"),
    ("waiting", "step", CLOSES - MINUTE, "waiting"),
    ("waiting", "step", CLOSES, "overdue"),
    ("not judged", "step", OPENS, "waiting"),
    ("cleared", "step", OPENS - 7 * DAY - MINUTE, None),
    ("cleared", "step", OPENS - 7 * DAY, "soon"),
    ("cleared", "step", DUE, "due today"),
    ("cleared", "step", CLOSES, "overdue"),
    ("open", "visit", OPENS - 7 * DAY - MINUTE, None),
    ("open", "visit", OPENS - 7 * DAY, "soon"),
    ("open", "visit", DUE - MINUTE, "soon"),
    ("open", "visit", DUE, "due today"),
    ("open", "visit", CLOSES - MINUTE, "due today"),
    ("open", "visit", CLOSES, "overdue"),
    ("unaccounted", "visit", CLOSES, "overdue"),
    ("announced", "notice", OPENS - 7 * DAY, "soon"),
    ("announced", "notice", CLOSES, None),
    ("to review", "deviation", OPENS, "to review"),
    ("to confirm", "eligibility", CLOSES - 7 * DAY - MINUTE, "waiting"),
    ("to confirm", "eligibility", CLOSES - 7 * DAY, "soon"),
    ("to confirm", "eligibility", CLOSES, "overdue"),
    ("superseded", "eligibility", OPENS, "due today"),
    ("to report", "safety", CLOSES - MINUTE, "urgent"),
    ("to report", "safety", CLOSES, "overdue"),
]


@pytest.mark.parametrize(("state", "kind", "now", "category"), BOUNDS)
def test_a_category_begins_and_ends_to_the_minute(state: State, kind: Kind, now: datetime, category: Category | None) -> None:
    assert kept(state, kind).category(now) == category


@pytest.fixture
def address() -> str:
    """What there is to do does not depend on where the ledger is kept."""
    return "memory"


@pytest.fixture
def infused(trial: Trial) -> Story:
    return trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()


def row(views: Views, now: datetime, name: str) -> Row | None:
    return next((row for row in worklist(views, now) if row.name == name), None)


def shown(views: Views, now: datetime, name: str) -> tuple[str, str] | None:
    found = row(views, now, name)
    return None if found is None else (found.category, found.state)


def test_a_visit_comes_nearer_opens_falls_due_and_closes(infused: Story, views: Views) -> None:
    up_to_date(infused.trial, views)
    _, agenda = infused.trial.participants.agenda("BER-001")
    window = next(window for window in agenda.windows if window.visit == "day-28")
    target = window.opens_at + 3 * DAY
    assert shown(views, window.opens_at - 7 * DAY - MINUTE, "day-28") is None
    assert shown(views, window.opens_at - 7 * DAY, "day-28") == ("soon", "not open")
    assert shown(views, window.opens_at - MINUTE, "day-28") == ("soon", "not open")
    assert shown(views, window.opens_at, "day-28") == ("soon", "open")
    assert shown(views, target - MINUTE, "day-28") == ("soon", "open")
    assert shown(views, target, "day-28") == ("due today", "open")
    assert shown(views, window.closes_at - MINUTE, "day-28") == ("due today", "open")
    assert shown(views, window.closes_at, "day-28") == ("overdue", "closed")


def test_a_closed_visit_with_nothing_recorded_is_to_be_accounted_for_until_it_is_missed(infused: Story, views: Views) -> None:
    infused.lives_until(infused.trial.clock() + 3 * DAY)
    up_to_date(infused.trial, views)
    found = row(views, infused.trial.clock(), "day-1")
    assert found is not None
    assert (found.category, found.state, found.action) == ("overdue", "unaccounted", "account-for-visit")
    assert (
        found.says == "Nothing was recorded; the window closed at the end of 2026-02-10. It counts as missed for good from 2026-02-25 on."
    )
    infused.asks(c.MissVisit(visit="day-1"))
    up_to_date(infused.trial, views)
    assert row(views, infused.trial.clock(), "day-1") is None
    assert shown(views, infused.trial.clock(), "deviations") == ("to review", "to review")


def test_the_deviations_of_a_participant_are_one_row_until_the_last_of_them_is_reviewed(infused: Story, views: Views) -> None:
    for says in ("a form was lost", "a sample was lost", "a form was lost"):
        infused.asks(c.RecordDeviation(says=says, category="procedure", details=e.DeviationDetails()))
    keys = [one.key for one in infused.now.deviations.values() if one.final]
    titles = []
    for key in keys:
        up_to_date(infused.trial, views)
        found = row(views, infused.trial.clock(), "deviations")
        assert found is not None
        titles.append((found.title, found.says))
        infused.asks(c.ReviewDeviation(key=key, entry=infused.now.deviations[key].told_in), "investigator", signed=True)
    up_to_date(infused.trial, views)
    assert row(views, infused.trial.clock(), "deviations") is None
    both = "A form was lost. A sample was lost."
    assert titles == [("3 deviations", both), ("2 deviations", "A sample was lost. A form was lost."), ("Deviation", "A form was lost.")]


def test_a_completed_visit_is_no_longer_to_do(infused: Story, views: Views) -> None:
    infused.trial.clock.move(days=1)
    infused.reports(e.VisitCompleted(visit="day-1", at=infused.at()))
    up_to_date(infused.trial, views)
    assert row(views, infused.trial.clock(), "day-1") is None


def test_a_step_is_planned_waits_is_cleared_and_is_performed(trial: Trial, views: Views) -> None:
    story, clock = trial.participant().is_eligible(), trial.clock
    start = clock() + 2 * DAY
    story.plans("leukapheresis", start)
    assert shown(up_to_date(trial, views), clock(), "leukapheresis") == ("waiting", "not judged")
    story.advances()
    waits = row(up_to_date(trial, views), clock(), "leukapheresis")
    assert waits is not None
    assert (waits.category, waits.state, waits.action) == ("waiting", "waiting", "supply-evidence")
    assert "a review of medicines" in waits.says
    assert (waits.opens, waits.closes) == (start, start + timedelta(hours=8))
    clock.move_to(start)
    story.is_seen_before("leukapheresis")
    story.advances()
    cleared = row(up_to_date(trial, views), clock(), "leukapheresis")
    assert cleared is not None
    assert (cleared.category, cleared.state, cleared.action, cleared.since) == ("due today", "cleared", "perform", start)
    story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    assert row(up_to_date(trial, views), clock(), "leukapheresis") is None


def test_a_held_step_becomes_urgent_72_hours_before_its_slot(trial: Trial, views: Views) -> None:
    story = trial.participant().is_eligible()
    story.reports(dose("prednisone", "40", story.at()))
    start = trial.clock() + 6 * DAY
    story.plans("leukapheresis", start)
    story.advances()
    up_to_date(trial, views)
    near = start - timedelta(hours=72)
    assert shown(views, near - MINUTE, "leukapheresis") == ("waiting", "held")
    assert shown(views, near, "leukapheresis") == ("urgent", "held")
    found = row(views, near, "leukapheresis")
    assert found is not None
    assert found.action == "plan-again"
    assert "systemic steroid of 40 mg prednisone-equivalent" in found.says
    assert "Nothing on record forbids it from 2026-01-20 00:00+01:00 on; leave is still needed." in found.says


def test_a_step_whose_slot_is_over_is_to_be_reported_or_planned_again_and_nothing_in_it_reads_as_leave(trial: Trial, views: Views) -> None:
    story, begins = trial.participant().is_eligible(), trial.clock() + timedelta(hours=2)
    story.plans("leukapheresis", begins, hours=8)
    story.is_seen_before("leukapheresis")
    story.lives_until(begins + timedelta(hours=8))
    found = row(up_to_date(trial, views), trial.clock(), "leukapheresis")
    assert found is not None
    assert (found.state, found.action) == ("held", "plan-again")
    assert (
        found.says == "Leukapheresis is held: its slot is over, and nothing was recorded of it. Report what took place, or plan it again."
    )


def test_leave_that_was_revoked_shows_until_it_is_given_again(trial: Trial, views: Views) -> None:
    story, clock = trial.participant().is_eligible(), trial.clock
    story.plans("leukapheresis", clock() + timedelta(hours=1), hours=200 / 24)
    story.is_seen_before("leukapheresis")
    story.advances()
    assert shown(up_to_date(trial, views), clock(), "leukapheresis") == ("due today", "cleared")
    story.reports(dose("prednisone", "40", story.at()))
    assert shown(up_to_date(trial, views), clock(), "leukapheresis") == ("urgent", "revoked")
    story.advances()
    found = row(up_to_date(trial, views), clock(), "leukapheresis")
    assert found is not None
    assert (found.state, found.action) == ("revoked", "plan-again")
    assert found.says.startswith("Leave was revoked. Leukapheresis is held")


def test_leave_is_shown_as_leave_only_while_it_covers_whoever_has_ended_it_or_not(trial: Trial, views: Views) -> None:
    story, begins = trial.participant().is_eligible(), trial.clock() + timedelta(hours=2)
    story.plans("leukapheresis", begins, hours=8)
    story.is_seen_before("leukapheresis")
    story.advances()
    told, until = up_to_date(trial, views), begins + timedelta(hours=8)
    seen = {}
    for instant in (begins - MINUTE, begins, until - MINUTE, until):
        found = row(told, instant, "leukapheresis")
        assert found is not None
        seen[instant] = (found.state, found.action)
    assert list(seen.values()) == [("cleared", "wait"), ("cleared", "perform"), ("cleared", "perform"), ("no longer valid", "wait")]


def test_leave_that_a_ruling_breaks_is_not_shown_as_leave_though_no_journey_has_ended_it(trial: Trial, views: Views) -> None:
    def rule(choice: str) -> None:
        ruled = (Ruled(ruling="local-steroid-injections", choice=choice),)
        trial.participants.desk.record(ruled, by_("administrator", trial.next_id()))

    rule("outside")
    story = trial.participant().is_eligible()
    story.reports(dose("triamcinolone", "40", story.at(), route="intra-articular"))
    story.plans("leukapheresis", trial.clock() + timedelta(hours=1))
    story.is_seen_before("leukapheresis")
    trial.clock.move(hours=1)
    story.advances()
    before = row(up_to_date(trial, views), trial.clock(), "leukapheresis")
    rule("as-systemic")
    after = row(up_to_date(trial, views), trial.clock(), "leukapheresis")
    assert before is not None
    assert after is not None
    assert [(one.state, one.action) for one in (before, after)] == [("cleared", "perform"), ("no longer valid", "wait")]
    assert "Begin nothing" in after.says


def test_what_presses_most_comes_first_and_each_site_can_be_seen_alone(trial: Trial, views: Views) -> None:
    infused = trial.participant("BER-001").is_eligible().is_collected(CODE).has_product(CODE).is_depleted().is_infused()
    infused.lives_until(trial.clock() + 20 * DAY)
    held = trial.participant("SAO-001", "SAO").is_eligible()
    held.reports(dose("prednisone", "40", held.at()))
    held.plans("leukapheresis", trial.clock() + 2 * DAY).advances()
    trial.participant("SAO-002", "SAO").is_eligible().plans("leukapheresis", trial.clock() + 5 * DAY).advances()
    infused.advances()
    up_to_date(trial, views)
    rows = worklist(views, trial.clock())
    places = [ORDER.index(row.category) for row in rows]
    assert places == sorted(places)
    assert {row.category for row in rows} >= {"urgent", "overdue", "waiting", "soon", "to review"}
    assert (rows[0].participant, rows[0].category) == ("SAO-001", "urgent")
    for site in ("BER", "SAO"):
        assert list(worklist(views, trial.clock(), [site])) == [row for row in rows if row.site == site]
    assert worklist(views, trial.clock(), ["MUC"]) == ()


def test_a_black_out_is_announced_once_before_it_begins(trial: Trial, views: Views) -> None:
    story = trial.participant().is_eligible()
    start = trial.clock() + 12 * DAY
    story.plans("leukapheresis", start).advances()
    up_to_date(trial, views)
    found = [row for row in worklist(views, trial.clock()) if row.title == "Black-out"]
    assert [(row.category, row.action, row.opens) for row in found] == [("soon", "prepare", datetime(2026, 1, 16, 23, 0, tzinfo=UTC))]
    assert "Do not stop maintenance or replacement abruptly" in found[0].says


def test_whoever_has_left_has_nothing_to_do_any_more(infused: Story, views: Views) -> None:
    infused.reports(e.Died(at=infused.at()))
    up_to_date(infused.trial, views)
    assert [
        row for row in worklist(views, START + 200 * DAY) if row.kind in {"step", "visit"} and row.opens and row.opens > START + 40 * DAY
    ] == []


def test_a_row_can_be_written_as_json(infused: Story, views: Views) -> None:
    up_to_date(infused.trial, views)
    first = worklist(views, infused.trial.clock())[0]
    assert Row.model_validate_json(first.model_dump_json()) == first


def test_eligibility_waits_to_be_confirmed_and_comes_back_when_something_is_learned_late(trial: Trial, views: Views) -> None:
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    waits = row(up_to_date(trial, views), trial.clock(), "eligibility")
    assert waits is not None
    assert (waits.category, waits.state, waits.action) == ("waiting", "to confirm", "judge")
    assert "until the end of 2026-02-02" in waits.says
    story.is_screened()
    story.confirms()
    assert row(up_to_date(trial, views), trial.clock(), "eligibility") is None
    before = story.at()
    trial.clock.move(hours=1)
    story.reports(e.ConditionNoted(at=before, condition="malignancy", start=before, marks={}))
    again = row(up_to_date(trial, views), trial.clock(), "eligibility")
    assert again is not None
    assert (again.category, again.state, again.action) == ("due today", "superseded", "judge")
    assert "not eligible" in again.says


def test_a_matter_of_safety_stands_above_until_it_is_reported(trial: Trial, views: Views) -> None:
    story = trial.participant().is_eligible()
    trial.clock.move(minutes=1)
    story.reports(e.ConditionNoted(at=story.at(), condition="pregnancy", start=story.at(), marks={}))
    (key,) = story.now.safety_reports
    matter = row(up_to_date(trial, views), trial.clock(), key)
    assert matter is not None
    assert (matter.category, matter.state, matter.action) == ("urgent", "to report", "report-safety")
    assert matter.closes == trial.clock() + DAY
    story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    assert row(up_to_date(trial, views), trial.clock(), key) is None
