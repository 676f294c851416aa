"""The deployment names what there is: settings, commands and packages; and it is valid to the client of Compose where there is one."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import typer

from app.cli import daybook
from app.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
IMAGE = (ROOT / "deploy/Dockerfile").read_text()
PASSWORD = "POSTGRES_PASSWORD_OF_DAYBOOK"
ASKED_FOR = {PASSWORD, "MAIL_SERVER", "MAIL_USER", "MAIL_FROM", "MAIL_PASSWORD_FILE", "WEB_ADDRESS"}


def test_every_setting_that_the_deployment_makes_is_one() -> None:
    made = set(re.findall(rf"\b{PREFIX}([A-Z_]+)(?=[:=])", COMPOSE + IMAGE))
    assert made
    assert made <= {name.upper() for name in Settings.model_fields}


def test_every_service_of_ours_runs_a_command_that_there_is() -> None:
    services = re.findall(r"<<: \*daybook\n(?:    profiles: .*\n)?    command: (\w+)", COMPOSE)
    known = set(vars(typer.main.get_command(daybook))["commands"])
    assert set(services) == {"worker", "relay", "project", "web", "worklist"}
    assert set(services) <= known


def test_the_image_takes_in_every_package_that_is_delivered() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert re.findall(r"^COPY (\w+) \1$", IMAGE, re.MULTILINE) == [*sorted(packages, key=packages.index)]


def test_the_deployment_is_valid_to_the_client_of_compose_where_there_is_one() -> None:
    docker = shutil.which("docker")
    asked = [docker, "compose", "--file", str(ROOT / "deploy/compose.yaml")] if docker else []
    there = bool(asked) and subprocess.run([*asked[:2], "version"], check=False, capture_output=True).returncode == 0
    if there:
        found = subprocess.run(
            [*asked, "config", "--quiet"], env=os.environ | dict.fromkeys(ASKED_FOR, "a"), check=False, capture_output=True, text=True
        )
        assert (found.returncode, found.stderr) == (0, "")
    assert f"${{{PASSWORD}:?" in COMPOSE, "no password is ever in the file itself"


def test_the_worker_and_nobody_else_is_told_how_to_send_mail_and_its_password_stands_in_a_file() -> None:
    [before, worker, *after] = re.split(r"^  (?=\w+:$)", COMPOSE[COMPOSE.index("  worker:") :], flags=re.MULTILINE)
    set_for_mail = {name for name in Settings.model_fields if name.startswith(("smtp", "mail"))}
    assert set(re.findall(rf"{PREFIX}(\w+): ", worker)) == {name.upper() for name in set_for_mail}
    assert "SMTP" not in before + "".join(after)
    assert f"{PREFIX}SMTP_PASSWORD_FILE: /run/secrets/mail-password\n" in worker
    assert "    secrets: [mail-password]\n" in worker
    assert re.search(r"^secrets:\n  mail-password:\n    file: ", COMPOSE, re.MULTILINE)


def test_the_desk_answers_browsers_only_by_a_proxy_on_its_own_host_that_ends_tls() -> None:
    web = re.split(r"^  (?=\w+:$)", COMPOSE[COMPOSE.index("  web:") :], flags=re.MULTILINE)[1]
    assert re.findall(r"^      - (\S+)$", web, re.MULTILINE) == ["127.0.0.1:8080:8080"]
    [proxy] = re.findall(rf"{PREFIX}WEB_PROXY: \$\{{WEB_PROXY:-(.+)\}}", web)
    settings = Settings.model_validate({"web_proxy": proxy, "web_address": "https://daybook.site.example", "web_host": "0.0.0.0"})  # noqa: S104 - It is the container's own network.
    assert settings.web_names == ("daybook.site.example", "127.0.0.1", "localhost")


def test_the_accounts_lie_in_the_database_of_the_deployment_for_every_process_alike() -> None:
    settings = COMPOSE[: COMPOSE.index("services:")]
    assert f"{PREFIX}ACCOUNTS: postgresql://" in settings


def test_what_the_deployment_cannot_do_without_it_asks_for_in_words() -> None:
    assert set(re.findall(r"\$\{(\w+):\?\w+ \w+", COMPOSE)) == ASKED_FOR
    assert all(name in COMPOSE[: COMPOSE.index("name: daybook")] for name in ASKED_FOR), "the first lines name them"


def test_the_mail_settings_of_the_deployment_are_what_settings_take() -> None:
    defaults = dict(re.findall(rf"{PREFIX}(SMTP_\w+): \$\{{MAIL_\w+:-(\w+)\}}", COMPOSE))
    assert defaults == {"SMTP_PORT": str(Settings().smtp_port), "SMTP_SECURITY": Settings().smtp_security}
