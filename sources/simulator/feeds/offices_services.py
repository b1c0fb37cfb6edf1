"""One-stop offices: a workbook a day over HTTP, a workbook of the month in a folder, dossiers in JSON by page."""

from __future__ import annotations

from sources.simulator.clock import DAY_S
from sources.simulator.office_dossiers import SERVICE, daily, dossiers, monthly
from sources.simulator.office_server import feed
from sources.simulator.office_sheet import Sheet

OWNER = ("hcc", "Trung tâm Phục vụ hành chính công")

DAILY = Sheet(
    source="simulated_public_services",
    service=SERVICE,
    titles=("Hồ sơ theo đơn vị, từng ngày", "Dossiers by office, daily"),
    owner=OWNER,
    form="xlsx",
    heading="BÁO CÁO TÌNH HÌNH TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ THỦ TỤC HÀNH CHÍNH",
    groups={"Tiếp nhận": "Hồ sơ", "Đang giải quyết": "Hồ sơ", "Quá hạn": "Hồ sơ",
            "Tổng số": "Đã giải quyết", "Đúng hạn": "Đã giải quyết"},
    merged="Ngày",
    rows=daily,
    options={
        "kind": "Thing",
        "identity": ["Mã đơn vị"],
        "fill": ["Ngày"],
        "columns": {"name": "Đơn vị", "agency": "Đơn vị", "lon": "Kinh độ", "lat": "Vĩ độ"},
        "constants": {"category": "one_stop"},
        "observations": [
            {"observed_property": "received", "column": "Hồ sơ / Tiếp nhận", "time": "Ngày"},
            {"observed_property": "in_progress", "column": "Hồ sơ / Đang giải quyết", "time": "Ngày"},
            {"observed_property": "overdue", "column": "Hồ sơ / Quá hạn", "time": "Ngày"},
            {"observed_property": "on_time_rate", "numerator": "Đã giải quyết / Đúng hạn",
             "denominator": "Đã giải quyết / Tổng số", "time": "Ngày"},
        ],
    },
    kept_s=7 * DAY_S,
    poll_s=300,
    cadence_s=DAY_S,
    record_s=DAY_S,
)  # fmt: skip

MONTHLY = Sheet(
    source="simulated_public_service_groups",
    service=SERVICE,
    titles=("Năm nhóm chỉ số của Quyết định 766", "The five groups of Decision 766"),
    owner=OWNER,
    form="xlsx",
    file="quyet_dinh_766",
    heading="CHỈ SỐ PHỤC VỤ NGƯỜI DÂN, DOANH NGHIỆP THEO QUYẾT ĐỊNH 766/QĐ-TTg",
    merged="Tháng",
    rows=monthly,
    options={
        "issuer": DAILY.source,
        "kind": "Observation",
        "identity": ["Mã đơn vị"],
        "fill": ["Tháng"],
        "columns": {"period": "Tháng"},
        "observations": [
            *({"observed_property": rate, "numerator": f"{name}: đạt", "denominator": f"{name}: số hồ sơ"}
              for rate, name in (("online_rate", "Trực tuyến"), ("online_payment_rate", "Thanh toán"),
                                 ("digitised_rate", "Số hóa"), ("satisfaction_rate", "Hài lòng"))),
            *({"observed_property": f"score_{score}", "column": name}
              for score, name in (("transparency", "Công khai"), ("progress", "Tiến độ"),
                                  ("digitisation", "Điểm số hóa"), ("online", "Điểm trực tuyến"),
                                  ("satisfaction", "Điểm hài lòng"))),
        ],
    },
    kept_s=75 * DAY_S,
    step_s=3600,
    poll_s=60,
    cadence_s=31 * DAY_S,
    record_s=DAY_S,
    before=((-100 * DAY_S, 0),),
)  # fmt: skip

DOSSIERS = Sheet(
    source="simulated_dossiers",
    service=SERVICE,
    titles=("Hồ sơ đang giải quyết", "Dossiers under way"),
    owner=OWNER,
    form="json",
    identity="so_ho_so",
    rows=dossiers,
    options={
        "kind": "ServiceRequest",
        "rows": "data",
        "identity": ["so_ho_so"],
        "columns": {
            "requested_datetime": "ngay_nhan", "updated_datetime": "cap_nhat", "expected_datetime": "han",
            "closed_datetime": "ngay_xong", "status": "trang_thai", "service_code": "ma_trang_thai",
            "service_name": "thu_tuc", "title": "thu_tuc", "agency": "don_vi", "ward": "phuong_xa", "channel": "kenh",
        },
        "values": {"status": {
            "Được tiếp nhận": "dispatched", "Đang xử lý": "in_progress", "Yêu cầu bổ sung giấy tờ": "extension",
            "Đã xử lý xong": "resolved", "Đã trả kết quả": "closed", "Không được tiếp nhận": "rejected",
        }},
        "paging": {"by": "page", "size": 200, "size_parameter": "page_size"},
        "since": {"parameter": "since", "field": "updated_datetime", "history_days": 14},
    },
    page=200,
    kept_s=14 * DAY_S,
    step_s=60,
    poll_s=60,
    cadence_s=3 * DAY_S,
    before=((-31 * DAY_S, 0),),
)  # fmt: skip

FEED = feed(DAILY, MONTHLY, DOSSIERS, order=61)
