import shutil
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from store.studies import SHIPPED
from tests.app.at_the_desk import Desk

ADMINISTRATOR = "administrator:root"


def test_the_study_is_shown_as_it_was_set_up(desk: Desk) -> None:
    said = desk("study", "show").stdout
    assert "Study cd19-cart-sle, a demonstration with synthetic participants; time-zone data" in said
    assert "BER   Europe/Berlin      08:00 to 17:00  1" in said
    assert "SAO   America/Sao_Paulo  07:30 to 17:00  1" in said
    assert "Ruling local-steroid-injections: as-systemic. In full on the date of the injection" in said


def test_a_ruling_that_is_not_settled_is_shown_with_its_choices(empty_desk: Desk) -> None:
    for command in ("study open --demonstration", "study release 1"):
        empty_desk(*command.split(), who=ADMINISTRATOR)
    said = empty_desk("study", "show").stdout
    assert "Ruling local-steroid-injections: not settled; the choices are: outside, as-systemic, three-weeks" in said


def test_a_program_gets_the_study_as_json(desk: Desk) -> None:
    shown = desk.json("study", "show")
    assert shown["demonstration"] is True
    assert sorted(shown["sites"]) == ["BER", "SAO"]


def test_the_master_key_is_made_for_its_owner_alone(desk: Desk) -> None:
    assert stat.S_IMODE(Path(desk.folder, "master.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.folder.stat().st_mode) == 0o700


def test_a_study_is_opened_once(desk: Desk) -> None:
    said = desk("study", "open", code=2, who=ADMINISTRATOR)
    assert "this ledger holds the study cd19-cart-sle already" in said.stderr


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("coordinator:m-weber", "only an administrator records what is decided about the study"),
        ("boss:root", "role: 'boss' must be"),
        ("", "say who asks with --as ROLE:ID"),
    ],
)
def test_whoever_may_not_open_a_study_leaves_nothing_behind(empty_desk: Desk, who: str, says: str) -> None:
    assert says in empty_desk("study", "open", who=who, code=2).stderr
    assert not empty_desk.folder.exists()


def test_a_study_whose_drug_reference_is_not_there_leaves_nothing_behind(empty_desk: Desk) -> None:
    empty_desk("study", "open", "--reference", "9", who=ADMINISTRATOR, code=3)
    assert not empty_desk.folder.exists()


@pytest.mark.parametrize(
    "typed",
    [
        "study open --demonstration",
        "study release 1",
        "study site BER Europe/Berlin",
        "study approve 1 BER",
        "study rule local-steroid-injections outside",
        "study adopt 1",
        "study adopt-time-zones",
    ],
)
def test_a_study_command_repeated_under_its_id_is_recorded_once(empty_desk: Desk, typed: str) -> None:
    before = ["study open --demonstration", "study release 1", "study site BER Europe/Berlin"]
    for earlier in before[: before.index(typed)] if typed in before else before:
        empty_desk(*earlier.split(), who=ADMINISTRATOR)
    command = (*typed.split(), "--command-id", str(uuid4()))
    first = empty_desk.json(*command, who=ADMINISTRATOR)
    stands = empty_desk.json("study", "show")
    assert empty_desk.json(*command, who=ADMINISTRATOR) == first
    assert empty_desk.json("study", "show") == stands


@pytest.mark.parametrize("otherwise", ["study site MUC Europe/Vienna", "study site MUC Europe/Berlin --reason moved", "study adopt 1"])
def test_the_id_of_a_study_command_that_was_used_for_something_else_is_refused(desk: Desk, otherwise: str) -> None:
    id = ("--command-id", str(uuid4()))
    desk("study", "site", "MUC", "Europe/Berlin", *id, who=ADMINISTRATOR)
    before = desk.json("study", "show")
    assert "this command id was used before, for something else" in desk(*otherwise.split(), *id, code=2, who=ADMINISTRATOR).stderr
    assert desk.json("study", "show") == before


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("study site MUC Europe/Munich", "ZONE: there is no time zone 'Europe/Munich'"),
        ("study site muc Europe/Berlin", "SITE: 'muc' is not written as it must be"),
        ("study site MUC Europe/Berlin --opens 8h", "'8h' is no time of day; write 08:00"),
        ("study site MUC Europe/Berlin --opens 18:00", "a site opens before it closes"),
        ("study approve 2 BER", "version 2 of the protocol has not been released"),
        ("study approve 1 MUC", "there is no site MUC"),
        ("study rule steroids none", "no released protocol asks for a ruling on steroids"),
        ("study rule local-steroid-injections maybe", "maybe is not offered for local-steroid-injections; these are: outside, as-systemic"),
    ],
)
def test_what_cannot_be_set_up_is_refused_in_a_sentence(desk: Desk, typed: str, says: str) -> None:
    before = desk.json("study", "show")
    assert says in desk(*typed.split(), code=2, who=ADMINISTRATOR).stderr
    assert desk.json("study", "show") == before


