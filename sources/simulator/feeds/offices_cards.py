"""Cards of the city's staff: hourly counts in a CSV, a day's sums in JSON, doors in NDJSON page by page."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_cards import SERVICE, daily, doors, hourly, is_evening, is_recorded, readers
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet
from sources.simulator.scenario import HOUR_S

HOURLY = Sheet(
    source="simulated_staff_cards",
    service=SERVICE,
    titles=("Số người có mặt theo cơ quan", "Staff present by agency"),
    owner=("so_noi_vu", "Sở Nội vụ"),
    form="csv",
    heading="SỞ NỘI VỤ: SỐ CÔNG CHỨC, VIÊN CHỨC CÓ MẶT THEO GIỜ",
    rows=hourly,
    options={
        "kind": "Thing",
        "identity": ["Mã cơ quan"],
        "columns": {"name": "Cơ quan", "agency": "Mã cơ quan", "lon": "Kinh độ", "lat": "Vĩ độ"},
        "constants": {"category": "office"},
        "observations": [{"observed_property": "present", "column": "Có mặt", "numerator": "Có mặt",
                          "denominator": "Số thẻ", "time": "Thời điểm"}],
    },
    kept_s=DAY_S,
    cadence_s=HOUR_S,
    recorded=is_recorded,
)  # fmt: skip

DAILY = Sheet(
    source="simulated_staff_days",
    service=SERVICE,
    titles=("Tổng hợp thẻ công chức theo ngày", "Staff cards, daily sums"),
    owner=("so_noi_vu", "Sở Nội vụ"),
    form="json",
    rows=daily,
    options={
        "issuer": HOURLY.source,
        "kind": "Observation",
        "rows": "data",
        "identity": ["co_quan"],
        "columns": {"time": "luc"},
        "observations": [
            {"observed_property": "cards_active", "column": "the_dang_dung"},
            {"observed_property": "taps", "column": "luot_quet"},
            {"observed_property": "late_rate", "numerator": "di_muon", "denominator": "the_dang_dung"},
            {"observed_property": "visitors", "column": "khach"},
        ],
    },
    kept_s=4 * DAY_S,
    poll_s=300,
    cadence_s=DAY_S,
)

READERS = Sheet(
    source="simulated_staff_readers",
    service=SERVICE,
    titles=("Đầu đọc thẻ", "Card readers"),
    owner=("tt_cntt", "Trung tâm Công nghệ thông tin"),
    form="json",
    rows=readers,
    options={
        "issuer": HOURLY.source,
        "kind": "Thing",
        "rows": "data",
        "identity": ["thiet_bi"],
        "columns": {"name": "ten", "lon": "vi_tri.kinh_do", "lat": "vi_tri.vi_do"},
        "constants": {"category": "reader"},
        "observations": [{"observed_property": "reader_state", "column": "trang_thai", "time": "luc",
                          "values": {"trực tuyến": "online", "mất kết nối": "offline"}}],
    },
    kept_s=DAY_S,
    poll_s=300,
    cadence_s=6 * HOUR_S,
    recorded=is_evening,
)  # fmt: skip

DOORS = Sheet(
    source="simulated_staff_doors",
    service=SERVICE,
    titles=("Sự kiện ra vào cửa", "Doors: events"),
    owner=("tt_cntt", "Trung tâm Công nghệ thông tin"),
    form="ndjson",
    rows=doors,
    options={
        "issuer": HOURLY.source,
        "kind": "Event",
        "format": "ndjson",
        "identity": ["so"],
        "columns": {"time": "luc", "category": "loai", "title": "noi_dung", "thing": "thiet_bi", "lon": "kinh_do",
                    "lat": "vi_do"},
        "paging": {"by": "offset", "size": 20, "size_parameter": "limit"},
    },
    page=20,
    kept_s=2 * DAY_S,
    step_s=60,
    poll_s=60,
    cadence_s=6 * HOUR_S,
    record_s=DAY_S,
)  # fmt: skip

FEED = feed(HOURLY, DAILY, READERS, DOORS, order=60)
