"""Tourism: visitors of sites as JSON, guests of stays as a CSV; the same weeks of last year stand in the recording."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet
from sources.simulator.office_visits import SERVICE, guests, has_places, sites

OWNER = ("so_du_lich", "Sở Văn hóa, Thể thao và Du lịch")
LAST_YEAR = ((-364 * DAY_S, -343 * DAY_S), (-7 * DAY_S, 0))
"""The three weeks that last year were those of the recording and the one after, and the week before it."""

SITES = Sheet(
    source="simulated_tourism_sites",
    service=SERVICE,
    titles=("Lượt khách các điểm đến", "Visitors of sites"),
    owner=OWNER,
    form="json",
    rows=sites,
    runs=has_places,
    options={
        "kind": "Thing",
        "rows": "data",
        "identity": ["ma"],
        "columns": {"name": "ten", "category": "loai", "lon": "toa_do[0]", "lat": "toa_do[1]", "period": "ngay"},
        "observations": [
            {"observed_property": "visitors", "column": "luot_khach"},
            {"observed_property": "visitors_foreign", "column": "khach_quoc_te"},
            {"observed_property": "revenue", "column": "doanh_thu", "unit": "10*6.{VND}"},
            {"observed_property": "complaints", "column": "gop_y"},
        ],
    },
    kept_s=7 * DAY_S,
    poll_s=300,
    cadence_s=DAY_S,
    record_s=DAY_S,
    before=LAST_YEAR,
)

STAYS = Sheet(
    source="simulated_tourism_stays",
    service=SERVICE,
    titles=("Công suất phòng cơ sở lưu trú", "Room occupancy of stays"),
    owner=OWNER,
    form="csv",
    heading="BÁO CÁO HOẠT ĐỘNG LƯU TRÚ DU LỊCH",
    rows=guests,
    runs=has_places,
    options={
        "kind": "Thing",
        "identity": ["Mã cơ sở"],
        "columns": {"name": "Cơ sở lưu trú", "category": "Loại", "lon": "Kinh độ", "lat": "Vĩ độ", "period": "Ngày"},
        "properties": {"rooms": {"column": "Số phòng", "as": "integer"}},
        "observations": [
            {"observed_property": "occupancy", "numerator": "Phòng có khách", "denominator": "Số phòng"},
            {"observed_property": "guests", "column": "Khách lưu trú"},
        ],
    },
    kept_s=7 * DAY_S,
    poll_s=300,
    cadence_s=DAY_S,
    record_s=DAY_S,
    before=LAST_YEAR,
)

FEED = feed(SITES, STAYS, order=66)
