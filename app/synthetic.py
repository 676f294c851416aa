"""A synthetic study with a dozen synthetic participants in all stages, so that there is something to look at on the first day.

Everything is asked for as people ask, through the one desk, and reported late, as paper charts are when a study moves to Daybook.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from app.demo.opening import FORM, FORM_DIGEST, open_demonstration
from app.demo.screened import found_at, screened
from app.wiring import Daybook
from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.entry import Actor, Circumstances, Signature
from domain.signatures import to_sign
from domain.time import When, clock_time, local_date, to_the_minute
from domain.visits import windows
from domain.words import HoldPoint, ReviewKind, Role

LATE = "late entry: synthetic, taken over from an invented chart"
CONTACTS = (
    ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example", rung="coordinator"),
    ContactNamed(person="j-silva", roles=("coordinator",), site="SAO", mail="j.silva@sao.example", rung="coordinator"),
    ContactNamed(person="a-kim", roles=("coordinator",), mail="a.kim@study.example", rung="second-coordinator", digest="inbox"),
    ContactNamed(person="k-adler", roles=("investigator",), mail="k.adler@study.example", rung="investigator"),
)
"""Invented people, at addresses that can never be anybody's."""
SIGNED = "I have judged this myself (synthetic)"


def populate(daybook: Daybook, now: datetime) -> None:
    """Open a synthetic study in a new ledger and fill it."""
    open_demonstration(daybook.desk, daybook.files)
    daybook.desk.record(CONTACTS, _by("administrator"))
    stories: dict[str, Callable[[Chart], None]] = {
        "BER-001": _in_screening,
        "BER-002": _failed_screening,
        "BER-003": _awaits_product,
        "BER-004": _ready_for_lymphodepletion,
        "BER-005": _waits_for_seventy_two_hours,
        "BER-006": _loses_leave,
        "BER-007": _infused_days_ago,
        "SAO-001": _collection_lacks_a_review,
        "SAO-002": _held_by_dexamethasone,
        "SAO-003": _ready_for_infusion,
        "SAO-004": _infused_months_ago,
        "SAO-005": _lost,
    }
    for participant, story in stories.items():
        chart = Chart(daybook, participant, to_the_minute(now))
        chart.asks(c.Register(site=participant[:3]))
        story(chart)


def _by(role: Role) -> Circumstances:
    return Circumstances(actor=Actor(id=f"synthetic-{role}", role=role), source="import", command_id=uuid4(), reason=LATE)


