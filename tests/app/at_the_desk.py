"""A desk in tests: the command line in a folder of its own, at a clock that a test moves."""

import json
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from app.cli import daybook
from app.cli.session import Session
from app.demo.screened import screened
from domain.entry import Entry
from domain.events import Event
from store.keys import Keyring
from store.ledger import Ledger
from store.studies import StudyFiles
from tests.builders import Clock, Story, Trial

COORDINATOR = "coordinator:m-weber"
INVESTIGATOR = "investigator:dr-ito"
LAB = "cell-lab:k-novak"
CONSENT = ("--obtained-by", "Dr. Ito", "--copy-given")


@dataclass
class Desk:
    """Types commands as a person would; a command that ends otherwise than expected fails the test."""

    folder: Path
    clock: Clock
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *typed: str, code: int = 0, who: str = COORDINATOR, answering: str | None = None) -> Result:
        ours = {name: None for name in os.environ if name.startswith("DAYBOOK_")}
        env = ours | {"DAYBOOK_FOLDER": str(self.folder), "DAYBOOK_ACTOR": who, "DAYBOOK_TEMPORAL": "127.0.0.1:9"} | self.environment
        result = CliRunner().invoke(daybook, [*typed], env=env, obj=Session(self.clock), input=answering)
        assert result.exit_code == code, f"{' '.join(typed)} ended with {result.exit_code}:\n{result.output}\n{result.exc_info}"
        return result

    def json(self, *typed: str, code: int = 0, who: str = COORDINATOR) -> Any:
        return json.loads(self(*typed, "--json", code=code, who=who).stdout)

    def opens(self) -> "Desk":
        """A demonstration study with two sites in different time zones."""
        for command in (
            "study open --demonstration",
            "study release 1",
            "study site BER Europe/Berlin",
            "study site SAO America/Sao_Paulo --opens 07:30",
            "study approve 1 BER",
            "study approve 1 SAO",
            f"study approve-form BER {self.form} --since 2020-01-01",
            f"study approve-form SAO {self.form} --since 2020-01-01",
            "study rule local-steroid-injections as-systemic",
        ):
            self(*command.split(), who="administrator:root")
        return self

    @property
    def form(self) -> str:
        """A file of the consent form."""
        path = self.folder.parent / "consent-1.0.txt"
        path.write_text("I take part.")
        return str(path)

    def consented(self, id: str = "BER-001") -> "Desk":
        self("register", id, id[:3])
        self("consent", id, "now", "--form", self.form, *CONSENT)
        return self

    def eligible(self, id: str = "BER-001") -> "Desk":
        self.consented(id)
        self("screen", id, "now")
        self.clock.move(days=7)
        self("visit", id, "screening", "now")
        self.screened(id)
        self.confirmed(id)
        return self

    def screened(self, id: str = "BER-001") -> "Desk":
        """All that a screening finds in somebody who may join, from one form."""
        protocol = StudyFiles().protocol("cd19-cart-sle", 1).protocol
        facts = [fact.model_dump(mode="json") for fact in screened(protocol, self.clock())]
        zone = "Europe/Berlin" if id.startswith("BER") else "America/Sao_Paulo"
        path = self.folder / "form.json"
        path.write_text(json.dumps({"zone": zone, "facts": facts}))
        self("form", id, str(path), "--sign", "I have found and judged this", who=INVESTIGATOR)
        return self

    def confirmed(self, id: str = "BER-001") -> "Desk":
        """The investigator signs the report as it is judged now, or for the confirmation."""
        judged = self.json("judge", id)
        when, digest = judged["report"]["at"].replace(":00Z", "+00:00"), judged["digest"]
        self("confirm", id, when, "--report", digest, "--sign", "I have judged this myself", who=INVESTIGATOR)
        return self

    def planned(self, id: str = "BER-001") -> "Desk":
        """A collection is planned for an hour from now, with the review and the go that its gate asks for."""
        self.eligible(id)
        start, end = self.local(hours=1), self.local(hours=9)
        self("plan", id, "leukapheresis", start, end)
        self("review", id, "medicines", "now", "--since", "2025-10-01", "--source", "participant", "--source", "chart")
        self("attest", id, "now", "--holds", "go", "--sign", "Nothing speaks against it", who=INVESTIGATOR)
        return self

    def collected(self, id: str = "BER-001") -> "Desk":
        self.planned(id)
        self.clock.move(hours=2)
        self.journey_acts(id)
        self("perform", id, "leukapheresis")
        self.clock.move(hours=3)
        self("report", "collection-ended", id, "now", "--code", "COI-0001", "--yield", "12.5")
        return self

    def local(self, **ahead: float) -> str:
        """A time ahead with its offset, as it may be typed."""
        return (self.clock() + timedelta(**ahead)).isoformat(timespec="minutes")

    def journey_acts(self, id: str) -> None:
        """Everything that is due is done, as the journey would."""
        with self.ledger() as ledger:
            Story(Trial(self.clock, ledger), id).advances()

    def ledger(self) -> "OpenLedger":
        return OpenLedger(self.folder, self.clock)

    def entries(self, id: str = "BER-001") -> tuple[Entry[Event], ...]:
        with self.ledger() as ledger:
            return ledger.read(f"participant:{id}")

    def kinds(self, id: str = "BER-001") -> list[str]:
        return [entry.event.kind.removesuffix(".v1") for entry in self.entries(id)]


@dataclass
class OpenLedger:
    """The ledger behind the desk, for as long as a test looks into it."""

    folder: Path
    clock: Clock

    def __enter__(self) -> Ledger:
        self._ledger = Ledger.open(f"sqlite:///{self.folder / 'ledger.sqlite'}", clock=self.clock, keys=Keyring(None))
        return self._ledger

    def __exit__(self, *_: object) -> None:
        self._ledger.close()
