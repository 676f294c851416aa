"""The study's own stream: sites, protocol versions, references and rulings."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Annotated, Literal, assert_never, get_args

from pydantic import Field

from domain.base import Value
from domain.contacts import ContactNamed, ContactRemoved, not_to_be_told, their_own
from domain.keeping import DataCutMade, IdentifiersErased, Keeping, RetentionSet, evolve_keeping
from domain.protocol import Protocol
from domain.reference import Drug, Reference
from domain.rejections import Reason
from domain.time import Day, Zone
from domain.verdicts import Instruments
from domain.words import Digest, Name, Role, Sentence, SiteId

STUDY = "study:"
"""How the study's own stream is called, before its name."""


class StudyOpened(Value):
    """The ledger was opened for one study; a demonstration can never become real."""

    kind: Literal["study-opened.v1"] = "study-opened.v1"
    study: Name
    demonstration: bool


class SiteOpened(Value):
    """A site takes part, with its time zone and the hours in which people work there."""

    kind: Literal["site-opened.v1"] = "site-opened.v1"
    site: SiteId
    zone: Zone
    opens: time = time(8)
    closes: time = time(17)


class ProtocolReleased(Value):
    """A version of the protocol may be used; its digest binds the file."""

    kind: Literal["protocol-released.v1"] = "protocol-released.v1"
    protocol: Annotated[int, Field(ge=1)]
    digest: Digest


class ProtocolApproved(Value):
    """The ethics committee of a site approved a version of the protocol."""

    kind: Literal["protocol-approved.v1"] = "protocol-approved.v1"
    protocol: int
    site: SiteId


class ConsentFormApproved(Value):
    """The ethics committee of a site approved a version of the consent form, which is the one in use there from a date on."""

    kind: Literal["consent-form-approved.v1"] = "consent-form-approved.v1"
    site: SiteId
    form: Sentence
    digest: Digest
    since: Day


class ReferenceAdopted(Value):
    """A version of the drug reference is in force from here on."""

    kind: Literal["reference-adopted.v1"] = "reference-adopted.v1"
    reference: Annotated[int, Field(ge=1)]
    digest: Digest


class TimeZoneDataAdopted(Value):
    """The version of the time-zone data that the study's machines reckon with."""

    kind: Literal["time-zone-data-adopted.v1"] = "time-zone-data-adopted.v1"
    version: Sentence


class Ruled(Value):
    """The study settled an open reading, for everybody; `choice` is one of those that the protocol offers."""

    kind: Literal["ruled.v1"] = "ruled.v1"
    ruling: Name
    choice: Name


class DrugClassified(Value):
    """The medical monitor said of which classes a drug or vaccine is that the reference does not list, or of none; for everybody.

    How long it stays, and for how much it counts as a steroid, only a new version of the reference can tell.
    """

    kind: Literal["drug-classified.v1"] = "drug-classified.v1"
    drug: Name
    classes: tuple[Name, ...] = ()


StudyEvent = Annotated[
    StudyOpened
    | SiteOpened
    | ProtocolReleased
    | ProtocolApproved
    | ConsentFormApproved
    | ReferenceAdopted
    | TimeZoneDataAdopted
    | Ruled
    | DrugClassified
    | ContactNamed
    | ContactRemoved
    | RetentionSet
    | IdentifiersErased
    | DataCutMade,
    Field(discriminator="kind"),
]
STUDY_EVENTS = get_args(get_args(StudyEvent)[0])


@dataclass(frozen=True)
class StudyRecord:
    """The study as the fold of its stream."""

    name: str = ""
    demonstration: bool = False
    version: int = 0
    sites: dict[str, SiteOpened] = field(default_factory=dict)
    released: dict[int, str] = field(default_factory=dict)
    approved: frozenset[tuple[str, int]] = frozenset()
    consent_forms: dict[str, tuple[ConsentFormApproved, ...]] = field(default_factory=dict)
    """The forms of each site, in the order in which they came into use."""
    references: dict[int, str] = field(default_factory=dict)
    time_zone_data: str = ""
    rulings: dict[str, str] = field(default_factory=dict)
    classified: dict[str, DrugClassified] = field(default_factory=dict)
    contacts: dict[str, ContactNamed] = field(default_factory=dict)
    kept: Keeping = field(default_factory=Keeping)


