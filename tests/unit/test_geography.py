"""The committed geography: complete, valid, in place; Hoàng Sa and Trường Sa drawn and named."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import shapely

from geodata.errors import UnknownName
from geodata.geography import COLLECTIONS, attribution, collection


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_collection_is_valid_wgs84_with_unique_ids(name: str) -> None:
    frame = collection(name)
    assert frame.crs.to_epsg() == 4326
    assert len(frame) > 0
    assert frame["id"].is_unique or name in {"land", "land_coarse"}
    assert frame.geometry.notna().all()
    assert not frame.geometry.is_empty.any()
    assert frame.geometry.is_valid.all()
    assert collection(name) is frame


def test_an_unknown_collection_is_named() -> None:
    with pytest.raises(UnknownName, match="wards"):
        collection("streets")


def test_the_folder_stays_small() -> None:
    folder = Path(str(files("geodata").joinpath("data")))
    assert sum(path.stat().st_size for path in folder.glob("*.parquet")) < 12e6


def test_land_knows_the_city_and_the_sea() -> None:
    land = shapely.union_all(collection("land").geometry.array)
    assert land.contains(shapely.Point(107.5847, 16.4637))  # Huế
    assert land.contains(shapely.Point(108.0378, 12.6667))  # Buôn Ma Thuột
    assert not land.contains(shapely.Point(107.87, 16.315))  # Cầu Hai
    assert not land.contains(shapely.Point(108.5, 17.5))


def test_lagoons_are_lakes_with_a_name_and_without_open_sea() -> None:
    lakes = collection("lakes").set_index("id")
    lagoon = lakes.loc["tam_giang_cau_hai"].geometry
    assert lagoon.contains(shapely.Point(107.515, 16.618))
    assert lagoon.contains(shapely.Point(107.87, 16.315))
    assert not lagoon.intersects(shapely.box(107.80, 16.50, 108.0, 16.60))  # off the barrier
    area_km2 = lakes.to_crs(9214).area["tam_giang_cau_hai"] / 1e6
    assert 190 < area_km2 < 260  # the books say 216 to 220


def test_wards_are_the_units_of_the_four_provinces() -> None:
    wards = collection("wards")
    assert wards.groupby("city").size().to_dict() == {"dak_lak": 102, "hue": 40, "nghe_an": 130, "quang_tri": 78}
    assert wards["approximate"].all()
    assert set(wards["kind"]) == {"ward", "commune", "special_zone"}
    afloat = [
        row.name for row in wards.itertuples(index=False) if not row.geometry.covers(shapely.Point(row.lon, row.lat))
    ]
    assert afloat == ["Thuận An"]  # its official point lies in the lagoon
    cells = wards.groupby("city")["cell_km2"].sum() / wards.groupby("city")["area_km2"].sum()
    assert cells.between(0.94, 1.06).all()


def test_ward_cells_do_not_overlap_and_stay_in_the_country() -> None:
    wards = collection("wards")
    pairs = wards.sindex.query(wards.geometry, predicate="overlaps")
    first, second = wards.geometry.to_numpy()[pairs]
    assert shapely.area(shapely.intersection(first, second)).max(initial=0) < 1e-8
    laos = shapely.Point(106.2, 16.6)
    assert not wards.intersects(laos).any()
    land = shapely.union_all(collection("land").geometry.array)
    assert shapely.union_all(wards.geometry.array).difference(land).area < 1e-6


def test_hoang_sa_and_truong_sa_are_drawn_and_named_at_every_zoom() -> None:
    islands = collection("islands")
    for group, name in (("hoang_sa", "Quần đảo Hoàng Sa (Việt Nam)"), ("truong_sa", "Quần đảo Trường Sa (Việt Nam)")):
        rows = islands[islands["archipelago"] == group]
        assert (rows["kind"] == "shore").sum() >= 5
        assert rows[rows["kind"] == "archipelago"]["name_vi"].tolist() == [name]
        assert (rows["kind"] == "island").sum() >= 10
        label = collection("places").set_index("name_vi").loc[name]
        assert (label["min_zoom"], label["rank"]) == (0, 0)


def test_labels_stand_where_their_kind_belongs() -> None:
    places = collection("places")
    land = shapely.union_all(collection("land").geometry.array)
    shapely.prepare(land)
    water = places[places["kind"].isin(["sea", "lagoon"])]
    assert not shapely.contains(land, water.geometry.array).any()
    rivers = collection("rivers")
    for row in places[places["kind"] == "river"].itertuples(index=False):
        own = rivers[rivers["name_vi"] == row.name_vi]
        assert shapely.distance(own.geometry.array, row.geometry).min() < 1e-5, row.name_vi
    assert places["min_zoom"].le(places["max_zoom"]).all()
    wards = places[places["kind"] == "ward"]
    assert not wards["name_vi"].str.match(r"^(Phường|Xã|Đặc khu) ").any()


def test_landings_are_on_water_and_say_that_they_are_approximate() -> None:
    landings = collection("landings")
    land = shapely.union_all(collection("land").geometry.array)
    assert not shapely.intersects(land, landings.geometry.array).any()
    assert landings["approximate"].all()
    assert {"Thuận An", "Cửa Việt", "Cửa Lò", "Đông Tác (Phú Yên)"} <= set(landings["name_vi"])


def test_attribution_says_that_boundaries_are_approximate() -> None:
    assert "ranh giới xấp xỉ" in attribution("vi")
    assert "approximate" in attribution("en")
    assert "GSHHG" in attribution("vi")
