"""What a page hears of changes while it is open, and what it had missed before it listened."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.web.pulse import CHANGED, STILL_HERE, Pulse, Told, minute_of
from tests.app.web.at_the_door import Desk, at_a_new_desk
from tests.builders import Clock

A_FEW_LOOKS = 0.3


def shown_at(desk: Desk) -> Told:
    desk.catches_up()
    return Told(desk.office.daybook.views.position(), minute_of(desk.trial.clock()))


def pulse_of(desk: Desk) -> Pulse:
    return Pulse(desk.office.daybook.views, desk.trial.clock)


async def hears(desk: Desk, since: Told, happens: Callable[[], object]) -> bytes:
    """The next word to a page that was up to date until something happened."""
    changes = pulse_of(desk).changes(since, lambda: True)
    assert await anext(changes) == STILL_HERE
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.wait({waiting}, timeout=A_FEW_LOOKS)
    assert not waiting.done(), "nothing has changed"
    await asyncio.to_thread(happens)
    return await asyncio.wait_for(waiting, 10)


def test_a_page_hears_at_once_what_came_between_it_and_its_listening(tmp_path: Path) -> None:
    async def words(pulse: Pulse, since: Told) -> list[bytes]:
        changes = pulse.changes(since, lambda: True)
        return [await asyncio.wait_for(anext(changes), 10) for _ in range(2)]

    with at_a_new_desk(tmp_path, Clock()) as desk:
        before = shown_at(desk)
        desk.trial.participant()
        assert before.before(shown_at(desk))
        assert asyncio.run(words(pulse_of(desk), before)) == [STILL_HERE, CHANGED]


def test_a_page_that_tells_of_everything_hears_only_of_what_is_recorded_later(tmp_path: Path) -> None:
    with at_a_new_desk(tmp_path, Clock()) as desk:
        assert asyncio.run(hears(desk, shown_at(desk), desk.trial.participant)) == CHANGED


def test_a_page_hears_that_another_minute_has_come_though_nothing_is_recorded(tmp_path: Path) -> None:
    with at_a_new_desk(tmp_path, Clock()) as desk:
        assert asyncio.run(hears(desk, shown_at(desk), partial(desk.trial.clock.move, minutes=1))) == CHANGED


def test_a_page_that_broke_off_hears_that_it_is_later_by_now(tmp_path: Path) -> None:
    with at_a_new_desk(tmp_path, Clock()) as desk:
        before = shown_at(desk)
        desk.trial.clock.move(seconds=60)
        assert before.before(shown_at(desk))
        assert not before.before(Told(before.position, before.minute))


def test_whoever_is_let_no_more_hears_nothing_more(tmp_path: Path) -> None:
    async def words(desk: Desk, since: Told) -> list[bytes]:
        answers, heard, more = iter((True, False)), [], iter(("BER-001", "BER-002"))
        async for word in Pulse(desk.office.daybook.views, desk.trial.clock).changes(since, lambda: next(answers)):
            heard.append(word)
            await asyncio.to_thread(desk.trial.participant, next(more))
            await asyncio.to_thread(desk.catches_up)
        return heard

    with at_a_new_desk(tmp_path, Clock()) as desk:
        heard = asyncio.run(asyncio.wait_for(words(desk, shown_at(desk)), 30))
    assert heard == [STILL_HERE, CHANGED]
