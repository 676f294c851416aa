"""A head is believed by its signature alone, whoever keeps it."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

import pytest

from store.heads import FIRST, Head, PublicKey, SigningKey, Unproven, following, held, read_head, signed_head, walked
from tests.campaign import Campaign

KEY, OTHER = SigningKey("daybook/demo", b"1" * 32), SigningKey("daybook/demo", b"2" * 32)
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ROOT = bytes(range(32))


def head(size: int = 5, before: Head | None = None, key: SigningKey = KEY, *, later: int = 0, next_key: SigningKey | None = None) -> Head:
    return signed_head(size, ROOT, NOW + timedelta(hours=later), before, key, None if next_key is None else next_key.public)


def test_a_head_reads_as_a_checkpoint_of_c2sp() -> None:
    text, _, signature = head().note.partition("\n\n")
    assert text.splitlines() == [
        "daybook/demo",
        "5",
        b64encode(ROOT).decode(),
        "at 2026-03-01T09:30:00.000000+00:00",
        "before none",
    ]
    assert re.fullmatch(r"— daybook/demo [A-Za-z0-9+/]{91}=\n", signature)


def test_the_id_of_a_key_is_the_one_that_c2sp_defines() -> None:
    """By the example of the specification's vkey: the digest over the name, a newline, the type and the key."""
    key = PublicKey("example.com/foo", bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    assert key.id == sha256(b"example.com/foo\n\x01" + key.raw).digest()[:4]
    assert PublicKey.read(str(key)) == key


def test_what_is_signed_reads_as_it_was_written() -> None:
    found = read_head(head(next_key=OTHER).note, KEY.public)
    assert (found.origin, found.size, found.root, found.at, found.before, found.next_key) == (KEY.name, 5, ROOT, NOW, FIRST, OTHER.public)


def test_a_head_that_another_key_has_signed_is_none() -> None:
    with pytest.raises(Unproven, match="not signed by the key"):
        read_head(head(key=OTHER).note, KEY.public)


@pytest.mark.torture
def test_no_head_that_was_changed_is_believed(campaign: Campaign) -> None:
    note = head(next_key=OTHER).note
    for _ in range(campaign.rounds(2000)):
        changed = altered(note, campaign.dice)
        with pytest.raises(Unproven):
            read_head(changed, KEY.public)


def altered(note: str, dice: Random) -> str:
    """Another text: a character changed, taken out or put in. The bits beyond a signature's last byte say nothing, so none of those."""
    place, sign = dice.randrange(len(note) - 4), chr(dice.randrange(32, 127))
    return dice.choice(
        [
            note[:place] + (sign if note[place] != sign else "~") + note[place + 1 :],
            note[:place] + note[place + 1 :],
            note[:place] + "~" + note[place:],
        ]
    )


def test_each_head_names_the_one_before_it() -> None:
    first = head(3)
    second = head(5, first, later=1)
    assert list(walked([first.note, second.note], KEY.public)) == [first, second]
    found = list(walked([second.note], KEY.public))
    assert [str(one) for one in found] == ["it does not name the head before it"]


@pytest.mark.parametrize(("size", "hours", "believed"), [(4, 1, False), (5, 1, True), (5, 0, True), (5, -1, False)])
def test_no_head_comes_before_the_one_that_it_follows(size: int, hours: int, believed: bool) -> None:  # noqa: FBT001 - It is a table of bounds.
    first = head(5)
    second = head(size, first, later=hours)
    if believed:
        assert following(second.note, KEY.public, first, first.digest) == second
    else:
        with pytest.raises(Unproven, match="comes before"):
            following(second.note, KEY.public, first, first.digest)


def test_the_old_key_signs_the_new_one() -> None:
    first = head(3, next_key=OTHER)
    second = head(5, first, OTHER, later=1)
    assert list(walked([first.note, second.note], KEY.public)) == [first, second]
    stayed = head(5, first, KEY, later=1)
    assert [str(one) for one in walked([first.note, stayed.note], KEY.public)][1] == "it is not signed by the key of this ledger"


def test_the_head_of_another_ledger_is_not_one_of_this() -> None:
    other = SigningKey("daybook/other", KEY.seed)
    with pytest.raises(Unproven, match="not signed by the key"):
        read_head(head(key=other).note, KEY.public)


def test_a_head_is_found_in_the_mail_that_it_came_in() -> None:
    note = head(next_key=OTHER).note
    assert held(note) == held(f"Dear site,\r\n\r\n{note}\r\nregards") == held(note.replace("\n", "\r\n")) == held(note.rstrip()) == note
    with pytest.raises(Unproven, match="no head in this file"):
        held("Dear site, nothing today.")


@pytest.mark.parametrize("text", ["", "daybook/demo", "daybook/demo+00000000+AAAA", str(KEY.public).replace("demo", "demon"), "+a+b"])
def test_what_is_no_key_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(Unproven, match="no public key"):
        PublicKey.read(text)
