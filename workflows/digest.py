"""A person's messages of the morning for one site: gather what falls due once a morning, tell all of it in one message, look again."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.gathering import Batch, BatchCame, Gathered, Gathering, Waiting, Whose
from workflows.handing_over import AN_ATTEMPT, queue_for
from workflows.patience import FOR_DAYS, UNTIL_IT_SUCCEEDS, WITH_PATIENCE

A_MOMENT = timedelta(seconds=10)
"""How long to wait for whoever comes together: the relay names many participants one after the other."""
BETWEEN_MESSAGES = "continued-between-messages"
"""Histories from before were continued only once nothing was left to be told just then."""
A_LOOK = timedelta(minutes=2)
STILL_AT_IT = timedelta(minutes=3)
"""As for a notice, with the records of hundreds to be read and added to."""


@workflow.defn(name="Digest")
class MorningDigest:
    """Holds only of whom there may be something to tell, and never raises; what that is, and who was told, is the ledger's to say."""

    def __init__(self) -> None:
        self.named = False
        self.waiting: dict[str, None] = {}

    @workflow.run
    async def run(self, whose: Whose, waiting: tuple[str, ...] = ()) -> None:
        """Ends when nothing is left to be told. One message is on its way at a time, so that nothing stands in two of them."""
        self.waiting |= dict.fromkeys(waiting)
        while True:
            await workflow.sleep(A_MOMENT)
            gathered = await self.gather(whose)
            if gathered.batch is not None:
                await self.tell(gathered.batch)
            elif not (self.waiting or self.named):
                return
            if workflow.info().is_continue_as_new_suggested() and (gathered.batch is None or workflow.patched(BETWEEN_MESSAGES)):
                workflow.continue_as_new(args=[whose, tuple(self.waiting)])
            if gathered.batch is None:
                await self.sleep(gathered.wait)

    @workflow.signal
    def expect(self, participant_id: str) -> None:
        """Something of this participant may have to be told. It may be doubled: nothing is told that is on record as told."""
        self.named = True
        self.waiting[participant_id] = None

    async def gather(self, whose: Whose) -> Gathered:
        """Forget of whom nothing is left, but nobody who was named meanwhile."""
        asked, self.waiting, self.named = self.waiting, {}, False
        gathered = await workflow.execute_activity_method(
            Gathering.gather,
            Waiting(whose=whose, participants=tuple(asked)),
            start_to_close_timeout=A_LOOK,
            retry_policy=UNTIL_IT_SUCCEEDS,
        )
        self.waiting = dict.fromkeys(gathered.left) | self.waiting
        return gathered

    async def tell(self, batch: Batch) -> None:
        try:
            came = await workflow.execute_activity_method(
                Gathering.tell,
                batch,
                task_queue=queue_for(workflow.info().task_queue, batch.channel),
                start_to_close_timeout=AN_ATTEMPT,
                heartbeat_timeout=STILL_AT_IT,
                schedule_to_close_timeout=FOR_DAYS,
                retry_policy=WITH_PATIENCE,
            )
        except ActivityError:
            came = BatchCame(batch=batch, of=batch.told, to="unreachable")
        if came is not None:
            await workflow.execute_activity_method(Gathering.record, came, start_to_close_timeout=A_LOOK, retry_policy=UNTIL_IT_SUCCEEDS)

    async def sleep(self, duration: timedelta | None) -> None:
        try:
            await workflow.wait_condition(lambda: self.named, timeout=duration)
        except TimeoutError:
            return  # the duration has passed: it may be morning
