"""Station files: what the text says, which files are read, and what is remembered of them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from geodata.records import Observation, Quality, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._station_places import Entry
from sources._station_seen import Seen, is_before, last_day
from sources._station_text import decoded, marked
from sources.base import Context, Garbled, Unreachable
from sources.station_files import StationFileOptions, batches, parse

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
AIR = StationFileOptions(service="air_quality")
LINE = "PM2,5\t23,4\tug/m3\t20261121083000\t00\r\n"
NAME = "HUE_QTMT_KHI001_20261121083000.txt"


def rows(body: bytes, options: StationFileOptions = AIR, name: str = NAME) -> list[Record | Rejected]:
    return list(parse(f"# {name}\n".encode() + body, options, NOW))


@pytest.mark.parametrize(
    "body",
    [
        LINE.encode(),
        b"\xef\xbb\xbf" + LINE.encode(),
        LINE.encode("utf-16"),
        LINE.encode("utf-16-le"),
        LINE.encode("utf-16-be"),
        LINE.replace("ug/m3", "µg/m³").encode("cp1258"),
        LINE.replace("\r\n", "\n").encode(),
        LINE.replace("\r\n", "\r").encode(),
        LINE.strip().encode(),
    ],
)
def test_encodings_and_ends_of_lines(body: bytes) -> None:
    station, found = rows(body)
    assert isinstance(station, Thing)
    assert station.id == "station:HUE_QTMT_KHI001"
    assert station.properties == {"station": "KHI001", "province": "HUE", "site": "QTMT"}
    assert found == Observation(
        thing_id="station:HUE_QTMT_KHI001",
        observed_property="pm25",
        phenomenon_time=datetime(2026, 11, 21, 1, 30, tzinfo=UTC),
        result=23.4,
        unit="ug/m3",
        received_at=NOW,
    )


@pytest.mark.parametrize(
    ("value", "expected"), [("7", 7.0), ("7.25", 7.25), ("7,25", 7.25), ("1.234,5", 1234.5), ("-0,5", -0.5)]
)
def test_decimal_marks(value: str, expected: float) -> None:
    (_, found) = rows(f"Temp\t{value}\toC\t20261121083000\t00".encode())
    assert isinstance(found, Observation)
    assert (found.result, found.unit) == (expected, "Cel")


def test_states_of_the_device_are_kept() -> None:
    body = "".join(LINE.replace("\t00", f"\t{state}").replace("0830", f"083{n}") for n, state in enumerate(
        ("00", "01", "02", "03", "2")
    ))  # fmt: skip
    found = [row for row in rows(body.encode()) if isinstance(row, Observation)]
    assert [row.quality for row in found] == [
        Quality.MEASURING, Quality.CALIBRATING, Quality.FAULT, Quality.MAINTENANCE, Quality.FAULT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("PM10\t12\tug/m3\t20261121083000", "malformed"),
        ("PM10\t12\tug/m3\t20261321083000\t00", "bad_time"),
        ("PM10\t12\tug/m3\t00010101000000\t00", "bad_time"),
        ("PM10\t12\tug/m3\t99991231235959\t00", "bad_time"),
        ("PM10\tNaN\tug/m3\t20261121083000\t00", "no_value"),
        ("PM10\tinf\tug/m3\t20261121083000\t00", "bad_value"),
        ("PM10\t12\tug/m3\t20261121083000\t9", "bad_state"),
        ("\t12\tug/m3\t20261121083000\t00", "malformed"),
    ],
)
def test_a_wrong_group_is_kept_and_read_again_after_a_mend(line: str, reason: str) -> None:
    found = rows((line + "\r\n" + LINE).encode())
    assert len(found) == 3
    (wrong,) = [row for row in found if isinstance(row, Rejected)]
    assert wrong.reason == reason
    assert wrong.payload is not None
    (again,) = parse(wrong.payload, AIR, NOW)
    assert isinstance(again, Rejected)
    assert (again.reason, again.payload) == (reason, wrong.payload)


def test_five_columns_repeated_within_a_line() -> None:
    line = "PM10\t30\tug/m3\t20261121083000\t00"
    found = rows(f"{line}\t{LINE.strip()}\t\t\r\n".encode())
    assert [row.observed_property for row in found if isinstance(row, Observation)] == ["pm10", "pm25"]


def test_the_options_tell_what_files_do_not() -> None:
    options = StationFileOptions.model_validate(
        {
            "service": "hydrology",
            "timezone": "UTC",
            "sites": {"KHI001": {"name": "Trạm Kim Long", "lon": 107.55, "lat": 16.46, "category": "thuy_van"}},
            "symbols": {"H": "water_level"},
            "units": {"cm nước": "cm"},
            "states": {"OK": "measuring"},
        }
    )
    station, found = rows("H\t245\tcm nước\t20261121083000\tOK".encode(), options)
    assert isinstance(station, Thing)
    assert (station.name, station.category) == ("Trạm Kim Long", "water_station")
    assert station.geometry is not None
    assert isinstance(found, Observation)
    assert (found.observed_property, found.unit, found.phenomenon_time.hour) == ("water_level", "cm", 8)


def test_what_is_no_text_is_kept_as_it_came() -> None:
    for body in (bytes(range(256)) * 8, b"\xff\xfea", b"\0" * 64):
        with pytest.raises(ValueError, match="not a text"):
            decoded(body)
        (found,) = rows(body)
        assert isinstance(found, Rejected)
        assert (found.reason, found.payload) == ("garbled", body)
    assert len(marked("x" * 10, "y" * 100_000)) == 65536


def test_an_empty_file_is_counted() -> None:
    (found,) = rows(b"\r\n")
    assert isinstance(found, Rejected)
    assert (found.reason, found.payload) == ("empty", None)


def test_folders_of_days() -> None:
    assert last_day("NUO001/2026/11/20") == date(2026, 11, 20)
    assert last_day("2026/12") == date(2026, 12, 31)
    assert last_day("20261120") == date(2026, 11, 20)
    assert last_day("NUO2026") is None
    assert last_day("2026/13/40") is None
    assert is_before("a/2025", date(2026, 1, 1))
    assert not is_before("a", date(2026, 1, 1))


def test_what_was_read_is_small_and_survives_the_cursor() -> None:
    seen = Seen()
    entries = [Entry(f"A_{n:014d}.txt", is_folder=False, size=n, changed=1.0) for n in range(10_000)]
    for entry in entries:
        seen.add("2026/11/21", entry)
    packed = seen.packed()
    assert len(str(packed)) < 70_000
    again = Seen.of({"folders": packed})
    assert all(again.has("2026/11/21", entry) for entry in entries)
    assert not again.has("2026/11/21", Entry(entries[0].name, is_folder=False, size=77, changed=1.0))
    assert Seen.of({"folders": {"x": "%%"}}).folders == {}


class Folder:
    """A drop folder and the polls that look into it."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root, self.now = root, NOW
        self.options = StationFileOptions(transport="directory", path=str(root), service="air_quality", **options)
        self.memory: dict[str, Any] = {}
        self.cursor: Cursor | None = None

    def put(self, name: str, body: str = LINE, *, age_s: float = 60, day: str = "2026/11/21") -> Path:
        path = self.root / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode())
        changed = self.now.timestamp() - age_s
        os.utime(path, (changed, changed))
        return path

    async def poll(self) -> list[Batch]:
        found: list[Batch] = []
        async for batch in self.batches():
            found.append(batch)
            self.cursor = batch.cursor or self.cursor
        return found

    async def batches(self) -> AsyncIterator[Batch]:
        async with httpx.AsyncClient() as http:
            context = Context(http=http, clock=lambda: self.now, memory=self.memory, service="air_quality")
            async for batch in batches(self.options, context, self.cursor):
                yield batch

    async def results(self) -> list[float | str | None]:
        return [row.result for batch in await self.poll() for row in batch.records if isinstance(row, Observation)]


