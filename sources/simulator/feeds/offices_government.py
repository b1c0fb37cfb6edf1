"""Targets by month as a workbook that is put into a folder; the people of the wards as a CSV."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet
from sources.simulator.office_targets import is_recorded, monthly, people

TARGETS = Sheet(
    source="simulated_government_performance",
    service="government_performance",
    titles=("Chỉ tiêu của phường, xã và cơ quan", "Targets of wards and agencies"),
    owner=("so_noi_vu", "Văn phòng UBND"),
    form="xlsx",
    file="chi_tieu_thang",
    heading="TỔNG HỢP KẾT QUẢ THỰC HIỆN CHỈ TIÊU, NHIỆM VỤ",
    groups={"Chỉ tiêu được giao": "Chỉ tiêu", "Chỉ tiêu đạt": "Chỉ tiêu", "Nhiệm vụ được giao": "Nhiệm vụ",
            "Nhiệm vụ đúng hạn": "Nhiệm vụ"},
    merged="Tháng",
    rows=monthly,
    options={
        "kind": "Thing",
        "identity": ["Mã"],
        "fill": ["Tháng"],
        "columns": {"name": "Đơn vị", "category": "Cấp", "agency": "Đơn vị", "period": "Tháng", "lon": "Kinh độ",
                    "lat": "Vĩ độ"},
        "observations": [
            {"observed_property": "targets_met", "numerator": "Chỉ tiêu / Chỉ tiêu đạt",
             "denominator": "Chỉ tiêu / Chỉ tiêu được giao"},
            {"observed_property": "targets_met_plan", "column": "Mục tiêu chỉ tiêu (%)"},
            {"observed_property": "tasks_on_time", "numerator": "Nhiệm vụ / Nhiệm vụ đúng hạn",
             "denominator": "Nhiệm vụ / Nhiệm vụ được giao"},
            {"observed_property": "disbursement", "numerator": "Đã giải ngân (tỷ đồng)",
             "denominator": "Kế hoạch vốn (tỷ đồng)"},
            {"observed_property": "disbursement_plan", "column": "Mục tiêu giải ngân (%)"},
            {"observed_property": "par_index", "column": "Chỉ số CCHC"},
            {"observed_property": "pci", "column": "PCI"},
            {"observed_property": "sipas", "column": "SIPAS"},
            {"observed_property": "papi", "column": "PAPI"},
            {"observed_property": "dti", "column": "DTI"},
        ],
    },
    kept_s=75 * DAY_S,
    step_s=3600,
    poll_s=60,
    cadence_s=31 * DAY_S,
    record_s=DAY_S,
    recorded=is_recorded,
    before=((-370 * DAY_S, 0),),
)  # fmt: skip

PEOPLE = Sheet(
    source="simulated_population",
    service="population",
    titles=("Dân số theo phường, xã", "People by ward"),
    owner=("cong_an", "Công an tỉnh"),
    form="csv",
    heading="DÂN SỐ THEO PHƯỜNG, XÃ, TỪ CƠ SỞ DỮ LIỆU NGUỒN",
    rows=people,
    options={
        "kind": "Thing",
        "identity": ["Mã phường, xã"],
        "columns": {"name": "Phường, xã", "ward_code": "Mã phường, xã", "ward": "Phường, xã", "period": "Tháng"},
        "constants": {"category": "ward_unit"},
        "observations": [
            {"observed_property": "population", "column": "Dân số"},
            {"observed_property": "households", "column": "Số hộ"},
            {"observed_property": "density", "column": "Mật độ"},
            {"observed_property": "under_15", "numerator": "Dưới 15 tuổi", "denominator": "Dân số"},
            {"observed_property": "over_60", "numerator": "Từ 60 tuổi", "denominator": "Dân số"},
            {"observed_property": "temporary", "column": "Tạm trú"},
        ],
    },
    kept_s=40 * DAY_S,
    step_s=3600,
    poll_s=300,
    cadence_s=31 * DAY_S,
    record_s=DAY_S,
    before=((-40 * DAY_S, 0),),
)

FEED = feed(TARGETS, PEOPLE, order=67)
