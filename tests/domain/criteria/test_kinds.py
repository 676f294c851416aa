"""Every kind of requirement that stands alone is seen to pass, to fail and to be not yet known, in a part that asks it."""

from typing import get_args

import pytest

from domain import events as e
from domain.criteria import language as l
from domain.criteria.episode import Episode
from domain.criteria.judging import answered
from domain.instants import InstantSet
from domain.protocol_checks.requirements import leaves_of
from domain.time import When
from domain.verdicts import Outcome
from tests.builders import consent, minute, told
from tests.domain.criteria.given import CONFIRMED, CONSENTED, SCREENED, assessed, attested, born, done, noted, observed, ruled, taken
from tests.domain.criteria.tables import Case, corrected, fails, passes, unknown

ITEMS = tuple(ruled({}).protocol(1).scores["acr-1997"].items)
CONSENT, SCREENING = -2, -1
"""Where the consent and the start of screening stand, counted from the first fact of a case."""
EXEMPT, NOBODY = {"pregnancy-test-exemption": "cannot-conceive"}, {"pregnancy-test-exemption": "nobody"}


def lupus(since: str) -> tuple[e.Event, ...]:
    return noted("systemic-lupus-erythematosus", since), assessed("acr-1997", *ITEMS[:4], since=since)


NOT_KNOWN = unknown("nothing on record, and nobody has looked", reviews=())
CASES: dict[str, tuple[str, list[Case]]] = {
    "none-within": ("E9a", [passes("none"), fails("one", done("plasmapheresis", "2026-03-20")), NOT_KNOWN]),
    "never": ("E32", [passes("none"), fails("one", noted("malignancy", "2010", "2010")), NOT_KNOWN]),
    "not-present": ("E26c", [passes("none"), fails("one", noted("surgical-wound", "2026-01-05")), NOT_KNOWN]),
    "volume-below": ("E27a", [passes("none"), fails("400 mL", done("blood-donation", "2026-03-20", 400)), NOT_KNOWN]),
    "washed-out": ("E20a", [passes("none"), fails("it goes on", taken("tofacitinib", "2026-01-05", per_day=2)), NOT_KNOWN]),
    "no-sustained-dose": ("E2c", [passes("none"), fails("it goes on", taken("prednisone", "2026-01-05", per_day=1, mg="100")), NOT_KNOWN]),
    "lasted": ("I6", [passes("long enough", taken("azathioprine", "2025", per_day=1)), fails("none"), NOT_KNOWN]),
    "elapsed-since": ("I4b", [passes("long ago", *lupus("2020")), fails("this month", *lupus("2026-03")), NOT_KNOWN]),
    "aged": ("I2", [passes("an adult", born("1990")), fails("a child", born("2015")), NOT_KNOWN]),
    "measured": ("I3", [passes("40 kg", observed("body-weight", "40")), fails("39", observed("body-weight", "39")), NOT_KNOWN]),
    "resulted": (
        "E11b",
        [
            passes("negative", observed("hepatitis-c-antibody", "negative")),
            fails("positive", observed("hepatitis-c-antibody", "positive")),
            NOT_KNOWN,
        ],
    ),
    "scored": (
        "I4a",
        [passes("4 items", assessed("acr-1997", *ITEMS[:4], since="2020")), fails("none", assessed("acr-1997", absent=ITEMS)), NOT_KNOWN],
    ),
    "attested": (
        "E15",
        [passes("so", attested(no_severe_heart_disease=True)), fails("not so", attested(no_severe_heart_disease=False)), NOT_KNOWN],
    ),
    "reviewed": ("E29", [passes("somebody has looked"), NOT_KNOWN]),
    "consented-first": (
        "I1a",
        [
            passes("an hour before"),
            fails("an hour after", corrected(consent(minute("2026-03-30 10:00")), CONSENT)),
            unknown("the hour is not on record", corrected(consent(When("2026-03-30")), CONSENT)),
        ],
    ),
    "screening-within": (
        "screening-in-time",
        [
            passes("28 days, to the date", corrected(e.ScreeningStarted(at=minute("2026-03-13 18:00")), SCREENING)),
            fails("29 days", corrected(e.ScreeningStarted(at=minute("2026-03-12 18:00")), SCREENING)),
            unknown("the day is not on record", corrected(e.ScreeningStarted(at=When("2026-03")), SCREENING)),
        ],
    ),
    "consent-form-current": (
        "consent-form-in-use",
        [
            passes("the form in use"),
            fails("another form", corrected(consent(CONSENTED).model_copy(update={"document_digest": "1" * 64}), CONSENT)),
            unknown("signed perhaps later", corrected(consent(When("2026")), CONSENT)),
        ],
    ),
    "of-sex": ("I7a", [passes("a woman", born("1990")), fails("a man", born("1990", "male")), NOT_KNOWN]),
    "ruled-so": ("I7a", [passes("ruled so", rulings=EXEMPT), fails("ruled otherwise", rulings=NOBODY), unknown("not ruled")]),
}
"""A kind, the part that asks it, and what it comes to; nothing on record lets a review fail."""


def test_no_kind_is_left_out() -> None:
    kinds = {kind.model_fields["kind"].annotation for kind in get_args(l.Leaf)}
    assert {name for kind in kinds for name in get_args(kind)} == set(CASES)


@pytest.mark.parametrize("kind", CASES)
def test_every_verdict_of_a_kind_is_seen(kind: str) -> None:
    verdicts = {case.verdict for case in CASES[kind][1]}
    assert verdicts == {"passes", "not yet known"} | ({"fails"} if kind != "reviewed" else set())


@pytest.mark.parametrize(
    ("kind", "case"), [(kind, case) for kind, (_, cases) in CASES.items() for case in cases], ids=lambda one: getattr(one, "says", one)
)
def test_a_requirement_answers_by_itself(kind: str, case: Case) -> None:
    assert outcome(kind, case) == case.verdict


def outcome(kind: str, case: Case) -> Outcome:
    """What the first requirement of a kind comes to, over the anchor of the part that asks it."""
    study = ruled(case.rulings)
    on_record = told((consent(CONSENTED), e.ScreeningStarted(at=SCREENED), *case.facts), CONFIRMED)
    episode = Episode.of(on_record.participant, study, CONFIRMED)
    part = next(one for one in episode.protocol.criteria if one.id == CASES[kind][0])
    leaf = next(leaf for _, leaf in leaves_of(part, part.id) if leaf.kind == kind)
    assert part.anchor is not None
    anchor = episode.anchored(part.anchor)
    assert anchor is not None
    return answered(leaf, episode).outcome(InstantSet.during(anchor))
