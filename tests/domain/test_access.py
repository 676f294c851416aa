from datetime import date
from typing import get_args

import pytest

from domain.access import ACTIONS, MAY, OF_THE_STUDY_TOO, OF_THE_WHOLE_STUDY, allowed, asked_by, asked_of_the_study, authorised
from domain.commands import PersonsCommand
from domain.people import People, Person, RoleGranted
from domain.rejections import Refused
from domain.study import STUDY_EVENTS
from domain.words import Action, PersonsRole

DAY = date(2026, 3, 2)
SIGNED_BY = {"ConfirmEligibility", "Override", "ReleaseManually", "ReviewDeviation"}


def holder(role: PersonsRole, site: str | None) -> Person:
    grant = RoleGranted(person="m-weber", role=role, site=site, delegated=DAY, trained=DAY)
    return Person("m-weber", "M. Weber", roles={(role, site): grant})


def may(person: Person, action: Action, site: str | None, role: str | None = None) -> bool:
    try:
        authorised(People(1, {"m-weber": person}), "m-weber", action, site, DAY, role)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", get_args(PersonsRole))
def test_what_a_role_may_do_it_may_at_its_own_site_and_what_is_of_the_whole_study_by_no_sites_role(
    role: PersonsRole, action: Action
) -> None:
    in_the_table, of_the_study = action in MAY[role], action in OF_THE_WHOLE_STUDY
    at_ber, everywhere = holder(role, "BER"), holder(role, None)
    assert may(at_ber, action, "BER") == (in_the_table and not of_the_study)
    assert not may(at_ber, action, "SAO")
    assert not may(at_ber, action, None)
    assert may(everywhere, action, "SAO") == in_the_table
    assert may(everywhere, action, None) == in_the_table
    for person in (at_ber, everywhere):
        for site in ("BER", "SAO"):
            assert (action in allowed(person, site, DAY)) == (may(person, action, site) and not of_the_study)
        assert (action in allowed(person, None, DAY)) == (may(person, action, None) and (of_the_study or action in OF_THE_STUDY_TOO))


def test_every_role_has_a_row_in_the_table() -> None:
    assert set(MAY) == set(get_args(PersonsRole))


def test_every_action_is_somebodys() -> None:
    assert set().union(*MAY.values()) == set(ACTIONS)


def test_nobody_who_looks_after_accounts_sees_a_participant_by_that_or_judges() -> None:
    assert not {"see-participants", "see-history", "record", "judge-by-signature"} & MAY["administrator"]


def test_only_an_investigator_judges_by_signature() -> None:
    assert [role for role, actions in MAY.items() if "judge-by-signature" in actions] == ["investigator"]


def test_whatever_a_person_can_ask_for_is_an_action_of_the_table() -> None:
    commands = get_args(get_args(PersonsCommand)[0])
    assert {asked_by(one.model_construct()) for one in commands} <= set(ACTIONS)
    signed = {one.__name__ for one in commands if asked_by(one.model_construct()) == "judge-by-signature"}
    assert signed == SIGNED_BY
    assert {asked_of_the_study(one.model_construct()) for one in STUDY_EVENTS} == {"classify", "run-study"}


def test_somebody_who_names_a_role_is_judged_by_that_one_alone() -> None:
    both = Person("m-weber", "M. Weber", roles=dict(holder("coordinator", "BER").roles) | dict(holder("monitor", "BER").roles))
    assert may(both, "record", "BER", "coordinator")
    assert not may(both, "record", "BER", "monitor")
    assert not may(both, "record", "BER", "investigator")


def test_of_several_roles_the_first_in_the_table_is_the_one_that_is_recorded() -> None:
    both = Person("m-weber", "M. Weber", roles=dict(holder("coordinator", "BER").roles) | dict(holder("investigator", "BER").roles))
    assert authorised(People(1, {"m-weber": both}), "m-weber", "record", "BER", DAY).role == "investigator"
