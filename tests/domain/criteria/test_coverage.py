"""Every part of I1 to E13 has cases of its own, and none of the verdicts that it can have is left out."""

import ast
from pathlib import Path

import pytest

from tests.domain.criteria.given import ruled

HERE = Path(__file__).parent
FILES = {
    "I": "test_inclusion.py",
    "E1-9": "test_exclusion_1_to_9.py",
    "E10-12": "test_exclusion_10_to_12.py",
    "E13": "test_organ_function.py",
}
COVERED = {
    "I": "I1a I1b I2 I3 I4a I4b I5a I5b I6 I7a I7b",
    "E1-9": "E1 E2a E2b E2c E3a E3b E3c E4 E5 E6a E6b E7 E8a E8b E9a E9b E9c",
    "E10-12": "E10 E11a E11b E11c E11d E11e E11f E12a E12b",
    "E13": "E13a E13b E13c E13d E13e E13f",
}
"""What each file covers; a part that the protocol gains must be added here and there."""


def number(id: str) -> int:
    return int("".join(filter(str.isdigit, id)))


def test_the_files_cover_every_part_of_the_protocol_from_i1_to_e13() -> None:
    numbered = [one.id for one in ruled({}).protocol(1).criteria if one.id[0] in "IE"]
    shipped = {id for id in numbered if id.startswith("I") or number(id) <= 13}
    assert {id for ids in COVERED.values() for id in ids.split()} == shipped


@pytest.mark.parametrize("file", FILES)
def test_each_file_names_the_parts_that_it_covers(file: str) -> None:
    tree = ast.parse((HERE / FILES[file]).read_text(encoding="utf-8"))
    named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(COVERED[file].split()) <= named