@dataclass
class Chart:
    """The invented chart of one participant; days and hours are counted back from now."""

    daybook: Daybook
    id: str
    now: datetime

    @property
    def code(self) -> str:
        """The chain-of-identity code of the participant's cells."""
        return f"COI-{self.id}"

    @property
    def zone(self) -> str:
        return self.daybook.participants.study().zone(self.id[:3])

    def at(self, days: int, hour: int = 10) -> When:
        """So many days ago at an hour on the site's clocks."""
        instant = clock_time(local_date(self.now, self.zone) - timedelta(days=days), hour, 0, self.zone)
        return When.at(min(instant, self.now))

    def hours_ago(self, hours: int) -> When:
        return When.at(self.now - timedelta(hours=hours))

    def asks(self, command: c.Command, role: Role = "coordinator") -> None:
        """Ask as a person would, signed where an investigator asks."""
        by = _by(role)
        if role == "investigator":
            by = by.model_copy(update={"signature": Signature(meaning=SIGNED, signed=to_sign(self.id, command, by))})
        self.daybook.participants.handle(self.id, command, by)

    def reports(self, *facts: e.Fact, role: Role = "coordinator") -> None:
        for fact in facts:
            self.asks(c.Report(fact=fact), role)

    def reviews(self, kind: ReviewKind, days: int) -> None:
        """Somebody looked so many days ago, three months back."""
        at = self.at(days, hour=8)
        covers = local_date(at.span(self.zone).earliest, self.zone) - timedelta(days=90)
        self.reports(e.ReviewMade(review=kind, at=at, covers_from=covers, sources=("participant", "chart")))

    def goes(self, at: When) -> None:
        """The investigator's go."""
        self.reports(e.Attested(at=at, holds={"go": True}), role="investigator")

    def plans(self, step: HoldPoint, hours: int, long: int) -> None:
        """Plan a step so many hours ahead, in a slot so many hours long."""
        start = self.now.replace(minute=0) + timedelta(hours=hours)
        self.asks(c.Plan(step=step, slot=e.Slot(start=start, until=start + timedelta(hours=long), target=start)))

    def takes(self, drug: str, milligrams: int, hours_ago: int, indication: str) -> None:
        dose = Decimal(milligrams)
        self.reports(e.MedicationTaken(drug=drug, dose_mg=dose, route="oral", start=self.hours_ago(hours_ago), indication=indication))

    def consents(self, days: int) -> None:
        self.reports(
            e.ConsentSigned(
                at=self.at(days),
                document=FORM,
                document_digest=FORM_DIGEST,
                obtained_by="synthetic investigator",
                copy_given=True,
            ),
            e.ScreeningStarted(at=self.at(days, hour=11)),
        )

    def is_eligible(self, days: int) -> None:
        """Confirmed so many days ago, after two weeks of screening."""
        self.consents(days + 14)
        self.reports(e.VisitCompleted(visit="screening", at=self.at(days + 5)))
        at = self.at(days)
        found = screened(self.daybook.participants.study().protocol(1), at.span(self.zone).earliest)
        self.asks(c.ReportTogether(facts=found), role="investigator")
        self.reports(e.EligibilityConfirmed(at=at), role="investigator")

    def is_collected(self, days: int) -> None:
        self.is_eligible(days + 7)
        self.reviews("medicines", days)
        self.goes(self.at(days, hour=8))
        ended = e.LeukapheresisEnded(at=self.at(days, hour=15), identity=self.code, yield_e6_per_kg=Decimal(11))
        self.reports(e.LeukapheresisStarted(at=self.at(days)), ended)

    def has_product(self, days: int) -> None:
        self.is_collected(days + 28)
        expires = local_date(self.now, self.zone) - timedelta(days=days) + timedelta(days=180)
        received = e.ProductReceived(at=self.at(days), identity=self.code, expires=expires)
        self.reports(received, e.ProductReleased(at=self.at(days, hour=14), identity=self.code), role="cell-lab")

    def is_tested(self, days: int) -> None:
        """Seen before lymphodepletion so many days ago."""
        self.reviews("procedures", days)
        self.reviews("medicines", days)
        self.reports(e.ObservationMade(at=self.at(days, hour=8), test="pregnancy-test", result="negative"))
        self.goes(self.at(days, hour=8))

    def is_depleted(self, days: int) -> None:
        """The last of three doses was given so many days ago."""
        self.has_product(days + 9)
        self.is_tested(days + 2)
        self.reports(*(e.LymphodepletionDose(at=self.at(days + 2 - n), day=n - 5, drug="fludarabine") for n in range(3)))
        self.reports(e.VisitCompleted(visit="pre-lymphodepletion-baseline", at=self.at(days + 4)))

    def is_checked(self, at: When | None = None) -> None:
        """Ready at the bedside, an hour ago unless told otherwise: medicines and temperature, the code compared by two, and the go."""
        at = at or self.hours_ago(1)
        covers = local_date(at.span(self.zone).earliest, self.zone) - timedelta(days=90)
        self.reports(
            e.ReviewMade(review="medicines", at=at, covers_from=covers, sources=("participant", "chart")),
            e.ObservationMade(at=at, test="body-temperature", value=Decimal("36.7"), unit="°C"),
            e.IdentityChecked(at=at, identity=self.code, checked_by=("synthetic nurse one", "synthetic nurse two")),
        )
        self.goes(at)

    def is_infused(self, days: int) -> None:
        self.is_depleted(days + 3)
        self.is_checked(self.at(days, hour=9))
        self.reports(
            e.ThawStarted(at=self.at(days), identity=self.code),
            e.InfusionStarted(at=self.at(days), identity=self.code),
            e.InfusionEnded(at=self.at(days, hour=11)),
        )

    def comes_to(self, *, until_days: int, but: tuple[str, ...] = ()) -> None:
        """Every visit after infusion took place on its target date, up to so many days ago, but for some."""
        participants, protocol = self.daybook.participants, self.daybook.participants.study().protocol(1)
        last = local_date(self.now, self.zone) - timedelta(days=until_days)
        for window in windows(participants.read(self.id).participant, participants.study()):
            if window.series in {"toxicity", "follow-up"} and window.target <= last and window.visit not in but:
                at = When.at(clock_time(window.target, 10, 0, self.zone))
                self.reports(e.VisitCompleted(visit=window.visit, at=at), *found_at(window.visit, protocol, at))


def _in_screening(chart: Chart) -> None:
    chart.consents(days=2)


def _failed_screening(chart: Chart) -> None:
    chart.consents(days=20)
    chart.reports(e.ScreenFailed(at=chart.at(12), criteria=("E11b",)))


def _awaits_product(chart: Chart) -> None:
    chart.is_collected(days=12)


def _ready_for_lymphodepletion(chart: Chart) -> None:
    chart.has_product(days=6)
    chart.plans("infusion", hours=24 * 6, long=24)
    chart.plans("lymphodepletion", hours=20, long=10)
    chart.is_tested(days=0)


def _waits_for_seventy_two_hours(chart: Chart) -> None:
    """A slot from 48 to 84 hours after a dose: possible after 72."""
    chart.is_depleted(days=3)
    chart.takes("dexamethasone", 8, hours_ago=30, indication="nausea")
    chart.plans("infusion", hours=18, long=36)


def _loses_leave(chart: Chart) -> None:
    """Released by hand, then a dose of steroid comes to light."""
    chart.is_depleted(days=4)
    chart.is_checked()
    chart.plans("infusion", hours=3, long=8)
    chart.asks(c.ReleaseManually(step="infusion"), role="investigator")
    chart.takes("dexamethasone", 12, hours_ago=20, indication="nausea")


def _infused_days_ago(chart: Chart) -> None:
    chart.is_infused(days=9)
    chart.comes_to(until_days=1, but=("toxicity-day-5",))


def _collection_lacks_a_review(chart: Chart) -> None:
    chart.is_eligible(days=4)
    chart.plans("leukapheresis", hours=24 * 4, long=8)


def _held_by_dexamethasone(chart: Chart) -> None:
    chart.is_depleted(days=3)
    chart.takes("dexamethasone", 8, hours_ago=6, indication="nausea")
    chart.plans("infusion", hours=20, long=8)


def _ready_for_infusion(chart: Chart) -> None:
    chart.is_depleted(days=4)
    chart.is_checked()
    chart.plans("infusion", hours=2, long=8)


def _infused_months_ago(chart: Chart) -> None:
    chart.is_infused(days=92)
    chart.comes_to(until_days=60, but=("day-10",))


def _lost(chart: Chart) -> None:
    chart.is_infused(days=45)
    chart.comes_to(until_days=20)
    chart.reports(e.ContactLost(at=chart.at(10)))
