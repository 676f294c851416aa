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
        changes = pulse.changes(since, lambda: True)
        return [await asyncio.wait_for(anext(changes), 10) for _ in range(2)]

    with screen(tmp_path) as desk:
        before = shown_at(desk)
        desk.trial.participant()
        assert before < shown_at(desk)
        assert asyncio.run(words(Pulse(desk.daybook.views), before)) == [STILL_HERE, CHANGED]


def test_a_page_that_tells_of_everything_hears_only_of_what_is_recorded_later(tmp_path: Path) -> None:
    async def listens(desk: Screen, since: int) -> bytes:
        changes = Pulse(desk.daybook.views).changes(since, lambda: True)
        assert await anext(changes) == STILL_HERE
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.wait({waiting}, timeout=A_FEW_LOOKS)
        assert not waiting.done(), "nothing has changed"
        await asyncio.to_thread(desk.trial.participant)
        return await asyncio.wait_for(waiting, 10)

    with screen(tmp_path) as desk:
        assert asyncio.run(listens(desk, shown_at(desk))) == CHANGED


def test_whoever_is_let_no_more_hears_nothing_more(tmp_path: Path) -> None:
    async def words(desk: Screen, since: int) -> list[bytes]:
        answers, heard, more = iter((True, False)), [], iter(("BER-001", "BER-002"))
        async for word in Pulse(desk.daybook.views).changes(since, lambda: next(answers)):
            heard.append(word)
            await asyncio.to_thread(desk.trial.participant, next(more))
            await asyncio.to_thread(desk.catches_up)
        return heard

    with screen(tmp_path) as desk:
        heard = asyncio.run(asyncio.wait_for(words(desk, shown_at(desk)), 30))
    assert heard == [STILL_HERE, CHANGED]
