"""The newest picture of each camera on disk, and never more than that: one small JPEG, replaced whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def file_name(key: str) -> str:
    """A safe file name for a camera's id: itself when it is plain, else a hash of it."""
    name = key if _PLAIN.fullmatch(key) else blake2b(key.encode(), digest_size=12).hexdigest()
    return f"{name}.jpg"


class Pictures:
    """``folder`` is the source's own. The time of a file is that of its picture."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> str:
        """As a Thing tells it: ``SOURCE/CAMERA.jpg``, relative to the folder of all sources' pictures."""
        return f"{self._folder.name}/{file_name(key)}"

    def keep(self, key: str, jpeg: bytes, taken: float) -> bool:
        """Replaces the camera's picture, ``taken`` in epoch s. False when the disk refuses: a picture is no record."""
        target = self._folder / file_name(key)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            beside.write_bytes(jpeg)
            os.utime(beside, (taken, taken))
            beside.replace(target)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            return False
        return True

    def clear(self, keys: Iterable[str], before: float) -> None:
        """Removes pictures of cameras that are not among ``keys``, and those taken before (epoch s)."""
        known = {file_name(key) for key in keys}
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                with suppress(OSError):
                    if path.name not in known or path.stat().st_mtime < before:
                        path.unlink()
