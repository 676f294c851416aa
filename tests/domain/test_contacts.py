import pytest
from pydantic import ValidationError

from domain.contacts import ContactNamed, ContactRemoved
from domain.rejections import Refused
from domain.study import StudyEvent
from domain.words import Role
from tests.builders import Trial, by_

WEBER = ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example")


def decide(trial: Trial, event: StudyEvent, role: Role = "administrator") -> None:
    trial.participants.desk.record((event,), by_(role, trial.next_id()))


def refused(event: StudyEvent, role: Role = "administrator") -> set[str]:
    with pytest.raises(Refused) as refusal:
        decide(Trial(), event, role)
    return {reason.code for reason in refusal.value.reasons}


def test_a_person_is_named_named_anew_and_removed() -> None:
    trial = Trial()
    decide(trial, WEBER)
    moved = WEBER.model_copy(update={"site": None})
    decide(trial, moved)
    assert trial.participants.study().record.contacts == {"m-weber": moved}
    decide(trial, ContactRemoved(person="m-weber"))
    assert not trial.participants.study().record.contacts


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"site": "MUN"}, "unknown-site"),
        ({"mail": None}, "no-address"),
        ({"urgent": "webhook"}, "no-address"),
        ({"rung": "coordinator", "urgent": "inbox"}, "unreachable"),
    ],
)
def test_a_contact_who_could_not_be_told_is_refused(changes: dict[str, object], code: str) -> None:
    assert refused(WEBER.model_copy(update=changes)) == {code}


def test_only_the_administrator_says_who_is_told() -> None:
    assert refused(WEBER, "coordinator") == {"administrator-only"}


def test_nobody_is_removed_who_is_no_contact() -> None:
    assert refused(ContactRemoved(person="m-weber")) == {"unknown-contact"}


@pytest.mark.parametrize(
    "mail",
    ["", "weber", "a@b@c", "m weber@ber.example", "weber@ber.example\nBcc: all@ber.example", "<weber@ber.example>"],
)
def test_an_address_that_is_none_is_refused(mail: str) -> None:
    with pytest.raises(ValidationError):
        ContactNamed(person="m-weber", roles=("coordinator",), mail=mail)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://pager.example",
        "https://",
        "https://user:word@pager.example/",
        "https://pager.example/a b",
        "https://pager.example:99999/",
        "https://[",
    ],
)
def test_a_webhook_is_an_address_of_the_web_and_carries_no_password(address: str) -> None:
    with pytest.raises(ValidationError):
        ContactNamed(person="m-weber", roles=("coordinator",), webhook=address)


def test_addresses_that_are_fine_are_taken() -> None:
    fine = ContactNamed(
        person="m-weber", roles=("coordinator",), mail="M.Weber+daybook@BER.example", webhook="https://pager.example:8443/a?b=c"
    )
    assert fine.mail == "m.weber+daybook@ber.example"
