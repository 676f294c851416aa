"""The Temporal worker of a study, and the only place that knows of the workflow sandbox."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from domain.words import Channel
from store.participants import Participants
from workflows.activities import AT_ONCE, Activities
from workflows.digest import MorningDigest
from workflows.gathering import Gathering
from workflows.handing_over import queue_for, saying_so
from workflows.journey import Journey
from workflows.journeys import Journeys
from workflows.notice import NoticeOfReminder
from workflows.notices import Notices
from workflows.sending import Send, Sending

PASSED_THROUGH = (
    "domain",
    "workflows.activities",
    "workflows.sending",
    "workflows.gathering",
    "workflows.handing_over",
    "workflows.patience",
)
POLICY = SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH).with_import_notification_policy(POLICY)
)
"""The activities are passed through, with all that they import: loaded anew in every sandbox they would fill the memory."""
PASSES_AT_ONCE = 8
TOLD_AT_ONCE = 8
"""How many people are told at once by each channel. The notices have workers of their own: a thousand of them delay no clearance."""
LEFT_TO_FINISH = timedelta(seconds=10)


async def work(
    journeys: Journeys, participants: Participants, interceptors: Sequence[Interceptor] = (), herd_within: timedelta = AT_ONCE
) -> None:
    """Carry the journeys of a study until cancelled; passes under way are then given time to finish.

    Reminders that are not urgent and fall due together are given within `herd_within`, in which nothing else has to wait for them.
    """
    with ThreadPoolExecutor(PASSES_AT_ONCE, "advance") as threads:
        await Worker(
            journeys.client,
            task_queue=journeys.queue,
            workflows=[Journey],
            activities=[Activities(participants, herd_within).advance],
            activity_executor=threads,
            max_concurrent_activities=PASSES_AT_ONCE,
            workflow_runner=SANDBOX,
            interceptors=interceptors,
            disable_eager_activity_execution=True,  # An answer that gets lost on its way would take the pass with it, for a minute.
            graceful_shutdown_timeout=LEFT_TO_FINISH,
        ).run()


async def tell(journeys: Journeys, participants: Participants, send: Send, interceptors: Sequence[Interceptor] = ()) -> None:
    """Carry the notices of a study until cancelled; what is being handed over is then given time to be recorded.

    What is handed over has a queue for each channel. Notices from before that go on handing over where they began to.
    """
    hands = saying_so(send)
    sending, gathering = Sending(participants, hands), Gathering(participants, hands)
    handed_over: list[Callable[..., Any]] = [sending.tell, gathering.tell]
    queue = Notices(participants, journeys).queue
    worker = partial(
        Worker,
        journeys.client,
        max_concurrent_activities=TOLD_AT_ONCE,
        interceptors=interceptors,
        disable_eager_activity_execution=True,  # As above.
        graceful_shutdown_timeout=LEFT_TO_FINISH,
    )
    notices = worker(
        task_queue=queue,
        workflows=[NoticeOfReminder, MorningDigest],
        activities=[sending.look, sending.record, gathering.gather, gathering.record, *handed_over],
        max_concurrent_workflow_tasks=TOLD_AT_ONCE,
        workflow_runner=UnsandboxedWorkflowRunner(),  # A sandbox for each message costs more than the message.
    )
    by_channel = [worker(task_queue=queue_for(queue, one), activities=handed_over) for one in get_args(Channel)]
    await together([one.run() for one in (notices, *by_channel)])


async def together(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run parts beside one another; the first that fails stops the others, and its error is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except ExceptionGroup as group_of:
        raise group_of.exceptions[0] from None
