"""A data cut, counted: everybody who was on record by then, how far each had come, and how they had left."""

from collections.abc import Iterable, Iterator, Mapping

from app.moments import Replays
from domain.base import Value
from domain.keeping import DataCutMade
from domain.leaving import ways_in_force
from domain.rejections import Refused
from domain.replay import Cut
from domain.stages import Stage, stage
from domain.words import ParticipantId, SiteId
from store.participants import Participants


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


def everybody(participants: Participants, made: DataCutMade) -> Iterator[Standing]:
    """Everybody of whom anything was known at a cut, by their codes: whoever failed screening and whoever was never infused as well.

    Raises DamagedEntry where a record cannot be read: a cut leaves nobody out in silence.
    """
    cut = Cut(recorded=made.recorded_by, occurred=made.occurred_by)
    for id_ in participants.ids():
        replays = Replays(participants, participants.read(id_))
        try:
            then = replays.to(cut)
        except Refused:
            continue  # nothing was known of them yet
        one = then.participant
        left = dict.fromkeys(way.words for way, _ in ways_in_force(one, then.study.zone(one.site)))
        yield Standing(
            participant=id_,
            site=one.site,
            stage=stage(one),
            enrolled=one.eligible is not None,
            infused=bool(one.infusions),
            screen_failed=one.screen_failed is not None,
            left=tuple(left),
            entries=then.record.version,
        )


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
