"""Everything on one machine, as a user starts it: `vonglau up` in its own data folder, watched from outside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from geodata.embedded import Cluster
from geodata.settings import Settings
from geodata.store.connect import database, session
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import ServiceState
from tests.support.ports import free_port

T = TypeVar("T")
FEW = "ais,open311,sensorthings"
PATIENCE_S = 240.0
"""Twenty times what it takes on a quiet machine: two slow cores may be busy with other tests."""


def wait_for(value: Callable[[], T], what: str, patience_s: float = PATIENCE_S) -> T:
    """The first truthy value; fails with ``what`` and the last value."""
    end = time.monotonic() + patience_s
    while not (found := value()):
        assert time.monotonic() < end, f"{what}: waited {patience_s:.0f} s, last {found!r}"
        time.sleep(0.2)
    return found


def clean_environment() -> dict[str, str]:
    """This process's environment without our own settings; a server draws nothing that nobody has asked for."""
    foreign = {k: v for k, v in os.environ.items() if not k.startswith("VONGLAU")}
    return {**foreign, "PYTHONUNBUFFERED": "1", "VONGLAU_DRAW_AHEAD": "0"}


@dataclass(slots=True)
class Machine:
    """A data folder and the `vonglau up` on it."""

    data: Path
    port: int
    log: Path
    ahead: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self) -> dict[str, str]:
        return {**clean_environment(), "VONGLAU_SESSION_S": "10", "VONGLAU_DRAW_AHEAD": str(int(self.ahead))}

    def start(self, *arguments: str) -> None:
        """With the feeds of ``FEW`` unless told otherwise: a whole city is much for two cores and a browser."""
        if "--feeds" not in arguments:
            arguments += ("--feeds", FEW)
        if "--watch" not in arguments:  # a test of the watch asks for it
            arguments += ("--no-watch",)
        command = [sys.executable, "-m", "app", "up", "--data", str(self.data), "--port", str(self.port), "--no-open"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], stdout=log, stderr=log, env=self.environment(), start_new_session=True
            )
        wait_for(self.ready, f"/readyz, {self.words()}")

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.words()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `vonglau` command on the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments, "--data", str(self.data)],
            capture_output=True, text=True, timeout=300, env=self.environment(), check=False,
        )  # fmt: skip

    def services(self) -> dict[str, Any]:
        """What `vonglau services --json` prints, by service."""
        done = self.run("services", "--json")
        assert done.returncode == 0, done.stderr
        return {service["id"]: service for service in json.loads(done.stdout)}

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """A reader of the machine's database: to look often without a new process each time."""
        settings = Settings(data=self.data)
        endpoint = Cluster(self.data).running()
        assert endpoint is not None, self.words()
        dsn = session(Cluster(self.data).dsn(endpoint, "vonglau_read", f"vonglau_{settings.city}"))
        with Reader(dsn) as reader:
            yield reader

    @contextlib.contextmanager
    def findings(self) -> Iterator[FindingStore]:
        """The findings of this city, for a test that has some of its own."""
        with database(Settings.from_environ(data=self.data, city="hue"), "watch") as db, FindingStore(db.dsn) as store:
            yield store

    def processes(self) -> list[psutil.Process]:
        """Every process that names the data folder, database servers too; ``info`` is of the moment of asking."""
        found = []
        for process in psutil.process_iter(["pid", "name", "cmdline"]):
            words = " ".join(process.info["cmdline"] or ())
            if str(self.data) in words and process.pid != os.getpid():
                found.append(process)
        return found

    def child(self, command: str) -> psutil.Process:
        for process in self.processes():
            if f"-m app {command}" in " ".join(process.info["cmdline"]):
                return process
        raise LookupError(command)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def destroy(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


@contextlib.contextmanager
def machine(*, ahead: bool = False) -> Iterator[Machine]:
    """A machine that leaves nothing behind. Its folder is one that an unprivileged database user may enter.

    ``ahead``: its page server draws the first pages before they are asked for, as it does at a user's; most tests look
    at other things, and half a minute of a processor a server is much.
    """
    folder = Path(tempfile.mkdtemp(prefix="vonglau-machine-"))
    folder.chmod(0o755)
    here = Machine(folder / "data", free_port(), folder / "up.log", ahead)
    try:
        yield here
    finally:
        here.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def closes(state: ServiceState) -> bool:
    """Received = stored + duplicate + rejected, for every source of the service."""
    return all(s.received == s.stored + s.duplicate + sum(s.rejected.values()) for s in state.sources)


def stored(state: ServiceState) -> int:
    return sum(source.stored for source in state.sources)
