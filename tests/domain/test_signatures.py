"""A signature is bound to what was signed and to whom it is about, and shows whether that still stands."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from domain import commands as c
from domain import events as e
from domain.entry import Entry, Signature
from domain.history import amendments
from domain.participant import PARTICIPANT
from domain.record import Record
from domain.signatures import Signed, StudyThen, Superseded, signatures, to_sign
from domain.study import Study
from domain.time import When
from tests.builders import CODE, DIGEST, Story, Trial, by_, go, pregnancy_test, study_of
from tests.campaign import Campaign
from tests.domain.lives import Life

TURNS, OTHER = 40, "1" * 64
ENDS = {"step-replanned.v1", "step-cancelled.v1", "clearance-revoked.v1", "clearance-lapsed.v1"}


def then(_: int) -> Study:
    return study_of()


def of(story: Story) -> tuple[Signed, ...]:
    return signatures(story.record, story.trial.participants.desk.at)


def signs(story: Story, command: c.PersonsCommand, reason: str = "it was so") -> Signed:
    """An investigator signs a request as the desk has people sign, and the signature that comes of it."""
    by = by_("investigator", story.trial.next_id(), reason=reason, id="k-adler")
    signature = Signature(meaning="I have judged this", signed=to_sign(story.id, command, by), authenticated=True, name="K. Adler")
    story.trial.participants.handle(story.id, command, by.model_copy(update={"signature": signature}))
    return of(story)[-1]


@pytest.fixture
def trial() -> Trial:
    return Trial()


@pytest.fixture
def ready(trial: Trial) -> Story:
    return trial.participant().is_ready()


def moved(record: Record, elsewhere: Record, one: Signed) -> Record:
    """The entries that somebody signed, put at the end of another record as if they had been signed there."""
    entries = tuple(
        replace(entry, stream=PARTICIPANT + elsewhere.id, version=elsewhere.version + number)
        for number, entry in enumerate(record.entries[one.first - 1 : one.last], 1)
    )
    return Record.of(elsewhere.id, elsewhere.entries + entries)


def confirmations(record: Record, study_then: StudyThen) -> tuple[Signed, ...]:
    return tuple(one for one in signatures(record, study_then) if isinstance(record.entries[one.first - 1].event, e.EligibilityConfirmed))


def the_confirmation(story: Story) -> Signed:
    return confirmations(story.record, story.trial.participants.desk.at)[0]


def otherwise(record: Record, one: Signed, **said: object) -> Record:
    """The record with something else said of how it came to what stands under a signature."""
    entries = (
        replace(entry, circumstances=entry.circumstances.model_copy(update=said)) if one.first <= entry.version <= one.last else entry
        for entry in record.entries
    )
    return Record.of(record.id, tuple(entries))


def signed_alone(story: Story) -> Record:
    """The record with the confirmation signed as confirmations once were: for the digest of the report alone."""
    one = the_confirmation(story)
    event, signature = story.record.entries[one.first - 1].event, one.by.signature
    assert isinstance(event, e.EligibilityConfirmed)
    assert signature is not None
    return otherwise(story.record, one, signature=signature.model_copy(update={"signed": event.report}))


# What is printed, and what is bound


@pytest.mark.clause("21 CFR 11", "11.50")
@pytest.mark.clause("EMA 2023", "electronic signatures")
def test_a_signature_is_printed_with_name_instant_and_meaning_and_binds_what_stands_there(ready: Story) -> None:
    one = signs(ready, c.Report(fact=go(ready.at())))
    assert (one.printed, one.meaning, one.at, one.authenticated) == ("K. Adler", "I have judged this", ready.trial.clock(), True)
    assert (one.binds, one.superseded) == (True, None)
    assert ready.record.entries[one.first - 1].event == go(ready.at())


def test_the_report_of_eligibility_is_bound_with_why_and_by_whom_whatever_program_looks_at_it(ready: Story) -> None:
    one, other = the_confirmation(ready), replace(ready.trial.participants.study(), program="another program")
    assert (one.binds, one.standing) == (True, "stands")
    assert confirmations(ready.record, lambda _: other)[0].binds is True
    for said in ({"reason": "another"}, {"document": "a"}, {"performed_by": "a"}, {"witnessed_by": "a"}):
        (again,) = confirmations(otherwise(ready.record, one, **said), then)
        assert (again.binds, again.standing) == (False, "binds something else")


def test_a_report_that_was_once_signed_alone_is_still_checked_by_deriving_it_again(ready: Story) -> None:
    record = signed_alone(ready)
    (one,) = confirmations(record, ready.trial.participants.desk.at)
    assert (one.binds, one.standing, one.doubts) == (True, "stands", ())
    other = replace(ready.trial.participants.study(), program="another program")
    assert confirmations(record, lambda _: other)[0].binds is True
    (before,) = (entry for entry in record.entries[: one.first - 1] if isinstance(entry.event, e.ScreeningStarted))
    lost = Record.of(record.id, tuple(entry for entry in record.entries if entry != before))
    renumbered = Record.of(record.id, tuple(replace(entry, version=number) for number, entry in enumerate(lost.entries, 1)))
    (unknown,) = confirmations(renumbered, ready.trial.participants.desk.at)
    assert (unknown.binds, unknown.standing) == (None, "cannot be told")
    assert unknown.doubts == ("whether it binds what stands here cannot be told by today's program",)


def test_a_report_that_was_once_signed_alone_and_refused_is_not_said_to_bind_something_else(ready: Story) -> None:
    by = by_("investigator", ready.trial.next_id(), signed=OTHER)
    refused = e.ConfirmationRefused(report=OTHER, reasons=("E32 fails",))
    assert signatures(ready.record.then((refused,), ready.trial.clock(), by), then)[-1].binds is None
    now = e.ConfirmationRefused(report=DIGEST, reasons=("E32 fails",))
    assert signatures(ready.record.then((now,), ready.trial.clock(), by), then)[-1].binds is False


def test_every_signature_that_the_desk_takes_is_known_again(ready: Story) -> None:
    ready.asks(c.RecordDeviation(says="the form was not copied", category="procedure", details=e.DeviationDetails()))
    key, known = next(iter(ready.now.deviations.items()))
    start = ready.now.plans["infusion"].slot.start
    slipped = e.VisitCompleted(visit="screening", at=When("2026-01-12T07:30Z"))
    requests: tuple[c.PersonsCommand, ...] = (
        c.Report(fact=go(ready.at())),
        c.ReportTogether(facts=(go(ready.at()), pregnancy_test(ready.at()))),
        c.ReviewDeviation(key=key, entry=known.told_in),
        c.Correct(entry=ready.entry_of(e.VisitCompleted), fact=slipped),
        c.Retract(entry=ready.entry_of(e.ReviewMade)),
    )
    assert [signs(ready, one).binds for one in requests] == [True] * len(requests)
    ready.lives_until(start)
    ready.checks_identity()
    assert signs(ready, c.Override(beginning=c.ReleaseToThaw(identity=CODE), ground="immediate-hazard")).binds is True


def test_leave_that_was_released_by_hand_is_known_again(trial: Trial) -> None:
    story = trial.participant().is_ready()
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.is_seen_before("infusion")
    story.checks_identity()
    assert signs(story, c.ReleaseManually(step="infusion")).binds is True


@pytest.mark.clause("21 CFR 11", "11.70")
@pytest.mark.clause("FDA Q&A 2024", "signatures")
@pytest.mark.clause("EU Annex 11", "14")
def test_a_signature_that_is_moved_to_another_record_binds_nothing_there(ready: Story) -> None:
    """Also where every chain is made to agree: the digest is the one of a request about this participant."""
    elsewhere = ready.trial.participant("BER-002").consents().record
    confirmed = the_confirmation(ready)
    slipped = e.VisitCompleted(visit="screening", at=When("2026-01-12T07:30Z"))
    for one in (
        signs(ready, c.Report(fact=go(ready.at()))),
        signs(ready, c.Correct(entry=ready.entry_of(e.VisitCompleted), fact=slipped)),
    ):
        assert one.binds is True
        assert signatures(moved(ready.record, elsewhere, one), ready.trial.participants.desk.at)[-1].binds is False
    assert confirmed.binds is True
    assert signatures(moved(ready.record, elsewhere, confirmed), ready.trial.participants.desk.at)[-1].binds is False
    alone = moved(signed_alone(ready), elsewhere, confirmed)
    assert signatures(alone, ready.trial.participants.desk.at)[-1].standing == "cannot be told"


def test_a_signature_under_something_else_than_was_signed_binds_nothing(ready: Story) -> None:
    signs(ready, c.Report(fact=go(ready.at())))
    *others, last = ready.record.entries
    other = Record.of(ready.id, (*others, replace(last, event=e.Attested(at=ready.at(), holds={"go": False}))))
    assert signatures(other, then)[-1].binds is False


# What became of it


@pytest.mark.clause("EMA 2023", "sign-off of data")
@pytest.mark.clause("21 CFR 11", "11.70")
def test_what_was_signed_and_is_corrected_or_taken_back_is_superseded_by_that_entry(ready: Story) -> None:
    one = signs(ready, c.Report(fact=go(ready.at())))
    corrected = c.Correct(entry=one.first, fact=e.Attested(at=ready.at(), holds={"go": False}))
    by = signs(ready, corrected)
    (was,) = [again for again in of(ready) if again.first == one.first]
    assert was.superseded == Superseded(by.first, f"entry {one.first}, which was signed, was corrected")
    taken_back = signs(ready, c.Retract(entry=one.first))
    assert [again.superseded and again.superseded.entry for again in of(ready)[-3:]] == [by.first, taken_back.first, None]


def test_a_confirmation_is_superseded_by_a_correction_of_what_its_report_rested_on_and_by_no_other(ready: Story) -> None:
    ready.asks(c.Retract(entry=ready.entry_of(e.LymphodepletionDose)), reason="a slip")
    assert the_confirmation(ready).superseded is None
    before = ready.record.entries[: the_confirmation(ready).first]
    weight = next(entry for entry in before if isinstance(entry.event, e.ObservationMade))
    ready.asks(c.Retract(entry=weight.version), "investigator", reason="of somebody else", signed=True)
    superseded = the_confirmation(ready).superseded
    assert superseded is not None
    assert ready.record.entries[superseded.entry - 1].event == e.EntryRetracted(entry=weight.version)


@pytest.mark.parametrize("later", [e.ScreeningStarted(at=When("2026-02-09")), e.EligibilityConfirmed(at=When("2026-02-09"))])
def test_a_confirmation_is_superseded_by_a_later_one_and_by_another_screening(ready: Story, later: e.Event) -> None:
    one, record = the_confirmation(ready), ready.record
    assert one.superseded is None
    record = record.then((later,), ready.trial.clock(), by_("investigator", ready.trial.next_id()))
    (again,) = [found for found in signatures(record, then) if found.first == one.first]
    assert again.superseded is not None
    assert again.superseded.entry == record.version


def test_a_confirmation_that_is_doubted_and_found_to_stand_again_is_not_superseded(ready: Story) -> None:
    one, record = the_confirmation(ready), ready.record
    by = by_("coordinator", ready.trial.next_id())
    doubted = record.then((e.EligibilityReconsidered(overall="not yet known", otherwise=("E1",)),), ready.trial.clock(), by)
    found = [next(each for each in signatures(known, then) if each.first == one.first) for known in (doubted, _stands_again(doubted))]
    assert [each.superseded and each.superseded.entry for each in found] == [doubted.version, None]


def test_a_confirmation_on_paper_that_is_judged_otherwise_as_soon_as_it_is_told_of_is_superseded_at_once(trial: Trial) -> None:
    story = trial.participant()
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    one = signs(story, c.Report(fact=e.EligibilityConfirmed(at=story.at())))
    assert one.superseded == Superseded(story.entry_of(e.EligibilityReconsidered), "it is judged otherwise by what is known now")
    assert one.first < one.superseded.entry <= one.last


def _stands_again(doubted: Record) -> Record:
    by = by_("coordinator", NAMESPACE_OID)
    return doubted.then((e.EligibilityReconsidered(overall="eligible", otherwise=()),), doubted.participant.recorded_at, by)


def test_a_release_by_hand_is_superseded_once_the_step_is_planned_anew(trial: Trial) -> None:
    story = trial.participant().is_ready()
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.is_seen_before("infusion")
    story.checks_identity()
    one = signs(story, c.ReleaseManually(step="infusion"))
    assert one.superseded is None
    story.plans("infusion", trial.clock() + timedelta(days=1))
    again = next(found for found in of(story) if found.first == one.first)
    assert again.superseded == Superseded(story.entry_of(e.StepReplanned), "the plan for infusion was changed")


def test_a_review_is_superseded_once_the_deviation_is_told_of_otherwise_and_not_by_that_it_was_reported(ready: Story) -> None:
    ready.asks(c.RecordDeviation(says="the form was not copied", category="procedure", details=e.DeviationDetails()))
    key, known = next(iter(ready.now.deviations.items()))
    one = signs(ready, c.ReviewDeviation(key=key, entry=known.told_in))
    ready.asks(c.DescribeDeviation(key=key, details=e.DeviationDetails(reported_to_sponsor_on=date(2026, 2, 2))))
    assert of(ready)[-1].superseded is None
    ready.asks(c.DescribeDeviation(key=key, details=e.DeviationDetails(cause="the copier was broken")))
    assert next(found for found in of(ready) if found.first == one.first).superseded == Superseded(
        ready.record.version,
        "the deviation no longer stands as it was",
    )


# The laws


@pytest.mark.torture
@pytest.mark.slow
def test_in_every_life_what_is_superseded_is_what_the_record_no_longer_stands_by(campaign: Campaign) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    dice = campaign.dice.random()
    for number in range(campaign.rounds(100)):
        record = lived(Random(f"{dice} {number}"))
        found = signatures(record, then)
        covered = [version for one in found for version in range(one.first, one.last + 1)]
        assert covered == [entry.version for entry in record.entries if entry.circumstances.signature]
        for one in found:
            signed = record.entries[one.first - 1].event
            on_paper = isinstance(signed, e.EligibilityConfirmed) and signed.report is None
            assert one.superseded is None or (one.first if on_paper else one.last) < one.superseded.entry <= record.version
            seen[_checked(one, record)] += 1
    assert {standing for _, standing in seen} == {True, False}
    assert len({kind for kind, _ in seen}) > 3, "too few kinds of signatures to prove anything"


def lived(dice: Random) -> Record:
    """A life in which every request has an id of its own, as requests have."""
    life, asked = Life(dice), dict[int, UUID]()
    for number in range(TURNS):
        turn = life.turn()
        asked |= dict.fromkeys(range(turn.before.version + 1, turn.after.version + 1), uuid5(NAMESPACE_OID, str(number)))
    entries = (
        replace(entry, circumstances=by.model_copy(update={"command_id": asked.get(entry.version) or _beside_the_turns(entry)}))
        for entry in life.record.entries
        for by in (entry.circumstances,)
    )
    return Record.of(life.record.id, tuple(entries))


def _beside_the_turns(entry: Entry[e.Event]) -> UUID:
    """The id of a request that made a turn possible: of whom, when, and whether it was signed."""
    by = entry.circumstances
    return uuid5(NAMESPACE_OID, f"{by.actor.id} {entry.recorded_at} {by.signature is not None}")


def _checked(one: Signed, record: Record) -> tuple[str, bool]:
    """What the participant, folded from all of it, says of the same signature."""
    now, event = record.participant, record.entries[one.first - 1].event
    stands = not amendments(record.entries).keys() & set(range(one.first, one.last + 1))
    match event:
        case e.DeviationReviewed(key=key):
            stands = key in now.deviations and now.deviations[key].reviewed_in == one.first
        case e.EligibilityConfirmed():
            confirmed = now.eligible is not None and now.eligible.entry == one.first and now.reconsidered is None
            assert not (one.superseded is None and stands and not confirmed)
            return event.kind, one.superseded is None
        case e.OverrideSigned(step=step) | e.ManuallyReleased(step=step):
            stands = stands and not any(_ends(entry.event, step) for entry in record.entries[one.last :])
        case e.EntryCorrected(entry=target) | e.EntryRetracted(entry=target):
            stands = one.first == max(entry.version for entry in record.entries if _amends(entry.event, target))
        case _:
            pass
    assert (one.superseded is None) == stands
    return event.kind, stands


def _ends(event: e.Event, step: str) -> bool:
    """Whether leave for a step, or its plan, was ended or changed."""
    return event.kind in ENDS and getattr(event, "step", "") == step


def _amends(event: e.Event, version: int) -> bool:
    return event.kind.startswith("entry-") and getattr(event, "entry", 0) == version


@pytest.mark.slow
def test_once_superseded_a_signature_stays_so_but_for_a_confirmation_that_stands_again(campaign: Campaign) -> None:
    record, was = lived(campaign.dice), dict[int, Signed]()
    for version in range(1, record.version + 1):
        now = {one.first: one for one in signatures(Record.of(record.id, record.entries[:version]), then)}
        for first, one in was.items():
            confirmed = isinstance(record.entries[first - 1].event, e.EligibilityConfirmed)
            assert confirmed or one.superseded is None or now[first].superseded == one.superseded
        was = now
