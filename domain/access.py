"""Who may do what: one table of roles and actions, asked by the browser's desk, the interface for programs and the command line alike."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import assert_never, get_args

from domain import commands as c
from domain.people import People, Person, RoleGranted
from domain.rejections import Reason, Refused
from domain.study import DrugClassified, StudyEvent
from domain.words import Action, PersonsRole

ACTIONS: tuple[Action, ...] = get_args(Action)
AT_THE_SITE: tuple[Action, ...] = ("see-participants", "see-history", "register", "record", "plan", "perform", "account", "acknowledge")
WHERE_THE_PRODUCT_IS: tuple[Action, ...] = ("see-participants", "see-history", "record", "perform", "acknowledge")
TO_LOOK_ON: tuple[Action, ...] = ("see-participants", "see-history", "see-system")
MAY: Mapping[PersonsRole, frozenset[Action]] = {
    "investigator": frozenset({*AT_THE_SITE, "judge-by-signature", "vouch"}),
    "sub-investigator": frozenset(AT_THE_SITE),
    "coordinator": frozenset(AT_THE_SITE),
    "pharmacist": frozenset(WHERE_THE_PRODUCT_IS),
    "cell-lab": frozenset(WHERE_THE_PRODUCT_IS),
    "medical-monitor": frozenset({"see-participants", "see-history", "acknowledge", "classify"}),
    "monitor": frozenset({*TO_LOOK_ON, "review-entries"}),
    "auditor": frozenset({*TO_LOOK_ON, "review-entries", "see-accesses"}),
    "administrator": frozenset({"run-study", "admit-people", "see-system", "vouch", "see-accesses"}),
}
"""What each role may do, at the site for which it was granted. Whoever looks after accounts sees no participant by that."""
OF_THE_WHOLE_STUDY: frozenset[Action] = frozenset({"classify", "run-study", "admit-people", "see-system"})
"""What concerns every site at once, and therefore takes a role that was granted for every site."""
OF_THE_STUDY_TOO: frozenset[Action] = frozenset({"vouch", "see-history", "review-entries", "see-accesses"})
"""What is done at a site for those who work there and for what is on record there, and by a role for every site for what is of no site."""


def authorised(  # noqa: PLR0913, PLR0917 - It is the one question that is asked of the table, in full.
    people: People, person_id: str, action: Action, site: str | None, on: date, role: str | None = None
) -> RoleGranted:
    """The role by which somebody may do something at a site, or (None) in the study as a whole, on a date there.

    Of several the first in the table that allows it; where a `role` is named, only that one counts. Raises Refused where none does.
    """
    person = people.persons.get(person_id)
    found = sorted(_by_which(person, action, site, on, role), key=lambda grant: (list(MAY).index(grant.role), grant.site or ""))
    if not found:
        where, which = "" if site is None else f" at {site}", "no role" if role is None else f"not the role {role}, or it is not one"
        raise Refused(Reason(code="not-allowed", says=f"{person_id} has {which} that may {action.replace('-', ' ')}{where}"))
    return found[0]


def allowed(person: Person, site: str | None, on: date) -> frozenset[Action]:
    """Everything that somebody may do on a date at a site, or (None) in the study as a whole."""
    asked = OF_THE_WHOLE_STUDY | OF_THE_STUDY_TOO if site is None else frozenset(ACTIONS) - OF_THE_WHOLE_STUDY
    return frozenset(action for action in asked if any(_by_which(person, action, site, on)))


def _by_which(person: Person | None, action: Action, site: str | None, on: date, role: str | None = None) -> Iterator[RoleGranted]:
    for grant in person.grants(on) if person else ():
        here = grant.site is None or (action not in OF_THE_WHOLE_STUDY and grant.site == site)
        if here and action in MAY[grant.role] and role in {None, grant.role}:
            yield grant


def asked_by(command: c.PersonsCommand) -> Action:
    """What somebody does who makes a request."""
    match command:
        case c.Register():
            return "register"
        case c.Report() | c.ReportTogether() | c.Correct() | c.Retract():
            return "record"
        case c.Plan() | c.Cancel():
            return "plan"
        case c.Perform():
            return "perform"
        case c.MissVisit() | c.RecordDeviation() | c.DescribeDeviation() | c.VoidDeviation():
            return "account"
        case c.Acknowledge() | c.SendAgain():
            return "acknowledge"
        case c.ConfirmEligibility() | c.Override() | c.ReleaseManually() | c.ReviewDeviation():
            return "judge-by-signature"
        case _:
            assert_never(command)


def asked_of_the_study(event: StudyEvent) -> Action:
    """What somebody does who decides something about the study."""
    return "classify" if isinstance(event, DrugClassified) else "run-study"
