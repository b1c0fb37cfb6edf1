"""``vonglau notify`` as a program: killed while it sends, started again, stopped, asked what became of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app import up
from app.cli import Commands
from app.server import Address
from geodata.outlet import OutletBinding
from geodata.settings import Settings
from geodata.store.findings import FindingStore
from geodata.watch.course import Change
from tests.support.cluster import TestCluster
from tests.support.machine import clean_environment, wait_for
from tests.support.patience import HANG_S
from tests.support.posting import finding, town

Run = Callable[..., tuple[int, str]]


class Receiver(ThreadingHTTPServer):
    """Answers 204; ``mute`` holds every answer back until it is let go."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keys: list[str] = []
        self.mute, self.answering = threading.Event(), threading.Event()
        self.answering.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who was killed does not hear the answer."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        self.server.answering.wait(HANG_S)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.answering.set()
    found.shutdown()
    found.server_close()


@pytest.fixture
def city(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[FindingStore]:
    """The findings of a city of its own, which the commands of this process and of others see too."""
    with cluster.fresh() as name:
        monkeypatch.setenv("VONGLAU_DSN", cluster.admin_dsn(name))
        monkeypatch.setenv("VONGLAU_CITY", "hue")
        with FindingStore(cluster.dsn("watch", name)) as store:
            yield store


def opened(store: FindingStore, key: str) -> None:
    now = datetime.now(UTC)
    fresh = replace(finding(), id=None, key=key, opened_at=now, noticed_at=now, updated_at=now)
    store.apply([Change("open", fresh)])


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(Commands(), ["notify", *arguments])
    return done.exit_code, done.output + (str(done.exception) if done.exit_code and done.exception else "")


def test_killed_while_it_sends_and_started_again(city: FindingStore, receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "outlets.toml"
    file.write_text(f'[outlets.zalo_bridge]\nkind = "webhook"\nurl = "http://127.0.0.1:{receiver.server_port}/"\n')
    assert run("--once", "--outlets", str(file)) == (0, "0 lines read, 0 delivered, 0 superseded, 0 given up\n")
    opened(city, "a")
    receiver.answering.clear()
    with started(file) as victim:
        wait_for(lambda: receiver.keys, "the first message")
        victim.kill()
    receiver.answering.set()
    with started(file) as again:
        wait_for(lambda: len(receiver.keys) > 1, "the same message again")
        opened(city, "b")
        wait_for(lambda: len(receiver.keys) > 2, "the next message")
        wait_for(lambda: listed()["outlets"][0]["delivered"] == 2, "both in the books")
        again.send_signal(signal.SIGTERM)
        assert again.wait(HANG_S) == 0
    first, second, third = receiver.keys
    assert first == second != third
    code, shown = run("--list")
    assert code == 0
    assert shown.splitlines()[1].split()[:5] == ["zalo_bridge", "0", "2", "0", "0"]
    assert [row["state"] for row in listed()["newest"]] == ["delivered", "delivered"]


@contextmanager
def started(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process of its own, which never outlives the test."""
    environment = {**clean_environment(), "VONGLAU_DSN": os.environ["VONGLAU_DSN"], "VONGLAU_CITY": "hue"}
    process = subprocess.Popen([sys.executable, "-m", "app", "notify", "--outlets", str(file)], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def listed() -> Any:
    return json.loads(run("--list", "--json")[1])


@pytest.mark.usefixtures("city")
def test_what_fails_is_told_by_the_exit_status(tmp_path: Path) -> None:
    file = tmp_path / "outlets.toml"
    for text, words in (
        ('[outlets.x]\nkind = "fax"\n', "no kind of outlet is named 'fax'"),
        ('[outlets."x/y"]\nkind = "webhook"\n', "not a name: x/y"),
        ("[outlets.x\n", "outlets.toml"),
        ('[outlets.x]\nkind = "webhook"\nurl = "http://x"\nlevel = 3\n', "level: Extra inputs are not permitted"),
    ):
        file.write_text(text)
        code, said = run("--once", "--outlets", str(file))
        assert (code, words in said) == (1, True), said


@pytest.mark.parametrize(("outlets", "begun"), [({}, []), ({"x": OutletBinding(kind="webhook")}, ["notify"])])
def test_up_starts_it_for_a_city_that_has_outlets(
    outlets: dict[str, OutletBinding], begun: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = up.Up(Settings(data=tmp_path), Address(), None, watch=False)
    added: list[str] = []

    async def at_once() -> None:
        """The pages answer."""

    monkeypatch.setattr(up, "city", lambda _: town(outlets=outlets))
    monkeypatch.setattr(whole, "_answer", at_once)
    monkeypatch.setattr(whole.supervisor, "add", lambda name, *_, **__: added.append(name))
    asyncio.run(whole._pages())
    assert added == begun
