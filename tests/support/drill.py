"""A simulated city, the ingest that reads it and a store, each a process of its own, watched from outside."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from geodata.bindings import read_bindings
from geodata.catalogue import service
from geodata.city import SourceBinding
from geodata.store.reader import Reader
from geodata.store.types import Role, SourceState
from sources._binding import adapter
from tests.support.machine import clean_environment
from tests.support.ports import free_port

TOKEN = "drill-token"
POLL_S = 5.0
QUIET_S = 15.0
START_S = 300.0
"""Of a whole city on a busy machine; alone it takes six seconds."""
INGEST = """
import sys
import sources._feed, sources._station_ftp, sources.http, sources.runner
sources._station_ftp.ANSWER_S = {quiet}
sources._feed.STALL_S = sources._feed.SETTLED_S = {quiet}
sources.runner.client = lambda **given: sources.http.client(**{{"timeout": {quiet}, **given}})
from app.cli import main
sys.argv = ["vonglau", *sys.argv[1:]]
main()
"""
"""``vonglau ingest`` with less patience: two minutes of it for each source and fault are an afternoon."""


def hurried(binding: SourceBinding) -> SourceBinding:
    """The same source, asked more often where its options say how. Cadences stay: the city's clock runs at speed 1."""
    source, options = adapter(binding)
    hurry = {"poll_s": POLL_S, "silence_s": QUIET_S}
    known = {name: s for name, s in hurry.items() if name in source.options.model_fields}
    sooner: dict[str, object] = {name: s for name, s in known.items() if (getattr(options, name) or 0) > s}
    if (sql := binding.options.get("sql")) is not None:
        sooner["sql"] = {**sql, "timeout_s": QUIET_S}
    return binding.model_copy(update={"options": {**binding.options, **sooner}}) if sooner else binding


def patience_s(binding: SourceBinding) -> float:
    """Longest silence of a stream, after which it is said to be down; of a poll, the time-out of its request."""
    source, options = adapter(binding)
    if source.poll_s(options) is not None:
        return QUIET_S
    cadence: float = binding.cadence_s or service(binding.service).cadence_s
    silence: float = getattr(options, "silence_s", cadence)  # of an adapter that notices by itself
    return max(QUIET_S, min(cadence, silence))


def must_fall(binding: SourceBinding, fault: str) -> bool:
    """Whether its source is to be told as down. A folder to which nothing comes can be read: its things grow old."""
    return fault == "outage" or (fault == "stall" and "path" not in binding.options)


@dataclass
class City:
    """``since`` of a look at the log is a position in it."""

    reader: Reader
    bindings: Sequence[SourceBinding]
    faults_url: str
    log: Path
    simulate: subprocess.Popen[bytes]
    ingest: subprocess.Popen[bytes]
    calm: Mapping[str, int] = field(default_factory=dict)

    def switch(self, source: str, kind: str | None) -> None:
        """One fault on; None: off."""
        url = f"{self.faults_url}/{source}"
        method = "PUT" if kind else "DELETE"
        httpx.request(method, url, content=kind, trust_env=False, timeout=60).raise_for_status()

    def position(self) -> int:
        return self.log.stat().st_size

    def said(self, since: int = 0) -> list[tuple[str, str]]:
        """(source, ``down`` | ``up`` | ``first``) in order, of the lines after ``since``."""
        with self.log.open("rb") as file:
            file.seek(since)
            text = file.read().decode(errors="replace")
        words = {"is down": "down", "is up again": "up", "is up": "first"}
        return [(m[1], words[m[2]]) for m in re.finditer(r"source (\S+) (is down|is up again|is up)\b", text)]

    def states(self) -> dict[str, SourceState]:
        return {source.id: source for service in self.reader.services() for source in service.sources}

    def alive(self) -> None:
        """Raises AssertionError when a part has ended."""
        for name, process in (("simulate", self.simulate), ("ingest", self.ingest)):
            assert process.poll() is None, f"{name} ended: {self.log.read_text(errors='replace')[-3000:]}"


def until(condition: Callable[[], bool], seconds: float) -> float | None:
    """Seconds until it holds; None when it did not within ``seconds``."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def city(
    dsn: Callable[[Role], str],
    folder: Path,
    name: str = "hue",
    *,
    speed: float = 1.0,
    only: Sequence[str] = (),
    feeds: str | None = None,
) -> Iterator[City]:
    """The city running; ``only`` these sources are read, all of them when it is empty; of ``feeds`` (all) alone."""
    port = free_port()
    environ = {**clean_environment(), "VONGLAU_INTAKE_TOKEN": TOKEN, "VONGLAU_DATA": str(folder)}
    file, log, told = folder / "sources.json", folder / "ingest.log", folder / "simulate.log"
    run = [sys.executable, "-m", "app", "simulate", "--city", name, "--bindings", str(file)]
    run += ["--speed", str(speed), "--lead-hours", "48", "--intake", f"http://127.0.0.1:{port}"]
    run += ["--feeds", feeds] if feeds else []
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with told.open("wb") as out:
            processes.append(subprocess.Popen(run, env=environ, stdout=out, stderr=out))
        assert until(lambda: b"faults: " in told.read_bytes(), START_S) is not None, told.read_text()[-2000:]
        found = re.search(rb"faults: (\S+)", told.read_bytes())
        assert found is not None
        chosen = [hurried(one) for one in read_bindings(file) if not only or one.id in only]
        hurry = folder / "hurried.json"
        hurry.write_text(json.dumps([one.model_dump(mode="json", exclude_none=True) for one in chosen]))
        read = [sys.executable, "-c", INGEST.format(quiet=QUIET_S), "ingest", "--city", name, "--bindings", str(hurry)]
        with log.open("wb") as out:
            environ = {**environ, "VONGLAU_DSN": dsn("ingest"), "PYTHONPATH": str(Path.cwd())}
            processes.append(
                subprocess.Popen([*read, "--intake", f"127.0.0.1:{port}"], env=environ, stdout=out, stderr=out)
            )
        with Reader(dsn("read")) as reader:
            yield City(reader, chosen, found[1].decode(), log, processes[0], processes[1])
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in reversed(processes):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
