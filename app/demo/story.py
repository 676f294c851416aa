"""The story: a steroid, a black-out that clears by itself, a late entry that revokes leave, an infusion, two years, an audit."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from app.demo.opening import FORM, FORM_DIGEST
from app.demo.screened import found_at, screened
from app.demo.stage import SITE, ZONE, Stage, infusion_on, set_in
from app.demo.telling import Teller
from domain import commands as c
from domain import events as e
from domain.time import When, clock_time, local_date
from domain.visits import VisitWindow, windows
from domain.words import ReviewKind

CODE = "COI-7Q4M-0001"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MISSED, LATE = "day-10", "day-14"
"""The visit to which nobody comes, and the one that is held after its window."""


async def live_through(folder: Path, console: Console) -> None:
    """Set the stage in a folder, and tell the whole story on a console."""
    async with set_in(folder) as stage:
        await _tell(stage, Teller(console))


async def _tell(stage: Stage, teller: Teller) -> None:
    teller.opens("Everything that follows is synthetic; times are those of the site in Berlin.")
    await _joins(stage, teller)
    await _is_collected(stage, teller)
    dose = await _is_depleted(stage, teller)
    await _waits_and_is_cleared(stage, teller, dose)
    late = await _is_revoked_and_held(stage, teller, dose)
    await _is_infused(stage, teller, late)
    await _comes_to_visits(stage, teller)
    teller.audit(stage.participants.ledger, stage.record, stage.participants.desk)


async def _joins(stage: Stage, teller: Teller) -> None:
    teller.act(
        "A participant joins",
        "Consent, four weeks at most of screening, every criterion judged, and the investigator's signature on what was judged.",
    )
    stage.asks(c.Register(site=SITE))
    stage.reports(
        e.ConsentSigned(
            at=stage.now(),
            document=FORM,
            document_digest=FORM_DIGEST,
            obtained_by="the investigator",
            copy_given=True,
        )
    )
    stage.reports(e.ScreeningStarted(at=stage.now()))
    await stage.time.pass_until(stage.clock() + 8 * DAY)
    stage.reports(e.VisitCompleted(visit="screening", at=stage.now()))
    await stage.time.settle()
    teller.entries(stage.record)
    protocol = stage.participants.study().protocol(stage.record.participant.protocol)
    form = c.ReportTogether(facts=screened(protocol, stage.clock()))
    stage.asks(form, "investigator", meaning="I have found and judged this")
    report = stage.report()
    teller.form(stage.record, report)
    confirmation = c.ConfirmEligibility(judged_at=report.at, report=report.digest)
    stage.asks(confirmation, "investigator", meaning="I have judged every criterion and confirm eligibility")
    await stage.time.settle()
    teller.entries(stage.record)


async def _is_collected(stage: Stage, teller: Teller) -> None:
    teller.act("Leukapheresis", "The gate asks for a medicines review and the investigator's go; then it gives leave by itself.")
    start = _at(stage, 3, 9)
    stage.asks(c.Plan(step="leukapheresis", slot=e.Slot(start=start, until=start + 8 * HOUR, target=start)))
    await stage.time.pass_until(start - 2 * HOUR)
    _reviews(stage, "medicines")
    _says_go(stage)
    await stage.time.pass_until(start)
    stage.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    await stage.time.pass_until(start + 4 * HOUR)
    stage.reports(e.LeukapheresisEnded(at=stage.now(), identity=CODE, yield_e6_per_kg=Decimal("11.4")))
    await stage.time.pass_until(start + 24 * DAY)
    expires = local_date(stage.clock() + 120 * DAY, ZONE)
    stage.reports(e.ProductReceived(at=stage.now(), identity=CODE, expires=expires), "cell-lab")
    stage.reports(e.ProductReleased(at=stage.now(), identity=CODE), "cell-lab")
    await stage.time.settle()
    teller.entries(stage.record)


async def _is_depleted(stage: Stage, teller: Teller) -> datetime:
    """Returns when the dexamethasone was given that the black-out counts from."""
    teller.act(
        "Lymphodepletion, and a hidden steroid",
        "A pregnancy test first, then three days of chemotherapy. On the third afternoon dexamethasone is given against nausea: a steroid "
        "inside the 72 hours.",
    )
    first = _at(stage, 4, 10)
    dose = _at(stage, 6, 14)
    _plan_infusion(stage, dose + 48 * HOUR, dose + 84 * HOUR, dose + 73 * HOUR)
    stage.asks(c.Plan(step="lymphodepletion", slot=e.Slot(start=first, until=first + 8 * HOUR, target=first)))
    await stage.time.pass_until(first - 24 * HOUR)
    stage.reports(e.VisitCompleted(visit="pre-lymphodepletion-baseline", at=stage.now()))
    await stage.time.pass_until(first - 2 * HOUR)
    _reviews(stage, "procedures", "medicines")
    stage.reports(e.ObservationMade(at=stage.now(), test="pregnancy-test", result="negative"))
    _says_go(stage)
    await stage.time.pass_until(first)
    stage.asks(c.Perform(beginning=c.BeginLymphodepletion(day=-5, drug="fludarabine")))
    for day in (-4, -3):
        await stage.time.pass_until(_at(stage, 1, 10))
        stage.reports(e.LymphodepletionDose(at=stage.now(), day=day, drug="fludarabine"))
    await stage.time.pass_until(dose)
    stage.reports(_dexamethasone("8", stage.now()))
    await stage.time.settle()
    teller.entries(stage.record)
    return dose


async def _waits_and_is_cleared(stage: Stage, teller: Teller, dose: datetime) -> None:
    teller.act(
        "The black-out",
        "The infusion is planned from 48 to 84 hours after that dose. It waits; nobody has to remember when it may begin.",
    )
    await stage.time.pass_until(dose + 60 * HOUR)
    _is_seen(stage)
    stage.reports(e.IdentityChecked(at=stage.now(), identity=CODE, checked_by=("the infusion nurse", "the cell-lab technician")))
    await stage.time.pass_until(dose + 72 * HOUR)
    teller.entries(stage.record)
    refusal = stage.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
    teller.refusal("Exactly 72 hours after the dose somebody asks to thaw", refusal)
    await stage.time.pass_until(dose + 73 * HOUR)
    teller.entries(stage.record)


async def _is_revoked_and_held(stage: Stage, teller: Teller, dose: datetime) -> datetime:
    """Returns when the dose was given that became known late."""
    teller.act(
        "A late entry",
        "Leave stands. Then it turns out that the night shift gave dexamethasone again, 50 hours after the first dose. Leave is revoked in "
        "the same moment, and what is left of the slot holds no instant at which the infusion would be possible.",
    )
    late = dose + 50 * HOUR
    stage.reports(_dexamethasone("4", When.at(late)))
    await stage.time.settle()
    teller.entries(stage.record)
    return late


async def _is_infused(stage: Stage, teller: Teller, late: datetime) -> None:
    teller.act(
        "Planned again, and infused", "A new slot is planned around the instant that Daybook names; leave comes by itself in the slot."
    )
    _plan_infusion(stage, late + 71 * HOUR, late + 82 * HOUR, late + 80 * HOUR)
    await stage.time.pass_until(late + 68 * HOUR)
    _is_seen(stage)
    await stage.time.pass_until(_clock(stage, 23, 40))
    stage.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
    await stage.time.pass_until(_clock(stage, 23, 55))
    stage.reports(e.InfusionStarted(at=stage.now(), identity=CODE))
    await stage.time.pass_until(stage.clock() + timedelta(minutes=30))
    stage.reports(e.InfusionEnded(at=stage.now()))
    await stage.time.settle()
    teller.entries(stage.record)


async def _comes_to_visits(stage: Stage, teller: Teller) -> None:
    teller.act(
        "Ten minutes that move two years",
        "Two days later the source document shows that the infusion began at 00:05, not at 23:55. The entry is corrected, with a reason; "
        "day 0 is another date now, every window moves, and visits that were in their windows no longer are.",
    )
    await _comes_until(stage, 2)
    before = windows(stage.record.participant, stage.participants.study())
    teller.entries(stage.record)
    _corrects_the_infusion(stage)
    await stage.time.settle()
    teller.entries(stage.record)
    teller.moved(before, windows(stage.record.participant, stage.participants.study()))
    teller.act("Two years", f"The participant comes to every visit but {MISSED}, and to {LATE} a day after its window has closed.")
    await _comes_until(stage, None)
    await stage.time.pass_until(max(window.closes_at for window in windows(stage.record.participant, stage.participants.study())) + DAY)
    teller.summary(stage.record)


async def _comes_until(stage: Stage, day: int | None) -> None:
    """Visit after visit as its day comes, up to a number of days after the infusion, or to the end."""
    infused = infusion_on(stage.record).fact.at.span(ZONE).earliest
    while (following := _next_visit(stage)) is not None:
        visit, on = following
        if day is not None and on > local_date(infused, ZONE) + day * DAY:
            return
        await stage.time.pass_until(clock_time(on, 10, 0, ZONE))
        late = "the participant came a day late" if visit == LATE else None
        stage.reports(e.VisitCompleted(visit=visit, at=stage.now()), reason=late)
        for fact in found_at(visit, stage.participants.study().protocol(1), stage.now()):
            stage.reports(fact)


def _next_visit(stage: Stage) -> tuple[str, date] | None:
    to_come = (window for window in windows(stage.record.participant, stage.participants.study()) if window.held is None)
    days = {window.visit: _day_of(window) for window in to_come if window.visit != MISSED}
    return min(days.items(), key=lambda one: (one[1], one[0]), default=None)


def _day_of(window: VisitWindow) -> date:
    return window.closes + DAY if window.visit == LATE else window.target


def _corrects_the_infusion(stage: Stage) -> None:
    wrong = infusion_on(stage.record)
    right = When.at(wrong.fact.at.span(ZONE).earliest + timedelta(minutes=10))
    stage.asks(
        c.Correct(entry=wrong.entry, fact=wrong.fact.model_copy(update={"at": right})),
        reason="the infusion sheet says 00:05, misread at entry",
    )


def _plan_infusion(stage: Stage, start: datetime, until: datetime, target: datetime) -> None:
    stage.asks(c.Plan(step="infusion", slot=e.Slot(start=start, until=until, target=target)))


def _is_seen(stage: Stage) -> None:
    """What the gate of the infusion asks for in the 24 hours before."""
    _reviews(stage, "medicines")
    stage.reports(e.ObservationMade(at=stage.now(), test="body-temperature", value=Decimal("36.9"), unit="°C"))
    _says_go(stage)


def _reviews(stage: Stage, *kinds: ReviewKind) -> None:
    since = local_date(stage.clock() - 60 * DAY, ZONE)
    for kind in kinds:
        stage.reports(e.ReviewMade(review=kind, at=stage.now(), covers_from=since, sources=("participant", "chart", "pharmacy")))


def _says_go(stage: Stage) -> None:
    stage.reports(e.Attested(at=stage.now(), holds={"go": True}), "investigator", meaning="Nothing speaks against the step")


def _dexamethasone(mg: str, at: When) -> e.MedicationTaken:
    return e.MedicationTaken(
        drug="dexamethasone", dose_mg=Decimal(mg), route="intravenous", start=at, indication="nausea during lymphodepletion"
    )


def _at(stage: Stage, days: int, hour: int) -> datetime:
    """An hour on the clocks of the site, so many dates from now."""
    return clock_time(local_date(stage.clock(), ZONE) + days * DAY, hour, 0, ZONE)


def _clock(stage: Stage, hour: int, minute: int) -> datetime:
    """A time of today on the clocks of the site."""
    return clock_time(local_date(stage.clock(), ZONE), hour, minute, ZONE)
