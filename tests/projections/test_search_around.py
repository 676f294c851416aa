"""What stands around the participants is looked for as well: by whoever may, and without touching what was reviewed before."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain import commands as c
from domain.doorkeeping import AccessRefused, SignedIn, TurnedAway
from domain.handing_out import HeadGiven
from domain.people import PersonAdmitted, RoleGranted
from domain.searching import SHELVES, EntriesReviewed, Question, Scope
from domain.study import SiteOpened
from projections.rebuilding import look_through, rebuild
from projections.search import Bounds, Row, found_in_all, search
from projections.views import Views
from projections.worklist import worklist
from store.handing_out import HandedOut
from store.ledger import Ledger
from store.people import PeopleDesk
from store.reviewing import ReviewDesk
from tests.builders import DIGEST, STUDY, Story, Trial, by_, dose, form_in_use
from tests.projections.given import ByHand, rows, rows_built_again, up_to_date
from tests.store.given import WHO, Hand

ALL, SINCE = Bounds(), date(2020, 1, 1)
ADMINISTRATOR = RoleGranted(person="t-berg", role="administrator", delegated=SINCE, trained=SINCE)
PEOPLE_STREAM, DOOR_STREAM = f"people:{STUDY}", f"door:{STUDY}"


def everything(*sites: str, **asked: Any) -> Question:
    """A search over all shelves: at these sites alone or, where none is named, at both and in the whole study."""
    over = Scope(shelves=SHELVES, whole_study=not sites)
    return Question.model_validate({"sites": sites or ("BER", "SAO"), "over": over, **asked})


def found(views: Views, question: Question) -> list[Row]:
    return list(search(views, question, ALL, 1, 1000).rows)


def kinds(views: Views, question: Question) -> list[str]:
    return [row.kind.removesuffix(".v1") for row in found(views, question)]


@pytest.fixture
def story(trial: Trial) -> Story:
    return trial.participant().consents()


@pytest.fixture
def people(trial: Trial) -> PeopleDesk:
    desk = PeopleDesk(ledger_of(trial), trial.participants.desk)
    admitted = (PersonAdmitted(person="t-berg", name="Tilda Bergengruen", mail="tilda@study.example"), ADMINISTRATOR)
    at_ber = RoleGranted(person="m-weber", role="coordinator", site="BER", delegated=SINCE)
    desk.record((*admitted, PersonAdmitted(person="m-weber", name="Martha Weber"), at_ber), by_("administrator", trial.next_id()))
    desk.note(SignedIn(person="t-berg", by="password"), "web")
    desk.note(TurnedAway(person="m-weber", locked=True), "web")
    desk.note(AccessRefused(person="m-weber", action="record", site="SAO", participant="SAO-001"), "api")
    HandedOut(ledger_of(trial), STUDY).record(
        HeadGiven(site="BER", people=("m-weber",), entries=3, head=DIGEST), by_("administrator", trial.next_id())
    )
    return desk


def ledger_of(trial: Trial) -> Ledger:
    return trial.participants.ledger


def reviewed(trial: Trial, views: Views, question: Question) -> None:
    upto = up_to_date(trial, views).position()
    review = EntriesReviewed(question=question, upto=upto, entries=1, digest=DIGEST)
    ReviewDesk(ledger_of(trial), STUDY).record(review, by_("auditor", trial.next_id(), signed=True))


def test_every_entry_of_the_ledger_is_found(trial: Trial, views: Views, story: Story, people: PeopleDesk) -> None:
    reviewed(trial, views, everything("SAO"))
    rows_ = found(up_to_date(trial, views), everything())
    assert [row.position for row in rows_] == list(range(ledger_of(trial).head(), 0, -1))
    assert {row.shelf for row in rows_} == set(SHELVES)
    by_position = {row.position: row.digest for row in rows_}
    entries = [entry for stream in ledger_of(trial).streams("") for entry in ledger_of(trial).read(stream)]
    assert {entry.position: entry.digest for entry in entries} == by_position
    assert story.record.version == sum(row.shelf == "participants" for row in rows_)
    assert people.happened()[-1].digest in by_position.values()


@pytest.mark.usefixtures("story", "people")
def test_whoever_sees_one_site_finds_what_is_that_sites_and_nothing_of_another_or_of_the_whole_study(trial: Trial, views: Views) -> None:
    reviewed(trial, views, everything("SAO"))
    reviewed(trial, views, everything())
    up_to_date(trial, views)
    of_the_site = ["site-opened", "protocol-approved", "consent-form-approved"]
    assert sorted(kinds(views, everything("BER"))) == sorted(
        [*of_the_site, "registered", "protocol-adopted", "consent-signed", "role-granted", "head-given"]
    )
    assert sorted(kinds(views, everything("SAO"))) == sorted([*of_the_site, "access-refused", "entries-reviewed"])
    both = Question(sites=("BER", "SAO"), over=Scope(shelves=SHELVES, whole_study=False))
    assert len(found(views, both)) == len(found(views, everything("BER"))) + len(found(views, everything("SAO")))
    assert {row.site for row in found(views, both)} == {"BER", "SAO"}


@pytest.mark.usefixtures("story", "people")
def test_an_entry_is_found_by_its_shelf_its_kind_who_recorded_it_and_that_it_was_a_refusal(trial: Trial, views: Views) -> None:
    up_to_date(trial, views)
    door = everything().model_copy(update={"over": Scope(shelves=("door",), whole_study=True)})
    assert kinds(views, door) == ["access-refused", "turned-away", "signed-in"]
    assert kinds(views, everything(mark="refusal")) == ["access-refused", "turned-away"]
    assert kinds(views, everything(actor="t-berg")) == ["signed-in"]
    assert kinds(views, everything(text="person ADMITTED")) == ["person-admitted"] * 2
    assert kinds(views, everything(participant="SAO-001")) == ["access-refused"]
    (row,) = found(views, everything(kind="role-granted.v1", role="administrator", recorded_until=trial.clock()))[:1]
    assert (row.person, row.site, row.zone, row.participant) == ("m-weber", "BER", "Europe/Berlin", None)


@pytest.mark.usefixtures("people")
def test_nothing_that_names_anybody_is_kept_for_the_search(trial: Trial, views: Views) -> None:
    register = c.Register(site="BER", identifiers=WHO)
    trial.participants.handle("BER-001", register, by_("coordinator", trial.next_id()))
    kept = str(rows(up_to_date(trial, views)))
    for name in ("Martha", "Tilda", "study.example", *filter(None, (WHO.name, WHO.phone, WHO.email))):
        assert name not in kept
    assert "m-weber" in kept


def test_what_a_review_of_before_found_is_what_it_finds(trial: Trial, views: Views, story: Story) -> None:
    old = Question(sites=("BER", "SAO"))
    out_of_hours, refusals = old.model_copy(update={"out_of_hours": True}), old.model_copy(update={"mark": "refusal"})
    upto = up_to_date(trial, views).position()
    before = found_in_all(views, old, Bounds(upto=upto))
    assert before.digests == tuple(entry.digest for entry in story.record.entries)
    trial.clock.move_to(datetime.fromisoformat("2026-01-10T09:00Z"))  # a Saturday, ten o'clock in Berlin
    desk = PeopleDesk(ledger_of(trial), trial.participants.desk)
    desk.note(AccessRefused(person="m-weber", action="record", site="BER", participant="BER-001"), "web")
    up_to_date(trial, views)
    assert found_in_all(views, old, Bounds(upto=upto)) == before
    assert search(views, old, Bounds(after=upto), 1, 1).found == search(views, refusals, ALL, 1, 1).found == 0
    story.reports(dose("prednisone", "5", story.at()))
    assert search(up_to_date(trial, views), old, Bounds(after=upto), 1, 1).found == 1
    assert found(views, out_of_hours) == [], "before, the hours of a site were those of every day"
    assert kinds(views, everything(out_of_hours=True, recorded_from=trial.clock())) == ["medication-taken", "access-refused"]


@pytest.mark.parametrize(
    ("site", "instant", "out"),
    [
        ("BER", "2026-01-09T15:59Z", False),  # Friday, a minute before five in Berlin
        ("BER", "2026-01-09T16:00Z", True),
        ("BER", "2026-01-10T09:00Z", True),  # Saturday, at ten
        ("BER", "2026-01-11T15:59Z", True),  # Sunday, in what would be hours of work
        ("BER", "2026-01-12T06:59Z", True),  # Monday, a minute before eight
        ("BER", "2026-01-12T07:00Z", False),
        ("AKL", "2026-01-09T03:59Z", False),  # Friday, a minute before five in Auckland
        ("AKL", "2026-01-09T04:00Z", True),
        ("AKL", "2026-01-09T20:00Z", True),  # Saturday, at nine there: it is still Friday by UTC
        ("AKL", "2026-01-11T18:59Z", True),  # Monday, a minute before eight there, Sunday by UTC
        ("AKL", "2026-01-11T19:00Z", False),
    ],
)
def test_the_weekend_of_a_site_is_out_of_hours_by_its_own_calendar(
    trial: Trial, views: Views, site: str, instant: str, *, out: bool
) -> None:
    desk = trial.participants.desk
    desk.record((SiteOpened(site="AKL", zone="Pacific/Auckland"),), by_("administrator", trial.next_id()))
    trial.clock.move_to(datetime.fromisoformat(instant))
    desk.record((form_in_use(site, since=date(2026, 1, 1)),), by_("administrator", trial.next_id()))
    question = everything(site, kind="consent-form-approved.v1", recorded_from=trial.clock(), out_of_hours=True)
    assert len(found(up_to_date(trial, views), question)) == out


def test_what_is_of_no_site_has_no_hours(trial: Trial, views: Views, people: PeopleDesk) -> None:
    trial.clock.move_to(datetime.fromisoformat("2026-01-10T02:00Z"))
    people.note(SignedIn(person="m-weber", by="password"), "web")
    assert found(up_to_date(trial, views), everything(kind="signed-in.v1", out_of_hours=True)) == []


@pytest.mark.parametrize("at_once", [1, 3, 500])
def test_built_again_it_is_the_same_though_a_site_was_opened_after_somebody_had_named_it(
    trial: Trial, empty: Views, story: Story, people: PeopleDesk, at_once: int
) -> None:
    ledger, desk = ledger_of(trial), trial.participants.desk
    by_hand = ByHand(ledger, desk, empty)
    people.note(AccessRefused(person="m-weber", action="see-history", site="AKL"), "web")
    by_hand.takes(at_once)
    desk.record((SiteOpened(site="AKL", zone="Pacific/Auckland"),), by_("administrator", trial.next_id()))
    people.note(AccessRefused(person="m-weber", action="see-history", site="AKL"), "web")
    story.reports(dose("prednisone", "5", story.at()))
    by_hand.takes(at_once)
    assert [row.site for row in found(empty, everything("AKL"))] == ["AKL", "AKL"]
    assert kinds(empty, everything(kind="access-refused.v1")) == ["access-refused"] * 2, "that of before is the whole study's"
    assert rows(empty) == rows_built_again(ledger, desk, empty.path.with_name("again.db"))


@pytest.mark.usefixtures("story", "people")
def test_a_stream_that_cannot_be_read_is_left_out_alone_until_it_is_whole_again(trial: Trial, hand: Hand, empty: Views) -> None:
    ledger, desk = ledger_of(trial), trial.participants.desk
    ByHand(ledger, desk, empty).takes()
    before, whole = found(empty, everything()), ledger.recorder.stream(PEOPLE_STREAM).rows[1].state
    hand.free()("UPDATE entries SET state = ? WHERE stream = ? AND version = 2", b"{}", PEOPLE_STREAM)
    for leave_out in (look_through, rebuild):
        leave_out(ledger, desk, empty)
        assert [(one.stream, one.version, one.participant, one.site) for one in empty.parked()] == [(PEOPLE_STREAM, 2, "", "")]
        assert found(empty, everything()) == [row for row in before if row.shelf != "people"]
    assert all(row.category != "unreadable" for row in worklist(empty, trial.clock()))
    hand("UPDATE entries SET state = ? WHERE stream = ? AND version = 2", whole, PEOPLE_STREAM)
    look_through(ledger, desk, empty)
    assert (empty.parked(), found(empty, everything())) == ((), before)


@pytest.mark.usefixtures("story")
def test_an_entry_that_cannot_be_read_as_it_comes_holds_up_nothing(trial: Trial, hand: Hand, empty: Views, people: PeopleDesk) -> None:
    by_hand = ByHand(ledger_of(trial), trial.participants.desk, empty)
    people.note(SignedIn(person="m-weber", by="password"), "web")
    hand.free()("UPDATE entries SET state = ? WHERE stream = ? AND version = 4", b"{}", DOOR_STREAM)
    trial.participant("BER-002")
    by_hand.takes()
    assert [one.stream for one in empty.parked()] == [DOOR_STREAM]
    assert "registered" in kinds(empty, everything(participant="BER-002"))
    assert kinds(empty, everything().model_copy(update={"over": Scope(shelves=("door",), whole_study=True)})) == []
    people.note(SignedIn(person="m-weber", by="password"), "web")
    by_hand.takes()
    assert empty.position() == ledger_of(trial).head()


def test_a_study_in_which_nobody_takes_part_yet_is_searched(trial: Trial, views: Views) -> None:
    up_to_date(trial, views)
    assert len(found(views, everything())) == ledger_of(trial).head() > 0
    assert found(views, everything(recorded_from=trial.clock() + timedelta(minutes=1))) == []
