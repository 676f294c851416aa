import re
from uuid import uuid4

import pytest

from app.accounts import accounts_at
from tests.app.at_the_desk import COORDINATOR, Desk

ROOT, BERG = "administrator:root", "administrator:t-berg"
GIVEN = re.compile(r"shown this once: ([a-z0-9]{5}(-[a-z0-9]{5}){3})")
DAY = ("--delegated", "2026-01-01", "--trained", "2026-01-01")


@pytest.fixture
def peopled(desk: Desk) -> Desk:
    """T. Berg looks after accounts, and M. Weber is coordinator at BER."""
    desk("people", "admit", "t-berg", "T. Berg", "--administrator-since", "2026-01-01", who=ROOT)
    desk("people", "admit", "m-weber", "M. Weber", "--mail", "m.weber@ber.example", who=BERG)
    desk("people", "grant", "m-weber", "coordinator", "--site", "BER", *DAY, who=BERG)
    return desk


def test_the_first_account_is_an_administrators_and_gets_a_password(desk: Desk) -> None:
    assert "the first account is an administrator's" in desk("people", "admit", "m-weber", "M. Weber", who=ROOT, code=2).stderr
    assert "only an administrator admits people" in desk("people", "admit", "m-weber", "M. Weber", code=2).stderr
    said = desk("people", "admit", "t-berg", "T. Berg", "--administrator-since", "2026-01-01", who=ROOT).stdout
    assert "t-berg admitted as T. Berg; t-berg is administrator at every site from 2026-01-01 on." in said
    assert GIVEN.search(said)


def test_everybody_is_listed_with_roles_sites_and_dates(peopled: Desk) -> None:
    said = peopled("people", "list").stdout
    assert re.search(r"m-weber +M\. Weber +coordinator +BER +2026-01-01 +2026-01-01 +nobody has vouched yet", said)
    assert re.search(r"t-berg +T\. Berg +administrator +every site", said)
    assert [one["person"] for one in peopled.json("people", "list")] == ["t-berg", "m-weber"]


def test_once_accounts_are_kept_only_an_administrator_decides_about_people(peopled: Desk) -> None:
    for who in (ROOT, COORDINATOR, "administrator:m-weber"):
        for command in (("admit", "n-new", "N. New"), ("leave", "m-weber"), ("reset", "m-weber"), ("grant", "m-weber", "monitor", *DAY)):
            assert "may admit people" in peopled("people", *command, who=who, code=2).stderr


def test_a_role_counts_from_when_it_is_delegated_to_when_it_is_withdrawn(peopled: Desk) -> None:
    peopled("register", "BER-001", "BER")
    assert "that may register at SAO" in peopled("register", "SAO-001", "SAO", code=2).stderr
    peopled("people", "withdraw", "m-weber", "coordinator", "--site", "BER", who=BERG)
    assert "there is no participant BER-001" in peopled("screen", "BER-001", "now", code=2).stderr


def test_whoever_leaves_does_nothing_more(peopled: Desk) -> None:
    peopled("people", "leave", "m-weber", who=BERG)
    assert "that may register at BER" in peopled("register", "BER-001", "BER", code=2).stderr
    assert "somebody must remain who can admit others" in peopled("people", "leave", "t-berg", who=BERG, code=2).stderr


def test_a_repeated_command_is_recorded_once_and_gives_no_second_password(peopled: Desk) -> None:
    command = ("people", "admit", "n-new", "N. New", "--command-id", str(uuid4()))
    assert GIVEN.search(peopled(*command, who=BERG).stdout)
    assert not GIVEN.search(peopled(*command, who=BERG).stdout)
    assert len(peopled.json("people", "list")) == 3


def test_another_password_is_given_to_somebody_who_lost_theirs(peopled: Desk) -> None:
    first, second = (GIVEN.search(peopled("people", "reset", "m-weber", who=BERG).stdout) for _ in range(2))
    assert first
    assert second
    assert first[1] != second[1]
    assert "nobody has an account of this name" in peopled("people", "reset", "n-new", who=BERG, code=2).stderr


def test_everything_that_was_typed_wrongly_about_people_is_said_at_once(peopled: Desk) -> None:
    said = peopled("people", "grant", "M Weber", "boss", "--site", "ber", "--delegated", "soon", who=BERG, code=2).stderr
    for part in ("PERSON: 'M Weber'", "ROLE: 'boss'", "--site: 'ber'", "--delegated: 'soon'"):
        assert part in said


@pytest.mark.parametrize(
    "typed",
    [
        "study site MUC Europe/Berlin",
        "study rule local-steroid-injections outside",
        "study classify a-new-drug --outside-every-class --reason because",
        "study contact m-weber --role coordinator --mail m@ber.example",
    ],
)
def test_once_accounts_are_kept_whoever_has_no_role_decides_nothing_about_the_study(peopled: Desk, typed: str) -> None:
    for who in (ROOT, "administrator:m-weber", "medical-monitor:m-weber"):
        before = peopled.json("study", "show")
        peopled(*typed.split(), who=who, code=2)
        assert peopled.json("study", "show") == before


def test_the_operator_of_the_machine_vouches_by_the_code_of_whoever_stands_there_where_nobody_else_may(peopled: Desk) -> None:
    operator = ("--operator", "O. Perator")
    with accounts_at(f"sqlite:///{peopled.folder / 'accounts.sqlite'}", peopled.clock) as accounts:
        for person in ("t-berg", "m-weber"):
            accounts.sessions.begin(person, "identity-provider")
        codes = {person: accounts.sessions.of(person)[0].code for person in ("t-berg", "m-weber")}
    assert "not the code" in peopled("people", "vouch", "t-berg", codes["m-weber"], *operator, code=2).stderr
    assert peopled.json("people", "list")[0]["verified"] is False
    assert "From now on it signs" in peopled("people", "vouch", "t-berg", codes["t-berg"], *operator).stdout
    assert peopled.json("people", "list")[0]["verified"] is True
    peopled("people", "vouch", "m-weber", codes["m-weber"], *operator)
