"""Programs that we did not write, unpacked by ``make peers``: their paths, and a run on loopback."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import HANG_S

PEERS = Path(__file__).parents[2] / ".peers/usr/bin"


def peer(name: str) -> Path:
    """The program; a missing one fails the test in one line."""
    path = PEERS / name
    assert os.access(path, os.X_OK), f"{name} is not there: run make peers"
    return path


def _before() -> list[str]:
    """Alertmanager looks for its templates in /usr/share and nowhere else: it gets ours there, seen by itself alone.

    Needs the right to mount, as the tests of a full disk do; not where the package is installed.
    """
    if Path("/usr/share/prometheus/alertmanager").exists():
        return []
    bind = f"mount --bind {shlex.quote(str(PEERS.parent / 'share'))} /usr/share"
    return ["unshare", "--mount", "sh", "-c", f'{bind} && exec "$@"', "sh"]


@contextmanager
def running(name: str, *arguments: str, ready: str, within_s: float = HANG_S) -> Iterator[None]:
    """The peer until the block ends; it is ready when ``ready`` (a URL) answers with 2xx."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen([*_before(), str(peer(name)), *arguments], stdout=told, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + within_s
            while not _answers(ready):
                if process.poll() is not None or time.monotonic() > deadline:
                    told.seek(0)
                    raise AssertionError(f"{name} does not start: {told.read()[-2000:].decode(errors='replace')}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False
