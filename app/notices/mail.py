"""Mail by SMTP: plain text with simple HTML beside it, under a Message-ID that every attempt repeats."""

import asyncio
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Literal

import aiosmtplib

from domain.letters import Letter
from workflows.sending import NotNow, RefusedForGood

ANSWERS_WITHIN_SECONDS = 30
"""From the first word to the last, well within an attempt: what was given up is not finished behind our back."""
PERMANENT = range(500, 600)
"""What a mail server answers when it will never take a message."""
MAY_PASS = {500, 501, 502, 503, 504, 530, 534, 535, 538, 552}
"""Answers that begin with a 5 and yet are not for good: how we speak, or how we sign in, is wrong, and somebody mends that; or the
mailbox is full.
"""


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

    async def send(self, letter: Letter) -> None:
        """Hand a message over. Raises RefusedForGood where the server will never take it, NotNow for whatever may pass."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                await aiosmtplib.send(
                    composed(letter, self.sender, self.desk),
                    hostname=self.host,
                    port=self.port,
                    username=self.user,
                    password=self.password,
                    use_tls=self.security == "tls",
                    start_tls=self.security == "starttls",
                    tls_context=None if self.security == "none" else ssl.create_default_context(),
                )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _worded([one.code for one in refused.recipients]) from None
        except aiosmtplib.SMTPDataError as refused:
            raise _worded([refused.code]) from None
        except aiosmtplib.SMTPResponseException as answered:  # Before a recipient was named it says nothing of the person.
            raise NotNow(f"SMTP {answered.code}") from None
        except (aiosmtplib.SMTPException, OSError) as trouble:
            raise NotNow(type(trouble).__name__) from None


def _worded(codes: list[int]) -> NotNow | RefusedForGood:
    """By the server's number alone: its words may repeat the address."""
    for_good = all(code in PERMANENT and code not in MAY_PASS for code in codes)
    said = f"SMTP {', '.join(map(str, codes))}"
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
