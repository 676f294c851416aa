"""Writing a certified copy, file by file and line by line, so that a study of any size takes no memory to speak of.

Whatever a copy shall hold besides is one more writer in `WRITERS`: it is given the copy and writes its files into the folder.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.copies import NotWhole, verify
from app.copies.around import Around
from app.copies.folder import files_in, make_folder, written
from app.copies.odm import write_odm
from app.copies.paper import write_paper
from app.copies.rest import write_rest
from app.wiring import Daybook, program
from domain.entry import Circumstances
from domain.handing_out import CopyCertified
from domain.participant import PARTICIPANT
from domain.record import Record
from domain.rejections import Reason, Refused
from store.codec import Row
from store.examining import ROWS_AT_ONCE, examine
from store.heads import Head
from store.merkle import Node, consistency, inclusion, tiled
from store.recorder import Recorder

FORMAT = "daybook-copy-1"
README = """A certified copy of {what} of the study {study}, made with Daybook.

It opens without Daybook and without a server, and proves itself: with Python and its package `cryptography`,

    python verify.py --head FILE

checks that every file is the one that was certified, and that every entry stands in the ledger as it was recorded. That the pages and
odm.xml say what the entries say is attested by whoever certified the copy; no program proves it. FILE is a head of the ledger that you
hold yourself, such as the file that was enclosed in a mail to your site. Without one, the check shows that the copy is whole in itself,
and nothing about whoever made it.

documents/           the record of each participant as a page that any browser opens and prints: every entry, signature and correction{rest}
odm.xml              the same for programs, as a transactional file of CDISC ODM 2.0 with an audit record for each entry
entries.jsonl        each entry as it is stored: one JSON object a line; `state` holds the bytes of its contents, as UTF-8
heads.jsonl          every head of the ledger that was signed; head.txt is the last, under which this copy stands
{proofs}public-key.txt       the key that signed first; where another followed, a head names it
studies/             the versions of the protocol and of the drug reference that the entries bind by their digests
manifest.json        every file with its SHA-256, who certified the copy and when; manifest.signed.txt is the ledger's signature under it

