"""Recorded payloads of the camera probe as records: inventories, gateways' lists, and looks line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from geodata.records import Observation, Record, Rejected
from sources._camera_gateways import is_go2rtc
from sources._camera_inventory import streams_of
from sources._camera_options import CameraOptions
from sources._camera_registry import read, thing
from sources._camera_words import redacted, redacted_bytes
from sources._values import instant, loads, number, text

STATES = ("live", "frozen", "dark", "unreachable")
MAX_AGE_S = 31_536_000.0  # of the catalogue's property


def parse(payload: bytes, options: CameraOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The Things of an inventory or the Observations of looks. What is none of it is one Rejected."""
    if payload.lstrip()[:1] == b"{":
        try:
            body = loads(payload)
        except ValueError:
            yield from _lines(payload, options, arrival)
            return
        if is_look(body):
            yield from _lines(payload, options, arrival)
            return
        if is_go2rtc(body) or is_mediamtx(body, options):
            yield from _things(streams_of(payload, body, options, arrival), options, arrival)
            return
    yield from _things(read(payload, options, arrival), options, arrival)


def is_look(body: Any) -> bool:
    return isinstance(body, Mapping) and "camera" in body and ("status" in body or "frame_age_s" in body)


def is_mediamtx(body: Any, options: CameraOptions) -> bool:
    items = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(items, list | Mapping):
        return False
    listed = items if isinstance(items, list) else items.values()
    return options.inventory == "mediamtx" or any(isinstance(item, Mapping) and "confName" in item for item in listed)


def _things(rows: Iterator[Any], options: CameraOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    for row in rows:
        yield row if isinstance(row, Rejected) else thing(row, options, received_at=arrival)


def _lines(payload: bytes, options: CameraOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    for line in payload.split(b"\n"):
        if not line.strip():
            continue
        try:
            yield from look(loads(line), options, arrival)
        except (ValueError, RecursionError) as error:
            kept = redacted_bytes(line)
            yield Rejected(reason="malformed", detail=redacted(str(error))[:200], payload=kept, received_at=arrival)


def look(entry: Any, options: CameraOptions, arrival: datetime) -> Iterator[Observation]:
    """One look as it is recorded. Raises ValueError."""
    if not is_look(entry):
        raise ValueError("neither an inventory nor a look")
    key = text(entry["camera"])
    if key is None or "\0" in key or len(key) > 200:
        raise ValueError("no camera")
    key.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    time = instant(entry.get("time"))
    status, age = text(entry.get("status")), entry.get("frame_age_s")
    if status is not None and status not in STATES:
        raise ValueError("a state that is none")
    if status is None and age is None:
        raise ValueError("nothing seen")
    age_s = None if age is None else min(max(number(age), 0.0), MAX_AGE_S)
    yield from observations(f"{options.issuer}:{key}", time, status, age_s, arrival)


def observations(
    thing_id: str, time: datetime, status: str | None, age_s: float | None, arrival: datetime | None = None
) -> Iterator[Observation]:
    """What one look said, at its time (UTC); the age in seconds."""
    if status is not None:
        yield Observation(
            thing_id=thing_id,
            observed_property="status",
            phenomenon_time=time,
            result=status,
            received_at=arrival,
        )
    if age_s is not None:
        yield Observation(
            thing_id=thing_id,
            observed_property="frame_age",
            phenomenon_time=time,
            result=round(min(age_s, MAX_AGE_S), 1),
            unit="s",
            received_at=arrival,
        )
