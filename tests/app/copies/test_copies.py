"""A certified copy proves itself without us, to whoever holds a head, and reads in as the ledger that it was."""

import base64
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID

import pytest

from app.copies.verify import Copy, digest_of
from app.copies.writing import export
from app.settings import Settings
from app.wiring import opened
from domain.handing_out import CopyCertified
from domain.keeping import IdentifiersErased
from domain.participant import PARTICIPANT
from projections.rebuilding import rebuild
from store.erasing import Line
from store.errors import CommandReused
from store.heads import SigningKey
from tests.app.at_the_desk import Desk
from tests.app.copies.conftest import AUDITOR
from tests.builders import by_
from tests.store.conftest import as_url

EVERYTHING = "Everything is as it was recorded.\n"


def alone(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The verifier of a copy, in a Python that finds `cryptography` and nothing of ours."""
    return subprocess.run([sys.executable, "-I", *arguments], cwd="/", capture_output=True, text=True, check=False)


@pytest.mark.clause("21 CFR 11", "11.30", "11.10(c)")
@pytest.mark.clause("EMA 2023", "archiving")
@pytest.mark.clause("EU Annex 11", "17")
def test_the_verifier_finds_nothing_of_ours(tmp_path: Path, made: dict[str, Path], held: Path) -> None:
    """An environment that holds `cryptography` and what that needs; the copy lies where nothing else is."""
    site, packages = tmp_path / "alone", Path(sysconfig.get_path("purelib"))
    site.mkdir()
    for name in ("cryptography", "_cffi_backend", "cffi", "pycparser"):
        for found in packages.glob(f"{name}*"):
            (site / found.name).symlink_to(found)
    program = f"import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p] + [{str(site)!r}]\n"
    program += "sys.modules.update(dict.fromkeys(('app', 'store', 'domain', 'pydantic')))\n"
    program += "import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    for folder in made.values():
        arguments = ["-S", "-c", program, str(folder / "verify.py"), str(folder), "--head", str(held)]
        said = alone(*arguments)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.endswith(EVERYTHING)


def test_a_copy_says_what_was_checked(made: dict[str, Path], held: Path) -> None:
    said = alone(str(made["participant"] / "verify.py"), "--head", str(held))
    assert said.returncode == 0
    for words in ("heads, each signed", "that you hold is one of them", "certified by auditor:r-haas", " entries, each with its hash"):
        assert words in said.stdout
    assert "That the pages and odm.xml say what the entries say is attested by auditor:r-haas only; no program proves it." in said.stdout
    said = alone(str(made["study"] / "verify.py"))
    assert said.returncode == 0
    assert "No head that you hold was given" in said.stdout


def test_what_cannot_be_asked_is_told_apart_from_damage(made: dict[str, Path], tmp_path: Path) -> None:
    verifier = str(made["study"] / "verify.py")
    for asked in (["nowhere"], ["--head"], ["--head", "nowhere"], [str(tmp_path), str(tmp_path)]):
        assert alone(verifier, *asked).returncode == 2
    (tmp_path / "letter.txt").write_text("Dear site, the head is enclosed. \u2014 Daybook")
    said = alone(verifier, "--head", str(tmp_path / "letter.txt"))
    assert (said.returncode, said.stdout, said.stderr) == (2, "", f"There is no head in {tmp_path / 'letter.txt'}.\n")


def test_a_copy_that_somebody_else_certified_does_not_hold_against_a_head(copy: Path, held: Path) -> None:
    """Whoever makes all of it up, under a key of their own, has it whole in itself."""
    forger, notes, before = SigningKey("daybook/cd19-cart-sle", b"f" * 32), [], "none"
    for line in (copy / "heads.jsonl").read_text().splitlines():
        said = json.loads(line)
        text = "".join(part + "\n" for part in said["note"].splitlines()[:4])
        said["note"] = forger.sign(f"{text}before {before}\n")
        before = sha256(said["note"].encode()).hexdigest()
        notes.append(json.dumps(said))
    (copy / "heads.jsonl").write_text("\n".join(notes) + "\n")
    (copy / "head.txt").write_text(json.loads(notes[-1])["note"])
    (copy / "public-key.txt").write_text(f"{forger.public}\n")
    certify(copy, forger)
    assert Copy(copy, []).check().damage == []
    assert Copy(copy, [held]).check().damage == [
        f"The head in {held} is none of this ledger: what it states was rewritten or cut off since."
    ]


def certify(copy: Path, key: SigningKey) -> None:
    """Write the manifest anew over the files as they are."""
    manifest = json.loads((copy / "manifest.json").read_text())
    for name, said in manifest["files"].items():
        said["sha256"] = digest_of(copy / name)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    (copy / "manifest.signed.txt").write_text(key.sign(f"daybook-copy-1\n{digest_of(copy / 'manifest.json')}\n"))


def test_whoever_has_the_key_and_passes_one_participants_copy_off_as_anothers_is_found(
    told: Desk, made: dict[str, Path], tmp_path: Path
) -> None:
    copy = shutil.copytree(made["participant"], tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text()) | {"participant": "SAO-001"}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    certify(copy, SigningKey("daybook/cd19-cart-sle", base64.b64decode((told.folder / "signing.key").read_text())))
    damage = Copy(copy, []).check().damage
    assert damage
    assert all(re.fullmatch(r"Entry \d+ of participant:BER-001 \(position \d+\) is not of SAO-001\.", one) for one in damage)


@pytest.mark.parametrize("dropped", ["last", "middle"])
def test_whoever_has_the_key_and_drops_an_entry_is_found_but_for_the_last_of_a_participant(copy: Path, told: Desk, dropped: str) -> None:
    key = SigningKey("daybook/cd19-cart-sle", base64.b64decode((told.folder / "signing.key").read_text()))
    whole = json.loads((copy / "manifest.json").read_text())["scope"] == "study"
    for name in ("entries.jsonl", *(() if whole else ("proofs.jsonl",))):
        lines = (copy / name).read_text().splitlines(keepends=True)
        del lines[-1 if dropped == "last" else 2]
        (copy / name).write_text("".join(lines))
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["entries"] -= 1
    (copy / "manifest.json").write_text(json.dumps(manifest))
    certify(copy, key)
    damage = Copy(copy, []).check().damage
    if dropped == "last" and not whole:
        assert damage == []
        assert "can only be seen in a copy of the whole ledger" in (copy / "README.txt").read_text()
    else:
        assert any("missing" in one or "does not follow the entry before it" in one for one in damage), damage


@pytest.mark.clause("FDA Q&A 2024", "certified copies")
@pytest.mark.clause("EMA 2023", "certified copies")
def test_making_a_copy_is_on_record(told: Desk, made: dict[str, Path]) -> None:
    with told.ledger() as ledger:
        facts = [entry.event for entry in ledger.read("handed-out:cd19-cart-sle")]
        who = {entry.circumstances.actor.role for entry in ledger.read("handed-out:cd19-cart-sle")}
    assert [isinstance(one, CopyCertified) and one.participant for one in facts] == [None, "BER-001"]
    assert who == {"auditor"}
    digest = sha256((made["study"] / "manifest.json").read_bytes()).hexdigest()
    assert isinstance(facts[0], CopyCertified)
    assert facts[0].manifest == digest


@pytest.mark.clause("EMA 2023", "data protection")
def test_a_participants_copy_discloses_nobody_else_and_no_copy_tells_who_somebody_is(made: dict[str, Path]) -> None:
    of_one = {json.loads(line)["stream"] for line in (made["participant"] / "entries.jsonl").read_text().splitlines()}
    assert of_one == {"participant:BER-001"}
    everything = b"".join(path.read_bytes() for folder in made.values() for path in folder.rglob("*") if path.is_file())
    for secret in (b"Annegret", b"+49 30", b"kramer"):
        assert secret not in everything


@pytest.mark.clause("ICH E6(R3)", "4.2.5")
@pytest.mark.clause("21 CFR 11", "11.10(b)")
@pytest.mark.clause("EMA 2023", "certified copies")
def test_a_copy_reads_in_as_the_ledger_that_it_was(told: Desk, made: dict[str, Path], tmp_path: Path) -> None:
    other = Desk(tmp_path / "other", told.clock)
    entries = len((made["study"] / "entries.jsonl").read_text().splitlines())
    assert f"Read in: {entries} entries." in other("import", str(made["study"])).stdout
    said = other("verify").stdout
    assert "nothing altered" in said
    assert "Who 1 participant is cannot be told here: this ledger was read in from a copy" in said
    heads = [json.loads(line)["note"] for line in (made["study"] / "heads.jsonl").read_text().splitlines()]
    assert other.json("heads") == heads
    for table in ("entries", "commands", "appended"):
        assert rows(other, table) == [row for row in rows(told, table) if row["position"] <= entries]
    assert views(other) == views_as_of(told, tmp_path, entries)
    shutil.copy(told.folder / "signing.key", other.folder)
    other("export", str(tmp_path / "again"), "--study", who=AUDITOR)
    for name in ("entries.jsonl", "heads.jsonl", "head.txt", "public-key.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (made["study"] / name).read_bytes()


@pytest.mark.slow
def test_a_copy_reads_in_on_another_database_all_the_same(told: Desk, made: dict[str, Path], tmp_path: Path, postgres: str) -> None:
    other = Desk(tmp_path / "other", told.clock, {"DAYBOOK_LEDGER": as_url(postgres)})
    other("import", str(made["study"]))
    shutil.copy(told.folder / "signing.key", other.folder)
    other("export", str(tmp_path / "again"), "--study", who=AUDITOR)
    for name in ("entries.jsonl", "heads.jsonl", "head.txt", "public-key.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (made["study"] / name).read_bytes()


def rows(desk: Desk, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite")) as ledger:
        ledger.row_factory = sqlite3.Row
        return sorted((dict(row) for row in ledger.execute(f"SELECT * FROM {table}")), key=str)


def views(desk: Desk) -> dict[str, list[object]]:
    """Every row of every view, built from the ledger."""
    with opened(Settings(folder=desk.folder), desk.clock) as daybook:
        rebuild(daybook.ledger, daybook.desk, daybook.views)
        with daybook.views.reading() as connection:
            return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in sorted(daybook.views.names)}


def views_as_of(desk: Desk, tmp_path: Path, entries: int) -> dict[str, list[object]]:
    """The same of a ledger as it was after so many entries: what was handed out since is told in no view."""
    folder = shutil.copytree(desk.folder, tmp_path / "as-of")
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger, ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        for table in ("entries", "commands", "appended"):
            ledger.execute(f"DELETE FROM {table} WHERE position > ?", (entries,))
    return views(Desk(folder, desk.clock))


def test_only_a_whole_copy_is_read_in_and_only_into_a_new_ledger(told: Desk, made: dict[str, Path], tmp_path: Path) -> None:
    other = Desk(tmp_path / "other", told.clock)
    assert "only a copy of a whole ledger" in other("import", str(made["participant"]), code=2).stderr
    assert "holds no certified copy" in other("import", str(tmp_path), code=2).stderr
    assert "there is a ledger already" in told("import", str(made["study"]), code=2).stderr
    assert not other.folder.exists()


def test_a_copy_is_read_in_under_the_heads_that_people_hold_and_no_other(
    told: Desk, made: dict[str, Path], held: Path, tmp_path: Path
) -> None:
    alone, under = Desk(tmp_path / "alone", told.clock), Desk(tmp_path / "under", told.clock)
    assert "Nobody's head was compared" in alone("import", str(made["study"])).stderr
    assert under("import", str(made["study"]), "--head", str(held)).stderr == ""
    elsewhere, stranger = tmp_path / "stranger.txt", Desk(tmp_path / "stranger", told.clock).opens()
    elsewhere.write_text(stranger("head").stdout)
    other = Desk(tmp_path / "other", told.clock)
    assert "is none of this ledger" in other("import", str(made["study"]), "--head", str(elsewhere), code=3).stderr
    (tmp_path / "list.txt").write_text("shopping list")
    assert "There is no head in this file" in other("import", str(made["study"]), "--head", str(tmp_path / "list.txt"), code=3).stderr
    assert not other.folder.exists()


def test_a_copy_is_read_in_where_erasures_are_registered_and_they_are_carried_out(
    told: Desk, made: dict[str, Path], tmp_path: Path
) -> None:
    """The ledger is lost; a copy of it is left, and the register that was kept apart."""
    register, by = tmp_path / "erasures.jsonl", by_("administrator", NAMESPACE_OID, reason="as ordered", signed=True)
    event = IdentifiersErased(participant="BER-001", approved_by="the data protection officer", legal_decision="a court's order")
    register.write_text(f"{Line(event=event, by=by).model_dump_json()}\n")
    other = Desk(tmp_path / "other", told.clock, {"DAYBOOK_ERASURES": str(register)})
    entries = len((made["study"] / "entries.jsonl").read_text().splitlines())
    assert f"Read in: {entries} entries." in other("import", str(made["study"])).stdout
    assert "nothing altered" in other("verify").stdout
    with opened(Settings(folder=other.folder), other.clock) as daybook:
        assert [found for found, _ in daybook.desk.erased()] == [event]
        assert daybook.ledger.forgotten(PARTICIPANT + "BER-001")
        assert daybook.ledger.head() == entries + 1


def test_a_damaged_copy_is_not_read_in(told: Desk, copy: Path, tmp_path: Path) -> None:
    (copy / "README.txt").write_text("shopping list")
    other = Desk(tmp_path / "other", told.clock)
    assert "README.txt is not the file that was certified" in other("import", str(copy), code=3).stderr
    assert not other.folder.exists()


def test_nothing_damaged_is_certified(told: Desk, tmp_path: Path) -> None:
    folder = shutil.copytree(told.folder, tmp_path / "daybook")
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("DROP TRIGGER entries_bear_no_update")
        ledger.execute("UPDATE entries SET kind = 'contact-lost.v1' WHERE stream = 'participant:SAO-001' AND version = 2")
    said = Desk(folder, told.clock)("export", str(tmp_path / "copy"), "--study", who=AUDITOR, code=3).stderr
    assert "its contents do not agree with its hash" in said
    assert not (tmp_path / "copy" / "manifest.signed.txt").exists()


def test_what_cannot_be_put_on_record_is_not_certified(told: Desk, tmp_path: Path) -> None:
    """Here because another copy was made under the same id."""
    folder, by = shutil.copytree(told.folder, tmp_path / "daybook"), by_("auditor", NAMESPACE_OID)
    with opened(Settings(folder=folder), told.clock) as daybook:
        export(daybook, tmp_path / "first", "BER-001", by)
        with pytest.raises(CommandReused):
            export(daybook, tmp_path / "second", "SAO-001", by)
    certified = [(tmp_path / name / "manifest.signed.txt").exists() for name in ("first", "second")]
    assert certified == [True, False]
    assert Copy(tmp_path / "second", []).check().damage == ["manifest.json is not what this ledger's key signed."]


def test_what_to_copy_and_where_to_must_be_said(desk: Desk, tmp_path: Path) -> None:
    assert "either --participant with a code, or --study" in desk("export", str(tmp_path / "x"), code=2).stderr
    assert "there is no participant BER-009" in desk("export", str(tmp_path / "x"), "--participant", "BER-009", code=2).stderr
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    assert "holds something already" in desk("export", str(tmp_path / "taken"), "--study", code=2).stderr