What identifies a participant directly is sealed inside the entries, and its key is not part of any copy: erasing it reaches every copy.
{complete}"""
REST = """
                     and in study.html everything else: the study, its people, reviews, what was handed out, and the record of anybody
                     of whom the program did not know how to read an entry, as it is stored; odm.xml leaves that record out"""
PROOFS = "proofs.jsonl         for each entry, in the same order, what proves that it stands in the ledger under head.txt\n"
OF_ONE = """That no later entry of this participant was left out can only be seen in a copy of the whole ledger, since the entries of others
are not disclosed.
"""


@dataclass(frozen=True)
class Copy:
    """A copy in the making: of the whole ledger up to a head, or of one participant's entries."""

    daybook: Daybook
    folder: Path
    head: Head
    participant: str | None

    @property
    def recorder(self) -> Recorder:
        return self.daybook.ledger.recorder

    @cached_property
    def node(self) -> Node:
        """The nodes of the tree, of which the tiles that were asked for last are kept at hand."""
        kept: dict[tuple[int, int], bytes] = {}

        def tile(row: int, number: int) -> bytes:
            if (row, number) not in kept:
                if len(kept) >= 64:  # noqa: PLR2004 - Half a megabyte.
                    kept.clear()
                kept[row, number] = self.recorder.tile(row, number)
            return kept[row, number]

        return tiled(tile)

    @cached_property
    def around(self) -> Around:
        """What stands around the records; the study as it stood is read once for each of its versions."""
        desk = self.daybook.desk
        return Around(desk.current(), cache(desk.at), self.daybook.people.current())

    def file(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        return path

    def entries(self) -> Iterator[dict[str, Any]]:
        """Everything that is stored of each entry, and of the command that ended with it."""
        for row, command in self._rows() if self.participant is None else self._rows_of(PARTICIPANT + self.participant):
            yield _as_json(row, command)

    def records(self) -> Iterator[Record]:
        """The records of the participants, up to the head, one after the other."""
        for id_ in self.daybook.participants.ids() if self.participant is None else [self.participant]:
            if PARTICIPANT + id_ in self.unread:
                continue
            entries = [entry for entry in self.daybook.participants.read(id_).entries if entry.position <= self.head.size]
            if entries:
                yield Record.of(id_, entries)

    @cached_property
    def unread(self) -> frozenset[str]:
        """The records in which something stands as it was recorded that this program does not know how to read; no copy is of one alone."""
        if self.participant is not None:
            return frozenset()
        return frozenset(one.stream for one in examine(self.recorder, self.daybook.signing.first()).unreadable)

    def besides(self) -> Iterator[Row]:
        """Every entry that stands in no document of a participant, in the order of the ledger."""
        for (position, stream, version, kind, state, *proof), _ in self._rows():
            if not stream.startswith(PARTICIPANT.encode()) or stream.decode() in self.unread:
                yield Row(position, stream.decode(), version, kind.decode(), state, *proof)

    def _rows(self) -> Iterator[tuple[Sequence[Any], Sequence[Any] | None]]:
        first = 1
        while first <= self.head.size:
            stretch = self.recorder.stretch(first, min(ROWS_AT_ONCE, self.head.size - first + 1))
            commands = {command[0]: command for command in stretch.commands}
            yield from ((row, commands.get(row[0])) for row in stretch.entries)
            if not stretch.entries:
                return
            first = stretch.entries[-1][0] + 1

    def _rows_of(self, stream: str) -> Iterator[tuple[Sequence[Any], Sequence[Any] | None]]:
        for found in self.recorder.stream(stream).rows:
            if found.position <= self.head.size:
                stretch = self.recorder.stretch(found.position, 1)
                yield stretch.entries[0], next(iter(stretch.commands), None)


def write_entries(copy: Copy) -> None:
    """The entries and, of one participant, the proof of each."""
    with copy.file("entries.jsonl").open("w", encoding="utf-8") as entries:
        if copy.participant is None:
            entries.writelines(_line(entry) for entry in copy.entries())
            return
        with copy.file("proofs.jsonl").open("w", encoding="utf-8") as proofs:
            for entry in copy.entries():
                entries.write(_line(entry))
                path = inclusion(entry["position"] - 1, copy.head.size, copy.node)
                proofs.write(_line({"position": entry["position"], "path": [one.hex() for one in path]}))


def write_heads(copy: Copy) -> None:
    """Every head up to the one under which the copy stands and, with one participant's entries, the proof that it continues each."""
    with copy.file("heads.jsonl").open("w", encoding="utf-8") as heads:
        for _, note in copy.recorder.heads():
            size = int(note.splitlines()[1])
            path = [] if copy.participant is None else consistency(size, copy.head.size, copy.node)
            heads.write(_line({"note": note, "continues": [one.hex() for one in path]}))
            if note == copy.head.note:
                break
    copy.file("head.txt").write_text(copy.head.note, encoding="utf-8")
    copy.file("public-key.txt").write_text(f"{copy.daybook.signing.first()}\n", encoding="utf-8")


def write_versions(copy: Copy) -> None:
    """The released protocols and the drug references, as the bytes that the study's record binds."""
    record, studies = copy.daybook.desk.current().record, copy.daybook.settings.studies
    for version in record.released:
        shutil.copyfile(studies / record.name / f"v{version}.toml", copy.file(f"studies/protocol-v{version}.toml"))
    for version in record.references:
        shutil.copyfile(studies / "reference" / f"drugs.v{version}.toml", copy.file(f"studies/drugs-v{version}.toml"))


def write_documents(copy: Copy) -> None:
    """Each participant's record as people read it."""
    for record in copy.records():
        with copy.file(f"documents/{record.id}.html").open("wb") as file:
            write_paper(file, copy.around, record, copy.head.at)


def write_the_rest(copy: Copy) -> None:
    """What is not of one participant, as people read it; a copy of one participant discloses nothing of it."""
    if copy.participant is None:
        with copy.file("documents/study.html").open("wb") as file:
            write_rest(file, copy.around, copy.besides(), copy.daybook.desk.signed(), copy.head.at)


def write_for_programs(copy: Copy) -> None:
    """All of it as other programs read it."""
    with copy.file("odm.xml").open("wb") as file:
        write_odm(file, copy.around, copy.records, copy.head.at)


def write_verifier(copy: Copy) -> None:
    """The verifier that stands alone, and what to do with it."""
    shutil.copyfile(verify.__file__, copy.file("verify.py"))
    whole = copy.participant is None
    what = "the whole ledger" if whole else f"the record of {copy.participant}"
    text = README.format(
        what=what,
        study=copy.daybook.desk.name,
        proofs="" if whole else PROOFS,
        complete="" if whole else OF_ONE,
        rest=REST if whole else "",
    )
    copy.file("README.txt").write_text(text, encoding="utf-8")


WRITERS: tuple[Callable[[Copy], None], ...] = (
    write_entries, write_heads, write_versions, write_documents, write_the_rest, write_for_programs, write_verifier,
)  # fmt: skip


def export(daybook: Daybook, folder: Path, participant: str | None, by: Circumstances) -> CopyCertified:
    """Write a certified copy into a new folder, check it as whoever gets it will, and put on record that it was made.

    Raises Refused where the folder holds something already or there is no such participant, NotWhole where the check finds that
    anything is not as it was recorded, or a Fault; then the copy is not certified.
    """
    if participant is not None and not daybook.participants.read(participant).entries:
        raise Refused(Reason(code="unknown-participant", says=f"there is no participant {participant}"))
    make_folder(folder)
    seal = daybook.signing.seal()
    copy = Copy(daybook, folder, seal.seal(daybook.ledger), participant)
    with written(folder):
        for write in WRITERS:
            write(copy)
        entries = _lines_in(folder / "entries.jsonl")
        manifest = _manifest(copy, entries, by)
        copy.file("manifest.json").write_bytes(manifest)
    certified = CopyCertified(participant=participant, entries=entries, head=copy.head.digest, manifest=sha256(manifest).hexdigest())
    certificate = seal.key.sign(f"{FORMAT}\n{certified.manifest}\n")
    if damage := verify.Copy(folder, [], certificate).check().damage:
        raise NotWhole(f"Nothing was certified: {damage[0]} `daybook verify` says more.")
    # Signed last: a copy that is signed and on no record would be one that nobody has made.
    daybook.handed_out.record(certified, by)
    with written(folder):
        copy.file("manifest.signed.txt").write_text(certificate, encoding="utf-8")
    return certified


def _manifest(copy: Copy, entries: int, by: Circumstances) -> bytes:
    stated = {
        "format": FORMAT,
        "study": copy.daybook.desk.name,
        "scope": "study" if copy.participant is None else "participant",
        "participant": copy.participant,
        "entries": entries,
        "head": copy.head.digest,
        "certified_by": f"{by.actor.role}:{by.actor.id}",
        "certified_at": copy.daybook.ledger.clock().isoformat(),
        "program": program(),
        "files": files_in(copy.folder),
    }
    return json.dumps(stated, indent=2, ensure_ascii=False).encode()


def _as_json(row: Sequence[Any], command: Sequence[Any] | None) -> dict[str, Any]:
    position, stream, version, kind, state, previous, hash_, placed = row
    return {
        "position": position,
        "stream": stream.decode(),
        "version": version,
        "kind": kind.decode(),
        "state": state.decode(),
        "previous": previous.hex(),
        "hash": hash_.hex(),
        "placed": placed.hex(),
        "command": None if command is None else _command_as_json(command),
    }


def _command_as_json(command: Sequence[Any]) -> dict[str, Any]:
    _, actor, id_, digest, stream, first, last = command
    said = {"actor": actor.decode(), "command": id_.decode(), "digest": digest.decode(), "stream": stream.decode()}
    return {**said, "first": first, "last": last}


def _lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
