"""How the story is told: acts, entries in plain words, tables, and the auditor's replay."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.demo.stage import ZONE, infusion_on
from domain.criteria.report import EligibilityReport
from domain.entry import Entry
from domain.events import (
    ClearanceRevoked,
    DeviationRecorded,
    DeviationVoided,
    Event,
    ReminderDue,
    StepCleared,
    StepHeld,
    StepWaiting,
    StudyCompleted,
    VisitMissed,
)
from domain.gates import SlotVerdict, judge
from domain.record import Record
from domain.rejections import Refused
from domain.study import Study
from domain.time import shown
from domain.visits import VisitWindow
from projections.sentences import sentence
from store.ledger import Ledger
from store.study import StudyDesk

FOLLOWS_BY_ITSELF = ClearanceRevoked | DeviationRecorded | DeviationVoided
"""Facts that a person's entry brings about in the same append."""
NOTABLE = DeviationRecorded | DeviationVoided | VisitMissed | StudyCompleted


class Teller:
    """Tells the story to a console, once each entry."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._acts = 0
        self._told = 0

    def opens(self, words: str) -> None:
        """Say what kind of story this is."""
        self._console.print(Text(words))

    def act(self, title: str, words: str) -> None:
        """Begin an act."""
        self._acts += 1
        self._console.print()
        self._console.rule(Text(f"{self._acts}. {title}", style="bold"), align="left")
        self._console.print(Text(words, style="italic"))

    def entries(self, record: Record) -> None:
        """What has been recorded since the last time, in plain words; what the journey did by itself is marked."""
        self._print(record.entries[self._told :])
        self._told = len(record.entries)

    def form(self, record: Record, report: EligibilityReport) -> None:
        """What stands on the screening form, in short, and what follows from it."""
        news = record.entries[self._told :]
        self._told = len(record.entries)
        counts = Counter(entry.event.kind.removesuffix(".v1") for entry in news)
        told = ", ".join(f"{count} × {kind}" for kind, count in counts.items())
        self._console.print(Text(f"The screening form states {len(news)} facts at once: {told}."))
        self._console.print(Text(f"All {len(report.parts)} parts are judged: {report.overall}. The digest of this report is signed."))

    def refusal(self, what: str, refusal: Refused | None) -> None:
        """A refusal, with every reason."""
        self._console.print(Text(f"{what}. {'Refused, and the refusal is recorded:' if refusal else 'Granted.'}", style="bold"))
        for reason in refusal.reasons if refusal else ():
            self._console.print(Text(f"  - {reason.says}"))

    def moved(self, before: Sequence[VisitWindow], after: Sequence[VisitWindow]) -> None:
        """Windows before and after a correction."""
        table = Table("visit", "window before", "window now", title="Every window moved", title_justify="left")
        was = {window.visit: window for window in before}
        for window in (one for one in after if one.series == "follow-up"):
            old = was[window.visit]
            table.add_row(window.visit, f"{old.opens} to {old.closes}", f"{window.opens} to {window.closes}")
        self._console.print(table)

    def summary(self, record: Record) -> None:
        """The long quiet part: how many entries of a kind, and each that is out of the ordinary."""
        news = record.entries[self._told :]
        self._told = len(record.entries)
        counts = Counter(entry.event.kind.removesuffix(".v1") for entry in news)
        self._console.print(Text("Recorded: " + ", ".join(f"{count} × {kind}" for kind, count in sorted(counts.items())) + "; of these:"))
        self._print([entry for entry in news if isinstance(entry.event, NOTABLE)])

    def audit(self, ledger: Ledger, record: Record, desk: StudyDesk) -> None:
        """What an auditor does with the same record: prove it, replay it, derive its verdicts again."""
        self.act("The audit", "Nothing was rubbed out. The chain is proved, any past state comes back, and every verdict is derived again.")
        proved = ledger.read(record.stream)
        self._console.print(Text(f"{len(proved)} entries, each bound to the one before; the last proof is {proved[-1].digest[:16]}…"))
        verdicts = [(entry, entry.event) for entry in record.entries if isinstance(entry.event, StepCleared | StepWaiting | StepHeld)]
        table = Table("entry", "recorded", "what was judged then", "derived again", title_justify="left")
        for entry, verdict in verdicts:
            before = Record.of(record.id, record.entries[: entry.version - 1])
            table.add_row(
                str(entry.version), _when(entry), sentence(entry, ZONE), _derived_again(verdict, before, desk.at(entry.study_version))
            )
        self._console.print(table)
        corrected = infusion_on(record)
        now_says = f"Entry {corrected.entry} was corrected and now says {corrected.fact.at.shown(ZONE)}"
        self._console.print(Text(f"{now_says}; what it said at first is kept, with the reason."))

    def _print(self, entries: Sequence[Entry[Event]]) -> None:
        grid = Table.grid(padding=(0, 2))
        for entry in entries:
            by_itself = entry.circumstances.source == "journey" or isinstance(entry.event, FOLLOWS_BY_ITSELF)
            who = "by itself" if by_itself else entry.circumstances.actor.role
            style = "dim" if isinstance(entry.event, ReminderDue) else "cyan" if by_itself else ""
            grid.add_row(Text(_when(entry), style="dim"), Text(who, style=style), Text(sentence(entry, ZONE), style=style))
        self._console.print(grid)


def _when(entry: Entry[Event]) -> str:
    return shown(entry.recorded_at, ZONE)


def _derived_again(recorded: SlotVerdict, before: Record, study: Study) -> str:
    """Whether today's program, given only what was on record then, says the same."""
    plan = before.participant.plans[recorded.step]
    verdict = judge(recorded.step, before.participant, study, plan.slot.start).verdict(plan.slot, recorded.derivation.at)
    return "the same" if type(verdict) is type(recorded) and verdict.derivation.rules == recorded.derivation.rules else "different"
