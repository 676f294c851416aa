from datetime import date, timedelta

import pytest

from domain.people import People, PeopleEvent, PersonAdmitted, PersonLeft, RoleGranted, RoleWithdrawn, against_people, evolve_people
from domain.words import PersonsRole

DAY = date(2026, 3, 2)
A_DAY = timedelta(days=1)
SITES = {"BER": None, "SAO": None}


def people(*events: PeopleEvent) -> People:
    everybody = People()
    for event in events:
        everybody = evolve_people(everybody, event, "t-berg")
    return everybody


def granted(
    role: PersonsRole = "coordinator", *, person: str = "m-weber", site: str | None = "BER", since: date = DAY, trained: date | None = DAY
) -> RoleGranted:
    return RoleGranted(person=person, role=role, site=site, delegated=since, trained=trained)


ADMITTED = PersonAdmitted(person="m-weber", name="M. Weber")
ADMINISTRATOR = (PersonAdmitted(person="t-berg", name="T. Berg"), granted("administrator", person="t-berg", site=None))


@pytest.mark.clause("21 CFR 11", "11.10(i)")
@pytest.mark.clause("ICH E6(R3)", "4.3.2")
@pytest.mark.parametrize(
    ("since", "trained", "holds"),
    [
        (DAY, DAY, True),
        (DAY - A_DAY, DAY - A_DAY, True),
        (DAY + A_DAY, DAY, False),
        (DAY, DAY + A_DAY, False),
        (DAY, None, False),
    ],
)
def test_a_role_holds_from_its_delegation_on_and_not_before_its_holder_is_trained(
    since: date, trained: date | None, *, holds: bool
) -> None:
    person = people(ADMITTED, granted(since=since, trained=trained)).persons["m-weber"]
    assert bool(list(person.grants(DAY))) == holds


def test_who_has_left_holds_no_role_until_they_are_admitted_again() -> None:
    gone = people(ADMITTED, granted(), PersonLeft(person="m-weber"))
    assert not list(gone.persons["m-weber"].grants(DAY))
    back = evolve_people(gone, ADMITTED, "t-berg")
    assert [grant.role for grant in back.persons["m-weber"].grants(DAY)] == ["coordinator"]


def test_a_role_that_is_withdrawn_at_one_site_stays_at_another() -> None:
    person = people(ADMITTED, granted(), granted(site="SAO"), RoleWithdrawn(person="m-weber", role="coordinator", site="BER"))
    assert [grant.site for grant in person.persons["m-weber"].grants(DAY)] == ["SAO"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (granted(person="nobody-here"), "unknown-person"),
        (granted(site="MUC"), "unknown-site"),
        (RoleWithdrawn(person="m-weber", role="coordinator", site="SAO"), "no-such-role"),
        (RoleWithdrawn(person="t-berg", role="administrator"), "last-administrator"),
        (PersonLeft(person="t-berg"), "last-administrator"),
        (granted("administrator", person="t-berg", site=None, since=DAY + A_DAY), "last-administrator"),
        (granted("administrator", person="t-berg", site=None, trained=None), "last-administrator"),
    ],
)
def test_what_cannot_be_decided_about_people_is_refused_by_name(event: PeopleEvent, code: str) -> None:
    found = list(against_people(event, people(ADMITTED, granted(), *ADMINISTRATOR), SITES, DAY))
    assert [reason.code for reason in found] == [code]


def test_an_administrator_of_one_site_is_not_the_one_who_must_remain() -> None:
    everybody = people(ADMITTED, granted("administrator", site="BER"), *ADMINISTRATOR)
    assert everybody.administrators(DAY) == {"t-berg"}
    assert [reason.code for reason in against_people(PersonLeft(person="t-berg"), everybody, SITES, DAY)] == ["last-administrator"]


def test_one_of_two_administrators_may_leave() -> None:
    everybody = people(ADMITTED, granted("administrator", site=None), *ADMINISTRATOR)
    assert not list(against_people(PersonLeft(person="t-berg"), everybody, SITES, DAY))


def test_nobody_leaves_twice_or_is_given_a_role_after_that() -> None:
    gone = people(ADMITTED, *ADMINISTRATOR, PersonLeft(person="m-weber"))
    for event in (PersonLeft(person="m-weber"), granted()):
        assert [reason.code for reason in against_people(event, gone, SITES, DAY)] == ["left-already"]
