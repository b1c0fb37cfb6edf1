"""``vonglau check``: a verdict on real servers, nothing stored."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
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
from geodata.store.types import Batch
from sources._check_problems import NOTHING, problems
from sources.base import Options
from sources.check import Verdict, _next


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
    assert "check the coordinate system (srid, crs)" in words


def test_nothing_to_tell_is_no_fault(tmp_path: Path) -> None:
    """No alert fires: the source is ready."""
    with http({"/api/v2/alerts": []}) as url:
        source = {"protocol": "alertmanager", "service": "information_security", "options": {"url": url}}
        verdict, status, words = check(tmp_path, "--seconds", "3", **source)
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


UNIT = (
    '<event version="2.0" uid="CA-07" type="a-f-G-U-C" time="{now}" start="{now}" stale="{later}" how="m-g">'
    '<point lat="{lat}" lon="{lon}" hae="1" ce="5" le="5"/><detail><contact callsign="Tuần tra 07"/></detail></event>'
)


def table_of(tmp_path: Path, x: float, y: float, **options: Any) -> dict[str, Any]:
    """A source that reads a table of one row, its place in the columns ``x`` and ``y``."""
    file = tmp_path / "cabinets.csv"
    file.write_text(f"ma;x;y\nT1;{x};{y}\n")
    columns = {"id": "ma", "lon": "x", "lat": "y"} if "srid" not in options else {"id": "ma", "x": "x", "y": "y"}
    given = {"path": str(file), "kind": "Thing", "issuer": "t", "city": "hue", "decimal": ".", "settle_s": 0}
    return {"protocol": "table", "service": "public_utilities", "options": {**given, "columns": columns, **options}}


@pytest.mark.parametrize(
    ("x", "y", "options", "key", "words"),
    [
        (107.59, 16.46, {}, None, "ready"),
        (16.46, 107.59, {}, "swapped", "longitude and latitude are exchanged"),
        (566234.5, 1820345.2, {}, "vn2000", "to its zone"),
        (563000.0, 1820345.2, {"srid": 9214}, None, "ready"),
        (1820345.2, 563000.0, {"srid": 9214}, "vn2000", "X points north"),
    ],
)
def test_places_in_a_wrong_system_are_told_apart(
    tmp_path: Path, x: float, y: float, options: dict[str, Any], key: str | None, words: str
) -> None:
    verdict, status, told = check(tmp_path, **table_of(tmp_path, x, y, **options))
    assert [p["key"] for p in verdict["problems"]] == ([key] if key else []), verdict
    assert status == (1 if key else 0)
    assert words in told


def test_exchanged_axes_on_the_wire_of_sensors(tmp_path: Path) -> None:
    replies = things()
    replies["/Things"]["value"][0]["Locations"][0]["location"]["coordinates"] = [16.46, 107.6]
    with http(replies) as url:
        verdict, status, words = check(tmp_path, protocol="sensorthings", service="air_quality", options={"url": url})
    assert (status, [p["key"] for p in verdict["problems"]]) == (1, ["swapped"])
    assert "see axes" in words


@pytest.mark.parametrize(("lon", "lat", "key"), [(107.59, 16.46, None), (16.46, 107.59, "swapped")])
def test_units_of_tak(tmp_path: Path, lon: float, lat: float, key: str | None) -> None:
    now = datetime.now(UTC)
    form = "%Y-%m-%dT%H:%M:%SZ"
    later = (now + timedelta(minutes=2)).strftime(form)
    event = UNIT.format(now=now.strftime(form), later=later, lon=lon, lat=lat)
    with tcp(event.encode()) as port:
        source = {"protocol": "tak", "service": "public_order", "options": {"port": port}}
        verdict = only_json(tmp_path, source)
    assert [p["key"] for p in verdict["problems"]] == ([key] if key else []), verdict
    assert verdict["records"] == ({"Thing": 1, "Position": 1} if key is None else {"Thing": 1})


def only_json(tmp_path: Path, source: dict[str, Any]) -> dict[str, Any]:
    """The verdict of a port that serves one connection."""
    file = tmp_path / "b.json"
    file.write_text(json.dumps([{"id": "it", "title_vi": "x", "title_en": "x", **source}]))
    common = ["check", "it", "--bindings", str(file), "--city", "hue", "--seconds", "2", "--json"]
    verdict: dict[str, Any] = json.loads(CliRunner().invoke(cli, common).stdout)[0]
    return verdict


def test_a_source_that_says_nothing_in_time_is_to_be_waited_for_longer() -> None:
    verdict = Verdict(source="it", protocol="ais", error=f"{NOTHING} 8 s")
    assert [problem.key for problem in problems(verdict, Options(), lambda name: None)] == ["slow"]


def test_warnings_that_are_pushed_and_asked_for_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAP with an index and a door: the index is read without an intake, and the door is told."""
    folder = tmp_path / "cap"
    folder.mkdir()
    payload = Path(__file__).parents[1] / "payloads/cap/good_flood.xml"
    (folder / "flood.xml").write_bytes(payload.read_bytes())
    options = {"path": str(folder), "push": True, "push_token_env": "CAP_TOKEN"}
    source: dict[str, Any] = {"protocol": "cap", "service": "warnings", "options": options}
    verdict, status, _ = check(tmp_path, **source)
    assert (status, [p["key"] for p in verdict["problems"]]) == (1, ["secret"]), verdict
    verdict, status, words = check(tmp_path, **source, simulated=True)  # ``vonglau up`` keeps that token to itself
    assert (status, verdict["state"], verdict["records"]) == (0, "ready", {"Alert": 1}), verdict
    monkeypatch.setenv("CAP_TOKEN", "very-secret")
    verdict, status, words = check(tmp_path, **source)
    assert (status, verdict["state"]) == (0, "ready")
    assert "/in/it" in words
    assert "very-secret" not in words


def test_what_is_of_a_person_stays_out_of_the_words(tmp_path: Path) -> None:
    """The reports of citizens: a reply that cannot be read is told without the values that it holds."""
    person = {"service_request_id": 1, "requested_datetime": "Nguyễn Văn An, 0912 345 678", "lat": 16.4, "long": 107.6}
    with http({"/requests.json": [person], "/services.json": []}) as url:
        verdict, status, words = check(
            tmp_path, protocol="open311", service="field_reports", options={"url": url, "format": "json"}
        )
    assert (status, verdict["ok"]) == (1, False), verdict
    told = json.dumps(verdict, ensure_ascii=False) + words
    assert "0912" not in told
    assert "Nguyễn" not in told


class Deaf:
    """An adapter that overhears once that it is cancelled, as ``asyncio.wait_for`` does when its answer comes then."""

    def __init__(self) -> None:
        self.overheard = 0

    async def batches(self) -> AsyncIterator[Batch]:
        while True:
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                self.overheard += 1
                if self.overheard > 1:
                    raise
            yield Batch(())


async def test_a_check_ends_though_an_adapter_overhears_that_it_is_cancelled() -> None:
    deaf = Deaf()
    iterator = deaf.batches()
    with pytest.raises(TimeoutError):
        await _next(iterator, 0)
    assert deaf.overheard == 1
