"""A small city on one instant, a few rows a service: what every indicator is counted of by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import LineString, Point, box

from geodata.city import city
from geodata.records import Alert, Coverage, Event, Feature, Observation, Position, Record, ServiceRequest, Thing
from geodata.watch.frames import StillFrames, Watched
from tests.support.watching import SOURCE, T0, at, rows

Rows = dict[tuple[str, type[Record]], gpd.GeoDataFrame]
LON, LAT = 107.585, 16.465


def things(service: str, told: Mapping[str, Mapping[str, Any]], minute: float = -1, **of: Mapping[str, Any]) -> Rows:
    """Things and their newest results: thing → property → number, word or (numerator, denominator)."""
    stands = [
        {"id": key, "time": at(-600), "name": f"Điểm {key}", "agency": None, "lon": LON, "lat": LAT, **of.get(key, {})}
        for key in told
    ]
    results = [observed(key, name, value, minute, of.get(key, {})) for key, own in told.items()
               for name, value in own.items()]  # fmt: skip
    return {(service, Thing): rows(*stands), (service, Observation): rows(*results, by_id=False)}


def observed(key: str, name: str, value: Any, minute: float, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    top, of = value if isinstance(value, tuple) else (None, None)
    told = 100 * top / of if isinstance(value, tuple) and of else value
    return {
        "id": key, "time": at(minute), "observed_property": name, "result": None if isinstance(told, str) else told,
        "result_text": told if isinstance(told, str) else None, "unit": None, "quality": "measuring",
        "phenomenon_end": None, "numerator": top, "denominator": of, "name": f"Điểm {key}", "lon": LON, "lat": LAT,
        **{name: value for name, value in (more or {}).items() if name in {"name", "properties", "feed"}},
    }  # fmt: skip


def case(key: str, status: str, due_min: float | None, closed_min: float | None = None, **more: Any) -> dict[str, Any]:
    """A case requested five days ago."""
    return {
        "id": key, "time": at(closed_min or -600), "status": status, "requested_datetime": at(-7200),
        "expected_datetime": None if due_min is None else at(due_min),
        "closed_datetime": None if closed_min is None else at(closed_min), "urgency": "normal", "category": "roads",
        "duplicate_of": None, "rating": None, "title": key, "description": None, "agency": "Sở Xây dựng", "lon": LON,
        "lat": LAT, **more,
    }  # fmt: skip


def cases(service: str, *found: Mapping[str, Any]) -> Rows:
    frame = rows(*found)
    for name in ("requested_datetime", "expected_datetime", "closed_datetime"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return {(service, ServiceRequest): frame}


def event(key: str, severity: int | None, minute: float = -60, end: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": key, "time": at(minute), "end_time": None if end is None else at(end), "severity": severity,
        "status": None, "title": key, "description": None, "thing_id": None, "place_confidence": None, "lon": LON,
        "lat": LAT, **more,
    }  # fmt: skip


def events(service: str, *found: Mapping[str, Any]) -> Rows:
    frame = rows(*found)
    frame["end_time"] = pd.to_datetime(frame["end_time"], utc=True)
    return {(service, Event): frame}


def alerts(*found: Mapping[str, Any]) -> Rows:
    told = [
        {"time": at(-60), "status": "Actual", "severity": "Minor", "level": None, "expires": at(600), "onset": None,
         "effective": at(-60), "sent": at(-60), "properties": {"hazard": "flood"}, **one} for one in found
    ]  # fmt: skip
    frame = rows(*told)
    for name in ("expires", "onset", "effective", "sent"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    area = box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)
    return {("warnings", Alert): gpd.GeoDataFrame(frame, geometry=[area] * len(frame), crs=4326)}


def vessel(key: str, hours: float, **more: Any) -> dict[str, Any]:
    """A fishing vessel of 16 m last heard of so many hours ago, far out and moving."""
    return {
        "id": key, "time": at(-60 * hours), "category": "ship_30", "agency": None, "sog_kn": 6.0, "cog_deg": 90.0,
        "heading_deg": None, "status": None, "properties": {"length_m": 16}, "lon": 108.8, "lat": 17.3, **more,
    }  # fmt: skip


def bus(key: str, minute: float, delay_s: float | None = None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    fix = {"id": key, "time": at(minute), "properties": {"in_service": True}, "lon": LON, "lat": LAT, "cadence_s": 60.0}
    return fix, [] if delay_s is None else [observed(key, "delay", delay_s, minute)]


def features(service: str, *found: tuple[str, Any, Mapping[str, Any]]) -> Rows:
    told = [{"id": key, "time": at(-60), "collection": "x", "properties": more} for key, _, more in found]
    frame = gpd.GeoDataFrame(rows(*told), geometry=[shape for _, shape, _ in found], crs=4326)
    return {(service, Feature): frame}


def town() -> Rows:
    """Every service with data. The expected numbers stand in ``tests/unit/test_indicators.py``."""
    found: Rows = {}
    for part in (_cases(), _roads(), _sky(), _sea(), _offices(), _assets(), _ground()):
        for own in part:
            found |= own
    return found


def _cases() -> Iterator[Rows]:
    yield cases(
        "field_reports",
        case("late", "in_progress", -60),
        case("urgent", "in_progress", -60, urgency="urgent"),
        case("soon", "in_progress", 600),
        case("done", "closed", -600, -900, rating="hài lòng"),
        case("done2", "closed", -600, -900, rating="không hài lòng"),
        case("done3", "closed", -600, -900),
        case("tardy", "closed", -600, -300),
        case("refused", "rejected", -600, -900),
        case("twice", "in_progress", -60, duplicate_of="late"),
    )
    yield cases("citizen_questions", case("late", "in_progress", -60), case("ok", "in_progress", 6000))


def _roads() -> Iterator[Rows]:
    yield things(
        "traffic",
        {"jam": {"level_of_service": "F", "speed": 5.0}, "slow": {"level_of_service": "D", "speed": 15.0},
         "free": {"level_of_service": "A", "speed": 40.0}, "mute": {"occupancy": 3.0}},
    ) | events("traffic", event("crash", 3), event("works", 1), event("over", 4, -300, -200))  # fmt: skip
    fixes = [bus("a", -1, 30.0), bus("b", -1, 700.0), bus("c", -60), bus("d", -1, 0.0), bus("e", -1, 60.0),
             bus("f", -1, 120.0)]  # fmt: skip
    yield {("buses", Position): rows(*(fix for fix, _ in fixes))}
    yield {("buses", Observation): rows(*(row for _, told in fixes for row in told), by_id=False)}
    yield events("buses", event("stop", None, category="no_service"), event("round", None, category="detour"))
    yield events("public_order", event("fight", 2), event("riot", 4), event("gone", 2, -300, -200))
    yield events(
        "press",
        event("one", None, category="urban", title="Cầu mới thông xe sáng nay", properties={"place": {"codes": ["1"]}}),
        event("two", None, category="urban", title="Cầu mới thông xe sáng nay", properties={"place": {"codes": ["1"]}}),
        event("lie", None, category="rumour", title="Đồn vỡ đập thủy điện", properties={}),
    )
    yield things("cameras", {"a": {"status": "live"}, "b": {"status": "frozen"}, "c": {"status": "live"},
                             "d": {"status": "live"}, "e": {"status": "live"}})  # fmt: skip


def _sky() -> Iterator[Rows]:
    yield alerts({"id": "w1"}, {"id": "w2", "severity": "Severe"}, {"id": "drill", "status": "Exercise"},
                 {"id": "over", "expires": at(-5), "severity": "Extreme"})  # fmt: skip
    hours = [
        observed(key, "pm25", value, -60 * hour) for hour in range(20) for key, value in (("s1", 40.0), ("s2", 90.0))
    ]
    yield {("air_quality", Observation): rows(*hours, by_id=False),
           ("air_quality", Thing): rows({"id": "s1", "time": at(-600)}, {"id": "s2", "time": at(-600)})}  # fmt: skip
    alarm = {"properties": {"bd1": 1.0, "bd2": 2.0, "bd3": 3.0}}
    yield things(
        "hydrology",
        {"low": {"water_level": 0.5, "rain_24h": 12.0}, "bd1": {"water_level": 1.2}, "bd2": {"water_level": 2.0},
         "top": {"water_level": 4.1}, "bare": {"water_level": 9.0}},
        low=alarm, bd1=alarm, bd2=alarm, top=alarm,
    )  # fmt: skip
    taken = (("radar_rain", -10), ("radar_rain", -20), ("satellite", -600))
    images = [{"id": f"i{minute}", "time": at(minute), "category": kind, "cadence_s": 600.0} for kind, minute in taken]
    yield {("imagery", Coverage): rows(*images)}


def _sea() -> Iterator[Rows]:
    near = [vessel(f"v{n}", 1) for n in range(7)]
    lost = [vessel("late", 4), vessel("lost", 8), vessel("gone", 11 * 24), vessel("forgotten", 40 * 24)]
    yield {("fishing_vessels", Position): rows(*near, *lost)}


def _offices() -> Iterator[Rows]:
    yield things("public_services", {
        "good": {"in_progress": 100.0, "overdue": 2.0, "on_time_rate": (98, 100), "online_rate": (40, 100),
                 "satisfaction_rate": (9, 10)},
        "bad": {"in_progress": 50.0, "overdue": 10.0, "on_time_rate": (80, 100)}})  # fmt: skip
    cards = things(
        "staff_cards", {"big": {"present": 40.0}, "tiny": {"present": 3.0}, "door": {"reader_state": "offline"}}
    )
    counts = cards["staff_cards", Observation]
    counts["denominator"] = counts["id"].map({"big": 50.0, "tiny": 4.0})
    yield cards
    yield events("staff_cards", event("alarm", None, -10, category="door_alarm"),
                 event("old", None, -90, category="door_alarm"))  # fmt: skip
    yield things("government_performance", {
        "met": {"targets_met": (19, 20), "targets_met_plan": 90.0, "disbursement": 60.0},
        "short": {"targets_met": (15, 20), "targets_met_plan": 90.0, "disbursement": 40.0}})  # fmt: skip
    yield things("health", {"free": {"beds": 100.0, "beds_occupied": 70.0, "emergencies": 4.0},
                            "full": {"beds": 50.0, "beds_occupied": 55.0, "ambulances_free": 1.0}})  # fmt: skip
    yield things("education", {"open": {"status": "open", "pupils": 300.0, "attendance": 90.0},
                               "shut": {"status": "closed", "pupils": 100.0, "attendance": 10.0}})  # fmt: skip
    yield things("tourism", {"full": {"visitors": 900.0}, "wide": {"visitors": 50.0},
                             "inn": {"occupancy": 50.0, "rooms": 20.0}, "hall": {"occupancy": 100.0, "rooms": 10.0}},
                 full={"properties": {"capacity": 800}}, wide={"properties": {"capacity": 400}})  # fmt: skip


def _assets() -> Iterator[Rows]:
    yield things("public_utilities", {"pump": {"pump_state": "fault"}, "lamp": {"status": "on"},
                                      "dark": {"status": "fault"}, "pipe": {"water_loss": 20.0},
                                      "pipe2": {"water_loss": 22.0}, "pipe3": {"water_loss": 18.0}})  # fmt: skip
    systems: dict[str, dict[str, Any]] = {key: {"up": "up"} for key in ("a", "b", "c")}
    systems |= {"down": {"up": "down"}, "cert": {"up": "up", "certificate_days": 3.0}}
    yield things("information_security", systems)
    yield events("information_security", event("hack", 5, category="attack"), event("cut", 4, category="availability"))
    yield things("advertising_screens", {
        "ok": {"status": "on", "content": "approved", "licence_days": 200.0},
        "wild": {"status": "on", "content": "unapproved", "licence_days": 200.0},
        "past": {"status": "on", "content": "approved", "licence_days": -3.0},
        "soon": {"status": "on", "content": "approved", "licence_days": 9.0},
        "odd": {"status": "on", "content": "approved", "licence_days": 90.0},
        "broken": {"status": "fault"}})  # fmt: skip


def _ground() -> Iterator[Rows]:
    line = LineString([(LON, LAT), (LON + 0.01, LAT)])
    yield features("infrastructure", ("a", line, {}), ("b", line, {"trang_thai": "Quy hoạch"}),
                   ("c", Point(LON, LAT), {"trang_thai": "Hỏng"}))  # fmt: skip
    yield features("planning", ("zone", box(LON, LAT, LON + 0.01, LAT + 0.01), {})) | events(
        "planning", event("wall", 3, -1000), event("roof", 1, -1000), event("mended", 2, -1000, -500))  # fmt: skip
    yield things("population", {"w1": {"population": 9000.0, "over_60": 10.0}, "w3": {"population": 4.0},
                                "w2": {"population": 1000.0, "over_60": 20.0}})  # fmt: skip


def frames(found: Rows, *, feed: str = "up", minute: float = 0, name: str = "dong_ha") -> StillFrames:
    """Of these rows; ``feed`` down: every feed is lost."""
    services = sorted({service for service, _ in found})
    up = feed == "up"
    table = [
        {"source": f"feed_{service}", "service": service, "title_vi": service, "title_en": service, "operator": None,
         "owner": None, "protocol": "table", "simulated": True, "cadence_s": 60.0, "up": up, "since": T0, "error": None}
        for service in services
    ]  # fmt: skip
    own = {key: frame.assign(source=f"feed_{key[0]}", feed=feed) for key, frame in found.items()}
    feeds = pd.DataFrame(table, columns=list(SOURCE)).set_index("source")
    return StillFrames(
        T0 + timedelta(minutes=minute), city(name), own, feeds, unsent=unsent(), lines=lines(services),
        late=lags(services), stood=standings(*DESK), eyes=EYES,
    )  # fmt: skip


# -- what the program says of itself -----------------------------------------------------------------
EYES = Watched(at(-60 * 24 * 30), looks=True)


def standing(began: float, ended: float | None = None, seen: float | None = None, level: int = 2, **more: Any) -> Any:
    """A finding that stood from that minute; ``seen``: when it was acknowledged; ``closed``: by the desk."""
    times = {"began": began, "ended": ended, "acknowledged_at": seen, "desk_closed_at": more.pop("closed", None)}
    row = {"id": 1, "rule": "r", "service": "platform", "level": level, "simulated": True,
           "end_reason": None if ended is None else "ended", "acknowledged": seen is not None, **more}  # fmt: skip
    return row | {name: None if minute is None else at(minute) for name, minute in times.items()}


DESK = (
    *(standing(-60 * n, -60 * n + 30, -60 * n + 10) for n in range(1, 5)),  # seen after 10 min, over after 30
    standing(-400, None, -340, 3),  # seen after an hour
    standing(-300, None, None, 4),  # nobody has seen it
    standing(-90, None, None, 2, closed=-80),  # closed by the desk, unseen
    *(standing(-1440 * day - 60, -1440 * day, -1440 * day - 40) for day in range(1, 8)),  # one each day before
)
"""Seven today, seven in the seven days before."""


def standings(*found: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(found)).assign(id=range(len(found))) if found else pd.DataFrame()


def lines(services: Iterable[str], *rejected: Mapping[str, int]) -> pd.DataFrame:
    """The ledger of a day: each source brought 10, of which 2 were there already and 1 was refused."""
    told = [
        {"source": f"feed_{name}", "received": 10, "stored": 7, "duplicate": 2, "newest": T0,
         "rejected": rejected[n] if rejected else {"garbled": 1}}
        for n, name in enumerate(services)
    ]  # fmt: skip
    return pd.DataFrame(told).set_index("source")


def lags(services: Iterable[str]) -> pd.DataFrame:
    """Half a minute each, and two of the first: twice its cadence."""
    told = [
        {"source": f"feed_{s}", "p50_s": 5.0, "p95_s": 30.0 if n else 120.0, "n": 9} for n, s in enumerate(services)
    ]
    return pd.DataFrame(told).set_index("source")


def unsent() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "outlet": "zalo",
                "waiting": 3,
                "waits_since": at(-5),
                "given_up": 0,
                "given_up_since": None,
                "error": None,
            },
            {
                "outlet": "mail",
                "waiting": 0,
                "waits_since": None,
                "given_up": 1,
                "given_up_since": at(-50),
                "error": "x",
            },
        ]
    )
