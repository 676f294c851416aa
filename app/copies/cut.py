"""A data cut that is handed out: who stood how, the cut with its signature, and a manifest that the ledger's key signs."""

import csv
import json
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from pydantic_core import to_jsonable_python

from app.copies.folder import files_in, make_folder, written
from app.copies.occasion import Occasion, occasion
from app.cutting import Standing, counted
from app.wiring import Daybook, program
from domain.entry import Circumstances
from domain.handing_out import CutHandedOut
from domain.keeping import DataCutMade
from domain.signatures import Signed
from store.errors import CommandReused

FORMAT = "daybook-cut-1"


def hand_out(daybook: Daybook, folder: Path, cut: tuple[DataCutMade, Signed], found: Sequence[Standing], by: Circumstances) -> CutHandedOut:
    """Write a data cut into a new folder, and put on record that it was handed out before it is signed for.

    Raises Refused where the folder holds something already, or a Fault; then nothing is signed. A request that is repeated under its id
    is put on record once and has what it had; it raises CommandReused where that cannot be written again as it was.
    """
    make_folder(folder)
    seal = daybook.signing.seal()
    when, (made, signed) = occasion(daybook, seal, by), cut
    with written(folder):
        _table(folder / "participants.csv", found)
        stated = {"cut": made, "signature": signed, "signature_stands": signed.standing, "counts": counted(found)}
        (folder / "cut.json").write_bytes(_json(stated))
        (folder / "head.txt").write_text(when.head.note, encoding="utf-8")
        (folder / "public-key.txt").write_text(f"{daybook.signing.first()}\n", encoding="utf-8")
        manifest = _manifest(daybook, folder, made.name, when, by)
        (folder / "manifest.json").write_bytes(manifest)
    handed = CutHandedOut(cut=made.name, head=when.head.digest, manifest=sha256(manifest).hexdigest(), at=when.at)
    daybook.handed_out.record(handed, by)
    with written(folder):
        (folder / "manifest.signed.txt").write_text(seal.key.sign(f"{FORMAT}\n{handed.manifest}\n"), encoding="utf-8")
    return handed


def hand_out_packed(daybook: Daybook, cut: tuple[DataCutMade, Signed], found: Sequence[Standing], by: Circumstances) -> bytes:
    """The same folder in one file, for whoever sits elsewhere. Raises as `hand_out` does."""
    try:
        return _packed(daybook, cut, found, by)
    except CommandReused:  # Sent twice at once, so that the other was recorded first: this is the same file again, or never was.
        return _packed(daybook, cut, found, by)


def _packed(daybook: Daybook, cut: tuple[DataCutMade, Signed], found: Sequence[Standing], by: Circumstances) -> bytes:
    packed, name = BytesIO(), cut[0].name
    with written(daybook.settings.folder), TemporaryDirectory(dir=daybook.settings.folder) as place:
        folder = Path(place) / name
        hand_out(daybook, folder, cut, found, by)
        with ZipFile(packed, "w", ZIP_DEFLATED) as file:
            for path in sorted(folder.iterdir()):
                file.write(path, f"{name}/{path.name}")
    return packed.getvalue()


def _table(path: Path, found: Sequence[Standing]) -> None:
    """One line for each participant, by their code."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, list(Standing.model_fields))
        rows.writeheader()
        rows.writerows({**one.model_dump(), "left": "; ".join(one.left)} for one in found)


def _manifest(daybook: Daybook, folder: Path, name: str, when: Occasion, by: Circumstances) -> bytes:
    return _json(
        {
            "format": FORMAT,
            "study": daybook.desk.name,
            "cut": name,
            "head": when.head.digest,
            "handed_out_by": f"{by.actor.role}:{by.actor.id}",
            "handed_out_at": when.at.isoformat(),
            "program": program(),
            "files": files_in(folder),
        }
    )


def _json(said: object) -> bytes:
    return json.dumps(to_jsonable_python(said), indent=2, ensure_ascii=False).encode()
