"""``vonglau replay`` with a real store: recordings in, sums out, twice the same."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pyais import encode_dict

from app.cli import cli
from geodata.city import SourceBinding
from geodata.errors import VongLauError
from geodata.records import Observation, Position, ServiceRequest
from geodata.store.reader import Reader
from geodata.view import Bounds, View
from sources import recording
from sources._load import load
from tests.conftest import Dsn

PAYLOADS = Path(__file__).parents[1] / "payloads"
START = datetime(2026, 11, 20, tzinfo=UTC)
CITY = Bounds(106, 15, 111, 19)
DAY = timedelta(days=1)
VIEW = View(CITY, 800, 600, START - timedelta(days=1), START + timedelta(days=2))

Replay = Callable[..., dict[str, Any]]


@pytest.fixture
def run(dsn: Dsn, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """``replay(*arguments)`` in this test's own database; its sums."""
    monkeypatch.setenv("VONGLAU_DSN", dsn("ingest"))
    monkeypatch.setenv("VONGLAU_CITY", "hue")

    def replay(*arguments: object) -> dict[str, Any]:
        result = CliRunner().invoke(cli, ["replay", *map(str, arguments), "--json"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        sums = json.loads(result.stdout)
        assert isinstance(sums, dict)
        assert sums["received"] == sums["stored"] + sums["duplicate"] + sum(sums["rejected"].values())
        return sums

    return replay


def nmea(count: int, *, ships: int = 50) -> bytes:
    lines = []
    for n in range(count):
        fields: dict[str, Any] = {
            "type": 18,
            "mmsi": 574000000 + n % ships,
            "lon": 107.9 + n / 1e5,
            "lat": 16.6,
            "speed": 5.0,
        }
        (sentence,) = encode_dict(fields, talker_id="AI")
        tag = f"s:rHUE01,c:{int(START.timestamp()) + n}"
        lines.append(f"\\{tag}*{reduce(xor, tag.encode(), 0):02X}\\{sentence}")
    return "\n".join([*lines, ""]).encode()


def test_ais_twice(run: Replay, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "day.nmea"
    path.write_bytes(nmea(500))
    assert run("ais", path, "--service", "fishing_vessels") == {
        "received": 500,
        "stored": 500,
        "duplicate": 0,
        "rejected": {},
    }
    again = run("ais", path, "--service", "fishing_vessels")
    assert again == {"received": 500, "stored": 0, "duplicate": 500, "rejected": {}}
    frame = reader.between("fishing_vessels", Position, VIEW)
    assert len(frame) == 500
    assert (frame["received_at"] == frame["time"]).all()  # the recording knows when each came


def test_says_so_when_nothing_is_new(run: Replay, tmp_path: Path) -> None:
    path = tmp_path / "day.nmea"
    path.write_bytes(nmea(3))
    run("ais", path, "--service", "fishing_vessels")
    result = CliRunner().invoke(cli, ["replay", "ais", str(path), "--service", "fishing_vessels"])
    assert "nothing new" in result.output


@pytest.mark.parametrize("protocol", ["ais", "open311", "sensorthings"])
def test_every_payload_of_the_suite(run: Replay, protocol: str) -> None:
    service = {"ais": "fishing_vessels", "open311": "field_reports", "sensorthings": "air_quality"}[protocol]
    files = sorted((PAYLOADS / protocol).iterdir())
    first = run(protocol, *files, "--service", service)
    assert first["stored"] > 0
    assert run(protocol, *files, "--service", service)["stored"] == 0


def ndjson(rows: list[tuple[datetime, Any]], *, binary: bool = False) -> bytes:
    lines = []
    for time, body in rows:
        text = json.dumps(body, ensure_ascii=False)
        key, value = ("body_b64", base64.b64encode(text.encode()).decode()) if binary else ("body", text)
        lines.append(json.dumps({"t": time.isoformat().replace("+00:00", "Z"), key: value}))
    return "\n".join([*lines, ""]).encode()


def case(status: str, updated: datetime) -> list[dict[str, Any]]:
    return [
        {
            "service_request_id": "1",
            "status": status,
            "requested_datetime": START.isoformat(),
            "updated_datetime": updated.isoformat(),
            "lat": 16.46,
            "long": 107.59,
        }
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_a_recording_of_states_keeps_their_history(run: Replay, reader: Reader, tmp_path: Path, packed: bool) -> None:
    hours = [START + timedelta(hours=n) for n in range(4)]
    words = ["submitted", "dispatched", "in_progress", "closed"]
    body = ndjson([(hour, case(word, hour)) for hour, word in zip(hours, words, strict=True)], binary=packed)
    path = tmp_path / ("reports.ndjson.gz" if packed else "reports.ndjson")
    path.write_bytes(gzip.compress(body) if packed else body)
    run("open311", path, "--service", "field_reports")
    frame = reader.between("field_reports", ServiceRequest, VIEW)
    assert list(frame["status"]) == ["closed"]
    history = reader.query("request_history", service="field_reports", id="open311:1")
    assert list(history["status"]) == words
    assert [time.to_pydatetime() for time in history["received_at"]] == hours


def test_a_folder_of_recordings(run: Replay, reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "ais.nmea").write_bytes(nmea(10))
    stream = {
        "@iot.id": 7,
        "name": "x",
        "unitOfMeasurement": {"symbol": "µg/m³"},
        "ObservedProperty": {"name": "PM2.5"},
    }
    point = {"type": "Point", "coordinates": [107.6, 16.46]}
    thing = {
        "@iot.id": 1,
        "name": "Trạm",
        "Locations": [{"encodingType": "application/geo+json", "location": point}],
    }
    rows = [{"phenomenonTime": START.isoformat(), "result": 20, "Datastream": stream | {"Thing": {"@iot.id": 1}}}]
    (tmp_path / "air.ndjson").write_bytes(ndjson([(START, thing), (START, {"value": rows})]))
    names = {"title_vi": "x", "title_en": "x", "simulated": True}
    (tmp_path / "recordings.json").write_text(
        json.dumps(
            [
                {
                    "source": {
                        "id": "sim_ais",
                        "protocol": "ais",
                        "service": "fishing_vessels",
                        "options": {"port": 1},
                        **names,
                    },
                    "files": ["ais.nmea"],
                },
                {
                    "source": {
                        "id": "sim_air",
                        "protocol": "sensorthings",
                        "service": "air_quality",
                        "options": {"url": "http://x/v1.1"},
                        **names,
                    },
                    "files": ["air.ndjson"],
                },
            ]
        )
    )
    assert run("--recordings", tmp_path) == {"received": 12, "stored": 12, "duplicate": 0, "rejected": {}}
    air = reader.latest("air_quality", Observation, VIEW)
    assert list(air["result"]) == [20.0]
    assert bool(air["simulated"].iloc[0])


def test_a_folder_at_its_own_pace_and_how_its_feed_was(run: Replay, reader: Reader, tmp_path: Path) -> None:
    """Nine seconds of sentences, ten thousand times as fast; what the recording tells of its feed comes along."""
    (tmp_path / "ais.nmea").write_bytes(nmea(10))
    down = {"t": (START + timedelta(seconds=5)).isoformat(), "up": False, "error": "gone"}
    entry = {
        "source": binding("vessels", "fishing_vessels", "ais").model_dump(mode="json", exclude_none=True),
        "files": ["ais.nmea"],
        "states": [{"t": START.isoformat(), "up": True}, down],
    }
    (tmp_path / "recordings.json").write_text(json.dumps([entry]))
    assert run("--recordings", tmp_path, "--speed", 10_000)["stored"] == 10
    assert run("--recordings", tmp_path, "--speed", 10_000, "--from", "2026-11-20T00:00:04Z")["duplicate"] == 10
    assert run("--recordings", tmp_path)["duplicate"] == 10
    told = reader.query("feed_history", source="vessels", start=START - DAY, end=START + DAY)
    assert list(zip(told["time"], told["up"], told["error"], strict=True)) == [
        (START, True, None),
        (START + timedelta(seconds=5), False, "gone"),
    ]
    found = reader.latest("fishing_vessels", Position, VIEW)
    assert set(found["feed"]) == {"down"}


def test_two_services_at_once_in_processes_of_their_own(dsn: Dsn, reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "ais.nmea").write_bytes(nmea(30))
    (tmp_path / "reports.ndjson").write_bytes(ndjson([(START, case("submitted", START))]))
    sources = [binding("vessels", "fishing_vessels", "ais"), binding("reports", "field_reports", "open311")]
    files = [(tmp_path / "ais.nmea",), (tmp_path / "reports.ndjson",)]
    jobs = list(zip(sources, files, strict=True))
    assert (load(dsn("ingest"), jobs, 2).stored, load(dsn("ingest"), jobs).duplicate) == (31, 31)
    assert len(reader.between("fishing_vessels", Position, VIEW)) == 30


def binding(name: str, service: str, protocol: str) -> SourceBinding:
    return SourceBinding(id=name, protocol=protocol, title_vi=name, title_en=name, service=service)


def test_lines_of_a_recording_that_are_none_are_counted(run: Replay, tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(
        b'{"t": "2026-11-20T07:00:00Z"}\n{"t": "x", "body": "[]"}\nnoise\n[1]\n'
        b'{"t": "2026-11-20T07:00:00Z", "body_b64": "?"}\n'
    )
    assert run("open311", path, "--service", "field_reports")["rejected"] == {"recording": 5}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give PROTOCOL and FILE, or --recordings DIR"),
        (["semaphore", "FILE"], "no protocol is named 'semaphore'; known: ais"),
        (["ais", "FILE", "--options", "[1]"], "--options: not a JSON object"),
        (["ais", "FILE", "--service", "fishing_vessels", "--options", '{"prt": 1}'], "source ais: prt: Extra inputs"),
        (["ais", "FILE", "--service", "moon"], "no service is named 'moon'"),
        (["sensorthings", "FILE"], "say with --service whose records these are:"),
        (["--recordings", "DIR"], "recordings.json: No such file or directory"),
        (["ais", "FILE", "--speed", "60"], "--speed and --from go with --recordings DIR"),
        (["--recordings", "DIR", "--speed", "60", "--from", "noon"], "--from: not a time: 'noon'"),
    ],
)
def test_misuse_is_one_line(
    dsn: Dsn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    monkeypatch.setenv("VONGLAU_DSN", dsn("ingest"))
    path = tmp_path / "x.nmea"
    path.write_bytes(nmea(1))
    chosen = [{"FILE": str(path), "DIR": str(tmp_path)}.get(argument, argument) for argument in arguments]
    with pytest.raises(VongLauError) as caught:
        CliRunner().invoke(cli, ["replay", *chosen], catch_exceptions=False)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_broken_archive_is_one_line(dsn: Dsn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VONGLAU_DSN", dsn("ingest"))
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(gzip.compress(b"x" * 1000)[:-20])
    with pytest.raises(recording.RecordingUnreadable):
        CliRunner().invoke(cli, ["replay", "open311", str(path), "--service", "field_reports"], catch_exceptions=False)


def test_chunks_never_cut_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CHUNK_B", 100)
    parts = encode_dict({"type": 5, "mmsi": 574012345, "shipname": "A"}, talker_id="AI", seq_id=1)
    text = "\n".join(parts * 20 + [""]).encode()
    path = tmp_path / "x.nmea"
    path.write_bytes(text)
    chunks = [payload.body for payload in recording.payloads(path) if isinstance(payload, recording.Payload)]
    assert b"".join(chunks) == text
    assert len(chunks) > 5
    assert all(chunk.count(b"\n") % 2 == 0 and chunk.endswith(b"\n") for chunk in chunks)
