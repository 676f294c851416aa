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
from app.cutting import Standing, counted
from app.wiring import Daybook, program
from domain.entry import Circumstances
from domain.handing_out import CutHandedOut
from domain.keeping import DataCutMade
from domain.signatures import Signed

FORMAT = "daybook-cut-1"


def hand_out(daybook: Daybook, folder: Path, cut: tuple[DataCutMade, Signed], found: Sequence[Standing], by: Circumstances) -> CutHandedOut:
    """Write a data cut into a new folder, and put on record that it was handed out before it is signed for.

    Raises Refused where the folder holds something already, or a Fault; then nothing is signed.
    """
    make_folder(folder)
    seal = daybook.signing.seal()
    head, (made, signed) = seal.seal(daybook.ledger), cut
    with written(folder):
        _table(folder / "participants.csv", found)
        stated = {"cut": made, "signature": signed, "signature_stands": signed.standing, "counts": counted(found)}
        (folder / "cut.json").write_bytes(_json(stated))
        (folder / "head.txt").write_text(head.note, encoding="utf-8")
        (folder / "public-key.txt").write_text(f"{daybook.signing.first()}\n", encoding="utf-8")
        manifest = _manifest(daybook, folder, made.name, head.digest, by)
        (folder / "manifest.json").write_bytes(manifest)
    handed = CutHandedOut(cut=made.name, head=head.digest, manifest=sha256(manifest).hexdigest())
    daybook.handed_out.record(handed, by)
    with written(folder):
        (folder / "manifest.signed.txt").write_text(seal.key.sign(f"{FORMAT}\n{handed.manifest}\n"), encoding="utf-8")
    return handed


def hand_out_packed(daybook: Daybook, cut: tuple[DataCutMade, Signed], found: Sequence[Standing], by: Circumstances) -> bytes:
    """The same folder in one file, for whoever sits elsewhere. Raises as `hand_out` does."""
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


def _manifest(daybook: Daybook, folder: Path, name: str, head: str, by: Circumstances) -> bytes:
    return _json(
        {
            "format": FORMAT,
            "study": daybook.desk.name,
            "cut": name,
            "head": head,
            "handed_out_by": f"{by.actor.role}:{by.actor.id}",
            "handed_out_at": daybook.ledger.clock().isoformat(),
            "program": program(),
            "files": files_in(folder),
        }
    )


def _json(said: object) -> bytes:
    return json.dumps(to_jsonable_python(said), indent=2, ensure_ascii=False).encode()
