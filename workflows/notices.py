"""The notices of one study on a Temporal server: on a queue of their own, so that no mail server ever keeps a journey waiting."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import structlog
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.notices import tag, unfinished
from domain.protocol_file import ProtocolFaults
from domain.rejections import Refused
from store.errors import DamagedEntry
from store.participants import Participants
from workflows.digest import MorningDigest
from workflows.gathering import Whose
from workflows.journeys import ANSWERS_WITHIN, Journeys, in_plain_words
from workflows.notice import NoticeOfReminder
from workflows.outcomes import clock_of
from workflows.sending import About, Outlook, looked

log = structlog.get_logger()


class Notices:
    """Beside the journeys of a study, on the same server. Raises NoTemporal when the server does not do as asked."""

    def __init__(self, participants: Participants, journeys: Journeys) -> None:
        self.client = journeys.client
        self.queue = f"notices-{journeys.study}"
        self._participants = participants
        self._prefix = f"notice-{journeys.study}-"
        self._digests = f"digest-{journeys.study}-"

    def id_of(self, participant_id: str, key: str) -> str:
        """The id says nothing of what the reminder is about."""
        return f"{self._prefix}{participant_id}-{tag(key)}"

    def id_of_digest(self, whose: Whose) -> str:
        """One for each person and site, so that no two messages are ever written of the same."""
        return f"{self._digests}{whose.site}-{whose.person}"

    async def begin(self, participant_id: str) -> None:
        """Have everything told that somebody is still to be told of a participant; what is being told already looks again.

        Where record or study cannot be judged, nothing can be told; whoever mends that is found by the next daily nudge.
        """
        try:
            left = await asyncio.to_thread(self._left, participant_id)
        except (DamagedEntry, ProtocolFaults, Refused) as trouble:
            log.warning("notices-not-begun", participant=participant_id, error=type(trouble).__name__)
            return
        with in_plain_words(self.client):
            for about, outlook in left.notices.items():
                await self._notice(about, outlook)
            for whose in left.digests:
                await self._digest(whose, participant_id)

    async def _notice(self, about: About, outlook: Outlook) -> None:
        """One that has nobody to tell yet knows when it will: it is begun, and not disturbed where it was begun before."""
        begin = partial(
            self.client.start_workflow,
            NoticeOfReminder.run,
            id=f"{self._prefix}{about.participant}-{about.tag}",
            task_queue=self.queue,
            rpc_timeout=ANSWERS_WITHIN,
        )
        if outlook.tell:
            await begin(args=[about, outlook], start_signal="nudge")
        elif not outlook.finished:
            with suppress(WorkflowAlreadyStartedError):
                await begin(args=[about])

    async def _digest(self, whose: Whose, participant_id: str) -> None:
        await self.client.start_workflow(
            MorningDigest.run,
            whose,
            id=self.id_of_digest(whose),
            task_queue=self.queue,
            start_signal="expect",
            start_signal_args=[participant_id],
            rpc_timeout=ANSWERS_WITHIN,
        )

    def _left(self, participant_id: str) -> "Left":
        study = self._participants.study()
        if not study.record.contacts:
            return Left({}, [])
        record = self._participants.read(participant_id)
        left = unfinished(record, study, clock_of(self._participants, record))
        asked = [About(participant=participant_id, tag=tag(key)) for key in left.keys]
        return Left(
            {about: looked(self._participants, about, record) for about in asked},
            [Whose(site=record.participant.site, person=person) for person in left.persons],
        )


class Left(NamedTuple):
    """What is still to be told of a participant: notices, and what is to be done about each; and whose messages of a morning."""

    notices: Mapping[About, Outlook]
    digests: Sequence[Whose]
