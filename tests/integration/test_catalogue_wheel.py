"""The wheel carries the files that the catalogue is read from."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def test_the_wheel_holds_every_data_file_of_geodata(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for package in ("app", "layers", "sources", "outlets", "geodata"):
        shutil.copytree(ROOT / package, tree / package, ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path)], cwd=tree, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {".toml", ".sql", ".parquet"}
    wanted = [p for own in ("geodata", "outlets") for p in (tree / own).rglob("*.*") if p.suffix in data]
    assert len(wanted) > 30
    assert [str(path) for path in wanted if path.relative_to(tree).as_posix() not in names] == []
