"""What somebody holds proves what whoever runs the server has done."""

import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from uuid import NAMESPACE_OID

import pytest

from app.settings import Settings
from app.wiring import opened
from domain.decided import to_decide
from domain.keeping import IdentifiersErased
from store.merkle import HASH_BYTES
from tests.app.at_the_desk import Desk
from tests.builders import by_

ALTERED = """UPDATE entries SET state = CAST(replace(CAST(state AS TEXT), 'Dr. Ito', 'Dr. Who') AS BLOB)
    WHERE stream = 'participant:BER-001' AND version = 3"""


def reach_in(desk: Desk, *statements: str) -> None:
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite")) as ledger, ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            ledger.execute(statement)


def kept(desk: Desk) -> Path:
    """The head that somebody keeps, as it stands now."""
    path = desk.folder.parent / "head.txt"
    path.write_text(desk("head").stdout)
    return path


def test_the_keys_are_made_with_the_ledger_and_the_secret_is_its_owners_alone(desk: Desk) -> None:
    secret = desk.folder / "signing.key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert desk("public-key").stdout == (desk.folder / "signing.pub").read_text()
    assert secret.read_text().strip() not in (desk.folder / "ledger.sqlite").read_bytes().decode(errors="replace")


def test_a_head_is_signed_shown_and_proved_against(desk: Desk) -> None:
    desk.consented()
    entries = len(desk.entries()) + 11
    head = desk("head").stdout
    assert head.splitlines()[:2] == ["daybook/cd19-cart-sle", str(entries)]
    assert re.search(rf"^1 +{entries} +[0-9a-f]{{16}} ", desk("heads").stdout, re.MULTILINE)
    assert desk.json("heads") == [head]
    assert desk("verify").stdout == f"{entries} entries proved in 2 streams against 1 head, nothing altered.\n"


def test_what_no_head_covers_is_not_passed_over(desk: Desk) -> None:
    desk.consented()
    assert "No head was ever signed" in desk("verify").stdout
    desk("head")
    assert "head:" not in desk("verify", "--from-the-start").stdout
    before = len(desk.entries())
    desk("screen", "BER-001", "now")
    last = len(desk.entries()) - before
    assert f"The last {last} entr" in desk("verify").stdout
    assert desk("verify").stdout.rstrip().endswith("after the last head: nobody else can prove them before the next one.")


def test_the_next_proof_goes_on_where_the_last_one_ended(desk: Desk) -> None:
    desk.consented()
    before = len(desk.entries()) + 11
    desk("head")
    desk("verify")
    desk("screen", "BER-001", "now")
    said = desk("verify").stdout
    assert said.startswith(f"{len(desk.entries()) + 11 - before} entr")
    assert f"after entry {before}, where the last proof ended, proved in 1 stream " in said
    assert "after entry" not in desk("verify", "--from-the-start").stdout
    assert "after entry" not in desk("verify", "--head", str(kept(desk))).stdout


def test_what_was_altered_is_named_and_ends_with_three(desk: Desk) -> None:
    desk.consented()
    desk("head")
    reach_in(desk, ALTERED)
    said = desk("verify", code=3).stderr
    assert "Entry 3 of participant:BER-001 is damaged: its contents do not agree with its hash. It stands at position 14." in said
    found = desk.json("verify", code=3)["damage"]
    assert [(one["stream"], one["version"], one["position"]) for one in found] == [("participant:BER-001", 3, 14)]


FLIPPED = "UPDATE participant_keys SET wrapped = CAST(substr(hex(wrapped), 2) AS BLOB)"


@pytest.mark.parametrize("change", ["DELETE FROM participant_keys", FLIPPED, "UPDATE participant_keys SET wrapped = x''"])
def test_whoever_cannot_be_named_any_more_although_nobody_decided_that_is_told_of(desk: Desk, change: str) -> None:
    desk("register", "BER-001", "BER", "--identify", answering="Annegret Kramer\n+49 30 555\na.kramer@example.org\n")
    assert "nothing altered" in desk("verify").stdout
    reach_in(desk, change)
    said = desk("verify", code=3).output
    assert "Entry 1 of participant:BER-001 is damaged: the key to who this is was" in said
    assert "no decision to erase that is on record" in said


