"""Moments as people write them, and a participant replayed to one."""

from collections.abc import Iterator
from functools import cache

from app.clinic_time import SiteClock
from domain.record import Record
from domain.rederiving import Rederived, ReportAgain, derived_again, verdicts_to_explain
from domain.rejections import Reason, Refused
from domain.replay import Cut, Replayed, replay, study_version
from domain.study import Study
from domain.time import shown
from store.participants import Participants

NOW = "now"
NO_MOMENT = "write an entry, such as 12, or recorded:2026-03-01 10:30, or occurred:2026-03-01 10:30, or both with a comma, or now"


def moment(typed: str, clock: SiteClock) -> Cut:
    """A moment as typed: `now`, an entry, or an instant on one of the two clocks or on both. Raises Refused."""
    if typed == NOW:
        return Cut()
    parts: dict[str, object] = {}
    for part in typed.split(","):
        name, colon, said = part.strip().partition(":")
        if not colon:
            name, said = "entry", name
        if name not in Cut.model_fields or name in parts:
            raise Refused(Reason(code="no-moment", says=f"{typed!r} is no moment; {NO_MOMENT}"))
        parts[name] = entry_of(said) if name == "entry" else clock.instant(said.strip())
    return Cut.model_validate(parts)


def entry_of(typed: str) -> int:
    """The number of an entry. Raises Refused."""
    if not (typed.isascii() and typed.isdigit() and int(typed[:9]) > 0 and len(typed) < 9):  # noqa: PLR2004 - No record is so long.
        raise Refused(Reason(code="no-moment", says=f"{typed!r} is no entry; {NO_MOMENT}"))
    return int(typed)


def written(cut: Cut, zone: str) -> str:
    """A moment as one would type it."""
    instants = (f"{name}:{shown(at, zone)}" for name, at in (("recorded", cut.recorded), ("occurred", cut.occurred)) if at is not None)
    parts = [*([str(cut.entry)] if cut.entry else []), *instants]
    return ",".join(parts) or NOW


def in_words(cut: Cut, zone: str) -> str:
    """A moment in words."""
    known = [f"after entry {cut.entry}"] if cut.entry else []
    known += [f"by what was recorded until {shown(cut.recorded, zone)}"] if cut.recorded else []
    known += [f"by what had happened until {shown(cut.occurred, zone)}"] if cut.occurred else []
    return ", ".join(known) or "by everything that is on record"


class Replays:
    """Replays a record that was read, with the study as it was known at each moment."""

    def __init__(self, participants: Participants, record: Record) -> None:
        self.record = record
        self._studied = [entry.recorded_at for entry in participants.ledger.read(participants.desk.stream)]
        self._at = cache(participants.desk.at)

    def study(self, version: int) -> Study:
        """The study as it stood after so many of its entries."""
        return self._at(version)

    def to(self, cut: Cut) -> Replayed:
        """The participant as of a moment. Raises Refused where there was nothing to tell."""
        return replay(self.record, self._at(study_version(self.record, self._studied, cut)), cut)

    def again(self, then: Replayed) -> Iterator[Rederived | ReportAgain]:
        """The verdicts that stood, or were given, at a moment, and the report that was signed, each derived again by today's program."""
        for version in verdicts_to_explain(then.record):
            found = derived_again(self.record, version, self._at(self.record.entries[version - 1].study_version))
            if found is not None:
                yield found
