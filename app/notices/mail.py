"""Mail by SMTP: plain text with simple HTML beside it, under a Message-ID that every attempt repeats."""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Literal

import aiosmtplib

from domain.letters import Letter
from workflows.sending import NotNow, RefusedForGood

AGREES_WITHIN_SECONDS = 60
"""Until the server asks for the message: what is given up by then was never handed over."""
TAKES_WITHIN_SECONDS = 600
"""From the message to the answer that it was taken, as RFC 5321 asks (4.5.3.2.6). A server may read it for minutes before it answers,
and whoever gives up sooner sends it once more each time.
"""
GOODBYE_WITHIN_SECONDS = 5
SEVEN_BITS = policy.SMTP.clone(cte_type="7bit")
"""How a message is written so that every server can take it."""
ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
"""The number by which a server says what it means, after or within its answer (RFC 3463)."""
FOR_GOOD = 500
NO_SUCH_MAILBOX = {"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1"}
"""There is no such mailbox, or it takes nothing any more. Whatever else a server says for good is about us, the text or what passes, such
as that it relays nothing for us (5.7.1), does not know our sender (5.1.8), or that the mailbox is full (5.2.2): somebody mends that.
"""
UNKNOWN = {550, 551, 553, 556}
"""What a server answers to a mailbox that it does not know, if it gives no such number (RFC 5321, RFC 7504)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, and how we speak to it."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    desk: str
    """Where people find the desk in their browsers: each message leads there."""
    user: str | None = None
    password: str | None = None
    agrees_within_seconds: float = AGREES_WITHIN_SECONDS
    takes_within_seconds: float = TAKES_WITHIN_SECONDS

    async def send(self, letter: Letter) -> None:
        """Hand a message over. Raises RefusedForGood where the mailbox will never take it, NotNow for whatever may pass or be mended."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=None if self.security == "none" else ssl.create_default_context(),
        )
        try:
            await self._hand_over(client, letter)
        except aiosmtplib.SMTPResponseException as answered:
            await _goodbye(client)
            raise _meaning(answered) from None
        except (aiosmtplib.SMTPException, OSError) as trouble:
            raise NotNow(type(trouble).__name__) from None
        finally:
            client.close()

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: Letter) -> None:
        content = composed(letter, self.sender, self.desk).as_bytes(policy=SEVEN_BITS)
        async with asyncio.timeout(self.agrees_within_seconds):
            await client.connect()
            await client.mail(self.sender)
            await client.rcpt(letter.address)
        await client.data(content, timeout=self.takes_within_seconds)
        await _goodbye(client)


async def _goodbye(client: aiosmtplib.SMTP) -> None:
    """What was taken is taken, and what was refused refused, whether or not the server answers this."""
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=GOODBYE_WITHIN_SECONDS)


def _meaning(answered: aiosmtplib.SMTPResponseException) -> NotNow | RefusedForGood:
    """By the server's numbers alone: its words may repeat the address. Before a recipient was named they say nothing of the person."""
    enhanced = ENHANCED.search(answered.message)
    said = f"SMTP {answered.code} {enhanced[0]}" if enhanced else f"SMTP {answered.code}"
    match answered:
        case aiosmtplib.SMTPRecipientRefused() | aiosmtplib.SMTPDataError() if enhanced:
            for_good = answered.code >= FOR_GOOD and enhanced[0] in NO_SUCH_MAILBOX
        case aiosmtplib.SMTPRecipientRefused():
            for_good = answered.code in UNKNOWN and "relay" not in answered.message.lower()
        case _:
            for_good = False
    return RefusedForGood(said) if for_good else NotNow(said)


def composed(letter: Letter, sender: str, desk: str) -> EmailMessage:
    """The message as it is sent. Nobody answers it, and out-of-office notes are not asked for."""
    message = EmailMessage()
    domain = Address(addr_spec=sender).domain
    message["From"] = Address("Daybook", addr_spec=sender)
    message["To"] = Address(addr_spec=letter.address)
    message["Subject"] = letter.heading
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.urgency == "urgent":
        message["Importance"] = "high"
    link = f"{desk}{_page(letter)}"
    message.set_content("\n\n".join((*letter.lines, link)) + "\n")
    html = "".join(f"<p>{escape(line)}</p>\n" for line in letter.lines)
    message.add_alternative(f'{html}<p><a href="{escape(link)}">{escape(link)}</a></p>\n', subtype="html")
    if letter.enclosed is not None:
        name, text = letter.enclosed
        message.add_attachment(text.encode(), maintype="text", subtype="plain", filename=name, params={"charset": "utf-8"})
    return message


def _page(letter: Letter) -> str:
    """The page that shows what is told; opening it says nothing, since mail scanners open links before people do."""
    match letter.reminders:
        case ((participant, tag),):
            return f"/reminders/{participant}/{tag}"
        case _:
            return "/reminders"
