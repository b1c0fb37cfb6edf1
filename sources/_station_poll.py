"""One look through the folders of station files: what is new, whole and not yet read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from geodata.records import Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._station_places import MAX_FILE_B, PROTOCOL, Entry, Gone, Place
from sources._station_seen import Seen, is_before
from sources._station_text import KEPT_B, FileName, TextOptions, read, thing
from sources._values import instant
from sources.base import Context, Garbled

DEEPEST = 8
FILES_AT_ONCE = 200
UNFINISHED = (".tmp", ".part", ".filepart", ".partial", ".crdownload", "~")
_DAY = timedelta(days=1)


class PollOptions(TextOptions, Protocol):
    """What a poll needs of the options of station files."""

    @property
    def transport(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def suffixes(self) -> Sequence[str]: ...
    @property
    def history_days(self) -> float: ...
    @property
    def lookback_days(self) -> float: ...
    @property
    def recent_days(self) -> float: ...
    @property
    def sweep_s(self) -> float: ...
    @property
    def settle_s(self) -> float: ...
    @property
    def after(self) -> Literal["leave", "move", "delete"]: ...
    @property
    def move_to(self) -> str: ...
    @property
    def keep_days(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A file that waits to be read. ``order``: the name's time, then the name."""

    folder: str
    entry: Entry

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.entry.name}" if self.folder else self.entry.name

    @property
    def order(self) -> tuple[datetime, str]:
        told = FileName.of(self.entry.name)
        return (told.time if told and told.time else datetime.min), self.path  # noqa: DTZ901 (naive like the others)


