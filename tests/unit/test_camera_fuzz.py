"""Whatever a camera or gateway sends, its readers give an answer or a ValueError, in bounded time."""

from __future__ import annotations

import io
import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sources._camera_frame import cut, frame
from sources._camera_gateways import go2rtc, mediamtx
from sources._camera_hls import newest, variant
from sources._camera_options import CameraOptions
from sources._camera_registry import read
from sources._camera_streams import address, logins
from sources._camera_words import redacted_bytes
from tests.unit.test_camera_inventory import MEDIA, NOW, PAYLOADS

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
OPTIONS = CameraOptions(service="cameras")


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (24, 40, 3)).astype(np.uint8)).save(out, "JPEG")
    return out.getvalue()


def damaged(payload: bytes) -> st.SearchStrategy[bytes]:
    """Bytes put over others, a piece left out, a piece twice."""
    place = st.integers(0, len(payload))
    return st.tuples(place, place, st.binary(max_size=6)).map(lambda t: payload[: t[0]] + t[2] + payload[t[1] :])


@FUZZ
@given(data=st.one_of(damaged(_jpeg()), st.binary(max_size=400).map(lambda b: b"\xff\xd8\xff" + b)))
def test_pictures(data: bytes) -> None:
    try:
        found = cut(data)
        assert found is None or len(found[1]) <= len(found[0]) <= len(data)
        assert frame(data, 64).luma.ndim == 2
    except ValueError:
        pass


@FUZZ
@given(data=st.one_of(damaged(MEDIA.encode()), st.text(max_size=200).map(lambda t: ("#EXTM3U\n" + t).encode())))
def test_playlists(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        variant(text, "http://h/x.m3u8")
        found = newest(text, "http://h/x.m3u8")
        assert 0 <= found.duration_s <= 600
        assert 10 <= found.stale_s <= 1800
    except ValueError:
        pass


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@FUZZ
@given(value=VALUES)
def test_gateways(value: object) -> None:
    for reader, wrapped in (
        (go2rtc, {"a": {"producers": [value], "consumers": value}, "b": value}),
        (go2rtc, value),
        (mediamtx, {"pageCount": value, "items": [{"name": "p", "online": value, "inboundBytes": value}, value]}),
        (mediamtx, {"items": value}),
    ):
        try:
            page = reader(json.dumps(wrapped).encode())
            assert all(flow.name and (flow.count is None or flow.count >= 0) for flow in page.flows)
            assert 0 < page.pages <= 1000
        except ValueError:
            pass


@FUZZ
@given(data=st.data())
def test_tables(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["good_registry.csv", "good_registry.json", "good_geojson.geojson"]))
    payload = data.draw(damaged((PAYLOADS / name).read_bytes()))
    for _ in read(payload, OPTIONS, NOW):
        pass
    assert b"hunter2@" not in redacted_bytes(payload)


@FUZZ
@given(url=st.text(max_size=60), kind=st.sampled_from(["jpeg", "mjpeg", "hls", "rtsp"]), login=st.text(max_size=30))
def test_addresses(url: str, kind: str, login: str) -> None:
    for prefix in ("", "http://", "rtsp://u:p@h/"):
        try:
            found = address("k", prefix + url, kind, logins(login))  # type: ignore[arg-type]  # one of the four
            assert found.host[0]
            assert "@" not in found.url.split("/")[2]
        except ValueError:
            pass


@pytest.mark.parametrize("size", [(1, 1), (16_000, 16_000)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("L", (min(size[0], 3000), min(size[1], 1))).save(out, "JPEG")
    data = out.getvalue()
    at = data.index(b"\xff\xc0") + 5
    data = data[:at] + size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big") + data[at + 4 :]
    with suppress(ValueError):
        assert frame(data, 64).luma.size >= 1
