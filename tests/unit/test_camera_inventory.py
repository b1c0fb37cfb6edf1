"""Inventories of cameras: tables as cities have them, gateways of every version, and nothing secret in what is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from geodata.records import Observation, Rejected, Thing
from sources._camera_gateways import Flow, go2rtc, mediamtx
from sources._camera_hls import newest, variant
from sources._camera_inventory import joined, stream_address
from sources._camera_options import CameraOptions
from sources._camera_parse import parse
from sources._camera_pictures import Pictures, file_name
from sources._camera_registry import Camera, guessed
from sources._camera_streams import address, logins
from sources._camera_words import redacted, redacted_bytes
from tests.support.patience import linear

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads/camera"
SECRET = "hunter2"
OPTIONS = CameraOptions(service="cameras")


def things(name: str, **options: Any) -> dict[str, Thing]:
    rows = parse((PAYLOADS / name).read_bytes(), OPTIONS.model_copy(update=options), NOW)
    return {row.id: row for row in rows if isinstance(row, Thing)}


def test_a_table_in_json() -> None:
    found = things("good_registry.json", issuer="hue_ioc")
    bridge, high = found["hue_ioc:TT-0001"], found["hue_ioc:TC-07"]
    assert (bridge.category, bridge.azimuth_deg, bridge.fov_deg, bridge.range_m) == ("traffic", 342, 62, 140)
    assert bridge.properties == {
        "owner": "Trung tâm Giám sát, điều hành đô thị thông minh",
        "project": "Camera giám sát đô thị thông minh",
        "stream_kind": "jpeg",
    }
    assert (high.category, high.mast_height_m, high.properties["stream_kind"]) == ("high_mounted", 42, "hls")
    assert found["hue_ioc:AN-0102"].category == "security"


def test_a_table_in_csv_with_vietnamese_heads() -> None:
    found = things("good_registry.csv", owner="không dùng", project="Dự án chung")
    corner = found["camera:CSGT-015"]
    assert corner.name == "Ngã tư Bà Triệu; Tôn Quang Phiệt"
    assert (corner.properties["owner"], corner.properties["project"]) == ("Ban An toàn giao thông", "Dự án chung")
    assert found["camera:CSGT-016"].geometry is None


def test_columns_of_ones_own() -> None:
    table = b"code9,wo_lon,wo_lat\nA1,107.5,16.4\n"
    options = OPTIONS.model_copy(update={"columns": {"id": "code9", "lon": "wo_lon", "lat": "wo_lat"}})
    rows = list(parse(table.replace(b"code9", b"id"), OPTIONS, NOW))
    assert isinstance(rows[0], Thing)
    assert rows[0].geometry is None
    (row,) = parse(b'[{"code9": "A1", "wo_lon": 107.5, "wo_lat": 16.4}]', options, NOW)
    assert isinstance(row, Thing)
    assert row.geometry is not None
    (row,) = parse(table, options, NOW)
    assert isinstance(row, Thing), "a table whose id has a name of its own"


def test_looks_are_observations() -> None:
    rows = list(parse((PAYLOADS / "good_looks.jsonl").read_bytes(), OPTIONS, NOW))
    assert all(isinstance(row, Observation) for row in rows)
    assert [(row.result, row.unit) for row in rows if isinstance(row, Observation)][:3] == [
        ("live", None),
        (0.4, "s"),
        ("unreachable", None),
    ]


@pytest.mark.parametrize("path", sorted(PAYLOADS.iterdir()), ids=lambda path: path.name)
def test_no_secret_leaves_an_inventory(path: Path) -> None:
    rows = list(parse(path.read_bytes(), OPTIONS, NOW))
    told = repr(rows) + "".join((row.payload or b"").decode("latin-1") for row in rows if isinstance(row, Rejected))
    assert SECRET not in told
    assert "admin" not in told


def test_what_was_rejected_can_be_read_again() -> None:
    for name in ("partial_registry.json", "partial_registry.csv", "partial_looks.jsonl", "partial_mediamtx.json"):
        for row in parse((PAYLOADS / name).read_bytes(), OPTIONS, NOW):
            if isinstance(row, Rejected) and row.reason != "same_id":
                again = list(parse(row.payload or b"", OPTIONS, NOW))
                assert [r.reason for r in again if isinstance(r, Rejected)] == [row.reason], name


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@192.0.2.1/1",
        "rtsp://admin:hun/hunter2@192.0.2.1/1",
        "http://h/snap.cgi?user=admin&pwd=hunter2&x=1",
        "http://h/s?X-Token=hunter2",
        '{"password": "hunter2"}',
        '{"Api_Key" : "hunter2',
        '{"token": hunter2}',
        '{"rtsp_pass": "a\\"hunter2"}',
    ],
)
def test_redaction(text: str) -> None:
    assert SECRET not in redacted(text)


def test_redaction_is_quick_on_hostile_text() -> None:
    for text in ("://", '"pass', "pass", "a", "?pass="):
        assert linear(lambda n, text=text: redacted_bytes(b'"' + (text * (n // len(text))).encode()), 20_000), text  # type: ignore[misc]


def test_go2rtc_says_what_flows() -> None:
    page = go2rtc((PAYLOADS / "good_go2rtc.json").read_bytes())
    assert [(flow.name, flow.online, flow.count) for flow in page.flows] == [
        ("csgt_014", True, 92111020),
        ("csgt_015", None, None),
        ("csgt_016", None, None),
    ]
    receivers = {"a": {"producers": [{"receivers": [{"bytes": 7}, {"bytes": 5}, {}]}], "consumers": None}}
    assert go2rtc(json.dumps(receivers).encode()).flows == [Flow("a", True, 12)]
    assert go2rtc(b"{}").flows == []
    for wrong in (b"[]", b'{"error": "x"}', b"nothing"):
        with pytest.raises(ValueError, match=r"."):
            go2rtc(wrong)


@pytest.mark.parametrize(
    ("item", "online", "count"),
    [
        ({"sourceReady": True, "bytesReceived": 5, "source": {"type": "rtspSource"}}, True, 5),  # 0.23.1
        ({"sourceReady": False, "ready": True, "bytesReceived": 5, "source": {}}, True, 5),  # 0.23.8
        ({"ready": False, "readyTime": None, "bytesReceived": 0, "source": {"type": "rtspSource"}}, False, 0),  # 1.2
        ({"ready": True, "bytesReceived": 9, "bytesSent": 3, "source": {}}, True, 9),  # 1.3
        ({"ready": True, "available": True, "online": False, "bytesReceived": 9, "source": {}}, False, 9),  # 1.16
        ({"ready": False, "online": True, "inboundBytes": 11, "bytesReceived": 9, "source": {}}, True, 11),  # 1.17
        ({"ready": False, "online": False, "source": None, "inboundBytes": 0}, None, 0),  # on demand: nobody watches
        ({}, None, None),
    ],
)
def test_mediamtx_of_every_version(item: dict[str, Any], online: bool | None, count: int | None) -> None:
    body = {"pageCount": 3, "items": [{"name": "p", "confName": "p", **item}, {"confName": "nameless"}]}
    page = mediamtx(json.dumps(body).encode())
    assert (page.flows, page.wrong, page.pages) == ([Flow("p", online, count)], 1, 3)


def test_a_table_places_the_streams_of_a_gateway() -> None:
    options = CameraOptions(url="http://g:1984", inventory="go2rtc", owner="Ban ATGT")
    table = {"A": Camera(key="A", stream="s a", kind="mjpeg"), "B": Camera(key="B", url="http://b/1.jpg", kind="jpeg")}
    found = joined(table, {name: Flow(name) for name in ("s a", "other", "B")}, options)
    assert set(found) == {"A", "B", "other"}
    assert found["A"].url == "http://g:1984/api/stream.mjpeg?src=s%20a"
    assert found["B"].url == "http://b/1.jpg"
    assert (found["other"].kind, found["other"].url) == ("jpeg", "http://g:1984/api/frame.jpeg?src=other")
    assert found["other"].owner == "Ban ATGT"


def test_where_mediamtx_serves_its_streams() -> None:
    plain = CameraOptions(url="http://g:9997", inventory="mediamtx")
    assert stream_address("a/b", None, plain) == ("hls", "http://g:8888/a/b/index.m3u8")
    assert stream_address("a", "rtsp", plain) == ("rtsp", "rtsp://g:8554/a")
    told = plain.model_copy(update={"media_url": "rtsp://m:9"})
    assert stream_address("a", None, told) == ("rtsp", "rtsp://m:9/a")
    assert stream_address("a", "hls", told) == ("hls", "http://m:8888/a/index.m3u8")


def test_credentials_come_from_the_environment_by_camera_host_or_all() -> None:
    known = logins('{"CAM-1": "one:p@ss:w/rd", "192.0.2.9": "host:h", "*": "all:a"}')
    assert address("CAM-1", "rtsp://192.0.2.9/1", "rtsp", known).login == ("one", "p@ss:w/rd")
    assert address("CAM-2", "http://192.0.2.9/1", "jpeg", known).login == ("host", "h")
    assert address("CAM-3", "http://192.0.2.8/1", "jpeg", known).login == ("all", "a")
    filled = address("CAM-1", "http://192.0.2.9/s?u={user}&p={password}", "jpeg", known)
    assert filled.url == "http://192.0.2.9/s?u=one&p=p%40ss%3Aw%2Frd"
    stripped = address("X", "rtsp://admin:hunter2@192.0.2.7:554/1", "rtsp", {})
    assert stripped.url == "rtsp://192.0.2.7:554/1"
    assert stripped.login == ("admin", SECRET)
    assert SECRET not in repr(stripped)
    assert logins(None) == {}
    for wrong in ("nocolon", '{"a": 1}', "{nothing"):
        with pytest.raises(ValueError, match="credentials"):
            logins(wrong)
    for url in ("file:///etc/passwd", "http:///x", "ftp://h/x", "concat:a|b", "http://h:99999/"):
        with pytest.raises(ValueError, match=r"."):
            address("X", url, "jpeg", {})


def test_a_binding_holds_no_password() -> None:
    entry = {"id": "a", "url": "rtsp://admin:hunter2@192.0.2.1/1"}
    for wrong in ({"url": "http://admin:hunter2@h/"}, {"cameras": [entry]}, {"media_url": "rtsp://a:hunter2@h"}):
        with pytest.raises(ValidationError) as caught:
            CameraOptions.model_validate(wrong)
        assert "credentials_env" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://h/1", "rtsp"),
        ("https://h/x/index.m3u8?t=1", "hls"),
        ("http://h/axis-cgi/mjpg/video.cgi", "mjpeg"),
        ("http://h/snap.jpg", "jpeg"),
        (None, None),
    ],
)
def test_kinds_are_guessed_from_the_address(url: str | None, kind: str | None) -> None:
    assert guessed(url) == kind


MEDIA = """#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T02:00:00Z
#EXTINF:2,
a.mp4
#EXTINF:1.5,
b.mp4
"""


def test_playlists() -> None:
    found = newest(MEDIA, "http://h/live/index.m3u8")
    assert (found.url, found.begin) == ("http://h/live/b.mp4", "http://h/live/init.mp4")
    assert (found.state, found.stale_s, found.duration_s) == ((9, "b.mp4"), 10, 1.5)
    assert found.time == datetime(2026, 11, 21, 2, 0, 2, tzinfo=UTC)
    assert not found.ended
    assert newest(MEDIA + "#EXT-X-ENDLIST\n", "http://h/").ended
    sealed = MEDIA.replace("#EXT-X-MAP", '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP')
    assert newest(sealed, "http://h/").sealed
    spans = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:2,\n#EXT-X-BYTERANGE:7\na\n"
    )
    assert newest(spans, "http://h/").span == (15, 7)
    master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900\nbig.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=90\nsmall.m3u8\n"
    assert variant(master, "http://h/x/i.m3u8") == "http://h/x/small.m3u8"
    assert variant(MEDIA, "http://h/") is None
    for wrong in ("", "<html>", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:two\n#EXTINF:x,\na"):
        with pytest.raises(ValueError, match="playlist"):
            newest(wrong, "http://h/")


def test_one_picture_of_each_camera_is_kept_and_no_more(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "source")
    assert pictures.keep("A-1", b"one", 1000.0)
    assert pictures.keep("A-1", b"two", 2000.0)
    assert pictures.keep("../../etc/x", b"three", 3000.0)
    kept = sorted(path.name for path in (tmp_path / "source").iterdir())
    assert kept == sorted(["A-1.jpg", file_name("../../etc/x")])
    assert pictures.path("A-1") == "source/A-1.jpg"
    assert (tmp_path / "source/A-1.jpg").read_bytes() == b"two"
    assert (tmp_path / "source/A-1.jpg").stat().st_mtime == 2000
    pictures.clear(["A-1"], before=0)
    assert [path.name for path in (tmp_path / "source").iterdir()] == ["A-1.jpg"]
    pictures.clear(["A-1"], before=2500)
    assert not list((tmp_path / "source").iterdir())
    (tmp_path / "file").write_text("in the way")
    assert not Pictures(tmp_path / "file/deeper").keep("A-1", b"x", 1.0)
