"""The search goes over everything that is kept: each sees what is their sites', and the whole study's by a role for every site."""

import re
from uuid import UUID

import pytest

from app.demo.people import PASSWORD, SINCE
from app.searched import AS_BEFORE, bound_by, in_words, to_be_reviewed
from domain.doorkeeping import AccessRefused, DoorEvent, SignedIn, TurnedAway, Unlocked
from domain.entry import Signature
from domain.people import RoleGranted
from domain.searching import Question
from projections.views import Parked
from tests.app.web.at_the_door import Desk
from tests.builders import by_, dose

SIGNED = {"signer": "r-haas", "password": PASSWORD}
ROW = re.compile(r'<tr data-row id="entry-\d+">\s*<th scope="row">(?:<a [^>]*>)?([^<]+).*?</th>\s*<td>([^<]+)', re.DOTALL)


@pytest.fixture
def auditor(desk: Desk) -> Desk:
    desk.office.accounts.passwords.set("r-haas", PASSWORD, chosen=True)
    note(desk, AccessRefused(person="m-weber", action="record", site="SAO", participant="SAO-001"))
    note(desk, SignedIn(person="t-berg", by="password"))
    desk.catches_up()
    return desk.seats("r-haas")


def note(desk: Desk, event: DoorEvent) -> None:
    desk.office.daybook.people.note(event, "web")


def rows(page: str) -> list[tuple[str, str]]:
    return [(kept_with, kind) for kept_with, kind in ROW.findall(page)]


def granted(desk: Desk, *grants: RoleGranted) -> None:
    desk.office.daybook.people.record(grants, by_("administrator", UUID(int=len(grants) + 7)))


def reviewed_before(desk: Desk, **asked: object) -> None:
    """A review as it was signed before a search said over what it goes."""
    daybook = desk.office.daybook
    question = Question.model_validate({"sites": ("BER", "SAO"), **asked})
    review = to_be_reviewed(daybook.views, question, daybook.views.position(), "r-haas", None)
    signature = Signature(meaning="I have reviewed these entries", signed=bound_by(review), authenticated=True, name="R. Haas")
    daybook.reviews.record(review, by_("auditor", UUID(int=3), id="r-haas").model_copy(update={"signature": signature}))


@pytest.mark.clause("ICH E6(R3)", "4.2.3")
@pytest.mark.clause("EMA 2023", "audit trail review")
def test_whoever_may_see_the_whole_study_finds_what_is_kept_of_it_and_everybody_else_what_is_their_sites(auditor: Desk) -> None:
    assert rows(auditor.sees("/search?shelf=door")) == [("The door", "Signed in"), ("The door", "Access refused")]
    assert ("The study", "Protocol released") in rows(auditor.sees("/search?shelf=study"))
    assert ("People", "Person admitted") in rows(auditor.sees("/search?kind=person-admitted.v1"))
    assert rows(auditor.seats("j-silva").sees("/search?shelf=door")) == [("The door", "Access refused")]
    auditor.seats("m-weber")
    assert rows(auditor.sees("/search?shelf=door")) == []
    assert {kind for _, kind in rows(auditor.sees("/search?shelf=study"))} == {"Site opened", "Protocol approved", "Consent form approved"}


def test_a_role_at_each_site_is_none_for_the_whole_study(auditor: Desk) -> None:
    granted(auditor, RoleGranted(person="m-weber", role="auditor", site="SAO", delegated=SINCE, trained=SINCE))
    auditor.catches_up()
    assert rows(auditor.seats("m-weber").sees("/search?shelf=door")) == [("The door", "Access refused")]
    assert auditor.get("/api/entries?shelf=door").json()["found"] == 1
    assert auditor.seats("r-haas").get("/api/entries?shelf=door").json()["found"] == 2


def test_who_came_in_is_seen_only_by_whoever_may_see_who_looked_at_what(auditor: Desk) -> None:
    for person in ("s-novak", "a-kim", "d-okoro", "k-adler"):
        page = auditor.seats(person).sees("/search?shelf=door")
        assert rows(page) == [("The door", "Access refused")], "that one is at a site"
        assert {kind for _, kind in rows(auditor.sees("/search?shelf=people"))} == {"Role granted"}
        assert auditor.get("/api/entries?shelf=door").json()["found"] == 1
        assert rows(auditor.sees("/search?kind=protocol-released.v1"))
        assert not rows(auditor.sees("/search?kind=signed-in.v1")) + rows(auditor.sees("/search?kind=person-admitted.v1"))


def test_a_review_by_somebody_who_does_not_see_who_came_in_says_so_and_one_of_that_is_shown_to_nobody_else(auditor: Desk) -> None:
    auditor.office.accounts.passwords.set("s-novak", PASSWORD, chosen=True)
    assert auditor.sends("/search?shelf=people&kind=person-admitted.v1", "", SIGNED).status_code == 303
    auditor.seats("s-novak")
    assert "Nothing added" not in auditor.sees("/reviews")
    assert auditor.sends("/search?kind=protocol-released.v1", "", SIGNED | {"signer": "s-novak"}).status_code == 303
    of_people, of_all = (entry.event.question for entry in auditor.office.daybook.reviews.all())
    assert (of_people.accesses, of_all.accesses, of_all.whole_study) == (True, False, True)
    assert in_words(of_all).startswith("Entries at BER, SAO and of the whole study but for people and the door")
    assert auditor.sees("/reviews").count("Nothing added") == 1
    assert auditor.seats("r-haas").sees("/reviews").count("Nothing added") == 2


