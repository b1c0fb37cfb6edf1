"""Which station files have been read, small enough for a cursor: five bytes a file, folder by folder."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b

from geodata.records import JSON
from geodata.store.types import Cursor
from sources._station_places import Entry

MARK_B = 5
"""Of 10,000 files of a folder two share a mark once in 20,000 folders."""

_DAY = re.compile(r"(?:^|/)(?P<y>(?:19|20)\d\d)/?(?:(?P<m>\d\d)/?(?:(?P<d>\d\d))?)?(?:/|$)")


@dataclass(slots=True)
class Seen:
    """Marks of name, size and time of change, by folder. A file that changed has another mark and is read again."""

    folders: dict[str, set[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Cursor | None) -> Seen:
        """What an earlier run left; what it cannot have written counts as nothing."""
        stored = (cursor or {}).get("folders")
        found: dict[str, set[bytes]] = {}
        for folder, packed in stored.items() if isinstance(stored, Mapping) else ():
            try:
                marks = base64.b64decode(str(packed), validate=True)
            except ValueError:
                continue
            found[str(folder)] = {marks[n : n + MARK_B] for n in range(0, len(marks), MARK_B)}
        return cls(found)

    def packed(self) -> dict[str, JSON]:
        return {
            name: base64.b64encode(b"".join(sorted(marks))).decode()
            for name, marks in sorted(self.folders.items())
            if marks
        }

    def has(self, folder: str, entry: Entry) -> bool:
        return mark(entry) in self.folders.get(folder, ())

    def add(self, folder: str, entry: Entry) -> None:
        self.folders.setdefault(folder, set()).add(mark(entry))

    def keep(self, folder: str, entries: list[Entry]) -> None:
        """Forget the marks of files that a folder no longer has."""
        if folder in self.folders:
            self.folders[folder] &= {mark(entry) for entry in entries}

    def forget_before(self, since: date) -> None:
        """Folders of days that are no longer looked at."""
        for folder in [name for name in self.folders if is_before(name, since)]:
            del self.folders[folder]


def mark(entry: Entry) -> bytes:
    changed = "" if entry.changed is None else f"{entry.changed:.0f}"
    return blake2b(f"{entry.name}|{entry.size}|{changed}".encode("utf-8", "surrogatepass"), digest_size=MARK_B).digest()


def last_day(folder: str) -> date | None:
    """The last day that a folder named by year, month and day can hold; None for another folder.

    >>> last_day("NUO001/2026/11/20"), last_day("2026/02"), last_day("HUE/202611"), last_day("HUE")
    (datetime.date(2026, 11, 20), datetime.date(2026, 2, 28), datetime.date(2026, 11, 30), None)
    """
    match = _DAY.search(folder)
    if match is None:
        return None
    year, month, day = int(match["y"]), int(match["m"] or 12), match["d"]
    try:
        if day:
            return date(year, month, int(day))
        following = date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        return None
    return following - timedelta(days=1)


def is_before(folder: str, since: date) -> bool:
    """Whether everything in the folder is of days before ``since``."""
    last = last_day(folder)
    return last is not None and last < since
