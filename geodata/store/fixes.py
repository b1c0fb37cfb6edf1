"""Fixes by the ten thousand: records to columns once, columns to binary COPY without a loop over rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.records import Position

POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 in Unix microseconds
MINUTE_US = 60_000_000

TYPES: Mapping[str, str] = {
    "seq": ">i4",
    "thing_id": ">i4",
    "time": ">i8",
    "received_at": ">i8",
    "lon_e7": ">i4",
    "lat_e7": ">i4",
    "source_id": ">i2",
    "sog_kn": ">f4",
    "cog_deg": ">f4",
    "heading_deg": ">f4",
    "status": ">i2",
}
NULLABLE = ("sog_kn", "cog_deg", "heading_deg", "status")
STAGED = tuple(TYPES)
TABLE = tuple(name for name in TYPES if name != "seq")

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Fixes:
    """Columns of one batch: times in microseconds since 2000, degrees × 10⁷, NaN for null."""

    columns: Mapping[str, NDArray[Any]]
    order: NDArray[np.intp]  # by thing, time, then arrival in the batch

    def __len__(self) -> int:
        return len(self.order)

    @property
    def repeat_themselves(self) -> bool:
        """Whether two fixes of the batch have one identity."""
        thing, time = self.columns["thing_id"][self.order], self.columns["time"][self.order]
        return bool(np.any((thing[1:] == thing[:-1]) & (time[1:] == time[:-1])))

    def newest(self) -> NDArray[np.intp]:
        """Row numbers of the newest fix of each thing."""
        thing = self.columns["thing_id"][self.order]
        last = np.append(thing[1:] != thing[:-1], True)
        newest: NDArray[np.intp] = self.order[last]
        return newest

    def minutes(self) -> list[tuple[datetime, int]]:
        """Minutes of arrival, and how many fixes arrived in each."""
        minutes, counts = np.unique(self.columns["received_at"] // MINUTE_US, return_counts=True)
        seconds = (minutes * MINUTE_US + POSTGRES_EPOCH_US) // 1_000_000
        return [(datetime.fromtimestamp(int(s), UTC), int(n)) for s, n in zip(seconds, counts, strict=True)]

    def copy(self, names: Sequence[str], rows: NDArray[np.intp] | None = None) -> bytes:
        """Binary COPY of these columns. Rows with the same nulls have the same width: they go together."""
        chosen = np.arange(len(self)) if rows is None else rows
        pattern = np.zeros(len(chosen), np.int8)
        for bit, name in enumerate(NULLABLE):
            pattern |= np.isnan(self.columns[name][chosen]).astype(np.int8) << bit
        blocks = (self._block(names, chosen[pattern == p], int(p)) for p in np.unique(pattern))
        return b"".join((_HEADER, *blocks, _TRAILER))

    def _block(self, names: Sequence[str], rows: NDArray[np.intp], pattern: int) -> bytes:
        absent = {name for bit, name in enumerate(NULLABLE) if pattern >> bit & 1}
        block = np.empty(len(rows), np.dtype([("fields", ">i2"), *_parts(names, absent)]))
        block["fields"] = len(names)
        for name in names:
            block[f"{name} length"] = -1 if name in absent else np.dtype(TYPES[name]).itemsize
            if name not in absent:
                block[name] = self.columns[name][rows]
        return block.tobytes()


def _parts(names: Sequence[str], absent: set[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        yield f"{name} length", ">i4"
        if name not in absent:
            yield name, TYPES[name]


def fixes(records: Sequence[Position], things: Mapping[str, int], source_id: int, clock: datetime) -> Fixes:
    """Columns of the records; ``clock`` is the arrival of those that do not know theirs."""
    n = len(records)
    arrival = clock.timestamp()
    thing = np.array([things[r.thing_id] for r in records], np.int32)
    time = _microseconds([r.time.timestamp() for r in records])
    columns: dict[str, NDArray[Any]] = {
        "seq": np.arange(n),
        "thing_id": thing,
        "time": time,
        "received_at": _microseconds(
            [arrival if r.received_at is None else r.received_at.timestamp() for r in records]
        ),
        "lon_e7": np.rint(_floats(records, "lon") * 1e7).astype(np.int32),
        "lat_e7": np.rint(_floats(records, "lat") * 1e7).astype(np.int32),
        "source_id": np.full(n, source_id),
        **{name: _floats(records, name) for name in NULLABLE},
    }
    return Fixes(columns, np.lexsort((time, thing)))


def _floats(records: Sequence[Position], name: str) -> NDArray[np.float64]:
    return np.array(list(map(attrgetter(name), records)), np.float64)  # None becomes NaN


def _microseconds(seconds: list[float]) -> NDArray[np.int64]:
    """Exact: a double holds a Unix time of this century to a quarter of a microsecond."""
    return np.rint(np.array(seconds) * 1e6).astype(np.int64) - POSTGRES_EPOCH_US
