"""Placing a text by the gazetteer: areas of the units that it names, never a point."""

from __future__ import annotations

from datetime import date

import pytest

from sources._place_index import names
from sources._places import Place, place
from tests.support.patience import cheaper

DAY = date(2026, 11, 21)


def at(title: str, summary: str = "", *provinces: str, day: date = DAY) -> Place:
    return place(title, summary, day, provinces or ("46",))


@pytest.mark.parametrize(
    ("title", "level", "codes"),
    [
        ("Ngập sâu ở phường Vỹ Dạ sau mưa lớn", "ward", ["19777"]),
        ("P. An Cựu, TP. Huế mất điện", "ward", ["19815"]),
        ("Xã Chân Mây - Lăng Cô đón tàu", "ward", ["20137"]),
        ("Các phường Thuận Hóa, Vỹ Dạ và Kim Long ngập", "ward", ["19789", "19777", "19774"]),
        ("Thuận An tan hoang sau bão", "ward", ["19900"]),
        ("Huyện Phong Điền cũ đổi thay", "ward", ["476"]),  # until 2025: an area of wards
        ("Sạt lở ở A Lưới", "ward", ["481"]),
        ("Phường Phú Hội (cũ) thay áo mới", "ward", ["19786"]),
        ("Hoà nhạc ở phường Thuận Hoá", "ward", ["19789"]),  # the other way to set the tone mark
        ("Sông Hương lên trên báo động 2", "province", ["46"]),
        ("Phá Tam Giang dậy sóng", "province", ["46"]),
        ("Đại Nội Huế đón khách", "province", ["46"]),
        ("MƯA LỚN Ở HUẾ NGẬP NHIỀU NƠI", "province", ["46"]),
        ("Quảng Bình mưa to", "province", ["44"]),  # Quảng Trị today
        ("Đắc Lắc được mùa cà phê", "province", ["66"]),
        ("Flooding in Hue, central Vietnam", "province", ["46"]),
        ("Thua Thien Hue province hit by flood", "province", ["46"]),
        ("Chuyện ở Đà Nẵng", "province", ["48"]),
    ],
)
def test_what_is_named_is_found(title: str, level: str, codes: list[str]) -> None:
    found = at(title)
    assert (found.level, [entry.code for entry in found.told]) == (level, codes)
    assert 0 < found.confidence <= 0.95
    assert found.geometry is None or found.geometry.geom_type in {"Polygon", "MultiPolygon"}


@pytest.mark.parametrize(
    "title",
    [
        "Ông Nguyễn Kim Long nhận giải thưởng",
        "Ca sĩ Thanh Thủy ra mắt bài mới",
        "Bà Nguyễn Thị Huế trúng cử",
        "Kim Long: giọng ca mới",  # a ward of Huế, and a given name
        "Đường Lê Lợi được sửa",
        "Vinh danh nhà giáo tiêu biểu",
        "Hòa Bình là ước mơ của mọi người",
        "Xã Tân Thành có trường mới",  # in twenty provinces
        "Trường Phú Xuân tuyển sinh",
        "Giá vàng hôm nay",
        "The hue of the sky",
    ],
)
def test_what_is_no_place_is_none(title: str) -> None:
    assert at(title) == Place()


def test_the_province_that_is_named_settles_a_name_that_many_have() -> None:
    found = at("Xã Tân Thành (Nghệ An) có trường mới")
    assert [entry.province for entry in found.told] == ["40"]
    assert found.level == "ward"


def test_ambiguity_and_distance_from_the_headline_lower_the_confidence() -> None:
    sure = at("Ngập ở phường Vỹ Dạ").confidence
    assert at("Ngập nặng", "Ở phường Vỹ Dạ").confidence < sure
    assert at("Ngập ở Vỹ Dạ").confidence < sure
    assert at("Huế và Đà Nẵng liên kết").confidence < at("Huế liên kết").confidence


def test_the_units_of_the_articles_own_day_are_meant() -> None:
    new, old = at("Chuyện ở phường Thuận An"), at("Chuyện ở phường Thuận An", day=date(2024, 5, 1))
    assert new.told[0].on > old.told[0].on
    assert new.geometry is not None
    assert old.geometry is not None


def test_far_places_have_a_name_and_no_area() -> None:
    found = at("Hà Nội rét đậm")
    assert (found.level, found.geometry) == ("province", None)
    assert found.properties["names"] == ["Hà Nội"]


def test_a_text_is_placed_sooner_than_each_name_is_looked_for() -> None:
    known = [" ".join(name) for name in names().marked]
    summary = (
        "Mưa lớn khiến nhiều tuyến đường ở phường Vỹ Dạ, phường Thuận Hóa, TP Huế ngập; sông Hương lên nhanh. " * 14
    )
    assert cheaper(
        lambda _: at("Ngập sâu ở phường Vỹ Dạ sau mưa lớn tại Huế", summary),
        than=lambda _: [name for name in known if name in summary],
        times=10,
    )
