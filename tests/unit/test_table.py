"""Tables as Vietnamese offices export them: headers, words, numbers, times, places, and what is refused."""

# ruff: noqa: E501 (tables read best in one line)

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from pydantic import ValidationError

from geodata.catalogue import one_line
from geodata.records import (
    Event,
    Feature,
    Observation,
    Position,
    Record,
    Rejected,
    RequestStatus,
    ServiceRequest,
    Thing,
)
from sources._table_sheet import MAX_CELLS, MAX_INFLATED_B, sheets
from sources._table_text import Unreadable
from sources.table import TableOptions, parse

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

ATTENDANCE: dict[str, Any] = {
    "service": "staff_cards",
    "kind": "Thing",
    "identity": ("Mã cơ quan",),
    "columns": {"name": "Cơ quan", "time": ("Ngày", "Giờ")},
    "constants": {"category": "office"},
    "observations": [
        {"observed_property": "present", "column": "Có mặt"},
        {"observed_property": "late_rate", "numerator": "Đi muộn", "denominator": "Có mặt"},
    ],
    "decimal": ",",
}
SHEET = """SỞ NỘI VỤ;;;;;
BÁO CÁO CHUYÊN CẦN NGÀY 21/11/2026;;;;;
Mã cơ quan;Cơ quan;Ngày;Giờ;Có mặt;Đi muộn
(1);(2);(3);(4);(5);(6)
A1;Sở Y tế;21/11/2026;07:30;1.040;26
;;;;;
A2;Sở Tài chính;21/11/2026;7h45;36;-
;Tổng cộng;;;1.076;26
;Người lập biểu;;;;
"""


def read(body: str | bytes, **options: Any) -> tuple[list[Record], list[Rejected]]:
    raw = body.encode() if isinstance(body, str) else body
    rows = list(parse(raw, TableOptions.model_validate(options), NOW))
    assert all(row.received_at == NOW for row in rows)
    return [r for r in rows if not isinstance(r, Rejected)], [r for r in rows if isinstance(r, Rejected)]


