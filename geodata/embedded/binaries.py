"""Where PostgreSQL's programs are on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from geodata.store.errors import NoPostgres

PROGRAMS = ("postgres", "initdb")
PACKAGED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with postgres and initdb side by side, whose server has the PostGIS extension."""

    folder: Path
    major: int

    def path(self, program: str) -> str:
        return str(self.folder / program)


def find(environ: Mapping[str, str] | None = None, *, major: int | None = None, root: Path = Path("/")) -> Binaries:
    """The newest usable PostgreSQL, or the one of ``major`` when there is one: an existing data folder needs its own.

    Looks at PATH, the conda environment and the packages of the system under ``root``. A link or a lone pg_ctl
    on PATH does not count: both programs must stand in the folder that the link leads to. Raises NoPostgres.
    """
    usable, reasons = [], []
    for folder in dict.fromkeys(_folders(os.environ if environ is None else environ, root)):
        found = _usable(folder, root)
        if isinstance(found, Binaries):
            usable.append(found)
        elif found:
            reasons.append(found)
    if not usable:
        raise NoPostgres(reason="; ".join(reasons) or "none found")
    return max(usable, key=lambda b: (b.major == major, b.major))


def _folders(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    for entry in environ.get("PATH", "").split(os.pathsep):
        program = Path(entry) / "postgres"
        if entry and os.access(
            program, os.X_OK
        ):  # a folder on PATH may be closed to this user: Path.exists would raise
            yield program.resolve().parent
    for prefix in (environ.get("CONDA_PREFIX"), sys.prefix):
        if prefix:
            yield (Path(prefix) / "bin").resolve()
    for pattern in PACKAGED:
        yield from sorted(path.resolve() for path in root.glob(pattern))


def _usable(folder: Path, root: Path) -> Binaries | str | None:
    """The binaries, or why not, or None when nothing of PostgreSQL is there."""
    present = [name for name in PROGRAMS if os.access(folder / name, os.X_OK)]
    if not present:
        return None
    if len(present) < len(PROGRAMS):
        return f"{folder} has only {', '.join(present)}"
    try:
        answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True)  # noqa: S603 (a path that we found)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{folder}: {error}"
    match = re.search(r"\) (\d+)", answer.stdout)
    if match is None:
        return f"{folder}: {answer.stdout.strip()}"
    major = int(match[1])
    shares = (
        folder.parent / "share/postgresql",
        folder.parent / "share",
        root / f"usr/share/postgresql/{major}",
        folder.parent / f"share/postgresql@{major}",
    )
    if not any((share / "extension/postgis.control").exists() for share in shares):
        return f"{folder} has PostgreSQL {major} without PostGIS"
    return Binaries(folder, major)
