"""What cannot start says why in one line, before anything was started: port, database server, connection string."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from geodata.embedded import binaries
from geodata.embedded.binaries import Binaries
from geodata.embedded.initial import initialise, server_user
from geodata.store.types import Role
from tests.conftest import Dsn
from tests.support.cluster import TestCluster
from tests.support.machine import wait_for
from tests.support.ports import free_port
from tests.support.promises import vonglau

pytestmark = pytest.mark.timeout(400)
READERS = (("services", "--json"), ("ingest",), ("serve",))


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = vonglau(command, "--port", str(port), "--data", str(tmp_path / "data"))
    assert f"port {port} is taken by another program; choose another with --port" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [("up", "--no-open"), ("serve",), ("ingest",), ("db", "start")])
def test_a_machine_without_postgis_is_told_what_to_install(command: tuple[str, ...]) -> None:
    """The system's PostgreSQL is hidden under an empty folder, for this one process only."""
    folder = binaries.find().folder.parent
    while folder.parent != Path("/") and any(folder.parent.glob("*/bin/postgres")):
        folder = folder.parent
    hidden = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs none "{folder}" && exec "$@"', "sh")
    port = ("--port", str(free_port())) if command[0] in {"up", "serve"} else ()
    with tempfile.TemporaryDirectory(prefix="vonglau-none-") as data:
        Path(data).chmod(0o755)  # the server's user must be able to enter it
        line = vonglau(*command, *port, "--data", data, before=hidden)
    assert "no PostgreSQL server with PostGIS is on this machine" in line
    assert "install postgresql and postgis, or set VONGLAU_DSN" in line


@pytest.mark.parametrize("command", READERS)
def test_a_closed_port_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    secret = "a-password-of-mine"
    dsn = f"host=127.0.0.1 port={free_port()} dbname=city user=vonglau password={secret}"
    line = refused(command, tmp_path, dsn)
    assert "cannot reach the database city@127.0.0.1" in line
    assert "refused" in line
    assert "check VONGLAU_DSN" in line
    assert secret not in line


@pytest.mark.parametrize("command", READERS)
def test_a_wrong_password_is_one_line(tmp_path: Path, dsn: Dsn, command: tuple[str, ...]) -> None:
    line = refused(command, tmp_path, make_conninfo(dsn("read"), password="wrong"))
    assert "password authentication failed" in line
    assert "check VONGLAU_DSN" in line


@pytest.mark.parametrize("command", READERS)
def test_a_database_that_is_not_there_is_one_line(tmp_path: Path, dsn: Dsn, command: tuple[str, ...]) -> None:
    line = refused(command, tmp_path, make_conninfo(dsn("read"), dbname="nowhere"))
    assert "nowhere" in line
    assert "vonglau db migrate" in line or "check VONGLAU_DSN" in line


@pytest.mark.parametrize("command", READERS)
def test_an_empty_database_is_told_to_be_migrated(
    tmp_path: Path, cluster: TestCluster, command: tuple[str, ...]
) -> None:
    role: Role = "ingest" if command == ("ingest",) else "read"
    with cluster.fresh(template=None) as name:
        assert "is not migrated; run vonglau db migrate" in refused(command, tmp_path, cluster.dsn(role, name))


def refused(command: tuple[str, ...], data: Path, dsn: str) -> str:
    port = ("--port", str(free_port())) if command[0] == "serve" else ()
    return vonglau(*command, *port, "--data", str(data), environ={"VONGLAU_DSN": dsn})


@pytest.fixture
def bare_server() -> Iterator[str]:
    """Connection string to a PostgreSQL without PostGIS: a copy of this machine's with the extension left out."""
    found = binaries.find()
    with tempfile.TemporaryDirectory(prefix="vonglau-bare-") as name:
        root = Path(name)
        root.chmod(0o755)
        bare = copy_without_postgis(found, root)
        port, user = free_port(), server_user()
        initialise(root / "pg", bare, user, "bare")
        options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (root / "log").open("wb") as log:
            server = subprocess.Popen(
                [bare.path("postgres"), "-D", str(root / "pg"), *options],
                user=user or None, cwd="/", stdout=log, stderr=log,
            )  # fmt: skip
            try:
                wait_for(lambda: b"ready to accept" in (root / "log").read_bytes(), "the bare server")
                yield f"host=127.0.0.1 port={port} user=vonglau_admin password=bare dbname=postgres"
            finally:
                server.terminate()
                server.wait(timeout=120)


def copy_without_postgis(found: Binaries, root: Path) -> Binaries:
    """PostgreSQL finds its files relative to its own program: the copy keeps their places to each other."""
    home = found.folder.parent
    copy = root / home.relative_to("/")
    copy.mkdir(parents=True)
    shutil.copytree(found.folder, copy / "bin")
    (copy / "lib").symlink_to(home / "lib")
    share = Path(f"/usr/share/postgresql/{found.major}")
    shutil.copytree(share, root / share.relative_to("/"), ignore=shutil.ignore_patterns("postgis*", "contrib"))
    return Binaries(copy / "bin", found.major)


def test_a_server_without_postgis_is_told_what_to_install(bare_server: str, tmp_path: Path) -> None:
    line = refused(("db", "migrate"), tmp_path, bare_server)
    assert "has no PostGIS; install the postgis package of PostgreSQL" in line
