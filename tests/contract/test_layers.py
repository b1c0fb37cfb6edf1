"""Every layer, found by its name, on an empty store, on uneven rows of all its kinds, and with its feed down.

One store holds all services for the whole file: reading is all that a layer may do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
import pytest

from geodata import catalogue
from geodata.city import city
from geodata.indicators import whole
from geodata.indicators.indicator import get as get_indicator
from geodata.indicators.indicator import indicators
from geodata.store.reader import Reader
from geodata.view import Bounds, View
from geodata.watch.frames import StoreFrames
from layers import compose, drawing, mapfigure, palette
from layers.agg import Canvas
from layers.base import Layer, LegendItem, RasterLayer, get, layers
from layers.elements import Marks, columns
from tests.support.cluster import TestCluster
from tests.support.layer_rows import binding, rows_of
from tests.support.sync_store import SyncStore

NAMES = tuple(layers())
STATES = {"fresh", "late", "silent", "unknown", "maintenance", "planned", "exercise"}
NOW = datetime.now(UTC).replace(microsecond=0)
HALF_DEG = (0.9, 0.12, 0.008)
"""Half the width of a view: the whole city, a ward or two, a street."""

SAID_BY_NOBODY = re.compile(r"\b(nan|NaN|NaT|None|null)\b")
PERSONAL = ("Nguyễn Thị Mật", "0905123456")


@dataclass(frozen=True, slots=True)
class Store:
    """``end`` is just after its last write: a later view would find its feeds down for want of a heart-beat."""

    reader: Reader
    end: datetime


def view(end: datetime = NOW, half: float = HALF_DEG[0]) -> View:
    lon, lat = 107.585, 16.465
    bounds = Bounds(lon - half, lat - half * 0.55, lon + half, lat + half * 0.55)
    return View(bounds, 1196, 728, end - timedelta(days=1), end)


@pytest.fixture(scope="module")
def filled(cluster: TestCluster) -> Iterator[Store]:
    """A store with rows of every service, all feeds up; the feed of ``platform`` never was."""
    with cluster.fresh() as name, SyncStore(cluster.dsn("ingest", name)) as store:
        for service in catalogue.services().values():
            if service.id != "platform":
                written = store.write(binding(service.id), rows_of(service, NOW))
                assert not {r for r in written.rejected if r not in {"implausible", "unknown_property"}}, service.id
        store.run(store.writer.beat([f"kit_{s}" for s in catalogue.services() if s != "platform"]))
        with Reader(cluster.dsn("read", name)) as reader:
            yield Store(reader, datetime.now(UTC))


@pytest.fixture(scope="module")
def down(cluster: TestCluster) -> Iterator[Store]:
    """The same rows, and every feed lost."""
    with cluster.fresh() as name, SyncStore(cluster.dsn("ingest", name)) as store:
        for service in catalogue.services().values():
            if service.id != "platform":
                store.write(binding(service.id), rows_of(service, NOW))
                store.run(store.writer.state(f"kit_{service.id}", up=False, error="cut"))
        with Reader(cluster.dsn("read", name)) as reader:
            yield Store(reader, datetime.now(UTC))


@pytest.fixture(scope="module")
def empty(cluster: TestCluster) -> Iterator[Reader]:
    with cluster.fresh() as name, Reader(cluster.dsn("read", name)) as reader:
        yield reader


def shown(layer: Layer, reader: Reader, at: View) -> tuple[pd.DataFrame, list[Any], list[LegendItem]]:
    """What the layer loads, draws and tells, drawn by both hands: the browser's figure and the picture file."""
    frame = layer.load(reader, at)
    parts = list(mapfigure.flat(layer.draw(frame, at)))
    figure = compose.figure(at)
    figure.set(layer.service, layer.draw(frame, at))
    canvas = Canvas(at.bounds.mercator, at.width_px, at.height_px, 0, palette.BASEMAP["land"])
    for part in parts:
        compose.paint(canvas, part, 1.0)
    return frame, parts, list(layer.legend(frame))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_store_gives_an_empty_picture(empty: Reader, name: str) -> None:
    layer = get(name)
    frame, parts, legend = shown(layer, empty, view())
    assert len(frame) == 0
    assert layer.count(frame) == 0
    assert not sum(len(part) for part in parts if isinstance(part, Marks))
    assert not any(item.count for item in legend)
    assert layer.table(frame, "vi").empty


@pytest.mark.parametrize("half", HALF_DEG)
@pytest.mark.parametrize("name", NAMES)
def test_uneven_rows_are_drawn_at_every_zoom(filled: Store, name: str, half: float) -> None:
    layer = get(name)
    frame, parts, _ = shown(layer, filled.reader, view(filled.end, half))
    for part in parts:
        assert isinstance(part, Marks | hv.Path | hv.RGB | hv.Tiles)
        if not isinstance(part, Marks):
            continue
        data = columns(part)
        assert set(data["mark"]) <= set(drawing.NAMES), "a mark that nobody can draw"
        assert np.isfinite(np.asarray(data["x"], float)).all()
        assert set(data.get("state", [])) <= STATES
        names = [str(n) for n in data.get("name", []) if n is not None and n == n]  # noqa: PLR0124 (NaN)
        assert not [n for n in names if SAID_BY_NOBODY.search(n)]
    assert len(frame), "the layer shows nothing of rows of all its kinds"


