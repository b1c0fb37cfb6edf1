"""Frigate's words to records. Source: Frigate's documentation and source, 0.14 to 0.17 (reviews, events, statistics).

What a face or plate recognition adds (``sub_label``, ``sub_labels``, ``recognized_license_plate``) is a person's: it is
never read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from geodata.catalogue import services
from geodata.records import JSON, Event, Observation, Record, Rejected, Thing
from sources._mqtt_envelope import unused
from sources._mqtt_records import moment
from sources._mqtt_wire import Message
from sources._values import dumped, loads, number, point, text
from sources._vocabulary import category

DEAD_FPS = 0.1
SEVERITY: Mapping[str, int] = {"alert": 3, "detection": 2}
STATES: Mapping[str, str] = {"online": "live", "offline": "unreachable"}


class Camera(BaseModel):
    """What the recorder does not know of a camera: where it stands and where it looks. Degrees EPSG:4326."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    category: str | None = None
    agency: str | None = None
    azimuth_deg: float | None = None
    fov_deg: float | None = None
    range_m: float | None = None
    mast_height_m: float | None = None


class RowOptions(Protocol):
    """What making records needs of the options."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def topic_prefix(self) -> str: ...
    @property
    def feed(self) -> str: ...
    @property
    def cameras(self) -> Mapping[str, Camera]: ...
    @property
    def listed_only(self) -> bool: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def zones(self) -> Mapping[str, str]: ...
    @property
    def counts(self) -> Mapping[str, str]: ...
    @property
    def count_zones(self) -> Mapping[str, str]: ...


def measures(options: RowOptions, name: str) -> bool:
    """Whether the service has such an observed property."""
    known = services().get(options.service)
    return known is not None and any(entry.id == name for entry in known.observed_properties)


def ours(camera: str, options: RowOptions) -> bool:
    """Whether the camera is read: with ``listed_only`` those of the options alone."""
    return not options.listed_only or camera in options.cameras


def of_message(message: Message, options: RowOptions) -> Iterator[Record | Rejected]:
    """The records of one MQTT message. Raises ValueError."""
    path = message.topic.removeprefix(f"{options.topic_prefix}/").split("/")
    if message.topic == f"{options.topic_prefix}/{options.feed}":
        yield from _change(message, options)
    elif path == ["available"]:
        yield unused(message, "availability")
    elif len(path) == 3 and path[1:] == ["status", "detect"] and not message.retain:
        yield _status(message, path[0], options)
    elif len(path) == 2 and path[1] in options.counts and not message.retain:
        yield _count(message, path[0], path[1], options)
    else:
        yield unused(message)


def _change(message: Message, options: RowOptions) -> Iterator[Record | Rejected]:
    """``{type: new|update|end, before, after}``; ``after`` is the row as it now stands."""
    told = loads(message.payload)
    after = told.get("after") if isinstance(told, Mapping) else None
    if not isinstance(after, Mapping) or not isinstance(told, Mapping):
        raise ValueError("no change of a review or event")  # noqa: TRY004 (what is wrong is the payload)
    if told.get("type") == "new" and after.get("false_positive") is True:
        yield unused(message, "false_positive")
    else:
        yield event(after, options, message.arrival)


def event(row: Mapping[str, Any], options: RowOptions, arrival: datetime) -> Event | Rejected:
    """A review or a tracked object, from MQTT or HTTP. Raises ValueError."""
    dumped(row)
    name, camera = text(row.get("id")), text(row.get("camera"))
    if not name or not camera:
        raise ValueError("neither id nor camera")
    start, end = moment(row.get("start_time"), UTC), moment(row.get("end_time"), UTC)
    if start is None:
        raise ValueError("no start_time")
    if not ours(camera, options):
        return Rejected(reason="unused_camera", received_at=arrival)
    labels, zones = _labels(row)
    kind = _category(labels, zones, options)
    if kind is None:
        return Rejected(reason="unused_label", received_at=arrival)
    known = options.cameras.get(camera, Camera())
    score = row.get("top_score") or row.get("score")
    properties: dict[str, JSON] = {"labels": labels, "zones": zones, "snapshot_of": _detections(row, name)[:1]}
    if score is not None:
        properties["score"] = number(score)
    state = "false_positive" if row.get("false_positive") is True else "open" if end is None else "ended"
    return Event(
        id=f"{options.issuer}:{name}",
        time=start,
        end_time=end,
        category=kind,
        title=known.name or camera,
        thing_id=f"{options.issuer}:{camera}",
        geometry=_place(known),
        severity=SEVERITY.get(str(row.get("severity")), 2),
        status=state,
        properties=properties,
        received_at=arrival,
    )


def _labels(row: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What was seen and where: of a review in ``data``, of an event in its own keys."""
    data = row.get("data")
    data = data if isinstance(data, Mapping) else {}
    labels = [*_texts(data.get("objects")), *_texts(data.get("audio")), *_texts([row.get("label")])]
    zones = [*_texts(data.get("zones")), *_texts(row.get("entered_zones")), *_texts(row.get("zones"))]
    return list(dict.fromkeys(labels)), list(dict.fromkeys(zones))