def test_everything_that_was_typed_wrongly_about_the_study_is_said_at_once(desk: Desk) -> None:
    said = desk("study", "site", "MUC", "Europe/Berlin", "--opens", "8h", "--closes", "24:00", "--reason", "", code=2, who="root")
    assert said.stderr.splitlines() == [
        "Refused:",
        "  - say who asks with --as ROLE:ID, such as --as coordinator:m-weber, or set DAYBOOK_ACTOR",
        "  - --reason: something must be said",
        "  - --opens: '8h' is no time of day; write 08:00",
        "  - --closes: '24:00' is no time of day; write 08:00",
    ]
    said = desk("study", "site", "muc", "Europe/Munich", "--as", "boss:root", code=2)
    for part in ("role: 'boss' must be", "SITE: 'muc' is not written as it must be", "ZONE: there is no time zone 'Europe/Munich'"):
        assert part in said.stderr
    assert "VERSION: 'one' is no whole number; write 3" in desk("study", "release", "one", code=2, who=ADMINISTRATOR).stderr


def test_a_malformed_protocol_is_refused_with_every_fault_and_its_place(desk: Desk, tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    shutil.copytree(SHIPPED, studies)
    text = (studies / "cd19-cart-sle/v1.toml").read_text()
    broken = text.replace("version = 1\n", "version = 2\nsurprise = true\n", 1).replace('within = "PT72H"', 'within = "72 hours"')
    (studies / "cd19-cart-sle/v2.toml").write_text(broken.replace('anchor = "screening", day = 0', 'anchor = "sunrise", day = 0'))
    desk.environment["DAYBOOK_STUDIES"] = str(studies)
    said = desk("study", "release", "2", code=2, who=ADMINISTRATOR)
    assert "The file cannot be used, and nothing of it was taken in:" in said.stderr
    for fault in ("surprise is not a key that belongs here", "steps.infusion.rules.E24b.within", "visits.screening.anchor must be"):
        assert fault in said.stderr
    assert desk.json("study", "show")["released"].keys() == {"1"}
    reasons = desk.json("study", "release", "2", code=2, who=ADMINISTRATOR)["refused"]
    assert {reason["code"] for reason in reasons} == {"malformed-file"}
    assert len(reasons) >= 3


def test_a_version_without_a_file_is_said_plainly(desk: Desk) -> None:
    assert "Put the file back, or name another version." in desk("study", "release", "9", code=3, who=ADMINISTRATOR).stderr


def test_an_altered_protocol_file_stops_everything_that_rests_on_it(desk: Desk, tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    shutil.copytree(SHIPPED, studies)
    with (studies / "cd19-cart-sle/v1.toml").open("a") as file:
        file.write("# one more line\n")
    desk.environment["DAYBOOK_STUDIES"] = str(studies)
    assert "is not the file that the study's record names" in desk("register", "BER-001", "BER", code=3).stderr


def test_other_time_zone_data_is_adopted_on_its_own(desk: Desk) -> None:
    assert "time-zone data" in desk("study", "adopt-time-zones", who=ADMINISTRATOR).stdout


def test_the_same_reference_can_be_adopted_again(desk: Desk) -> None:
    assert "version 1 of the drug reference adopted" in desk("study", "adopt", "1", who=ADMINISTRATOR).stdout
