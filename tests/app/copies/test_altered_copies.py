"""Whatever is done to a copy, or to a part of it, is found, and the file and the entry named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from app.copies.verify import Copy
from tests.campaign import Campaign

Altered = Callable[[Path, Random], set[str]]
"""Alters a copy; what has to be named."""


def flipped(copy: Path, dice: Random) -> set[str]:
    path = any_file(copy, dice)
    text = bytearray(path.read_bytes())
    place = dice.randrange(len(text))
    text[place] ^= 1 << dice.randrange(8)
    path.write_bytes(text)
    return {named(path, copy)}


def gone(copy: Path, dice: Random) -> set[str]:
    path = any_file(copy, dice)
    path.unlink()
    return {named(path, copy)}


def replaced(copy: Path, dice: Random) -> set[str]:
    path, other = any_file(copy, dice), any_file(copy, dice)
    if path.read_bytes() == other.read_bytes():
        return flipped(copy, dice)
    shutil.copyfile(other, path)
    return {named(path, copy)}


def added(copy: Path, dice: Random) -> set[str]:
    path = any_file(copy, dice).with_name("more.txt")
    path.write_text("more")
    return {named(path, copy)}


def cut(copy: Path, dice: Random) -> set[str]:
    path = any_file(copy, dice)
    path.write_bytes(path.read_bytes()[: dice.randrange(path.stat().st_size)])
    return {named(path, copy)}


def other_lines(copy: Path, dice: Random) -> set[str]:
    """Lines taken out, put in twice or exchanged."""
    path = dice.choice([path for path in copy.glob("*.jsonl") if len(path.read_text().splitlines()) > 1])
    lines = path.read_text().splitlines(keepends=True)
    a, b = dice.sample(range(len(lines)), 2)
    match dice.randrange(3):
        case 0:
            del lines[a]
        case 1:
            lines.insert(b, lines[a])
        case _:
            if lines[a] == lines[b]:
                return flipped(copy, dice)
            lines[a], lines[b] = lines[b], lines[a]
    path.write_text("".join(lines))
    return {named(path, copy)}


def another_value(copy: Path, dice: Random) -> set[str]:
    """A column of an entry says something else."""
    path = copy / "entries.jsonl"
    lines = path.read_text().splitlines()
    at = dice.randrange(len(lines))
    entry = json.loads(lines[at])
    column = dice.choice([name for name in entry if name != "command"])
    value = entry[column]
    if isinstance(value, int):
        entry[column] = value + dice.choice([-1, 1, 1000])
    else:
        place = dice.randrange(len(value))
        entry[column] = value[:place] + dice.choice("0123456789abcdef".replace(value[place], "")) + value[place + 1 :]
    lines[at] = json.dumps(entry)
    path.write_text("\n".join(lines) + "\n")
    return {"entries.jsonl", f"Entry {entry['version']} of {entry['stream']} (position {entry['position']})"}


ALTERED: tuple[Altered, ...] = (flipped, gone, replaced, added, cut, other_lines, another_value, another_value)


def any_file(copy: Path, dice: Random) -> Path:
    return dice.choice(sorted(path for path in copy.rglob("*") if path.is_file() and path.name != "more.txt"))


def named(path: Path, copy: Path) -> str:
    """The manifest and its signature are named together: either may be the one that is wrong."""
    name = path.relative_to(copy).as_posix()
    return "manifest" if name.startswith("manifest") else name


@pytest.mark.clause("FDA Q&A 2024", "certified copies")
@pytest.mark.clause("EMA 2023", "certified copies")
@pytest.mark.clause("EU Annex 11", "5")
@pytest.mark.torture
@pytest.mark.timeout(900)
def test_whatever_is_done_to_a_copy_is_found_and_named(made: dict[str, Path], tmp_path: Path, campaign: Campaign) -> None:
    for number in range(campaign.rounds(5000)):
        source = dice_choice(made, campaign.dice)
        copy = tmp_path / "copy"
        shutil.copytree(source, copy)
        altered = campaign.dice.choice(ALTERED)
        expected = altered(copy, campaign.dice)
        damage = Copy(copy, []).check().damage
        missing = [one for one in expected if not any(one in said for said in damage)]
        assert not missing, f"{number}: {altered.__name__} in {source.name} should name {missing}, and names {damage}"
        shutil.rmtree(copy)


def dice_choice(made: dict[str, Path], dice: Random) -> Path:
    return made[dice.choice(sorted(made))]


def test_what_was_not_altered_is_whole(made: dict[str, Path]) -> None:
    assert [Copy(folder, []).check().damage for folder in made.values()] == [[], []]
