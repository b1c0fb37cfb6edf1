"""Spreadsheets of three formats as offices keep them: read alike, bad cells by themselves, hostile files cheaply.

The files are written by ``tools/make_table_books.py``.
"""

from __future__ import annotations

import resource
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shapely.geometry import Point

from geodata.crs import transformer
from geodata.records import Observation, Record, Rejected, Thing
from sources import _table_biff
from sources._table_sheet import MAX_CELLS, sheets
from sources._table_text import Unreadable
from sources.table import TableOptions, parse

BOOKS = Path(__file__).parents[1] / "payloads/table/books"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
OPTIONS = TableOptions.model_validate(
    {
        "service": "public_utilities",
        "kind": "Thing",
        "identity": ["Mã tủ"],
        "decimal": ",",
        "srid": 9212,
        "columns": {"name": "Tên tủ", "x": "Tọa độ / Y (m)", "y": "X (m)", "time": ["Kiểm tra / Ngày", "Giờ"]},
        "constants": {"category": "lighting"},
        "properties": {"rate": {"column": "Tỷ lệ?", "as": "number"}},
        "observations": [
            {"observed_property": "power", "column": "Công suất (kW)"},
            {"observed_property": "lamps_out", "column": "Đèn tắt"},
        ],
    }
)
"""X is to the north: the plans' own words."""


def read(name: str) -> tuple[list[Record], list[Rejected]]:
    rows = list(parse((BOOKS / name).read_bytes(), OPTIONS, NOW))
    return [r for r in rows if not isinstance(r, Rejected)], [r for r in rows if isinstance(r, Rejected)]


@pytest.mark.parametrize("name", ["good.xlsx", "good.xls", "good.ods", "macro.xlsm", "wrong_name.csv"])
def test_one_table_is_the_same_in_every_format(name: str) -> None:
    records, rejected = read(name)
    assert [row.reason for row in rejected] == ["total_row"]
    things = {row.id: row for row in records if isinstance(row, Thing)}
    assert [row.name for row in things.values()] == [
        "Tủ Hùng Vương 1", "Tủ Hùng Vương 2", "Tủ Lê Duẩn", "Tủ Trần Hưng Đạo",  # the third row is hidden, and told
    ]  # fmt: skip
    assert [row.time and f"{row.time:%d %H:%M}" for row in things.values()] == [
        "20 00:30",
        "20 01:15",
        "20 02:00",
        "20 03:05",
    ]
    first = things["table:T01"].geometry
    assert isinstance(first, Point)
    assert (first.x, first.y) == pytest.approx(transformer(9212, 4326).transform(588200.5, 1860500.25))
    power = [row.result for row in records if isinstance(row, Observation) and row.observed_property == "power"]
    assert power == [12.5, 9.75, 1204.5, 7.0]
    assert [row.result for row in records if isinstance(row, Observation) and row.observed_property == "lamps_out"] == [
        2,
        0,
        3,
        1,
    ]
    rates = [row.properties.get("rate") for row in things.values()]
    counted = [0.05, 0, 0.025, 1 / 24]
    assert rates == ([None] * 4 if name == "good.xls" else counted)  # a formula that nobody has counted is nothing


@pytest.mark.parametrize("name", ["partial.xlsx", "partial.xls", "partial.ods"])
def test_a_bad_cell_spoils_its_own_row_and_no_other(name: str) -> None:
    records, rejected = read(name)
    assert {row.reason for row in rejected if row.payload} == {"bad_number", "bad_position", "bad_time", "no_id"}
    placed = {row.id for row in records if isinstance(row, Thing) and row.geometry is not None}
    assert placed >= {"table:T01", "table:T07", "table:T08"}
    assert "table:T06" not in placed
    for row in rejected:
        again = list(parse(row.payload or b"{}", OPTIONS, NOW))
        assert [one.reason for one in again if isinstance(one, Rejected)], "what was kept is read as it was"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("broken_cut.xlsx", "no spreadsheet that can be read"),
        ("broken_cut.xls", "past the end of the file"),
        ("broken_cut.ods", "no spreadsheet that can be read"),
        ("broken_page.xls", "a web page"),
        ("hostile_password.xlsx", "has a password"),
        ("hostile_entities.xlsx", ""),
        ("hostile_far.xls", "16777216 places"),
    ],
)
def test_a_file_that_is_none_is_one_line(name: str, says: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    records, (rejected,) = read(name)
    assert not records
    assert rejected.reason in {"garbled", "no_columns"}
    assert says in rejected.detail
    assert rejected.payload
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "KiB: it was refused before it grew"


def test_what_a_workbook_says_of_itself_is_not_reserved() -> None:
    body = bytearray((BOOKS / "good.xls").read_bytes())
    at = body.index(struct.pack("<HH", _table_biff.DIMENSIONS, 14), body.index(b"Bia") if b"Bia" in body else 0)
    body[at + 4 : at + 16] = struct.pack("<IIHH", 0, 0xFFFFFFFF, 0, 0xFFFF)
    with pytest.raises(Unreadable, match=f"more than {MAX_CELLS}"):
        sheets(bytes(body))


def test_chains_of_sectors_end() -> None:
    body = (BOOKS / "good.xls").read_bytes()
    for at in range(0, len(body), 97):
        for wrong in (b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x01\x00\x00\x00"):
            try:
                _table_biff.places(body[:at] + wrong + body[at + 4 :])
            except ValueError:
                continue


def test_binary_workbooks_and_hidden_sheets() -> None:
    names = [name for name, _ in sheets((BOOKS / "good.xlsx").read_bytes())]
    assert names == ["Bìa", "Bảng kê", "Tháng 10"]
    binary = (BOOKS / "good.xlsx").read_bytes().replace(b"xl/workbook.xml", b"xl/workbook.bin")
    with pytest.raises(Unreadable, match="xlsb"):
        sheets(binary)
