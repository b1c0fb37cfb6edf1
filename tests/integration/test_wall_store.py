"""A screen of the wall over a real store, without a browser: what it tells its blocks, and who has the wall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import shapely

from app.context import PageContext, Services
from app.pages.wall_screen import Screen
from app.refresh import Refresh
from app.text import Text
from geodata.city import city
from geodata.records import Alert, Event, Observation, Record, Thing
from geodata.settings import Settings
from geodata.store.desk import Desk
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.watch.course import advance
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support import scene
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0)
WARNINGS, TRAFFIC, CAMERAS = (scene.binding(name, 300) for name in ("warnings", "traffic", "cameras"))
AREA = shapely.box(107.45, 16.35, 107.7, 16.58)

WARNING = Alert(
    sender="t@x.vn", identifier="1", sent=NOW, status="Actual", msg_type="Alert", severity="Extreme", event="Lũ",
    headline="Lũ khẩn cấp trên sông Hương", area_desc="Hạ lưu sông Hương", expires=NOW + timedelta(hours=2),
    geometry=AREA, properties={"hazard": "flood"}, received_at=NOW,
)  # fmt: skip


def camera(name: str, lon: float, status: str) -> list[Record]:
    told = Observation(thing_id=name, observed_property="status", phenomenon_time=datetime.now(UTC), result=status)
    place = shapely.Point(lon, 16.463)
    return [Thing(id=name, name=name, geometry=place, properties={"snapshot": f"s/{name}.jpg"}), told]


def gauge(name: str, level: float, rain: float) -> list[Record]:
    now = datetime.now(UTC)  # not the module's: at the end of a long run a gauge of its beginning is silent
    hours = [now - timedelta(minutes=30 * i) for i in range(6)]
    levels = [
        Observation(thing_id=name, observed_property="water_level", phenomenon_time=t, result=level - 0.1 * i, unit="m")
        for i, t in enumerate(hours)
    ]
    wet = Observation(thing_id=name, observed_property="rain_24h", phenomenon_time=now, result=rain, unit="mm")
    return [Thing(id=name, name=name, category="water_station", geometry=shapely.Point(107.56, 16.45)), *levels, wet]


@pytest.fixture
def told(store: SyncStore, reader: Reader, tmp_path: Path) -> PageContext:
    """Huế with a river over BĐ3, a closed road, cameras, cases and vessels."""
    store.write(scene.BINDINGS["hydrology"], gauge("Kim Long", 4.0, 231))
    store.write(scene.BINDINGS["field_reports"], scene.reports(NOW))
    store.write(scene.BINDINGS["fishing_vessels"], scene.vessels(NOW))
    closed = Event(id="e1", time=NOW - timedelta(hours=1), category="closure", title="Cấm đường Lê Duẩn", severity=3,
                   geometry=shapely.Point(107.57, 16.46))  # fmt: skip
    over = replace(closed, id="e2", title="Đã xong", end_time=NOW - timedelta(minutes=5))
    store.write(TRAFFIC, [closed, over])
    store.write(CAMERAS, [*camera("Cầu A", 107.55, "live"), *camera("Cầu B", 107.58, "dark")])
    picture = tmp_path / "run" / "snapshots" / "s" / "A.jpg"
    picture.parent.mkdir(parents=True)
    return context_of(reader, tmp_path)


def context_of(reader: Reader, data: Path) -> PageContext:
    tiles, refresh = cast("Any", None), Refresh(reader)
    settings = Settings(data=data)
    services = Services(settings=settings, city=city("hue"), reader=reader, tiles=tiles, refresh=refresh, build="x")
    return PageContext(services=services, language="vi", user=None)


def screen(context: PageContext, name: str) -> Screen:
    one = Screen(replace(context, path={"scene": name}), Text("vi"))
    one.body = SimpleNamespace(styles={})
    one.sized = True
    for _ in range(1000):  # each waits a moment for what is being read
        one.read()
        if one.reading is not None and not one.reading.more:
            return one
    raise AssertionError("never read")


def alert_of(one: Screen) -> Any:
    return one.bar.data["alert"]


def holder(one: Screen) -> str | None:
    return None if one.warning is None else one.warning.key


def kinds(one: Screen) -> list[str]:
    return [section["kind"] for section in one.rail.data["sections"]]


def test_the_flood_scene_tells_the_water_the_roads_the_cameras_and_the_wards(
    told: PageContext, store: SyncStore
) -> None:
    store.write(WARNINGS, [replace(WARNING, severity="Severe")])
    one = screen(told, "flood")
    assert holder(one) is None
    assert kinds(one) == ["river", "list", "list", "shares"]
    river, warnings, roads, rain = one.rail.data["sections"]
    assert (river["value"], river["level"]) == ("4,00", 3)
    assert [t["title"] for t in river["thresholds"]] == ["BĐ1 1,0 m", "BĐ2 2,0 m", "BĐ3 3,5 m"]
    assert [(i["n"], i["level"]) for i in warnings["items"]] == [(1, 3)]
    assert "Hạ lưu sông Hương, đến" in warnings["items"][0]["sub"][0]
    assert [(i["n"], i["title"][0]) for i in roads["items"]] == [(2, "Cấm đường Lê Duẩn")]
    assert [(row["label"][0], row["value"]) for row in rain["rows"]] == [("Kim Long", "231\u2009mm")]
    shots = one.low.data["sections"][0]["shots"]
    assert [(shot["letter"], shot["url"]) for shot in shots] == [("A", None), ("B", None)]
    said = {shot["name"][0]: (shot["level"], shot["word"]) for shot in shots}
    assert said == {"Cầu A": (0, ["Không có hình"]), "Cầu B": (2, ["Hình tối"])}
    spots = set(one.map.sources["callouts"][0].data["text"])
    assert spots == {"1", "2", "A", "B"}
    one.fits({"hidden": ["2"]})
    assert set(one.map.sources["callouts"][0].data["text"]) == {"1", "A", "B"}


def test_a_warning_takes_the_wall_and_its_end_gives_it_back(told: PageContext, store: SyncStore) -> None:
    one = screen(told, "overview")
    assert alert_of(one) is None
    assert float(one.body.styles["--bar"]) < 7
    store.write(WARNINGS, [WARNING])
    one.gather.state_pace.forget()
    one.gather.changed(["warnings"])
    one.read()
    assert holder(one) is not None
    assert one.gather._near(one.shown)[0] == "warnings"  # its area is the first thing that the map shows
    assert one.shown.id == "flood"
    alert = alert_of(one)
    assert alert["level"] == 4
    assert alert["titles"][0] == "Lũ khẩn cấp trên sông Hương"
    assert "Kim Long trên BĐ3 0,50 m" in alert["sentences"][0]
    assert "Mức 4, Khẩn cấp" in alert["sentences"][-1]
    assert float(one.body.styles["--bar"]) == 15
    x0, y0 = (one.frame.data["fit"][axis] for axis in ("x0", "y0"))
    assert x0 < shapely.box(*AREA.bounds).bounds[0] * 111_319.49
    assert y0 > 0
    assert "bản tin" in one.footer.data["ends"]
    assert "hoặc khi trực ban trả" in one.footer.data["ends"]
    one.turn()
    assert one.shown.id == "flood"
    later = NOW + timedelta(seconds=1)
    before = ((WARNING.sender, WARNING.identifier, NOW),)
    ended = replace(WARNING, identifier="2", sent=later, msg_type="Cancel", references=before, received_at=later)
    store.write(WARNINGS, [ended])
    one.gather.changed(["warnings"])
    one.read()
    assert holder(one) is None
    assert one.shown.id == "overview"
    assert alert_of(one) is None
    assert one.footer.data.get("ends") is None


def test_the_desk_gives_the_wall_back_and_a_second_warning_takes_it_again(
    told: PageContext, store: SyncStore, dsn: Callable[[Role], str]
) -> None:
    store.write(WARNINGS, [WARNING])
    one = screen(told, "overview")
    assert holder(one) is not None
    with FindingStore(dsn("watch")) as findings:
        assert findings.turn()
        assert one.warning is not None
        sign = Fires(key=one.warning.root, since=NOW, level=4)
        (found,) = findings.apply(advance(rules()["warnings.in_force"], {}, [sign], NOW))
        Desk(dsn("desk")).act("trực ban", "release_wall", found.id, {"level": 4})
        one.gather.state_pace.forget()
        one.read()
        assert holder(one) is None
        assert one.shown.id == "overview"
        store.write(WARNINGS, [replace(WARNING, identifier="3", severity="Extreme")])
        one.gather.state_pace.forget()
        one.read()
        assert one.warning is not None
        assert ",3," in one.warning.root


def test_an_exercise_never_takes_the_wall(told: PageContext, store: SyncStore) -> None:
    store.write(WARNINGS, [replace(WARNING, status="Exercise")])
    one = screen(told, "sea")
    assert holder(one) is None
    assert alert_of(one) is None


def test_services_have_a_tile_each_and_those_without_a_source_come_last(told: PageContext) -> None:
    one = screen(told, "services")
    tiles = one.rail.data["sections"][0]["tiles"]
    assert {tile["id"] for tile in tiles} == set(city("hue").services)
    states = [tile["state"] for tile in tiles]
    assert states == sorted(states, key=lambda state: state == "ready")
    reports = next(tile for tile in tiles if tile["id"] == "field_reports")
    assert (reports["value"], reports["level"]) == ("2", 3)
    assert reports["t"] is not None
    assert reports["sources"] == "1 nguồn"


def test_a_city_without_any_source_says_which_are_ready_to_connect(reader: Reader, tmp_path: Path) -> None:
    one = screen(context_of(reader, tmp_path), "traffic")
    assert kinds(one) == ["note"]
    assert "sẵn sàng kết nối" in one.rail.data["sections"][0]["line"]


def test_a_scene_of_a_strangers_city_needs_no_program(told: PageContext) -> None:
    """Another id, other layers, other blocks: data alone."""
    here = city("hue")
    block = {"kind": "wards", "service": "field_reports"}
    ours = {
        "id": "cho_noi",
        "title_vi": "Chợ nổi",
        "title_en": "Market",
        "bounds": here.bounds,
        "layers": ["field_reports"],
        "rail": [block],
    }
    strange = type(here).model_validate(here.model_dump(by_alias=True) | {"wall": {"scenes": [ours]}})
    one = screen(replace(told, services=replace(told.services, city=strange)), "cho_noi")
    assert one.ready() == ["cho_noi"]
    assert set(one.reading.near if one.reading else ()) == {"field_reports"}
    assert set(one.reading.far if one.reading else ()) >= {"field_reports"}
