"""The roster of participants, page by page."""

from domain import events as e
from domain.stages import stage
from projections.roster import Row, codes, roster
from projections.views import Views
from tests.builders import Trial
from tests.projections.given import up_to_date


def test_the_roster_follows_a_participant_from_stage_to_stage(trial: Trial, views: Views) -> None:
    story = trial.participant()
    found: list[Row] = []
    for goes_on in (story.is_eligible, story.is_collected, story.has_product, story.is_depleted, story.is_infused):
        goes_on()
        (row,) = roster(up_to_date(trial, views), {"BER"}, 1, 50).rows
        assert (row.stage, row.version, row.recorded_at) == (stage(story.now), story.record.version, story.now.recorded_at)
        found.append(row)
    assert [row.stage for row in found] == ["Eligible", "Cells collected", "Cells collected", "Lymphodepletion", "Infused"]
    assert found[-1].infusion == story.now.infusions[0].fact.at.span("Europe/Berlin").earliest.date()


def test_a_page_holds_some_of_those_who_were_asked_for_and_says_how_many_there_are(trial: Trial, views: Views) -> None:
    for number in range(5):
        trial.participant(f"BER-00{number}")
    trial.participant("SAO-001", "SAO")
    up_to_date(trial, views)
    pages = [roster(views, {"BER"}, page, 2) for page in (1, 3, 9)]
    assert [[row.participant for row in page.rows] for page in pages] == [["BER-000", "BER-001"], ["BER-004"], ["BER-004"]]
    assert {page.found for page in pages} == {5}
    assert roster(views, set(), 1, 50) == ((), 0)
    assert [row.participant for row in roster(views, {"BER", "SAO"}, 1, 50, text="o-0").rows] == ["SAO-001"]


def test_the_codes_are_those_of_the_sites_that_are_asked_for(trial: Trial, views: Views) -> None:
    for code in ("SAO-001", "BER-002", "BER-001"):
        trial.participant(code, code[:3])
    up_to_date(trial, views)
    assert codes(views, {"BER"}) == ("BER-001", "BER-002")
    assert codes(views, {"SAO", "BER"}) == ("BER-001", "BER-002", "SAO-001")
    assert codes(views, set()) == ()


def test_the_roster_tells_apart_who_is_still_in_the_study(trial: Trial, views: Views) -> None:
    here, gone = trial.participant("BER-001"), trial.participant("BER-002")
    here.consents()
    gone.consents()
    gone.reports(e.Died(at=gone.at()))
    up_to_date(trial, views)
    assert [row.participant for row in roster(views, {"BER"}, 1, 50, here="yes").rows] == ["BER-001"]
    assert [(row.participant, row.left) for row in roster(views, {"BER"}, 1, 50, here="no").rows] == [("BER-002", "has died")]
    assert roster(views, {"BER"}, 1, 50, reached="Screening").found == 2
    assert roster(views, {"BER"}, 1, 50, reached="Infused").found == 0
