import re

import pytest

from domain import events as e
from domain.contacts import ContactNamed
from domain.letters import letter, says
from domain.notices import Notice, notices, tag
from domain.time import shown
from tests.builders import BERLIN, START, Story, Trial
from tests.domain.planned import SAMPLE, infused_under, window_of

pytestmark = pytest.mark.slow

WEBER = ContactNamed(
    person="m-weber", roles=("coordinator",), mail="m.weber@ber.example", webhook="https://pager.example/", urgent="webhook"
)
CLINICAL = re.compile(r"\bmg\b|prednisone|steroid|pregnan|infection|psychiatric|\d+[.,]\d+|grade", re.IGNORECASE)


@pytest.fixture(scope="module")
def story() -> Story:
    """The longest way through the trial, so that as many kinds of reminders fall due as can be."""
    story = Trial().participant().is_ready()
    story.is_infused()
    story.lives_until(story.trial.clock().replace(year=story.trial.clock().year + 2))
    return story


def test_no_message_says_anything_clinical(story: Story) -> None:
    study, told = story.trial.participants.study(), list(notices(story.record).values())
    assert {one.due.key.split(":")[0] for one in told} >= {"black-out", "review", "test", "attestation", "visit-opens", "toxicity-ends"}
    for notice in told:
        written = letter(notice, 1, WEBER, story.now, study, START)
        said = " ".join((written.heading, *written.lines)).replace(tag(notice.due.key), "").replace("Change no treatment", "")
        assert not CLINICAL.search(said), said


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("visit-opens:month-3:20260405", "The visit month-3 can take place; its window closes at the end of 2026-04-05."),
        ("visit-closes:month-3:20260405", "The window of the visit month-3 closes at the end of 2026-04-05."),
        ("visit-unaccounted:month-3:20260405", "Nothing was recorded for the visit month-3, whose window closed at the end of 2026-04-05."),
        ("product-expires:12:20260405", "The product expires at the end of 2026-04-05."),
        ("screening-expires:20260405", "The screening expires at the end of 2026-04-05."),
        ("screening-expired:20260405", "The screening expired at the end of 2026-04-05."),
        ("toxicity-ends:20260405", "The period of daily watching ends with 2026-04-05."),
        ("eligibility-superseded:12", "The report of eligibility is to be read again."),
        ("visit-booked-late:month-3:20260405:12", "The visit month-3 is booked after its window closes."),
        ("safety-report:conduct:pregnancy:40:41", "A matter of safety is to be reported to the sponsor within 24 hours."),
        ("severe-toxicity:40:4", "A matter of safety waits to be seen to, at any hour."),
        ("safety-report:adverse-event:40:41:42", "A matter of safety is to be reported to the sponsor within 24 hours."),
        (
            "safety-report-late:conduct:pregnancy:40:41",
            "A matter of safety was not reported to the sponsor within its 24 hours. Report it now.",
        ),
        ("visit-not-booked:month-3:20260405", "The visit month-3 is not booked; its window closes at the end of 2026-04-05."),
        ("visit-passed:month-3:20260405", "The visit month-3 was booked for 2026-04-05, and nothing is recorded of it."),
        ("visit-incomplete:month-3:20260405", "The visit month-3 took place, and not all that it requires is on record."),
        ("product-failed:12", "The product has failed."),
        ("results-expire:20260405", "Results of the screening count until the end of 2026-04-05."),
        ("deviation-review:12", "A protocol deviation is to be reviewed."),
        ("deviation-unreported:12", "An important protocol deviation has not been reported to the sponsor."),
        ("hand-over:20260405", "The participant is to be handed over to long-term follow-up."),
        ("release:lymphodepletion:20260405T0800Z", "About the lymphodepletion: it needs something that is not on record yet."),
        ("held-near:infusion:12", "About the infusion: It is held, and there is no leave to begin it."),
        ("test:lymphodepletion:pregnancy-test:20260405T0800Z", "About the lymphodepletion: it needs something that is not on record yet."),
        ("a-kind-of-tomorrow:month-3:20260405", "Something falls due."),
        ("visit-opens:month-3", "Something falls due."),
        (
            "visit-ahead:sample:20260210T1011Z:20260210T1411Z",
            "The window of the visit sample opens at 2026-02-10 11:11+01:00 and closes at 2026-02-10 15:10+01:00.",
        ),
        (
            "visit-ahead:sample:20260328T2201Z:20260329T0101Z",
            "The window of the visit sample opens at 2026-03-28 23:01+01:00 and closes at 2026-03-29 03:00+02:00.",
        ),
        ("visit-ahead:sample:20260329T0101Z", "Something falls due."),
        (
            "visit-unaccounted:sample:20260210T1411Z",
            "Nothing was recorded for the visit sample, whose window closed at 2026-02-10 15:10+01:00.",
        ),
    ],
)
def test_a_message_says_what_it_is_about_by_visit_or_step_and_date(key: str, sentence: str) -> None:
    assert says(key, Trial().participant().now, BERLIN) == sentence


def test_a_window_of_hours_is_told_by_the_visit_and_its_last_minute_and_never_as_something_that_falls_due() -> None:
    story = infused_under(SAMPLE)
    window = window_of(story, "sample")
    story.lives_until(window.closes_at)
    told = [says(key, story.now, BERLIN) for key in notices(story.record) if ":sample:" in key]
    assert len(told) == 2
    assert all("the visit sample" in one.lower() and window.end(BERLIN) in one for one in told)
    assert shown(window.opens_at, BERLIN) in told[0], "it is told before it opens, and nobody is to be sampled before that"


def test_a_step_is_told_with_its_slot_on_the_sites_clocks() -> None:
    story = Trial().participant().is_eligible()
    story.plans("leukapheresis", START.replace(month=3, hour=8))
    expected = "About the leukapheresis, planned from 2026-03-05 09:00+01:00: Leave has been revoked."
    assert says("revoked:leukapheresis:12", story.now, BERLIN) == expected


def test_a_message_goes_the_way_its_person_wants_for_its_class() -> None:
    story = Trial().participant()
    study = story.trial.participants.study()

    def written(urgency: str) -> tuple[str, str, str]:
        due = e.ReminderDue.model_validate({"key": "revoked:infusion:12", "urgency": urgency, "to": "coordinator", "says": "told"})
        one = letter(Notice(due, START, START), 1, WEBER, story.now, study, START)
        return one.channel, one.address, one.heading

    assert written("urgent") == ("webhook", "https://pager.example/", "Urgent: cd19-cart-sle BER-001")
    assert written("timely") == ("mail", "m.weber@ber.example", "cd19-cart-sle BER-001")


def test_a_message_tells_how_to_take_note() -> None:
    story = Trial().participant()
    due = e.ReminderDue(key="revoked:infusion:12", urgency="urgent", to="coordinator", says="told")
    written = letter(Notice(due, START, START), 1, WEBER, story.now, story.trial.participants.study(), START)
    assert written.lines[-1].endswith(f"daybook acknowledge BER-001 {tag(due.key)}")
