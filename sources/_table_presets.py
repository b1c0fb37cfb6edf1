"""Ready-made mappings of tables that many provinces have. What a city says in its own options wins over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VMS: Mapping[str, Any] = {
    "kind": ("Thing", "Position"),
    "issuer": "vms",
    "inside": "globe",
    "timezone": "Asia/Ho_Chi_Minh",
    "columns": {
        "id": "Số đăng ký | Biển số đăng ký | Biển số tàu | Biển số | Số hiệu tàu | so_dang_ky | bien_so | plate"
        " | registration",
        "name": "Tên tàu? | Số đăng ký | Biển số đăng ký | Biển số tàu | Biển số | Số hiệu tàu | so_dang_ky | bien_so"
        " | plate | registration",
        "time": "Thời gian | Thời điểm | Thời gian vị trí | Thời gian gửi | thoi_gian | time | timestamp | datetime",
        "lon": "Kinh độ | kinh_do | lon | lng | longitude",
        "lat": "Vĩ độ | vi_do | lat | latitude",
        "sog_kn": "Tốc độ? | Vận tốc | Tốc độ (hải lý/giờ) | Tốc độ (knot) | van_toc | toc_do | speed | sog",
        "cog_deg": "Hướng? | Hướng đi | Hướng di chuyển | huong | course | cog | heading",
    },
    "constants": {"category": "ship_30"},
    "properties": {
        "registration": "Số đăng ký? | Biển số đăng ký | Biển số tàu | Biển số | Số hiệu tàu | so_dang_ky | bien_so"
        " | plate | registration",
        "length_m": {
            "column": "Chiều dài? | Chiều dài lớn nhất | Chiều dài (m) | Lmax | chieu_dai | length | length_m",
            "as": "number",
        },
        "device": "Mã thiết bị? | Số thiết bị | Số IMEI | ma_thiet_bi | device | device_id",
        "state": "Trạng thái? | Tình trạng | trang_thai | status",
    },
}
"""Exports of vessel monitoring systems as believed: the decree (41/2026/NĐ-CP, before it 26/2019) names position,
time, speed, heading and device state, no column by name. Registration, not the number of the device, is the vessel: a
device may be changed."""

PRESETS: Mapping[str, Mapping[str, Any]] = {"vms": VMS}


def merged(preset: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The preset with the city's options over it; maps entry by entry."""
    found = {**preset, **given}
    for name, value in preset.items():
        if isinstance(value, Mapping) and isinstance(own := given.get(name), Mapping):
            found[name] = {**value, **own}
    return found
