"""Licences for works on roads: a view in the database of the department that grants them, read by SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.clock import LOCAL
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.road_works import DONE, WITHDRAWN, Licence, Register
from sources.simulator.scenario import HOUR_S
from sources.simulator.sql_door import SqlDoor
from sources.simulator.sql_table import Rows, Table
from sources.simulator.town import Town

SOURCE = "simulated_road_works"
POLL_S = 30.0
CADENCE_S = 72 * HOUR_S
"""An office is closed from Friday to Monday: a view in which nothing changes is no view that is lost."""

CLOSED, NARROWED = "Cấm đường", "Thu hẹp mặt đường"
VIEW = "chia_se.v_thi_cong_tren_duong"
COLUMNS = (
    "ma_ho_so", "so_giay_phep", "don_vi_thi_cong", "noi_dung", "ten_duong", "phuong_xa", "toa_do_x", "toa_do_y",
    "muc_anh_huong", "ngay_bat_dau", "ngay_ket_thuc", "trang_thai", "ghi_chu", "ngay_cap_nhat",
)  # fmt: skip
TABLE = Table(
    make=(
        "create schema if not exists nghiep_vu",
        "create schema if not exists chia_se",
        """create table if not exists nghiep_vu.giay_phep_thi_cong (
            ma_ho_so int primary key, so_giay_phep text, don_vi_thi_cong text, noi_dung text, ten_duong text,
            phuong_xa text, toa_do_x numeric(12, 3), toa_do_y numeric(12, 3), muc_anh_huong text,
            ngay_bat_dau timestamp, ngay_ket_thuc timestamp, trang_thai text, ghi_chu text, ngay_cap_nhat timestamp
        )""",
        f"create or replace view {VIEW} as select {', '.join(COLUMNS)} from nghiep_vu.giay_phep_thi_cong",  # noqa: S608
        'grant usage on schema chia_se to "{reader}"',
        f'grant select on {VIEW} to "{{reader}}"',
    ),
    name="nghiep_vu.giay_phep_thi_cong",
    key="ma_ho_so",
    columns=COLUMNS,
)
"""X is to the north and Y to the east, as Vietnamese plans have it; times are local and without a zone."""

MAPPING: Mapping[str, Any] = {
    "kind": "Event",
    "issuer": SOURCE,
    "identity": ["so_giay_phep"],
    "columns": {
        "time": "ngay_bat_dau", "end_time": "ngay_ket_thuc", "title": "noi_dung", "description": "ghi_chu",
        "severity": "muc_anh_huong", "status": "trang_thai", "x": "toa_do_y", "y": "toa_do_x",
    },
    "constants": {"category": "roadworks"},
    "values": {"severity": {CLOSED: 2, NARROWED: 1}, "status": {DONE: "ended", WITHDRAWN: "cancelled"}},
    "properties": {
        "licence": "so_giay_phep", "contractor": "don_vi_thi_cong", "ward": "phuong_xa", "street": "ten_duong",
        "effect": "muc_anh_huong",
    },
}  # fmt: skip


def bound(town: Town, register: Register, port: int = 0, **secret: str) -> SourceBinding:
    titles = ("Giấy phép thi công trên đường (mô phỏng)", "Licences for works on roads (simulated)")
    known = {agency.id: agency.title_vi for agency in town.city.agencies if agency.valid_to is None}
    database = _database(town)
    sql = {
        "url": f"postgresql://{database}_doc@{LOOPBACK}:{port}/{database}", "table": VIEW, "changed": "ngay_cap_nhat",
        "tie": "ma_ho_so", "overlap_s": 60, "timeout_s": 15, **secret,
    }  # fmt: skip
    options = {**MAPPING, "sql": sql, "srid": register.own.srid, "city": town.city.id, "poll_s": POLL_S}
    owner = known.get("so_xay_dung", "Sở Xây dựng")
    return binding(SOURCE, "table", "traffic", titles, owner=owner, options=options, cadence_s=CADENCE_S)


def _database(town: Town) -> str:
    return f"so_xay_dung_{town.city.id}"


def sources(town: Town) -> list[SourceBinding]:
    register = town.part(Register.of)
    return [] if register is None else [bound(town, register)]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    """None without a private cluster: no other server is ours to make a database on."""
    from sources.simulator.sql_office import opened, password_file  # a recording loads no database's driver

    register = town.part(Register.of)
    if register is None or host.data is None:
        return []
    office = await opened(host, _database(town), TABLE, lambda: standing(register, host.faults, host.now()))
    assert office is not None
    door = SqlDoor(SOURCE, host.faults, office.port, host.port())
    await door.open()
    host.on_close(door.close)
    host.spawn(door.run())
    secret = password_file(host.folder, SOURCE, office.guest.reader.password)
    return [bound(town, register, door.port, password_file=str(secret))]


def standing(register: Register, faults: Faults, now: float) -> Rows:
    """The table as the office has it now, by its key; what is wrong with it stands in it."""
    found = {row.case: cells(row) for row in register.standing(faults.held_at(SOURCE, now))}
    if faults.is_on(SOURCE, Kind.SKEW) or faults.is_on(SOURCE, Kind.DUPLICATES):
        saved = _local(now // POLL_S * POLL_S + faults.skew_s(SOURCE))  # everything is saved again, and nothing is new
        return {key: {**row, "ngay_cap_nhat": saved} for key, row in found.items()}
    if faults.is_on(SOURCE, Kind.GARBAGE):
        half = {name: None for name in COLUMNS if name != TABLE.key}
        saved = _local(now // POLL_S * POLL_S)
        found[-1] = {**half, "noi_dung": "\x1a\x1a", "ngay_cap_nhat": saved}
        found[-2] = {**half, "so_giay_phep": "?/GP-SXD", "trang_thai": "?", "ngay_cap_nhat": saved}
    return found


def cells(row: Licence) -> dict[str, Any]:
    """The row without its key."""
    return {
        "so_giay_phep": row.number,
        "don_vi_thi_cong": row.firm,
        "noi_dung": f"{row.work}, đường {row.street}",
        "ten_duong": row.street,
        "phuong_xa": row.ward,
        "toa_do_x": row.north,
        "toa_do_y": row.east,
        "muc_anh_huong": CLOSED if row.closes else NARROWED,
        "ngay_bat_dau": _local(row.begins),
        "ngay_ket_thuc": _local(row.ends),
        "trang_thai": row.state,
        "ghi_chu": row.note,
        "ngay_cap_nhat": _local(row.changed),
    }


def _local(t: float) -> datetime:
    return datetime.fromtimestamp(int(t), LOCAL).replace(tzinfo=None)


def recorded(register: Register, start: float, end: float) -> Iterator[Line]:
    """What stood in the view before, then each row that changed, as objects of its columns."""
    if past := register.standing(start):
        yield start, _rows(past)
    for row in register.changes(start, end):
        yield row.changed, _rows([row])


def _rows(rows: Sequence[Licence]) -> str:
    return json.dumps([{TABLE.key: row.case, **cells(row)} for row in rows], ensure_ascii=False, default=str)


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    register = town.part(Register.of)
    return {} if register is None else {SOURCE: payloads(folder, SOURCE, recorded(register, start, end))}


FEED = Feed(sources=sources, open=open_, history=history, order=73)
