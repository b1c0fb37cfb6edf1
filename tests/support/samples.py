"""A small catalogue and records of every kind, independent of the services that the house ships."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shapely import box
from shapely.geometry import Point

from geodata.catalogue import Category, ObservedProperty, Service
from geodata.city import SourceBinding
from geodata.records import (
    KINDS,
    Alert,
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
from geodata.view import Bounds, View

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)  # 12:00 in Vietnam
BOUNDS = Bounds(105, 14, 110, 19)


def service(name: str = "trial", *, personal_data: bool = False) -> Service:
    return Service(
        id=name,
        title_vi="thử",
        title_en="trial",
        short_vi="thử",
        short_en="trial",
        description_vi="",
        description_en="",
        group="environment",
        icon="place",
        mark="dot",
        tint="sea",
        kinds=tuple(KINDS),
        cadence_s=60,
        personal_data=personal_data,
        observed_properties=(
            ObservedProperty(id="pm25", title_vi="PM2,5", title_en="PM2.5", unit="ug/m3", minimum=0, maximum=1000),
            ObservedProperty(
                id="temperature", title_vi="nhiệt độ", title_en="temperature", unit="Cel", minimum=-20, maximum=60
            ),
            ObservedProperty(id="status", title_vi="trạng thái", title_en="status"),
        ),
        categories=(
            Category(id="road", title_vi="đường", title_en="road", codes=("001", "Đường")),
            Category(id="light", title_vi="đèn", title_en="light", codes=("002",)),
        ),
    )


SERVICES = {"trial": service(), "private": service("private", personal_data=True)}


def binding(name: str = "feed", service_: str = "trial") -> SourceBinding:
    return SourceBinding(id=name, protocol="table", title_vi="nguồn", title_en="feed", service=service_, simulated=True)


def view(
    start: datetime = NOON - timedelta(hours=1), end: datetime = NOON + timedelta(hours=1), **more: datetime
) -> View:
    return View(BOUNDS, 800, 600, start, end, **more)


def after(**more: float) -> datetime:
    """Some time after noon."""
    return NOON + timedelta(**more)


def fix(thing: str = "mmsi:1", at: float = 0, lon: float = 107.5, lat: float = 16.5, **more: object) -> Position:
    """A fix ``at`` seconds after noon."""
    return Position(thing_id=thing, time=after(seconds=at), lon=lon, lat=lat, **more)  # type: ignore[arg-type]


def fixes(n: int, things: int = 10) -> list[Position]:
    return [fix(f"mmsi:{i % things}", at=i, lon=107 + i / 1e4, sog_kn=i % 20) for i in range(n)]


def value(result: float | str | None = 10.0, at: float = 0, **more: object) -> Observation:
    given = {"thing_id": "station:1", "observed_property": "pm25", "unit": "ug/m3"} | more
    return Observation(phenomenon_time=after(seconds=at), result=result, **given)  # type: ignore[arg-type]


def case(status: RequestStatus = RequestStatus.OPEN, at: float = 0, **more: object) -> ServiceRequest:
    """A case requested at noon, in its state ``at`` seconds later."""
    given = {"id": "open311:1", "geometry": Point(107.5, 16.5)} | more
    return ServiceRequest(
        requested_datetime=NOON,
        updated_datetime=after(seconds=at),
        status=status,
        **given,  # type: ignore[arg-type]
    )


def alert(identifier: str = "1", at: float = 0, **more: object) -> Alert:
    given = {"status": "Actual", "msg_type": "Alert", "geometry": box(107, 16, 108, 17)} | more
    return Alert(sender="kttv", identifier=identifier, sent=after(seconds=at), **given)  # type: ignore[arg-type]


def event(name: str = "frigate:1", at: float = 0, **more: object) -> Event:
    return Event(id=name, time=after(seconds=at), **({"geometry": Point(107.5, 16.5)} | more))  # type: ignore[arg-type]


def one_of_each() -> list[Record]:
    return [
        Thing(id="station:1", name="Trạm 1", geometry=Point(107.6, 16.4)),
        value(),
        fix(),
        case(person={"name": "Nguyễn Văn A"}),
        alert(),
        event(),
        Feature(collection="wards", id="19774", geometry=box(107, 16, 108, 17), name="Thuận Hóa"),
        Coverage(id="radar:1", time=NOON, href="radar/1.tif", geometry=box(105, 14, 110, 19)),
    ]
