from decimal import Decimal
from typing import Annotated

from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from domain.base import Value
from domain.differences import Difference, differences


class Part(Value):
    id: str
    says: str
    bounds: Annotated[dict[str, Decimal], Field(default_factory=dict)]
    names: tuple[str, ...] = ()


class Whole(Value):
    title: str
    parts: tuple[Part, ...] = ()


def whole(*parts: Part, title: str = "one") -> Whole:
    return Whole(title=title, parts=parts)


A, B = Part(id="A", says="first", bounds={"least": Decimal(1)}), Part(id="B", says="second", bounds={}, names=("x", "y"))
PARTS = st.builds(
    Part,
    id=st.sampled_from("ABC"),
    says=st.text(max_size=3),
    bounds=st.dictionaries(st.sampled_from("pq"), st.decimals(0, 2, places=1)),
    names=st.lists(st.sampled_from("xy"), max_size=2).map(tuple),
)
WHOLES = st.builds(
    Whole, title=st.sampled_from(["one", "two"]), parts=st.lists(PARTS, max_size=3, unique_by=lambda part: part.id).map(tuple)
)


def test_a_value_that_differs_is_told_at_its_place() -> None:
    heavier = A.model_copy(update={"bounds": {"least": Decimal(2)}})
    assert differences(whole(A, B), whole(heavier, B)) == (Difference(place="parts.A.bounds.least", was=Decimal(1), becomes=Decimal(2)),)


def test_a_list_of_names_differs_as_a_whole() -> None:
    fewer = B.model_copy(update={"names": ("y",)})
    assert differences(whole(B), whole(fewer)) == (Difference(place="parts.B.names", was=("x", "y"), becomes=("y",)),)


def test_a_part_is_known_by_its_id_wherever_it_stands() -> None:
    assert differences(whole(A, B), whole(B, A)) == ()
    assert [(one.place, one.was) for one in differences(whole(A), whole(B, A))] == [("parts.B", None)]
    assert [(one.place, one.becomes) for one in differences(whole(A, B), whole(B))] == [("parts.A", None)]


def test_a_number_that_is_only_written_otherwise_is_the_same() -> None:
    written = A.model_copy(update={"bounds": {"least": Decimal("1.0")}})
    assert differences(whole(A), whole(written)) == ()


@given(WHOLES, WHOLES)
def test_what_was_and_what_becomes_change_places_with_the_versions(one: Whole, other: Whole) -> None:
    back = {(found.place, str(found.becomes), str(found.was)) for found in differences(other, one)}
    assert {(found.place, str(found.was), str(found.becomes)) for found in differences(one, other)} == back


@given(WHOLES)
def test_nothing_differs_from_itself(one: Whole) -> None:
    assert differences(one, one) == ()
