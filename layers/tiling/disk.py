"""Basemap tiles on disk, so that a restart of the server shows the map at once.

A tile is a file ``EDITION/STYLE-CITY-IMPORTED/Z/X-Y.tile``: 16 bytes of BLAKE2b over the PNG, then the PNG. The
edition is a hash of everything that makes the picture (drawing code, geography, the libraries that paint), so a new
version never shows an old tile; the folders of other editions are removed. A file that is damaged or cannot be read is
a tile that is not there; a disk that cannot be written costs the cache, never the picture.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

log = logging.getLogger(__name__)

LIMIT_BYTES = 512 * 2**20
DIGEST_BYTES = 16
GRACE_S = 24 * 3600.0
"""An edition that was used within a day is left alone: another version of the program may run beside this one."""

PAINTERS = ("matplotlib", "numpy", "pillow", "shapely")
"""Distributions whose version changes pixels."""

Name = tuple[str, str, int, int, int, int]
"""Style, city ("" for none), version of the imported streets, z, x, y."""


@cache
def edition() -> str:
    """Hash of all that makes a basemap tile: 16 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    for name in PAINTERS:
        digest.update(f"{name} {version(name)}\n".encode())
    layers, geodata = files("layers"), files("geodata")
    sources = [entry for entry in layers.iterdir() if entry.name.endswith(".py")]
    sources += [geodata.joinpath(name) for name in ("geography.py", "view.py")]
    sources += [entry for entry in geodata.joinpath("data").iterdir() if entry.name.endswith(".parquet")]
    for entry in sorted(sources, key=lambda one: one.name):
        content = entry.read_bytes()
        digest.update(f"{entry.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


class DiskCache:
    """Thread-safe. Several processes may share a folder: each keeps to the limit by what it has seen itself."""

    def __init__(self, folder: Path, *, limit: int = LIMIT_BYTES, of: str | None = None) -> None:
        self.folder = folder / (of or edition())
        self._limit = limit
        self._lock = threading.Lock()
        self._sizes: OrderedDict[Path, int] = OrderedDict()  # the least recently used first
        self._size = 0
        self._broken = False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            os.utime(self.folder)
            self._forget_editions()
        except OSError as error:
            self._warn(error)
        for path, size in sorted(self._found(), key=lambda item: item[0].name):
            self._sizes[path] = size
            self._size += size

    @property
    def size(self) -> int:
        """Bytes of all files known."""
        with self._lock:
            return self._size

    def path(self, name: Name) -> Path:
        style, city, imported, z, x, y = name
        return self.folder / f"{style}-{city}-{imported}" / str(z) / f"{x}-{y}.tile"

    def get(self, name: Name) -> bytes | None:
        """The PNG, None when it is not there or not whole; a damaged file is removed."""
        path = self.path(name)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, png = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if digest != _digest(png):
            log.warning("%s is damaged and is drawn again", path.name)
            self._remove(path)
            return None
        with self._lock:
            if path in self._sizes:
                self._sizes.move_to_end(path)
        return png

    def put(self, name: Name, png: bytes) -> None:
        """Write whole or not at all, then keep to the limit."""
        path = self.path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
                try:
                    file.write(_digest(png) + png)
                    file.close()
                    Path(file.name).replace(path)
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            self._warn(error)
            return
        with self._lock:
            self._size += DIGEST_BYTES + len(png) - self._sizes.pop(path, 0)
            self._sizes[path] = DIGEST_BYTES + len(png)
            excess = []
            while self._size > self._limit:
                old, size = self._sizes.popitem(last=False)
                self._size -= size
                excess.append(old)
        for old in excess:
            with contextlib.suppress(OSError):
                old.unlink(missing_ok=True)

    def _remove(self, path: Path) -> None:
        with self._lock:
            self._size -= self._sizes.pop(path, 0)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

    def _found(self) -> Iterator[tuple[Path, int]]:
        """The files of this edition; what a killed process left half written is removed."""
        for path in self.folder.glob("*/*/*"):
            with contextlib.suppress(OSError):
                if path.suffix == ".part":
                    if time.time() - path.stat().st_mtime > GRACE_S:
                        path.unlink(missing_ok=True)
                else:
                    yield path, path.stat().st_size

    def _forget_editions(self) -> None:
        for other in self.folder.parent.iterdir():
            if other != self.folder and other.is_dir() and time.time() - other.stat().st_mtime > GRACE_S:
                shutil.rmtree(other, ignore_errors=True)

    def _warn(self, error: OSError) -> None:
        """Once: a full disk must not fill the log too."""
        if not self._broken:
            self._broken = True
            log.warning("tiles are not kept on disk: %s", error)


def _digest(png: bytes) -> bytes:
    return hashlib.blake2b(png, digest_size=DIGEST_BYTES).digest()
