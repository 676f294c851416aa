"""What is decided about the study by signature is bound by it, and whoever looks is told whether it is what stands there."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import NAMESPACE_OID

import pytest

from domain.decided import decisions_signed, to_decide
from domain.entry import Circumstances, Entry
from domain.keeping import DataCutMade
from domain.rejections import Refused
from domain.study import Ruled, StudyEvent
from tests.builders import DIGEST, START, STUDY, Trial, by_, codes

CUT = DataCutMade(name="dsmb-1", purpose="the safety board", recorded_by=START, occurred_by=START)
RULED = Ruled(ruling="local-steroid-injections", choice="outside")


def signing(decided: StudyEvent, *, study: str = STUDY, reason: str | None = None) -> Circumstances:
    """An administrator who signs for a decision."""
    by = by_("administrator", NAMESPACE_OID, reason=reason)
    return by_("administrator", NAMESPACE_OID, reason=reason, signed=to_decide(study, (decided,), by))


@pytest.mark.clause("21 CFR 11", "11.70")
@pytest.mark.parametrize(
    "by",
    [
        pytest.param(by_("administrator", NAMESPACE_OID, signed=True), id="anything"),
        pytest.param(signing(CUT.model_copy(update={"purpose": "a press release"})), id="another purpose"),
        pytest.param(signing(CUT, study="another-study"), id="another study"),
        pytest.param(signing(CUT).model_copy(update={"reason": "said afterwards"}), id="another reason"),
    ],
)
def test_a_decision_that_is_signed_otherwise_is_refused(by: Circumstances) -> None:
    trial = Trial()
    trial.clock.move(hours=1)
    with pytest.raises(Refused) as refused:
        trial.participants.desk.record((CUT,), by)
    assert codes(refused.value) == {"signed-otherwise"}
    assert trial.participants.desk.cuts() == {}


def test_a_decision_that_need_not_be_signed_binds_what_it_is_signed_for_all_the_same() -> None:
    desk = Trial().participants.desk
    with pytest.raises(Refused) as refused:
        desk.record((RULED,), by_("administrator", NAMESPACE_OID, signed=DIGEST))
    assert codes(refused.value) == {"signed-otherwise"}
    desk.record((RULED,), signing(RULED))
    assert [(one.printed, one.binds) for one in desk.signed()] == [("a-administrator", True)]


def test_a_cut_is_told_with_the_signature_under_which_it_was_made() -> None:
    trial = Trial()
    trial.clock.move(hours=1)
    trial.participants.desk.record((CUT,), signing(CUT, reason="as planned"))
    made, signed = trial.participants.desk.cuts()["dsmb-1"]
    assert made == CUT
    assert (signed.printed, signed.meaning, signed.at) == ("a-administrator", "I have judged this myself", START + timedelta(hours=1))
    assert (signed.binds, signed.standing, signed.doubts) == (True, "stands", ())


def test_a_decision_is_weighed_as_it_would_be_recorded_and_one_that_was_is_not_weighed_again() -> None:
    trial = Trial()
    trial.clock.move(minutes=1)
    desk = trial.participants.desk
    ahead = CUT.model_copy(update={"recorded_by": START + timedelta(hours=2)})
    for event, by, code in ((CUT, by_("administrator", NAMESPACE_OID), "signature-missing"), (ahead, signing(ahead), "cut-ahead")):
        with pytest.raises(Refused) as refused:
            desk.weigh((event,), by)
        assert codes(refused.value) == {code}
    desk.weigh((CUT,), signing(CUT))
    assert desk.cuts() == {}
    desk.record((CUT,), signing(CUT))
    desk.weigh((CUT,), signing(CUT))


@pytest.mark.parametrize("event", [CUT, CUT.model_copy(update={"recorded_by": START + timedelta(days=1)})])
def test_what_was_once_signed_for_the_decision_alone_is_still_checked_so(event: DataCutMade) -> None:
    alone = sha256(
        b'{"kind":"data-cut-made.v1","name":"dsmb-1","occurred_by":"2026-01-05T08:00:00Z",'
        b'"purpose":"the safety board","recorded_by":"2026-01-05T08:00:00Z"}'
    ).hexdigest()
    by = by_("administrator", NAMESPACE_OID, reason="as planned", signed=alone)
    entry: Entry[StudyEvent] = Entry(f"study:{STUDY}", 1, 1, event, START, by, 0, "")
    (one,) = decisions_signed(STUDY, [entry])
    assert one.binds is (event == CUT)


def test_what_was_signed_together_binds_together() -> None:
    by = by_("administrator", NAMESPACE_OID)
    signed = by_("administrator", NAMESPACE_OID, signed=to_decide(STUDY, (RULED, CUT), by))
    first: Entry[StudyEvent] = Entry(f"study:{STUDY}", 1, 1, RULED, START, signed, 0, "")
    entries = [first, replace(first, version=2, position=2, event=CUT)]
    assert [(one.first, one.last, one.binds) for one in decisions_signed(STUDY, entries)] == [(1, 2, True)]
    assert [one.binds for one in decisions_signed(STUDY, entries[:1])] == [False]
