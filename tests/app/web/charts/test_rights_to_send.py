"""Every role with every form of a chart, filled in as it was shown, at its own site and at another: what the table of rights says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import pytest
from httpx import Response

from app.demo.people import PASSWORD
from app.web.recording import questions
from domain import events as e
from domain.access import MAY
from domain.doorkeeping import AccessRefused
from domain.notices import notices, tag
from domain.people import IdentityVerified, PersonAdmitted, RoleGranted
from domain.words import Action, PersonsRole
from tests.app.web.at_the_door import Desk
from tests.app.web.reading_forms import Form, Forms
from tests.app.web.test_rights import ROLES, holder
from tests.builders import CODE, START, by_, pregnancy_test

PAGES = (
    *(f"BER-001/steps/{step}" for step in ("leukapheresis", "lymphodepletion", "infusion")),
    *(f"BER-001/{page}" for page in ("screening", "consent", "medications", "reviews", "deviations", "entries/3")),
    *("BER-002/eligibility", "BER-003/visits/day-7", "BER-003/safety"),
    *(f"BER-001/record/{name}" for name in questions()),
)
"""Every page of a participant that has forms, each of somebody who gets as far as that."""
ACTIONS: Mapping[str, Action] = {
    "plan": "plan",
    "slot": "plan",
    "cancel": "plan",
    "perform": "perform",
    "override": "judge-by-signature",
    "confirm": "judge-by-signature",
    "describe": "account",
    "void": "account",
    "miss": "account",
}
"""What is done by a form of a page, by what its name begins with; by every other one something is recorded."""
OF_DEVIATIONS: Mapping[str, Action] = {"review": "judge-by-signature", "record": "account"}
WORDS: Mapping[str, str] = {
    "reason": "it is needed", "says": "The form was signed in pencil",
    "why": "the family asked for it", "indication": "lupus", "obtained_by": "Dr. Ito",
    "drug": "fludarabine", "milligrams": "5", "code": CODE, "cells": "12", "day": "-4", "by": "nurse one\nnurse two",
    "born": "1991-06", "outcome": "negative", "expires": "2027-01-01", "since": "lifetime", "source": "participant\nchart",
    "start": "2027-03-01 08:00", "until": "2027-03-01 16:00", "meaning": "I have judged this myself", "holds": "go",
    "others_absent": "yes", "line.0": "5", "line.2": "2026-01-05", "password": PASSWORD, "signer": "k-adler",
}  # fmt: skip
"""What is typed into fields in which nothing stands."""
PARTICULARS: Mapping[str, Mapping[str, str]] = {
    "procedure": {"name": "a transfusion"}, "evidence.procedure": {"name": "a transfusion"},
    "vaccine": {"name": "influenza", "outside_every_class": "yes"}, "evidence.vaccine": {"name": "influenza", "outside_every_class": "yes"},
    "adverse-event": {"term": "pneumonia", "grade": "2", "start": "2026-01-05"},
    "safety.adverse-event": {"term": "pneumonia", "grade": "2", "start": "2026-01-05"},
    "cytokine-release": {"grade": "1"}, "safety.cytokine-release": {"grade": "1"},
    "neurotoxicity": {"grade": "1"}, "safety.neurotoxicity": {"grade": "1"},
    "screening": {"sex": "female"}, "screening.score": {"since": "", "source": ""}, "visits.assessment": {"name": "late-effects"},
    "visit": {"reason": ""}, "void": {"reason": ""},
    "book": {"at": "2026-03-20 09:00"}, "steps.plan": {"step": "infusion"}, "steps.cancel": {"step": "infusion"},
    "steps.perform": {"step": "infusion", "day": "", "drug": ""}, "steps.override": {"step": "infusion", "day": "", "drug": ""},
}  # fmt: skip
"""What is typed into the fields of one form and of no other."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form of a page, filled in by whoever may send it, and the action that it stands for."""

    page: str
    key: str
    typed: Mapping[str, Sequence[str]]

    @property
    def action(self) -> Action:
        where, what = self.page.split("/")[1], self.key.partition(":")[0]
        if where == "record":
            return questions()[self.key].action
        return (OF_DEVIATIONS if where == "deviations" else {}).get(what) or ACTIONS.get(what, "record")


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Somebody of every role at BER, whose account is theirs; and something that can be looked into, noted, and reported."""
    for role in ROLES:
        person = holder(role, "BER")
        granted = RoleGranted(person=person, role=role, site="BER", delegated=START.date(), trained=START.date())
        people, id = desk.office.daybook.people, desk.trial.next_id
        people.record((PersonAdmitted(person=person, name=person), granted), by_("administrator", id()))
        people.record((IdentityVerified(person=person),), by_("investigator", id(), id="k-adler"))
    desk.records("/participants/BER-001/deviations", "record", {"says": WORDS["says"], "category": "procedure"})
    at = desk.story("BER-001").at()
    desk.story("BER-001").reports(e.AdverseEvent(at=at, term="headache", grade=1, start=at))
    desk.story("BER-003").reports(pregnancy_test(desk.story("BER-003").at(), "positive"))
    return desk


def sheets(desk: Desk) -> Iterator[Sheet]:
    """Every form of every page, as the investigator of every site is shown it."""
    client = desk.seats("k-adler")
    for page in PAGES:
        for key, form in Forms(client.sees(f"/participants/{page}")).found.items():
            if "sheet" in form.typed:
                yield Sheet(page, key, filled_in(form, key, known(desk, page.split("/")[0])))


def known(desk: Desk, participant: str) -> Mapping[str, str]:
    """What is on record that a form names."""
    record = desk.trial.participants.read(participant)
    first = next((entry.version for entry in record.entries if isinstance(entry.event, e.ObservationMade)), 0)
    harm = next((entry.version for entry in record.entries if isinstance(entry.event, e.AdverseEvent)), 1)
    return {
        "entry": str(first),
        "event": str(harm),
        "known": next(iter(record.participant.deviations), ""),
        "matter": next(iter(record.participant.safety_reports), "a matter"),
        "reminder": next(map(tag, notices(record)), ""),
    }


def filled_in(form: Form, key: str, named: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """What stands in a form, and something in every field that must not stay empty, and in some that may."""
    said, own = {**WORDS, **named}, PARTICULARS.get(key.partition(":")[0], {})
    empty = {name for name, many in form.typed.items() if not any(many)}
    chosen = {name: form.choices[name][1] for name in empty & form.required & form.choices.keys()}
    words = {**{name: said[name] for name in empty & said.keys() - form.choices.keys()}, **own}
    assert form.required <= {*chosen, *words, *form.typed.keys() - empty}, f"{key}: {form.required - chosen.keys() - words.keys()}"
    return {**form.typed, **{name: [one] for name, one in {**chosen, **words}.items()}}


def sends(desk: Desk, sheet: Sheet, participant: str, role: PersonsRole, token: str) -> Response:
    """Send a form as of now, under an id of its own, and signed where it is."""
    _, _, rest = sheet.page.partition("/")
    seen = str(desk.trial.participants.read(participant).version)
    typed = {**sheet.typed, "command_id": [str(uuid4())], "seen": [seen], "signer": [holder(role, "BER")]}
    return desk.client.post(f"/participants/{participant}/{rest}", data=typed, headers={"authorization": f"Bearer {token}"})


def sits_down(desk: Desk, role: PersonsRole) -> str:
    """A session of whoever has a role."""
    desk.office.accounts.passwords.set(holder(role, "BER"), PASSWORD, chosen=True)
    return desk.office.accounts.sessions.begin(holder(role, "BER"), "password")


def refused(desk: Desk) -> list[tuple[str, Action]]:
    return [(one.event.person, one.event.action) for one in desk.office.daybook.people.happened() if isinstance(one.event, AccessRefused)]


@pytest.mark.clause("21 CFR 11", "11.10(g)")
@pytest.mark.clause("EU Annex 11", "12")
@pytest.mark.parametrize("role", ROLES)
def test_each_role_sends_the_forms_that_the_table_says_at_its_site_and_no_other_and_each_refusal_is_on_record(
    staffed: Desk, role: PersonsRole
) -> None:
    token = sits_down(staffed, role)
    for sheet in tuple(sheets(staffed)):
        for participant in (sheet.page.partition("/")[0], "SAO-001"):
            before = len(refused(staffed))
            answer = sends(staffed, sheet, participant, role, token)
            found, case = (
                refused(staffed)[before:],
                f"{sheet.page} {sheet.key} of {participant}: {answer.status_code} {answer.text[-3000:]}",
            )
            if participant == "SAO-001" or "see-participants" not in MAY[role]:
                assert (answer.status_code, found) == (404, [(holder(role, "BER"), "see-participants")]), case
            elif sheet.action in MAY[role]:
                assert (answer.status_code in {200, 303, 409}, found) == (True, []), case
            else:
                assert (answer.status_code, found) == (403, [(holder(role, "BER"), sheet.action)]), case


def test_what_is_sent_by_whoever_may_is_mostly_recorded(staffed: Desk) -> None:
    """Otherwise the forms would not be filled in as they must be, and the test above would try nothing."""
    token = sits_down(staffed, "coordinator")
    mine = [sheet for sheet in sheets(staffed) if sheet.action in MAY["coordinator"]]
    taken = [
        sheet.key for sheet in mine if sends(staffed, sheet, sheet.page.partition("/")[0], "coordinator", token).status_code in {200, 303}
    ]
    assert len(taken) > len(mine) / 2, {sheet.key for sheet in mine} - set(taken)
