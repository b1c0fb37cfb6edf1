"""Hands out the tables of offices: over HTTP with ETag and pages, or as workbooks in a folder; records their past."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK, FaultyHandler
from sources.simulator.office_sheet import Known, Row, Sheet, written
from sources.simulator.town import Town

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}
FOLDER_LOOK_S = 0.5


@dataclass
class Office:
    """One table as it stands now, remembered until it is written anew."""

    sheet: Sheet
    town: Town
    faults: Faults
    now: Callable[[], float]
    _kept: tuple[tuple[float, bool], list[Known]] | None = None
    _bodies: dict[tuple[float, bool, float], bytes] = field(default_factory=dict)

    def known(self) -> list[Known]:
        """Rows of the last writing; twice when everything comes twice."""
        now, twice = self._writing()
        if self._kept is None or self._kept[0] != (now, twice):
            rows = self.sheet.standing(self.sheet.known(self.town, now - self.sheet.kept_s, now))
            self._kept = ((now, twice), [row for row in rows for _ in range(1 + twice)])
        return self._kept[1]

    def body(self) -> bytes:
        """The whole table."""
        key = (*self._writing(), self.skew_s)
        if key not in self._bodies:
            self._bodies.clear()
            self._bodies[key] = self.sheet.body([row for _, row in self.known()], self.skew_s)
        return self._bodies[key]

    def page(self, first: int, count: int, since: float, link: str) -> bytes:
        """Some rows as JSON or NDJSON; ``link`` of the next page, with {} for its first row."""
        rows = [row for t, row in self.known() if t >= since]
        some: list[Row] = rows[first : first + count]
        if self.sheet.form == "ndjson":
            return self.sheet.body(some, self.skew_s)
        more = link.format(first + count) if first + count < len(rows) else None
        data = [written(row, self.skew_s, comma=False) for row in some]
        found = {"success": True, "total": len(rows), "next": more, "data": data}
        return json.dumps(found, ensure_ascii=False).encode()

    @property
    def skew_s(self) -> float:
        return self.faults.skew_s(self.sheet.source)

    def _writing(self) -> tuple[float, bool]:
        now = self.faults.held_at(self.sheet.source, self.now())
        return now // self.sheet.step_s * self.sheet.step_s, self.faults.is_on(self.sheet.source, Kind.DUPLICATES)


class TableHandler(FaultyHandler):
    """GET of a table or of one page of it: ``page`` and ``page_size``, or ``offset`` and ``limit``; ``since`` (ISO).

    An unchanged table is 304 by its ETag (Tornado's own).
    """

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.office: Office = own["office"]

    async def get(self) -> None:
        sheet = self.office.sheet
        data = await asyncio.to_thread(self._page if sheet.page else self.office.body)
        self.set_status(HTTPStatus.OK)
        self.set_header("Content-Type", TYPES[sheet.form])
        if self.faults.is_on(self.source, Kind.HUGE_LINE):
            await self._huge()
            return
        if self.faults.is_on(self.source, Kind.GARBAGE):
            data = b"\xff\xfe\x00{<" + data[: len(data) // 2]
        await self.finish(data)

    def _page(self) -> bytes:
        since = self.get_query_argument("since", "")
        most = self.office.sheet.page or 1
        count = min(max(self._number("page_size" if "page" in self.request.arguments else "limit", most), 1), most)
        page = self._number("page", 0)
        first = max(page - 1, 0) * count if page else max(self._number("offset", 0), 0)
        link = f"?limit={count}&offset={{}}" + (f"&since={since}" if since else "")
        return self.office.page(first, count, _seconds(since), link)

    def _number(self, name: str, default: int) -> int:
        text = self.get_query_argument(name, "")
        return int(text) if text.isdecimal() else default


def _seconds(iso: str) -> float:
    try:
        return datetime.fromisoformat(iso).timestamp()
    except ValueError:
        return 0.0


@dataclass
class Shelf:
    """A folder with one workbook, complete or not there. An outage takes the folder away."""

    office: Office
    folder: Path
    _before: tuple[bytes, bool] | None = None

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(FOLDER_LOOK_S)

    def look(self) -> None:
        """Writes the workbook when it has changed."""
        source, faults = self.office.sheet.source, self.office.faults
        away = self.folder.with_name(f"{self.folder.name}.away")
        if faults.is_on(source, Kind.OUTAGE):
            if self.folder.exists():
                self.folder.rename(away)
            return
        if away.exists():
            away.rename(self.folder)
        if faults.is_on(source, Kind.STALL):
            return
        told = (self.office.body(), faults.is_on(source, Kind.GARBAGE))
        if told != self._before:
            name = f"{self.office.sheet.file}.xlsx"
            beside = self.folder / f".{name}"
            beside.write_bytes(told[0][: len(told[0]) // 2] if told[1] else told[0])
            beside.replace(self.folder / name)
            self._before = told


def feed(*sheets: Sheet, order: int) -> Feed:
    """A feed of these tables, each a source of its own."""

    def own(town: Town) -> list[Sheet]:
        return [sheet for sheet in sheets if sheet.is_in(town)]

    def sources(town: Town) -> list[SourceBinding]:
        return [sheet.bound(town, _place(sheet, 0, Path())) for sheet in own(town)]

    async def open_(town: Town, host: Host) -> list[SourceBinding]:
        return [await _opened(sheet, town, host) for sheet in own(town)]

    def history(town: Town, folder: Path, start: float, end: float) -> Files:
        return {sheet.source: payloads(folder, sheet.source, recorded(sheet, town, start, end)) for sheet in own(town)}

    return Feed(sources=sources, open=open_, history=history, order=order)


def _place(sheet: Sheet, port: int, folder: Path) -> dict[str, str]:
    if sheet.file is not None:
        return {"path": str(folder / sheet.source)}
    return {"url": f"http://{LOOPBACK}:{port}/{sheet.source.removeprefix('simulated_')}.{sheet.form}"}


async def _opened(sheet: Sheet, town: Town, host: Host) -> SourceBinding:
    office = Office(sheet, town, host.faults, host.now)
    if sheet.file is not None:
        shelf = Shelf(office, host.folder / sheet.source)
        shelf.folder.mkdir(parents=True, exist_ok=True)
        host.spawn(shelf.run())
        return sheet.bound(town, _place(sheet, 0, host.folder))
    own = {"source": sheet.source, "faults": host.faults, "office": office}
    route = f"/{sheet.source.removeprefix('simulated_')}.{sheet.form}"
    return sheet.bound(town, _place(sheet, await host.http(sheet.source, [(route, TableHandler, own)]), host.folder))


def recorded(sheet: Sheet, town: Town, start: float, end: float) -> Iterator[Line]:
    """What stood in the table before, as one payload, then what came to stand in it, a payload every ``record_s``."""
    past: list[Known] = []
    for first, last in sheet.before:
        past += [row for row in sheet.known(town, start + first, min(start + last, end)) if sheet.recorded(*row)]
    if past:
        yield start, sheet.body([row for _, row in sheet.standing(past)])
    t = start
    while t < end:
        until = min(t + sheet.record_s, end)
        known = [(at, row) for at, row in sheet.known(town, t, until) if sheet.recorded(at, row)]
        rows: Sequence[Row] = [row for _, row in (known if sheet.has_versions else sheet.standing(known))]
        if rows:
            yield until, sheet.body(rows)
        t = until
