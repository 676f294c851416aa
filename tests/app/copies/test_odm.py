"""The copy in CDISC ODM is valid by the published schema, and whoever applies its transactions has the record."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import odmlib
import pytest
from xmlschema import XMLSchema

from app.copies.odm import NAMESPACE, Around, write_odm
from domain import commands as c
from domain import events as e
from domain.entry import Identifiers
from domain.history import effective
from domain.people import People, Person
from domain.record import Record
from tests.builders import Story, Trial

SCHEMA = Path(odmlib.__file__).parent / "schemas/odm/2.0/ODM.xsd"
ODM = {"": NAMESPACE}


@pytest.fixture(scope="module")
def schema() -> XMLSchema:
    return XMLSchema(str(SCHEMA))


@pytest.fixture
def story() -> Story:
    """Infused, with a correction, a retraction and an override on the way."""
    story = Trial().participant().is_ready().is_infused()
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="negative"))
    wrong, retracted = story.record.version, story.record.version + 1
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="negative"))
    story.trial.clock.move(hours=1)
    fact = e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive")
    story.asks(c.Correct(entry=wrong, fact=fact), reason="read from the wrong line \x0b <of> & the sheet")
    story.asks(c.Retract(entry=retracted), reason="written twice")
    return story


def written(*records: Record) -> bytes:
    out = BytesIO()
    people = People(1, {"m-weber": Person("m-weber", "M. Weber")})
    made_at = records[0].entries[-1].recorded_at + timedelta(hours=1)
    write_odm(out, Around("LUPUS-1", ["BER", "SAO"], people), lambda: iter(records), made_at)
    return out.getvalue()


def read(copy: bytes) -> ET.Element:
    return ET.fromstring(copy)  # noqa: S314 - We have just written it ourselves.


def applied(copy: bytes) -> dict[str, dict[str, dict[str, str | None]]]:
    """By participant and version, what the transactions leave of each entry, field by field."""
    found: dict[str, dict[str, dict[str, str | None]]] = {}
    for subject in read(copy).iterfind(".//SubjectData", ODM):
        left = found.setdefault(subject.attrib["SubjectKey"], {})
        for group in subject.iterfind("StudyEventData/ItemGroupData", ODM):
            version = group.attrib["ItemGroupRepeatKey"]
            if group.attrib["TransactionType"] == "Remove":
                del left[version]
                continue
            assert (version in left) == (group.attrib["TransactionType"] == "Update")
            values = {item.attrib["ItemOID"]: item.findtext("Value", None, ODM) for item in group.iterfind("ItemData", ODM)}
            left[version] = {"kind": group.attrib["ItemGroupOID"].removeprefix("IG."), **values}
    return found


@pytest.mark.clause("21 CFR 11", "11.10(b)")
@pytest.mark.clause("ICH E6(R3)", "4.2.5")
@pytest.mark.clause("EU Annex 11", "5")
def test_it_is_valid_by_the_published_schema(schema: XMLSchema, story: Story) -> None:
    other = story.trial.participant("SAO-001", "SAO").consents()
    schema.validate(BytesIO(written(story.record, other.record)))


def test_a_file_that_breaks_the_schema_is_found(schema: XMLSchema, story: Story) -> None:
    assert not schema.is_valid(
        BytesIO(written(story.record).replace(b"<UserRef", b"<UserReference", 1).replace(b"UserRef>", b"UserReference>", 1))
    )


@pytest.mark.clause("ICH E6(R3)", "4.2.5")
@pytest.mark.clause("EU Annex 11", "5")
def test_whoever_applies_the_transactions_has_the_record_as_it_stands(story: Story) -> None:
    [left] = applied(written(story.record)).values()
    stands = [entry for entry in effective(story.record.entries) if not isinstance(entry.event, e.EntryCorrected | e.EntryRetracted)]
    assert {version: values["kind"] for version, values in left.items()} == {str(entry.version): entry.event.kind for entry in stands}
    corrected = next(entry for entry in stands if isinstance(entry.event, e.ObservationMade) and entry.event.result == "positive")
    assert left[str(corrected.version)]["IT.observation-made.v1.result"] == "positive"


@pytest.mark.clause("21 CFR 11", "11.10(e)")
@pytest.mark.clause("FDA Q&A 2024", "audit trails")
@pytest.mark.clause("EMA 2023", "audit trail")
def test_every_entry_has_its_audit_record(story: Story) -> None:
    copy = read(written(story.record))
    audits = copy.findall(".//ItemGroupData/AuditRecord", ODM)
    assert len(audits) == len(story.record.entries)
    for entry, audit in zip(story.record.entries, audits, strict=True):
        user, stamp = audit.find("UserRef", ODM), audit.findtext("DateTimeStamp", "", ODM)
        assert user is not None
        assert user.attrib["UserOID"] == f"US.{entry.circumstances.actor.id}"
        assert stamp == entry.recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        assert entry.digest in audit.findtext("SourceID", "", ODM)
    users = {user.attrib["OID"] for user in copy.iterfind(".//User", ODM)}
    assert {f"US.{entry.circumstances.actor.id}" for entry in story.record.entries} == users


def test_every_signature_is_shown_with_its_meaning_and_what_was_signed(story: Story) -> None:
    signed = [entry for entry in story.record.entries if entry.circumstances.signature]
    copy = read(written(story.record))
    meanings = {one.attrib["OID"]: one.findtext("Meaning", None, ODM) for one in copy.iterfind(".//SignatureDef", ODM)}
    groups = [group for group in copy.iterfind(".//ItemGroupData", ODM) if group.find("Signature", ODM) is not None]
    assert len(signed) == len(groups) > 0
    for entry, group in zip(signed, groups, strict=True):
        signature, shown = entry.circumstances.signature, group.find("Signature/SignatureRef", ODM)
        assert signature is not None
        assert shown is not None
        assert meanings[shown.attrib["SignatureOID"]] == signature.meaning
        assert signature.signed in group.findtext("Annotation/Comment/TranslatedText", "", ODM)


def test_what_xml_cannot_hold_is_replaced_and_what_it_would_misread_is_escaped(story: Story) -> None:
    reasons = [one.text for one in read(written(story.record)).iterfind(".//ReasonForChange", ODM)]
    assert "written twice" in reasons
    assert any(reason and "<of> & the sheet" in reason for reason in reasons)


def test_nothing_that_identifies_a_participant_is_part_of_it() -> None:
    story = Story(Trial(), "BER-001")
    story.asks(c.Register(site="BER", identifiers=Identifiers(name="Erika Mustermann")))
    assert any(entry.identifiers for entry in story.trial.participants.ledger.read(story.record.stream))
    assert b"Mustermann" not in written(story.record)