def value(number: int) -> str:
    return LINE.replace("23,4", str(number))


async def test_only_new_and_changed_files_are_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("KHI001_20261121080000.txt", value(1))
    folder.put("KHI001_20261120080000.txt", value(2), day="2026/11/20")
    assert await folder.results() == [2.0, 1.0]  # in the order of their names' times
    assert await folder.results() == []
    folder.put("KHI001_20261121080500.txt", value(3))
    folder.put("KHI001_20261121080000.txt", value(41))
    assert await folder.results() == [41.0, 3.0]
    folder.memory.clear()  # another run, from the cursor
    assert await folder.results() == []


async def test_late_files_are_found_and_very_old_ones_left(tmp_path: Path) -> None:
    folder = Folder(tmp_path, lookback_days=14, history_days=3, sweep_s=600)
    folder.put("KHI001_20261121080000.txt", value(1))
    folder.put("KHI001_20261110080000.txt", value(2), day="2026/11/10")
    assert await folder.results() == [1.0]  # at first three days
    folder.put("KHI001_20261115080000.txt", value(3), day="2026/11/15")
    folder.put("KHI001_20261001080000.txt", value(4), day="2026/10/01")
    assert await folder.results() == []  # recent folders alone
    folder.now += timedelta(minutes=11)
    assert await folder.results() == [2.0, 3.0]
    folder.now += timedelta(minutes=11)
    assert await folder.results() == []


