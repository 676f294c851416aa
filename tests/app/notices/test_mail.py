import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from app.notices.mail import SEVEN_BITS, MailServer, composed
from tests.app.notices.given import LETTER, raised
from tests.workflows.waiting import until

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
        (Answering(recipient="551 user not local"), "RefusedForGood: SMTP 551"),
        (Answering(recipient="550 5.1.1 <m.weber@ber.example> user unknown"), "RefusedForGood: SMTP 550 5.1.1"),
        (Answering(recipient="550-5.1.1 unknown\r\n550 5.1.1 to us"), "RefusedForGood: SMTP 550 5.1.1"),
        (Answering(recipient="556 5.1.10 it takes no mail"), "RefusedForGood: SMTP 556 5.1.10"),
        (Answering(recipient="550 5.2.1 disabled"), "RefusedForGood: SMTP 550 5.2.1"),
        (Answering(message="550 5.1.1 unknown after all"), "RefusedForGood: SMTP 550 5.1.1"),
        (Answering(recipient="450 mailbox busy"), "NotNow: SMTP 450"),
        (Answering(recipient="450 5.1.1 unknown for now"), "NotNow: SMTP 450 5.1.1"),
        (Answering(recipient="530 sign in first"), "NotNow: SMTP 530"),
        (Answering(recipient="552 5.2.2 full"), "NotNow: SMTP 552 5.2.2"),
        (Answering(recipient="554 5.7.1 Relay access denied"), "NotNow: SMTP 554 5.7.1"),
        (Answering(recipient="553 sorry, that is no domain of ours (#5.7.1)"), "NotNow: SMTP 553 5.7.1"),
        (Answering(recipient="550 5.1.8 sender rejected"), "NotNow: SMTP 550 5.1.8"),
        (Answering(recipient="550 relay not permitted"), "NotNow: SMTP 550"),
        (Answering(recipient="554 not from 5.1.1.7"), "NotNow: SMTP 554"),
        (Answering(message="554 5.7.1 taken for spam"), "NotNow: SMTP 554 5.7.1"),
        (Answering(message="550 not wanted"), "NotNow: SMTP 550"),
        (Answering(message="451 later"), "NotNow: SMTP 451"),
    ],
)
def test_only_a_mailbox_that_will_never_take_it_refuses_for_good(handler: Answering, came: str) -> None:
    assert sent(handler) == came


@pytest.mark.parametrize("changes", [{"security": "starttls"}, {"security": "tls"}, {"user": "daybook", "password": "no"}])
def test_a_server_that_is_not_as_safe_as_asked_for_gets_nothing(changes: dict[str, Any]) -> None:
    assert sent(Answering(), **changes).startswith("NotNow: ")


def test_a_server_that_is_down_is_tried_again() -> None:
    assert raised(lambda: asyncio.run(server(9).send(LETTER))).startswith("NotNow: ")


class Slow(Answering):
    """Lets some time pass before it answers a recipient or a message; to a goodbye it never answers."""

    def __init__(self, *, recipient: float = 0, message: float = 0) -> None:
        super().__init__()
        self._before, self.taken = (recipient, message), 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        await passes(self._before[0])
        return await super().handle_RCPT(_server, _session, envelope, address, _options)

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        await passes(self._before[1])
        self.taken += 1
        return "250 OK"

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        await asyncio.Event().wait()
        return "221 never"


async def passes(seconds: float) -> None:
    """Wait until time has passed on the clock of the server."""
    clock = asyncio.get_running_loop().time
    until_then = clock() + seconds

    async def has_passed() -> bool:
        return clock() >= until_then

    await until(has_passed)


@pytest.mark.parametrize(
    ("handler", "came", "taken"),
    [
        (Slow(message=1), "", 1),
        (Slow(recipient=5), "NotNow: TimeoutError", 0),
        (Slow(message=5), "NotNow: SMTPReadTimeoutError", 0),
    ],
)
def test_a_server_may_take_its_time_over_a_message_and_neither_before_nor_for_ever(handler: Slow, came: str, taken: int) -> None:
    takes = 0.5 if came else 60
    assert sent(handler, agrees_within_seconds=0.5, takes_within_seconds=takes) == came
    assert handler.taken == taken


def test_a_message_is_written_so_that_every_server_can_take_it() -> None:
    found = composed(replace(LETTER, lines=("Über die Zeit hinaus –",), enclosed=("head.txt", "— Zürich\n")), SENDER, DESK)
    written = found.as_bytes(policy=SEVEN_BITS)
    assert max(written) < 128
    [enclosed] = BytesParser(policy=policy.default).parsebytes(written).iter_attachments()
    assert enclosed.get_content() == "— Zürich\n"
