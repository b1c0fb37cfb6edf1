"""A national fleet and a province of sensors for ten minutes: 30,000 vessels at 10,000 AIS sentences a second over TCP,
10,000 things that report once a minute over MQTT; ingest, PostgreSQL and the senders on the same machine.

    python tests/benchmarks/bench_load.py [--seconds 600] [--rate 10000] [--quick]

Nothing may be lost (sent = received = stored + duplicate + rejected), the lag stays bounded, memory flat. A line every
ten seconds: sent, received, lag as seconds of sending that are not yet in the ledger, resident memory, CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from geodata.city import SourceBinding
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.reader import Reader
from geodata.store.types import SourceState
from sources.simulator.broker import Broker
from tests.support.machine import clean_environment
from tests.support.ports import free_port

THINGS_RATE = 10_000 / 60
LOOK_S = 10.0
DRAIN_S = 120.0
START_S = 300.0
FEEDS = Path(__file__).with_name("load_feeds.py")


@dataclass
class Sender:
    """A process that sends, and what it says it has sent."""

    process: subprocess.Popen[bytes]
    sent: int = 0
    _reading: threading.Thread | None = field(default=None, repr=False)

    def follow(self) -> None:
        def read() -> None:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                self.sent = json.loads(line)["sent"]

        self._reading = threading.Thread(target=read, daemon=True)
        self._reading.start()


def sender(kind: str, port: int, rate: float, seconds: float) -> Sender:
    command = [sys.executable, str(FEEDS), kind, str(port), str(rate), str(seconds)]
    made = Sender(subprocess.Popen(command, stdout=subprocess.PIPE))
    made.follow()
    return made


def binding(source: str, protocol: str, service: str, **options: Any) -> dict[str, Any]:
    made = SourceBinding(
        id=source, protocol=protocol, service=service, title_vi="đo", title_en="bench", cadence_s=60, options=options
    )
    return made.model_dump(mode="json", exclude_none=True)


def states(reader: Reader) -> dict[str, SourceState]:
    return {source.id: source for service in reader.services("hue") for source in service.sources}


def connected(reader: Reader, source: str) -> None:
    """Waits until the ingest has said that the source is up."""
    deadline = time.monotonic() + START_S
    while (now := states(reader).get(source)) is None or now.since is None or now.state == "down":
        assert time.monotonic() < deadline, f"{source} is not up"
        time.sleep(0.2)


def resident(processes: list[psutil.Process]) -> float:
    """MiB; of a server's processes their own memory, not what they share."""
    total = 0
    for process in processes:
        try:
            info = process.memory_full_info()
            total += info.uss
        except psutil.Error:
            continue
    return total / 2**20


@dataclass
class Look:
    at: float
    sent: int
    received: int
    lag_s: float
    ingest_mib: float
    server_mib: float
    cpu: float


def watch(
    reader: Reader, ais: Sender, things: Sender, ingest: psutil.Process, server: psutil.Process, rate: float
) -> list[Look]:
    """One look every ten seconds until everything sent is in the ledger, or ``DRAIN_S`` after the last was sent."""
    looks: list[Look] = []
    start, ended = time.monotonic(), 0.0
    ingest.cpu_percent()
    while True:
        time.sleep(LOOK_S)
        now = states(reader)
        sent = ais.sent + things.sent
        received = sum(now[name].received for name in ("load_ais", "load_things") if name in now)
        lag = max(0, ais.sent - now["load_ais"].received) / rate if "load_ais" in now else 0.0
        look = Look(
            time.monotonic() - start, sent, received, lag, resident([ingest]),
            resident([server, *server.children(recursive=True)]), ingest.cpu_percent(),
        )  # fmt: skip
        looks.append(look)
        print(
            f"{look.at:6.0f} s  sent {look.sent:>10,}  received {look.received:>10,}  lag {look.lag_s:5.1f} s  "
            f"ingest {look.ingest_mib:5.0f} MiB {look.cpu:4.0f} %  server {look.server_mib:6.0f} MiB",
            flush=True,
        )
        done = ais.process.poll() is not None and things.process.poll() is not None
        ended = ended or (time.monotonic() if done else 0.0)
        if done and (received >= sent or time.monotonic() - ended > DRAIN_S):
            return looks


def report(looks: list[Look], reader: Reader) -> None:
    steady = [look for look in looks if look.at > 30] or looks
    half = len(steady) // 2 or 1
    print(f"sent {looks[-1].sent:,}, received {looks[-1].received:,}, lost {looks[-1].sent - looks[-1].received:,}")
    for name, state in states(reader).items():
        if name.startswith("load_"):
            closes = state.received == state.stored + state.duplicate + sum(state.rejected.values())
            print(
                f"{name:<12} stored {state.stored:,}  duplicate {state.duplicate:,}  rejected {dict(state.rejected)}  "
                f"sums {'close' if closes else 'DO NOT CLOSE'}"
            )
    print(f"lag p50 {sorted(look.lag_s for look in steady)[half]:.1f} s, worst {max(k.lag_s for k in steady):.1f} s")
    for what, first, last in (
        ("ingest", steady[:half], steady[half:]),
        ("server", steady[:half], steady[half:]),
    ):
        sizes = [max((getattr(look, f"{what}_mib") for look in part), default=0.0) for part in (first, last)]
        print(f"memory of {what}: {sizes[0]:.0f} MiB in the first half, {sizes[1]:.0f} MiB in the second")


def run(folder: Path, seconds: float, rate: float) -> None:
    folder.chmod(0o755)
    port, broker = free_port(), Broker(folder / "broker")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(broker.open())
    bindings = folder / "bindings.json"
    bindings.write_text(
        json.dumps(
            [
                binding("load_ais", "ais", "fishing_vessels", transport="tcp", host="127.0.0.1", port=port),
                binding("load_things", "mqtt", "air_quality", host="127.0.0.1", port=broker.port),
            ]
        )
    )
    data = folder / "data"
    with database(Settings(data=data, city="hue"), "read", create=True) as db, Reader(db.dsn) as reader:
        ais = sender("ais", port, rate, seconds)
        command = [sys.executable, "-m", "app", "ingest", "--city", "hue", "--data", str(data)]
        ingest = subprocess.Popen([*command, "--bindings", str(bindings)], env=clean_environment())
        connected(reader, "load_things")  # a broker keeps nothing for a client it has not met
        things = sender("mqtt", broker.port, THINGS_RATE, seconds)
        server = psutil.Process(int((data / "pg" / "postmaster.pid").read_text().split()[0]))
        try:
            looks = watch(reader, ais, things, psutil.Process(ingest.pid), server, rate)
            report(looks, reader)
        finally:
            ingest.terminate()
            ingest.wait(60)
            for one in (ais, things):
                one.process.kill()
            loop.run_until_complete(broker.close())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=10_000)
    parser.add_argument("--quick", action="store_true", help="one minute")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vonglau-load-") as name:
        run(Path(name), 60.0 if args.quick else args.seconds, args.rate)


if __name__ == "__main__":
    main()
