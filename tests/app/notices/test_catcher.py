import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.notices.catcher import catching, caught
from app.notices.channels import CAUGHT_FROM, channels
from app.settings import Settings
from domain.letters import Letter
from store.errors import Fault
from tests.app.notices.given import LETTER, raised, to
from tests.builders import START


def settings(folder: Path, **given: object) -> Settings:
    return Settings.model_validate({"folder": folder, **given})


def catch(folder: Path, *letters: Letter) -> None:
    async def send() -> None:
        async with catching(folder / "mail") as port:
            for letter in letters:
                await channels(settings(folder), catcher=port).send(letter)

    asyncio.run(send())


def test_mail_is_caught_and_can_be_read_the_oldest_first(tmp_path: Path) -> None:
    later = replace(LETTER, id="f" * 32, at=START.replace(hour=9), heading="later")
    catch(tmp_path, later, LETTER)
    found = caught(tmp_path / "mail")
    assert [(one.number, one.message["Subject"]) for one in found] == [(1, LETTER.heading), (2, "later")]
    assert CAUGHT_FROM in found[0].message["From"]
    assert LETTER.lines[0] in found[0].text


def test_a_message_that_comes_twice_under_one_id_is_kept_once(tmp_path: Path) -> None:
    catch(tmp_path, LETTER, LETTER)
    assert len(caught(tmp_path / "mail")) == 1


def test_where_nothing_was_caught_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert caught(tmp_path / "mail") == []


@pytest.mark.parametrize("letter", [LETTER, to("https://pager.example/")])
def test_what_no_setting_names_yet_may_be_named_tomorrow(tmp_path: Path, letter: Letter) -> None:
    said = raised(lambda: asyncio.run(channels(settings(tmp_path)).send(letter)))
    assert said == f"NotNow: no {letter.channel} is set up here"


def test_a_named_server_is_used_with_its_password(tmp_path: Path) -> None:
    password, secret = tmp_path / "password", tmp_path / "secret"
    password.write_text("opens nothing\n")
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    given = {"smtp_host": "mail.study.example", "smtp_user": "daybook", "smtp_password_file": password, "webhook_secret_file": secret}
    found = channels(settings(tmp_path, **given), catcher=9)
    assert found.mail is not None
    assert (found.mail.host, found.mail.port, found.mail.security, found.mail.password) == (
        "mail.study.example",
        587,
        "starttls",
        "opens nothing",
    )
    assert found.webhook is not None
    assert len(found.webhook.secret) == 24


@pytest.mark.parametrize("content", ["", "whsec_", "whsec_not base64", None])
def test_a_secret_that_is_none_is_named_before_anything_is_sent(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Fault):
        channels(settings(tmp_path, webhook_secret_file=path))
