"""The journeys of one study on a Temporal server: nudging them, asking them, listing them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from store.errors import Fault
from workflows.journey import Journey

ANSWERS_WITHIN = timedelta(seconds=10)
CONNECTS_WITHIN_SECONDS = 5
UNANSWERED = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
"""What server or client say of a question that was passed on to the workers of a queue, and that none of them took up."""


class NoTemporal(Fault):
    """The Temporal server is missing, busy, or lacks what was asked for. Facts are recorded all the same."""


@dataclass(frozen=True, slots=True)
class Travelling:
    """A participant's journey as the server lists it: `status` is Temporal's word, `since` the start of its current run."""

    participant_id: str
    status: str
    since: datetime


class Journeys:
    """Every journey of one study. Raises NoTemporal when the server does not do as asked."""

    def __init__(self, client: Client, study: str) -> None:
        self.client = client
        self.study = study
        self.queue = f"journeys-{study}"
        self._prefix = f"journey-{study}-"

    def id_of(self, participant_id: str) -> str:
        return self._prefix + participant_id

    async def nudge(self, participant_id: str) -> None:
        """Tell a participant's journey to look again; one that has ended, was lost or never began is started."""
        with in_plain_words(self.client):
            await self.client.start_workflow(
                Journey.run,
                participant_id,
                id=self.id_of(participant_id),
                task_queue=self.queue,
                start_signal="nudge",
                rpc_timeout=ANSWERS_WITHIN,
            )

    async def version(self, participant_id: str) -> int | None:
        """The version of the participant's stream that the journey has read last; None if there is no journey."""
        with in_plain_words(self.client):
            try:
                journey = self.client.get_workflow_handle_for(Journey.run, self.id_of(participant_id))
                return await journey.query(Journey.version, rpc_timeout=ANSWERS_WITHIN)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                if error.status in UNANSWERED:
                    raise NoTemporal(_IDLE.format(address=_address(self.client))) from error
                raise

    async def list(self) -> list[Travelling]:
        """Every journey that the server knows of, by participant; of one that was started several times its last run."""
        with in_plain_words(self.client):
            found = [one async for one in self.client.list_workflows(f"WorkflowType = 'Journey' AND TaskQueue = '{self.queue}'")]
        latest = {one.id: one for one in sorted(found, key=lambda one: one.start_time)}
        return [
            Travelling(id.removeprefix(self._prefix), one.status.name.lower() if one.status else "unknown", one.start_time)
            for id, one in sorted(latest.items())
        ]

    async def namespace_id(self) -> str:
        """Which database the server keeps its journeys in: another id means that all of them are gone."""
        with in_plain_words(self.client):
            question = DescribeNamespaceRequest(namespace=self.client.namespace)
            answer = await self.client.workflow_service.describe_namespace(question, timeout=ANSWERS_WITHIN)
            return answer.namespace_info.id


async def connect(address: str, namespace: str = "default") -> Client:
    """A client of the Temporal server at `host:port`; the one place where values are taught to travel. Raises NoTemporal."""
    try:
        async with asyncio.timeout(CONNECTS_WITHIN_SECONDS):
            client = await Client.connect(address, namespace=namespace, data_converter=pydantic_data_converter)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    except TimeoutError as error:
        raise NoTemporal(_SILENT.format(address=address)) from error
    except RPCError as error:
        raise _plainly(error, address, namespace) from error
    except RuntimeError as error:  # This is how the client says that nobody listens.
        raise NoTemporal(_ABSENT.format(address=address)) from error
    return client


_ABSENT = "No Temporal server answers at {address}. Start it with `daybook up`, or name yours in DAYBOOK_TEMPORAL."
_SILENT = (
    "Something listens at {address} and does not answer as a Temporal server would. "
    "Wait if it has only just begun; otherwise look at it, or name another in DAYBOOK_TEMPORAL."
)
_IDLE = "The Temporal server at {address} answers, but no worker does. Start one with `daybook worker`, or all parts with `daybook up`."
_BUSY = "The Temporal server at {address} is busy and did not answer in time. Facts are recorded all the same; try again in a moment."
_FOREIGN = (
    "The Temporal server at {address} has no namespace {namespace!r}. Create it there, or name another in DAYBOOK_TEMPORAL_NAMESPACE."
)
_UNWILLING = "The Temporal server at {address} refused ({status}). Tell the administrator; facts are recorded all the same."
_SENTENCES = {
    RPCStatusCode.UNAVAILABLE: _ABSENT,
    RPCStatusCode.NOT_FOUND: _FOREIGN,
    RPCStatusCode.DEADLINE_EXCEEDED: _BUSY,
    RPCStatusCode.RESOURCE_EXHAUSTED: _BUSY,
    RPCStatusCode.CANCELLED: _BUSY,
}


@contextmanager
def in_plain_words(client: Client) -> Iterator[None]:
    """What the server does not do as asked, said plainly. Raises NoTemporal."""
    try:
        yield
    except RPCError as error:
        raise _plainly(error, _address(client), client.namespace) from error


def _address(client: Client) -> str:
    return client.service_client.config.target_host


def _plainly(error: RPCError, address: str, namespace: str) -> NoTemporal:
    sentence = _SENTENCES.get(error.status, _UNWILLING)
    return NoTemporal(sentence.format(address=address, namespace=namespace, status=error.status.name.lower().replace("_", " ")))
