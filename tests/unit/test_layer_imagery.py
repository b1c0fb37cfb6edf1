"""Imagery: the newest of each kind, rain in its colours, files that are gone or broken, a cache that has an end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from geodata.view import Bounds
from layers import _picture_colors as colors
from layers import _pictures as pictures
from layers import imagery, mapfigure, palette
from layers.elements import Marks, columns
from tests.support import layer_frames as frames

BOX = (107.4, 16.3, 107.8, 16.6)


def grid(width: int, height: int) -> rasterio.Affine:
    west, south, east, north = BOX
    return rasterio.Affine((east - west) / width, 0, west, 0, (south - north) / height, north)


def tiff(path: Path, bands: NDArray[Any], crs: str | None = "EPSG:4326", **more: Any) -> str:
    count, height, width = bands.shape
    place = {} if crs is None else {"crs": crs, "transform": grid(width, height)}
    shape = {"width": width, "height": height, "count": count, "dtype": bands.dtype.name}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place, **more) as file:
        file.write(bands)
    return path.as_posix()


def loaded(layer: imagery.Imagery, *rows: dict[str, Any], half: float = 0.5) -> Any:
    at = frames.view(half)
    found = imagery.newest(frames.coverages(*rows))
    return layer.classify(found, [layer.picture(row, at) for _, row in found.iterrows()], at)


def rain(href: str, **more: Any) -> dict[str, Any]:
    return {"id": "rain", "geometry": frames.square(0.2), "href": href, "age_h": 0.1, "cadence_s": 600.0,
            "properties": {"tags": {"DON_VI": "mm/h x 2"}}} | more  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "value", "rate"),
    [("mm/h", 10, 10), ("mm/h x 2", 10, 5), ("MM/H  ×  4", 10, 2.5), ("mm/giờ", 3, 3), ("dBZ", 23.0103, 1.0)],
)
def test_rain_by_its_unit(unit: str, value: float, rate: float) -> None:
    found = colors.rain_rate(np.array([value]), unit)
    assert found is not None
    assert found[0] == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize("unit", ["", "K", "mm/h x 0", "mm"])
def test_nobody_guesses_rain(unit: str) -> None:
    assert colors.rain_rate(np.array([1.0]), unit) is None


def test_rain_has_the_five_steps_of_the_look() -> None:
    twice = (np.array([[[0, 0.5, 1, 5, 10, 25, 50, 120]]]) * 2).astype(np.uint8)
    rgba, scale = colors.painted(twice, np.full((1, 8), 255), "radar_rain", unit="mm/h x 2", table=None)
    shown = [tuple(int(part) for part in pixel) for pixel in rgba[0]]
    stops = [tuple(round(255 * part) for part in palette.rgb(color)) for color in palette.RAMPS["mua"]]
    assert {pixel[3] for pixel in shown} == {0, 128}
    assert [pixel[:3] for pixel in dict.fromkeys(p for p in shown if p[3])] == stops
    assert scale[0].startswith("mưa 1, 5, 10, 25, 50 mm/giờ")


def test_a_picture_lies_where_its_file_says(tmp_path: Path) -> None:
    found = loaded(imagery.Imagery(), rain(tiff(tmp_path / "a.tif", np.full((1, 30, 40), 20, np.uint8))))
    x0, y0, x1, y1 = Bounds(*BOX).mercator
    parts = list(mapfigure.flat(imagery.Imagery().draw(found, frames.view())))
    assert parts[0].bounds.lbrt() == pytest.approx((x0, y0, x1, y1), abs=2 * (x1 - x0) / 40)
    assert mapfigure.image_rgba(parts[0])[..., 3].max() == 128
    said = columns(next(p for p in parts if isinstance(p, Marks)))
    assert list(said["text"]) == ["Ra-đa mưa 13:54"]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_one_without_a_place_lies_in_its_footprint(tmp_path: Path) -> None:
    href = tiff(tmp_path / "a.tif", np.full((3, 8, 8), 200, np.uint8), crs=None)
    picture = loaded(imagery.Imagery(), rain(href, category="orthophoto")).iloc[0]["picture"]
    assert picture.box == pytest.approx(Bounds(*frames.square(0.2).bounds).mercator, rel=1e-3)
    assert tuple(picture.rgba[4, 4]) == (200, 200, 200, 255)


def test_the_newest_of_each_kind_and_sheets_side_by_side() -> None:
    rows = frames.coverages(
        rain("", id="new", age_h=0.1), rain("", id="old", age_h=1),
        rain("", id="beside", age_h=2, geometry=frames.square(0.2, 0.4)),
        rain("", id="cloud", category="satellite", age_h=5), rain("", id="none", category=None, geometry=None),
    )  # fmt: skip
    assert set(imagery.newest(rows).index) == {"new", "beside", "cloud", "none"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gone.tif", None, "tệp ảnh không còn"),
        ("broken.tif", b"II*\x00 no picture at all", "tệp ảnh hỏng"),
        ("empty.tif", b"", "tệp ảnh hỏng"),
    ],
)
def test_what_cannot_be_shown_says_why(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    layer = imagery.Imagery()
    found = loaded(layer, rain(path.as_posix()))
    assert found.iloc[0][["state", "level"]].tolist() == ["silent", 2]
    assert layer.inspect(found.iloc[0], "vi")["Không hiển thị được"] == reason
    assert frames.counts(layer.legend(found)) == {"Ra-đa mưa, quá cũ hoặc thiếu tệp": 1}
    assert layer.count(found) == 0
    marks = [p for p in mapfigure.flat(layer.draw(found, frames.view())) if isinstance(p, Marks) and len(p)]
    assert list(columns(marks[0])["mark"]) == ["image"]


@pytest.mark.parametrize(
    "href", ["https://wms.example.vn/wms", "", "/vsicurl/http://a/b.tif", "relative.tif", "s3://a/b"]
)
def test_nothing_is_fetched_from_elsewhere(href: str) -> None:
    found = loaded(imagery.Imagery(), rain(href))
    assert found.iloc[0]["reason"] == ("ảnh không được lưu ở đây", "the picture is not kept here")


def test_age_and_feed_are_told(tmp_path: Path) -> None:
    href, layer = tiff(tmp_path / "a.tif", np.full((1, 4, 4), 20, np.uint8)), imagery.Imagery()
    late = loaded(layer, rain(href, age_h=0.4)).iloc[0]
    lost = loaded(layer, rain(href, feed="down")).iloc[0]
    assert (late["state"], late["stamp"]) == ("late", "Ra-đa mưa 13:36, 24 phút trước")
    assert (lost["state"], lost["level"], lost["stamp"]) == ("unknown", 0, "Ra-đa mưa 13:54, mất nguồn")
    assert lost["alpha"] < late["alpha"] < 1
    assert layer.inspect(late, "en")["Colours"].startswith("rain from 1")


def test_a_file_is_read_once_and_again_when_it_changed_and_few_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    read = pictures.read

    def counted(path: Path, wanted: Any, view: Any) -> Any:
        calls.append(path.name)
        return read(path, wanted, view)

    monkeypatch.setattr(pictures, "read", counted)
    layer = imagery.Imagery()
    href = tiff(tmp_path / "a.tif", np.full((1, 4, 4), 20, np.uint8))
    for _ in range(3):
        loaded(layer, rain(href))
    assert calls == ["a.tif"]
    os.utime(href, ns=(1, 1))
    loaded(layer, rain(href))
    assert len(calls) == 2
    monkeypatch.setattr(pictures, "KEPT", 2)
    for i in range(3):
        loaded(layer, rain(str(shutil.copy(href, tmp_path / f"{i}.tif"))))
    assert len(layer.pictures) == 2


def test_of_a_large_file_only_the_view_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 500)
    href = tiff(tmp_path / "a.tif", np.full((3, 60, 80), 99, np.uint8))
    picture = loaded(imagery.Imagery(), rain(href, category="orthophoto"), half=0.05).iloc[0]["picture"]
    height, width = picture.rgba.shape[:2]
    assert width * height <= 500
    assert picture.box == pytest.approx(frames.view(0.05).bounds.mercator, abs=1)


def test_other_numbers_are_grey_and_say_so(tmp_path: Path) -> None:
    href = tiff(tmp_path / "a.tif", np.arange(16, dtype=np.float32).reshape(1, 4, 4) - 300)
    picture = loaded(imagery.Imagery(), rain(href, category="satellite", properties={})).iloc[0]["picture"]
    assert picture.scale[1] == "brightness, the picture names no unit"
    assert picture.rgba[..., 0].min() == 0
    assert picture.rgba[..., 0].max() == 255