def evolve_study(record: StudyRecord, event: StudyEvent) -> StudyRecord:
    """Take one more entry of the study's stream into account; never refuses."""
    record = replace(record, version=record.version + 1)
    match event:
        case StudyOpened():
            return replace(record, name=event.study, demonstration=event.demonstration)
        case SiteOpened():
            return replace(record, sites=record.sites | {event.site: event})
        case ProtocolReleased():
            return replace(record, released=record.released | {event.protocol: event.digest})
        case ProtocolApproved():
            return replace(record, approved=record.approved | {(event.site, event.protocol)})
        case ConsentFormApproved():
            forms = sorted((*record.consent_forms.get(event.site, ()), event), key=lambda form: form.since)
            return replace(record, consent_forms=record.consent_forms | {event.site: tuple(forms)})
        case ReferenceAdopted():
            return replace(record, references=record.references | {event.reference: event.digest})
        case TimeZoneDataAdopted():
            return replace(record, time_zone_data=event.version)
        case Ruled():
            return replace(record, rulings=record.rulings | {event.ruling: event.choice})
        case DrugClassified():
            return replace(record, classified=record.classified | {event.drug: event})
        case ContactNamed():
            return replace(record, contacts=record.contacts | {event.person: event})
        case ContactRemoved():
            return replace(record, contacts={person: one for person, one in record.contacts.items() if person != event.person})
        case RetentionSet() | IdentifiersErased() | DataCutMade():
            return replace(record, kept=evolve_keeping(record.kept, event))
        case _:
            assert_never(event)


@dataclass(frozen=True)
class Study:
    """The study as decisions see it: its record, with the protocols and the reference that the record's digests bind.

    `program` and `time_zone_data` are the versions that this machine runs with; what the study adopted stands in its record.
    """

    record: StudyRecord
    protocols: Mapping[int, Protocol]
    reference: Reference
    program: str
    time_zone_data: str

    @property
    def current(self) -> int:
        """The version of the protocol that was released last."""
        return max(self.record.released)

    @property
    def latest(self) -> Protocol | None:
        """The protocol that was released last; None before the first release."""
        return self.protocol(self.current) if self.record.released else None

    def protocol(self, version: int) -> Protocol:
        return self.protocols[version]

    def zone(self, site: str) -> str:
        """The IANA zone of a site."""
        return self.record.sites[site].zone

    def classes(self, drug: str, ticked: Collection[str], *, outside: bool) -> frozenset[str] | None:
        """The classes of a drug or vaccine, as settled for everybody and as ticked at entry; None while nobody has said which they are."""
        settled = self.settled(drug)
        if settled is None and not ticked and not outside:
            return None
        return frozenset(ticked) | frozenset(settled.classes if settled else ())

    def settled(self, drug: str) -> Drug | DrugClassified | None:
        """What is said of a drug or vaccine for everybody: by the reference in force or, where that is silent, by the medical monitor."""
        return self.reference.drugs.get(drug) or self.record.classified.get(drug)

    def reckoning_with(self, reference: Reference, digest: str) -> "Study":
        """The same study, as if this drug reference were in force."""
        adopted = replace(self.record, references=self.record.references | {reference.version: digest})
        return replace(self, record=adopted, reference=reference)

    def instruments(self, protocol: int) -> Instruments:
        """What a derivation under a version of the protocol is made with, on this machine."""
        return Instruments(
            protocol=self.record.released[protocol],
            reference=self.record.references[self.reference.version],
            time_zone_data=self.time_zone_data,
            program=self.program,
        )


