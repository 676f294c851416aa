"""Webhooks, signed as Standard Webhooks says, so that a pager can tell that a message is ours and is not an old one."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import httpx

from domain.letters import Letter
from workflows.sending import NotNow, RefusedForGood

GONE = 410
"""By the standard, the receiver wants nothing more at this address, ever."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends to whatever address a person has named. `clock` is the world's: receivers refuse what was signed long ago."""

    secret: bytes
    clock: Callable[[], datetime]
    answers_within_seconds: float = 15

    async def send(self, letter: Letter) -> None:
        """Hand a message over. Raises RefusedForGood where nothing listens there any more, NotNow for whatever may pass.

        Redirections are not followed, and proxies of the environment not used: what is signed goes where it is addressed.
        """
        body = payload(letter)
        headers = signed(letter.id, self.clock(), body, self.secret) | {"content-type": "application/json"}
        try:
            async with (
                asyncio.timeout(self.answers_within_seconds),
                httpx.AsyncClient(timeout=None, trust_env=False, follow_redirects=False) as client,  # noqa: S113 - The whole has a limit.
            ):
                answer = await client.post(letter.address, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as trouble:
            raise NotNow(type(trouble).__name__) from None
        if answer.status_code == GONE:
            raise RefusedForGood(f"HTTP {answer.status_code}")
        if not answer.is_success:
            raise NotNow(f"HTTP {answer.status_code}")


def payload(letter: Letter) -> bytes:
    """What the receiver reads."""
    told = {
        "study": letter.study,
        "urgency": letter.urgency,
        "reminders": [{"participant": participant, "reminder": tag} for participant, tag in letter.reminders],
        "heading": letter.heading,
        "text": "\n".join(letter.lines),
    }
    return json.dumps({"type": "reminder.due", "timestamp": letter.at.isoformat(), "data": told}).encode()


def signed(id: str, at: datetime, body: bytes, secret: bytes) -> dict[str, str]:
    """The three headers by which a receiver knows the sender, and knows a repetition."""
    seconds = str(int(at.timestamp()))
    mark = hmac.new(secret, f"{id}.{seconds}.".encode() + body, sha256).digest()
    return {"webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": f"v1,{b64encode(mark).decode()}"}
