"""A participant from consent to the visit at month 3, walked in a browser by two coordinators and an investigator."""

from datetime import timedelta

import pytest

from app.demo.people import PASSWORD
from app.demo.screened import NOT_ASKED, PRESENT, RESULTS, VALUES
from domain import events as e
from domain.visits import windows
from tests.browser.at_a_browser import Somebody, Town
from tests.builders import CODE, DIGEST

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
WHO = "/participants/BER-001"
SIGNED = {"meaning": "I have judged this myself", "signer": "k-adler", "password": PASSWORD}


def test_a_participant_is_walked_from_consent_to_month_3(place: Town) -> None:
    is_registered_and_consents(place)
    is_screened(place.signs_in("m-weber"), place)
    is_confirmed(place.signs_in("k-adler"), place)
    is_collected(place)
    is_treated(place)
    comes_at_month_3(place)


def is_registered_and_consents(place: Town) -> None:
    coordinator = place.signs_in("m-weber")
    page = coordinator.page
    page.get_by_role("link", name="Register a participant").click()
    page.fill("[name=code]", "BER-001")
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/consent?recorded=1")
    coordinator.records("consent", {"form": DIGEST, "obtained_by": "Dr. Ito", "copy_given": "yes"})
    coordinator.goes_to(f"{WHO}/screening").records("start")


def is_screened(coordinator: Somebody, place: Town) -> None:
    place.story("BER-001").lives_until(place.clock() + timedelta(days=7))
    coordinator = place.signs_in("m-weber")
    coordinator.goes_to(f"{WHO}/visits/screening").records("visit", button="[name=now]")
    tests = {f"found_{name.replace('-', '_')}": found for name, found in (RESULTS | VALUES).items()}
    who = {"born": "1991-06", "sex": "female", "since": "lifetime", "source": "participant chart"}
    coordinator.goes_to(f"{WHO}/screening").records("screening", who | tests)
    coordinator.goes_to(f"{WHO}/record/screening.condition")
    said = {"name": "systemic-lupus-erythematosus", "start": "2019-04"}
    coordinator.records("screening.condition", said)
    for score, present in PRESENT.items():
        since = "\n".join(f"{item}=2019-04" for item in sorted(present))
        typed = {"name": score, "present": "\n".join(sorted(present)), "since": since, "drawn": "now", "others_absent": "yes"}
        coordinator.goes_to(f"{WHO}/record/screening.score").records("screening.score", typed)
    course = {"line.0": "200", "line.1": "2", "line.2": "2020-01", "drug": "hydroxychloroquine", "route": "oral", "indication": "lupus"}
    coordinator.goes_to(f"{WHO}/medications").records("medication", course)


def is_confirmed(investigator: Somebody, place: Town) -> None:
    attested = place.trial.participants.study().protocol(1).attestations
    holds = "\n".join(name for name in attested if name not in NOT_ASKED)
    investigator.goes_to(f"{WHO}/record/screening.attest").records("screening.attest", {"holds": holds, **SIGNED})
    investigator.goes_to(f"{WHO}/eligibility").records("confirm", SIGNED)
    assert place.story("BER-001").now.eligible is not None


def is_collected(place: Town) -> None:
    story, start = place.story("BER-001"), place.clock() + timedelta(days=1)
    until = start + timedelta(hours=8)
    step = f"{WHO}/steps/leukapheresis"
    slot = {"start": start.isoformat(timespec="minutes"), "until": until.isoformat(timespec="minutes")}
    place.signs_in("a-kim").goes_to(step).records("plan", slot)
    story.lives_until(start)
    second = place.signs_in("a-kim")
    second.goes_to(f"{WHO}/reviews").records("review:medicines")
    goes = {"holds": "go", **SIGNED}
    place.signs_in("k-adler").goes_to(f"{WHO}/record/screening.attest").records("screening.attest", goes)
    story.advances()
    second.goes_to(step).records("perform")
    place.clock.move(minutes=20)
    second.goes_to(step).records("treatment.collection-ended", {"at": "now", "code": CODE, "cells": "12"})
    assert not story.now.deviations, "a step that was taken with leave deviates from nothing"


def is_treated(place: Town) -> None:
    """Reported late, as from a chart on paper: what no journey gave leave for is told as a deviation."""
    story = place.story("BER-001")
    story.lives_until(place.clock() + timedelta(days=21))
    coordinator = place.signs_in("m-weber")
    expires = f"{(place.clock() + timedelta(days=90)).date()}"
    cells, late = f"{WHO}/steps/leukapheresis", {"reason": "late entry, from the chart"}
    coordinator.goes_to(cells).records("treatment.product-received", {"code": CODE, "expires": expires})
    coordinator.goes_to(cells).records("treatment.product-released", {"code": CODE})
    start, until = place.clock() + timedelta(days=5), place.clock() + timedelta(days=5, hours=8)
    slot = {"start": start.isoformat(timespec="minutes"), "until": until.isoformat(timespec="minutes")}
    infusion = f"{WHO}/steps/infusion"
    coordinator.goes_to(infusion).records("plan", slot)
    coordinator.goes_to(infusion).records("slot", button='[name=shift][value="1"]')
    for day in ("-5", "-4", "-3"):
        dose = {"day": day, "drug": "fludarabine", **late}
        coordinator = place.signs_in("m-weber").goes_to(f"{WHO}/steps/lymphodepletion").records("treatment.lymphodepletion-dose", dose)
        story.lives_until(place.clock() + timedelta(days=1))
    story.lives_until(start + timedelta(hours=1))
    coordinator = place.signs_in("m-weber")
    by = {"by": "nurse one\nnurse two"}
    for name, said in (("identity-checked", by), ("thaw-started", {}), ("infusion-started", {})):
        coordinator.goes_to(infusion).records(f"treatment.{name}", {"code": CODE, **said, **late})
    coordinator.goes_to(infusion).records("treatment.infusion-ended", late)
    assert story.now.infusions


def comes_at_month_3(place: Town) -> None:
    story = place.story("BER-001")
    window = next(one for one in windows(story.now, place.trial.participants.study()) if one.visit == "month-3")
    story.lives_until(window.target_at + timedelta(hours=9))
    coordinator = place.signs_in("m-weber")
    row = coordinator.page.locator("[data-row]", has_text="Month 3")
    row.get_by_role("link", name="Record visit").click()
    coordinator.page.get_by_role("button", name="It took place just now").click()
    coordinator.page.locator(".notice.done").wait_for()
    last = next(entry.event for entry in reversed(story.record.entries) if isinstance(entry.event, e.VisitCompleted))
    assert last.visit == "month-3"
