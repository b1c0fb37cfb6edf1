"""``vonglau simulate`` as a process: recordings, bindings, signals, one-line errors."""

from __future__ import annotations

import filecmp
import gzip
import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from geodata.city import SourceBinding
from geodata.records import Observation, Position, Rejected, ServiceRequest
from sources._binding import replay_options
from sources.base import protocol
from sources.recording import Payload, payloads, recordings
from tests.support.patience import HANG_S

UNTIL = 1795222800.0  # 2026-11-21T01:00:00Z
VONGLAU = (sys.executable, "-m", "app")


def vonglau(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VONGLAU, *arguments], capture_output=True, text=True, timeout=280, check=False)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*VONGLAU, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path) -> list[SourceBinding]:
    deadline = time.monotonic() + HANG_S
    while not path.exists():
        assert time.monotonic() < deadline, "no bindings were written"
        time.sleep(0.05)
    return [SourceBinding.model_validate(row) for row in json.loads(path.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    done = vonglau(
        *("simulate", "--city", "hue", "--seed", "3", "--history", str(folder), "--days", "1"),
        *("--history-only", "--until", str(UNTIL)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("recorded 2026-11-20T01:00:00Z to 2026-11-21T01:00:00Z")
    return folder


def test_recordings_name_their_sources(recorded: Path) -> None:
    rows = json.loads((recorded / "recordings.json").read_text(encoding="utf-8"))
    bindings = [SourceBinding.model_validate(row["source"]) for row in rows]
    assert {"fishing_vessels", "field_reports", "air_quality", "hydrology"} <= {b.service for b in bindings}
    assert len({binding.id for binding in bindings}) == len(bindings)
    assert all(binding.simulated for binding in bindings)
    assert all((recorded / name).stat().st_size for row in rows for name in row["files"])


def test_a_day_of_recordings_is_read_without_a_rejection(recorded: Path) -> None:
    found: Counter[tuple[str, type]] = Counter()
    for entry in recordings(recorded):
        source = protocol(entry.source.protocol)
        options = replay_options(source, entry.source.options, entry.source.service)
        came: list[datetime] = []
        for payload in payloads(recorded / entry.files[0]):
            assert isinstance(payload, Payload)
            came.append(payload.arrival)
            for row in source.parse(payload.body, options, payload.arrival):
                assert not (isinstance(row, Rejected) and row.payload), (entry.source.id, row)
                found[entry.source.service, type(row)] += 1
        if not entry.files[0].endswith(".nmea"):
            assert came == sorted(came), entry.source.id
            assert not came or came[-1].timestamp() <= UNTIL, entry.source.id  # some are calm for days
    # fourteen days are to be 250,000 to 400,000 sentences, most of them positions
    assert 250_000 / 14 * 0.8 < found["fishing_vessels", Position] < 400_000 / 14
    assert found["air_quality", Observation] > 9 * 8 * 22
    assert found["hydrology", Observation] > 12 * 3 * 140
    assert found["field_reports", ServiceRequest]


def test_the_history_of_a_case_is_in_the_order_in_which_it_happened(recorded: Path) -> None:
    words: dict[str, list[str]] = {}
    with gzip.open(recorded / "simulated_reports.ndjson.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            for case in json.loads(row["body"]):
                assert case["updated_datetime"][:10] <= "2026-11-21"
                assert datetime.fromisoformat(case["updated_datetime"]) <= datetime.fromisoformat(row["t"])
                words.setdefault(case["service_request_id"], []).append(case["extended_attributes"]["detailed_status"])
    assert any(history[:3] == ["mới gửi", "kiểm duyệt", "đã phân phối"] for history in words.values())
    assert all(len(set(history)) == len(history) or "mở lại" in history for history in words.values())


def test_the_same_seed_records_the_same_bytes(recorded: Path, tmp_path: Path) -> None:
    done = vonglau(
        *("simulate", "--city", "hue", "--seed", "3", "--history", str(tmp_path), "--days", "1"),
        *("--history-only", "--until", str(UNTIL)),
    )
    assert done.returncode == 0
    names = sorted(path.name for path in recorded.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert filecmp.cmpfiles(recorded, tmp_path, names, shallow=False) == (names, [], [])


@pytest.mark.parametrize("name", ["dong_ha", "quang_tri"])
def test_another_city_serves_and_stops_on_sigterm(name: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "bindings.json"
    process = start("simulate", "--city", name, "--speed", "30", "--bindings", str(path))
    try:
        bindings = wait_for(path)
        assert {"field_reports", "hydrology"} <= {binding.service for binding in bindings}
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=HANG_S)
    finally:
        process.kill()
    assert process.returncode == 0
    assert err == ""
    assert "faults: http://127.0.0.1:" in out


def test_it_stops_when_its_parent_dies(tmp_path: Path) -> None:
    path = tmp_path / "bindings.json"
    inner = (
        f"import subprocess; subprocess.run({[*VONGLAU, 'simulate', '--city', 'dong_ha', '--bindings', str(path)]!r})"
    )
    parent = subprocess.Popen([sys.executable, "-c", inner], stdout=subprocess.DEVNULL)
    bindings = wait_for(path)
    parent.kill()
    parent.wait()
    url = next(str(binding.options["url"]) for binding in bindings if "url" in binding.options)
    port = int(url.split(":")[2].split("/")[0])
    deadline = time.monotonic() + HANG_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                break
        assert time.monotonic() < deadline, "the orphan still serves"
        time.sleep(0.1)


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = vonglau(
            *("simulate", "--city", "dong_ha", "--port", str(port), "--bindings", str(tmp_path / "bindings.json"))
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr
    assert not (tmp_path / "bindings.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--city", "atlantis", "--bindings", "x.json"),
        ("--city", "dong_ha", "--bindings", "x.json", "--fault", "simulated_air=fire"),
        ("--city", "dong_ha"),
        ("--city", "dong_ha", "--history-only"),
    ],
)
def test_misuse_is_told(arguments: tuple[str, ...]) -> None:
    done = vonglau("simulate", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_unwritable_place_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = vonglau("simulate", "--city", "dong_ha", "--bindings", str(tmp_path / "file" / "bindings.json"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "--bindings" in done.stderr
