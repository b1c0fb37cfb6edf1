"""River stations: alarm levels rise, what is not known is absent, a feed's own names find them."""

from __future__ import annotations

import pytest

from geodata.city import cities, city
from geodata.errors import ConfigInvalid, UnknownName
from geodata.stations import find, parse, station, stations

KNOWN = {  # bd1, bd2, bd3
    "kim_long": (1.0, 2.0, 3.5),
    "phu_oc": (1.5, 3.0, 4.5),
    "thach_han": (3.0, 4.5, 6.0),
    "dong_ha": (2.0, 3.0, 4.0),
    "hien_luong": (1.0, 2.0, 2.5),
    "gia_vong": (None, 8.0, 11.0),
    "dau_mau": (None, 22.0, None),
    "hai_tan": (1.8, 2.8, 3.5),
    "mai_hoa": (3.0, 5.0, 6.5),
    "le_thuy": (1.2, 2.2, 2.7),
    "nam_dan": (5.4, 6.9, 7.9),
    "dua": (None, None, 24.5),
    "con_cuong": (None, None, 30.5),
    "cho_trang": (None, None, None),
    "giang_son": (420.0, 422.0, 424.0),
    "ban_don": (171.0, 173.0, 174.0),
    "krong_buk": (454.0, None, None),
    "cung_son": (None, 32.0, 34.5),
    "phu_lam": (1.7, 2.7, 3.7),
}


def test_levels_are_those_of_the_bulletins() -> None:
    assert {name: (s.bd1, s.bd2, s.bd3) for name, s in stations().items()} == KNOWN


def test_believed_levels_are_told_apart() -> None:
    believed = {(s.id, level) for s in stations().values() for level in s.alarms if not s.confirmed(level)}
    assert believed == {("dong_ha", "bd2"), ("giang_son", "bd3"), ("ban_don", "bd2")}
    assert not station("cho_trang").confirmed("bd1")


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_station_stands_in_its_province_approximately(name: str) -> None:
    found = station(name)
    assert found.approximate
    homes = [c for c in cities().values() if found.province_code in c.province_codes]
    assert any(c.box.west < found.lon < c.box.east and c.box.south < found.lat < c.box.north for c in homes)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("kim_long", "kim_long"),
        ("71520", "kim_long"),
        ("Trạm thủy văn Kim Long", "kim_long"),
        ("  PHÚ ỐC ", "phu_oc"),
        ("Trạm Phu\u0301 Ô\u0301c", "phu_oc"),  # decomposed letters
        ("Phu Oc", None),  # no guess among likenesses
        ("Sông Seine", None),
        ("", None),
    ],
)
def test_a_feed_s_name_finds_the_station(said: str, meant: str | None) -> None:
    found = find(said)
    assert (found.id if found else None) == meant


def test_a_name_can_be_held_to_a_province() -> None:
    assert find("Đông Hà", city("dong_ha").province_codes[0]) is station("dong_ha")
    assert find("Đông Hà", "46") is None


def test_unknown_station_names_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="no station is named 'seine'; known: kim_long, phu_oc"):
        station("seine")


STATION = (
    '[[station]]\nid = "a"\nname = "A"\nriver = "B"\nprovince_code = "46"\nlon = 107.5\nlat = 16.5\nsource = "x"\n'
)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("bd1 = 3.0\nbd3 = 2.0", "station.0: Value error, bd1, bd2, bd3 rise"),
        ('unconfirmed = ["bd1"]', "station.0: Value error, unconfirmed names a level that is absent"),
        ("bd4 = 1.0", "station.0.bd4: Extra inputs"),
        ('bd1 = "high"', "station.0.bd1: Input should be a valid number"),
    ],
)
def test_a_broken_file_says_file_and_field(more: str, reason: str) -> None:
    with pytest.raises(ConfigInvalid, match=f"hydrology.toml: {reason}"):
        parse(STATION + more, "hydrology.toml")
