"""Random lives of a participant: a clock, people who make mistakes, and a record that grows; without a ledger, so that they are many."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import repeat
from random import Random
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID

from app.demo.screened import screened
from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.criteria.report import confirmation, eligibility
from domain.decisions import decide
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Refused
from domain.signatures import to_sign
from domain.standing import Plan
from domain.time import When, local_date, to_the_minute
from domain.words import STEPS, HoldPoint, Role, Route
from tests.builders import BERLIN, CODE, START, by_, consent, dose, go, pregnancy_test, review, slot, study_of, temperature

OTHER = "COI-0002"
DRUGS = ["prednisone", "prednisolone", "dexamethasone", "methylprednisolone", "hydrocortisone", "paracetamol"]
ROUTES: list[Route] = ["oral", "intravenous", "intramuscular", "topical", "intra-articular"]
Wish = tuple[c.Command, Role]


class Turn(NamedTuple):
    """One turn of a life: who asked for what when, on which record, and what came of it."""

    at: datetime
    command: c.Command | None
    before: Record
    events: tuple[e.Event, ...]
    after: Record


@dataclass
class Life:
    """A participant whose life falls out as the dice do."""

    dice: Random
    clock: datetime = START
    record: Record = field(default_factory=lambda: Record("BER-001", (), Participant()))
    acts: list[Turn] = field(default_factory=list)
    """Everything that the journey did, one by one."""

    def asks(self, command: c.Command, role: Role = "coordinator") -> tuple[e.Event, ...]:
        """What a request brings about; of a refused step, the refusal. Everybody signs and gives a reason half of the time."""
        earnest = self.dice.random() < 0.5 or isinstance(command, c.Correct | c.Retract | c.Override | c.ReleaseManually)
        reason = "it was so" if earnest else None
        what = to_sign(self.record.id, command, by_(role, NAMESPACE_OID, reason=reason))
        by = by_(role, NAMESPACE_OID, reason=reason, signed=what if role == "investigator" else False)
        try:
            events = decide(command, self.record, study_of(), self.clock, by)
        except Refused as refused:
            events = (refused.recorded,) if refused.recorded else ()
        else:
            assert events == decide(command, self.record, study_of(), self.clock, by), "the same question has the same answer"
        if events:
            self.record = self.record.then(events, self.clock, by)
        return events

    def advances(self) -> None:
        """The journey does everything that is due, and comes to rest."""
        for _ in range(400):
            due = agenda(self.record.participant, study_of()).due(self.clock)
            if not due:
                return
            before, act = self.record, c.ActOn(key=due[0].key)
            events = self.asks(act, "journey")
            assert events, f"nothing came of {act.key}"
            self.acts.append(Turn(self.clock, act, before, events, self.record))
        raise AssertionError("the journey does not come to rest")

    def turn(self) -> Turn:
        """Time passes, and the journey acts, or somebody asks for something."""
        self.clock += self.dice.choice([timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(minutes=50), timedelta(hours=7)])
        if self.dice.random() < 0.2:
            before = self.record
            self.advances()
            return Turn(self.clock, None, before, (), self.record)
        command, role = self._sensible() if self.dice.random() < 0.75 else self._any()
        before = self.record
        return Turn(self.clock, command, before, self.asks(command, role), self.record)

    def is_harmed(self) -> Turn:
        """Time passes, and somebody tells of harm or amends what was told last."""
        self.clock += self.dice.choice([timedelta(0), timedelta(minutes=50), timedelta(hours=7)])
        command, role = self._amendment() if self.dice.random() < 0.3 else (c.Report(fact=self._harm(self._when())), self._somebody())
        before = self.record
        return Turn(self.clock, command, before, self.asks(command, role), self.record)

    # What people want

    def _sensible(self) -> Wish:
        """The next thing of a straight course, as far as the record says."""
        now, at = self.record.participant, When.at(self.clock)
        collection = now.collection
        product = now.products.get(collection.ended.fact.identity) if collection and collection.ended else None
        if not now.registered:
            return c.Register(site="BER"), "coordinator"
        if not now.consents:
            return c.Report(fact=consent(at)), "coordinator"
        if not now.screenings:
            return c.Report(fact=e.ScreeningStarted(at=at)), "coordinator"
        if now.eligible is None or now.reconsidered is not None:
            return self._confirmation(), "investigator"
        if collection is None:
            return self._step(c.BeginLeukapheresis())
        if collection.ended is None:
            return c.Report(fact=e.LeukapheresisEnded(at=at, identity=CODE, yield_e6_per_kg=Decimal(9))), "cell-lab"
        if product is None or product.received is None:
            return c.Report(
                fact=e.ProductReceived(at=at, identity=CODE, expires=local_date(self.clock, BERLIN) + timedelta(days=60))
            ), "cell-lab"
        if product.released is None:
            return c.Report(fact=e.ProductReleased(at=at, identity=CODE)), "cell-lab"
        if not now.given_doses:
            return self._step(c.BeginLymphodepletion(day=-5, drug="fludarabine"))
        told = {one.fact.day for one in now.doses[now.course_from :]}
        if missing := sorted({-5, -4, -3} - told):
            outcome = self.dice.choice(["given", "given", "reduced", "omitted"])
            given = e.LymphodepletionDose.model_validate({"at": at, "day": missing[0], "drug": "fludarabine", "outcome": outcome})
            return c.Report(fact=given), "coordinator"
        if not now.thaws:
            return self._step(c.ReleaseToThaw(identity=CODE))
        if not now.infusions:
            return c.Report(fact=e.InfusionStarted(at=at, identity=CODE)), "coordinator"
        return c.Report(fact=e.VisitCompleted(visit=self.dice.choice(["day-1", "day-3", "day-7", "toxicity-day-2"]), at=at)), "coordinator"

    def _confirmation(self) -> c.Command:
        """The report is signed where it says that the participant may join; else what is missing is found, or it is claimed on paper."""
        now, study = self.record.participant, study_of()
        report = eligibility(now, study, confirmation(now, study, self.clock))
        if report.overall == "eligible":
            return c.ConfirmEligibility(judged_at=report.at, report=report.digest)
        if self.dice.random() < 0.1:
            return c.Report(fact=e.EligibilityConfirmed(at=When.at(self.clock)))
        return c.ReportTogether(facts=screened(study.protocol(1), report.at))

    def _step(self, beginning: c.Beginning) -> Wish:
        """What is missing for a step: a plan that can come true, leave for now, or else a review, a check, or time."""
        if self.dice.random() < 0.2:
            by_hand = self.dice.random() < 0.5
            return c.ReleaseManually(step=beginning.kind) if by_hand else c.Perform(beginning=beginning), "investigator"
        self.advances()
        now, at, step = self.record.participant, When.at(self.clock), beginning.kind
        plan, leave = now.plans.get(step), now.clearance(step)
        if plan is None or isinstance(plan.verdict, e.StepHeld):
            return c.Plan(step=step, slot=slot(to_the_minute(self.clock), hours=self.dice.choice([30, 160]))), "coordinator"
        if leave is not None and leave.covers(to_the_minute(self.clock)):
            as_told = c.Report(fact=beginning.fact(to_the_minute(self.clock)))
            if self.dice.random() < (0.25 if step == "infusion" else 0.1):
                self.asks(*self._late(step))
                return as_told, "coordinator"
            wishes: list[Wish] = [*repeat((c.Perform(beginning=beginning), "coordinator"), 3), (as_told, "coordinator"), self._late(step)]
            return self.dice.choice(wishes)
        if self.dice.random() < 0.05:
            return c.Override(beginning=beginning, ground="immediate-hazard"), "investigator"
        if step == "infusion" and not now.identity_checks:
            return c.Report(fact=e.IdentityChecked(at=at, identity=CODE, checked_by=("one", "two"))), "coordinator"
        if self.dice.random() < 0.3:
            self.clock += timedelta(days=1)
        return self._looks(plan)

    def _looks(self, plan: Plan) -> Wish:
        """Somebody looks at what the gate still asks for, all but the last of it at once; where that is nothing, at the medicines again."""
        at, verdict = When.at(self.clock), plan.verdict
        lacking = {one.rule for one in verdict.derivation.rules if one.outcome != "passes"} if verdict is not None else set[str]()
        supplies: dict[str, Wish] = {
            "no-infection": (c.Report(fact=review(at, None)), "coordinator"),
            "E26a": (c.Report(fact=review(at, None, "procedures")), "coordinator"),
            "pregnancy-test": (c.Report(fact=pregnancy_test(at)), "coordinator"),
            "no-pregnancy": (c.Report(fact=pregnancy_test(at)), "coordinator"),
            "afebrile": (c.Report(fact=temperature(at)), "coordinator"),
            "go": (c.Report(fact=go(at)), "investigator"),
        }
        for one in self.record.participant.conditions:
            if one.fact.condition == "infection" and one.fact.stop is None:
                supplies["no-infection"] = (
                    c.Correct(entry=one.entry, fact=one.fact.model_copy(update={"stop": one.fact.start})),
                    "coordinator",
                )
        *others, last = [wish for rule, wish in supplies.items() if rule in lacking] or [supplies["no-infection"]]
        for wish in others:
            self.asks(*wish)
        return last

    def _late(self, step: HoldPoint) -> Wish:
        """What is learned at the last moment, and breaks the leave that stands."""
        at = When.at(self.clock - self.dice.choice([timedelta(0), timedelta(hours=1)]))
        pregnant: Wish = c.Report(fact=pregnancy_test(at, "positive")), "coordinator"
        if step == "lymphodepletion":
            operated: Wish = c.Report(fact=e.ProcedurePerformed(name="an operation", major=True, at=at)), "coordinator"
            return self.dice.choice([operated, pregnant])
        steroid: Wish = c.Report(fact=dose("prednisone", "20", at)), "coordinator"
        return self.dice.choice([steroid, *repeat(pregnant, 5 if step == "infusion" else 0), self._amendment(), *self._ill(at)])

    def _ill(self, at: When) -> list[Wish]:
        infection = e.ConditionNoted(at=at, condition="infection", start=at, marks={"uncontrolled": True})
        return [
            (c.Report(fact=temperature(at, "38.0")), "coordinator"),
            (c.Report(fact=infection), "coordinator"),
            (c.Report(fact=go(at, so=False)), "investigator"),
        ]

    def _any(self) -> Wish:
        wishes: list[Callable[[], Wish]] = [
            *repeat(self._report, 5),
            *repeat(self._amendment, 2),
            lambda: (c.Plan(step=self.dice.choice(STEPS), slot=slot(self._instant(ahead=True), hours=30)), "coordinator"),
            lambda: (c.Cancel(step=self.dice.choice(STEPS)), "coordinator"),
            lambda: (c.ReleaseManually(step=self.dice.choice(STEPS)), "investigator"),
            lambda: (c.Perform(beginning=self._beginning()), "coordinator"),
            lambda: (c.Override(beginning=self._beginning(), ground="immediate-hazard"), "investigator"),
            self._about_a_deviation,
        ]
        return self.dice.choice(wishes)()

    def _beginning(self) -> c.Beginning:
        beginnings: list[c.Beginning] = [
            c.BeginLeukapheresis(),
            c.BeginLymphodepletion(day=-5, drug="fludarabine"),
            c.ReleaseToThaw(identity=CODE),
            c.ReleaseToThaw(identity=OTHER),
        ]
        return self.dice.choice(beginnings)

    def _about_a_deviation(self) -> Wish:
        """One is recorded by hand; or one that stands is looked into, reviewed, or taken back."""
        details = e.DeviationDetails(cause=self.dice.choice([None, "haste"]), important=self.dice.random() < 0.5)
        by_hand = c.RecordDeviation(says="a form was lost", category="procedure", details=details)
        standing = list(self.record.participant.deviations.values())
        if not standing:
            return by_hand, self._somebody()
        one = self.dice.choice(standing)
        wishes: list[c.Command] = [
            by_hand,
            c.DescribeDeviation(key=one.key, details=details),
            *repeat(c.ReviewDeviation(key=one.key, entry=one.told_in), 2),
            c.VoidDeviation(key=one.key),
        ]
        return self.dice.choice(wishes), self._somebody()

    def _somebody(self) -> Role:
        return "investigator" if self.dice.random() < 0.5 else "coordinator"

    def _report(self) -> Wish:
        return c.Report(fact=self._fact()), self._somebody()

    def _amendment(self) -> Wish:
        told = [entry for entry in self.record.entries if isinstance(entry.event, e.FACTS)]
        told = told[-12:] if self.dice.random() < 0.8 else told
        if not told:
            return c.Retract(entry=1), self._somebody()
        entry = self.dice.choice(told)
        if self.dice.random() < 0.5 or not isinstance(entry.event, e.FACTS):
            return c.Retract(entry=entry.version), self._somebody()
        name = "start" if isinstance(entry.event, e.MedicationTaken) else "at"
        return c.Correct(entry=entry.version, fact=entry.event.model_copy(update={name: self._when()})), self._somebody()

    # What people tell

    def _instant(self, *, ahead: bool = False) -> datetime:
        by = timedelta(minutes=self.dice.choice([0, 1, 59, 60 * 24, 60 * 71, 60 * 72, 60 * 72 + 1, 60 * 24 * 8, 60 * 24 * 30]))
        return (self.clock + by if ahead else self.clock - by).replace(second=0)

    def _when(self) -> When:
        instant = self._instant()
        coarse = local_date(instant, BERLIN).isoformat()
        return self.dice.choice([When.at(instant), When.at(instant), When.at(instant), When(coarse), When(coarse[:7])])

    def _fact(self) -> e.Fact:
        at, dice = self._when(), self.dice
        facts: list[Callable[[], e.Fact]] = [
            *repeat(lambda: dose(dice.choice(DRUGS), str(dice.choice([1, 5, 8, 10, 20])), at, route=dice.choice(ROUTES)), 4),
            lambda: dose(dice.choice(DRUGS), "6", at, per_day=dice.choice([1, 2]), stop=self._when()),
            *repeat(lambda: dose(dice.choice(DRUGS), str(dice.choice([1, 4, 20])), at, per_day=1), 2),
            *repeat(lambda: dose("paracetamol", "500", at).model_copy(update={"investigational": True}), 3),
            lambda: e.ProcedurePerformed(name="an operation", major=dice.random() < 0.5, at=at),
            lambda: review(at, date(2025, 1, 1), dice.choice(["medicines", "procedures"])),
            lambda: e.IdentityChecked(at=at, identity=dice.choice([CODE, OTHER]), checked_by=("one", "two")),
            lambda: temperature(at, dice.choice(["37.9", "38.0", "39.5"])),
            lambda: pregnancy_test(at, dice.choice(["negative", "positive", "indeterminate"])),
            lambda: go(at, so=dice.random() < 0.5),
            lambda: self._infection(at),
            lambda: self._demographics(at),
            lambda: consent(at),
            lambda: e.ScreeningStarted(at=at),
            lambda: e.LeukapheresisStarted(at=at),
            lambda: e.ProductFailed(at=at, identity=CODE, why="too few cells"),
            lambda: e.ProductReceived(at=at, identity=dice.choice([CODE, OTHER]), expires=local_date(self.clock, BERLIN)),
            *repeat(
                lambda: e.LymphodepletionDose(
                    at=at, day=dice.choice([-5, -4, -3]), drug="fludarabine", outcome=dice.choice(["given", "omitted"])
                ),
                3,
            ),
            lambda: e.ThawStarted(at=at, identity=dice.choice([CODE, OTHER]), bag=dice.choice([1, 2])),
            lambda: e.InfusionStarted(at=at, identity=CODE, bag=dice.choice([1, 2])),
            lambda: self._leaving(at),
            *repeat(lambda: self._visiting(at), 2),
            *repeat(lambda: self._harm(at), 2),
        ]
        return dice.choice(facts)()

    def _infection(self, at: When) -> e.Fact:
        stop = self.dice.choice([None, at, self._when()])
        marks = {mark: self.dice.random() < 0.3 for mark in ("uncontrolled", "needs-anti-infective") if self.dice.random() < 0.8}
        return e.ConditionNoted(at=at, condition="infection", start=at, stop=stop, marks=marks)

    def _demographics(self, at: When) -> e.Fact:
        return e.DemographicsRecorded.model_validate(
            {"at": at, "born": When("1990"), "sex": self.dice.choice(["female", "female", "male"])}
        )

    def _harm(self, at: When) -> e.Fact:
        """An adverse event, more of one, a grading, or that a matter of safety was reported."""
        dice, now = self.dice, self.record.participant
        told, open_ = [one.entry for one in now.adverse_events], [one.key for one in now.safety_reports.values() if one.open]
        kinds: list[dict[str, Any]] = [{}, {}, {"serious": ("hospitalisation",)}, {"serious": ("fatal",), "grade": 5}]
        serious = dice.choice(kinds)
        facts: list[e.Fact] = [
            e.AdverseEvent.model_validate({"at": at, "term": "pneumonia", "grade": 2, "start": at} | serious),
            *(e.AdverseEventUpdated.model_validate({"entry": entry, "at": at, "narrative": "worse"} | serious) for entry in told[-2:]),
            e.CytokineReleaseGraded(at=at, grade=dice.choice([0, 1, 3, 4])),
            e.NeurotoxicityGraded(at=at, grade=dice.choice([0, 3]), ice=dice.choice([None, 0, 10])),
            *(e.SafetyReported(at=at, key=key) for key in open_[-2:]),
        ]
        return dice.choice(facts)

    def _visiting(self, at: When) -> e.Fact:
        visit, ahead = self.dice.choice(["screening", "day-1", "day-7", "toxicity-day-2"]), When.at(self._instant(ahead=True))
        facts: list[e.Fact] = [
            e.VisitBooked(visit=visit, at=ahead),
            e.VisitCompleted(visit=visit, at=at),
            e.UnscheduledVisit(at=at, why="a fever at home"),
        ]
        return self.dice.choice(facts)

    def _leaving(self, at: When) -> e.Fact:
        ways: list[e.Fact] = [
            e.ConsentWithdrawn(at=at, scope="treatment"),
            e.ContactLost(at=at),
            e.ContactRegained(at=at),
            e.ContactRegained(at=at),
            e.VisitCompleted(visit="day-1", at=at),
        ]
        return self.dice.choice(ways)