def reasons_against(
    event: StudyEvent, record: StudyRecord, protocols: Mapping[int, Protocol], reference: Reference | None
) -> Iterator[Reason]:
    """Why something cannot be recorded about the study. `protocols` are those released, this event's among them.

    `reference` is the drug reference in force, None before there is one.
    """
    match event:
        case StudyOpened():
            if record.name:
                yield Reason(code="already-open", says=f"this ledger holds the study {record.name} already")
        case SiteOpened():
            if event.site in record.sites:
                yield Reason(code="already-open", says=f"site {event.site} is open already")
            if not event.opens < event.closes:
                yield Reason(code="working-hours", says="a site opens before it closes")
        case ProtocolReleased():
            if record.released.get(event.protocol, event.digest) != event.digest:
                yield Reason(
                    code="already-released", says=f"version {event.protocol} was released with another digest; a change is a new version"
                )
            if protocols[event.protocol].reference not in record.references:
                wanted = protocols[event.protocol].reference
                yield Reason(
                    code="reference-missing",
                    says=f"version {event.protocol} reckons with version {wanted} of the drug reference: adopt it first",
                )
            if protocols[event.protocol].demonstration != record.demonstration:
                yield Reason(code="demonstration", says="a demonstration runs on a demonstration's protocol, and nothing else does")
        case ProtocolApproved():
            if event.protocol not in record.released:
                yield Reason(code="not-released", says=f"version {event.protocol} of the protocol has not been released")
            if event.site not in record.sites:
                yield Reason(code="unknown-site", says=f"there is no site {event.site}")
        case ConsentFormApproved():
            if event.site not in record.sites:
                yield Reason(code="unknown-site", says=f"there is no site {event.site}")
        case ReferenceAdopted():
            if record.references.get(event.reference, event.digest) != event.digest:
                yield Reason(
                    code="already-adopted", says=f"version {event.reference} was adopted with another digest; a change is a new version"
                )
        case Ruled():
            offered = [protocol.rulings[event.ruling].choices for protocol in protocols.values() if event.ruling in protocol.rulings]
            if not any(event.choice in choices for choices in offered):
                yield Reason(code="unknown-ruling", says=f"no protocol offers the choice {event.choice} for a ruling {event.ruling}")
        case DrugClassified():
            yield from _not_to_be_classified(event, record, reference)
        case ContactNamed():
            yield from not_to_be_told(event, record.sites)
        case ContactRemoved():
            if event.person not in record.contacts:
                yield Reason(code="unknown-contact", says=f"there is no contact {event.person}")
        case TimeZoneDataAdopted() | RetentionSet() | IdentifiersErased() | DataCutMade():
            pass  # of how the record is kept, the desk asks at its own clock
        case _:
            assert_never(event)
    if not record.name and not isinstance(event, StudyOpened):
        yield Reason(code="no-study", says="the study has not been opened")


def _not_to_be_classified(event: DrugClassified, record: StudyRecord, reference: Reference | None) -> Iterator[Reason]:
    known = reference.classes if reference else {}
    for name in event.classes:
        if name not in known:
            yield Reason(code="unknown-class", says=f"there is no class of drugs {name}; these are: {', '.join(known) or 'none'}")
    if reference and event.drug in reference.drugs:
        yield Reason(code="classified-already", says=f"the classes of {event.drug} are those of the drug reference")
    elif record.classified.get(event.drug) == event:
        yield Reason(code="classified-already", says=f"{event.drug} has been classified so already")


def not_theirs_to_decide(event: StudyEvent, record: StudyRecord, person: str, role: Role, reason: str | None) -> Iterator[Reason]:
    """Who decides about the study: an administrator; of which classes a drug is, the medical monitor, who says why.

    How one is told oneself is for everybody to decide. To erase takes a reason.
    """
    if isinstance(event, ContactNamed) and their_own(event, record.contacts, person):
        return
    if isinstance(event, IdentifiersErased) and reason is None:
        yield Reason(code="reason-missing", says="to erase what identifies somebody needs a reason")
    if not isinstance(event, DrugClassified):
        if role != "administrator":
            yield Reason(code="administrator-only", says="only an administrator records what is decided about the study")
        return
    if role != "medical-monitor":
        yield Reason(code="medical-monitor-only", says="only the medical monitor says of which classes a drug is")
    if reason is None:
        yield Reason(code="reason-missing", says="to classify a drug needs a reason")
