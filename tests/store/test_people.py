"""Who the people are and what happened at the door, on every database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access import MAY, allowed
from domain.doorkeeping import SignedIn, TurnedAway
from domain.entry import Actor, Circumstances
from domain.people import People, PeopleEvent, PersonAdmitted, PersonLeft, RoleGranted, RoleWithdrawn, evolve_people
from domain.rejections import Refused
from domain.words import PersonsRole
from store.errors import CommandReused
from store.ledger import Ledger
from store.people import PeopleDesk
from tests.builders import START, Clock, Trial

SINCE = date(2020, 1, 1)
FIRST = (
    PersonAdmitted(person="t-berg", name="T. Berg"),
    RoleGranted(person="t-berg", role="administrator", delegated=SINCE, trained=SINCE),
)
WEBER = PersonAdmitted(person="m-weber", name="M. Weber")


def by(command_id: UUID | None = None) -> Circumstances:
    return Circumstances(actor=Actor(id="t-berg", role="administrator"), source="web", command_id=command_id or uuid4())


@pytest.fixture
def people(ledger: Ledger, clock: Clock) -> PeopleDesk:
    return PeopleDesk(ledger, Trial(clock, ledger).participants.desk)


def test_people_are_recorded_all_or_none(people: PeopleDesk) -> None:
    with pytest.raises(Refused, match="there is no site MUC"):
        people.record((*FIRST, WEBER, RoleGranted(person="m-weber", role="coordinator", site="MUC", delegated=SINCE)), by())
    assert not people.current().anybody
    assert set(people.record((*FIRST, WEBER), by()).persons) == {"t-berg", "m-weber"}


def test_the_first_account_is_an_administrators(people: PeopleDesk) -> None:
    with pytest.raises(Refused, match="the first account is an administrator's"):
        people.record((WEBER,), by())


def test_a_command_about_people_is_recorded_once(people: PeopleDesk) -> None:
    people.record(FIRST, by())
    again = by(uuid4())
    assert not people.knows(again)
    assert people.record((WEBER,), again).version == people.record((WEBER,), again).version == 3
    assert people.knows(again)
    with pytest.raises(CommandReused):
        people.record((PersonLeft(person="m-weber"),), again)


def test_what_several_administrators_decide_at_once_is_all_recorded(people: PeopleDesk) -> None:
    people.record(FIRST, by())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: people.record((PersonAdmitted(person=f"n-{n}", name=f"N. {n}"),), by()), range(8)))
    assert len(people.current().persons) == 9


def test_of_two_administrators_who_show_each_other_out_at_once_one_remains(people: PeopleDesk) -> None:
    second = RoleGranted(person="m-weber", role="administrator", delegated=SINCE, trained=SINCE)
    people.record((*FIRST, WEBER, second), by())

    def leaves(person: str) -> bool:
        try:
            people.record((PersonLeft(person=person),), by())
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leaves, ["t-berg", "m-weber"])) == [False, True]
    assert len(people.current().administrators(START.date())) == 1


def test_what_happens_at_the_door_at_once_is_all_on_record_in_the_name_of_whom_it_is_about(people: PeopleDesk) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: people.note(TurnedAway(person=f"n-{n}"), "web"), range(8)))
    happened = people.happened()
    assert {entry.event.person for entry in happened} == {f"n-{n}" for n in range(8)}
    assert all((entry.circumstances.actor.id, entry.circumstances.actor.role) == (entry.event.person, "door") for entry in happened)


def test_what_an_administrator_did_for_somebody_is_recorded_once_in_their_name(people: PeopleDesk) -> None:
    once = by(uuid4())
    for _ in range(2):
        people.done_for(SignedIn(person="m-weber", by="password"), once)
    assert [entry.circumstances.actor.id for entry in people.happened()] == ["t-berg"]


ROLES = st.sampled_from(get_args(PersonsRole))
SITES = st.sampled_from([None, "BER", "SAO"])
DAYS = st.dates(SINCE, date(2027, 1, 1))
WHO = st.sampled_from(["m-weber", "k-adler"])
GRANTS = st.builds(RoleGranted, person=WHO, role=ROLES, site=SITES, delegated=DAYS, trained=st.none() | DAYS)
DECISIONS = st.lists(GRANTS | st.builds(RoleWithdrawn, person=WHO, role=ROLES, site=SITES) | st.builds(PersonLeft, person=WHO), max_size=12)


@pytest.mark.clause("FDA Q&A 2024", "access and logs")
@pytest.mark.clause("EMA 2023", "user management")
@pytest.mark.clause("ICH E6(R3)", "4.3.8")
@pytest.mark.clause("21 CFR 11", "11.300(b)")
@given(DECISIONS, DAYS)
@settings(max_examples=25)
def test_who_could_do_what_on_a_day_is_replayed_as_it_was_known_then(decisions: list[PeopleEvent], day: date) -> None:
    """Whatever is decided later, what was recorded by an instant says of that instant what it said then."""
    clock = Clock()
    trial = Trial(clock)
    assert trial.ledger
    people = PeopleDesk(trial.ledger, trial.participants.desk)
    people.record((*FIRST, WEBER, PersonAdmitted(person="k-adler", name="K. Adler")), by())
    known: list[tuple[datetime, object]] = [(clock(), could(people.current(), day))]
    for decision in decisions:
        clock.move(minutes=1)
        try:
            people.record((decision,), by())
        except Refused:
            continue
        known.append((clock(), could(people.current(), day)))
    for instant, then in known:
        assert could(people.as_known_at(instant), day) == then
        assert could(people.as_known_at(instant + timedelta(seconds=59)), day) == then
    assert could(fold(trial.ledger, people.stream), day) == known[-1][1]
    assert people.as_known_at(START - timedelta(microseconds=1)) == People()


def could(people: People, day: date) -> object:
    """Who could do what, where."""
    return {(person.id, site): allowed(person, site, day) for person in people.persons.values() for site in (None, "BER", "SAO") if MAY}


def fold(ledger: Ledger, stream: str) -> People:
    people = People()
    for entry in ledger.read(stream):
        people = evolve_people(people, entry.event, entry.circumstances.actor.id)
    return people
