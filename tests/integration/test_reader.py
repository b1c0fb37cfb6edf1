"""Frames, columns, picks and named queries against what was written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pytest
from shapely import box
from shapely.geometry import Point

from geodata.errors import UnknownName, UsageError
from geodata.records import (
    KINDS,
    Coverage,
    Event,
    Feature,
    Observation,
    Position,
    Record,
    RequestStatus,
    ServiceRequest,
    Thing,
)
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from geodata.view import Bounds, View, mercator
from tests.support.samples import (
    NOON,
    SERVICES,
    after,
    alert,
    binding,
    case,
    event,
    fix,
    fixes,
    one_of_each,
    value,
    view,
)

Dsn = Callable[[Role], str]

COMMON = [
    *("geometry", "time", "received_at", "source", "simulated"),
    *("feed", "feed_since", "feed_lost", "cadence_s", "late_factor"),
]
NAMED = ["name", "category", "agency"]
MOVING = [*NAMED, "sog_kn", "cog_deg", "heading_deg", "status"]
MEASURED = [*NAMED, "observed_property", "result", "result_text", "unit", "quality", "phenomenon_end", "numerator"]
CASE = [
    "title",
    "description",
    "service_code",
    "service_name",
    "category",
    "status",
    "source_status",
    "agency",
    "address",
    "urgency",
    "channel",
    "rating",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "closed_datetime",
    "duplicate_of",
    "status_notes",
    "media_url",
]
WARNING = [
    "sender",
    "identifier",
    "sent",
    "status",
    "msg_type",
    "event",
    "urgency",
    "severity",
    "certainty",
    "level",
    "effective",
    "onset",
    "expires",
    "headline",
    "description",
    "instruction",
    "sender_name",
    "area_desc",
    "root",
    "first_sent",
]
HAPPENED = [
    "end_time",
    "category",
    "title",
    "description",
    "thing_id",
    "place_confidence",
    "place_level",
    "severity",
    "status",
    "url",
]
COLUMNS: dict[str, list[str]] = {
    "Thing": [*NAMED, "azimuth_deg", "fov_deg", "range_m", "mast_height_m"],
    "Position": MOVING,
    "Observation": [*MEASURED, "denominator"],
    "ServiceRequest": CASE,
    "Alert": WARNING,
    "Event": HAPPENED,
    "Feature": ["collection", "name", "category", "valid_from", "valid_to", "approximate"],
    "Coverage": ["href", "media_type", "category"],
}


@pytest.fixture
async def writer(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest"), SERVICES) as opened:
        await opened.register([binding()])
        yield opened


@pytest.fixture
def reader(dsn: Dsn) -> Iterator[Reader]:
    with Reader(dsn("read"), SERVICES) as opened:
        yield opened


async def put(writer: Writer, *records: Record) -> None:
    written = await writer.write("feed", Batch(records))
    assert written.stored == len(records), written


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("filled", [True, False])
async def test_columns_of_the_contract(writer: Writer, reader: Reader, kind: str, filled: bool) -> None:
    if filled:
        await put(writer, *one_of_each())
    for which, frame in (
        ("latest", reader.latest("trial", KINDS[kind], view())),
        ("between", reader.between("trial", KINDS[kind], view())),
    ):
        by_id = kind != "Observation" and (kind, which) != ("Position", "between")
        assert isinstance(frame, gpd.GeoDataFrame)
        assert frame.crs == "EPSG:4326"
        assert frame.index.name == ("id" if by_id else None)
        assert set(frame.columns) == {*COMMON, "properties", *COLUMNS[kind], *([] if by_id else ["id"])}
        for name in frame.columns[frame.columns.str.endswith(("time", "received_at"))]:
            assert str(frame[name].dtype) == "datetime64[us, UTC]", name
        if len(frame):
            assert frame["simulated"].dtype == bool
            assert frame["source"].tolist() == ["feed"]
            assert isinstance(frame["properties"].iloc[0], dict)


async def test_bounds_cut_and_the_placeless_come_along(writer: Writer, reader: Reader) -> None:
    await put(
        writer,
        Thing(id="in", geometry=Point(107, 16)),
        Thing(id="out", geometry=Point(120, 16)),
        Thing(id="nowhere"),
        fix("a"),
        fix("b", lon=120),
    )
    assert reader.latest("trial", Thing, view()).index.tolist() == ["in", "nowhere"]
    assert reader.latest("trial", Position, view()).index.tolist() == ["a"]
    assert reader.between("trial", Position, view())["id"].tolist() == ["a"]


async def test_window_is_open_at_its_start_and_closed_at_its_end(writer: Writer, reader: Reader) -> None:
    await put(writer, fix(at=0), fix(at=60), fix(at=120))
    window = view(start=NOON, end=after(seconds=60))
    assert reader.between("trial", Position, window)["time"].tolist() == [after(seconds=60)]
    assert reader.columns("trial", Position, window)["t"].tolist() == [after(seconds=60).timestamp()]
    assert reader.latest("trial", Position, window)["time"].tolist() == [after(seconds=60)]


@pytest.mark.parametrize("kind", KINDS)
async def test_known_at_cuts_every_kind(writer: Writer, reader: Reader, kind: str) -> None:
    await put(writer, *one_of_each())
    for read in (reader.latest, reader.between):
        assert read("trial", KINDS[kind], view(known_at=NOON)).empty
    if kind in {"Position", "ServiceRequest", "Event"}:
        assert len(reader.columns("trial", KINDS[kind], view(known_at=NOON))["x"]) == 0


async def test_position_carries_what_its_thing_says(writer: Writer, reader: Reader) -> None:
    await put(writer, Thing(id="mmsi:1", name="HUE 1", category="ship_30", agency="a", properties={"k": 1}), fix())
    row = reader.latest("trial", Position, view()).loc["mmsi:1"]
    assert (row["name"], row["category"], row["agency"], row["properties"]) == ("HUE 1", "ship_30", "a", {"k": 1})


async def test_observation_stands_where_its_thing_stands(writer: Writer, reader: Reader) -> None:
    await put(
        writer, Thing(id="station:1", geometry=Point(107.6, 16.4)), value(1.5), value("on", observed_property="status")
    )
    frame = reader.latest("trial", Observation, view()).set_index("observed_property")
    assert frame.loc["pm25", "geometry"] == Point(107.6, 16.4)
    assert (frame.loc["pm25", "result"], frame.loc["pm25", "unit"]) == (1.5, "ug/m3")
    assert frame.loc["status", "result_text"] == "on"
    assert np.isnan(frame.loc["status", "result"])


async def test_cases_open_or_closed_inside_the_window(writer: Writer, reader: Reader) -> None:
    closed = case(RequestStatus.CLOSED, at=60, id="closed", closed_datetime=after(seconds=60))
    await put(writer, case(id="open"), closed)
    assert reader.latest("trial", ServiceRequest, view()).index.tolist() == ["closed", "open"]
    later = view(start=after(seconds=61), end=after(hours=2))
    assert reader.latest("trial", ServiceRequest, later).index.tolist() == ["open"]
    assert reader.between("trial", ServiceRequest, later).empty


async def test_expired_warning_is_gone(writer: Writer, reader: Reader) -> None:
    await put(writer, alert(expires=after(minutes=30)), alert("2"))
    kind = KINDS["Alert"]
    assert len(reader.latest("trial", kind, view(end=after(minutes=29)))) == 2
    assert reader.latest("trial", kind, view(end=after(minutes=30)))["identifier"].tolist() == ["2"]


async def test_events_that_the_window_meets(writer: Writer, reader: Reader) -> None:
    await put(writer, event("long", end_time=after(hours=3)), event("short", end_time=after(seconds=9)))
    window = view(start=after(hours=2), end=after(hours=4))
    assert reader.latest("trial", Event, window).index.tolist() == ["long"]
    assert reader.between("trial", Event, window).empty


async def test_features_valid_at_the_end(writer: Writer, reader: Reader) -> None:
    area = box(107, 16, 108, 17)
    await put(
        writer,
        Feature(collection="wards", id="old", geometry=area, valid_to=after(minutes=1)),
        Feature(collection="wards", id="new", geometry=area, valid_from=after(minutes=1), name="Thuận Hóa"),
    )
    assert reader.latest("trial", Feature, view(end=NOON)).index.tolist() == ["old"]
    assert reader.latest("trial", Feature, view()).index.tolist() == ["new"]
    found = reader.query("features_at", collection="wards", lon=107.5, lat=16.5, time=after(hours=1))
    assert found["name"].tolist() == ["Thuận Hóa"]


async def test_newest_image_of_each_footprint(writer: Writer, reader: Reader) -> None:
    here, there = box(107, 16, 108, 17), box(106, 15, 107, 16)
    await put(
        writer,
        *(Coverage(id=f"r{n}", time=after(minutes=n), href="x", geometry=here, category="radar") for n in range(3)),
        Coverage(id="other", time=NOON, href="x", geometry=there, category="radar"),
    )
    assert sorted(reader.latest("trial", Coverage, view()).index) == ["other", "r2"]
    assert len(reader.between("trial", Coverage, view())) == 4


async def test_columns_equal_the_frame(writer: Writer, reader: Reader) -> None:
    await put(writer, *fixes(500, things=7))
    columns = reader.columns("trial", Position, view())
    frame = reader.between("trial", Position, view())
    assert {k: str(v.dtype) for k, v in columns.items()} == {
        "x": "float32",
        "y": "float32",
        "t": "float64",
        "thing": "int32",
        "sog_kn": "float32",
        "received": "float64",
    }
    exact = np.array([mercator(p.x, p.y) for p in frame.geometry])
    np.testing.assert_allclose(np.sort(columns["x"]), np.sort(exact[:, 0]), atol=1.0)
    np.testing.assert_allclose(columns["y"], exact[:, 1], atol=0.5)
    assert np.all(np.lexsort((columns["t"], columns["thing"])) == np.arange(500))
    assert sorted(columns["t"]) == sorted(t.timestamp() for t in frame["time"])


async def test_columns_of_cases(writer: Writer, reader: Reader) -> None:
    await put(
        writer,
        case(id="1", service_code="002"),
        case(RequestStatus.CLOSED, id="2", service_code="?"),
        case(id="3", geometry=None),
    )
    columns = reader.columns("trial", ServiceRequest, view())
    assert columns["category"].tolist() == [1, -1]
    assert columns["open"].tolist() == [True, False]
    assert columns["category"].dtype == np.int16
    assert len(reader.columns("trial", Event, view())["x"]) == 0
    with pytest.raises(UsageError):
        reader.columns("trial", Thing, view())


async def test_pick_equals_brute_force(writer: Writer, reader: Reader) -> None:
    many = fixes(400, things=8)
    await put(writer, *many)
    lon, lat = 107.0101, 16.5
    found = reader.at("trial", lon, lat, view(), radius_m=500)
    picked = found[found["chosen"] == "nearest_fix"]
    nearest = {m.thing_id: min(abs(f.lon - lon) for f in many if f.thing_id == m.thing_id) for m in many}
    for thing, degrees in nearest.items():
        assert picked.loc[thing, "distance_m"] == pytest.approx(degrees * 106_730, rel=2e-3, abs=0.01)
    assert found["distance_m"].is_monotonic_increasing
    assert reader.at("trial", 100, 10, view(), radius_m=100).empty


async def test_pick_over_all_kinds(writer: Writer, reader: Reader) -> None:
    await put(writer, *one_of_each())
    found = reader.at("trial", 107.5, 16.5, view(), radius_m=50)
    assert set(found["kind"]) == {"Position", "ServiceRequest", "Alert", "Event", "Feature", "Coverage"}
    assert found["distance_m"].max() == 0


async def test_series_and_track(writer: Writer, reader: Reader) -> None:
    await put(writer, value(1.0, at=1), value(2.0, at=2), fix(at=1), fix(at=2))
    span = {"start": NOON, "end": after(hours=1), "service": "trial"}
    series = reader.query("thing_series", thing_id="station:1", observed_property="pm25", **span)
    assert series["result"].tolist() == [1, 2]
    assert reader.query("track", thing_id="mmsi:1", **span)[["lon", "lat"]].to_numpy().tolist() == [[107.5, 16.5]] * 2
    assert reader.query("track", thing_id="mmsi:1", known_at=NOON, **span).empty


async def test_counts_by_time(writer: Writer, reader: Reader) -> None:
    await put(writer, *fixes(100), event(at=99))
    counts = reader.query("counts_by_time", service="trial", start=NOON, end=after(seconds=100), buckets=4)
    assert counts["n"].tolist() == [25, 25, 25, 25]
    assert counts["start"].tolist() == [after(seconds=25 * n) for n in range(4)]


def test_query_says_what_it_takes(reader: Reader) -> None:
    with pytest.raises(UsageError, match="needs end, service, start"):
        reader.query("track", thing_id="1")
    with pytest.raises(UsageError, match="not nonsense"):
        reader.query("ledger", source="1", start=NOON, end=NOON, nonsense=1)
    with pytest.raises(UnknownName, match="track"):
        reader.query("no_such")


async def test_limit(writer: Writer, reader: Reader) -> None:
    await put(writer, *fixes(20))
    assert len(reader.between("trial", Position, view(), limit=3)) == 3


async def test_whole_world(writer: Writer, reader: Reader) -> None:
    await put(writer, fix(lon=180, lat=85), fix("b", lon=-180, lat=-85))
    world = View(Bounds(-180, -85.06, 180, 85.06), 100, 100, NOON - timedelta(hours=1), after(hours=1))
    assert len(reader.latest("trial", Position, world)) == 2
