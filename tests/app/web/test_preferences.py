"""How somebody is told is theirs to say; for what, where and on which rung is not."""

from uuid import uuid4

import pytest

from domain.contacts import ContactNamed
from domain.doorkeeping import AccessRefused
from domain.people import RoleWithdrawn
from domain.rejections import Refused
from tests.app.web.at_the_door import COORDINATOR, INVESTIGATOR, Browser, Desk, by
from tests.app.web.test_account_news import WITHIN_SECONDS, Postbox, telling

NAMED = ContactNamed(person=COORDINATOR, roles=("coordinator",), site="BER", mail="m.weber@study.example", rung="coordinator")
WAYS = {"urgent": "mail", "timely": "inbox", "digest": "inbox"}


@pytest.fixture
def weber(door: Desk) -> Browser:
    door.office.daybook.desk.record((NAMED,), by())
    return door.browser(COORDINATOR)


def says(browser: Browser, **typed: str) -> int:
    return browser.post("/profile/notifications", command_id=str(uuid4()), **typed).status_code


def contact(door: Desk) -> ContactNamed:
    return door.office.daybook.desk.current().record.contacts[COORDINATOR]


def test_one_says_how_one_is_told_and_it_is_on_record_as_said_by_oneself(door: Desk, weber: Browser) -> None:
    assert says(weber, mail="new@study.example", webhook="https://pager.example/weber", **WAYS) == 303
    told = {"mail": "new@study.example", "webhook": "https://pager.example/weber", **WAYS}
    assert contact(door) == NAMED.model_copy(update=told)
    entry = door.office.daybook.ledger.read(door.office.daybook.desk.stream)[-1]
    assert (entry.circumstances.actor.id, entry.circumstances.actor.role) == (COORDINATOR, "coordinator")
    page = weber.get("/profile").text
    assert 'value="new@study.example"' in page
    assert "told what falls due for coordinator at BER, on the rung coordinator" in page


def test_nobody_says_in_their_own_name_for_what_they_are_told(door: Desk, weber: Browser) -> None:
    assert (
        says(weber, mail="m.weber@study.example", **WAYS, roles="investigator", site="SAO", rung="investigator", person=INVESTIGATOR) == 303
    )
    assert (contact(door).roles, contact(door).site, contact(door).rung) == (NAMED.roles, NAMED.site, NAMED.rung)


@pytest.mark.parametrize("other", [{"roles": ("coordinator", "investigator")}, {"site": None}, {"rung": None}, {"person": INVESTIGATOR}])
@pytest.mark.usefixtures("weber")
def test_the_record_takes_from_a_person_no_more_than_their_own_preferences(door: Desk, other: dict[str, object]) -> None:
    asker = by(COORDINATOR)
    asker = asker.model_copy(update={"actor": asker.actor.model_copy(update={"role": "coordinator"})})
    with pytest.raises(Refused, match="only an administrator"):
        door.office.daybook.desk.record((NAMED.model_copy(update=other),), asker)
    door.office.daybook.desk.record((NAMED.model_copy(update={"digest": "inbox"}),), asker)


@pytest.mark.parametrize(
    ("typed", "fault", "status"),
    [
        ({"mail": "nobody", **WAYS}, 'id="mail-fault"', 422),
        ({"mail": "a@b.example", "webhook": "pager", **WAYS}, 'id="webhook-fault"', 422),
        ({"mail": "", **WAYS}, "has no mail address", 409),
        ({"mail": "a@b.example", **WAYS, "urgent": "inbox"}, "not left in an inbox", 409),
        ({"mail": "a@b.example", **WAYS, "digest": "pigeon"}, 'id="digest-fault"', 422),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_what_was_typed_is_kept(
    door: Desk, weber: Browser, typed: dict[str, str], fault: str, status: int
) -> None:
    answer = weber.post("/profile/notifications", command_id=str(uuid4()), **typed)
    assert (answer.status_code, fault in answer.text) == (status, True)
    assert f'value="{typed["mail"]}"' in answer.text
    assert contact(door) == NAMED


def test_whoever_nobody_has_named_is_told_so(door: Desk) -> None:
    adler = door.browser(INVESTIGATOR)
    assert "Nobody has named you" in adler.get("/profile").text
    assert says(adler, mail="a@b.example", **WAYS) == 409
    assert INVESTIGATOR not in door.office.daybook.desk.current().record.contacts


def test_a_changed_address_is_told_at_the_address_before(door: Desk, weber: Browser) -> None:
    postbox = Postbox()
    with telling(door, postbox):
        assert says(weber, mail="m.weber@study.example", **WAYS) == 303
        assert says(weber, mail="new@study.example", **WAYS) == 303
        letter = postbox.taken.get(timeout=WITHIN_SECONDS)
    assert (letter.address, postbox.taken.empty()) == ("m.weber@study.example", True)
    assert "your address for reminders was changed" in letter.heading


def test_whoever_has_no_role_today_is_told_nothing_and_that_they_asked_is_on_record(door: Desk, weber: Browser) -> None:
    door.office.daybook.people.record((RoleWithdrawn(person=COORDINATOR, role="coordinator", site="BER"),), by())
    assert says(weber, mail="new@study.example", **WAYS) == 409
    assert contact(door) == NAMED
    assert door.happened() == [AccessRefused(person=COORDINATOR, action="see-participants", site="BER")]
