"""A data cut, counted: everybody who was on record by then, how far each had come, and how they had left."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from threading import Lock

from domain.base import Value
from domain.keeping import DataCutMade
from domain.leaving import ways_in_force
from domain.rejections import Reason, Refused
from domain.replay import Cut, cut_off, study_version
from domain.signatures import Signed
from domain.stages import Stage, stage
from domain.words import ParticipantId, SiteId
from store.participants import Participants
from store.study import StudyDesk

CUTS_REMEMBERED = 4
LONGEST_SAID = 60
"""How much of what is no cut's name is said back."""


class Standing(Value):
    """How somebody stood at a cut; `left` says in which ways they had left, and is empty where they had not."""

    participant: ParticipantId
    site: SiteId
    stage: Stage
    enrolled: bool
    infused: bool
    screen_failed: bool
    left: tuple[str, ...]
    entries: int


def cut_of(desk: StudyDesk, name: str) -> tuple[DataCutMade, Signed]:
    """The data cut of a name, with the signature under which it was made. Raises Refused where there is none."""
    found = desk.cuts().get(name)
    if found is None:
        raise Refused(Reason(code="unknown-cut", says=f"there is no data cut {name[:LONGEST_SAID]}"))
    return found


def everybody(participants: Participants, made: DataCutMade) -> Iterator[Standing]:
    """Everybody of whom anything was known at a cut, by their codes: whoever failed screening and whoever was never infused as well.

    Raises DamagedEntry where a record cannot be read: a cut leaves nobody out in silence.
    """
    cut = Cut(recorded=made.recorded_by, occurred=made.occurred_by)
    studied = [entry.recorded_at for entry in participants.ledger.read(participants.desk.stream)]
    study_then = cache(participants.desk.at)
    for id_ in participants.ids():
        record = participants.read(id_)
        try:
            study = study_then(study_version(record, studied, cut))
            then = cut_off(record, cut, study)
        except Refused:
            continue  # nothing was known of them yet
        one, site = then.participant, record.participant.site  # Of which the clocks may know before somebody was registered.
        left = dict.fromkeys(way.words for way, _ in ways_in_force(one, study.zone(site)))
        yield Standing(
            participant=id_,
            site=site,
            stage=stage(one),
            enrolled=one.eligible is not None,
            infused=bool(one.infusions),
            screen_failed=one.screen_failed is not None,
            left=tuple(left),
            entries=then.version,
        )


class Standings:
    """How everybody stood at the cuts that were last looked at. A cut never changes, and every record has to be read to find it out."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[DataCutMade, tuple[Standing, ...]] = OrderedDict()

    def at(self, participants: Participants, made: DataCutMade) -> tuple[Standing, ...]:
        """How everybody stood, by their codes. Raises as `everybody` does."""
        with self._lock:
            if made not in self._found:
                self._found[made] = tuple(everybody(participants, made))
            self._found.move_to_end(made)
            while len(self._found) > CUTS_REMEMBERED:
                self._found.popitem(last=False)
            return self._found[made]


def counted(standings: Iterable[Standing]) -> Mapping[str, int]:
    """How many there were, in the order in which a trial is reported."""
    found = list(standings)
    return {
        "on record": len(found),
        "failed screening": sum(one.screen_failed for one in found),
        "enrolled": sum(one.enrolled for one in found),
        "enrolled and not infused": sum(one.enrolled and not one.infused for one in found),
        "infused": sum(one.infused for one in found),
        "left before the end": sum(bool(one.left) and one.stage != "Completed" for one in found),
        "completed": sum(one.stage == "Completed" for one in found),
    }
