"""Python looks at what is old only when it is told to, and then it finds what refers to itself."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from app.tidying import tidily


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Ring:
    """Refers to itself, so that only a look through the memory lets go of it."""

    def __init__(self) -> None:
        self.itself = self


def old_ring() -> "weakref.ref[Ring]":
    ring = Ring()
    gc.collect(0)
    gc.collect(1)
    return weakref.ref(ring)


async def nothing() -> None:
    """A part that has nothing to do."""


def test_what_is_old_is_left_alone_however_much_is_made() -> None:
    asyncio.run(tidily(nothing()))
    ring = old_ring()
    kept = [[number] for number in range(200_000)]
    assert len(kept) == 200_000
    assert ring() is not None


def test_it_is_tidied_away_all_the_same_while_a_part_runs() -> None:
    async def until_gone() -> None:
        ring, gone = old_ring(), asyncio.Event()
        found = ring()
        assert found is not None
        heard = weakref.ref(found, lambda _: gone.set())
        del found
        await asyncio.wait_for(gone.wait(), 10)
        assert heard() is None

    asyncio.run(tidily(until_gone(), every_seconds=0))


def test_what_is_young_is_still_looked_at_by_itself() -> None:
    asyncio.run(tidily(nothing()))
    ring = weakref.ref(Ring())
    kept = [[number] for number in range(20_000)]
    assert len(kept) == 20_000
    assert ring() is None


def test_a_part_that_fails_is_heard_of() -> None:
    async def fails() -> None:
        raise RuntimeError("of the part")

    with pytest.raises(RuntimeError, match="of the part"):
        asyncio.run(tidily(fails()))
