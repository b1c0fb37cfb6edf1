"""``vonglau db``, ``services`` and ``doctor`` as a person calls them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from geodata.city import city
from geodata.embedded import Cluster
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from tests.support.samples import binding, case


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A running cluster whose Huế has one source with one case."""
    with tempfile.TemporaryDirectory(prefix="vonglau-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        assert run(path, "db", "start").returncode == 0
        with database(Settings(data=path), "ingest") as db:
            asyncio.run(fill(db.dsn))
        yield path
        Cluster(path).stop()


async def fill(dsn: str) -> None:
    async with Writer.open(dsn) as writer:
        await writer.register([binding("reports", "field_reports")])
        await writer.state("reports", up=True)
        await writer.write("reports", Batch([case(), case(), case(id="2", title="\0")]))


def run(data: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("VONGLAU_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=clean | {"VONGLAU_DATA": str(data)} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_services_as_json(data: Path) -> None:
    found = json.loads(run(data, "services", "--json").stdout)
    assert [s["id"] for s in found] == list(city("hue").catalogue())
    reports = next(s for s in found if s["id"] == "field_reports")
    assert set(reports) == {"id", "title_vi", "title_en", "state", "last_received", "age_s", "version", "sources"}
    assert reports["state"] == "receiving"
    (source,) = reports["sources"]
    assert source.pop("since")
    assert source.pop("last_received")
    assert source.pop("lag_p95_s") is None  # its one case is years old
    assert source == {
        "id": "reports",
        "protocol": "table",
        "state": "receiving",
        "last_error": None,
        "simulated": True,
        "received": 3,
        "stored": 1,
        "duplicate": 1,
        "rejected": {"text": 1},
        "cadence_s": 300.0,
        "lag_n": 0,
        "per_minute": 0.2,
    }
    assert {s["state"] for s in found if s["id"] not in {"field_reports", "platform"}} == {"ready"}
    ledger = next(s for s in found if s["id"] == "platform")
    assert (ledger["state"], ledger["sources"]) == ("receiving", [])


def test_services_as_a_table(data: Path) -> None:
    answer = run(data, "services")
    assert "reports (simulated): receiving" in answer.stdout
    assert answer.stdout.splitlines()[0].split()[:3] == ["service", "state", "age"]
    assert "1 (text 1)" in answer.stdout


def test_one_source_in_detail(data: Path) -> None:
    found = json.loads(run(data, "services", "--source", "reports", "--json").stdout)
    assert (found["service"], found["holds"]["cases"], found["rejected"]) == ("field_reports", 1, {"text": 1})
    (rejection,) = found["rejections"]
    assert (rejection["reason"], rejection["payload"]) == ("text", None)  # a service with personal data
    told = run(data, "services", "--source", "reports").stdout
    assert "kept apart: personal data" in told
    answer = run(data, "services", "--source", "nobody")
    assert answer.returncode == 2
    assert answer.stderr.startswith("vonglau: no source is named 'nobody'")


def test_unknown_city_is_misuse(data: Path) -> None:
    answer = run(data, "services", "--city", "atlantis")
    assert answer.returncode == 2
    assert answer.stderr.startswith("vonglau: no city is named 'atlantis'")


def test_backup_and_restore(data: Path, tmp_path: Path) -> None:
    dump = tmp_path / "hue.dump"
    assert run(data, "db", "backup", str(dump)).returncode == 0
    refused = run(data, "db", "restore", str(dump))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "holds records" in refused.stderr
    restored = run(data, "db", "restore", str(dump), "--city", "dak_lak")
    assert restored.returncode == 0, restored.stderr
    with database(Settings(data=data, city="dak_lak"), "read") as db, Reader(db.dsn) as reader:
        (source,) = next(s for s in reader.services() if s.id == "field_reports").sources
        assert (source.received, source.stored) == (3, 1)
    again = run(data, "db", "migrate", "--city", "dak_lak")
    assert again.stdout == "up to date\n"


def test_prune_keeps_what_is_young(data: Path) -> None:
    answer = run(data, "db", "prune")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "rejected payloads: 0"


def test_status(data: Path, tmp_path: Path) -> None:
    assert run(data, "db", "status").stdout.startswith("running: ")
    away = run(tmp_path / "none", "db", "status")
    assert away.returncode == 1
    assert "start it with vonglau db start" in away.stderr


def test_external_server(data: Path) -> None:
    answer = run(data, "services", VONGLAU_DSN="host=127.0.0.1 port=1 dbname=x user=y")
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert "cannot reach the database x@127.0.0.1" in answer.stderr
    assert run(data, "db", "stop", VONGLAU_DSN="host=x").returncode == 2


def test_doctor(data: Path) -> None:
    answer = run(data, "doctor")
    assert answer.returncode == 0, answer.stdout
    assert "ok       PostgreSQL with PostGIS" in answer.stdout
    broken = run(data, "doctor", VONGLAU_DSN="host=127.0.0.1 port=1 dbname=x")
    assert broken.returncode == 1
    assert "missing  database of VONGLAU_DSN: cannot reach" in broken.stdout


def test_notebook_connects(data: Path) -> None:
    script = "import geodata; print(geodata.connect('hue').versions()['field_reports'])"
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "VONGLAU_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("2\n", "")


def test_city_without_a_database(data: Path) -> None:
    answer = run(data, "services", "--city", "quang_tri")
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert "is not migrated; run vonglau db migrate" in answer.stderr
