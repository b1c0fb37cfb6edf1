"""A small Huế of four services, written as records: enough for every state of every mark.

Ages are counted back from ``now``. Names of vessels and reports say which state they stand for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shapely import Point

from geodata.city import SourceBinding
from geodata.records import Observation, Position, Quality, Record, RequestStatus, ServiceRequest, Thing
from tests.support.sync_store import SyncStore

HOME = (107.585, 16.463)
THUAN_AN = (107.632, 16.558)
"""A landing place (``geodata.geography``, collection landings)."""


def binding(service: str, cadence_s: float) -> SourceBinding:
    return SourceBinding(
        id=f"test_{service}",
        protocol="import",
        service=service,
        title_vi="Nguồn thử",
        title_en="Test feed",
        cadence_s=cadence_s,
    )


BINDINGS = {
    "field_reports": binding("field_reports", 300),
    "fishing_vessels": binding("fishing_vessels", 7200),
    "air_quality": binding("air_quality", 3600),
    "hydrology": binding("hydrology", 600),
}


def request(
    name: str, now: datetime, asked_h: float, due_h: float | None, lon: float = HOME[0], **more: object
) -> ServiceRequest:
    """Asked ``asked_h`` hours ago, due in ``due_h`` hours from now."""
    asked = now - timedelta(hours=asked_h)
    fields: dict[str, object] = {
        "status": RequestStatus.IN_PROGRESS,
        "geometry": Point(lon, HOME[1]),
        "expected_datetime": None if due_h is None else now + timedelta(hours=due_h),
        "title": name,
        "address": "45 Nguyễn Huệ",
        "agency": "UBND phường Thuận Hóa",
        "service_code": "thoat_nuoc",
        "urgency": "normal",
    }
    return ServiceRequest(
        id=f"open311:{name}",
        requested_datetime=asked,
        updated_datetime=asked + timedelta(minutes=5),
        **(fields | more),  # type: ignore[arg-type]
    )


def reports(now: datetime) -> list[Record]:
    """In time, due soon, overdue, urgent and overdue, resolved, duplicate, without a deadline, closed."""
    return [
        request("in_time", now, 2, 22),
        request("due_soon", now, 7, 1, 107.590),
        request("overdue", now, 30, -6, 107.595),
        request("urgent", now, 5, -1, 107.600, urgency="urgent"),
        request("resolved", now, 30, -6, 107.605, status=RequestStatus.RESOLVED),
        request("copy", now, 1, 23, 107.610, duplicate_of="open311:in_time"),
        request("new", now, 0.1, None, 107.615, status=RequestStatus.SUBMITTED),
        request("closed", now, 20, 4, 107.620, status=RequestStatus.CLOSED, closed_datetime=now - timedelta(hours=1)),
    ]


def fix(mmsi: int, time: datetime, lon: float, lat: float, **more: float) -> Position:
    return Position(thing_id=f"mmsi:{mmsi}", time=time, lon=lon, lat=lat, **more)  # type: ignore[arg-type]


FRESH, LATE, LOST, LONG_LOST, IN_PORT, CARGO, CARGO_GONE = (574000000 + i for i in range(1, 8))


def vessels(now: datetime) -> list[Record]:
    """Fresh, late, lost, lost for ten days, in port for days, a cargo ship near and one that has sailed away."""
    ages_h = {FRESH: 0.1, LATE: 4, LOST: 7.2, LONG_LOST: 270, IN_PORT: 80, CARGO: 0.2, CARGO_GONE: 9}
    things: list[Record] = [
        Thing(
            id=f"mmsi:{mmsi}",
            name=f"TTH-{mmsi % 100}-TS",
            category="ship_cargo" if mmsi in {CARGO, CARGO_GONE} else "ship_30",
            properties={"length_m": 26, "callsign": "XVTT"},
        )
        for mmsi in ages_h
    ]
    places = {m: (107.75 + i * 0.03, 16.62 + i * 0.02) for i, m in enumerate(ages_h)} | {IN_PORT: THUAN_AN}
    fixes: list[Record] = [
        fix(
            m,
            now - timedelta(hours=age),
            *places[m],
            sog_kn=0.0 if m == IN_PORT else 6.1,
            cog_deg=45.0,
            **({"heading_deg": 50.0} if m == FRESH else {}),
        )
        for m, age in ages_h.items()
    ]
    return things + fixes


def readings(thing: str, name: str, values: list[float], now: datetime, step_min: float, unit: str) -> list[Record]:
    """Values newest last, ``step_min`` apart; the newest one step ago."""
    return [
        Observation(
            thing_id=thing,
            observed_property=name,
            phenomenon_time=now - timedelta(minutes=step_min * (len(values) - i)),
            result=value,
            unit=unit,
        )
        for i, value in enumerate(values)
    ]


def air(now: datetime) -> list[Record]:
    """A station with bad air for twelve hours, one whose device is being calibrated, one that fell silent."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    found: list[Record] = [
        Thing(id=f"sta:{name}", name=name, category="air_station", geometry=Point(107.57 + i * 0.02, 16.45))
        for i, name in enumerate(("bad", "calibrating", "silent"))
    ]
    found += readings("sta:bad", "pm25", [90.0] * 12, hour + timedelta(hours=1), 60, "ug/m3")
    found += readings("sta:bad", "no2", [60.0] * 12, hour + timedelta(hours=1), 60, "ug/m3")
    found += readings("sta:silent", "pm25", [20.0] * 3, hour - timedelta(hours=5), 60, "ug/m3")
    found += [
        Observation(
            thing_id="sta:calibrating",
            observed_property="pm25",
            phenomenon_time=hour - timedelta(hours=i),
            result=900.0,
            unit="ug/m3",
            quality=Quality.CALIBRATING,
        )
        for i in range(3)
    ]
    return found


def water(now: datetime) -> list[Record]:
    """Kim Long over BĐ2 and rising, Phú Ốc below BĐ1 and falling, a rain gauge."""
    return [
        Thing(
            id="sta:kim_long",
            name="Kim Long",
            category="water_station",
            geometry=Point(107.566, 16.462),
            properties={"station": "kim_long", "river": "Hương"},
        ),
        Thing(
            id="sta:phu_oc",
            name="Phú Ốc",
            category="water_station",
            geometry=Point(107.479, 16.533),
            properties={"station": "phu_oc", "river": "Bồ"},
        ),
        Thing(id="sta:rain", name="Trạm mưa Nam Đông", category="rain_gauge", geometry=Point(107.63, 16.42)),
        *readings("sta:kim_long", "water_level", [2.0 + 0.04 * i for i in range(13)], now, 10, "m"),
        *readings("sta:phu_oc", "water_level", [1.0 - 0.02 * i for i in range(13)], now, 10, "m"),
        *readings("sta:rain", "rain_1h", [42.5], now, 10, "mm"),
    ]


def fill(store: SyncStore, now: datetime) -> None:
    """Everything, each service from its own source, all feeds up."""
    parts = {"field_reports": reports, "fishing_vessels": vessels, "air_quality": air, "hydrology": water}
    for service, records in parts.items():
        written = store.write(BINDINGS[service], records(now))
        assert written.stored == written.received, (service, written)
