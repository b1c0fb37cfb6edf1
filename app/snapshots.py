"""The newest picture of a camera, for who may look: ``/snap/SOURCE/CAMERA.jpg``.

The camera probe keeps one picture of each camera under ``<data>/run/snapshots`` (contracts, section 14). They are
personal data: behind the login like every handler of ours, never kept by a browser or a proxy, and gone from here once
they are older than ``TOO_OLD``, for an old picture is taken for now.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.access import Access, Guarded

PATTERN = r"/snap/(?P<source>[A-Za-z0-9_.-]{1,120})/(?P<name>[A-Za-z0-9_.-]{1,200}\.jpg)"
TOO_OLD = timedelta(hours=1)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture that may be shown: its address and when it was taken."""

    url: str
    taken: datetime


def folder(data: Path) -> Path:
    """Where the pictures of all sources lie."""
    return data / "run" / "snapshots"


def file_of(data: Path, told: object) -> Path | None:
    """The file a Thing tells as ``SOURCE/CAMERA.jpg``; None for what is no such name, or leads elsewhere."""
    parts = told.split("/") if isinstance(told, str) else []
    if len(parts) != 2 or not all(NAME.fullmatch(part) for part in parts):
        return None
    path = folder(data) / parts[0] / parts[1]
    return None if path.suffix != ".jpg" or path.is_symlink() else path


def taken_at(data: Path, told: object) -> datetime | None:
    """When the newest picture was taken, however old; None when there is none."""
    path = file_of(data, told)
    try:
        return None if path is None else datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def newest(data: Path, told: object, now: datetime) -> Snapshot | None:
    """The picture a Thing tells by ``properties.snapshot``; None when there is none or only one too old to show."""
    taken = taken_at(data, told)
    if taken is None or now - taken > TOO_OLD:
        return None
    return Snapshot(f"/snap/{told}?t={int(taken.timestamp())}", taken)


class SnapshotHandler(Guarded):
    """One picture as JPEG; 404 when there is none, or none young enough to show."""

    data: Path

    def initialize(self, access: Access, data: Path) -> None:  # type: ignore[override]
        super().initialize(access)
        self.data = data

    async def get(self, **parts: Any) -> None:
        told = f"{parts['source']}/{parts['name']}"
        body = await asyncio.to_thread(self.read, told)
        if body is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Cache-Control", "private,no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.write(body)

    def read(self, told: str) -> bytes | None:
        if newest(self.data, told, datetime.now(UTC)) is None:
            return None
        path = file_of(self.data, told)
        try:
            return None if path is None else path.read_bytes()
        except OSError:
            return None
