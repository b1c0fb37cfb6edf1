"""Where station files lie: one way to look at a folder of a disk, an FTP server and an SFTP server."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from sources.base import Garbled, Refused, Unreachable

PROTOCOL = "station files"
MAX_ENTRIES = 100_000
MAX_FILE_B = 4 << 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of a listing. ``changed`` is in epoch s as its server says, None when it does not."""

    name: str
    is_folder: bool
    size: int = 0
    changed: float | None = None


class Gone(Exception):
    """The file or folder was there when the one above it was listed, and is no longer."""


class Place(Protocol):
    """Paths are relative to the root, with ``/``; the root itself is an empty text. Each raises SourceError."""

    async def look(self, folder: str) -> list[Entry]:
        """The entries of a folder. Raises Gone for one below the root that is not there."""

    async def read(self, path: str) -> bytes:
        """At most one byte more than ``MAX_FILE_B``. Raises Gone."""

    async def remove(self, path: str) -> None: ...

    async def rename(self, path: str, to: str) -> None:
        """Move within the root; folders on the way are made."""


Opened = AbstractAsyncContextManager[Place]


class Listing:
    """Collects entries; names that could lead elsewhere are left out. Raises Garbled for a listing without end."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        if entry.name in {"", ".", ".."} or any(letter in entry.name for letter in "/\\\0\r\n"):
            return
        if len(self.entries) >= MAX_ENTRIES:
            raise Garbled(
                endpoint=self.endpoint, protocol=PROTOCOL, reason=f"more than {MAX_ENTRIES} files in a folder"
            )
        self.entries.append(entry)


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder of this machine or of a network disk; also the folder into which an FTP server of ours is written."""

    root: Path

    async def look(self, folder: str) -> list[Entry]:
        return await self._do(self._listed, folder)

    async def read(self, path: str) -> bytes:
        return await self._do(self._read, path)

    async def remove(self, path: str) -> None:
        await self._do(lambda name: self._path(name).unlink(missing_ok=True), path)

    async def rename(self, path: str, to: str) -> None:
        def move(name: str) -> None:
            target = self._path(to)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path(name).replace(target)

        await self._do(move, path)

    async def _do(self, work: Callable[[str], T], path: str) -> T:
        try:
            return await asyncio.to_thread(work, path)
        except (FileNotFoundError, NotADirectoryError) as error:
            if path:
                raise Gone(path) from error
            raise Unreachable(endpoint=str(self.root), reason="no such folder") from error
        except PermissionError as error:
            raise Refused(endpoint=str(self.root), reason=f"may not read {path or '.'}") from error
        except OSError as error:
            raise Unreachable(endpoint=str(self.root), reason=error.strerror or str(error)) from error

    def _path(self, path: str) -> Path:
        return self.root / path if path else self.root

    def _listed(self, folder: str) -> list[Entry]:
        listing = Listing(str(self.root))
        with os.scandir(self._path(folder)) as entries:
            for entry in entries:
                try:
                    state = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                kind = stat.S_IFMT(state.st_mode)
                if kind in {stat.S_IFDIR, stat.S_IFREG}:  # no link leads out of the root, no pipe is waited for
                    listing.add(Entry(entry.name, kind == stat.S_IFDIR, state.st_size, state.st_mtime))
        return listing.entries

    def _read(self, path: str) -> bytes:
        with self._path(path).open("rb") as file:
            return file.read(MAX_FILE_B + 1)


@asynccontextmanager
async def disk(path: str) -> AsyncIterator[Place]:
    """Raises Unreachable when the folder is not there."""
    place = Disk(Path(path))
    if not await asyncio.to_thread(place.root.is_dir):
        raise Unreachable(endpoint=path, reason="no such folder")
    yield place
