"""What differs from one installation to the next; the only place that reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.contacts import MailAddress
from domain.words import Name
from store.studies import SHIPPED

PREFIX = "DAYBOOK_"
SAFE_WAY = r"^(https://|http://127\.0\.0\.1[:/])[!-~]+$"
"""Addresses that secrets may be sent to: made safe by TLS, or of this machine."""


class BadSettings(Exception):
    """The environment asks for something that Daybook does not have; `says` holds everything that is wrong with it."""

    def __init__(self, *says: str) -> None:
        super().__init__("\n".join(says))
        self.says = says


def _durable(address: str) -> str:
    if not address.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("a ledger lives at sqlite:///path/to/file or postgresql://…")
    return address


def _asked_as_somebody(issuer: str, known: ValidationInfo) -> str:
    if not (known.data.get("oidc_client") and known.data.get("oidc_secret_file")):
        raise ValueError("an identity provider is asked under the name in DAYBOOK_OIDC_CLIENT, with DAYBOOK_OIDC_SECRET_FILE")
    return issuer


def _in_the_folder(name: str, prefix: str = "") -> Any:
    """The default of a setting that names a file."""
    return Field(default_factory=lambda settings: f"{prefix}{settings['folder'] / name}" if prefix else settings["folder"] / name)


class Settings(BaseSettings):
    """Each is set by a variable of the environment, such as DAYBOOK_FOLDER."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    folder: Path = Path(".daybook")
    """The folder in which this machine keeps all that no other setting places elsewhere."""
    ledger: Annotated[str, AfterValidator(_durable)] = _in_the_folder("ledger.sqlite", "sqlite:///")
    """The address of the ledger: sqlite:///path/to/file or postgresql://…; by default a file in the folder."""
    views: Path = _in_the_folder("views.sqlite")
    """The SQLite file that keeps answers ready; it can be thrown away and is built again."""
    keys: Path = _in_the_folder("master.key")
    """The file with the master key that contact data is sealed under; to lose it is to lose the contact data."""
    erasures: Path = _in_the_folder("erasures.jsonl")
    """The register of whose identity was erased, which a restored ledger is held against; keep it apart from the ledger's backups."""
    signing: Path = _in_the_folder("signing.key")
    """The file with the key that heads of the ledger are signed with; beside it lies the public key, `.pub`, that they are checked with."""
    accounts: Annotated[str, AfterValidator(_durable)] = _in_the_folder("accounts.sqlite", "sqlite:///")
    """The address of what is kept of people's accounts beside the record: password hashes, sessions; by default a file in the folder."""
    web_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address of this machine at which browsers are answered; 0.0.0.0 answers other machines, which takes TLS in front of it."""
    web_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """The port at which browsers are answered."""
    web_processes: Annotated[int, Field(ge=1, le=16)] = 1
    """In how many processes `daybook web` answers, best one for each core; `daybook up` is one process, and answers in that."""
    web_address: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$")] | None = None
    """Where people find the desk, such as https://daybook.site.example; by default the host and port on which it answers."""
    web_proxy: Annotated[str, Field(pattern=r"^[0-9A-Fa-f.:/, ]+$")] = "127.0.0.1"
    """The addresses, or networks, of whatever ends TLS before the desk; its word is taken for where people come from."""
    studies: Path = SHIPPED
    """The folder with the protocol files and drug references of the studies."""
    study: Name = "cd19-cart-sle"
    """The study that the ledger belongs to."""
    temporal: Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")] | None = None
    """The address of the Temporal server, host:port; without one, `daybook up` starts a server of its own."""
    temporal_namespace: Annotated[str, Field(min_length=1)] = "default"
    """The namespace on the Temporal server."""
    temporal_port: Annotated[int, Field(ge=1, le=65535)] = 7233
    """The port of this machine's own Temporal server, where there is one."""
    smtp_host: Annotated[str, Field(min_length=1)] | None = None
    """The mail server by which reminders are sent; without one, `daybook up` catches mail in the folder."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """The port of the mail server."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the way to the mail server is made safe: TLS begun on the way, TLS from the start, or not at all."""
    smtp_user: Annotated[str, Field(min_length=1)] | None = None
    """The name under which Daybook signs in to the mail server, if it does."""
    smtp_password_file: Path | None = None
    """The file with the password for the mail server."""
    mail_from: MailAddress = "daybook@localhost"
    """The address that mail comes from."""
    webhook_secret_file: Path | None = None
    """The file with the secret that webhooks are signed with: whsec_ and a key in base64."""
    oidc_client: Annotated[str, Field(min_length=1)] | None = None
    """The name under which the organisation's identity provider knows Daybook."""
    oidc_secret_file: Path | None = None
    """The file with the secret that the identity provider knows Daybook by."""
    oidc_claim: Annotated[str, Field(min_length=1)] = "preferred_username"
    """What the identity provider calls a person's short name; people must not be able to change it themselves."""
    oidc_issuer: Annotated[str, Field(pattern=SAFE_WAY), AfterValidator(_asked_as_somebody)] | None = None
    """The identity provider by which people sign in, such as https://login.hospital.example; with one, no password lets anybody in."""
    log: Literal["console", "json"] = "console"
    """How the log is written: to be read by people, or one JSON object per line."""
    actor: str | None = None
    """Who acts at this command line, as ROLE:ID, unless a command says so itself with --as."""

    @property
    def public_address(self) -> str:
        """Where people find the desk in their browsers."""
        return self.web_address or f"http://{self.web_host}:{self.web_port}"

    @property
    def proved_by(self) -> Literal["password", "identity-provider"]:
        """How people prove who they are."""
        return "password" if self.oidc_issuer is None else "identity-provider"

    @property
    def web_names(self) -> tuple[str, ...]:
        """The names under which browsers may ask for the desk: its own, and this machine's."""
        public = self.public_address.partition("://")[2]
        return (public.rpartition(":")[0] or public, "127.0.0.1", "localhost")

    @property
    def set_up_code(self) -> Path:
        """The file with the code that opens the first set-up, until there is an account."""
        return self.folder / "set-up.code"

    @property
    def proved(self) -> Path:
        """The file with the head at which the last proof of the record ended."""
        return self.folder / "proved.txt"

    @property
    def caught_mail(self) -> Path:
        """Where the mail catcher keeps what it caught."""
        return self.folder / "mail"

    @property
    def log_file(self) -> Path:
        """Where the log goes while the terminal shows something else."""
        return self.folder / "daybook.log"

    @property
    def temporal_address(self) -> str:
        """Where the Temporal server answers, ours or somebody else's."""
        return self.temporal or f"127.0.0.1:{self.temporal_port}"

    @property
    def own_server(self) -> Path:
        """Where a Temporal server of this machine's own keeps its journeys."""
        return self.folder / "temporal.sqlite"

    @classmethod
    def read(cls) -> Self:
        """The settings of this process. Raises BadSettings; a variable that means nothing is a slip, and never silent."""
        known = [PREFIX + name.upper() for name in cls.model_fields]
        unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
        complaints = [f"There is no setting {name}. The settings are {', '.join(known)}." for name in unknown]
        try:
            settings = cls()
        except ValidationError as error:
            wrong = [one for one in error.errors() if one["type"] != "default_factory_not_called"]  # Those follow from the others.
            raise BadSettings(*complaints, *(_complaint(one["loc"], one["msg"]) for one in wrong)) from None
        if complaints:
            raise BadSettings(*complaints)
        return settings


def _complaint(place: tuple[int | str, ...], says: str) -> str:
    return f"The setting {PREFIX}{str(place[0]).upper()} cannot be used: {says.removeprefix('Value error, ')}."
