"""The consent form in use at the site is the one that must have been signed by the confirmation."""

from dataclasses import replace
from datetime import date

import pytest

from domain import events as e
from domain.criteria.episode import Episode
from domain.criteria.report import Verdict, part_of
from domain.study import ConsentFormApproved, Study, evolve_study
from tests.builders import BERLIN, DIGEST, consent, form_in_use, local, minute, study_of, told
from tests.domain.criteria.given import CONFIRMED, CONSENTED, SCREENED

SECOND = "2" * 64


def judged(*facts: e.Event, forms: tuple[ConsentFormApproved, ...], at: str = "2026-04-10 12:00") -> Verdict:
    """The verdict on the form, where these are the forms of the site and the first of them was signed when screening began."""
    instant = local(at)
    participant = told((consent(CONSENTED), e.ScreeningStarted(at=SCREENED), *facts), CONFIRMED).participant
    episode = Episode.of(participant, with_forms(*forms), instant)
    return next(part_of(one, episode) for one in episode.protocol.criteria if one.id == "consent-form-in-use").verdict


def with_forms(*forms: ConsentFormApproved) -> Study:
    study = study_of(BERLIN, None)
    record = replace(study.record, consent_forms={})
    for form in forms:
        record = evolve_study(record, form)
    return replace(study, record=record)


def second(since: date) -> ConsentFormApproved:
    return form_in_use("BER", SECOND, since)


def signs_again(at: str) -> e.ConsentSigned:
    return consent(minute(at)).model_copy(update={"document_digest": SECOND})


@pytest.mark.parametrize(
    ("since", "expected"),
    [(date(2026, 4, 10), "fails"), (date(2026, 4, 11), "passes")],
    ids=["in use on the date of the confirmation", "in use from the date after"],
)
def test_a_new_form_counts_from_its_first_date(since: date, expected: Verdict) -> None:
    assert judged(forms=(form_in_use("BER"), second(since))) == expected


def test_a_new_form_is_signed_as_well_by_the_confirmation() -> None:
    forms = (form_in_use("BER"), second(date(2026, 4, 5)))
    assert judged(signs_again("2026-04-10 12:00"), forms=forms) == "passes"
    assert judged(signs_again("2026-04-10 12:01"), forms=forms) == "fails"


def test_forms_come_into_use_by_their_dates_in_whatever_order_they_are_told() -> None:
    assert judged(forms=(second(date(2020, 1, 1)), form_in_use("BER", DIGEST, date(2025, 1, 1)))) == "passes"
    assert judged(forms=(form_in_use("BER", DIGEST, date(2025, 1, 1)), second(date(2020, 1, 1)))) == "passes"


def test_a_form_of_another_site_or_none_at_all_leaves_it_open() -> None:
    assert judged(forms=()) == "not yet known"
    assert judged(forms=(form_in_use("SAO"),)) == "not yet known"


def test_a_confirmation_before_any_form_was_in_use_is_not_known_to_rest_on_one() -> None:
    assert judged(forms=(form_in_use("BER", DIGEST, date(2026, 4, 11)),)) == "not yet known"
