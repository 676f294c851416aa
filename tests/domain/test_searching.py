"""What a search asks for; and that one which was signed before says, to the byte, what it said."""

import json

import pytest

from domain import events as e
from domain.doorkeeping import AccessRefused, TurnedAway
from domain.searching import KINDS_ON, SHELVES, EntriesReviewed, Question, Scope, Shelf
from store.codec import ALL_EVENTS, Row, canonical, state_of
from tests.builders import DIGEST
from tests.fossils.test_entries import FOSSILS

OLD = Question(sites=("BER", "SAO"), mark="refusal")


def over(*shelves: Shelf, whole_study: bool = True) -> Scope:
    return Scope(shelves=shelves, whole_study=whole_study)


def reviewed(question: Question) -> EntriesReviewed:
    return EntriesReviewed(question=question, upto=7, entries=2, digest=DIGEST)


def test_a_review_of_before_is_written_as_its_signer_signed_it() -> None:
    stored = FOSSILS["entries-reviewed.v1"]
    event = state_of(Row(1, "reviews:cd19-cart-sle", 1, "entries-reviewed.v1", stored, b"", b"", b"")).event
    said = json.dumps(json.loads(stored)["event"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical(event) == said
    assert isinstance(event, EntriesReviewed)
    assert event.question.over is None
    assert (event.question.shelves, event.question.whole_study) == (("participants",), False)


def test_what_is_signed_says_over_what_the_search_went() -> None:
    narrow, wide, wider = (OLD.model_copy(update={"over": one}) for one in (over("door"), over(*SHELVES), over("door", whole_study=False)))
    assert len({canonical(reviewed(one)) for one in (OLD, narrow, wide, wider)}) == 4
    assert Question.model_validate_json(canonical(wide)) == wide
    assert b'"over"' not in canonical(reviewed(OLD))


def test_what_a_search_leaves_out_of_people_and_of_the_door_is_signed_and_nothing_is_said_where_it_leaves_out_nothing() -> None:
    all_of_it = OLD.model_copy(update={"over": over(*SHELVES)})
    less = OLD.model_copy(update={"over": over(*SHELVES).model_copy(update={"accesses": False})})
    assert b"accesses" not in canonical(reviewed(all_of_it))
    assert b'"accesses":false' in canonical(reviewed(less))
    assert Question.model_validate_json(canonical(less)) == less


@pytest.mark.parametrize(
    ("scope", "whether"),
    [
        (over(*SHELVES), True),
        (over("door"), True),
        (over("people"), True),
        (over("study", "reviews", "handed-out", "participants"), False),
        (over("door", whole_study=False), False),
        (Scope(shelves=SHELVES, whole_study=True, accesses=False), False),
        (None, False),
    ],
)
def test_a_question_tells_who_came_in_where_it_goes_over_people_or_the_door_of_the_whole_study(
    scope: Scope | None, *, whether: bool
) -> None:
    assert OLD.model_copy(update={"over": scope}).accesses is whether


def test_a_question_of_before_looks_for_the_kinds_of_participants_entries_alone() -> None:
    assert OLD.kinds == tuple(kind for kind in KINDS_ON["participants"] if "refused" in kind)
    assert Question(sites=("BER",)).kinds == KINDS_ON["participants"]
    assert set(OLD.model_copy(update={"over": over(*SHELVES)}).kinds) - set(OLD.kinds) == {
        AccessRefused.model_fields["kind"].default,
        TurnedAway.model_fields["kind"].default,
    }


@pytest.mark.parametrize("shelf", SHELVES)
def test_a_question_looks_for_the_kinds_of_its_shelves(shelf: Shelf) -> None:
    assert Question(sites=("BER",), over=over(shelf)).kinds == KINDS_ON[shelf]


def test_every_kind_that_can_be_stored_stands_on_one_shelf() -> None:
    kinds = [kind for kinds in KINDS_ON.values() for kind in kinds]
    assert sorted(kinds) == sorted(event.model_fields["kind"].default for event in ALL_EVENTS)
    assert e.Registered.model_fields["kind"].default in KINDS_ON["participants"]
