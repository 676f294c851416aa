from datetime import date

import pytest

from domain.people import AccessGiven, IdentityVerified, People, PeopleEvent, PersonAdmitted, PersonLeft, RoleGranted
from domain.vouching import against_vouching, not_vouched_for, vouchers
from domain.words import PersonsRole
from tests.domain.test_people import DAY, people

WEBER, ADLER, ITO, BERG, NOVAK = "m-weber", "k-adler", "d-ito", "t-berg", "s-novak"


def somebody(person: str, role: PersonsRole, site: str | None, *, verified: bool = True, since: date = DAY) -> tuple[PeopleEvent, ...]:
    admitted = PersonAdmitted(person=person, name=person.title())
    granted = RoleGranted(person=person, role=role, site=site, delegated=since, trained=since)
    return (admitted, granted, IdentityVerified(person=person)) if verified else (admitted, granted)


def everybody(*more: PeopleEvent) -> People:
    """All of them admitted by t-berg; the investigators of two sites, and somebody of one of them for whom nobody has vouched."""
    return people(
        *somebody(BERG, "administrator", None),
        *somebody(ADLER, "investigator", "BER"),
        *somebody(ITO, "investigator", "SAO"),
        *somebody(NOVAK, "monitor", None),
        *somebody(WEBER, "coordinator", "BER", verified=False),
        *more,
    )


def codes(by: str, then: People, event: IdentityVerified | None = None) -> list[str]:
    return [one.code for one in against_vouching(event or IdentityVerified(person=WEBER), by, then, then.persons[WEBER], DAY)]


@pytest.mark.parametrize(
    ("by", "refused"),
    [
        (ADLER, []),
        (ITO, ["not-allowed"]),
        (NOVAK, ["not-allowed"]),
        (BERG, ["given-by-oneself"]),
        (WEBER, ["not-ones-own"]),
        ("nobody-here", ["not-vouched-for"]),
    ],
)
def test_who_vouches_works_where_the_person_does_and_neither_admitted_them_nor_is_them(by: str, refused: list[str]) -> None:
    assert codes(by, everybody()) == refused
    assert (by in vouchers(everybody(), everybody().persons[WEBER], DAY)) == (not refused)


def test_who_gave_the_last_password_does_not_vouch_and_who_gave_one_before_it_may() -> None:
    admins = (*somebody("t-one", "administrator", None), *somebody("t-two", "administrator", None))
    given = AccessGiven(person=WEBER)
    by_berg = everybody(*admins, given)
    assert codes(BERG, by_berg) == ["given-by-oneself"]
    assert codes("t-one", by_berg) == []


def test_whoever_is_not_vouched_for_or_has_left_vouches_for_nobody() -> None:
    unverified = everybody(AccessGiven(person=ADLER))
    assert codes(ADLER, unverified) == ["not-vouched-for"]
    assert codes(ADLER, everybody(PersonLeft(person=ADLER))) == ["not-allowed"]


def test_nobody_is_vouched_for_who_has_left() -> None:
    assert codes(ADLER, everybody(PersonLeft(person=WEBER))) == ["left-already"]


def test_the_operator_of_the_machine_vouches_only_where_nobody_with_an_account_may() -> None:
    by_operator = IdentityVerified(person=WEBER, operator="O. Perator")
    assert codes("operator", everybody(), by_operator) == ["not-the-operators"]
    assert codes("operator", everybody(AccessGiven(person=ADLER)), by_operator) == []


@pytest.mark.parametrize(
    ("event", "signs"),
    [
        (RoleGranted(person=WEBER, role="investigator", site="BER", delegated=DAY, trained=DAY), True),
        (PersonAdmitted(person=WEBER, name="M-Weber", mail="m.weber@study.example"), True),
        (PersonAdmitted(person=WEBER, name="K. Adler"), False),
        (AccessGiven(person=WEBER), False),
    ],
)
def test_an_account_signs_until_its_name_is_changed_or_a_password_is_given(event: PeopleEvent, *, signs: bool) -> None:
    vouched = everybody(IdentityVerified(person=WEBER))
    assert not list(not_vouched_for(vouched, WEBER, DAY))
    assert (not list(not_vouched_for(everybody(IdentityVerified(person=WEBER), event), WEBER, DAY))) == signs


def test_what_is_missing_says_who_can_help() -> None:
    [reason] = not_vouched_for(everybody(), WEBER, DAY)
    assert "go and see k-adler" in reason.says
    [reason] = not_vouched_for(everybody(AccessGiven(person=ADLER)), WEBER, DAY)
    assert "daybook people vouch m-weber" in reason.says
