"""One participant's journey: do what is due, sleep until something falls due or is recorded, look again."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

from workflows.activities import Activities, Next

A_PASS = timedelta(seconds=60)
"""How long a pass may take before another worker begins it anew; what it had done by then stays done."""
UNTIL_IT_SUCCEEDS = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=60), maximum_attempts=0
)
"""After 1, 2, 4 … 60 seconds, for ever; Temporal counts the attempts and shows them."""

NEWS, A_DATE = Priority(priority_key=2), Priority(priority_key=3)
"""Somebody who plans a step waits for its leave; a thousand dates that come at the same midnight can wait for that."""


@workflow.defn
class Journey:
    """Holds no clinical state and never raises: the record is the ledger's, the dates are the agenda's."""

    def __init__(self) -> None:
        self.nudged = False
        self.seen = 0

    @workflow.run
    async def run(self, participant_id: str) -> None:
        """Ends only when nothing will ever fall due by itself and nobody has nudged meanwhile."""
        while True:
            priority = NEWS if self.nudged else A_DATE
            self.nudged = False
            step = await self.advance(participant_id, priority)
            if step.finished and not self.nudged:
                return
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(participant_id)
            await self.sleep(step.sleep)

    @workflow.signal
    def nudge(self) -> None:
        """Something was recorded: look again. It carries nothing, so it may be doubled."""
        self.nudged = True

    @workflow.query
    def version(self) -> int:
        """The version of the participant's stream that was read last."""
        return self.seen

    async def advance(self, participant_id: str, priority: Priority) -> Next:
        step = await workflow.execute_activity_method(
            Activities.advance, participant_id, start_to_close_timeout=A_PASS, retry_policy=UNTIL_IT_SUCCEEDS, priority=priority
        )
        self.seen = step.version
        return step

    async def sleep(self, duration: timedelta) -> None:
        try:
            await workflow.wait_condition(lambda: self.nudged, timeout=duration)
        except TimeoutError:
            return  # the duration has passed: something may be due
