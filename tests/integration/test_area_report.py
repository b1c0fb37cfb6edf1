"""An area report and exports over a real store: the sums are those of the layers, the files open elsewhere."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import Image

from app.pages import area_ask, area_files, area_letters, area_page, area_print, area_words
from app.text import Text
from geodata import areas, geography
from geodata.city import city
from geodata.exchange.export import Format
from geodata.store.reader import Reader
from geodata.view import Bounds
from layers import report
from layers.base import get
from tests.support import scene
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
HUE = city("hue")
LON, LAT = scene.HOME
AROUND = Bounds(107.2, 16.2, 108.2, 16.9)
SERVICES = list(scene.BINDINGS)
VI = Text("vi")
FORMATS: tuple[Format, ...] = ("gpkg", "geojson", "parquet", "csv")


def asked(**given: str) -> area_ask.Ask:
    return area_ask.ask(HUE, {"l": ",".join(SERVICES), **given}, NOW)


def made(reader: Reader, area: areas.Area, ask: area_ask.Ask) -> report.Report:
    view = ask.view(area_ask.AREA_BOUNDS)
    return report.read(reader, area, view, city="hue", srid=HUE.srid, services=SERVICES)


def test_a_report_counts_what_the_layers_show(store: SyncStore, reader: Reader) -> None:
    scene.fill(store, NOW)
    ask, area = asked(), areas.circle(LON, LAT, 4000, "bến đò")
    found = made(reader, area, ask)
    assert {part.service.id for part in found.parts} == set(SERVICES)
    for part in found.parts:
        frame = get(part.service.id).load(reader, ask.view(AROUND))
        brute = [
            key
            for key, place in zip(frame.index, frame.geometry, strict=True)
            if place and place.intersects(area.shape)
        ]
        assert part.rows is not None, part.error
        assert sorted(map(str, part.rows.index)) == sorted(map(str, brute)), part.service.id
        assert part.count == len(brute)
        level = pd.to_numeric(frame.loc[brute, "level"])
        assert sum(part.levels.values()) == int((level >= 1).sum()) == len(part.abnormal)
        assert sum(part.states.values()) == sum(part.categories.values()) == len(brute)
    assert sum(part.count or 0 for part in found.parts) > 3
    counted = {part.service.id: part.trend for part in found.parts}
    reports = counted["field_reports"]
    assert reports is not None
    assert sum(reports.bins) == reports.n

    content = area_words.content(found, HUE, VI, made=NOW)
    told = {one["id"]: one["count"] for one in content["parts"]}
    assert told | {part.service.id: part.count for part in found.parts if part.count} == told
    page = area_page.html(content, {"picture": "/p", "pdf": "/d", "map": "/m"}, VI)
    assert "bến đò" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    pdf = area_print.pdf(content, Image.new("RGB", (160, 100)), VI)
    assert pdf.startswith(b"%PDF")
    assert b"Roboto" in pdf


def test_exports_open_with_their_system_and_all_rows(store: SyncStore, reader: Reader, tmp_path: Path) -> None:
    scene.fill(store, NOW)
    for srid in area_ask.srids(HUE):
        for format_ in FORMATS:
            ask = asked(l="field_reports", srid=str(srid))
            found = area_files.rows(ask, reader, AROUND, None, VI)
            path, media = area_files.write(ask, found, format_, ask.srid(), tmp_path)
            frame = get("field_reports").load(reader, ask.view(AROUND))
            assert path.name.startswith("hue_field_reports_")
            assert media == area_files.FORMATS[format_][1]
            opened = read(path)
            assert len(opened) == len(frame)
            assert "description" not in opened.columns
            assert "properties" not in opened.columns
            if format_ == "csv":
                assert set(opened["srid"]) == {srid}
            else:
                assert opened.crs.to_epsg() == srid
                back = opened.to_crs(4326).geometry
                ours = frame[~frame.geometry.isna()].geometry
                assert sorted(back.x.round(4)) == pytest.approx(sorted(ours.x.round(4)), abs=2e-4)


def read(path: Path) -> Any:
    if path.suffix == ".csv":
        return pd.read_csv(path)
    return gpd.read_parquet(path) if path.suffix == ".parquet" else pyogrio.read_dataframe(path)


def test_several_layers_are_tables_of_one_file_or_an_archive(store: SyncStore, reader: Reader, tmp_path: Path) -> None:
    scene.fill(store, NOW)
    ask = asked()
    found = area_files.rows(ask, reader, AROUND, None, VI)
    path, _ = area_files.write(ask, found, "gpkg", 9214, tmp_path)
    rows = {name: pyogrio.read_info(path, layer=name)["features"] for name, _ in pyogrio.list_layers(path)}
    assert rows == {f"hue_{name}": len(frame) for name, frame in found.items()}
    archive, media = area_files.write(ask, found, "csv", 4326, tmp_path)
    assert media == area_files.ZIP
    with zipfile.ZipFile(archive) as pack:
        assert len(pack.namelist()) == len(found)
    inside = areas.circle(LON, LAT, 4000)
    some = area_files.rows(ask, reader, AROUND, inside, VI)
    assert all(shapely.intersects(inside.shape, frame.geometry.to_numpy()).all() for frame in some.values())
    with pytest.raises(area_files.NotExported, match="Không có hàng nào"):
        area_files.rows(ask, reader, Bounds(102, 8, 102.1, 8.1), None, VI)


def test_the_letters_of_a_pdf_are_whole() -> None:
    for weight in (400, 700):
        with TTFont(io.BytesIO(area_letters.merged(weight))) as font:
            letters = font.getBestCmap()
        missing = [
            c for c in "ăâđêôơưẮẰẲẴẶẤẦẨẪẬếềểễệốồổỗộớờởỡợứừửữựỹỵ₫–−“”°²³" if ord(c) not in letters and c not in "₫³"
        ]
        assert not missing


@pytest.mark.parametrize(
    "given",
    [{"box": "1,2,3"}, {"box": "a,b,c,d"}, {"size": "9x9"}, {"size": "99999x99999"}, {"srid": "4756"}, {"srid": "x"}],
)
def test_a_bad_question_names_what_is_wrong(given: dict[str, str]) -> None:
    ask = asked(**given)
    (field,) = given
    with pytest.raises(area_ask.BadQuestion, match=field):
        {"box": ask.bounds, "size": ask.size, "srid": ask.srid}[field]()


def test_the_clock_of_a_report_stands_still() -> None:
    ask = area_ask.ask(HUE, {"a": "w19789"}, NOW)
    again = area_ask.ask(HUE, {"a": "w19789", "t": str(int(NOW.timestamp()))}, NOW + timedelta(days=2))
    assert area_ask.frozen(ask.state, NOW).head == again.state.head == NOW
    assert ask.view(AROUND) == again.view(AROUND)


def test_people_are_shared_by_ground() -> None:
    wards = geography.collection("wards")
    cell = wards[wards["id"].astype(str) == "19789"].geometry.iloc[0]
    people = gpd.GeoDataFrame({"result": [1000.0]}, geometry=[cell.representative_point()], crs=4326)
    whole = report.people(people, areas.unit("19789"))
    assert whole is not None
    assert whole.people == pytest.approx(1000)
    west, south, east, north = cell.bounds
    half = report.people(people, areas.box(Bounds(west, south, (west + east) / 2, north)))
    assert half is not None
    share = cell.intersection(shapely.box(west, south, (west + east) / 2, north)).area / cell.area
    assert half.people == pytest.approx(1000 * share, rel=1e-3)
    assert report.people(people.iloc[:0], areas.unit("19789")) is None
    assert np.isfinite(half.people)
