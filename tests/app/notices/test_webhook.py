import asyncio
import hmac
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest

from app.notices.webhook import Webhook, signed
from domain.letters import Letter
from tests.app.notices.given import Receiver, raised, to
from tests.builders import START

KEY = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def sent(receiver: Receiver, *, within: float = 15) -> str:
    async def send() -> None:
        async with receiver.open():
            await Webhook(KEY, lambda: START, within).send(to(receiver.url))

    return raised(lambda: asyncio.run(send()))


def sent_to(letter: Letter) -> str:
    return raised(lambda: asyncio.run(Webhook(KEY, lambda: START).send(letter)))


def test_the_signature_is_the_one_of_the_standards_own_example() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', KEY)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_a_receiver_can_tell_that_a_message_is_ours() -> None:
    receiver = Receiver()
    assert sent(receiver) == ""
    [(headers, body)] = receiver.received
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == f"v1,{b64encode(hmac.digest(KEY, content, 'sha256')).decode()}"
    assert headers["webhook-id"] == "0123456789abcdef0123456789abcdef"
    assert json.loads(body)["data"]["reminders"] == [{"participant": "BER-001", "reminder": "0123456789ab"}]


@pytest.mark.parametrize(
    ("status", "came"),
    [
        (200, ""),
        (204, ""),
        (302, "NotNow: HTTP 302"),
        (404, "NotNow: HTTP 404"),
        (410, "RefusedForGood: HTTP 410"),
        (429, "NotNow: HTTP 429"),
        (500, "NotNow: HTTP 500"),
        (503, "NotNow: HTTP 503"),
    ],
)
def test_only_a_receiver_that_is_gone_refuses_for_good(status: int, came: str) -> None:
    receiver = Receiver([status])
    assert sent(receiver) == came
    assert len(receiver.received) == 1, "what is signed goes nowhere else"


def test_a_receiver_that_does_not_answer_is_given_up_in_time() -> None:
    assert sent(Receiver([None]), within=0.2) == "NotNow: TimeoutError"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://["])
def test_an_address_at_which_nobody_is_is_tried_again(address: str) -> None:
    assert sent_to(to(address)).startswith("NotNow: ")