def _texts(values: Any) -> list[str]:
    return [word for value in values[:100] if (word := text(value))] if isinstance(values, list) else []


def _detections(row: Mapping[str, Any], name: str) -> list[str]:
    data = row.get("data")
    return (_texts(data.get("detections")) if isinstance(data, Mapping) else []) or [name]


def _category(labels: Sequence[str], zones: Sequence[str], options: RowOptions) -> str | None:
    """What a zone means comes before what an object means: a car in a no-parking zone is illegal parking."""
    plain = [label.removesuffix("-verified") for label in labels]
    mapped = [options.zones.get(zone) for zone in zones] + [options.labels.get(label) for label in plain]
    word = next((found for found in mapped if found), None)
    if word is not None:
        return category(options.service, word) or word
    return category(options.service, *zones, *plain)


def _place(camera: Camera) -> Any:
    return None if camera.lon is None or camera.lat is None else point(camera.lon, camera.lat)


def _status(message: Message, camera: str, options: RowOptions) -> Record | Rejected:
    word = message.payload.decode("utf-8", "replace").strip()
    if word not in STATES or not measures(options, "status") or not ours(camera, options):
        return unused(message, "unused_status")
    return _observation(camera, "status", STATES[word], message.arrival, message.arrival, options)


def _count(message: Message, name: str, label: str, options: RowOptions) -> Record | Rejected:
    """Of a camera or of a zone that ``count_zones`` gives to a camera; the plain number of now."""
    camera, wanted = options.count_zones.get(name, name), options.counts[label]
    zoned = name in options.count_zones
    if not measures(options, wanted) or not ours(camera, options) or (camera in options.count_zones.values()) != zoned:
        return unused(message, "unused_count")
    try:
        value = number(message.payload.decode())
    except UnicodeDecodeError as error:
        raise ValueError("not a number") from error
    return _observation(camera, wanted, value, message.arrival, message.arrival, options)


def _observation(
    camera: str, name: str, result: float | str, time: datetime, arrival: datetime, options: RowOptions
) -> Observation:
    dumped(camera)
    return Observation(
        thing_id=f"{options.issuer}:{camera}",
        observed_property=name,
        phenomenon_time=time,
        result=result,
        received_at=arrival,
    )


def of_stats(stats: Mapping[str, Any], options: RowOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """``/api/stats``: a Thing for each camera, and whether pictures come from it. A camera without a key is switched
    off at the recorder, not dead: nothing is said of it.
    """
    cameras = stats.get("cameras")
    if not isinstance(cameras, Mapping):
        raise ValueError("no statistics of cameras")  # noqa: TRY004 (what is wrong is the payload)
    own = stats.get("service")
    told = own.get("last_updated") if isinstance(own, Mapping) else None
    time = moment(told, UTC) or arrival
    for camera, entry in cameras.items():
        if not ours(camera, options):
            yield Rejected(reason="unused_camera", received_at=arrival)
            continue
        try:
            dumped(camera)
            fps = number(entry.get("camera_fps") if isinstance(entry, Mapping) else None)
        except ValueError as error:
            kept = json.dumps({"cameras": {camera: entry}}).encode()[:65536]
            yield Rejected(reason="malformed", detail=str(error)[:200], payload=kept, received_at=arrival)
            continue
        yield thing(camera, options, arrival)
        if measures(options, "status"):
            state = "unreachable" if fps < DEAD_FPS else "live"
            yield _observation(camera, "status", state, time, arrival, options)


def thing(camera: str, options: RowOptions, arrival: datetime) -> Thing:
    known = options.cameras.get(camera, Camera())
    return Thing(
        id=f"{options.issuer}:{camera}",
        name=known.name or camera,
        category=(category(options.service, known.category) or known.category) if known.category else None,
        geometry=_place(known),
        agency=known.agency,
        azimuth_deg=known.azimuth_deg,
        fov_deg=known.fov_deg,
        range_m=known.range_m,
        mast_height_m=known.mast_height_m,
        properties={"recorder": "frigate"},
        received_at=arrival,
    )


def of_row(row: Any, options: RowOptions, arrival: datetime) -> Record | Rejected:
    """A stored review or event of the HTTP interface; what is none is a Rejected that keeps it."""
    try:
        if not isinstance(row, Mapping):
            raise ValueError("neither review nor event")  # noqa: TRY004, TRY301 (what is wrong is the payload)
        return event(row, options, arrival)
    except (ValueError, RecursionError) as error:
        kept = json.dumps(row).encode()[:65536]
        return Rejected(reason="malformed", detail=str(error)[:200], payload=kept, received_at=arrival)
