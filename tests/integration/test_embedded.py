"""The private cluster: started once, shared, stopped with its last user however that dies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from geodata.embedded import Cluster, binaries
from geodata.embedded.secrets import ADMIN
from geodata.errors import UsageError
from geodata.settings import Settings
from geodata.store.connect import cluster_of, database
from geodata.store.errors import CannotStart, DataFolderNewer, DataFolderOlder, FolderUnreachable, NoPostgres
from tests.support.patience import HANG_S

SMALL = {"shared_buffers": "32MB"}
USER = """
import sys, time
from pathlib import Path
from geodata.embedded import Cluster
lease = Cluster(Path(sys.argv[1]), {"shared_buffers": "32MB"}).start()
print(lease.endpoint.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder with a cluster that was stopped cleanly."""
    folder = Path(tempfile.mkdtemp(prefix="vonglau-"))
    folder.chmod(0o755)
    Cluster(folder, SMALL).start().close()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    yield made
    Cluster(made).stop()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANG_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def user_process(data: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", USER, str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_started_and_stopped(data: Path) -> None:
    cluster = Cluster(data, SMALL)
    with cluster.start() as lease:
        assert lease.started
        assert cluster.running() == lease.endpoint
        with psycopg.connect(cluster.dsn(lease.endpoint, ADMIN)) as connection:
            assert connection.execute("show fsync").fetchone() == ("on",)
            assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
    assert cluster.running() is None
    assert oct((data / "secrets.json").stat().st_mode)[-3:] == "600"
    assert oct((data / "pg").stat().st_mode)[-3:] == "700"


def test_nobody_enters_without_a_password(data: Path) -> None:
    with Cluster(data, SMALL).start() as lease:
        for host in (lease.endpoint.folder, "127.0.0.1"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(f"host={host} port={lease.endpoint.port} user={ADMIN} dbname=postgres")


def test_last_user_stops_it(data: Path) -> None:
    cluster = Cluster(data, SMALL)
    first, second = cluster.start(), cluster.start()
    assert (first.started, second.started) == (True, False)
    first.close()
    assert cluster.running() == second.endpoint
    second.close()
    assert cluster.running() is None


def test_racing_processes_start_one(data: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: user_process(data), range(4)))
    assert len({pid for _, pid in found}) == 1
    for process, _ in found:
        kill(process)
    until(lambda: Cluster(data).running() is None)


def test_stops_when_its_user_is_killed(data: Path) -> None:
    process, pid = user_process(data)
    assert Cluster(data).running() is not None
    kill(process)
    until(lambda: Cluster(data).running() is None)
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())


def test_stops_when_its_keeper_is_killed(data: Path) -> None:
    with Cluster(data, SMALL).start() as lease:
        keeper = int(Path(f"/proc/{lease.endpoint.pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(keeper, signal.SIGKILL)
        until(lambda: Cluster(data).running() is None)


def test_starts_again_after_the_server_was_killed(data: Path) -> None:
    cluster = Cluster(data, SMALL)
    lease = cluster.start()
    os.kill(lease.endpoint.pid, signal.SIGKILL)
    until(lambda: cluster.running() is None)
    lease.close()
    assert (data / "pg/postmaster.pid").exists()
    with cluster.start() as again:
        assert again.started


def test_pid_file_of_another_program_is_no_server(data: Path) -> None:
    """The pid was given to another program since: not ours to touch, and no reason not to start."""
    bystander = subprocess.Popen(["sleep", "600"])
    pid_file = data / "pg/postmaster.pid"
    pid_file.write_text(f"{bystander.pid}\n{data / 'pg'}\n1\n5432\n{data / 'run'}\n127.0.0.1\n\nready   \n")
    shutil.copystat(data / "pg/PG_VERSION", pid_file)
    owner = (data / "pg").stat()
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    cluster = Cluster(data, SMALL)
    assert cluster.running() is None
    assert not cluster.stop()
    with cluster.start() as lease:
        assert lease.endpoint.pid != bystander.pid
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_persistent_until_stopped(data: Path) -> None:
    cluster = Cluster(data, SMALL)
    cluster.stay.touch()
    process, _ = user_process(data)
    kill(process)
    time.sleep(0.5)
    assert cluster.running() is not None
    assert cluster.stop()
    assert cluster.running() is None
    assert not cluster.stay.exists()


@pytest.mark.parametrize(("version", "error"), [("99", DataFolderNewer), ("9.6", DataFolderOlder)])
def test_other_versions_are_refused(version: str, error: type[Exception]) -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "pg").mkdir()
    (folder / "pg/PG_VERSION").write_text(version + "\n")
    with pytest.raises(error, match=r"install PostgreSQL \d+") as caught:
        Cluster(folder).start()
    assert "\n" not in str(caught.value)
    shutil.rmtree(folder)


def test_folder_that_the_server_cannot_enter(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        with pytest.raises(CannotStart):
            Cluster(Path("/proc/none")).start()
        return
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(FolderUnreachable, match="choose another folder"):
        Cluster(tmp_path / "closed").start()


def test_server_that_does_not_start_says_why(data: Path) -> None:
    with pytest.raises(CannotStart, match="no_such_setting"):
        Cluster(data, {"no_such_setting": "1"}).start()


def fake(folder: Path, name: str, says: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def test_stray_program_on_path_does_not_count(tmp_path: Path) -> None:
    fake(tmp_path / "stray", "pg_ctl")
    fake(tmp_path / "half", "postgres", "postgres (PostgreSQL) 17.1")
    path = {"PATH": f"{tmp_path / 'stray'}{os.pathsep}{tmp_path / 'half'}"}
    with pytest.raises(NoPostgres, match="has only postgres"):
        binaries.find(path, root=tmp_path / "nowhere")


def test_a_folder_on_path_that_is_closed_to_us_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after ``su`` from root, which keeps root's PATH; the test may run as root, to whom nothing is closed."""

    def closed(path: Path, **_: object) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(NoPostgres, match="none found"):
        binaries.find({"PATH": str(tmp_path)}, root=tmp_path / "nowhere")


def test_newest_with_postgis_unless_the_folder_needs_another(tmp_path: Path) -> None:
    for major in (15, 16, 17):
        folder = tmp_path / f"usr/lib/postgresql/{major}/bin"
        fake(folder, "postgres", f"postgres (PostgreSQL) {major}.2 (Debian)")
        fake(folder, "initdb")
        if major < 17:
            extension = tmp_path / f"usr/share/postgresql/{major}/extension"
            extension.mkdir(parents=True)
            (extension / "postgis.control").touch()
    assert binaries.find({}, root=tmp_path).major == 16
    assert binaries.find({}, root=tmp_path, major=15).major == 15
    shutil.rmtree(tmp_path / "usr/share")
    with pytest.raises(NoPostgres, match="PostgreSQL 17 without PostGIS"):
        binaries.find({}, root=tmp_path)


def test_database_makes_migrates_and_stops(data: Path) -> None:
    settings = Settings(data=data, city="trial")
    with database(settings, "read", create=True) as db, psycopg.connect(db.dsn) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == (
            "vonglau_read",
            "vonglau_trial",
        )
        assert "password" not in repr(db)
    assert Cluster(data).running() is None


def test_external_server_is_not_ours_to_stop(data: Path) -> None:
    with pytest.raises(UsageError, match="VONGLAU_DSN is set"):
        cluster_of(Settings(data=data, dsn="host=db"))
