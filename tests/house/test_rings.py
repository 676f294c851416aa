"""Where things may live: rings are declared, the environment is read in one place, and an import does nothing."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.house.tree import RINGS, ROOT, parsed, place, product, pyproject, report

OUTSIDE_THE_RINGS = {"tests", "benchmarks"}

IMPORT_EVERYTHING = """
import importlib, sys

OUTSIDE = {"socket.connect", "socket.bind", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.system"}
module = ""

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in OUTSIDE or writes:
        print(f"{module}: {event} {arguments[:1]}", flush=True)

sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def test_every_top_level_package_is_declared_to_every_tool() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - OUTSIDE_THE_RINGS
    tool = pyproject()["tool"]
    declared = {
        "tests/house/tree.py: RINGS": set(RINGS),
        "tool.importlinter.root_packages": set(tool["importlinter"]["root_packages"]),
        "tool.hatch.build.targets.wheel.packages": set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) - {"studies"},
        "tool.mypy.files": set(tool["mypy"]["files"]) - OUTSIDE_THE_RINGS,
    }
    offences = [f"{where}: {sorted(found ^ packages)}" for where, packages in declared.items() if packages != found]
    assert not offences, f"Declare each top-level package (or delete what is gone) in:{report(offences)}"


def test_only_app_settings_reads_the_environment() -> None:
    offences = [place(path, node) for path in product() if path != ROOT / "app/settings.py" for node in environment_reads(path)]
    assert not offences, f"Add a field to app/settings.py and pass its value in, instead of reading the environment at:{report(offences)}"


def test_importing_a_module_connects_to_nothing_and_writes_nothing() -> None:
    modules = [module_name(path) for path in product() if path.name != "__main__.py"]
    outcome = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_EVERYTHING, *modules], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, f"Every module must be importable by itself:\n{outcome.stderr}"
    offences = outcome.stdout.splitlines()
    assert not offences, f"Move this into a function that app/wiring.py calls; an import must do nothing:{report(offences)}"


def test_the_command_line_loads_temporal_only_for_what_needs_it() -> None:
    asked = [sys.executable, "-B", "-c", "import app.cli, sys; print('temporalio' in sys.modules)"]
    loaded = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert loaded == "False", "Import what needs Temporal inside the command that needs it: loading it takes longer than most commands do."


def environment_reads(path: Path) -> list[ast.stmt | ast.expr]:
    return [
        node
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {name.name for name in node.names} & {"environ", "getenv"})
    ]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