async def test_a_file_still_being_written_waits(tmp_path: Path) -> None:
    folder = Folder(tmp_path, settle_s=30)
    folder.put("KHI001_20261121080000.txt", value(1)[:12], age_s=1)
    folder.put("KHI001_20261121080500.txt.tmp", value(2))
    folder.put(".KHI001_20261121081000.txt", value(3))
    assert await folder.results() == []
    folder.now += timedelta(seconds=20)
    folder.put("KHI001_20261121080000.txt", value(1), age_s=1)
    assert await folder.results() == []
    folder.now += timedelta(seconds=40)
    assert await folder.results() == [1.0]
    folder.put("KHI001_20261121081500.txt", value(4), age_s=-3600)  # a server whose clock is ahead
    assert await folder.results() == []
    folder.now += timedelta(seconds=40)
    assert await folder.results() == [4.0]


async def test_ten_thousand_files_in_one_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    start = datetime(2026, 11, 15)  # noqa: DTZ001 (local, as names are)
    for n in range(10_000):
        when = f"{start + timedelta(seconds=n * 50):%Y%m%d%H%M%S}"
        path = tmp_path / f"KHI001_{when}.txt"
        path.write_bytes(LINE.replace("20261121083000", when).encode())
        os.utime(path, (NOW.timestamp() - 60,) * 2)
    found = await folder.poll()
    assert sum(len(batch.records) for batch in found) == 10_001
    assert max(len(batch.records) for batch in found) <= 201
    times = [row.phenomenon_time for batch in found for row in batch.records if isinstance(row, Observation)]
    assert times == sorted(times)
    assert await folder.results() == []
    assert len(str(folder.cursor)) < 70_000


async def test_a_broken_file_among_good_ones(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("KHI001_20261121080000.txt", value(1))
    folder.put("KHI001_20261121080500.txt", "<html>")
    folder.put("KHI001_20261121081000.txt", "x" * (5 << 20))
    found = await folder.poll()
    assert [row.reason for batch in found for row in batch.rejected] == ["malformed", "too_large"]
    assert all(len(row.payload or b"") <= 65536 for batch in found for row in batch.rejected)


async def test_nothing_but_nonsense_takes_the_source_down_until_sense_comes(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("KHI001_20261121080000.txt", "<html>")
    for _ in range(2):
        with pytest.raises(Garbled):
            await folder.poll()
    folder.put("KHI001_20261121080500.txt", value(2))
    assert await folder.results() == [2.0]


async def test_a_lost_folder_is_a_lost_source(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no such folder"):
        await Folder(tmp_path / "away").poll()


async def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "KHI001_20261121080000.txt").write_text(LINE)
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "2026").symlink_to(secret)
    assert await Folder(drop).results() == []


@pytest.mark.parametrize("after", ["leave", "move", "delete"])
async def test_files_are_left_unless_the_options_say_otherwise(tmp_path: Path, after: str) -> None:
    folder = Folder(tmp_path, after=after, keep_days=1)
    old = folder.put("KHI001_20261119080000.txt", value(1), age_s=2 * 86400, day="2026/11/19")
    new = folder.put("KHI001_20261121080000.txt", value(2))
    assert await folder.results() == [1.0, 2.0]
    assert old.exists()  # its rows may not be stored yet
    assert await folder.results() == []
    assert new.exists()
    assert old.exists() is (after == "leave")
    moved = tmp_path / "read" / "2026/11/19" / old.name
    assert moved.exists() is (after == "move")
    assert await folder.results() == []


async def test_stations_of_the_options_are_told_before_they_send(tmp_path: Path) -> None:
    folder = Folder(tmp_path, sites={"HUE_QTMT_KHI009": {"name": "Trạm Vỹ Dạ", "lon": 107.6, "lat": 16.47}})
    (batch, _) = await folder.poll()
    assert [row.name for row in batch.records if isinstance(row, Thing)] == ["Trạm Vỹ Dạ"]
