"""New images of a folder, when they are whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

from geodata.records import Coverage, Rejected
from geodata.store.types import Batch, Cursor
from sources._coverage_image import BadImage, describe, in_utc, named_time
from sources._feature_place import system
from sources._station_places import Disk, Entry
from sources._station_seen import Seen
from sources._values import dumped
from sources._vocabulary import category
from sources.base import Context, Garbled, Unreachable

PROTOCOL = "GeoTIFF folder"
IMAGES_AT_ONCE = 50
DEEPEST = 6


class FolderOptions(Protocol):
    """What a folder of images needs of the options."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def path(self) -> str | None: ...
    @property
    def patterns(self) -> tuple[str, ...]: ...
    @property
    def category(self) -> str | None: ...
    @property
    def categories(self) -> Mapping[str, str]: ...
    @property
    def time_pattern(self) -> str | None: ...
    @property
    def timezone(self) -> str: ...
    @property
    def crs(self) -> str | None: ...
    @property
    def history_days(self) -> float: ...
    @property
    def settle_s(self) -> float: ...


@dataclass
class FolderPoll:
    """One look through the folder; ``memory`` of the context keeps what may still be written."""

    options: FolderOptions
    context: Context
    cursor: Cursor | None
    seen: Seen = field(init=False)

    def __post_init__(self) -> None:
        self.seen = Seen.of(self.cursor)

    async def run(self) -> AsyncGenerator[Batch, None]:
        """Images in the order of their names. Raises SourceError."""
        root = await asyncio.to_thread(Path(self.options.path or ".").absolute)
        if not await asyncio.to_thread(root.is_dir):
            raise Unreachable(endpoint=str(root), reason="no such folder")
        before = self.seen.packed()
        found = await self._look(Disk(root))
        good, wrong = 0, ""
        for start in range(0, len(found), IMAGES_AT_ONCE):
            rows: list[Coverage | Rejected] = []
            for folder, entry in found[start : start + IMAGES_AT_ONCE]:
                row = await asyncio.to_thread(self._read, root, folder, entry)
                rows.append(row)
                self.seen.add(folder, entry)
            rejected = [row for row in rows if isinstance(row, Rejected)]
            kept = [row for row in rows if not isinstance(row, Rejected)]
            good, wrong = good + len(kept), rejected[-1].detail if rejected else wrong
            yield Batch(kept, {"folders": self.seen.packed()}, rejected)
        if not found and self.seen.packed() != before:
            yield Batch((), {"folders": self.seen.packed()})
        self._judge(good, wrong)

    def _judge(self, good: int, wrong: str) -> None:
        """Down while nothing but broken images comes. Raises Garbled."""
        memory = self.context.memory
        if good:
            memory.pop("nonsense", None)
        elif wrong:
            memory["nonsense"] = wrong
        if reason := memory.get("nonsense"):
            raise Garbled(endpoint=str(self.options.path), protocol=PROTOCOL, reason=reason)

    async def _look(self, disk: Disk) -> list[tuple[str, Entry]]:
        now = self.context.clock()
        oldest = now - timedelta(days=self.options.history_days)
        waiting, found = [("", 0)], []
        pending: dict[str, tuple[Entry, datetime]] = {}
        while waiting:
            folder, depth = waiting.pop()
            entries = await disk.look(folder)
            images = [entry for entry in entries if not entry.is_folder and self._is_ours(entry.name)]
            images = [entry for entry in images if self._time(entry, None)[0] >= oldest]
            fresh = [entry for entry in images if not self.seen.has(folder, entry)]
            found += [(folder, entry) for entry in fresh if self._is_whole(folder, entry, now, pending)]
            self.seen.keep(folder, images)
            if depth < DEEPEST:
                inner = [entry.name for entry in entries if entry.is_folder and not entry.name.startswith(".")]
                waiting += [(f"{folder}/{name}" if folder else name, depth + 1) for name in inner]
        self.context.memory["pending"] = pending
        return sorted(found, key=lambda pair: (pair[1].name, pair[0]))

    def _is_ours(self, name: str) -> bool:
        return not name.startswith((".", "~")) and any(
            fnmatch(name.casefold(), pattern.casefold()) for pattern in self.options.patterns
        )

    def _is_whole(self, folder: str, entry: Entry, now: datetime, pending: dict[str, tuple[Entry, datetime]]) -> bool:
        """Unchanged for ``settle_s``, by its own time or since we saw it as it is."""
        settle = timedelta(seconds=self.options.settle_s)
        if entry.changed is not None and now.timestamp() - entry.changed >= settle.total_seconds():
            return True
        path = f"{folder}/{entry.name}"
        known: Mapping[str, tuple[Entry, datetime]] = self.context.memory.get("pending", {})
        before, first = known.get(path, (None, now))
        first = first if before == entry else now
        pending[path] = (entry, first)
        return now - first >= settle

    def _time(self, entry: Entry, tagged: datetime | None) -> tuple[datetime, str]:
        """UTC, and where it comes from: the name, the TIFF tag, the file's own time."""
        named = named_time(entry.name, self.options.time_pattern)
        for naive, origin in ((named, "name"), (tagged, "tag")):
            if naive is not None and 1990 <= naive.year < 2199:
                return in_utc(naive, self.options.timezone), origin
        return datetime.fromtimestamp(entry.changed or 0, UTC), "file"

    def _read(self, root: Path, folder: str, entry: Entry) -> Coverage | Rejected:
        path = root / folder / entry.name
        own = path.relative_to(root).as_posix()
        try:
            dumped(own)
            declared = system(self.options.crs).srid if self.options.crs else None
            image = describe(path, declared)
        except (BadImage, ValueError) as error:
            reason = error.reason if isinstance(error, BadImage) else "malformed"
            kept = dumped({"href": repr(own)[1:-1], "bytes": entry.size}).encode()
            return Rejected(reason=reason, detail=f"{own}: {error}"[:200], payload=kept)
        time, origin = self._time(entry, image.tagged)
        return Coverage(
            id=f"{self.options.issuer}:{own}",
            time=time,
            href=path.as_posix(),
            geometry=image.footprint,
            category=self._category(own),
            media_type="image/tiff",
            properties={**image.properties, "bytes": entry.size, "time_from": origin},
        )

    def _category(self, own: str) -> str | None:
        word = next((name for pattern, name in self.options.categories.items() if fnmatch(own, pattern)), None)
        word = word or self.options.category
        return category(self.options.service, word) or word if word else None
