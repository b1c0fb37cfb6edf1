"""What a command says when it fails, and a data folder whose disk can be filled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.machine import clean_environment

MIB = 1 << 20


def vonglau(*arguments: str, environ: Mapping[str, str] | None = None, before: tuple[str, ...] = ()) -> str:
    """The one line of a command that fails; ``before`` is put in front of it."""
    command = [*before, sys.executable, "-m", "app", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**clean_environment(), **(environ or {})},
    )
    assert done.returncode in {1, 2}, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("vonglau: ")
    return done.stderr.strip()


@contextmanager
def small_disk(size_mib: int) -> Iterator[Path]:
    """A data folder whose ``pg`` is a disk of its own, in memory, of that size. Needs the right to mount."""
    folder = Path(tempfile.mkdtemp(prefix="vonglau-disk-"))
    folder.chmod(0o755)
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=755", "none", str(disk)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """The disk without a free byte, until the block ends."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), b"\0" * MIB)
        except OSError:
            os.fsync(file.fileno())
    with filler.open("ab") as file:
        try:
            while True:
                os.write(file.fileno(), b"\0" * 4096)
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()
