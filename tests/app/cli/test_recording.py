"""Every verb on its good path, in the order in which a participant lives through the trial."""

from uuid import uuid4

from domain.entry import Circumstances
from tests.app.at_the_desk import CONSENT, INVESTIGATOR, LAB, Desk
from tests.app.cli.test_answers import told


def test_a_participant_is_registered_and_the_words_say_what_was_recorded(desk: Desk) -> None:
    said = desk("register", "BER-001", "BER").stdout
    assert said.splitlines() == [
        "Recorded for BER-001:",
        "  1. Registered at the site BER.",
        "  2. From here on judged under version 1 of the protocol.",
    ]


def test_identifiers_are_asked_for_and_sealed(desk: Desk) -> None:
    desk("register", "BER-001", "BER", "--identify", answering="Annegret Kramer\n\na.kramer@example.org\n")
    assert not any(b"Annegret" in file.read_bytes() for file in desk.folder.iterdir())
    shown, *others = desk.json("history", "BER-001")["entries"]
    assert shown["identifiers"] == "sealed"
    assert {entry["identifiers"] for entry in others} == {None}
    (desk.folder / "master.key").unlink()
    shown, *_ = desk.json("history", "BER-001")["entries"]
    assert shown["identifiers"] is None


def test_no_answer_and_no_log_tells_who_a_participant_is(desk: Desk) -> None:
    contact = "Annegret Kramer\n+49 30 555\na.kramer@example.org\n"
    registered = ("register", "BER-001", "BER", "--identify", "--command-id", str(uuid4()))
    answers = [
        desk(*registered, answering=contact),
        desk(*registered, "--json", answering=contact),
        desk("register", "BER-002", "BER", "--identify", "--json", answering=contact.replace("Kramer", "Kramer" * 400), code=2),
    ]
    said = [answer.stdout.split("\n", 3)[3] for answer in answers]  # The first three lines are what the terminal echoes.
    told(desk)
    of_one_participant = (
        "history BER-001",
        "replay BER-001 --at-entry 1",
        "timeline BER-001",
        "agenda BER-001",
        "gate BER-001 infusion",
    )
    for question in (*of_one_participant, "worklist", "verify", "study show"):
        said += [desk(*question.split(), *form).output for form in ((), ("--json",))]
    said += [desk("status", *form, code=3).output for form in ((), ("--json",))]
    said.append((desk.folder / "daybook.log").read_text())
    assert all(said)
    assert not [text for text in said for secret in ("Annegret", "+49 30", "ramer") if secret in text]


def test_consent_binds_the_form_that_was_signed(desk: Desk) -> None:
    desk("register", "BER-001", "BER")
    stated = desk.json("consent", "BER-001", "2026-01-05 08:30", "--form", desk.form, *CONSENT, "--part", "biobank")["events"][0]
    assert stated["document"] == "consent-1.0.txt"
    assert len(stated["document_digest"]) == 64
    assert stated["at"] == "2026-01-05T07:30Z"
    assert stated["optional_parts"] == ["biobank"]


def test_a_representative_may_sign(desk: Desk) -> None:
    desk("register", "BER-001", "BER")
    said = desk("consent", "BER-001", "now", "--form", desk.form, *CONSENT, "--representative", "daughter", "--witness", "Nurse A").stdout
    assert "by a representative (daughter)" in said


def test_screening_ends_in_enrolment_or_in_failure(desk: Desk) -> None:
    desk.eligible("BER-001")
    assert desk.kinds("BER-001")[-1] == "eligibility-confirmed"
    desk.consented("BER-002")
    desk("screen", "BER-002", "now")
    desk("fail-screening", "BER-002", "now", "--criterion", "E12a", "--criterion", "E14a")
    assert desk.kinds("BER-002")[-1] == "screen-failed"


def test_evidence_is_recorded_as_precisely_as_it_is_known(desk: Desk) -> None:
    desk.consented()
    course = desk.json(
        *("medication", "BER-001", "prednisone", "7.5", "2025-11", "--per-day", "1", "--stop", "2025-12-24", "--route", "oral"),
        *("--for", "lupus", "--document", "referral letter"),
    )["events"][0]
    desk("medication", "BER-001", "triamcinolone", "40", "2025-12-01", "--route", "intramuscular", "--depot", "--for", "flare")
    assert (course["start"], course["stop"], course["dose_mg"], course["doses_per_day"]) == ("2025-11", "2025-12-24", "7.5", 1)
    desk("procedure", "BER-001", "removal of a mole", "2025", "--minor")
    desk("review", "BER-001", "history", "now", "--since", "lifetime", "--source", "participant", "--source", "chart")
    assert desk.kinds()[-4:] == ["medication-taken", "medication-taken", "procedure-performed", "review-made"]
    assert desk.entries()[-4].circumstances.document == "referral letter"


def test_a_step_is_planned_moved_cleared_and_performed(desk: Desk) -> None:
    desk.planned()
    moved = desk("plan", "BER-001", "leukapheresis", desk.local(hours=1), desk.local(hours=10), "--target", desk.local(hours=2)).stdout
    assert "Leukapheresis moved to 2026-01-12 10:00+01:00 to 2026-01-12 19:00+01:00." in moved
    desk.clock.move(hours=2)
    desk.journey_acts("BER-001")
    assert "Leukapheresis started" in desk("perform", "BER-001", "leukapheresis").stdout


def test_dates_alone_plan_a_slot_of_whole_days(desk: Desk) -> None:
    desk.eligible()
    slot = desk.json("plan", "BER-001", "infusion", "2026-03-28", "2026-03-29")["events"][0]["slot"]
    assert slot == {"start": "2026-03-27T23:00:00Z", "until": "2026-03-29T22:00:00Z", "target": "2026-03-27T23:00:00Z"}


