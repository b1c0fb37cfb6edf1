"""Duty desks: incidents of public order in JSON that links from page to page, incidents on the roads in NDJSON."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_incidents import order, roads
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet
from sources.simulator.scenario import HOUR_S

ORDER = Sheet(
    source="simulated_public_order",
    service="public_order",
    titles=("Sổ trực ban an ninh trật tự", "Duty book of public order"),
    owner=("cong_an", "Công an tỉnh"),
    form="json",
    identity="so",
    rows=order,
    options={
        "kind": "Event",
        "rows": "data",
        "identity": ["so"],
        "columns": {
            "time": "luc", "end_time": "ngay_xong", "category": "loai", "title": "noi_dung", "severity": "muc",
            "status": "trang_thai", "lon": "kinh_do", "lat": "vi_do",
        },
        "properties": {"ward": "phuong_xa"},
        "paging": {"by": "next"},
    },
    page=40,
    kept_s=3 * DAY_S,
    step_s=30,
    poll_s=30,
    cadence_s=2 * HOUR_S,
    before=((-2 * DAY_S, 0),),
)  # fmt: skip

ROADS = Sheet(
    source="simulated_road_incidents",
    service="traffic",
    titles=("Sự cố giao thông", "Road incidents"),
    owner=("ban_atgt", "Ban An toàn giao thông"),
    form="ndjson",
    identity="so",
    rows=roads,
    options={
        "kind": "Event",
        "format": "ndjson",
        "identity": ["so"],
        "columns": {
            "time": "luc", "end_time": "ngay_xong", "category": "loai", "title": "noi_dung", "severity": "muc",
            "status": "trang_thai", "lon": "kinh_do", "lat": "vi_do",
        },
        "properties": {"ward": "phuong_xa", "expected_end": "han"},
    },
    kept_s=3 * DAY_S,
    step_s=30,
    poll_s=30,
    cadence_s=3 * HOUR_S,
    before=((-2 * DAY_S, 0),),
)  # fmt: skip

FEED = feed(ORDER, ROADS, order=62)
