"""Python looks at what is old only when it is told to, and then it finds what refers to itself."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from app.web.tidying import settle, tidied


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


def test_what_is_old_is_left_alone_however_much_is_made() -> None:
    settle()
    ring = old_ring()
    kept = [[number] for number in range(200_000)]
    assert len(kept) == 200_000
    assert ring() is not None


def test_it_is_tidied_away_all_the_same() -> None:
    settle()
    ring = old_ring()

    async def until_gone() -> None:
        gone, tidying = asyncio.Event(), asyncio.create_task(tidied(0))
        found = ring()
        assert found is not None
        heard = weakref.ref(found, lambda _: gone.set())
        del found
        await asyncio.wait_for(gone.wait(), 10)
        tidying.cancel()
        assert heard() is None

    asyncio.run(until_gone())


def test_what_is_young_is_still_looked_at_by_itself() -> None:
    settle()
    ring = weakref.ref(Ring())
    kept = [[number] for number in range(20_000)]
    assert len(kept) == 20_000
    assert ring() is None
