"""The house rules that no linter holds: lock, pyproject and environment in step; files and commands in their place."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from app.cli import cli, modules

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LONGEST = 400


def locked() -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    text = (ROOT / "requirements.lock").read_text()
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(name.lower().replace("_", "-"), []).append(Version(version))
    return found


def direct() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    return [Requirement(r) for r in (*PROJECT["dependencies"], *extras["dev"], *extras["notebook"])]


@pytest.mark.parametrize("requirement", [r for r in direct() if r.name != "vonglau"], ids=lambda r: r.name)
def test_every_dependency_is_locked_in_its_range(requirement: Requirement) -> None:
    versions = locked()[requirement.name.lower().replace("_", "-")]
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_the_lock_has_a_hash_for_every_package_and_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
    assert "://" not in text


def test_environment_installs_the_lock_with_the_same_python() -> None:
    text = (ROOT / "environment.yml").read_text()
    assert "- -r requirements.lock" in text
    python = re.search(r"- python (.*)", text)
    assert python is not None
    assert SpecifierSet(python[1].strip()) == SpecifierSet(PROJECT["requires-python"])


def tracked(pattern: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).exists()]


def test_no_module_is_longer_than_it_should_be() -> None:
    long = {str(p.relative_to(ROOT)): n for p in tracked("*.py") if (n := len(p.read_text().splitlines())) > LONGEST}
    assert not long


def test_no_module_of_app_is_named_like_a_package() -> None:
    names = {p.stem for p in (ROOT / "app").iterdir()}
    assert not names & {"layers", "sources", "geodata", "notebooks", "tests"}


def test_every_command_loads_and_has_help() -> None:
    for name, _ in modules():
        name = name.removesuffix("-")  # noqa: PLW2901 -- a keyword cannot name a module
        command = cli.get_command(None, name)  # type: ignore[arg-type]  # no context is needed to load
        assert command is not None
        assert command.help
        assert command.name == name
