"""Who should be told what, and when: everything that the record asks for."""

from collections.abc import Iterator

from domain.leaving import steps_ended
from domain.participant import Participant
from domain.reminding.harm import of_severe_toxicity
from domain.reminding.matters import of_deviation, of_hand_over, of_product, of_safety, of_screening, of_toxicity
from domain.reminding.reminder import Reminder
from domain.reminding.steps import of_step
from domain.reminding.visits import of_visit
from domain.study import Study
from domain.visits import VisitWindow, windows
from domain.words import STEPS


def reminders(participant: Participant, open_windows: tuple[VisitWindow, ...], study: Study) -> Iterator[Reminder]:
    """Every reminder that has not been given yet, however far ahead it falls due."""
    return (one for key, one in _every(participant, open_windows, study).items() if key not in participant.reminded)


def that_apply(participant: Participant, study: Study) -> dict[str, Reminder]:
    """Every reminder that the record asks for by now, given or not, by its key."""
    return _every(participant, windows(participant, study), study) if participant.protocol else {}


def _every(participant: Participant, open_windows: tuple[VisitWindow, ...], study: Study) -> dict[str, Reminder]:
    zone, protocol = study.zone(participant.site), study.protocol(participant.protocol)
    grace = protocol.visit_grace_days
    every = [
        *(one for step in STEPS if (plan := participant.plans.get(step)) for one in of_step(step, plan, participant, study, zone)),
        *(one for window in open_windows for one in of_visit(window, participant.unaccounted.get(window.visit), grace, zone)),
        *(() if steps_ended(participant, zone) else of_product(participant, zone)),
        *of_toxicity(participant, study, zone),
        *of_severe_toxicity(participant, zone),
        *of_screening(participant, study, zone),
        *(one for matter in participant.safety_reports.values() if matter.open for one in of_safety(matter)),
        *(one for deviation in participant.deviations.values() for one in of_deviation(deviation)),
        *of_hand_over(participant, zone),
    ]
    return {one.key: one for one in every}
