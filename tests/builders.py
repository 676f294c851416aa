"""Builders: a demonstration study on a ledger, people who act in it, and a clock that stands where a test puts it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, reduce
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from app.demo.screened import found_at, screened
from domain import commands as c
from domain import events as e
from domain.criteria.report import confirmation, eligibility
from domain.decisions import decide
from domain.entry import Actor, Circumstances, Entry, Signature
from domain.gates import judge
from domain.participant import PARTICIPANT, Participant
from domain.record import Record
from domain.rejections import Refused
from domain.signatures import to_sign
from domain.study import (
    ConsentFormApproved,
    ProtocolApproved,
    ProtocolReleased,
    ReferenceAdopted,
    Ruled,
    SiteOpened,
    Study,
    StudyEvent,
    StudyOpened,
    StudyRecord,
    TimeZoneDataAdopted,
    evolve_study,
)
from domain.time import When, local_date
from domain.verdicts import RuleVerdict
from domain.words import HoldPoint, ReviewKind, Role, Route
from store.keys import Keyring
from store.ledger import Ledger
from store.participants import Outcome, Participants
from store.studies import StudyFiles
from store.study import StudyDesk
from tests.remembered import remembered

STUDY = "cd19-cart-sle"
BERLIN, SAO_PAULO = "Europe/Berlin", "America/Sao_Paulo"
CODE = "COI-0001"
DIGEST = "0" * 64
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When the stories of the tests begin: a Monday, nine o'clock in Berlin."""


@dataclass
class Clock:
    """The ledger's clock in tests: it stands still until a test moves it."""

    instant: datetime = START

    def __call__(self) -> datetime:
        return self.instant

    def move_to(self, instant: datetime) -> None:
        self.instant = max(self.instant, instant)

    def move(self, **by: float) -> None:
        self.instant += timedelta(**by)


@cache
def shipped() -> StudyFiles:
    """The files of the study as they are shipped, read once for all tests of a process."""
    return StudyFiles()


@dataclass
class Trial:
    """A demonstration study with two sites, on a ledger in memory unless another one is given."""

    clock: Clock = field(default_factory=Clock)
    ledger: Ledger | None = None
    files: StudyFiles = field(default_factory=shipped)
    time_zone_data: str = "test"
    """What the machine reckons with; the study has adopted the data called `test`."""
    numbers: int = 0
    """How many ids were given to requests."""

    def __post_init__(self) -> None:
        self.ledger = self.ledger or Ledger.open("memory", clock=self.clock, keys=Keyring(b"k" * 32))
        files = self.files
        desk = StudyDesk(self.ledger, files, STUDY, program="test", time_zone_data=self.time_zone_data)
        self.participants = Participants(self.ledger, desk)
        if not desk.opened():
            desk.record(
                (
                    StudyOpened(study=STUDY, demonstration=True),
                    TimeZoneDataAdopted(version="test"),
                    ReferenceAdopted(reference=1, digest=files.reference(1).digest),
                    ProtocolReleased(protocol=1, digest=files.protocol(STUDY, 1).digest),
                    SiteOpened(site="BER", zone=BERLIN),
                    SiteOpened(site="SAO", zone=SAO_PAULO),
                    ProtocolApproved(protocol=1, site="BER"),
                    ProtocolApproved(protocol=1, site="SAO"),
                    form_in_use("BER"),
                    form_in_use("SAO"),
                    Ruled(ruling="local-steroid-injections", choice="as-systemic"),
                ),
                by_("administrator", self.next_id()),
            )

    def next_id(self) -> UUID:
        self.numbers += 1
        return uuid5(NAMESPACE_OID, str(self.numbers))

    def participant(self, id: str = "BER-001", site: str = "BER") -> "Story":
        """A registered participant whose story can be told."""
        story = Story(self, id)
        story.asks(c.Register(site=site))
        return story


def by_(role: Role, command_id: UUID, *, reason: str | None = None, signed: bool | str = False, id: str | None = None) -> Circumstances:
    """Who asks in a test, and why; signed for a digest, or for one that nobody looks at."""
    signature = Signature(meaning="I have judged this myself", signed=DIGEST if signed is True else signed) if signed else None
    return Circumstances(
        actor=Actor(id=id or f"a-{role}", role=role),
        source="journey" if role == "journey" else "cli",
        command_id=command_id,
        reason=reason,
        signature=signature,
    )


