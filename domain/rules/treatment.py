"""The rules that look at the treatment itself: steps taken before, the product, its identity, and the days since lymphodepletion."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.events import ConsentWithdrawn, EligibilityReconsidered, LymphodepletionDose
from domain.instants import ALWAYS, NEVER, InstantSet
from domain.participant import Participant
from domain.protocol import DaysSinceLymphodepletion, Milestone, ProductReady, SameIdentity, StepsBefore
from domain.rules.judgement import Found
from domain.standing import Noted, Product
from domain.time import BEGINNING, FOREVER, Span, When, day_after, local_date, midnight
from domain.words import Role, few


def steps_before(rule: StepsBefore, participant: Participant, zone: str) -> tuple[Found, ...]:
    """Passes from the last of the milestones on; consent that was withdrawn passes nothing from then on."""
    return tuple(found for milestone in rule.milestones for found in _milestone(milestone, participant, zone)) + _all_known(
        rule, participant, zone
    )


def product_ready(_: ProductReady, participant: Participant, zone: str) -> tuple[Found, ...]:
    """Passes from release and receipt until the end of the expiry date at the site."""
    product = _product(participant)
    if product is None or product.received is None:
        return (_missing("the product has not been received on site", "cell-lab"),)
    if product.released is None:
        return (_missing("the product has not been released", "cell-lab"),)
    entries = (product.received.entry, product.released.entry)
    expires = product.received.fact.expires
    expired = midnight(day_after(expires), zone)
    ready = [product.received.fact.at.span(zone), product.released.fact.at.span(zone)]
    return (
        *_since(
            Span(max(s.earliest for s in ready), max(s.latest for s in ready)), "the product is released and on site", entries, expired
        ),
        Found("fails", InstantSet.since(expired), f"the product expired at the end of {expires}", entries, "cell-lab"),
    )


def same_identity(rule: SameIdentity, participant: Participant, zone: str) -> tuple[Found, ...]:
    """One code on collection and product; where asked, checked by two persons since the product arrived."""
    collection, product = participant.collection, _product(participant)
    if collection is None or collection.ended is None:
        return (_missing("no collection in force carries a chain-of-identity code", "cell-lab"),)
    if product is None or product.received is None:
        others = tuple(p.received.entry for p in participant.products.values() if p.received is not None)
        if others and len(participant.collections) == 1:
            return (
                Found(
                    "fails",
                    ALWAYS,
                    "the product on site carries another code than the collection",
                    (collection.ended.entry, *others),
                    "cell-lab",
                ),
            )
        return (_missing("no product carries the code of the collection", "cell-lab"),)
    entries = (collection.ended.entry, product.received.entry)
    if not rule.checked_by_two:
        return tuple(_since(product.received.fact.at.span(zone), "collection and product carry one code", entries))
    return tuple(_checked(participant, product.received.fact.at.span(zone), collection.ended.fact.identity, entries, zone))


def days_since_lymphodepletion(
    rule: DaysSinceLymphodepletion, participant: Participant, days: frozenset[int], zone: str
) -> tuple[Found, ...]:
    """Counted in dates at the site, from the date of the last dose given or reduced, once every one of `days` is accounted for."""
    doses = participant.given_doses
    if not doses:
        return (_missing("no lymphodepletion dose has been recorded", "coordinator"),)
    told = {dose.fact.day for dose in participant.course}
    if open_days := sorted(days - told):
        untold = ", ".join(map(str, open_days))
        return (_missing(f"lymphodepletion day {untold} is on record neither as given nor as reduced or omitted", "coordinator"),)
    ordered = sorted(doses, key=lambda dose: dose.fact.at.span(zone).earliest)
    ends = [dose.fact.at.span(zone).earliest for dose in ordered[1:]] + [FOREVER]
    return tuple(found for dose, end in zip(ordered, ends, strict=True) for found in _days_since(rule, dose, end, zone))


def _days_since(rule: DaysSinceLymphodepletion, dose: Noted[LymphodepletionDose], end: datetime, zone: str) -> Iterator[Found]:
    """What a dose allows as long as it is the last, until `end`."""
    span = dose.fact.at.span(zone)
    says = f"day {rule.at_least} to {rule.at_most} after the last lymphodepletion dose ({dose.fact.at.shown(zone)})"
    earliest, latest = local_date(span.earliest, zone), local_date(span.latest, zone)
    first, until = timedelta(days=rule.at_least), timedelta(days=rule.at_most + 1)
    while_last = InstantSet.between(span.earliest, end)
    sure = InstantSet.between(midnight(latest + first, zone), midnight(earliest + until, zone)) & while_last
    possible = InstantSet.between(midnight(earliest + first, zone), midnight(latest + until, zone)) & while_last
    yield Found("passes", sure, f"the step is on {says}", (dose.entry,))
    yield Found("not yet known", possible - sure, f"it is not sure whether the step is on {says}", (dose.entry,), "coordinator")
    yield Found("fails", while_last - possible, f"the step is not on {says}", (dose.entry,))


MILESTONES: dict[Milestone, tuple[str, Role]] = {
    "consent": ("the consent form has been signed", "coordinator"),
    "eligibility": ("eligibility has been confirmed", "investigator"),
    "leukapheresis": ("a leukapheresis has ended with cells that stand", "cell-lab"),
    "lymphodepletion": ("a lymphodepletion dose has been given", "coordinator"),
}


def reached(milestone: Milestone, participant: Participant, zone: str) -> tuple[Span, int] | None:
    """When a milestone was reached, and by which entry."""
    noted: list[tuple[When, int]] = []
    match milestone:
        case "consent":
            noted = [(consent.fact.at, consent.entry) for consent in participant.consents]
        case "eligibility":
            confirmed = participant.eligible if participant.screen_failed is None else None
            noted = [(confirmed.fact.at, confirmed.entry)] if confirmed else []
        case "leukapheresis":
            ended = participant.collection.ended if participant.collection else None
            noted = [(ended.fact.at, ended.entry)] if ended else []
        case "lymphodepletion":
            noted = [(dose.fact.at, dose.entry) for dose in participant.given_doses]
    return min(((at.span(zone), entry) for at, entry in noted), key=lambda one: one[0].latest, default=None)


def _milestone(milestone: Milestone, participant: Participant, zone: str) -> Iterator[Found]:
    """What a milestone forbids or leaves open; that all are reached is told once, for the rule."""
    title, role = MILESTONES[milestone]
    when = reached(milestone, participant, zone)
    if when is None:
        yield _missing(f"it is not on record that {title}", role)
        return
    span, entry = when
    yield Found("fails", InstantSet.between(BEGINNING, span.earliest), f"only later {title}", (entry,))
    yield Found("not yet known", InstantSet.between(span.earliest, span.latest), f"it is not sure since when {title}", (entry,), role)
    if milestone == "eligibility" and participant.reconsidered is not None:
        yield _reconsidered(participant.reconsidered)
    for left in participant.leaving:
        if milestone == "consent" and isinstance(left.fact, ConsentWithdrawn):
            yield Found(
                "fails", InstantSet.since(left.fact.at.span(zone).earliest), "consent has been withdrawn", (left.entry,), "coordinator"
            )


def _reconsidered(noted: Noted[EligibilityReconsidered]) -> Found:
    """What was learned late of the time before the confirmation: the participant was not eligible, or the investigator signs again."""
    otherwise, entry = few(noted.fact.otherwise), (noted.entry,)
    if noted.fact.overall == "not eligible":
        return Found("fails", ALWAYS, f"by what is now known the participant was not eligible; judged otherwise: {otherwise}", entry)
    says = f"by what is now known eligibility is judged otherwise than was confirmed ({otherwise}); the report must be signed again"
    return Found("not yet known", ALWAYS, says, entry, "investigator")


def _all_known(rule: StepsBefore, participant: Participant, zone: str) -> tuple[Found, ...]:
    whens = [reached(milestone, participant, zone) for milestone in rule.milestones]
    known = [when for when in whens if when is not None]
    if len(known) < len(whens):
        return ()
    since = max(span.latest for span, _ in known)
    return (Found("passes", InstantSet.since(since), rule.says, tuple(sorted(entry for _, entry in known))),)


def _product(participant: Participant) -> Product | None:
    """The product made from the collection in force."""
    collection = participant.collection
    return None if collection is None or collection.ended is None else participant.products.get(collection.ended.fact.identity)


def _checked(participant: Participant, arrived: Span, identity: str, entries: tuple[int, ...], zone: str) -> Iterator[Found]:
    """Of the checks since the product arrived the last decides; while it is not sure which was the last, nothing passes."""
    checks = [(one, span) for one in participant.identity_checks if (span := one.fact.at.span(zone)).latest >= arrived.earliest]
    if not checks:
        yield _missing("two persons have not yet compared the code on the product with the participant", "coordinator")
        return
    first = min(span.earliest for _, span in checks)
    yield Found("fails", InstantSet.between(BEGINNING, first), "only later: two persons compared the codes", entries)
    last = [(check, span, _decides_until(span, [other for _, other in checks])) for check, span in checks]
    right = InstantSet.of((span.earliest, end) for check, span, end in last if check.fact.identity == identity)
    for check, span, end in last:
        known, perhaps = (*entries, check.entry), InstantSet.between(span.earliest, end)
        if check.fact.identity == identity:
            sure = InstantSet.between(span.latest, end) if span.earliest >= arrived.latest else NEVER
            yield Found("passes", sure, "two persons compared the code on the product with the participant", known)
            yield Found("not yet known", perhaps - sure, "it is not sure when two persons compared the codes", known, "coordinator")
        else:
            unsure = "it is not sure whether the last identity check found another code"
            yield Found("fails", perhaps - right, "the last identity check found another code", known)
            yield Found("not yet known", perhaps & right, unsure, known, "coordinator")


def _decides_until(span: Span, all_checks: list[Span]) -> datetime:
    """Until a check that was surely later has surely been made."""
    return min((other.latest for other in all_checks if other.earliest > span.latest), default=FOREVER)


def _since(span: Span, says: str, entries: tuple[int, ...], until: datetime = FOREVER) -> Iterator[Found]:
    """It was so since a time that may be uncertain: not before, perhaps from its first minute, surely from its last."""
    yield Found("fails", InstantSet.between(BEGINNING, span.earliest), f"only later: {says}", entries)
    yield Found("not yet known", InstantSet.between(span.earliest, span.latest), f"it is not sure since when: {says}", entries)
    yield Found("passes", InstantSet.between(span.latest, until), says, entries)


def _missing(says: str, role: Role) -> Found:
    return Found("not yet known", ALWAYS, says, supplied_by=role)