def test_a_planned_step_can_be_given_up(desk: Desk) -> None:
    desk.planned()
    assert "The plan for leukapheresis was given up." in desk("cancel", "BER-001", "leukapheresis").stdout


def test_an_investigator_releases_by_hand_and_overrides(desk: Desk) -> None:
    desk.planned()
    signed = ("--sign", "I take the responsibility", "--reason", "no journey answers")
    desk.clock.move(hours=1)
    assert "given by hand" in desk("release", "BER-001", "leukapheresis", *signed, who=INVESTIGATOR).stdout
    taken = desk("override", "BER-001", "leukapheresis", "--ground", "system-unavailable", *signed, who=INVESTIGATOR).stdout
    assert "An investigator signed an override for leukapheresis" in taken
    by: Circumstances = desk.entries()[-2].circumstances
    assert by.signature is not None
    assert by.signature.meaning == "I take the responsibility"
    assert not by.signature.authenticated


def test_treatment_is_reported_from_collection_to_infusion(desk: Desk) -> None:
    desk.collected()
    desk.clock.move(days=20)
    code = ("--code", "COI-0001")
    desk("report", "product-received", "BER-001", "now", *code, "--expires", "2026-06-30", who=LAB)
    desk("report", "product-released", "BER-001", "now", *code, who=LAB)
    for day in (-5, -4, -3):
        desk("report", "lymphodepletion-dose", "BER-001", "now", "--day", str(day), "--drug", "fludarabine")
        desk.clock.move(days=1)
    desk.clock.move(days=2)
    desk("report", "identity-checked", "BER-001", "now", *code, "--by", "Nurse A", "Nurse B", "--witnessed-by", "Dr. Ito")
    desk("report", "thaw-started", "BER-001", "now", *code)
    desk("report", "infusion-started", "BER-001", "now", *code)
    desk("report", "infusion-ended", "BER-001", "now", "--performed-by", "Nurse C")
    kinds = [kind for kind in desk.kinds() if not kind.startswith("deviation")]
    assert kinds[-4:] == ["identity-checked", "thaw-started", "infusion-started", "infusion-ended"]
    assert desk.entries()[-1].circumstances.performed_by == "Nurse C"
    desk.clock.move(days=3)
    assert "Visit day-3 took place" in desk("visit", "BER-001", "day-3", "now").stdout


def test_what_failed_is_reported_and_a_second_collection_follows(desk: Desk) -> None:
    desk.collected()
    desk("report", "product-failed", "BER-001", "now", "--code", "COI-0001", "--why", "too few cells", who=LAB)
    desk("report", "collection-started", "BER-001", "now")
    desk("report", "collection-failed", "BER-001", "now", "--why", "the line was blocked")
    assert "leukapheresis-failed" in desk.kinds()


def test_a_visit_whose_window_closed_is_missed_for_good(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk.clock.move(days=40)
    desk.journey_acts("BER-001")
    assert "The visit screening was missed; that is final." in desk("miss-visit", "BER-001", "screening").stdout


def test_an_entry_is_corrected_field_by_field_and_says_the_rest_as_before(desk: Desk) -> None:
    desk.consented()
    desk("medication", "BER-001", "prednisone", "5", "2025-11-03 08:00", "--per-day", "2", "--route", "oral", "--for", "lupus")
    corrected = desk.json(
        *("correct", "BER-001", "4", "dose-mg=7.5", "start=2025-11-02 08:00", "doses_per_day=03", "stop=2025-12-01"),
        *("--reason", "misread the chart"),
    )
    assert corrected["events"][0]["fact"] == {
        "kind": "medication-taken.v1",
        "drug": "prednisone",
        "dose_mg": "7.5",
        "doses_per_day": 3,
        "route": "oral",
        "start": "2025-11-02T07:00Z",
        "stop": "2025-12-01",
        "indication": "lupus",
        "depot": None,
        "investigational": False,
        "classes": [],
        "outside_every_class": False,
        "class_unknown": False,
    }
    desk("correct", "BER-001", "4", "stop=", "--reason", "it still goes on")
    desk("retract", "BER-001", "4", "--reason", "another participant's chart")
    assert desk.kinds()[-3:] == ["entry-corrected", "entry-corrected", "entry-retracted"]


def test_every_way_of_leaving_is_a_command(desk: Desk) -> None:
    for number, way in enumerate(
        (
            ("treatment", "now", "--why", "her wish"),
            ("visits", "now", "--why", "his wish", "--records-allowed"),
            ("withdrawn", "everything", "now"),
            ("lost", "now"),
            ("died", "2026-01"),
            ("never-infused", "now", "--why", "no product"),
        ),
        start=1,
    ):
        participant = f"SAO-00{number}"
        desk.consented(participant)
        desk("leave", way[0], participant, *way[1:])
    desk("leave", "regained", "SAO-004", "now")
    assert [desk.kinds(f"SAO-00{number}")[3] for number in range(1, 7)] == [
        *("treatment-stopped", "visits-stopped", "consent-withdrawn", "contact-lost", "died", "never-infused")
    ]


def test_a_command_repeated_under_its_id_is_recorded_once(desk: Desk) -> None:
    desk.consented()
    command = ("screen", "BER-001", "2026-01-05 09:00", "--command-id", str(uuid4()))
    first, second = desk.json(*command), desk.json(*command)
    assert first == second
    assert desk.kinds().count("screening-started") == 1


def test_an_id_that_was_used_for_something_else_is_refused(desk: Desk) -> None:
    desk.consented()
    id = str(uuid4())
    desk("screen", "BER-001", "2026-01-05 09:00", "--command-id", id)
    said = desk("screen", "BER-001", "2026-01-05", "--command-id", id, code=2)
    assert "this command id was used before, for something else" in said.stderr