@dataclass
class Story:
    """One participant, told command by command at the trial's clock."""

    trial: Trial
    id: str

    @property
    def record(self) -> Record:
        return self.trial.participants.read(self.id)

    @property
    def now(self) -> Participant:
        return self.record.participant

    def asks(self, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> Outcome:
        by = by_(role, self.trial.next_id(), reason=reason, signed=signed)
        return self.trial.participants.handle(self.id, command, by)

    def would(
        self, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False
    ) -> tuple[e.Event, ...]:
        """What a command would bring about now; nothing is recorded."""
        at = max(self.trial.clock(), self.now.recorded_at)
        return decide(command, self.record, self.trial.participants.study(), at, by_(role, NAMESPACE_OID, reason=reason, signed=signed))

    def reports(self, fact: e.Fact, role: Role = "coordinator", *, reason: str | None = None, signed: bool = False) -> Outcome:
        return self.asks(c.Report(fact=fact), role, reason=reason, signed=signed)

    def signs(self, command: c.Command, reason: str = "immediate hazard to the participant") -> Outcome:
        return self.asks(command, "investigator", reason=reason, signed=True)

    def advances(self) -> list[e.Event]:
        """Everything that is due now is done, as the journey would."""
        done: list[e.Event] = []
        for _ in range(500):
            record, agenda = self.trial.participants.agenda(self.id)
            due = agenda.due(self.trial.clock())
            if not due:
                return done
            by = by_("journey", uuid5(NAMESPACE_OID, f"{self.id}|{due[0].key}|{record.version}"))
            done += self.trial.participants.handle(self.id, c.ActOn(key=due[0].key), by).events
        raise AssertionError(f"the journey of {self.id} does not come to rest")

    def lives_until(self, instant: datetime) -> list[e.Event]:
        """Time passes, and the journey acts whenever something falls due."""
        done = self.advances()
        while True:
            _, agenda = self.trial.participants.agenda(self.id)
            following = [item.due for item in agenda.items if item.due <= instant]
            if not following:
                self.trial.clock.move_to(instant)
                return done
            self.trial.clock.move_to(min(following))
            done += self.advances()

    def at(self) -> When:
        return When.at(self.trial.clock())

    def entry_of(self, kind: type[e.Event]) -> int:
        """The version of the last entry of a kind, as it was recorded."""
        return max(entry.version for entry in self.record.entries if isinstance(entry.event, kind))

    def told_of(self, *kinds: type[e.Event]) -> list[tuple[datetime, e.Event]]:
        """The events of these kinds, each with the instant at which it was recorded."""
        return [(entry.recorded_at, entry.event) for entry in self.record.entries if isinstance(entry.event, kinds)]

    def consents(self) -> "Story":
        self.reports(consent(self.at()))
        return self

    @remembered
    def is_eligible(self) -> "Story":
        self.consents()
        self.reports(e.ScreeningStarted(at=self.at()))
        self.trial.clock.move(days=7)
        self.reports(e.VisitCompleted(visit="screening", at=self.at()))
        self.is_screened()
        self.confirms()
        return self

    def is_screened(self) -> "Story":
        """Everything that the criteria ask for is found, and lets the participant join."""
        protocol = self.trial.participants.study().protocol(self.now.protocol)
        self.asks(c.ReportTogether(facts=screened(protocol, self.trial.clock())), "investigator", signed=True)
        return self

    def confirms(self) -> Outcome:
        """The investigator signs the report of eligibility as it is judged now or, once enrolled, for the enrolment."""
        participant, study = self.now, self.trial.participants.study()
        report = eligibility(participant, study, confirmation(participant, study, self.trial.clock()))
        command = c.ConfirmEligibility(judged_at=report.at, report=report.digest)
        signed = to_sign(self.id, command, by_("investigator", NAMESPACE_OID))
        return self.trial.participants.handle(self.id, command, by_("investigator", self.trial.next_id(), signed=signed))

    def comes(self, visit: str) -> "Story":
        """The participant comes to a visit, at which everything that it requires is found."""
        self.reports(e.VisitCompleted(visit=visit, at=self.at()))
        for fact in found_at(visit, self.trial.participants.study().protocol(self.now.protocol), self.at()):
            self.reports(fact)
        return self

    def reviews(self, kind: ReviewKind = "medicines", days: int = 60) -> "Story":
        covers = local_date(self.trial.clock() - timedelta(days=days), BERLIN)
        self.reports(review(self.at(), covers, kind))
        return self

    def is_seen_before(self, step: HoldPoint) -> "Story":
        """Everything that a gate asks somebody to look at shortly before a step is on record, and the investigator says go."""
        self.reviews()
        if step == "lymphodepletion":
            self.reviews("procedures")
            self.reports(pregnancy_test(self.at()))
        if step == "infusion":
            self.reports(temperature(self.at()))
        self.reports(go(self.at()), "investigator", signed=True)
        return self

    def plans(self, step: HoldPoint, start: datetime, hours: float = 8) -> "Story":
        self.asks(c.Plan(step=step, slot=slot(start, hours)))
        return self

    @remembered
    def is_collected(self, code: str = CODE) -> "Story":
        start = self.trial.clock() + timedelta(days=1)
        self.plans("leukapheresis", start)
        self.trial.clock.move_to(start)
        self.is_seen_before("leukapheresis")
        self.advances()
        self.asks(c.Perform(beginning=c.BeginLeukapheresis()))
        self.trial.clock.move(hours=4)
        self.reports(e.LeukapheresisEnded(at=self.at(), identity=code, yield_e6_per_kg=Decimal(12)))
        return self

    @remembered
    def has_product(self, code: str = CODE, days: int = 21) -> "Story":
        self.lives_until(self.trial.clock() + timedelta(days=days))
        expires = local_date(self.trial.clock(), BERLIN) + timedelta(days=90)
        self.reports(e.ProductReceived(at=self.at(), identity=code, expires=expires), "cell-lab")
        self.reports(e.ProductReleased(at=self.at(), identity=code), "cell-lab")
        return self

    @remembered
    def is_depleted(self) -> "Story":
        """Lymphodepletion on days -5, -4 and -3 of an infusion planned five days from the first dose."""
        first = self.trial.clock() + timedelta(days=1)
        self.plans("infusion", first + timedelta(days=5), hours=8)
        self.plans("lymphodepletion", first)
        self.trial.clock.move_to(first)
        self.is_seen_before("lymphodepletion")
        self.advances()
        self.asks(c.Perform(beginning=c.BeginLymphodepletion(day=-5, drug="fludarabine")))
        for day in (-4, -3):
            self.trial.clock.move(days=1)
            self.reports(e.LymphodepletionDose(at=self.at(), day=day, drug="fludarabine"))
        return self

    @remembered
    def is_ready(self) -> "Story":
        """Everything before the infusion has been done, and the infusion is planned."""
        return self.is_eligible().is_collected().has_product().is_depleted()

    @remembered
    def is_cleared(self) -> "Story":
        """The slot of the infusion begins, and leave is given for all of it."""
        self.lives_until(self.now.plans["infusion"].slot.start)
        self.is_seen_before("infusion")
        self.checks_identity()
        self.advances()
        return self

    def checks_identity(self, code: str = CODE) -> Outcome:
        return self.reports(e.IdentityChecked(at=self.at(), identity=code, checked_by=("nurse one", "nurse two")))

    @remembered
    def is_infused(self) -> "Story":
        """The infusion takes place at the start of its slot."""
        self.is_cleared()
        self.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
        self.trial.clock.move(minutes=10)
        self.reports(e.InfusionStarted(at=self.at(), identity=CODE))
        self.trial.clock.move(minutes=20)
        self.reports(e.InfusionEnded(at=self.at()))
        return self


def form_in_use(site: str, digest: str = DIGEST, since: date = date(2020, 1, 1)) -> ConsentFormApproved:
    return ConsentFormApproved(site=site, form="consent form 1.0", digest=digest, since=since)


def consent(at: When) -> e.ConsentSigned:
    return e.ConsentSigned(at=at, document="consent form 1.0", document_digest=DIGEST, obtained_by="an investigator", copy_given=True)


def review(at: When, covers_from: date | None, kind: ReviewKind = "medicines") -> e.ReviewMade:
    return e.ReviewMade(at=at, covers_from=covers_from, review=kind, sources=("participant", "chart"))


def pregnancy_test(at: When, result: str = "negative") -> e.ObservationMade:
    return e.ObservationMade(at=at, test="pregnancy-test", result=result)


def temperature(at: When, degrees: str = "36.8") -> e.ObservationMade:
    return e.ObservationMade(at=at, test="body-temperature", value=Decimal(degrees), unit="°C")


def go(at: When, *, so: bool = True) -> e.Attested:
    return e.Attested(at=at, holds={"go": so})


def slot(start: datetime, hours: float = 8) -> e.Slot:
    return e.Slot(start=start, until=start + timedelta(hours=hours), target=start)


def dose(  # noqa: PLR0913 - All that a line of a medication chart says.
    drug: str,
    mg: str,
    start: When,
    *,
    per_day: int | None = None,
    stop: When | None = None,
    route: Route = "oral",
    depot: bool | None = None,
) -> e.MedicationTaken:
    return e.MedicationTaken(
        drug=drug, dose_mg=Decimal(mg), doses_per_day=per_day, route=route, start=start, stop=stop, indication="lupus", depot=depot
    )


# One record and one rule, without a ledger: what the boundary tables of the gates ask.


def local(text: str, zone: str = BERLIN) -> datetime:
    """The instant at which the clocks of a site show `2026-03-10 08:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def minute(text: str, zone: str = BERLIN) -> When:
    """The exact time that the clocks of a site show."""
    return When.at(local(text, zone))


@cache
def study_of(zone: str = BERLIN, ruling: str | None = "as-systemic") -> Study:
    """The demonstration study with one site, in a zone, and with or without the ruling on steroids injected into joints."""
    files = shipped()
    protocol, reference = files.protocol(STUDY, 1), files.reference(1)
    events: list[StudyEvent] = [
        StudyOpened(study=STUDY, demonstration=True),
        TimeZoneDataAdopted(version="test"),
        ReferenceAdopted(reference=1, digest=reference.digest),
        ProtocolReleased(protocol=1, digest=protocol.digest),
        SiteOpened(site="BER", zone=zone),
        ProtocolApproved(protocol=1, site="BER"),
        form_in_use("BER"),
        *([Ruled(ruling="local-steroid-injections", choice=ruling)] if ruling else []),
    ]
    return Study(reduce(evolve_study, events, StudyRecord()), {1: protocol.protocol}, reference.reference, "test", "test")


def told(events: Iterable[e.Event], recorded_at: datetime = START) -> Record:
    """The record of a registered participant about whom these events were recorded, in this order and all at one instant."""
    opening = (e.Registered(site="BER"), e.ProtocolAdopted(protocol=1, digest=DIGEST))
    by = by_("coordinator", NAMESPACE_OID)
    return Record.of(
        "BER-001",
        [Entry(PARTICIPANT + "BER-001", n, n, event, recorded_at, by, 0, "") for n, event in enumerate((*opening, *events), start=1)],
    )


def verdict_on(  # noqa: PLR0913 - A rule, a record, and what may stand around them.
    step: HoldPoint,
    rule: str,
    instant: datetime,
    *events: e.Event,
    zone: str = BERLIN,
    ruling: str | None = "as-systemic",
    recorded_at: datetime | None = None,
) -> RuleVerdict:
    """What a rule of a gate says at an instant, when this is all that is on record (recorded at that instant unless told otherwise)."""
    participant = told(events, recorded_at or instant).participant
    gate = judge(step, participant, study_of(zone, ruling), instant)
    return next(found for found in gate.derivation(instant).rules if found.rule == rule)


def codes(refused: Refused) -> set[str]:
    """Why something was refused, by the codes of all its reasons."""
    return {reason.code for reason in refused.reasons}
