import asyncio
import json
import re
from base64 import b64decode
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from domain.base import Value
from tests.workflows.fossilise import FOSSILS, payloads
from workflows.activities import Next
from workflows.digest import MorningDigest
from workflows.gathering import Batch, BatchCame, Gathered, Waiting, Whose
from workflows.journey import Journey
from workflows.notice import NoticeOfReminder
from workflows.sending import About, Came, Outlook, Telling
from workflows.worker import SANDBOX

TOLD: TypeAdapter[Value] = TypeAdapter(Next | About | Telling | Came | Outlook | Whose | Waiting | Batch | BatchCame | Gathered)
"""All that workflows are told and say."""
HISTORIES = sorted(FOSSILS.glob("*.json"))


def test_there_are_fossils_of_every_version() -> None:
    assert {tuple(path.name.split("-")[:2]) for path in HISTORIES} == {("journey", "v1"), ("notice", "v1"), ("digest", "v1")}


@pytest.mark.slow
@pytest.mark.parametrize("fossil", HISTORIES, ids=lambda path: path.stem)
def test_a_history_of_the_past_replays_today(fossil: Path) -> None:
    history = WorkflowHistory.from_json(f"{fossil.name.split('-')[0]}-cd19-cart-sle-BER-001", fossil.read_text())
    replayer = Replayer(
        workflows=[Journey, NoticeOfReminder, MorningDigest], workflow_runner=SANDBOX, data_converter=pydantic_data_converter
    )
    asyncio.run(replayer.replay_workflow(history))


@pytest.mark.parametrize("fossil", HISTORIES, ids=lambda path: path.stem)
def test_a_history_holds_ids_durations_and_versions_only(fossil: Path) -> None:
    found = [b64decode(payload["data"]) for payload in payloads(json.loads(fossil.read_text()))]
    assert found
    for value in found:
        if value.startswith(b"{"):
            assert TOLD.validate_json(value).model_dump_json(exclude_unset=True).encode() == value, (
                "nothing but what a workflow needs to know"
            )
            assert not re.search(rb"mail\.|@|visit|infusion|product", value), "neither an address nor what it is about"
        else:
            assert value == b"null" or re.fullmatch(rb'"[A-Z]{3}-\d{3}"', value)