def test_a_site_that_is_chosen_leaves_out_what_is_of_the_whole_study(auditor: Desk) -> None:
    assert {kept for kept, _ in rows(auditor.sees("/search?site=SAO&shelf=people"))} == {"People"}
    assert "whole study" not in auditor.sees("/search?site=SAO")
    assert "whole study" in auditor.sees("/search")


def test_hours_are_those_of_a_site_and_whoever_looks_for_what_was_out_of_them_is_told_that_the_rest_has_none(auditor: Desk) -> None:
    page = auditor.sees("/search?shelf=door&out_of_hours=yes")
    assert rows(page) == [("The door", "Access refused")], "it is night for whoever signed in as well"
    assert "What is of no site, such as that somebody signed in, has no hours" in page
    assert auditor.sends("/search?shelf=door&out_of_hours=yes", "", SIGNED).status_code == 303
    assert "recorded out of hours of their site, so nothing of the whole study" in auditor.sees("/reviews")


def test_an_entry_leads_to_a_page_only_where_the_asker_may_open_it(auditor: Desk) -> None:
    assert "/people/" not in auditor.sees("/search?shelf=people")
    granted(auditor, RoleGranted(person="r-haas", role="administrator", delegated=SINCE, trained=SINCE))
    auditor.catches_up()
    page = auditor.sees("/search?shelf=people")
    found = re.search(r'href="(/people/[^"]+)"', page)
    assert found is not None
    auditor.sees(found[1])


def test_what_is_kept_with_nothing_that_there_is_cannot_be_looked_for(auditor: Desk) -> None:
    page = auditor.sees("/search?shelf=cellar", 422)
    assert "&#39;cellar&#39; is not kept here" in page


def test_what_was_added_around_the_participants_changes_no_review_of_before(auditor: Desk) -> None:
    reviewed_before(auditor)
    note(auditor, SignedIn(person="m-weber", by="password"))
    auditor.catches_up()
    page = auditor.sees("/reviews")
    assert ("Nothing added" in page, "Not as signed" in page) == (True, False)
    assert "Entries of participants at BER, SAO" in page
    story = auditor.story("BER-001")
    story.reports(dose("prednisone", "4", story.at()))
    auditor.catches_up()
    since = re.search(r'1 entry added.*?href="(/search\?[^"]*after=[^"]*)"', auditor.sees("/reviews"), re.DOTALL)
    assert since is not None
    assert f"shelf={AS_BEFORE}" in since[1]
    assert rows(auditor.sees(since[1].replace("&amp;", "&"))) == [("BER-001", "Medication taken")]


def test_a_review_says_over_what_it_went_and_a_site_alone_is_not_shown_one_of_the_whole_study(auditor: Desk) -> None:
    assert auditor.sends("/search?shelf=study", "", SIGNED).status_code == 303
    assert auditor.sends("/search?shelf=study&site=BER", "", SIGNED | {"signer": ""}).status_code == 303
    of_all, of_ber = (entry.event.question for entry in auditor.office.daybook.reviews.all())
    assert (of_all.shelves, of_all.whole_study, of_ber.whole_study) == (("study",), True, False)
    assert in_words(of_all) == "Entries of the study at BER, SAO and of the whole study"
    page = auditor.sees("/reviews")
    assert page.count("Nothing added") == 2
    page = auditor.seats("m-weber").sees("/reviews")
    assert ("Entries of the study at BER" in page, "whole study" in page) == (True, False)


def test_a_review_of_the_whole_study_takes_a_role_for_it(auditor: Desk) -> None:
    granted(auditor, *(RoleGranted(person="a-kim", role="auditor", site=site, delegated=SINCE, trained=SINCE) for site in ("BER", "SAO")))
    before = len(auditor.office.daybook.people.happened())
    answer = auditor.seats("a-kim").sends("/search?shelf=study", "", SIGNED)
    assert (answer.status_code, "may review entries" in answer.text) == (409, True)
    refused = [entry.event for entry in auditor.office.daybook.people.happened()[before:]]
    assert refused == [AccessRefused(person="a-kim", action="review-entries")]
    assert not auditor.office.daybook.reviews.all()


def test_the_door_is_reviewed_in_one_go_whatever_it_noted_of_the_reviewer_and_whoever_tried_their_name(auditor: Desk) -> None:
    note(auditor, SignedIn(person="r-haas", by="password"))
    note(auditor, TurnedAway(person="r-haas"))
    auditor.catches_up()
    assert auditor.sends("/search?shelf=door", "", SIGNED).status_code == 303
    (review,) = (entry.event for entry in auditor.office.daybook.reviews.all())
    assert (review.entries, review.question.actor) == (4, None)


def test_what_the_door_alone_noted_can_be_reviewed_too(auditor: Desk) -> None:
    assert auditor.sends("/search?shelf=door&actor=t-berg", "", SIGNED).status_code == 303


def test_what_somebody_did_at_the_door_for_another_is_their_own(auditor: Desk) -> None:
    auditor.office.daybook.people.done_for(Unlocked(person="m-weber"), by_("administrator", UUID(int=11), id="r-haas"))
    auditor.catches_up()
    answer = auditor.sends("/search?shelf=door", "", SIGNED)
    assert (answer.status_code, "are your own" in answer.text) == (409, True)


def test_a_stream_that_cannot_be_read_is_named_to_whoever_searches(auditor: Desk) -> None:
    parked = Parked(stream="people:cd19-cart-sle", version=2, position=9, why="its contents do not agree with its hash")
    with auditor.office.daybook.views.writing() as connection:
        connection.execute("INSERT INTO parked VALUES (?, ?, ?, ?)", (parked.stream, parked.version, parked.position, parked.why))
    assert "What is kept of people is left out: its contents" in auditor.sees("/search")
    assert "What is kept of people" not in auditor.sees("/worklist")
