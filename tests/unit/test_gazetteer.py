"""Search as people type, wards by place, old units to new ones."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import admin_units, gazetteer
from geodata.folding import composed, fold, words


@pytest.mark.parametrize(
    "typed", ["hue", "HUẾ", "Huê", unicodedata.normalize("NFD", "Huế"), "thua thien hue", " huế, "]
)
def test_hue_is_found_however_it_is_typed(typed: str) -> None:
    assert gazetteer.search(typed)[0].name == "Huế"


@pytest.mark.parametrize("typed", ["Đắk Lắk", "Đăk Lăk", "Dak Lak", "đắc lắc"])
def test_spellings_of_dak_lak(typed: str) -> None:
    assert (gazetteer.search(typed)[0].kind, gazetteer.search(typed)[0].name) == ("province", "Đắk Lắk")


@pytest.mark.parametrize("typed", ["Srêpôk", "Sêrêpốk", "serepok", "sông srepok", "Srêpốc"])
def test_spellings_of_the_srepok(typed: str) -> None:
    assert gazetteer.search(typed)[0].name == "Sông Srêpốk"


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("vi da", "ward", "Vỹ Dạ"),
        ("phường thuận hóa", "ward", "Thuận Hóa"),
        ("p. thuan hoa", "ward", "Thuận Hóa"),
        ("huong", "river", "Sông Hương"),
        ("tam giang", "lagoon", "Phá Tam Giang"),
        ("hoang sa", "island", "Quần đảo Hoàng Sa (Việt Nam)"),
        ("truong sa", "island", "Quần đảo Trường Sa (Việt Nam)"),
        ("dong ha", "city", "Đông Hà"),
        ("tinh quang binh", "old_province", "Quảng Bình"),
        ("bmt", "city", "Buôn Ma Thuột"),
        ("sông cả", "river", "Sông Lam"),
        ("so xay dung", "agency", "Sở Xây dựng"),
    ],
)
def test_best_match(typed: str, kind: str, name: str) -> None:
    best = gazetteer.search(typed, limit=3)[0]
    assert (best.kind, best.name) == (kind, name)


def test_marks_decide_when_they_are_typed() -> None:
    assert gazetteer.search("Thuận Hòa")[0].name == "Thuận Hòa"
    assert gazetteer.search("Thuận Hóa")[0].name == "Thuận Hóa"
    assert gazetteer.search("thuận hoà")[0].name == "Thuận Hòa"


def test_the_nearer_of_equal_names_comes_first() -> None:
    hanoi, hue = (105.84, 21.02), (107.59, 16.46)
    assert "Hà Nội" in gazetteer.search("thuan an", near=hanoi)[0].detail
    assert "Huế" in next(h.detail for h in gazetteer.search("thuan an", near=hue) if h.kind == "ward")


def test_each_place_is_listed_once_and_no_more_than_asked() -> None:
    hits = gazetteer.search("hue", limit=50)
    assert len({(hit.kind, hit.ref) for hit in hits}) == len(hits)
    assert len(gazetteer.search("h", limit=7)) == 7
    assert gazetteer.search("") == gazetteer.search(" ., ") == gazetteer.search("qqqq") == []


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_answered(typed: str) -> None:
    assert len(gazetteer.search(typed, limit=5)) <= 5


@settings(deadline=None)
@given(st.sampled_from(sorted(unit.name for unit in admin_units.new_units().values())))
def test_every_unit_is_found_by_its_plain_name(name: str) -> None:
    found = gazetteer.search(fold(name), limit=200)
    assert any(composed(hit.name) == composed(name) for hit in found)


def test_folding() -> None:
    assert fold("Đường Lê-Lợi, TP. Huế") == "duong le loi tp hue"
    assert fold("Phá Tam Giang – Cầu Hai") == "pha tam giang cau hai"
    assert words("Quý Mỹ") == words("Quí Mĩ")
    assert composed("Khánh Hoà") == composed("Khánh Hòa")
    assert composed("Phú Quý") == "phú quý"


def test_ward_at() -> None:
    ward = gazetteer.ward_at(107.584, 16.4556)
    assert ward is not None
    assert (ward.code, ward.full_name, ward.province) == ("19789", "Phường Thuận Hóa", "Huế")
    assert gazetteer.ward_at(107.87, 16.315) is None  # the middle of Cầu Hai
    assert gazetteer.ward_at(107.87, 16.315, within_m=10_000) is not None
    assert gazetteer.ward_at(105.84, 21.02) is None  # Hà Nội is none of the cities
    assert gazetteer.ward_at(110.0, 17.0, within_m=1000) is None


def test_every_official_point_lies_in_its_own_ward() -> None:
    units = [unit for unit in admin_units.new_units().values() if unit.province_code in {"46", "44", "40", "66"}]
    wrong = [u.name for u in units if (w := gazetteer.ward_at(u.lon, u.lat)) is None or w.code != u.code]
    assert wrong == []


def test_wards_of_many_points() -> None:
    codes = gazetteer.wards_of([107.584, 107.87, 105.84, 107.1003], [16.4556, 16.315, 21.02, 16.8163])
    assert codes[:3] == ["19789", None, None]
    east = gazetteer.ward_at(107.1003, 16.8163)
    assert east is not None
    assert codes[3] == east.code
    assert gazetteer.wards_of([], []) == []


def test_a_code_means_nothing_without_its_date() -> None:
    before, after = date(2025, 6, 30), date(2025, 7, 1)
    assert gazetteer.unit("44", on=before).name == "Quảng Bình"
    assert gazetteer.unit("44", on=after).name == "Quảng Trị"
    assert gazetteer.unit("45", on=before).name == "Quảng Trị"
    with pytest.raises(admin_units.NoSuchUnit, match="45"):
        gazetteer.unit("45", on=after)


def test_counts_of_the_two_trees() -> None:
    assert len(admin_units.new_units()) == 3321
    assert len(admin_units.old_units()) == 10040
    new = [unit for unit in admin_units.groups(date(2026, 1, 1)).values() if unit.kind == "province"]
    old = [unit for unit in admin_units.groups(date(2025, 1, 1)).values() if unit.kind == "province"]
    assert (len(new), len(old)) == (34, 63)


def test_conversion_by_names_and_by_code() -> None:
    (heir,) = gazetteer.convert("Phường 1", "Thành phố Đông Hà", "Quảng Trị")
    assert heir.unit.full_name == "Phường Đông Hà"
    assert heir.main
    assert not heir.divided
    assert heir.since == date(2025, 7, 1)
    old = admin_units.find_old("Phường 1", "Đông Hà")
    assert gazetteer.convert(old.code)[0] == heir
    assert heir.unit.valid_on(date(2026, 1, 1))
    assert not old.valid_on(date(2026, 1, 1))
    assert old in admin_units.origins(heir.unit.code)


def test_a_divided_unit_names_all_its_heirs_the_main_one_first() -> None:
    heirs = gazetteer.convert("31268")
    assert [(heir.unit.code, heir.main, heir.divided) for heir in heirs] == [
        ("31288", True, True),
        ("31666", False, True),
    ]


def test_every_old_unit_has_one_main_heir() -> None:
    for code in admin_units.old_units():
        assert [heir.main for heir in gazetteer.convert(code)].count(True) == 1


def test_an_old_province_and_a_district_become_many() -> None:
    heirs = gazetteer.convert("44")  # old codes: Quảng Bình
    assert {heir.unit.province for heir in heirs} == {"Quảng Trị"}
    assert len(heirs) > 30
    assert [heir.unit.full_name for heir in gazetteer.convert("471")] == ["Đặc khu Cồn Cỏ"]


def test_ambiguous_and_unknown_names_are_told() -> None:
    with pytest.raises(admin_units.AmbiguousUnit, match="Hương Khê"):
        gazetteer.convert("Hương Long")
    with pytest.raises(admin_units.NoSuchUnit, match="Không Có"):
        gazetteer.convert("Không Có")
