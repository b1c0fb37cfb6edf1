"""``vonglau check``: a verdict on real servers, nothing stored."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pyais import encode_dict

from app.cli import cli
from geodata.errors import VongLauError


@contextmanager
def http(replies: dict[str, Any], skew: timedelta = timedelta()) -> Iterator[str]:
    """A server that answers each path with its JSON, and its Date header off by ``skew``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(replies.get(self.path.partition("?")[0], {"value": []})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return (datetime.now(UTC) + skew).strftime("%a, %d %b %Y %H:%M:%S GMT")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tcp(data: bytes) -> Iterator[int]:
    """A port that sends ``data`` to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            try:
                client, _ = server.accept()
            except OSError:
                return
            held.append(client)
            client.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)
        for client in held:
            client.close()


def check(tmp_path: Path, *arguments: str, **source: Any) -> tuple[dict[str, Any], int, str]:
    """The verdict as JSON, the exit status, and the words."""
    file = tmp_path / "bindings.json"
    file.write_text(json.dumps([{"id": "it", "title_vi": "x", "title_en": "x", **source}]))
    common = ["check", "it", "--bindings", str(file), "--city", "hue", "--seconds", "10", "--lang", "en", *arguments]
    result = CliRunner().invoke(cli, [*common, "--json"])
    words = CliRunner().invoke(cli, common)
    return json.loads(result.stdout)[0], result.exit_code, words.stdout


def things(unit: str = "µg/m³") -> dict[str, Any]:
    now = datetime.now(UTC) - timedelta(minutes=10)
    stream = {
        "@iot.id": 7,
        "name": "x",
        "unitOfMeasurement": {"symbol": unit},
        "ObservedProperty": {"name": "PM2.5"},
        "Sensor": {},
    }
    place = {"encodingType": "application/geo+json", "location": {"type": "Point", "coordinates": [107.6, 16.46]}}
    return {
        "/Things": {"value": [{"@iot.id": 1, "name": "A", "Locations": [place], "Datastreams": [stream]}]},
        "/Datastreams(7)/Observations": {"value": [{"@iot.id": 1, "phenomenonTime": now.isoformat(), "result": 3}]},
    }


def test_a_good_source(tmp_path: Path) -> None:
    with http(things()) as url:
        verdict, status, words = check(tmp_path, protocol="sensorthings", service="air_quality", options={"url": url})
    assert (status, verdict["ok"], verdict["error"]) == (0, True, None)
    assert verdict["records"] == {"Thing": 1, "Observation": 1}
    assert 590 < verdict["newest_age_s"] < 660
    assert (verdict["inside"], verdict["placed"]) == (1, 1)
    assert words.startswith("it (sensorthings): ready\n")


def test_unknown_units_and_a_wrong_clock(tmp_path: Path) -> None:
    with http(things("bãi"), timedelta(minutes=7)) as url:
        verdict, status, words = check(tmp_path, protocol="sensorthings", service="air_quality", options={"url": url})
    assert (status, verdict["unknown_units"]) == (1, ["bãi"])
    assert 410 < verdict["clock_skew_s"] < 430
    assert "map them with the option units" in words


def test_ships_on_the_other_side_of_the_world(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"type": 18, "mmsi": 574000001, "lon": -70.0, "lat": 41.0}
    (line,) = encode_dict(fields, talker_id="AI")
    found = []
    for _ in range(2):  # once as JSON, once in words: the port serves one connection
        with tcp(f"{line}\r\n".encode()) as port:
            file = tmp_path / "b.json"
            source = {"id": "it", "title_vi": "x", "title_en": "x", "protocol": "ais", "service": "fishing_vessels"}
            file.write_text(json.dumps([{**source, "options": {"port": port}}]))
            common = ["check", "it", "--bindings", str(file), "--seconds", "2", "--lang", "en"]
            found.append(CliRunner().invoke(cli, common))
    assert found[0].exit_code == 1
    assert "inside the city      0 of 1" in found[0].stdout


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            {"protocol": "ais", "service": "fishing_vessels", "options": {"port": 9}},
            "tcp://127.0.0.1:9 does not answer",
        ),
        ({"protocol": "ais", "service": "fishing_vessels", "options": {"prt": 9}}, "source it: prt: Extra inputs"),
        ({"protocol": "x", "service": "fishing_vessels"}, "source it: no protocol is named 'x'"),
        ({"protocol": "ais", "service": "moon"}, "source it: no service is named 'moon'"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, source: dict[str, Any], error: str) -> None:
    verdict, status, words = check(tmp_path, **source)
    assert (status, verdict["reachable"]) == (1, False)
    assert verdict["error"].startswith(error)
    assert words.startswith(f"it ({source['protocol']}): NOT ready\n")


def test_a_server_that_speaks_something_else(tmp_path: Path) -> None:
    with http({"/Things": ["hello"]}) as url:
        verdict, status, _ = check(tmp_path, protocol="sensorthings", service="air_quality", options={"url": url})
    assert (status, verdict["reachable"], verdict["speaks"]) == (1, True, False)
    assert "does not speak SensorThings 1.1" in verdict["error"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give either a source or --all"),
        (["a", "--all"], "give either"),
        (["nobody", "--city", "hue"], "no source is named 'nobody'"),
    ],
)
def test_misuse(arguments: list[str], reason: str) -> None:
    with pytest.raises(VongLauError, match=reason):
        CliRunner().invoke(cli, ["check", *arguments], catch_exceptions=False)


def test_places_elsewhere_are_told_with_what_to_do(tmp_path: Path) -> None:
    replies = things()
    replies["/Things"]["value"][0]["Locations"][0]["location"]["coordinates"] = [16.46, 80.0]
    with http(replies) as url:
        verdict, status, words = check(tmp_path, protocol="sensorthings", service="air_quality", options={"url": url})
    assert (status, verdict["inside"], [p["key"] for p in verdict["problems"]]) == (1, 0, ["outside"])
    assert "check the coordinate system (crs)" in words


def test_nothing_to_tell_is_no_fault(tmp_path: Path) -> None:
    """No alert fires: the source is ready."""
    with http({"/api/v2/alerts": []}) as url:
        source = {"protocol": "alertmanager", "service": "information_security", "options": {"url": url}}
        verdict, status, words = check(tmp_path, **source)
    assert (status, verdict["state"], verdict["problems"]) == (0, "quiet", [])
    assert "it has nothing to tell right now" in words


def test_a_source_that_is_sent_things_says_where_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source: dict[str, Any] = {"protocol": "alertmanager", "service": "information_security"}
    monkeypatch.setenv("ALERTS_TOKEN", "very-secret")
    verdict, status, words = check(tmp_path, **source, options={"push": True, "push_token_env": "ALERTS_TOKEN"})
    assert (status, verdict["state"]) == (0, "waits")
    assert "/in/it" in words
    assert "very-secret" not in words
    _, _, words = check(tmp_path, "--lang", "vi", **source, options={"push": True, "push_token_env": "ALERTS_TOKEN"})
    assert "sẵn sàng (chờ bên kia gửi đến)" in words
    monkeypatch.delenv("ALERTS_TOKEN")
    verdict, status, _ = check(tmp_path, **source, options={"push": True, "push_token_env": "ALERTS_TOKEN"})
    assert (status, verdict["problems"]) == (1, [{"key": "secret", "about": "ALERTS_TOKEN"}])
