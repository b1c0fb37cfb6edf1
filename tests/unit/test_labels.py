"""Names: placed without touching, the archipelagos always, the wall's few and large."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from geodata.view import Bounds, View, lonlat, mercator
from layers.elements import columns
from layers.labels import GAP_PX, STRAY_FIRST_PX, STRAY_PX, WALL_MOST, archipelagos, ashore, labels, names
from layers.lettering import width
from layers.palette import WALL_FACTOR
from layers.pen import LABELS

START, END = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)


def view(lon: float, lat: float, zoom: float, size: tuple[int, int] = (1196, 728)) -> View:
    x, y = mercator(lon, lat)
    r = 156543.03392804097 / 2**zoom
    w, h = size[0] * r / 2, size[1] * r / 2
    return View(Bounds.from_mercator(x - w, y - h, x + w, y + h), *size, START, END)


def rows(v: View, style: str = "desk", **more: Any) -> list[dict[str, Any]]:
    data = columns(labels(v, style, **more))
    return [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]


def boxes(v: View, found: list[dict[str, Any]], k: float) -> list[tuple[float, float, float, float]]:
    x0, _, _, y1 = v.bounds.mercator
    out = []
    for row in found:
        size, weight, _, tracking, _ = LABELS[row["kind"]]
        s = k * row["scale"]
        w, h = width(row["text"], size, weight, tracking) * s, 1.2 * size * s
        x, y = (row["x"] - x0) / v.resolution_m, (y1 - row["y"]) / v.resolution_m + row["dy"] * s
        out.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return out


@pytest.mark.parametrize("zoom", [6, 8, 10, 11, 13])
@pytest.mark.parametrize("style", ["desk", "wall"])
def test_no_two_names_touch_and_none_is_cut(zoom: float, style: str) -> None:
    v = view(107.58, 16.46, zoom, (1196, 728) if style == "desk" else (2632, 1536))
    k = 1 if style == "desk" else 2.2
    found = boxes(v, rows(v, style), k)
    assert found
    for box in found:
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= v.width_px
        assert box[3] <= v.height_px
    for a, b in combinations(found, 2):
        gap = max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3])
        assert gap >= GAP_PX * k - 0.01


@pytest.mark.parametrize("zoom", range(4, 18))
@pytest.mark.parametrize("name", archipelagos(), ids=["Hoang Sa", "Truong Sa"])
@pytest.mark.parametrize("style", ["desk", "wall"])
def test_the_archipelagos_are_named_at_every_zoom(zoom: int, name: str, style: str) -> None:
    island = archipelagos()[name][-1]
    v = view(*lonlat(*island), zoom, (500, 320) if style == "desk" else (1316, 768))
    assert name in {row["text"] for row in rows(v, style)}


def test_the_city_and_the_sea_are_named() -> None:
    found = {row["text"]: row["kind"] for row in rows(view(107.75, 16.45, 9.3))}
    assert found["HUẾ"] == "city"
    assert found["BIỂN ĐÔNG"] == "sea"
    english = {row["text"] for row in rows(view(107.75, 16.45, 9.3), language="en")}
    assert "EAST SEA" in english


def test_wards_are_named_from_close() -> None:
    assert "ward" not in {row["kind"] for row in rows(view(107.58, 16.46, 9))}
    assert {"Phú Xuân", "Vỹ Dạ"} <= {row["text"] for row in rows(view(107.58, 16.46, 13))}


def test_a_wall_has_few_names_and_they_are_large() -> None:
    found = rows(view(107.7, 16.45, 11.2, (2632, 1536)), "wall")
    assert 4 <= len(found) <= WALL_MOST
    for row in found:
        px = LABELS[row["kind"]][0] * row["scale"] * 2.2
        assert px >= 45, row  # look.md 3.3: 46 px for secondary words, 52 for those to be read
    assert max(LABELS[r["kind"]][0] * r["scale"] * 2.2 for r in found) > 80  # the city


def test_a_name_gives_way_to_marks_unless_it_is_the_city() -> None:
    v = view(107.58, 16.46, 13)
    free = {row["text"]: row for row in rows(v)}
    covered = [(row["x"], row["y"]) for row in free.values()]
    left = rows(v, avoid=np.array(covered))
    assert "HUẾ" in {row["text"] for row in left}
    x0, _, _, y1 = v.bounds.mercator
    for row, box in zip(left, boxes(v, left, 1), strict=True):
        for x, y in covered if row["kind"] not in {"city", "sea"} else ():
            px, py = (x - x0) / v.resolution_m, (y1 - y) / v.resolution_m
            assert not (box[0] < px < box[2] and box[1] < py < box[3]), row


def test_the_same_words_are_not_repeated_near() -> None:
    found = rows(view(107.58, 16.46, 11))
    texts = [row["text"] for row in found]
    assert texts.count("Sông Hương") <= 2


@pytest.mark.parametrize("seed", range(4))
def test_no_name_strays_from_its_place(seed: int) -> None:
    """However crowded the picture, a name stands near what it names or not at all."""
    view = View(Bounds(107.25, 16.25, 107.85, 16.68), 1920, 1080, START, END)
    random = np.random.default_rng(seed)
    corner = random.uniform((0, 0), (1900, 1060), (400, 2))
    taken = np.column_stack([corner, corner + 24])
    placed = columns(labels(view, "wall", taken=taken, k=1.1))
    for text, kind, x, y, scale in zip(*(placed[n] for n in ("text", "kind", "x", "y", "scale")), strict=True):
        if kind not in STRAY_PX:
            continue
        same = [one for one in names("vi") if (one.text, one.kind) == (text, kind)]
        near = min(same, key=lambda one: abs(one.x - x) + abs(one.y - y))
        k, (size, weight, _, tracking, _) = 1.1 * scale, LABELS[kind]
        half = width(text, size, weight, tracking) * k / 2, size * 0.6 * k
        gap = np.maximum(np.abs([near.x - x, near.y - y]) / view.resolution_m - half, 0)
        farthest = STRAY_FIRST_PX if kind == "city" and text.isupper() else STRAY_PX[kind]
        assert np.hypot(*gap) <= farthest * 1.1 + 1, text


def test_the_city_of_the_picture_keeps_its_name_where_its_middle_is_crowded() -> None:
    v = view(107.58, 16.46, 12)
    own = next(row for row in rows(v) if row["text"] == "HUẾ")
    x0, _, _, y1 = v.bounds.mercator
    x, y = (own["x"] - x0) / v.resolution_m, (y1 - own["y"]) / v.resolution_m
    crowded = [(x - 70, y - 70, x + 70, y + 70)]
    found = rows(v, taken=crowded)
    (box,) = (one for row, one in zip(found, boxes(v, found, 1), strict=True) if row["text"] == "HUẾ")
    assert box[2] <= x - 70 or box[0] >= x + 70 or box[3] <= y - 70 or box[1] >= y + 70


def test_the_city_that_steps_aside_stays_on_its_ground() -> None:
    """On the coast the nearest free place is the sea, where a name is that of the sea."""
    v = View(Bounds(107.2, 16.05, 108.15, 16.75), 1316, 768, START, END)
    own = next(row for row in rows(v, "wall") if row["text"] == "HUẾ")
    x0, _, _, y1 = v.bounds.mercator
    x, y = (own["x"] - x0) / v.resolution_m, (y1 - own["y"]) / v.resolution_m
    found = rows(v, "wall", taken=[(x - 100, y - 20, x + 60, y + 100)])
    ((row, box),) = [(r, b) for r, b in zip(found, boxes(v, found, WALL_FACTOR), strict=True) if r["text"] == "HUẾ"]
    assert ashore(row["x"], row["y"], (box[2] - box[0]) * v.resolution_m)
