"""What the fuzz target found: payloads that a parser once did not bear, and one that the target itself did not."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from random import Random

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs

from geodata.records import Rejected
from sources.base import protocol
from tests.fuzz.mutate import archive
from tests.support.kit import assert_sound

NOW = datetime(2026, 11, 22, tzinfo=UTC)

MEASUREMENT = b"""{"locationsId": 1, "sensorsId": 2, "results": [{"value": 1e308,
 "parameter": {"name": "co", "units": "ppm"}, "period":
 {"datetimeFrom": {"utc": "2026-11-21T00:00:00Z"}, "datetimeTo": {"utc": "2026-11-21T01:00:00Z"}}}]}"""
RATIO = b'monitor_uptime_ratio{monitor_id="3",monitor_name="a",window="1d"} 1e308\n'


def bad_language() -> bytes:
    """An alert whose language is no UTF-8: the library hands it over as bytes."""
    feed = gtfs.FeedMessage()
    feed.header.gtfs_realtime_version = "2.0"
    alert = feed.entity.add(id="a").alert
    alert.informed_entity.add(route_id="1")
    alert.header_text.translation.add(text="tắc đường", language="QQ")
    return bytes(feed.SerializeToString()).replace(b"QQ", b"\xff\xfe")


@pytest.mark.parametrize(
    ("name", "payload"),
    [("openaq", MEASUREMENT), ("uptime_kuma", RATIO), ("gtfs_rt", bad_language())],
)
def test_a_value_that_overflows_or_is_no_text_is_rejected(name: str, payload: bytes) -> None:
    source = protocol(name)
    options = source.options.model_validate({"url": "http://127.0.0.1/", **({"slug": "x"} if "kuma" in name else {})})
    rows = list(source.parse(payload, options, NOW))
    assert_sound(source, rows)
    assert any(isinstance(row, Rejected) for row in rows), rows


def test_an_archive_whose_deflated_stream_is_broken_is_left_as_it_is() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.txt", "đường " * 500)
    with zipfile.ZipFile(packed) as given:
        start = given.infolist()[0].header_offset + 30 + len("a.txt")
    payload = bytearray(packed.getvalue())
    for at in range(start, start + 12):
        payload[at] = 0xFF
    assert archive(bytes(payload), Random(1)) == bytes(payload)
