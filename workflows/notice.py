"""One reminder that fell due for one participant: see whom to tell, tell them, look again."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.handing_over import AN_ATTEMPT, FIRST, IN_TURN, STILL_AT_IT, queue_for
from workflows.patience import FOR_DAYS, UNTIL_IT_SUCCEEDS, WITH_PATIENCE
from workflows.sending import About, Came, Outlook, Sending, Telling

A_LOOK = timedelta(seconds=60)


@workflow.defn(name="Notice")
class NoticeOfReminder:
    """Holds no clinical state and never raises: the ledger says whom to tell, and keeps who was told."""

    def __init__(self) -> None:
        self.nudged = 0
        self.told = False
        self.under_way: dict[tuple[str, int], asyncio.Task[None]] = {}

    @workflow.run
    async def run(self, about: About, outlook: Outlook | None = None) -> None:
        """Ends when nobody is left to be told: told, given up, acknowledged, withdrawn or pointless; and nothing is being handed over.

        Whoever began it by a nudge has looked already; another nudge since then says that it may be otherwise by now.
        """
        outlook = outlook if self.nudged == 1 else None
        while True:
            self.nudged, self.told = 0, False
            outlook = outlook or await self.look(about)
            if not (self.nudged or self.told or self.under_way):
                if outlook.finished:
                    return
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(about)
            for telling in outlook.tell:
                self.begin(telling)
            await self.sleep(outlook)
            if outlook.last and not (self.nudged or self.under_way):
                return
            outlook = None

    @workflow.signal
    def nudge(self) -> None:
        """It may have changed whom to tell: look again. It carries nothing, so it may be doubled."""
        self.nudged += 1

    async def look(self, about: About) -> Outlook:
        return await workflow.execute_activity_method(
            Sending.look, about, start_to_close_timeout=A_LOOK, retry_policy=UNTIL_IT_SUCCEEDS, priority=FIRST
        )

    def begin(self, telling: Telling) -> None:
        """Nobody waits for another: a mail server that is down does not keep the pager from being called."""
        whom = (telling.person, telling.call)
        if whom not in self.under_way:
            self.under_way[whom] = asyncio.create_task(self.tell(telling))

    async def tell(self, telling: Telling) -> None:
        try:
            came = await workflow.execute_activity_method(
                Sending.tell,
                telling,
                task_queue=queue_for(workflow.info().task_queue, telling.channel),
                priority=FIRST if telling.urgent else IN_TURN,
                start_to_close_timeout=AN_ATTEMPT,
                heartbeat_timeout=STILL_AT_IT,
                schedule_to_close_timeout=FOR_DAYS,
                retry_policy=WITH_PATIENCE,
            )
        except ActivityError:
            came = Came(telling=telling, to="unreachable")
        if came is None:
            self.nudged += 1  # nobody was told: somebody else may have to be, or by another way
        elif not came.recorded:
            await workflow.execute_activity_method(
                Sending.record, came, start_to_close_timeout=A_LOOK, retry_policy=UNTIL_IT_SUCCEEDS, priority=FIRST
            )
        self.under_way.pop((telling.person, telling.call))
        self.told = True

    async def sleep(self, outlook: Outlook) -> None:
        """Until somebody may have to be told anew; if nobody will be after these, until all of them are."""
        try:
            await workflow.wait_condition(
                lambda: self.nudged > 0 or (not self.under_way if outlook.last else self.told), timeout=outlook.wait
            )
        except TimeoutError:
            return  # the duration has passed: somebody may have to be told
