"""What the conformance kit knows of an adapter: its recorded payloads and the options to read them with."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry.base import BaseGeometry

from geodata.catalogue import services
from geodata.city import SourceBinding
from geodata.records import Position, Record, Rejected
from sources._binding import replay_options
from sources.base import Options, Source, names

PAYLOADS = Path(__file__).parents[1] / "payloads"
KINDS_OF_FILE = ("good", "partial", "broken")
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""Arrival of every payload that the kit parses."""

every_adapter = pytest.mark.parametrize("source", names(), indirect=True)
"""Loaded one by one (tests/contract/conftest.py): an adapter that cannot be imported fails its own tests alone."""


def told(source: Source[Options]) -> dict[str, Any]:
    """What ``options.json`` beside the payloads says: ``service``, ``options`` to parse with, and ``dead_end``, options
    that lead where nobody is. An adapter that can do without has no such file.
    """
    path = PAYLOADS / source.protocol / "options.json"
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def service_of(source: Source[Options]) -> str:
    """The service that the payloads belong to."""
    kinds = {kind.__name__ for kind in source.kinds}
    own: str | None = told(source).get("service")
    return own or next(name for name, entry in services().items() if kinds <= set(entry.kinds))


def options(source: Source[Options]) -> Options:
    """To parse the payloads with."""
    return replay_options(source, told(source).get("options", {}), service_of(source))


def files(source: Source[Options], kind: str) -> list[Path]:
    """The payloads of one kind."""
    return sorted((PAYLOADS / source.protocol).glob(f"{kind}*"))


def recorded(source: Source[Options]) -> list[Path]:
    """All payloads."""
    return [path for kind in KINDS_OF_FILE for path in files(source, kind)]


def dead_end(source: Source[Options]) -> dict[str, Any]:
    """Options that lead to a port where nobody listens."""
    own = told(source)
    if "dead_end" in own:
        return {**own.get("options", {}), **own["dead_end"]}
    if "url" in source.options.model_fields:
        return {"url": "http://127.0.0.1:9/nobody"}
    return {"host": "127.0.0.1", "port": 9}


def binding(source: Source[Options]) -> SourceBinding:
    """A source of the payloads' service, to replay them as."""
    return SourceBinding(
        id=f"kit_{source.protocol}",
        protocol=source.protocol,
        service=service_of(source),
        title_vi="Bộ kiểm tra",
        title_en="Conformance kit",
        options=told(source).get("options", {}),
    )


def parse(source: Source[Options], payload: bytes) -> list[Record | Rejected]:
    return list(source.parse(payload, options(source), NOW))


def floats(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from floats(getattr(value, field.name))
    elif isinstance(value, dict):
        for entry in value.values():
            yield from floats(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from floats(entry)
    elif isinstance(value, BaseGeometry):
        yield from value.bounds


def times(record: Record | Rejected) -> Iterator[datetime]:
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, datetime):
            yield value


def assert_sound(source: Source[Options], rows: list[Record | Rejected]) -> None:
    """What the store may count on, whatever came over the wire."""
    for row in rows:
        if isinstance(row, Rejected):
            assert row.reason
            assert row.reason.replace("_", "").isalnum()
            assert len(row.payload or b"") <= 65536
        else:
            assert type(row) in source.kinds
            assert all(math.isfinite(number) for number in floats(row))
            repr(row).encode()  # no lone surrogate
            assert "\\x00" not in repr(row)
            geometry = getattr(row, "geometry", None)
            if geometry is not None:
                west, south, east, north = geometry.bounds
                assert -180 <= west <= east <= 180
                assert -90 <= south <= north <= 90
            if isinstance(row, Position):
                assert -180 <= row.lon <= 180
                assert -90 <= row.lat <= 90
        for time in times(row):
            assert time.utcoffset() is not None
            assert 1970 <= time.year < 2200