@dataclass
class Poll:
    """``memory`` of the context keeps what lasts between polls: files that may still be written, stations told."""

    options: PollOptions
    context: Context
    place: Place
    cursor: Cursor | None
    seen: Seen = field(init=False)
    unreadable: str | None = None
    readable: bool = False

    def __post_init__(self) -> None:
        self.seen = Seen.of(self.cursor)

    async def run(self) -> AsyncGenerator[Batch, None]:
        """Batches in the order of time; each cursor names what was read so far. Raises SourceError."""
        now = self.context.clock()
        sweep = self._sweeps(now)
        since = self._since(now, sweep=sweep)
        swept = now.isoformat() if sweep else (self.cursor or {}).get("swept")
        done: dict[str, Any] = {"swept": (self.cursor or {}).get("swept")}
        if things := self._sites():
            yield Batch(things)
        before = self.seen.packed()
        found = sorted(await self._look(since, now), key=lambda one: one.order)
        for start in range(0, len(found), FILES_AT_ONCE):
            rows = await self._read(found[start : start + FILES_AT_ONCE])
            rejected = [row for row in rows if isinstance(row, Rejected)]
            kept = [row for row in rows if not isinstance(row, Rejected)]
            yield Batch(kept, {**done, "folders": self.seen.packed()}, rejected)
        await self._tidy(now)
        self.seen.forget_before((now - self._longest() - _DAY).date())
        after = {"swept": swept, "folders": self.seen.packed()}
        if sweep or after["folders"] != before:
            yield Batch((), after)
        self._judge()

    def _sweeps(self, now: datetime) -> bool:
        swept = (self.cursor or {}).get("swept")
        try:
            age = now - instant(swept) if isinstance(swept, str) else None
        except ValueError:
            age = None
        return age is None or not timedelta() <= age < timedelta(seconds=self.options.sweep_s)

    def _since(self, now: datetime, *, sweep: bool) -> date:
        """The first local day to look at; a day earlier, for a folder is named by the logger's clock."""
        options = self.options
        days = options.recent_days
        if sweep:
            days = options.lookback_days if self.cursor else options.history_days
        return (now.astimezone(ZoneInfo(options.timezone)) - timedelta(days=days) - _DAY).date()

    def _longest(self) -> timedelta:
        return timedelta(days=max(self.options.lookback_days, self.options.history_days, self.options.recent_days))

    def _sites(self) -> list[Thing]:
        """The stations that the options name, once a run: a station that is silent from the start is seen too."""
        told = self.context.memory.setdefault("told", set())
        new = [station for station in self.options.sites if station not in told and "_" in station]
        told.update(new)
        return [thing(station, self.options, None) for station in new]

    async def _look(self, since: date, now: datetime) -> list[Found]:
        waiting: list[tuple[str, int]] = [("", 0)]
        found: list[Found] = []
        pending: dict[str, tuple[Entry, datetime]] = {}
        oldest = (now - self._longest() - _DAY).date()
        aside = self.options.move_to.strip("/") if self.options.after == "move" else None
        while waiting:
            folder, depth = waiting.pop()
            entries = await self._entries(folder)
            files = [entry for entry in entries if not entry.is_folder and self._is_ours(entry)]
            for entry in files:
                one = Found(folder, entry)
                if self._is_old(entry, since) or self.seen.has(folder, entry):
                    continue
                if self._is_whole(one, now, pending):
                    found.append(one)
            self.seen.keep(folder, [entry for entry in files if not self._is_old(entry, oldest)])
            for entry in entries:
                inner = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_folder and depth < DEEPEST and inner != aside and not is_before(inner, since):
                    waiting.append((inner, depth + 1))
        self.context.memory["pending"] = pending
        return found

    async def _entries(self, folder: str) -> list[Entry]:
        try:
            return await self.place.look(folder)
        except Gone:
            return []

    def _is_ours(self, entry: Entry) -> bool:
        name = entry.name.casefold()
        return (
            not name.startswith((".", "~"))
            and not name.endswith(UNFINISHED)
            and name.endswith(tuple(suffix.casefold() for suffix in self.options.suffixes))
        )

    def _is_old(self, entry: Entry, since: date) -> bool:
        """Whether the name, or else the time of change, lies before the days looked at."""
        told = FileName.of(entry.name)
        if told and told.time:
            return told.time.date() < since
        return entry.changed is not None and datetime.fromtimestamp(entry.changed, UTC).date() < since

    def _is_whole(self, one: Found, now: datetime, pending: dict[str, tuple[Entry, datetime]]) -> bool:
        """Unchanged for ``settle_s``: by its own time, or since we first saw it as it is now."""
        settle = timedelta(seconds=self.options.settle_s)
        changed = one.entry.changed
        if changed is not None and now.timestamp() - changed >= settle.total_seconds():
            return True
        before: Mapping[str, tuple[Entry, datetime]] = self.context.memory.get("pending", {})
        entry, first = before.get(one.path, (None, now))
        first = first if entry == one.entry else now
        pending[one.path] = (one.entry, first)
        return now - first >= settle

    async def _read(self, files: Sequence[Found]) -> list[Record | Rejected]:
        rows: list[Record | Rejected] = []
        for one in files:
            try:
                body = await self.place.read(one.path)
            except Gone:
                continue
            if len(body) > MAX_FILE_B:
                rows.append(Rejected(reason="too_large", detail=one.path[:200], payload=body[:KEPT_B]))
            elif len(body) != one.entry.size:  # it grew, or the transfer was cut: the next poll reads it
                continue
            else:
                rows += self._rows(one, body)
            self.seen.add(one.folder, one.entry)
        return rows

    def _rows(self, one: Found, body: bytes) -> list[Record | Rejected]:
        found: list[Record | Rejected] = list(read(body, one.entry.name, self.options, None))
        if any(isinstance(row, Observation) for row in found):
            self.readable = True
            station = (FileName.of(one.entry.name) or FileName(self.options.station or "", None)).station
            told = self.context.memory.setdefault("told", set())
            if station not in told:
                told.add(station)
                found.insert(0, thing(station, self.options, None))
        else:
            self.unreadable = next((row.detail for row in found if isinstance(row, Rejected) and row.payload), None)
        return found

    async def _tidy(self, now: datetime) -> None:
        """Files that were read at an earlier poll and have lain long enough, where the options ask for it."""
        if self.options.after == "leave":
            return
        read_before, limit = Seen.of(self.cursor), now - timedelta(days=self.options.keep_days)
        for folder in list(read_before.folders):
            for entry in await self._entries(folder):
                changed = entry.changed
                if changed is None or changed > limit.timestamp() or not read_before.has(folder, entry):
                    continue
                path = Found(folder, entry).path
                if self.options.after == "delete":
                    await self.place.remove(path)
                else:
                    await self.place.rename(path, f"{self.options.move_to.strip('/')}/{path}")

    def _judge(self) -> None:
        """Down while all that comes is nonsense, up again with the first file that can be read. Raises Garbled."""
        memory = self.context.memory
        if self.readable:
            memory.pop("nonsense", None)
        elif self.unreadable:
            memory["nonsense"] = self.unreadable
        if reason := memory.get("nonsense"):
            where = f"{self.options.transport}://{self.options.host}/{self.options.path.strip('/')}"
            raise Garbled(endpoint=where, protocol=PROTOCOL, reason=reason)
