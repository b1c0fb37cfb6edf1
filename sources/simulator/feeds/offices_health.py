"""Health: a CSV of the facilities with ETag, a JSON of cases by ward and week."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_health import SERVICE, daily, weekly
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet

OWNER = ("so_y_te", "Sở Y tế")

DAILY = Sheet(
    source="simulated_health",
    service=SERVICE,
    titles=("Cơ sở y tế theo ngày", "Health facilities, daily"),
    owner=OWNER,
    form="csv",
    heading="SỞ Y TẾ: BÁO CÁO NHANH HOẠT ĐỘNG KHÁM, CHỮA BỆNH",
    rows=daily,
    options={
        "kind": "Thing",
        "identity": ["Mã cơ sở"],
        "columns": {"name": "Cơ sở y tế", "category": "Loại", "lon": "Kinh độ", "lat": "Vĩ độ"},
        "observations": [
            {"observed_property": "beds", "column": "Số giường", "time": "Ngày giờ"},
            {"observed_property": "beds_occupied", "column": "Giường đang dùng", "time": "Ngày giờ"},
            {"observed_property": "bed_occupancy", "numerator": "Giường đang dùng", "denominator": "Số giường",
             "time": "Ngày giờ"},
            {"observed_property": "outpatients", "column": "Lượt khám", "time": "Ngày giờ"},
            {"observed_property": "emergencies", "column": "Cấp cứu", "time": "Ngày giờ"},
            {"observed_property": "ambulances_free", "column": "Xe cứu thương sẵn sàng", "time": "Ngày giờ"},
        ],
    },
    kept_s=4 * DAY_S,
    cadence_s=DAY_S,
    record_s=DAY_S,
)  # fmt: skip

WEEKLY = Sheet(
    source="simulated_health_cases",
    service=SERVICE,
    titles=("Ca bệnh theo phường, xã và tuần", "Cases by ward and week"),
    owner=OWNER,
    form="json",
    rows=weekly,
    options={
        "kind": "Thing",
        "rows": "data",
        "identity": ["ma_phuong"],
        "columns": {"name": "phuong_xa", "ward_code": "ma_phuong", "ward": "phuong_xa"},
        "constants": {"category": "ward_unit"},
        "observations": [
            {"observed_property": "cases_dengue", "column": "sot_xuat_huyet", "time": "den"},
            {"observed_property": "cases_hfmd", "column": "tay_chan_mieng", "time": "den"},
        ],
    },
    kept_s=15 * DAY_S,
    step_s=3600,
    poll_s=300,
    cadence_s=7 * DAY_S,
    record_s=DAY_S,
    before=((-49 * DAY_S, 0),),
)

FEED = feed(DAILY, WEEKLY, order=64)
