import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from app.notices.mail import MailServer, composed
from tests.app.notices.given import LETTER, raised

SENDER = "daybook@study.example"
DESK = "https://daybook.study.example"


def server(port: int, **changes: Any) -> MailServer:
    return replace(MailServer(host="127.0.0.1", port=port, security="none", sender=SENDER, desk=DESK), **changes)


class Answering:
    """A mail server that answers a recipient and a message as it is told."""

    def __init__(self, *, recipient: str = "250 OK", message: str = "250 OK") -> None:
        self._recipient, self._message = recipient, message

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        envelope.rcpt_tos.append(address)
        return self._recipient

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        return self._message


@asynccontextmanager
async def listening(handler: Any) -> Any:
    async with await asyncio.get_running_loop().create_server(lambda: SMTP(handler, hostname="localhost"), "127.0.0.1", 0) as found:
        yield found.sockets[0].getsockname()[1]


def sent(handler: Any, **changes: Any) -> str:
    async def send() -> None:
        async with listening(handler) as port:
            await server(port, **changes).send(LETTER)

    return raised(lambda: asyncio.run(send()))


def test_a_message_is_text_and_simple_html_under_an_id_that_every_attempt_repeats() -> None:
    message = composed(LETTER, SENDER, DESK)
    assert bytes(composed(LETTER, SENDER, DESK)).splitlines()[:7] == bytes(message).splitlines()[:7]
    read = BytesParser(policy=policy.default).parsebytes(bytes(message))
    assert read["Message-ID"] == "<0123456789abcdef0123456789abcdef@study.example>"
    assert read["To"] == "m.weber@ber.example"
    assert (read["Auto-Submitted"], read["Importance"]) == ("auto-generated", "high")
    text, html = (part.get_content() for part in read.iter_parts())
    assert "The window of the visit <day-1> closes." in text
    assert "<p>The window of the visit &lt;day-1&gt; closes.</p>" in html


def test_a_message_leads_to_the_page_of_its_reminder_or_of_several_to_all_of_them() -> None:
    page = f"{DESK}/reminders/BER-001/0123456789ab"
    text, html = (str(part.get_content()) for part in composed(LETTER, SENDER, DESK).iter_parts())
    assert text.rstrip().endswith(f"\n\n{page}")
    assert f'<a href="{page}">{page}</a>' in html
    several = composed(replace(LETTER, reminders=(*LETTER.reminders, ("BER-002", "ba9876543210"))), SENDER, DESK)
    assert all(str(part.get_content()).count("/reminders") == count for part, count in zip(several.iter_parts(), (1, 2), strict=True))
    assert "BER-002" not in str(several)


def test_what_is_not_urgent_is_not_marked_as_important() -> None:
    assert composed(replace(LETTER, urgency="timely"), SENDER, DESK)["Importance"] is None


@pytest.mark.parametrize(
    ("handler", "came"),
    [
        (Answering(), ""),
        (Answering(recipient="550 no such mailbox m.weber@ber.example"), "RefusedForGood: SMTP 550"),
        (Answering(recipient="450 mailbox busy"), "NotNow: SMTP 450"),
        (Answering(recipient="530 sign in first"), "NotNow: SMTP 530"),
        (Answering(message="554 not wanted"), "RefusedForGood: SMTP 554"),
        (Answering(message="451 later"), "NotNow: SMTP 451"),
    ],
)
def test_only_what_a_server_never_takes_is_refused_for_good(handler: Answering, came: str) -> None:
    assert sent(handler) == came


@pytest.mark.parametrize("changes", [{"security": "starttls"}, {"security": "tls"}, {"user": "daybook", "password": "no"}])
def test_a_server_that_is_not_as_safe_as_asked_for_gets_nothing(changes: dict[str, Any]) -> None:
    assert sent(Answering(), **changes).startswith("NotNow: ")


def test_a_server_that_is_down_is_tried_again() -> None:
    assert raised(lambda: asyncio.run(server(9).send(LETTER))).startswith("NotNow: ")
