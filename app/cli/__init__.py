"""The command line: `daybook VERB PARTICIPANT …`. Every verb says what it needs with --help."""

import os
import sys
from contextlib import suppress

import typer

from app.cli import (
    accesses,
    agenda,
    copying,
    cutting,
    demonstration,
    deviations,
    erasing,
    evidence,
    forms,
    history,
    joining,
    judging,
    leaving,
    notices,
    people,
    processes,
    protocols,
    proving,
    recordkeeping,
    references,
    replay,
    reviews,
    safety,
    schemas,
    screening,
    search,
    status,
    steps,
    study,
    treatment,
    views,
    visits,
    worklist,
)
from app.cli.speaking import Speaking

WELCOME = """Keep the record of every participant of a cell-therapy trial: facts go in once, in order, and are never rubbed out.

Participants have codes, such as BER-001. Times are read on the clocks of the participant's site: "2026-03-01 10:30"; with an offset:
2026-03-01T10:30+01:00; as dates, months or years alone where no more is known; or now."""

daybook = typer.Typer(cls=Speaking, help=WELCOME, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
for verbs, panel in (
    (joining.joining, "Joining"),
    (screening.screening, "Evidence"),
    (evidence.evidence, "Evidence"),
    (forms.forms, "Evidence"),
    (reviews.reviews, "Evidence"),
    (steps.steps, "Hold points"),
    (visits.visits, "Follow-up"),
    (safety.safety, "Follow-up"),
    (recordkeeping.recordkeeping, "Record keeping"),
    (judging.judging, "Answers"),
    (worklist.worklists, "Answers"),
    (deviations.deviations, "Answers"),
    (history.histories, "Answers"),
    (replay.replays, "Answers"),
    (search.searches, "Answers"),
    (cutting.cutting, "Answers"),
    (erasing.erasing, "Answers"),
    (accesses.watching, "Answers"),
    (agenda.agendas, "Answers"),
    (notices.told, "Reminders"),
    (proving.proofs, "Proofs"),
    (copying.copies, "Proofs"),
    (status.states, "Running Daybook"),
    (processes.processes, "Running Daybook"),
    (demonstration.demonstration, "Running Daybook"),
    (schemas.schemas, "Running Daybook"),
):
    for verb in verbs.registered_commands:
        verb.rich_help_panel = panel
    daybook.add_typer(verbs)
daybook.add_typer(treatment.treatment, name="report", rich_help_panel="Treatment")
daybook.add_typer(leaving.leaving, name="leave", rich_help_panel="Leaving")
daybook.add_typer(deviations.deviation, name="deviation", rich_help_panel="Record keeping")
daybook.add_typer(status.journeys, name="journeys", rich_help_panel="Running Daybook")
daybook.add_typer(views.views, name="views", rich_help_panel="Running Daybook")
daybook.add_typer(people.people, name="people", rich_help_panel="The study")
daybook.add_typer(study.study, name="study", rich_help_panel="The study")
daybook.add_typer(protocols.protocols, name="protocol", rich_help_panel="The study")
daybook.add_typer(references.references, name="reference", rich_help_panel="The study")


def main() -> None:
    """Run the command line; the exit code says whether it was done, refused, or hindered."""
    os.umask(0o077)  # Whatever is written holds clinical facts, and belongs to whoever runs Daybook alone.
    try:
        daybook()
    except SystemExit as done:
        _leave(done.code)


def _leave(code: object) -> None:
    """End at once with the code: everything is on disk, and the threads of Temporal's client may abort an interpreter that tidies up."""
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
