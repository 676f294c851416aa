"""A trial under the shipped protocol with some of its text replaced: what tests of windows start from."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.visits import VisitWindow, windows
from store.studies import SHIPPED, StudyFiles
from tests.builders import STUDY, Story, Trial
from tests.domain.files import with_

BEFORE = "\n[assessments]\n"
SAMPLE = (
    BEFORE,
    f"""\
sample = {{ title = "Cells in blood", series = "kinetics", anchor = "infusion", hour = 24, early_hours = 2, late_hours = 2, \
outside = "stop", interpretations = ["follow-up-visits"] }}
{BEFORE}""",
)
"""One more visit, 24 hours after the start of the infusion, with a window of hours that stops hard."""


@cache
def files_with(*changes: tuple[str, str]) -> StudyFiles:
    """The shipped studies, with pieces of the protocol's text replaced."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(SHIPPED / "reference", folder / "reference")
        (folder / STUDY).mkdir()
        (folder / STUDY / "v1.toml").write_text(with_(*changes))
        files = StudyFiles(folder)
        files.as_released(STUDY, 1, program="test", time_zone_data="test")  # What was read once is kept.
    return files


def infused_under(*changes: tuple[str, str]) -> Story:
    """A participant who has just been infused, by the book, under a protocol that was changed so."""
    return Trial(files=files_with(*changes)).participant().is_ready().is_infused()


def window_of(story: Story, visit: str) -> VisitWindow:
    """The window of a visit as it is on record now."""
    return next(one for one in windows(story.now, story.trial.participants.study()) if one.visit == visit)
