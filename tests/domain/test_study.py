"""What is decided about the study itself is refused when it contradicts what stands."""

from functools import reduce
from uuid import NAMESPACE_OID

import pytest

from domain import events as e
from domain.rejections import Refused
from domain.study import (
    ProtocolApproved,
    ProtocolReleased,
    ReferenceAdopted,
    Ruled,
    SiteOpened,
    StudyEvent,
    StudyOpened,
    StudyRecord,
    evolve_study,
    reasons_against,
)
from domain.words import Role
from store.keys import Keyring
from store.ledger import Ledger
from store.studies import StudyFiles
from store.study import StudyDesk
from tests.builders import BERLIN, DIGEST, START, STUDY, Clock, Trial, by_, codes

PROTOCOLS = {1: StudyFiles().protocol(STUDY, 1).protocol}
REFERENCE = StudyFiles().reference(1).reference
OPENED = StudyOpened(study=STUDY, demonstration=True)
ADOPTED = ReferenceAdopted(reference=1, digest=DIGEST)
RELEASED = ProtocolReleased(protocol=1, digest=DIGEST)
BER = SiteOpened(site="BER", zone=BERLIN)


def against(event: StudyEvent, *before: StudyEvent) -> set[str]:
    """Why an event is refused after others."""
    return {reason.code for reason in reasons_against(event, reduce(evolve_study, before, StudyRecord()), PROTOCOLS, REFERENCE)}


@pytest.mark.parametrize(
    ("event", "before", "why"),
    [
        pytest.param(OPENED, [], set(), id="a study is opened"),
        pytest.param(OPENED, [OPENED], {"already-open"}, id="but not twice"),
        pytest.param(BER, [OPENED], set(), id="a site is opened"),
        pytest.param(BER, [OPENED, BER], {"already-open"}, id="but not twice"),
        pytest.param(SiteOpened(site="BER", zone="America/Sao_Paulo"), [OPENED, BER], {"already-open"}, id="nor in another zone"),
        pytest.param(SiteOpened(site="SAO", zone="America/Sao_Paulo"), [OPENED, BER], set(), id="another site is"),
        pytest.param(RELEASED, [OPENED], {"reference-missing"}, id="a protocol without its drug reference"),
        pytest.param(
            RELEASED, [OPENED, ReferenceAdopted(reference=2, digest=DIGEST)], {"reference-missing"}, id="or with another than its own"
        ),
        pytest.param(RELEASED, [OPENED, ADOPTED], set(), id="a protocol with its drug reference"),
        pytest.param(
            ProtocolReleased(protocol=1, digest="1" * 64),
            [OPENED, ADOPTED, RELEASED],
            {"already-released"},
            id="a protocol that was released with another digest",
        ),
        pytest.param(
            RELEASED,
            [StudyOpened(study=STUDY, demonstration=False), ADOPTED],
            {"demonstration"},
            id="a demonstration's protocol in a real study",
        ),
        pytest.param(
            ProtocolApproved(protocol=1, site="BER"), [OPENED], {"not-released", "unknown-site"}, id="an approval of nothing, nowhere"
        ),
        pytest.param(
            ReferenceAdopted(reference=1, digest="1" * 64), [OPENED, ADOPTED], {"already-adopted"}, id="a reference with another digest"
        ),
        pytest.param(Ruled(ruling="local-steroid-injections", choice="three-weeks"), [OPENED], set(), id="a ruling that is offered"),
        pytest.param(Ruled(ruling="local-steroid-injections", choice="never"), [OPENED], {"unknown-ruling"}, id="and one that is not"),
        pytest.param(BER, [], {"no-study"}, id="a site of no study"),
    ],
)
def test_what_is_decided_about_the_study_fits_what_stands(event: StudyEvent, before: list[StudyEvent], why: set[str]) -> None:
    assert against(event, *before) == why


@pytest.mark.parametrize("role", ["coordinator", "investigator", "pharmacist", "cell-lab", "medical-monitor", "journey"])
def test_only_an_administrator_records_what_is_decided_about_the_study(role: Role) -> None:
    ledger = Ledger.open("memory", clock=Clock(), keys=Keyring(b"k" * 32))
    desk = StudyDesk(ledger, StudyFiles(), STUDY, program="test", time_zone_data="test")
    with pytest.raises(Refused) as refused:
        desk.record((OPENED,), by_(role, NAMESPACE_OID))
    assert codes(refused.value) == {"administrator-only"}
    assert not desk.opened()


@pytest.mark.parametrize("machine", ["test", "another"])
def test_a_derivation_names_what_the_machine_reckoned_with_and_not_what_the_study_adopted(machine: str) -> None:
    trial = Trial(time_zone_data=machine)
    story = trial.participant().consents().plans("leukapheresis", START)
    story.advances()
    waiting = story.told_of(e.StepWaiting)[-1][1]
    assert isinstance(waiting, e.StepWaiting)
    made_with, study = waiting.derivation.made_with, trial.participants.study()
    assert (made_with.program, made_with.time_zone_data, study.record.time_zone_data) == ("test", machine, "test")
    assert (made_with.protocol, made_with.reference) == (study.record.released[1], study.record.references[1])
