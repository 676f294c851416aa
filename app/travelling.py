"""What the command line asks of the journeys on the Temporal server that the settings name."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic

from app.wiring import Daybook
from store.errors import DamagedEntry
from workflows import relay
from workflows.journeys import Journeys, NoTemporal, Travelling, connect

ASKED_AT_ONCE = 32
"""How many journeys are asked at once."""
ASKS_AGAIN_AFTER_SECONDS = 0.2
"""How long the journeys that are behind are given before they are asked again."""


async def journeys_of(daybook: Daybook) -> Journeys:
    """The journeys of the study. Raises NoTemporal."""
    settings = daybook.settings
    return Journeys(await connect(settings.temporal_address, settings.temporal_namespace), settings.study)


async def listed(daybook: Daybook) -> list[Travelling]:
    """Every journey that the server knows of. Raises NoTemporal."""
    return await (await journeys_of(daybook)).list()


async def rebuilt(daybook: Daybook) -> list[str]:
    """Nudge everybody, and say who they are. Raises NoTemporal."""
    return await relay.rebuild(daybook.participants, await journeys_of(daybook))


async def behind(daybook: Daybook, everybody: Sequence[str], within_seconds: float) -> tuple[str, ...] | NoTemporal:
    """Whose journey has not read the last entry and does not catch up within that time either; or why nobody answers."""
    try:
        journeys = await journeys_of(daybook)
        deadline = monotonic() + within_seconds
        lengths = {participant: _length(daybook, participant) for participant in everybody}  # of this moment
        late = await _behind(journeys, lengths)
        while late and monotonic() < deadline:
            await asyncio.sleep(ASKS_AGAIN_AFTER_SECONDS)
            late = await _behind(journeys, {participant: lengths[participant] for participant in late})
    except NoTemporal as trouble:
        return trouble
    return late


async def _behind(journeys: Journeys, lengths: Mapping[str, int]) -> tuple[str, ...]:
    """Whose journey has not read the last entry. A journey that has ended is asked too; one that never began is behind."""
    limit = asyncio.Semaphore(ASKED_AT_ONCE)

    async def behind(participant: str) -> bool:
        async with limit:
            return (await journeys.version(participant) or 0) < lengths[participant]

    answers = await asyncio.gather(*map(behind, lengths))
    return tuple(participant for participant, late in zip(lengths, answers, strict=True) if late)


def _length(daybook: Daybook, participant: str) -> int:
    """How far a journey must have read; a damaged record is not for a journey to read, and is named as damaged."""
    try:
        return daybook.participants.read(participant).news
    except DamagedEntry:
        return 0
