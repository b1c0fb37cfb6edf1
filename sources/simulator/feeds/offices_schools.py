"""Schools: the day's report as a workbook over HTTP, their size as JSON once a month."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_schools import SERVICE, daily, monthly
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet

OWNER = ("so_gddt", "Sở Giáo dục và Đào tạo")

DAILY = Sheet(
    source="simulated_education",
    service=SERVICE,
    titles=("Chuyên cần các trường học", "Attendance of schools"),
    owner=OWNER,
    form="xlsx",
    heading="SỞ GIÁO DỤC VÀ ĐÀO TẠO: BÁO CÁO CHUYÊN CẦN",
    groups={"Sĩ số": "Học sinh", "Có mặt": "Học sinh"},
    rows=daily,
    options={
        "kind": "Thing",
        "identity": ["Mã trường"],
        "columns": {"name": "Tên trường", "category": "Cấp học", "lon": "Kinh độ", "lat": "Vĩ độ"},
        "observations": [
            {"observed_property": "attendance", "numerator": "Học sinh / Có mặt", "denominator": "Học sinh / Sĩ số",
             "time": "Ngày"},
            {"observed_property": "status", "column": "Trạng thái", "time": "Ngày",
             "values": {"Học bình thường": "open", "Nghỉ học": "closed", "Học trực tuyến": "online",
                        "Nơi sơ tán": "shelter"}},
        ],
    },
    kept_s=4 * DAY_S,
    cadence_s=DAY_S,
    record_s=DAY_S,
)  # fmt: skip

MONTHLY = Sheet(
    source="simulated_schools",
    service=SERVICE,
    titles=("Quy mô trường học", "Size of schools"),
    owner=OWNER,
    form="json",
    rows=monthly,
    options={
        "issuer": DAILY.source,
        "kind": "Observation",
        "rows": "data",
        "identity": ["ma"],
        "columns": {"period": "thang"},
        "observations": [
            {"observed_property": "pupils", "column": "hoc_sinh"},
            {"observed_property": "teachers", "column": "giao_vien"},
            {"observed_property": "class_size", "column": "si_so"},
        ],
    },
    kept_s=40 * DAY_S,
    step_s=3600,
    poll_s=300,
    cadence_s=31 * DAY_S,
    record_s=DAY_S,
    before=((-40 * DAY_S, 0),),
)

FEED = feed(DAILY, MONTHLY, order=65)
