"""The record as CDISC ODM 2.0: a transactional file in which every entry is a transaction with its audit record.

Each kind of entry is an item group, each of its fields an item. An entry is inserted under its version; a correction updates it and a
retraction removes it, so that whoever applies the transactions in their order has the record as it stands, and every step on the way.
What identifies a participant directly is never part of it. Source: CDISC, Operational Data Model v2.0, October 2023.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from app.copies.around import Around
from domain.entry import Entry
from domain.events import EntryCorrected, EntryRetracted, Event
from domain.record import Record
from domain.signatures import Signed, signatures
from domain.words import Role

NAMESPACE = "http://www.cdisc.org/ns/odm/v2.0"
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
EVENT, METADATA = "SE.RECORD", "MDV.1"
USER_TYPES: Mapping[Role, str] = {
    "investigator": "Investigator",
    "sub-investigator": "Investigator",
    "cell-lab": "Lab",
    "monitor": "Monitor",
    "medical-monitor": "Monitor",
}
LEGAL_REASON = "The signer takes responsibility for what is signed, as by a signature by hand (21 CFR 11.100)."


@dataclass(slots=True)
class Found:
    """What the transactions refer to, found before they are written."""

    items: dict[str, dict[str, str]] = field(default_factory=dict)
    """By kind of entry, the type of each of its fields."""
    users: dict[str, Role] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)
    """The id of each meaning of a signature."""

    def take(self, record: Record) -> None:
        """Take note of what a record refers to."""
        for entry in record.entries:
            said = _said(entry.event)
            if said is not None:
                types = self.items.setdefault(said.kind, {})
                types |= {name: _wider(types.get(name), value) for name, value in _fields(said).items()}
            self.users.setdefault(entry.circumstances.actor.id, entry.circumstances.actor.role)
            if signature := entry.circumstances.signature:
                self.meanings.setdefault(signature.meaning, f"SD.{len(self.meanings) + 1}")


def write_odm(out: BinaryIO, around: Around, records: Callable[[], Iterable[Record]], made_at: datetime) -> None:
    """Write the file. `records` is asked twice and each record written as it comes, so that a whole study needs no more memory than one."""
    found = Found()
    for record in records():
        found.take(record)
    _File(out, around, found).write(records(), made_at)


class _File:
    """The file while it is being written."""

    def __init__(self, out: BinaryIO, around: Around, found: Found) -> None:
        self._xml = XMLGenerator(out, "utf-8", short_empty_elements=True)
        self._around, self._found = around, found

    def write(self, records: Iterable[Record], made_at: datetime) -> None:
        name = self._around.name
        self._xml.startDocument()
        at = _instant(made_at)
        with self._in("ODM", xmlns=NAMESPACE, FileType="Transactional", FileOID=f"{name}.{at}", CreationDateTime=at, ODMVersion="2.0"):
            with self._in("Study", OID=name, StudyName=name, ProtocolName=name), self._in("MetaDataVersion", OID=METADATA, Name=name):
                self._definitions()
            with self._in("AdminData", StudyOID=name):
                self._administration(made_at)
            with self._in("ClinicalData", StudyOID=name, MetaDataVersionOID=METADATA):
                for record in records:
                    self._participant(record)
        self._xml.endDocument()

    def _definitions(self) -> None:
        with self._in("StudyEventDef", OID=EVENT, Name="The record", Repeating="No", Type="Common"):
            for kind in self._found.items:
                self._one("ItemGroupRef", ItemGroupOID=_group(kind), Mandatory="No")
        for kind, items in self._found.items.items():
            with self._in("ItemGroupDef", OID=_group(kind), Name=kind, Repeating="Dynamic", Type="Form"):
                for name in items:
                    self._one("ItemRef", ItemOID=_item(kind, name), Mandatory="No")
        for kind, items in self._found.items.items():
            for name, type_ in items.items():
                self._one("ItemDef", OID=_item(kind, name), Name=name, DataType=type_ or "text")

    def _administration(self, made_at: datetime) -> None:
        for user, role in self._found.users.items():
            person = self._around.people.persons.get(user)
            with self._in("User", OID=_user(user), UserType=USER_TYPES.get(role, "Other")):
                self._text("UserName", user)
                self._text("FullName", person.name if person else user)
        for site in sorted(self._around.study.record.sites):
            with self._in("Location", OID=_location(site), Name=site, Role="Site"):
                self._one(
                    "MetaDataVersionRef", StudyOID=self._around.name, MetaDataVersionOID=METADATA, EffectiveDate=_instant(made_at)[:10]
                )
        for meaning, id_ in self._found.meanings.items():
            with self._in("SignatureDef", OID=id_, Methodology="Electronic"):
                self._text("Meaning", meaning)
                self._text("LegalReason", LEGAL_REASON)

    def _participant(self, record: Record) -> None:
        if not record.entries:
            return
        site, found = record.participant.site, signatures(record, self._around.study_then)
        signed = {version: one for one in found for version in range(one.first, one.last + 1)}
        said: dict[int, Event] = {}
        with self._in("SubjectData", SubjectKey=record.id, TransactionType="Insert"):
            self._one("SiteRef", LocationOID=_location(site))
            with self._in("StudyEventData", StudyEventOID=EVENT, TransactionType="Insert"):
                for entry in record.entries:
                    self._transaction(entry, said, site, signed.get(entry.version))

    def _transaction(self, entry: Entry[Event], said: dict[int, Event], site: str, signed: Signed | None) -> None:
        """What an entry does to what was said so far, under the version of the entry that it is about."""
        version, now, type_ = entry.version, entry.event, "Insert"
        match entry.event:
            case EntryCorrected():
                version, now, type_ = entry.event.entry, entry.event.fact, "Update"
            case EntryRetracted():
                version, now, type_ = entry.event.entry, said[entry.event.entry], "Remove"
            case _:
                pass
        with self._in("ItemGroupData", ItemGroupOID=_group(now.kind), ItemGroupRepeatKey=str(version), TransactionType=type_):
            for name, value, becomes in _changes(said.get(version), now) if type_ != "Remove" else ():
                self._value(_item(now.kind, name), value, becomes)
            self._audit(entry, site)
            if signed:
                self._signature(signed, entry.circumstances.actor.site or site)
        said[version] = now

    def _value(self, item: str, value: str | None, type_: str) -> None:
        said = {"IsNull": "Yes"} if value is None and type_ != "Remove" else {}
        with self._in("ItemData", ItemOID=item, TransactionType=type_, **said):
            if value is not None:
                self._text("Value", value)

    def _audit(self, entry: Entry[Event], site: str) -> None:
        by = entry.circumstances
        with self._in("AuditRecord"):
            self._by(by.actor.id, by.actor.site or site)
            self._text("DateTimeStamp", _instant(entry.recorded_at))
            if by.reason:
                self._text("ReasonForChange", by.reason)
            self._text("SourceID", f"{entry.stream} entry {entry.version}, digest {entry.digest}")

    def _signature(self, one: Signed, site: str) -> None:
        with self._in("Signature"):
            self._by(one.by.actor.id, site)
            self._one("SignatureRef", SignatureOID=self._found.meanings[one.meaning])
            self._text("DateTimeStamp", _instant(one.at))
        with self._in("Annotation", SeqNum="1"), self._in("Comment"):
            how = "authenticated for this signature" if one.authenticated else "not authenticated for this signature"
            says = "; ".join((f"Signed by {one.printed}, {how}: {one.digest}", *one.doubts))
            self._text("TranslatedText", says, Type="text/plain")

    def _by(self, user: str, site: str) -> None:
        self._one("UserRef", UserOID=_user(user))
        self._one("LocationRef", LocationOID=_location(site))

    @contextmanager
    def _in(self, name: str, **attributes: str) -> Iterator[None]:
        self._xml.startElement(name, AttributesImpl({key: _clean(value) for key, value in attributes.items()}))
        yield
        self._xml.endElement(name)

    def _one(self, name: str, **attributes: str) -> None:
        with self._in(name, **attributes):
            pass

    def _text(self, name: str, text: str, **attributes: str) -> None:
        with self._in(name, **attributes):
            self._xml.characters(_clean(text))


def _said(event: Event) -> Event | None:
    """The fact that an entry states, or states anew; None where it takes one back."""
    return event.fact if isinstance(event, EntryCorrected) else None if isinstance(event, EntryRetracted) else event


def _changes(was: Event | None, now: Event) -> Iterator[tuple[str, str | None, str]]:
    """What becomes of each field, named one by one: whoever applies a transaction changes nothing that it does not name."""
    before, after = {} if was is None else _fields(was), _fields(now)
    yield from ((name, value, "Update" if name in before else "Insert") for name, value in after.items())
    yield from ((name, None, "Remove") for name in before if name not in after)


def _fields(event: Event) -> dict[str, str | None]:
    """What an entry says, field by field; a list of parts stays one text, as JSON."""
    return dict(_flat(event.model_dump(mode="json", exclude={"kind"}), ())) or {"stated": "true"}


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    match value:
        case dict() if value:
            for name, part in value.items():
                yield from _flat(part, (*path, name))
        case None:
            yield ".".join(path), None
        case str():
            yield ".".join(path), value
        case _:
            yield ".".join(path), json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _wider(before: str | None, value: str | None) -> str:
    """The narrowest type that holds what was said of a field so far, and this; none while nothing was."""
    if value is None:
        return before or ""
    now = "boolean" if value in {"true", "false"} else "integer" if re.fullmatch(r"-?\d{1,18}", value) else "text"
    return now if before in {None, "", now} else "text"


def _group(kind: str) -> str:
    return f"IG.{kind}"


def _item(kind: str, name: str) -> str:
    return f"IT.{kind}.{name}"


def _user(id_: str) -> str:
    return f"US.{id_}"


def _location(site: str) -> str:
    return f"LO.{site}"


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _clean(text: str) -> str:
    """Text as XML can hold it."""
    return NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
