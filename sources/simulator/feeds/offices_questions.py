"""The switchboard's questions: JSON by page, only what changed since the last look."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_questions import questions
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet
from sources.simulator.scenario import HOUR_S

QUESTIONS = Sheet(
    source="simulated_citizen_questions",
    service="citizen_questions",
    titles=("Câu hỏi gửi tổng đài 1022", "Questions to switchboard 1022"),
    owner=("ioc", "Tổng đài 1022"),
    form="json",
    identity="so",
    rows=questions,
    options={
        "kind": "ServiceRequest",
        "rows": "data",
        "identity": ["so"],
        "columns": {
            "requested_datetime": "ngay_nhan", "updated_datetime": "cap_nhat", "expected_datetime": "han",
            "closed_datetime": "ngay_xong", "status": "trang_thai", "status_notes": "ket_qua",
            "service_code": "linh_vuc.ma", "service_name": "linh_vuc.ten", "title": "cau_hoi", "urgency": "muc_do",
            "agency": "co_quan", "ward": "phuong_xa", "channel": "kenh",
        },
        "person": {"name": "nguoi_hoi", "phone": "dien_thoai"},
        "values": {"status": {
            "Mới tiếp nhận": "submitted", "Đã chuyển cơ quan trả lời": "dispatched", "Đã trả lời": "closed",
        }},
        "paging": {"by": "page", "size": 100, "size_parameter": "page_size"},
        "since": {"parameter": "since", "field": "updated_datetime", "history_days": 14},
    },
    page=100,
    kept_s=14 * DAY_S,
    step_s=30,
    poll_s=30,
    cadence_s=2 * HOUR_S,
    before=((-21 * DAY_S, 0),),
)  # fmt: skip

FEED = feed(QUESTIONS, order=63)
