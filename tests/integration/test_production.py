"""What docs/production.md installs: its units are commands of ours, and each part works with its own login only."""

from __future__ import annotations

import asyncio
import configparser
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from app.cli import cli
from app.users import Book
from geodata.store.connect import session
from geodata.store.deliveries import DeliveryStore
from geodata.store.desk import Desk
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.watch.frames import watched
from tests.support import samples
from tests.support.cluster import TestCluster
from tests.support.machine import clean_environment, wait_for
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
PROGRAM = "/opt/vonglau/.venv/bin/vonglau"
LOGINS = ("ingest", "watch", "notify", "serve", "keep")
pytestmark = pytest.mark.timeout(300)


class Unit(configparser.RawConfigParser):
    """A unit file; a key that stands twice keeps both values."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, delimiters=("=",))
        self.optionxform = str  # type: ignore[assignment,method-assign]  # keys of systemd have capitals
        self.text = path.read_text(encoding="utf-8")
        self.read_string(re.sub(r"(?m)^(ExecStart)=", self._numbered, self.text))

    @staticmethod
    def _numbered(found: re.Match[str]) -> str:
        return f"{found[1]}{found.start()}="

    def commands(self) -> list[list[str]]:
        """What it starts, for the city of Huế, one argument an entry; of a shell the command that it becomes."""
        found = []
        for key, line in self["Service"].items():
            if key.startswith("ExecStart"):
                words = shlex.split(line.replace("%i", "hue").replace("%%", "%"))
                found.append(shlex.split(words[2].removeprefix("exec ")) if words[0] == "/bin/sh" else words)
        return found


def parsed(group: click.Group, words: list[str]) -> click.Context:
    """As the program parses it, without doing it. Raises click's errors."""
    name, command, rest = group.resolve_command(click.Context(group), words)
    assert command is not None
    return parsed(command, list(rest)) if isinstance(command, click.Group) else command.make_context(name, list(rest))


SERVICES = [path for path in UNITS if path.suffix == ".service"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_starts_commands_of_ours(path: Path, tmp_path: Path) -> None:
    """Parsed as the program itself does it, to the last option, which must be of a file that is there."""
    (tmp_path / "users.json").touch()
    standing = {"${VONGLAU_PORT}": "5006", "/var/lib/vonglau/hue/users.json": str(tmp_path / "users.json")}
    for words in Unit(path).commands():
        assert words[0] == PROGRAM
        given = parsed(cli, [standing.get(word, word) for word in words[1:] if word != "$OPTIONS"]).params
        assert "hue" in {given.get("city"), given.get("city_id")}


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_may_do_no_more_than_it_must(path: Path) -> None:
    service = Unit(path)["Service"]
    assert service["User"] == "vonglau"
    assert service["CapabilityBoundingSet"] == ""
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert service["EnvironmentFile"] == f"/etc/vonglau/%i/{path.name.split('@')[0].removeprefix('vonglau-')}.env"
    assert "password" not in Unit(path).text


def test_the_guide_names_every_file() -> None:
    guide = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    for path in (*UNITS, DEPLOY / "logins.sql"):
        assert path.name.split("@")[0] in guide, path.name
    for name in LOGINS:
        assert f"vonglau_at_{name}" in (DEPLOY / "logins.sql").read_text(encoding="utf-8")


@contextmanager
def logins(cluster: TestCluster, name: str) -> Iterator[Callable[[str], str]]:
    """The logins of the guide, on a migrated database: a connection string for each."""
    with psycopg.connect(cluster.admin_dsn(name), autocommit=True) as admin:
        admin.execute((DEPLOY / "logins.sql").read_bytes())
        try:
            for login in LOGINS:
                admin.execute(f"alter role vonglau_at_{login} password 'of {login}'".encode())
            yield lambda login: make_conninfo(
                cluster.admin_dsn(name), user=f"vonglau_at_{login}", password=f"of {login}", options=""
            )
        finally:
            for login in LOGINS:
                admin.execute(f"drop role vonglau_at_{login}".encode())


def vonglau(*arguments: str, data: Path) -> list[str]:
    return [sys.executable, "-m", "app", *arguments, "--city", "hue", "--data", str(data)]


@contextmanager
def running(dsn: str, data: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**clean_environment(), "VONGLAU_DSN": dsn}
    with (data / f"{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen(vonglau(*arguments, data=data), env=environment, stderr=log, stdout=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=120)


def done(dsn: str, data: Path, *arguments: str) -> str:
    environment = {**clean_environment(), "VONGLAU_DSN": dsn}
    command = vonglau(*arguments, data=data)
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_each_part_works_with_its_own_login(cluster: TestCluster, tmp_path: Path) -> None:
    """Watch, pages and what runs at night as processes; what ingest, desk and notify ask of the store by its doors."""
    port, users = free_port(), tmp_path / "users.json"
    Book({}).write(users)
    with (
        cluster.fresh() as name,
        logins(cluster, name) as dsn,
        running(dsn("watch"), tmp_path, "watch"),
        running(dsn("serve"), tmp_path, "serve", "--port", str(port), "--login-file", str(users)) as pages,
    ):
        wait_for(lambda: answers(port, pages), "the pages")
        with Reader(session(dsn("serve"), role="read")) as reader:
            wait_for(lambda: watched(reader, datetime.now(UTC)).looks, "the watch")
        Desk(session(dsn("serve"), role="desk")).act("trực ban", "handover", None, {"text": "yên"})
        with DeliveryStore(session(dsn("notify"), role="notify")) as store:
            assert store.turn()
        written(session(dsn("ingest"), role="ingest"))
        dump = tmp_path / "hue-1.dump"
        assert str(dump) in done(dsn("keep"), tmp_path, "db", "backup", str(dump))
        assert "rejected payloads: 0" in done(dsn("keep"), tmp_path, "db", "prune")


def answers(port: int, pages: subprocess.Popen[bytes]) -> bool:
    assert pages.poll() is None
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def written(dsn: str) -> None:
    async def write() -> None:
        async with Writer.open(dsn, samples.SERVICES) as writer:
            await writer.register([samples.binding()])
            await writer.write("feed", Batch([samples.fix()]))

    asyncio.run(write())
