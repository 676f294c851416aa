"""An auditor searches the entries, and signs off what was found."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from app.demo.people import PASSWORD
from app.searched import bound_by
from domain import commands as c
from domain import events as e
from domain.doorkeeping import AccessRefused
from domain.people import RoleGranted
from domain.searching import EntriesReviewed
from projections.views import Parked
from tests.app.web.at_the_door import Desk
from tests.builders import by_, dose

SEARCH = "/search?kind=medication-taken.v1"
SIGNED = {"signer": "r-haas", "password": PASSWORD, "finds": "each names its source"}


@pytest.fixture
def auditor(desk: Desk) -> Desk:
    desk.story("BER-001").reports(dose("prednisone", "5", desk.story("BER-001").at()))
    desk.catches_up()
    desk.office.accounts.passwords.set("r-haas", PASSWORD, chosen=True)
    return desk.seats("r-haas")


def rows(page: str) -> list[str]:
    return re.findall(r'href="(/participants/[^"]+/history\?at=\d+)"', page)


def test_every_entry_found_leads_to_the_moment_after_it(auditor: Desk) -> None:
    found = rows(auditor.sees(f"{SEARCH}&participant=BER-001"))
    assert found[0] == f"/participants/BER-001/history?at={auditor.story('BER-001').entry_of(e.MedicationTaken)}"
    assert "prednisone" in auditor.sees(found[0])
    assert "prednisone" not in auditor.sees(SEARCH), "what entries say is not listed"


def test_only_entries_of_the_askers_sites_are_found(desk: Desk) -> None:
    assert {row[14:17] for row in rows(desk.sees("/search"))} == {"BER"}
    assert {row[14:17] for row in rows(desk.seats("j-silva").sees("/search"))} == {"SAO"}
    assert "no site SAO that you may see" in desk.seats("m-weber").sees("/search?site=SAO", 422)


def test_what_cannot_be_looked_for_is_told_with_all_that_is_wrong(auditor: Desk) -> None:
    page = auditor.sees("/search?late_hours=soon&recorded_from=yesterday&participant=nobody", 422)
    for says in ("&#39;soon&#39; is no whole number", "Recorded from: &#39;yesterday&#39; is no time", "Show all"):
        assert says in page
    assert "participant" in auditor.sees("/search?participant=nobody", 422)


def test_the_same_entries_are_a_table(auditor: Desk) -> None:
    head, *lines = auditor.sees("/search.csv?kind=medication-taken.v1").splitlines()
    assert head.startswith("participant,version,site,zone,recorded_at,occurred,late_minutes,kind,actor,role,source")
    assert len(lines) == len(rows(auditor.sees(SEARCH)))


@pytest.mark.clause("EMA 2023", "audit trail review")
@pytest.mark.clause("ICH E6(R3)", "4.2.3")
@pytest.mark.clause("EU Annex 11", "9")
def test_a_review_is_signed_by_password_and_binds_what_was_found(auditor: Desk) -> None:
    answer = auditor.sends(SEARCH, "", SIGNED)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reviews")
    (entry,) = auditor.office.daybook.reviews.all()
    review, by = entry.event, entry.circumstances
    assert isinstance(review, EntriesReviewed)
    assert (review.question.kind, review.finds, by.actor.role, by.source) == ("medication-taken.v1", SIGNED["finds"], "auditor", "web")
    assert by.signature is not None
    assert (by.signature.authenticated, by.signature.signed) == (True, bound_by(review))
    assert bound_by(review.model_copy(update={"upto": review.upto + 1})) != by.signature.signed
    page = auditor.sees("/reviews")
    assert "Nothing added" in page
    assert "R. Haas" in page


def test_what_was_added_since_is_shown_with_the_review(auditor: Desk) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    story = auditor.story("BER-001")
    story.reports(dose("prednisone", "4", story.at()))
    auditor.catches_up()
    page = auditor.sees("/reviews")
    assert "1 entry added" in page
    since = re.search(r'href="(/search\?[^"]*after=[^"]*)"', page)
    assert since is not None
    assert rows(auditor.sees(since[1].replace("&amp;", "&"))) == [f"/participants/BER-001/history?at={story.record.version}"]


def test_what_was_added_since_says_since_which_review_and_that_signing_goes_over_what_is_not_shown_as_well(auditor: Desk) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    (first,) = auditor.office.daybook.reviews.all()
    story = auditor.story("BER-001")
    story.reports(dose("prednisone", "4", story.at()))
    since = f"{SEARCH}&shelf=&after={first.event.upto}&review=1"
    page = " ".join(auditor.sees(since).split())
    assert '1 entry recorded since <a href="/reviews?review=1#review-1">review 1</a>, signed' in page
    assert f"by R. Haas (invented), which went up to position {first.event.upto} of the ledger" in page
    every = first.event.entries + 1
    assert f"Sign off a review of all {every} entries, this one included" in page
    assert f'href="{SEARCH}">look at all {every}</a>' in page
    refused = auditor.sends(since, "", SIGNED | {"password": "not his"})
    assert "recorded since" in refused.text, "the page is the one on which it was signed"
    assert auditor.sends(since, "", SIGNED).status_code == 303
    assert [one.event.entries for one in auditor.office.daybook.reviews.all()] == [first.event.entries, every]


@pytest.mark.parametrize(
    ("who", "asked", "before"),
    [
        ("m-weber", SEARCH, 0),
        ("r-haas", SEARCH, 1),
        ("r-haas", "/search?", 0),
        ("r-haas", "/search?kind=role-granted.v1", 0),
        ("r-haas", f"{SEARCH}&site=BER", 0),
    ],
)
def test_a_review_that_somebody_may_not_see_that_went_up_to_elsewhere_or_was_of_something_else_heads_no_search(
    auditor: Desk, who: str, asked: str, before: int
) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    (review,) = auditor.office.daybook.reviews.all()
    after = review.event.upto - before
    page = auditor.seats(who).sees(f"{asked}&after={after}&review=1")
    assert f"recorded after position {after} of the ledger" in page
    assert "recorded since" not in page
    assert "review 1<" not in page


def test_a_search_that_leaves_nothing_out_is_signed_for_what_it_shows(auditor: Desk) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    (review,) = auditor.office.daybook.reviews.all()
    assert f"Sign off a review of these {review.event.entries} entries" in auditor.sees(SEARCH)


@pytest.mark.clause("EMA 2023", "audit trail review")
@pytest.mark.clause("ICH E6(R3)", "4.2.3")
def test_nobody_reviews_their_own_entries(auditor: Desk) -> None:
    story = auditor.story("BER-001")
    own = c.Report(fact=dose("prednisone", "4", story.at()))
    story.trial.participants.handle(story.id, own, by_("coordinator", story.trial.next_id(), id="r-haas"))
    auditor.catches_up()
    answer = auditor.sends(SEARCH, "", SIGNED)
    assert answer.status_code == 409
    assert "Some of these entries are your own" in answer.text
    assert not auditor.office.daybook.reviews.all()


def test_a_wrong_password_no_meaning_and_what_nobody_has_seen_sign_nothing(auditor: Desk) -> None:
    for wrong, says in (
        ({"password": "not his"}, "this is not your short name with your password"),
        ({"meaning": ""}, "something must be said"),
        ({"upto": "999999"}, "nobody has seen these entries yet"),
        ({"upto": "0"}, "the search found no entry"),
        ({"site": "MUC"}, "there is no site muc"),
    ):
        answer = auditor.sends(SEARCH, "", SIGNED | wrong)
        assert answer.status_code in {409, 422}
        assert says in answer.text.lower()
    assert not auditor.office.daybook.reviews.all()


def test_sent_twice_a_review_is_recorded_once(auditor: Desk) -> None:
    shown = auditor.form(SEARCH, "")
    for _ in range(2):
        assert auditor.sends(SEARCH, "", SIGNED, shown=shown).status_code == 303
    assert len(auditor.office.daybook.reviews.all()) == 1


def test_a_review_is_listed_to_whoever_may_see_all_of_its_sites(auditor: Desk) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    assert "Nothing was reviewed yet" in auditor.seats("m-weber").sees("/reviews")
    auditor.seats("r-haas").sends(f"{SEARCH}&site=BER", "", SIGNED)
    assert "Entries at BER; of the kind Medication taken" in auditor.seats("m-weber").sees("/reviews")


def reviewed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="review-(\d+)">', page)]


@pytest.mark.parametrize(("many", "oldest_on"), [(50, 1), (51, 2)])
def test_whoever_follows_the_link_to_a_review_sees_it_on_whichever_page_it_is(auditor: Desk, many: int, oldest_on: int) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    (first,) = auditor.office.daybook.reviews.all()
    for _ in range(many - 1):
        auditor.office.daybook.reviews.record(first.event, first.circumstances.model_copy(update={"command_id": uuid4()}))
    links = re.findall(r'href="(/reviews[?][^"]+)"', auditor.sees(f"/search?shelf=reviews&page={oldest_on}"))
    assert links[-1] == "/reviews?review=1#review-1"
    page = auditor.sees("/reviews?review=1")
    assert 1 in reviewed(page)
    assert ("Page <b>2</b>" in page, 'href="/reviews"' in page) == (oldest_on == 2, oldest_on == 2)
    assert reviewed(auditor.sees(f"/reviews?review={many}"))[0] == many
    for none in (many + 1, "0", "first"):
        assert reviewed(auditor.sees(f"/reviews?review={none}")) == reviewed(auditor.sees("/reviews"))


def test_entries_that_are_not_those_that_were_signed_are_told(auditor: Desk) -> None:
    auditor.sends(SEARCH, "", SIGNED)
    with auditor.office.daybook.views.writing() as connection:
        connection.execute("DELETE FROM entries WHERE kind = 'medication-taken.v1' AND participant = 'BER-001'")
    assert "Not as signed" in auditor.sees("/reviews")


def test_a_record_that_cannot_be_read_is_named_and_the_others_are_found(auditor: Desk) -> None:
    parked = Parked(stream="participant:BER-003", version=2, position=30, why="no fact is called 'pulse-taken.v0'")
    with auditor.office.daybook.views.writing() as connection:
        connection.execute("INSERT INTO parked VALUES (?, ?, ?, ?)", (parked.stream, parked.version, parked.position, parked.why))
    page = auditor.sees("/search")
    assert "BER-003 is left out: no fact is called" in page
    assert rows(page)


def asked_in_vain(desk: Desk) -> list[AccessRefused]:
    return [entry.event for entry in desk.office.daybook.people.happened() if isinstance(entry.event, AccessRefused)]


@pytest.mark.parametrize(("path", "status"), [("/search", 422), ("/search.csv", 422), ("/api/entries", 422)])
def test_that_somebody_searched_another_sites_entries_is_on_record_and_they_are_told_no_more_than_of_a_site_that_there_is_not(
    desk: Desk, path: str, status: int
) -> None:
    theirs, nobodys = (desk.get(f"{path}?site={site}") for site in ("SAO", "MUC"))
    assert theirs.status_code == nobodys.status_code == status
    assert "no site SAO that you may see" in theirs.text
    assert theirs.text.replace("SAO", "MUC") == nobodys.text
    assert asked_in_vain(desk) == [AccessRefused(person="m-weber", action="see-history", site=site) for site in ("SAO", "MUC")]


def test_what_can_be_no_site_is_not_recorded_as_one(desk: Desk) -> None:
    desk.sees("/search?site=%3Cscript%3E", 422)
    assert asked_in_vain(desk) == [AccessRefused(person="m-weber", action="see-history")]


def test_whoever_searches_their_own_site_is_refused_nothing(desk: Desk) -> None:
    desk.sees("/search?site=BER")
    desk.seats("r-haas").sees("/search?site=MUC", 422)
    assert asked_in_vain(desk) == []


def test_nobody_signs_off_what_was_recorded_at_a_site_where_they_do_not_review(desk: Desk) -> None:
    day = desk.clock().date() - timedelta(days=1)  # It is still yesterday in São Paulo for some hours.
    granted = [RoleGranted(person="m-weber", role="auditor", site="SAO", delegated=day, trained=day)]
    desk.office.daybook.people.record(granted, by_("administrator", desk.trial.next_id()))
    answer = desk.sends("/search?kind=medication-taken.v1", "", SIGNED)
    assert (answer.status_code, "may review entries at BER" in answer.text) == (409, True)
    assert asked_in_vain(desk) == [AccessRefused(person="m-weber", action="review-entries", site="BER")]
    assert not desk.office.daybook.reviews.all()
