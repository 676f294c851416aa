"""Opening a participant's record."""

import re

from domain import commands as c
from domain import events as e
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.study import Study
from domain.words import PARTICIPANT_CODE


def register(command: c.Register, record: Record, study: Study) -> tuple[e.Event, ...]:
    """The participant is judged under the protocol that the site has approved last."""
    approved = sorted(version for site, version in study.record.approved if site == command.site)
    refuse_if(_against(command, record, study))
    if not approved:
        raise Refused(Reason(code="no-approved-protocol", says=f"site {command.site} has no approved version of the protocol"))
    return e.Registered(site=command.site), e.ProtocolAdopted(protocol=approved[-1], digest=study.record.released[approved[-1]])


def of_another_site(command: c.Register, participant_id: str, study: Study) -> list[Reason]:
    """Why nobody is registered at this site under a code of another: whether it is taken there, and what stands under it, nobody hears."""
    elsewhere = re.fullmatch(PARTICIPANT_CODE, participant_id) and participant_id.partition("-")[0] != command.site
    if elsewhere and command.site in study.record.sites:
        return [Reason(code="another-site", says=f"the code of a participant at {command.site} begins with {command.site}-")]
    return []


def _against(command: c.Register, record: Record, study: Study) -> list[Reason]:
    if elsewhere := of_another_site(command, record.id, study):
        return elsewhere
    reasons = []
    if not re.fullmatch(PARTICIPANT_CODE, record.id):
        reasons.append(Reason(code="ill-formed-code", says="a participant's code is written like BER-001"))
    if record.participant.registered:
        reasons.append(Reason(code="already-registered", says=f"{record.id} is registered already"))
    if command.site not in study.record.sites:
        reasons.append(Reason(code="unknown-site", says=f"there is no site {command.site}"))
    return reasons
