"""Harm at the desk: one form for each fact, faults beside their fields, and the clock of what is serious on the same page."""

from datetime import timedelta

from domain import events as e
from domain.time import When
from tests.app.web.at_the_door import Desk
from tests.domain.harms import IN_HOSPITAL, adverse

PATH = "/participants/BER-003/safety"
PNEUMONIA = {"term": "pneumonia", "grade": "3", "narrative": "Fever at home."}


def test_an_adverse_event_is_recorded_and_stands_with_its_clock_on_the_page_and_on_the_participants(desk: Desk) -> None:
    assert "No matter of safety is on record" in desk.sees(PATH)
    page = desk.records(PATH, "adverse-event", PNEUMONIA | {"serious": ["hospitalisation", "disability"], "relation": "related"})
    assert "Pneumonia" in page
    assert "To be reported in" in page
    assert "Fever at home." in page
    fact, due = (entry.event for entry in desk.entries("BER-003")[-2:])
    assert isinstance(fact, e.AdverseEvent)
    assert (fact.grade, fact.serious, fact.relation) == (3, ("hospitalisation", "disability"), "related")
    assert fact.at == fact.start == When.at(desk.clock())
    assert isinstance(due, e.SafetyReportDue)
    shown = desk.sees("/participants/BER-003")
    assert "Grade 3, <b>serious</b>: hospitalisation, disability; related to the product" in shown
    assert "Goes on" in shown


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(desk: Desk) -> None:
    before = len(desk.entries("BER-003"))
    answer = desk.sends(PATH, "adverse-event", PNEUMONIA | {"grade": "6", "start": "31 March", "serious": ["hospitalisation"]})
    assert answer.status_code == 422
    assert 'id="adverse-event-grade-fault"' in answer.text
    assert 'id="adverse-event-start-fault"' in answer.text
    assert 'value="pneumonia"' in answer.text
    assert 'value="hospitalisation" checked' in answer.text
    assert len(desk.entries("BER-003")) == before


def test_what_more_is_known_is_recorded_of_one_event(desk: Desk) -> None:
    story = desk.story("BER-003")
    story.reports(adverse(story.at(), term="a fall"))
    entry = story.now.adverse_events[-1].entry
    desk.clock.move(minutes=10)
    page = desk.records(PATH, f"update:{entry}", {"stop": "now", "serious": "life-threatening", "grade": "4"})
    assert "Ended" in page
    assert "Grade 4, <b>serious</b>: life threatening" in page
    event = desk.entries("BER-003")[-2].event
    assert isinstance(event, e.AdverseEventUpdated)
    assert (event.entry, event.stop, event.at) == (entry, When.at(desk.clock()), When.at(desk.clock()))


def test_a_matter_is_reported_on_the_same_page(desk: Desk) -> None:
    story = desk.story("BER-003")
    story.reports(adverse(story.at(), **IN_HOSPITAL))
    [key] = story.now.safety_reports
    page = desk.records(PATH, f"report:{key}")
    assert "Reported in" in page
    assert "To be reported in" not in page


def test_toxicities_are_graded_and_the_last_stand_on_the_page_of_the_participant(desk: Desk) -> None:
    for grade in "1234":
        desk.clock.move(minutes=5)
        desk.records(PATH, "cytokine-release", {"grade": grade})
    page = desk.records(PATH, "neurotoxicity", {"grade": "1", "ice": "8"})
    assert page.index("Neurotoxicity (ICANS) graded 1 by ASTCT, ICE score 8") > 0
    assert page.index("Cytokine release graded 4 by ASTCT") < page.index("Cytokine release graded 1 by ASTCT")
    for grade in "0001":
        desk.clock.move(minutes=5)
        desk.records(PATH, "cytokine-release", {"grade": grade})
    safety = desk.sees("/participants/BER-003").partition('aria-labelledby="safety"')[2].partition("</section>")[0]
    assert safety.count("graded 0 by ASTCT") == 3
    assert "graded 2 by ASTCT" not in safety


def test_whoever_may_record_nothing_sees_harm_and_no_form(desk: Desk) -> None:
    story = desk.story("BER-003")
    story.reports(adverse(When.at(desk.clock() - timedelta(hours=1)), term="a fall"))
    desk.seats("s-novak")
    page = desk.sees(PATH)
    assert "A fall" in page
    assert 'name="sheet"' not in page
