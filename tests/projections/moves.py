"""Whatever can be asked of a record, likely or not: the moves of random stories. What is refused is part of the story."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import cast

from domain import commands as c
from domain import events as e
from domain.doorkeeping import AccessRefused
from domain.notices import notices
from domain.rejections import Refused
from domain.study import Ruled
from domain.time import When, local_date
from domain.words import STEPS, Seriousness
from store.people import PeopleDesk
from tests.builders import BERLIN, CODE, Story, Trial, by_, consent, dose, review

Move = Callable[[Story, int], object]
WHY = "what was written down at the bedside says otherwise"


def play(story: Story, name: str, number: int) -> None:
    """Make a move; `number` says which, or how much."""
    with suppress(Refused):
        MOVES[name](story, number)


def plan(story: Story, number: int) -> object:
    return story.plans(STEPS[number % 3], story.trial.clock() + timedelta(hours=number))


def treatment(story: Story, number: int) -> object:
    at = story.at()
    facts: list[e.Fact] = [
        e.LeukapheresisStarted(at=at),
        e.LeukapheresisEnded(at=at, identity=CODE, yield_e6_per_kg=Decimal(9)),
        e.LeukapheresisFailed(at=at, why="the line clotted"),
        e.ProductReceived(at=at, identity=CODE, expires=local_date(story.trial.clock(), BERLIN) + timedelta(days=40)),
        e.ProductReleased(at=at, identity=CODE),
        e.ProductFailed(at=at, identity=CODE, why="it did not grow"),
        *(e.LymphodepletionDose(at=at, day=day, drug="fludarabine") for day in (-5, -4, -3)),
        e.IdentityChecked(at=at, identity=CODE, checked_by=("nurse one", "nurse two")),
        e.ThawStarted(at=at, identity=CODE),
        e.InfusionStarted(at=at, identity=CODE),
        e.InfusionEnded(at=at),
    ]
    return story.reports(facts[number % len(facts)], reason=WHY)


def leave(story: Story, number: int) -> object:
    at = story.at()
    facts: list[e.Fact] = [
        e.ContactLost(at=at),
        e.ContactRegained(at=at),
        e.TreatmentStopped(at=at, why="the participant wished it"),
        e.VisitsStopped(at=at, why="too far away", records_allowed=number % 2 == 0),
        e.ConsentWithdrawn(at=at, scope="visits"),
        e.ScreenFailed(at=at, criteria=("E24a",)),
        e.Died(at=at),
    ]
    return story.reports(facts[number % len(facts)], reason=WHY)


def visit(story: Story, number: int) -> object:
    _, agenda = story.trial.participants.agenda(story.id)
    if not agenda.windows:
        return None
    window = agenda.windows[number % len(agenda.windows)]
    return story.reports(e.VisitCompleted(visit=window.visit, at=story.at()), reason=WHY)


def follow_up(story: Story, number: int) -> object:
    """Something else about a visit: an appointment, a visit that nobody planned, something that was assessed."""
    at, ahead = story.at(), When.at(story.trial.clock() + timedelta(hours=number % 400))
    facts: list[e.Fact] = [
        *(e.VisitBooked(visit=name, at=ahead) for name in ("screening", "day-7", "month-6")),
        e.UnscheduledVisit(at=at, why="a fever at home"),
        e.AssessmentDone(visit="month-6", assessment="late-effects", at=at),
    ]
    return story.reports(facts[number % len(facts)], reason=WHY)


def harm(story: Story, number: int) -> object:
    """Something untoward, serious or not; what more becomes known of it; or that it was reported."""
    at, told = story.at(), story.now.adverse_events
    serious: tuple[Seriousness, ...] = ("hospitalisation",) if number % 2 else ()
    matters = [one.key for one in story.now.safety_reports.values() if one.open]
    facts: list[e.Fact] = [
        e.AdverseEvent(at=at, term="pneumonia", grade=number % 4 + 1, start=at, serious=serious),
        *(e.AdverseEventUpdated(entry=one.entry, at=at, grade=number % 4 + 1, serious=serious) for one in told[-1:]),
        e.CytokineReleaseGraded(at=at, grade=number % 6),
        e.NeurotoxicityGraded(at=at, grade=number % 6),
        *(e.SafetyReported(at=at, key=key) for key in matters[-1:]),
    ]
    return story.reports(facts[number % len(facts)], reason=WHY)


def deviate(story: Story, number: int) -> object:
    """A deviation is recorded by hand; or one that stands is looked into, reviewed or taken back."""
    details = e.DeviationDetails(cause="the copier was broken", important=number % 2 == 0)
    standing = list(story.now.deviations.values())
    if not standing or number % 4 == 0:
        return story.asks(c.RecordDeviation(says="the form was not copied", category="procedure", details=details))
    one = standing[number % len(standing)]
    return (
        lambda: story.asks(c.DescribeDeviation(key=one.key, details=details)),
        lambda: story.signs(c.ReviewDeviation(key=one.key, entry=one.told_in)),
        lambda: story.asks(c.VoidDeviation(key=one.key), reason=WHY),
    )[number % 3]()


def tell(story: Story, number: int) -> object:
    """Something becomes of a reminder that fell due, or somebody takes note of it."""
    keys = list(notices(story.record))
    if not keys:
        return None
    key, call = keys[number % len(keys)], number % 3 + 1
    if number % 5 == 0:
        return story.asks(c.Acknowledge(key=key))
    facts: list[e.NoticeFact] = [
        e.ReminderSent(key=key, to="m-weber", channel="mail", call=call, message="0" * 32),
        e.ReminderFailed(key=key, to="m-weber", channel="mail", call=call, why="refused"),
        e.ReminderFailed(key=key, to="k-adler", channel="webhook", call=call, why="too-late"),
        e.ReminderEscalated(key=key, call=call, rung="investigator"),
        e.ReminderWithdrawn(key=key),
    ]
    return story.asks(c.RecordNotice(fact=facts[number % len(facts)]), "notices")


def correct(story: Story, number: int) -> object:
    """Some fact happened some hours or days earlier than was recorded."""
    facts = [entry for entry in story.record.entries if isinstance(entry.event, e.FACTS)]
    if not facts:
        return None
    entry = facts[number % len(facts)]
    name = "start" if isinstance(entry.event, e.MedicationTaken) else "at"
    earlier = getattr(entry.event, name).span(BERLIN).earliest - timedelta(hours=number % 60 + 1)
    fact = cast("e.Fact", entry.event.model_copy(update={name: When.at(earlier)}))
    return story.asks(c.Correct(entry=entry.version, fact=fact), reason=WHY)


def retract(story: Story, number: int) -> object:
    return story.asks(c.Retract(entry=number % story.record.version + 1), reason=WHY)


def perform(story: Story, number: int) -> object:
    beginnings: list[c.Beginning] = [
        c.BeginLeukapheresis(),
        c.BeginLymphodepletion(day=-5, drug="fludarabine"),
        c.ReleaseToThaw(identity=CODE),
    ]
    return story.asks(c.Perform(beginning=beginnings[number % 3]))


def override(story: Story, number: int) -> object:
    grounds = ("immediate-hazard", "system-unavailable", "a-whim")
    return story.signs(c.Override(beginning=c.ReleaseToThaw(identity=CODE), ground=grounds[number % 3]))


def ask_in_vain(story: Story, number: int) -> None:
    """Somebody asks for what is not theirs: at a site, at none, or at one that there is not."""
    site = ("BER", None, "AKL")[number % 3]
    people = PeopleDesk(story.trial.participants.ledger, story.trial.participants.desk)
    people.note(AccessRefused(person="m-weber", action="record", site=site, participant=story.id), "web")


def ruled(story: Story, number: int) -> object:
    """The study changes its mind, for everybody."""
    trial = story.trial
    choice = ("outside", "as-systemic")[number % 2]
    return trial.participants.desk.record((Ruled(ruling="local-steroid-injections", choice=choice),), by_("administrator", trial.next_id()))


MOVES: Mapping[str, Move] = {
    "consent": lambda story, _: story.reports(consent(story.at())),
    "screen": lambda story, _: story.reports(e.ScreeningStarted(at=story.at())),
    "confirm": lambda story, _: story.reports(e.EligibilityConfirmed(at=story.at()), "investigator", signed=True),
    "plan": plan,
    "review": lambda story, n: story.reports(
        review(story.at(), local_date(story.trial.clock() - timedelta(days=60), BERLIN), ("medicines", "procedures")[n % 2])
    ),
    "be seen": lambda story, n: story.is_seen_before(STEPS[n % 3]),
    "steroid": lambda story, n: story.reports(dose("prednisone", str(n % 40 + 1), story.at())),
    "treatment": treatment,
    "perform": perform,
    "override": override,
    "release": lambda story, n: story.signs(c.ReleaseManually(step=STEPS[n % 3])),
    "cancel": lambda story, n: story.asks(c.Cancel(step=STEPS[n % 3])),
    "visit": visit,
    "follow up": follow_up,
    "harm": harm,
    "deviate": deviate,
    "advance": lambda story, _: story.advances(),
    "pass time": lambda story, n: story.trial.clock.move(hours=n),
    "live on": lambda story, n: story.lives_until(story.trial.clock() + timedelta(hours=n)),
    "tell": tell,
    "correct": correct,
    "retract": retract,
    "leave": leave,
    "ask in vain": ask_in_vain,
    "rule": ruled,
}
BEGINNINGS: tuple[Callable[[Story], object], ...] = (
    lambda story: story,
    lambda story: story.consents(),
    lambda story: story.is_eligible(),
    lambda story: story.is_eligible().is_collected(),
    lambda story: story.is_eligible().is_collected().has_product().is_depleted(),
    lambda story: story.is_eligible().is_collected().has_product().is_depleted().is_infused(),
)


def begin(trial: Trial, number: int) -> Story:
    """A participant who has come some way already."""
    story = trial.participant(f"BER-{number:03}")
    BEGINNINGS[number % len(BEGINNINGS)](story)
    return story