@pytest.mark.parametrize("name", NAMES)
def test_rows_have_state_level_opacity_and_mark(filled: Store, name: str) -> None:
    frame = get(name).load(filled.reader, view(filled.end))
    assert set(frame["state"]) <= STATES
    level = pd.to_numeric(frame["level"])
    assert level.between(0, 5).all()
    assert pd.to_numeric(frame["alpha"]).between(0.2, 1).all()
    assert set(frame["mark"].dropna()) <= set(drawing.NAMES)
    assert set(frame["source"]) == {f"kit_{name}"}, "every mark knows its source"
    assert frame["simulated"].astype(bool).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_legend_counts_every_row_once(filled: Store, name: str) -> None:
    """Sums of a legend are what people add up: nobody is counted twice, and abnormal rows are named."""
    layer = get(name)
    frame = layer.load(filled.reader, view(filled.end))
    legend = layer.legend(frame)
    assert legend
    assert sum(item.count or 0 for item in legend) <= len(frame)
    levels = {item.level for item in legend if item.count}
    known = frame[frame["state"] != "exercise"]
    assert {int(v) for v in known["level"] if v >= 2} <= levels, "an abnormal level that the legend does not name"
    for item in legend:
        assert item.mark in drawing.NAMES
        assert item.title_vi != item.title_en or item.title_vi == ""


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_every_row_can_be_told(filled: Store, name: str, language: str) -> None:
    layer = get(name)
    frame = layer.load(filled.reader, view(filled.end))
    table = layer.table(frame, language)
    assert len(table) == len(frame.index.unique())
    for _, row in frame.iterrows():
        facts = layer.inspect(row, language)
        told = " ".join(f"{label} {value}" for label, value in facts.items())
        assert len(facts) >= 2
        assert all(isinstance(value, str) and value.strip() for value in facts.values()), facts
        assert not SAID_BY_NOBODY.search(told), told
        assert not any(secret in told for secret in PERSONAL), "personal data is masked by default"


@pytest.mark.parametrize("name", NAMES)
def test_a_lost_feed_is_unknown_not_silent(down: Store, name: str) -> None:
    layer = get(name)
    frame, _, legend = shown(layer, down.reader, view(down.end))
    assert set(frame["state"]) <= {"unknown", "exercise"}, "what is not heard because its feed is down is unknown"
    if name != "warnings":  # an official warning stays in force when the line to its sender is cut
        assert not pd.to_numeric(frame["level"]).any()
    assert any(item.state == "unknown" and item.count for item in legend)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_give_the_same_picture(filled: Store, name: str) -> None:
    layer, at = get(name), view(filled.end, HALF_DEG[1])
    frame = layer.load(filled.reader, at)
    before = frame.copy(deep=True)
    first, second = (list(mapfigure.flat(layer.draw(frame, at))) for _ in range(2))
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))  # draw leaves its rows alone
    assert [type(part) for part in first] == [type(part) for part in second]
    for one, two in zip(first, second, strict=True):
        if isinstance(one, Marks):
            pd.testing.assert_frame_equal(pd.DataFrame(columns(one)), pd.DataFrame(columns(two)))


@pytest.mark.parametrize("name", [n for n in NAMES if isinstance(layers()[n], RasterLayer)])
def test_a_density_has_the_size_of_its_view(filled: Store, name: str) -> None:
    layer = get(name)
    assert isinstance(layer, RasterLayer)
    at = view(filled.end)
    picture = layer.shade(layer.aggregate(filled.reader, at), at)
    assert picture.shape == (at.height_px, at.width_px, 4)
    assert picture.dtype == np.uint8


def test_layers_lie_in_the_order_of_the_look() -> None:
    """Pictures and shadings below, marks above them, warnings above all (look.md 3.6, issue 4)."""
    order = list(layers())
    if {"imagery", "warnings"} <= set(order):
        assert order[0] == "imagery"
        assert order[-1] == "warnings"


# -- what is counted of the same rows ---------------------------------------------------------------
NOBODY_LOOKS = {"desk", "outlets"}
"""Families of what the program does: no watch looks at these stores, and nothing is sent."""

OF_THE_LEDGER = {
    f"platform.{name}"
    for name in ("feeds_down", "feeds_up", "received", "stored", "duplicate", "rejected", "rejected_share")
}


def test_no_indicator_fails_on_uneven_rows(filled: Store) -> None:
    frames = StoreFrames(filled.reader, city("dong_ha"), filled.end)
    found = whole.values(frames, indicators().values())
    assert {value.id: value.error for value in found if value.error} == {}
    told = [value for value in found if get_indicator(value.id).family not in NOBODY_LOOKS]
    assert {value.state for value in told} <= {"known", "partial", "none"}
    shares = [
        value for value in found if get_indicator(value.id).words.interval == "wilson" and value.value is not None
    ]
    assert all(0 <= (value.figure.low or 0) <= (value.value or 0) <= 100 for value in shares)


def test_of_lost_feeds_no_indicator_tells_a_number(down: Store) -> None:
    found = whole.values(StoreFrames(down.reader, city("dong_ha"), down.end), indicators().values())
    told = {value.id for value in found if value.state not in {"unknown", "ready"}}
    assert {value.id for value in found if value.state == "ready"} <= {
        name for name, one in indicators().items() if one.family in NOBODY_LOOKS
    }
    assert told == OF_THE_LEDGER, "what came in and which feeds are up is known whatever becomes of them"


def test_of_an_empty_store_every_indicator_is_ready_to_connect(empty: Reader) -> None:
    found = whole.values(StoreFrames(empty, city("dong_ha"), datetime.now(UTC)), indicators().values())
    assert {value.state for value in found} == {"ready"}
