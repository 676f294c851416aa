"""What a page hears of changes while it is open, and what it had missed before it listened."""

import asyncio
from pathlib import Path

from app.web.pulse import CHANGED, STILL_HERE, Pulse
from tests.app.web.at_a_screen import Screen, screen

A_FEW_LOOKS = 0.3


def shown_at(desk: Screen) -> int:
    desk.catches_up()
    return desk.daybook.views.position()


def test_a_page_hears_at_once_what_came_between_it_and_its_listening(tmp_path: Path) -> None:
    async def words(pulse: Pulse, since: int) -> list[bytes]:
        changes = pulse.changes(since)
        return [await asyncio.wait_for(anext(changes), 10) for _ in range(2)]

    with screen(tmp_path) as desk:
        before = shown_at(desk)
        desk.trial.participant()
        assert before < shown_at(desk)
        assert asyncio.run(words(Pulse(desk.daybook.views), before)) == [STILL_HERE, CHANGED]


def test_a_page_that_tells_of_everything_hears_only_of_what_is_recorded_later(tmp_path: Path) -> None:
    async def listens(desk: Screen, since: int) -> bytes:
        changes = Pulse(desk.daybook.views).changes(since)
        assert await anext(changes) == STILL_HERE
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.wait({waiting}, timeout=A_FEW_LOOKS)
        assert not waiting.done(), "nothing has changed"
        await asyncio.to_thread(desk.trial.participant)
        return await asyncio.wait_for(waiting, 10)

    with screen(tmp_path) as desk:
        assert asyncio.run(listens(desk, shown_at(desk))) == CHANGED
