"""The Temporal worker of a study, and the only place that knows of the workflow sandbox."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.worker import Interceptor, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from store.participants import Participants
from workflows.activities import Activities
from workflows.journey import Journey
from workflows.journeys import Journeys

SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows.activities").with_import_notification_policy(
        SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
)
"""The activities are passed through, with all that they import: loaded anew in every sandbox they would fill the memory."""
PASSES_AT_ONCE = 8
LEFT_TO_FINISH = timedelta(seconds=10)


async def work(journeys: Journeys, participants: Participants, interceptors: Sequence[Interceptor] = ()) -> None:
    """Carry the journeys of a study until cancelled; passes under way are then given time to finish."""
    with ThreadPoolExecutor(PASSES_AT_ONCE, "advance") as threads:
        await Worker(
            journeys.client,
            task_queue=journeys.queue,
            workflows=[Journey],
            activities=[Activities(participants).advance],
            activity_executor=threads,
            max_concurrent_activities=PASSES_AT_ONCE,
            workflow_runner=SANDBOX,
            interceptors=interceptors,
            graceful_shutdown_timeout=LEFT_TO_FINISH,
        ).run()
