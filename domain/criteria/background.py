"""Requirements on who the participant is and on what came first: age, sex, consent, time since diagnosis."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.criteria.answers import Answer
from domain.criteria.episode import Episode, first_of
from domain.criteria.language import Aged, ConsentedFirst, ElapsedSince, OfSex, ScreeningWithin
from domain.criteria.scores import reached
from domain.events import ConditionNoted, ConsentSigned
from domain.instants import ALWAYS, NEVER, InstantSet
from domain.rules.judgement import Found
from domain.standing import Noted
from domain.study import ConsentFormApproved
from domain.time import BEGINNING, FOREVER, Period, Span, day_after, local_date, midnight
from domain.verdicts import Outcome
from domain.words import Role


def aged(rule: Aged, episode: Episode) -> Answer:
    """Over times of the anchor: from the birthday that completes the least age to the eve of the one that passes the greatest."""
    says = f"age {rule.at_least} to {rule.at_most} in completed years"
    who = episode.participant.demographics
    if who is None:
        return Answer.by(says, [_missing("the date of birth is not on record")])
    born, entry = who.fact.born.span(episode.zone), (who.entry,)
    begins = [_birthday(instant, rule.at_least, episode.zone) for instant in (born.earliest, born.latest)]
    ends = [_birthday(instant, rule.at_most + 1, episode.zone) for instant in (born.earliest, born.latest)]
    told = f"born {who.fact.born.root}"
    return Answer.by(
        says,
        [
            Found("passes", InstantSet.between(begins[1], ends[0]), told, entry),
            Found("fails", ALWAYS - InstantSet.between(begins[0], ends[1]), told, entry),
            Found(
                "not yet known",
                InstantSet.of([(begins[0], begins[1]), (ends[0], ends[1])]),
                f"{told}; the day decides",
                entry,
                "coordinator",
            ),
        ],
    )


def of_sex(rule: OfSex, episode: Episode) -> Answer:
    """It is so at all times, or not known at any."""
    who = episode.participant.demographics
    if who is None:
        return Answer.by(rule.sex, [_missing("the sex is not on record")])
    outcome: Outcome = "passes" if who.fact.sex == rule.sex else "fails"
    return Answer.by(rule.sex, [Found(outcome, ALWAYS, f"{who.fact.sex} is on record", (who.entry,))])


def consented_first(_: ConsentedFirst, episode: Episode) -> Answer:
    """Over times of the screening: those surely after the consent of this screening; on one date without hours nobody can tell."""
    says = "consent signed before the first procedure of screening"
    if episode.consent is None:
        return Answer.by(says, [_missing("no consent has been signed for this screening")])
    signed, entry = episode.consent[0], (episode.consent[1],)
    return Answer.by(
        says,
        [
            Found("passes", InstantSet.since(signed.latest), "consent was signed before", entry),
            Found("fails", InstantSet.between(BEGINNING, signed.earliest), "consent was signed only after", entry),
            Found(
                "not yet known",
                InstantSet.between(signed.earliest, signed.latest),
                "the hour of consent is not known",
                entry,
                "coordinator",
            ),
        ],
    )


def consent_form_current(episode: Episode) -> Answer:
    """Over times of the confirmation: those at which the form in use has been signed, in this screening."""
    says = "consent signed on the form that is in use at the site"
    forms = episode.study.record.consent_forms.get(episode.participant.site, ())
    signed = episode.consents
    if not forms:
        return Answer.by(says, [_missing("no consent form has been approved at the site", "administrator")])
    if not signed:
        return Answer.by(says, [_missing("no consent has been signed for this screening")])
    ends = [*(midnight(form.since, episode.zone) for form in forms[1:]), FOREVER]
    found = [one for form, end in zip(forms, ends, strict=True) for one in _on_form(form, end, signed, episode.zone)]
    return Answer.by(says, found)


def _on_form(form: ConsentFormApproved, end: datetime, signed: Sequence[Noted[ConsentSigned]], zone: str) -> Iterator[Found]:
    """While a form is in use: whether it has been signed, and since when."""
    in_use = InstantSet.between(midnight(form.since, zone), end)
    told = {one.entry: one.fact.at.span(zone) for one in signed if one.fact.document_digest == form.digest}
    entries = tuple(told)
    first = first_of(told.values())
    sure = InstantSet.since(first.latest) & in_use if first else NEVER
    possible = InstantSet.since(first.earliest) & in_use if first else NEVER
    yield Found("passes", sure, f"{form.form} was signed, which is in use since {form.since}", entries)
    yield Found("not yet known", possible - sure, f"the hour at which {form.form} was signed is not known", entries, "coordinator")
    yield Found("fails", in_use - possible, f"{form.form}, which is in use since {form.since}, has not been signed", (), "coordinator")


def screening_within(rule: ScreeningWithin, episode: Episode) -> Answer:
    """Over times of the confirmation: up to the end of the last date of the screening, counted from the date on which it started."""
    says = f"confirmed at most {rule.at_most} after the start of screening"
    started = episode.screening
    if started is None:
        return Answer.by(says, [_missing("screening has not been started")])
    ends = [screening_expires(rule, instant, episode.zone) for instant in (started.earliest, started.latest)]
    entry = (episode.participant.screenings[-1].entry,)
    return Answer.by(
        says,
        [
            Found("passes", InstantSet.between(BEGINNING, ends[0]), f"screening has not taken longer than {rule.at_most}", entry),
            Found("fails", InstantSet.since(ends[1]), f"screening has taken longer than {rule.at_most}, and has expired", entry),
            Found("not yet known", InstantSet.between(*ends), "the day on which screening started decides", entry, "coordinator"),
        ],
    )


def screening_expires(rule: ScreeningWithin, started: datetime, zone: str) -> datetime:
    """The instant from which a screening that started then can no longer be confirmed."""
    return midnight(day_after(rule.at_most.after(local_date(started, zone))), zone)


def elapsed_since(rule: ElapsedSince, episode: Episode) -> Answer:
    """Over times of the anchor: the clock starts with the diagnosis or, if that is later, with the item that reached the count."""
    title = episode.protocol.conditions[rule.condition].title
    says = f"at least {rule.at_least} since {title}"
    noted = _noted(rule, episode)
    starts = [one.fact.start.span(episode.zone) for one in noted]
    diagnosed = first_of(starts) or Span(BEGINNING, FOREVER)
    counted = reached(rule.score, rule.reached, episode)
    clock = Span(max(diagnosed.earliest, counted.earliest), max(diagnosed.latest, counted.latest))
    first, last = (_after(instant, rule.at_least, episode.zone) for instant in (clock.earliest, clock.latest))
    entries = tuple(one.entry for one in noted)
    wanted = f"the date of {title}" if not noted else f"the date on which {rule.reached} items of {rule.score} were present"
    return Answer.by(
        says,
        [
            Found("passes", InstantSet.between(last, FOREVER), f"{title} and {rule.reached} items are as old as that", entries),
            Found("fails", InstantSet.between(BEGINNING, first), f"{title}, or the last of {rule.reached} items, is more recent", entries),
            Found(
                "not yet known",
                InstantSet.between(first, last),
                f"{wanted} is not on record" if last == FOREVER else "the day decides, and is not on record",
                entries,
                "coordinator",
            ),
        ],
    )


def _noted(rule: ElapsedSince, episode: Episode) -> list[Noted[ConditionNoted]]:
    return [one for one in episode.participant.conditions if one.fact.condition == rule.condition]


def _birthday(born: datetime, years: int, zone: str) -> datetime:
    return _after(born, Period(f"P{years}Y"), zone)


def _after(instant: datetime, period: Period, zone: str) -> datetime:
    """The first instant of the date a calendar period after that of an instant; of what was always or never so, the same."""
    if instant in {BEGINNING, FOREVER}:
        return instant
    return midnight(period.after(local_date(instant, zone)), zone)


def _missing(says: str, role: Role = "coordinator") -> Found:
    return Found("not yet known", ALWAYS, says, supplied_by=role)
