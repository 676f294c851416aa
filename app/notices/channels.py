"""By which way a message goes to whom: mail or webhook, as the settings allow."""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from app.notices.mail import MailServer
from app.notices.webhook import Webhook
from app.secret_files import secret_in
from app.settings import Settings
from app.wiring import world_clock
from domain.letters import Letter
from store.errors import Fault
from workflows.sending import NotNow

CAUGHT_FROM = "daybook@localhost.example"
"""Whom messages come from that only the mail catcher sees."""


@dataclass(frozen=True, slots=True)
class Channels:
    """What a machine can send by; None where the settings name nothing for it."""

    mail: MailServer | None
    webhook: Webhook | None

    async def send(self, letter: Letter) -> None:
        """Hand a message over by its channel. Raises RefusedForGood, or NotNow: what no setting names yet may be named tomorrow."""
        way = self.mail if letter.channel == "mail" else self.webhook
        if way is None:
            raise NotNow(f"no {letter.channel} is set up here")
        await way.send(letter)


def channels(settings: Settings, *, catcher: int | None = None) -> Channels:
    """The channels of a machine; `catcher` is the port of a mail catcher, where mail goes if no server is named. Raises Fault."""
    server = None
    if settings.smtp_host is not None:
        server = MailServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            sender=settings.mail_from,
            desk=settings.public_address,
            user=settings.smtp_user,
            password=_secret(settings.smtp_password_file),
        )
    elif catcher is not None:
        server = MailServer(host="127.0.0.1", port=catcher, security="none", sender=CAUGHT_FROM, desk=settings.public_address)
    secret = _secret(settings.webhook_secret_file)
    return Channels(server, Webhook(_key(secret), world_clock) if secret is not None else None)


def _secret(path: Path | None) -> str | None:
    return None if path is None else secret_in(path)


def _key(secret: str) -> bytes:
    """The key in a secret as Standard Webhooks writes it: `whsec_` and base64. Raises Fault."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise Fault("The file of the webhook secret holds none: it is whsec_ and a key in base64.")
    return key
