"""Every role with every request about a participant, at its own site and at another: generated from the table of rights."""

from datetime import timedelta
from itertools import product
from typing import get_args

import pytest

from domain import commands as c
from domain import events as e
from domain.access import MAY, asked_by
from domain.doorkeeping import AccessRefused
from domain.time import When
from domain.words import PersonsRole
from tests.app.web.at_the_door import Desk
from tests.app.web.test_rights import ROLES, holder, staffed
from tests.builders import CODE, DIGEST, START, dose, slot

__all__ = ["staffed"]
BEGUN = c.BeginLeukapheresis()
FACT = dose("prednisone", "5", When.at(START))
REQUESTS: tuple[c.PersonsCommand, ...] = (
    c.Register(site="BER"),
    c.Report(fact=FACT),
    c.ReportTogether(facts=(FACT, e.IdentityChecked(at=When.at(START), identity=CODE, checked_by=("nurse one", "nurse two")))),
    c.ConfirmEligibility(judged_at=START, report=DIGEST),
    c.Plan(step="leukapheresis", slot=slot(START + timedelta(days=30))),
    c.Cancel(step="leukapheresis"),
    c.Perform(beginning=BEGUN),
    c.Override(beginning=BEGUN, ground="immediate-hazard"),
    c.ReleaseManually(step="leukapheresis"),
    c.Correct(entry=3, fact=FACT),
    c.Retract(entry=3),
    c.MissVisit(visit="screening"),
    c.RecordDeviation(says="the chart was read late", category="procedure", details=e.DeviationDetails()),
    c.DescribeDeviation(key="by-hand:4", details=e.DeviationDetails(cause="a strike")),
    c.ReviewDeviation(key="by-hand:4", entry=4),
    c.VoidDeviation(key="by-hand:4"),
    c.Acknowledge(key="a reminder"),
    c.SendAgain(key="a reminder"),
)
"""One of each, as somebody may well send it."""
CASES = tuple(product(ROLES, ("BER", None), ("BER-001", "SAO-001")))


def test_every_request_that_people_can_make_is_tried() -> None:
    assert [type(one) for one in REQUESTS] == list(get_args(get_args(c.PersonsCommand)[0]))


def refused_as(command: c.PersonsCommand, role: PersonsRole, site: str | None, participant: str) -> str:
    """The action that the table refuses; nothing where it allows the request."""
    if site not in {None, participant[:3]} or "see-participants" not in MAY[role]:
        return "see-participants"
    return "" if asked_by(command) in MAY[role] else asked_by(command)


@pytest.mark.clause("21 CFR 11", "11.10(g)")
@pytest.mark.clause("EU Annex 11", "12")
@pytest.mark.parametrize("command", REQUESTS, ids=lambda one: one.kind)
def test_each_role_asks_for_what_the_table_says_at_its_site_and_at_no_other_and_each_refusal_is_on_record(
    staffed: Desk, command: c.PersonsCommand
) -> None:
    for role, site, participant in CASES:
        before = len(staffed.happened())
        body = {"command": command.model_dump(mode="json"), "reason": "it is needed"}
        answer = staffed.program(holder(role, site)).post(f"/api/participants/{participant}/commands", json=body)
        refused = [(one.person, one.action) for one in staffed.happened()[before:] if isinstance(one, AccessRefused)]
        case = f"{role} of {site or 'every site'} about {participant}: {answer.status_code} {answer.text}"
        match refused_as(command, role, site, participant):
            case "":
                assert answer.status_code in {201, 409}, case
                assert not refused, case
            case action:
                assert answer.status_code == (404 if action == "see-participants" else 403), case
                assert refused == [(holder(role, site), action)], case