def wrong(**options: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        TableOptions.model_validate(options)
    line = one_line(caught.value)
    assert "\n" not in line
    return line


def test_a_report_with_titles_numbering_total_and_signature() -> None:
    records, rejected = read(SHEET, **ATTENDANCE)
    assert [r.name for r in records if isinstance(r, Thing)] == ["Sở Y tế", "Sở Tài chính"]
    present = {(o.thing_id, o.observed_property): o for o in records if isinstance(o, Observation)}
    assert present["table:A1", "present"].result == 1040
    assert present["table:A1", "present"].unit == "{person}"
    late = present["table:A1", "late_rate"]
    assert (late.result, late.numerator, late.denominator, late.unit) == (2.5, 26, 1040, "%")
    assert ("table:A2", "late_rate") not in present  # – means nothing
    assert late.phenomenon_time == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert [row.reason for row in rejected] == ["header_row", "total_row", "footer"]
    assert not [row for row in rejected if row.payload]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_delimiter_in_any_unicode(mark: str, encoding: str) -> None:
    body = SHEET.replace(";", mark).encode(encoding)
    records, _ = read(body, **ATTENDANCE)
    assert len(records) == 5


def test_windows_1258_is_told_from_tcvn3_and_vni() -> None:
    text = "Mã;Tên\nA1;Sở Y tế thành phố Huế, phường Phú Xuân\n"
    legacy = text.translate(
        {ord(a): b for a, b in zip("ởếốườ", ("ơ\u0309", "ê\u0301", "ô\u0301", "ư", "ơ\u0300"), strict=False)}
    )
    body = legacy.replace("ã", "a\u0303").replace("ú", "u\u0301").encode("cp1258", "ignore")
    own = {"kind": "Thing", "identity": ("Mã",), "columns": {"name": "Tên"}}
    for options in (own, {**own, "encoding": "windows-1258"}):
        records, _ = read(body, **options)
        assert isinstance(records[0], Thing)
        assert str(records[0].name).startswith("Sở Y tế thành phố Huế")
    tcvn3 = b"M\xb7;T\xaan\nA1;Th\xb5nh ph\xe8 Hu\xd5, \xae\xb7 x\xf6 l\xfd\n"
    _, rejected = read(tcvn3, **own)
    assert "TCVN3" in rejected[0].detail
    assert "UTF-8" in rejected[0].detail
    assert "font" in wrong(**own, encoding="TCVN3")
    assert "VNI" in wrong(**own, encoding="VNI")
    assert "klingon" in wrong(**own, encoding="klingon")


def test_a_bad_byte_costs_its_row_only() -> None:
    body = SHEET.replace("Sở Tài chính", "S\x01\x02").encode().replace(b"\x01\x02", b"\xff\xfe")
    records, rejected = read(body, **ATTENDANCE)
    assert len([r for r in records if isinstance(r, Thing)]) == 1
    assert [r.reason for r in rejected if r.payload] == ["malformed"]


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    _, rejected = read(SHEET.replace("Có mặt", "Số người"), **ATTENDANCE)
    assert [row.reason for row in rejected] == ["no_columns"]
    assert 'no column "Có mặt"' in rejected[0].detail
    assert '"Số người"' in rejected[0].detail


def test_what_is_rejected_can_be_read_again() -> None:
    body = SHEET.replace("36", "ba mươi sáu")
    _, rejected = read(body, **ATTENDANCE)
    (bad,) = [row for row in rejected if row.payload]
    assert bad.reason == "bad_number"
    mended = (bad.payload or b"").replace("ba mươi sáu".encode(), b"36")
    records, left = read(mended, **ATTENDANCE)
    assert [o.result for o in records if isinstance(o, Observation)] == [36]
    assert not left
    _, rejected = read(SHEET.replace("1.040;26", "1.040;26;9"), **ATTENDANCE)
    (wide,) = [row for row in rejected if row.payload]
    assert wide.detail == "7 cells under 6 columns"
    assert read(wide.payload or b"", **ATTENDANCE)[0] == []


def workbook(*rows: list[object], merged: tuple[str, ...] = (), cover: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if cover:
        sheet["A1"] = "Trang bìa"
        sheet = book.create_sheet("Số liệu")
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


DOSSIERS: dict[str, Any] = {
    "service": "public_services",
    "kind": "Thing",
    "identity": ("Đơn vị",),
    "columns": {"name": "Đơn vị", "period": "Kỳ"},
    "fill": ("Kỳ",),
    "observations": [
        {"observed_property": "received", "column": "Hồ sơ / Tổng số"},
        {"observed_property": "overdue", "column": "Quá hạn"},
    ],
}


def test_merged_headers_and_cells_of_a_workbook() -> None:
    body = workbook(
        ["BÁO CÁO GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH"],
        ["STT", "Kỳ", "Đơn vị", "Hồ sơ", None, "Phí", None],
        [None, None, None, "Tổng số", "Quá hạn", "Tổng số", "Miễn"],
        ["A", "B", "C", 1, 2, 3, 4],
        [1, "Tháng 10/2026", "UBND phường Thuận Hóa", 1520, 4, 99, 1],
        [2, None, "UBND phường Phú Xuân", 980.0, None, 98, 2],
        [None, "Tổng cộng", None, 2500, 4, 197, 3],
        merged=("A1:G1", "D2:E2", "F2:G2", "A2:A3", "B2:B3", "C2:C3", "B5:B6"),
        cover=True,
    )
    records, rejected = read(body, **DOSSIERS)
    seen = [(o.observed_property, o.result, o.phenomenon_end) for o in records if isinstance(o, Observation)]
    end = datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert seen == [("received", 1520, end), ("overdue", 4, end), ("received", 980, end)]
    assert [row.reason for row in rejected] == ["header_row", "total_row"]
    _, rejected = read(body, **{**DOSSIERS, "sheet": "Phụ lục"})
    assert "the sheets are: Sheet, Số liệu" in rejected[0].detail
    twice = {**DOSSIERS, "observations": [{"observed_property": "received", "column": "Tổng số"}]}
    assert "2 columns are named" in read(body, **twice)[1][0].detail


def bomb(name: str, content: bytes) -> bytes:
    file = io.BytesIO(workbook(["a", "b"]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(name, content)
    return file.getvalue()


def test_zip_bombs_are_refused_by_size() -> None:
    with pytest.raises(Unreadable, match="unpacks to more than"):
        sheets(bomb("xl/media/x.bin", bytes(MAX_INFLATED_B + 1)))
    far = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"/></row></sheetData></worksheet>'
    with pytest.raises(Unreadable, match="row 1048576"):
        sheets(bomb("xl/worksheets/sheet9.xml", far))
    lying = bytearray(bomb("xl/media/x.bin", bytes(8 << 20)))
    with pytest.raises(Unreadable):
        sheets(bytes(lying[:-40]))
    assert MAX_CELLS < 10_000_000


def test_json_paths_and_objects() -> None:
    body = {"data": {"items": [
        {"id": 7, "name": {"vi": "Bệnh viện Trung ương Huế"}, "at": "2026-11-21T07:00:00+07:00", "beds": {"used": 1800},
         "geo": [107.5868, 16.4625]},
    ]}}  # fmt: skip
    options: dict[str, Any] = {
        "service": "health", "kind": "Thing", "rows": "data.items", "identity": ("id",), "issuer": "syt",
        "columns": {"name": "name.vi", "time": "at", "lon": "geo[0]", "lat": "geo[1]"},
        "observations": [{"observed_property": "beds_occupied", "column": "beds.used"}],
    }  # fmt: skip
    (thing, observation), rejected = read(json.dumps(body), **options)
    assert isinstance(thing, Thing)
    assert (thing.id, thing.name) == ("syt:7", "Bệnh viện Trung ương Huế")
    assert isinstance(observation, Observation)
    assert observation.result == 1800
    assert not rejected


QUESTIONS: dict[str, Any] = {
    "service": "citizen_questions", "kind": "ServiceRequest", "identity": ("Số",), "city": "hue",
    "columns": {
        "requested_datetime": "Ngày hỏi", "status": "Tình trạng", "title": "Câu hỏi", "ward": "Phường", "agency": "Cơ quan?",
        "expected_datetime": "Hạn?", "service_name": "Lĩnh vực?",
    },
    "person": {"name": "Người hỏi", "phone": "Điện thoại"},
    "values": {"status": {"Chờ trả lời": "in_progress", "Đã trả lời": "closed"}},
}  # fmt: skip


def test_cases_with_wards_words_and_people() -> None:
    body = (
        "Số,Ngày hỏi,Tình trạng,Câu hỏi,Phường,Người hỏi,Điện thoại\n"
        "1,20/11/2026 08:00,Chờ trả lời,Hỏi đất đai,Phường Thuận Hóa,Lê C,0914000001\n"
        "2,20/11/2026 09:00,Đã trả lời,Hỏi điện,P. Phú Xuân,Lê D,0914000002\n"
        "3,20/11/2026 10:00,đang xử lý,Hỏi nước,Phường Trên Trời,Lê E,0914000003\n"
        "4,hôm kia,Đã trả lời,Hỏi,Phường Phú Xuân,Lê G,0914000004\n"
    )
    cases, rejected = read(body, **QUESTIONS)
    assert [c.status for c in cases if isinstance(c, ServiceRequest)] == [
        RequestStatus.IN_PROGRESS, RequestStatus.CLOSED, RequestStatus.IN_PROGRESS,
    ]  # fmt: skip
    first = cases[0]
    assert isinstance(first, ServiceRequest)
    assert first.person == {"name": "Lê C", "phone": "0914000001"}
    assert first.source_status == "Chờ trả lời"
    assert (
        first.properties == {"place_level": "ward", "ward_code": "19804"} or first.properties["place_level"] == "ward"
    )
    assert first.geometry is not None
    assert {r.reason for r in rejected} == {"unknown_place", "bad_time"}
    kept = b"".join(r.payload or b"" for r in rejected)
    assert b"0914" not in kept
    assert "Lê".encode() not in kept


def test_the_place_of_an_agency_and_of_an_old_ward() -> None:
    body = "Số,Ngày hỏi,Tình trạng,Câu hỏi,Phường,Người hỏi,Điện thoại\n1,20/11/2026,mới,Hỏi,Phường Thủy Vân,A,1\n"
    (case,), rejected = read(body, **QUESTIONS)
    assert isinstance(case, ServiceRequest)
    assert case.geometry is not None
    assert not rejected


POINTS: dict[str, Any] = {"kind": "Thing", "identity": ("ma",), "columns": {"x": "X", "y": "Y"}}


def test_vn2000_swapped_axes_and_wrong_systems() -> None:
    (thing,), _ = read("ma,X,Y\n1,562236.5,1820977.25\n", **POINTS, srid=9214)
    assert isinstance(thing, Thing)
    assert thing.geometry is not None
    (lon, lat), *_ = thing.geometry.coords
    assert 107.5 < lon < 107.7
    assert 16.4 < lat < 16.6
    for body, hint in (
        ("ma,X,Y\n1,1820977.25,562236.5\n", "northing stands before easting"),
        ("ma,X,Y\n1,107.59,16.46\n", "the values are degrees"),
        ("ma,X,Y\n1,0,0\n", "null island"),
    ):
        records, rejected = read(body, **POINTS, srid=9214)
        assert rejected[0].reason == "bad_position"
        assert hint in rejected[0].detail
        assert "--" not in rejected[0].detail
        assert isinstance(records[0], Thing)
        assert records[0].geometry is None
    degrees_ = {"kind": "Thing", "identity": ("ma",), "columns": {"lon": "X", "lat": "Y"}}
    _, rejected = read("ma,X,Y\n1,16.46,107.59\n", **degrees_)
    assert "latitude stands before longitude" in rejected[0].detail


def test_features_by_wkt_and_by_ward() -> None:
    options: dict[str, Any] = {
        "service": "population", "kind": "Feature", "identity": ("ma",), "city": "hue", "constants": {"collection": "dan_so"},
        "columns": {"name": "ten", "wkt": "hinh?", "ward": "ten"}, "properties": {"nguoi": {"column": "so dan", "as": "integer"}},
        "decimal": ",",
    }  # fmt: skip
    (feature,), rejected = read("ma;ten;so dan\n1;Phường Thuận Hóa;46.712\n", **options)
    assert isinstance(feature, Feature)
    assert feature.approximate
    assert feature.geometry.geom_type.endswith("Polygon")
    assert feature.properties["nguoi"] == 46712
    assert not rejected
    (feature,), _ = read(
        "ma;ten;so dan;hinh\n1;x;5;SRID=4326;\n".replace("SRID=4326;", '"POINT(107.5 16.5)"'), **options
    )
    assert isinstance(feature, Feature)
    assert not feature.approximate


VMS = """Số đăng ký,Tên tàu,Chiều dài (m),Thời gian,Vĩ độ,Kinh độ,Tốc độ (hải lý/giờ),Hướng,Mã thiết bị,Trạng thái
TTH-91234-TS,,"16,8",21/11/2026 07:00:00,16°45.5'N,107°52.3'E,"7,4",135,VMS-0012,Bình thường
TTH-91271-TS,,24.5,21/11/2026 06:00:00,107.9,16.9,6,270,VMS-0013,Bình thường
"""


def test_the_preset_for_vessel_monitoring() -> None:
    records, rejected = read(VMS, preset="vms", service="fishing_vessels")
    ship, fix, other = records
    assert isinstance(ship, Thing)
    assert (ship.id, ship.name, ship.category) == ("vms:TTH-91234-TS", "TTH-91234-TS", "ship_30")
    assert ship.properties == {
        "registration": "TTH-91234-TS", "length_m": 16.8, "device": "VMS-0012", "state": "Bình thường",
    }  # fmt: skip
    assert isinstance(fix, Position)
    assert (round(fix.lon, 4), round(fix.lat, 4), fix.sog_kn, fix.cog_deg) == (107.8717, 16.7583, 7.4, 135)
    assert isinstance(other, Thing)
    assert [row.reason for row in rejected] == ["bad_position"]  # swapped: no fix at all
    (_, fix), _ = read(
        '{"plate":"QT-1","time":1795219200,"lon":109.2,"lat":17.1,"speed":10}', preset="vms", speed_unit="km/h"
    )
    assert isinstance(fix, Position)
    assert fix.sog_kn == pytest.approx(5.4, abs=0.01)
    (_, fix), _ = read("Tàu,Lúc,x,y\nA,21/11/2026,108,17\n", preset="vms", columns={
        "id": "Tàu", "name": "Tàu", "time": "Lúc", "lon": "x", "lat": "y"})  # fmt: skip
    assert isinstance(fix, Position)


def test_events_and_long_observations() -> None:
    events: dict[str, Any] = {
        "service": "staff_cards", "kind": "Event", "identity": ("id",),
        "columns": {"time": "t", "category": "loai", "thing": "cua", "severity": "muc"},
        "values": {"category": {"mở quá lâu": "door_alarm", "*": "denied"}},
    }  # fmt: skip
    found, _ = read("id,t,loai,cua,muc\n1,21/11/2026 7:00,Mở quá lâu,C1,3\n2,21/11/2026 7:00,khác,C1,9\n", **events)
    one, other = (row for row in found if isinstance(row, Event))
    assert (one.category, one.thing_id, one.severity) == ("door_alarm", "table:C1", 3)
    assert (other.category, other.severity) == ("denied", None)
    long: dict[str, Any] = {
        "service": "air_quality", "kind": "Observation", "identity": ("tram",), "units": {"microgam/m3": "ug/m3"},
        "columns": {"observed_property": "chi tieu", "result": "gia tri", "unit": "don vi", "time": "luc", "quality": "tt"},
    }  # fmt: skip
    found, rejected = read(
        "tram,chi tieu,gia tri,don vi,luc,tt\nT1,PM2.5,35.1,microgam/m3,21/11/2026 7:00,01\nT1,O3,x,µg/m³,21/11/2026 7:00,77\n",
        **long,
    )
    (row,) = found
    assert isinstance(row, Observation)
    assert (row.observed_property, row.unit, row.quality.value) == ("pm25", "ug/m3", "calibrating")
    assert [row.reason for row in rejected] == ["bad_number"]
