"""Rows of every kind that a service may hold, as uneven as real ones: what any layer must draw without a word.

Made from the catalogue alone, so a stranger's service has its rows as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle, islice

import shapely
from shapely import Point, box

from geodata.catalogue import Service
from geodata.city import SourceBinding
from geodata.records import (
    Alert,
    Coverage,
    Event,
    Feature,
    Observation,
    Position,
    Quality,
    Record,
    RequestStatus,
    ServiceRequest,
    Thing,
)

LON, LAT = 107.585, 16.465
"""The middle of Huế."""

THINGS = 8
ODD = {"length_m": 17.5, "river": "Sông Hương", "bd1": 1.0, "capacity": 0, "line": None, "note": "", "deep": {"a": [1]}}


def binding(service: str) -> SourceBinding:
    """The one feed of a service, simulated."""
    return SourceBinding(
        id=f"kit_{service}",
        service=service,
        protocol="table",
        title_vi="Nguồn thử",
        title_en="Test source",
        owner="Trung tâm",
        simulated=True,
        options={},
    )


def place(i: int) -> Point:
    return Point(LON + 0.01 * (i % 5 - 2), LAT + 0.01 * (i // 5 - 1))


def words_of(service: Service) -> list[str | None]:
    """Categories of the catalogue, one that it does not know, and none."""
    return [*(category.id for category in service.categories), "never_heard_of", None]


def rows_of(service: Service, now: datetime) -> list[Record]:
    """Records of all kinds of the service, none of them younger than ``now``."""
    makers = {
        "Thing": things,
        "Observation": observations,
        "Position": positions,
        "ServiceRequest": requests,
        "Alert": alerts,
        "Event": events,
        "Feature": features,
        "Coverage": coverages,
    }
    return [record for kind in service.kinds for record in makers[kind](service, now)]


def things(service: Service, now: datetime) -> Iterator[Record]:
    kinds = words_of(service)
    for i, category in zip(range(max(THINGS, len(kinds))), cycle(kinds), strict=False):
        bare = i % 4 == 3
        yield Thing(
            id=f"thing:{i}",
            name=None if bare else f"Điểm số {i}",
            category=category,
            geometry=(None, place(i), place(i), place(i).buffer(0.004))[i % 4],
            agency=None if bare else "xa_phu_vinh",
            azimuth_deg=None if bare else 350.0,
            fov_deg=60.0 if i % 2 else None,
            range_m=80.0 if i % 2 else None,
            time=now - timedelta(hours=i),
            properties={} if bare else dict(ODD),
        )


def observations(service: Service, now: datetime) -> Iterator[Record]:
    """Of each thing each property: least, greatest, a word, nothing; fresh, late, silent; in repair."""
    ages = cycle((0.2, 1.5, 50.0))
    for prop in service.observed_properties:
        low, high = prop.minimum, prop.maximum
        worded = prop.unit is None
        values = cycle(
            ("fault" if worded else low or 0.0, "ok" if worded else high if high is not None else 10.0, None)
        )
        for i, value, age in islice(zip(range(THINGS), values, ages, strict=False), THINGS):
            yield Observation(
                thing_id=f"thing:{i}",
                observed_property=prop.id,
                phenomenon_time=now - timedelta(seconds=age * service.cadence_s),
                result=value,
                unit=prop.unit,
                quality=Quality.FAULT if i == 5 else Quality.MEASURING,
                numerator=None if i % 2 else 3.0,
                denominator=None if i % 2 else 0.0,
            )


def positions(service: Service, now: datetime) -> Iterator[Record]:
    for i in range(THINGS):
        for step in range(3):
            known = i % 2 == 0
            yield Position(
                thing_id=f"thing:{i}",
                time=now - timedelta(seconds=(step + 1) * service.cadence_s * (i + 1)),
                lon=LON + 0.01 * i,
                lat=LAT + 0.002 * step,
                sog_kn=6.0 if known else None,
                cog_deg=359.9 if known else None,
                heading_deg=10.0 if i == 2 else None,
            )


def requests(service: Service, now: datetime) -> Iterator[Record]:
    categories = words_of(service)
    for i, (status, category) in enumerate(zip(RequestStatus, cycle(categories), strict=False)):
        yield ServiceRequest(
            id=f"case:{i}",
            requested_datetime=now - timedelta(days=i),
            updated_datetime=now - timedelta(hours=i),
            status=status,
            service_code=category,
            title=None if i % 3 == 0 else f"Vụ việc {i}",
            address=None if i % 2 else "1 Lê Lợi, phường Thuận Hóa, thành phố Huế",
            geometry=None if i % 4 == 3 else place(i),
            expected_datetime=None if i % 5 == 4 else now + timedelta(hours=6 - 6 * i),
            closed_datetime=None if status.is_open else now - timedelta(hours=i),
            urgency="khan" if i % 2 else None,
            person={"name": "Nguyễn Thị Mật", "phone": "0905123456"},
        )


def alerts(service: Service, now: datetime) -> Iterator[Record]:
    looks = zip(
        ("Minor", "Moderate", "Severe", "Extreme", "Unknown", "Severe", "Extreme"),
        ("Actual", "Actual", "Actual", "Actual", "Actual", "Exercise", "Test"),
        (
            box(107.4, 16.3, 107.7, 16.6),
            None,
            box(107.9, 16.5, 109.5, 17.2),
            place(0).buffer(0.1),
            None,
            place(1),
            None,
        ),
        strict=True,
    )
    for i, (severity, status, area) in enumerate(looks):
        yield Alert(
            sender="kttv@example.vn",
            identifier=f"w{i}",
            sent=now - timedelta(hours=i),
            status=status,
            msg_type="Alert",
            event=None if i == 4 else service.title_vi,
            severity=severity,
            level=3 if i == 2 else None,
            expires=None if i == 1 else now + timedelta(hours=6),
            headline=None if i == 4 else f"Cảnh báo {i}",
            area_desc=("Phường Thuận Hóa", "thành phố Huế", None)[i % 3],
            geometry=area,
        )


def events(service: Service, now: datetime) -> Iterator[Record]:
    categories = words_of(service)
    for i, category in enumerate(categories):
        yield Event(
            id=f"event:{i}",
            time=now - timedelta(minutes=7 * i),
            end_time=None if i % 2 else now + timedelta(hours=1),
            category=category,
            title=None if i % 4 == 3 else f"Sự việc {i}",
            thing_id=f"thing:{i}" if i % 2 else None,
            geometry=(place(i), place(i).buffer(0.02), None)[i % 3],
            place_confidence=(None, 0.4, 0.0)[i % 3],
            place_level=(None, "ward", "province")[i % 3],
            severity=(None, 1, 2, 3, 4, 5)[i % 6],
        )


def features(service: Service, now: datetime) -> Iterator[Record]:
    shapes = (
        place(0),
        shapely.LineString([place(0), place(3), place(7)]),
        place(2).buffer(0.01),
        shapely.MultiPolygon([place(3).buffer(0.003), place(9).buffer(0.003)]),
        shapely.MultiLineString([[place(0), place(4)], [place(5), place(9)]]),
    )
    for i, (category, shape) in enumerate(zip(words_of(service), cycle(shapes), strict=False)):
        yield Feature(
            collection=service.id,
            id=f"feature:{i}",
            geometry=shape,
            name=None if i % 3 == 2 else f"Tuyến {i}",
            category=category,
            valid_to=now + timedelta(days=365) if i % 2 else None,
            approximate=i % 2 == 0,
            properties={} if i % 2 else dict(ODD),
        )


def coverages(service: Service, now: datetime) -> Iterator[Record]:
    for i, category in enumerate(words_of(service)):
        yield Coverage(
            id=f"picture:{i}",
            time=now - timedelta(minutes=10 * i),
            href=f"gone-{i}.tif",
            geometry=box(107.0, 16.0, 108.0, 17.0),
            category=category,
        )