def test_whoever_was_erased_by_a_decision_is_no_damage(desk: Desk) -> None:
    desk("register", "BER-001", "BER", "--identify", answering="Annegret Kramer\n+49 30 555\na.kramer@example.org\n")
    with opened(Settings(folder=desk.folder), desk.clock) as daybook:
        event = IdentifiersErased(participant="BER-001", approved_by="the data protection officer", legal_decision="a court's order")
        by = by_("administrator", NAMESPACE_OID, reason="as ordered")
        signed = to_decide(daybook.desk.name, (event,), by)
        daybook.desk.record((event,), by_("administrator", NAMESPACE_OID, reason="as ordered", signed=signed))
        daybook.erasures.carry_out()
    assert "nothing altered" in desk("verify").stdout


@pytest.mark.clause("EMA 2023", "control of data")
def test_a_cut_tail_is_found_with_what_a_site_holds(desk: Desk) -> None:
    """Whoever cuts off the end with every trace of it leaves a ledger that is whole in itself."""
    desk.consented()
    size = len(desk.entries()) + 11
    desk("head")
    desk("screen", "BER-001", "now")
    path = kept(desk)
    cut = [f"DELETE FROM {table} WHERE position > {size}" for table in ("entries", "commands", "appended")]
    tiles = f"UPDATE tiles SET hashes = substr(hashes, 1, {size * HASH_BYTES})"
    reach_in(desk, *cut, "DELETE FROM heads WHERE number > 1", tiles)
    for how in ([], ["--from-the-start"]):
        assert desk("verify", *how).stdout.endswith("against 1 head, nothing altered.\n")
    said = desk("verify", "--head", str(path), code=3).stderr
    assert "The ledger: the head that was kept is none of this ledger" in said


def test_the_place_where_the_last_proof_ended_is_itself_a_head_that_is_held(desk: Desk) -> None:
    desk.consented()
    desk("head")
    desk("verify")
    reach_in(desk, "DELETE FROM heads", "DELETE FROM tiles")
    assert "the head that was kept is none of this ledger" in desk("verify", code=3).stderr


def test_a_proof_without_the_public_key_fails_closed(desk: Desk) -> None:
    (desk.folder / "signing.pub").unlink()
    assert "so no head can be checked" in desk("verify", code=3).stderr
    (desk.folder / "signing.pub").write_text("shopping list")
    assert "holds no public key" in desk("verify", code=3).stderr


def test_the_signing_key_can_be_kept_away_from_whoever_proves(desk: Desk) -> None:
    desk("head")
    (desk.folder / "signing.key").unlink()
    assert "against 1 head" in desk("verify").stdout
    assert "so no head can be signed" in desk("head", code=3).stderr


def test_a_key_that_was_lost_is_not_replaced(desk: Desk) -> None:
    desk("head")
    for name in ("signing.key", "signing.pub"):
        (desk.folder / name).unlink()
    desk("study", "open", code=2, who="administrator:root")
    assert not (desk.folder / "signing.key").exists()


def test_a_renewed_key_is_signed_by_the_old_one(desk: Desk) -> None:
    old, first = desk("public-key").stdout, desk.json("heads")
    assert first == []
    said = desk("renew-key").stdout
    desk.consented()
    desk("head")
    assert desk("public-key").stdout == old, "who checks goes out from the first key"
    assert "against 2 heads, nothing altered" in desk("verify").stdout
    named = desk.json("heads")[0].splitlines()[5].removeprefix("next-key ")
    assert said == f"The next head is signed by {named}.\n"
    assert named != old.strip()


@pytest.mark.parametrize("recorded", [False, True])
def test_a_renewal_that_was_cut_off_is_completed(desk: Desk, *, recorded: bool) -> None:
    before = (desk.folder / "signing.key").read_text()
    if recorded:
        desk("renew-key")
        (desk.folder / "signing.key").rename(desk.folder / "signing.key.next")
        (desk.folder / "signing.key").write_text(before)
    else:
        (desk.folder / "signing.key.next").write_text("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n")
    desk("renew-key")
    assert len(desk.json("heads")) == 1
    desk.consented()
    desk("head")
    assert "against 2 heads, nothing altered" in desk("verify").stdout


def test_what_is_no_head_is_said_plainly(desk: Desk) -> None:
    path = desk.folder / "list.txt"
    path.write_text("shopping list")
    assert "There is no head in this file" in desk("verify", "--head", str(path), code=3).stderr
    assert "Name the file in which the head is kept" in desk("verify", "--head", str(path) + "x", code=3).stderr
