"""The demonstration tells the story that it promises, on the real ledger and a real server that skips time."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

PROMISED = (
    "Everything that follows is synthetic",
    "\n1. A participant joins ─",
    "Leave given for leukapheresis",
    "\n4. The black-out ─",
    "Infusion waits; nothing forbids it from 2026-02-25 14:01+01:00",
    "Exactly 72 hours after the dose somebody asks to thaw. Refused",
    "Leave given for infusion, from 2026-02-25 14:01+01:00",
    "Leave for infusion revoked",
    "Infusion is held",
    "Nothing on record forbids it from 2026-02-27 16:01+01:00 on; leave is still needed.",
    "Infusion moved to 2026-02-27 15:00+01:00",
    "Leave given for infusion, from 2026-02-27 16:01+01:00",
    "Infusion of bag 1 of product COI-7Q4M-0001 started",
    "the visit day-1 took place early",
    "Every window moved",
    "│ month-24 │ 2028-01-28 to 2028-03-28 │ 2028-01-29 to 2028-03-29 │",
    "the visit day-14 took place late",
    "The visit day-10 was missed; that is final",
    "Completed the study",
    "\n9. The audit ─",
    "derived again",
    "was corrected and now says 2026-02-28 00:05+01:00",
)


@pytest.mark.slow
def test_the_demonstration_tells_the_whole_story_in_its_order(tmp_path: Path) -> None:
    program = Path(sysconfig.get_path("scripts"), "daybook")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DAYBOOK_")}
    told = subprocess.run([program, "demo"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert (told.returncode, told.stderr) == (0, "")
    place = 0
    for words in PROMISED:
        found = told.stdout.find(words, place)
        assert found >= place, f"after what came before, the story does not say: {words}"
        place = found
    assert "[bold]" not in told.stdout, "markup is for terminals, not for readers"
    assert max(map(len, told.stdout.splitlines())) <= 160, "a page has a width"
    assert " different " not in told.stdout, "every verdict is derived again as it was recorded"
    assert list(tmp_path.iterdir()) == [], "the demonstration leaves nothing behind"
