"""docs/extending.md: its examples, put where the page says, in a copy of the tree, are found and work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```(?:toml|python|json)\n# (append to )?(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

LOOK = """
import json
from geodata.catalogue import services
from geodata.city import cities
from sources._binding import adapter
from sources.base import protocols

hue = cities()["hue"]
bound = {b.id: adapter(b) for b in hue.bindings()}
print(json.dumps({
    "services": list(services()),
    "cities": list(cities()),
    "protocols": list(protocols()),
    "options": {name: options.model_dump(mode="json") for name, (_, options) in bound.items()},
    "offices": cities()["da_nang"].calendar().hours.off,
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with every example of the page in its place."""
    tree = tmp_path_factory.mktemp("extended")
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in ("app", "layers", "sources", "outlets", "geodata", "tests"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", tree)
    for append, name, text in EXAMPLE.findall(PAGE):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert path.exists() == bool(append), f"{name} is not what the page says"
        path.write_text((path.read_text(encoding="utf-8") if append else "") + "\n" + text, encoding="utf-8")
    return tree


def run(tree: Path, *command: str) -> str:
    """Python in that tree, which wins over the installed project."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    }  # a run of its own
    environ = {**inherited, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=tree, env=environ, capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_every_example_has_its_place() -> None:
    fences = re.findall(r"^```(?:toml|python|json)$", PAGE, re.MULTILINE)
    assert len(EXAMPLE.findall(PAGE)) == len(fences) > 6


def test_examples_are_found_without_a_list_to_edit(tree: Path) -> None:
    found: dict[str, Any] = json.loads(run(tree, "-c", LOOK))
    assert "parking" in found["services"]
    assert "da_nang" in found["cities"]
    assert "geojson" in found["protocols"]
    assert set(found["options"]) == {"air_hue", "parking_hue"}
    assert found["options"]["air_hue"]["token_env"] == "AIR_HUE_TOKEN"
    assert found["offices"] == ["culture_day"]


def test_the_protocol_of_the_page_passes_what_every_adapter_owes(tree: Path) -> None:
    report = run(tree, "-m", "pytest", "-q", "-k", "geojson", "tests/contract")
    assert " passed" in report
    assert "failed" not in report


def test_the_code_of_the_page_keeps_the_house_rules(tree: Path) -> None:
    code = [name for _, name, _ in EXAMPLE.findall(PAGE) if name.endswith(".py")]
    run(tree, "-m", "ruff", "check", "--no-cache", *code)


def test_the_service_of_the_page_goes_from_the_wire_to_the_picture(tree: Path) -> None:
    report = run(tree, "-m", "pytest", "-q", "tests/integration/test_parking.py")
    assert "1 passed" in report
