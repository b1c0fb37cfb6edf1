"""The senders of ``bench_load``, each in a process of its own: ``load_feeds.py ais|mqtt PORT RATE SECONDS``.

What was sent so far is printed once a second as one JSON line.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sources.simulator.nmea import Fix, checksum, class_b

VESSELS = 30_000
THINGS = 10_000
TICK_S = 0.05
PROPERTIES = ("pm25", "pm10", "o3", "no2", "so2", "co")


def sentences() -> list[bytes]:
    """Three fixes of every vessel, ready to send: an encoder at full rate would measure itself."""
    dice = random.Random(7)
    made = []
    for turn in range(3):
        for n in range(VESSELS):
            fix = Fix(
                t=turn * 3.0,
                lon=106.5 + (n % 200) * 0.012 + turn * 0.001,
                lat=14.5 + (n // 200) * 0.02,
                sog_kn=dice.uniform(0, 12),
                cog_deg=dice.uniform(0, 359),
            )
            payload, fill = class_b(574_000_000 + n, fix)
            body = f"AIVDM,1,1,,A,{payload},{fill}"
            made.append(f"!{body}*{checksum(body.encode())}\r\n".encode())
    return made


def paced(rate: float, seconds: float, send: Callable[[int], None], say: Callable[[int], None]) -> None:
    """Calls ``send(n)`` so that ``rate`` a second are sent, never more than a tick ahead."""
    start, sent, told = time.monotonic(), 0, 0.0
    while (spent := time.monotonic() - start) < seconds:
        due = int(spent * rate) - sent
        if due > 0:
            send(due)
            sent += due
        if spent - told >= 1:
            told = spent
            say(sent)
        time.sleep(TICK_S)
    say(sent)


def say(sent: int) -> None:
    sys.stdout.write(json.dumps({"sent": sent}) + "\n")
    sys.stdout.flush()


def ais(port: int, rate: float, seconds: float) -> None:
    lines = cycle(sentences())
    server = socket.create_server(("127.0.0.1", port))
    say(0)
    client, _ = server.accept()
    with client:
        paced(rate, seconds, lambda n: client.sendall(b"".join(next(lines) for _ in range(n))), say)
        client.shutdown(socket.SHUT_WR)
        time.sleep(5)  # whoever reads slowly is let read


def readings() -> Iterator[tuple[str, float]]:
    dice = random.Random(11)
    for n in cycle(range(THINGS)):
        yield f"things/load_{n:05d}/observations/{PROPERTIES[n % len(PROPERTIES)]}", dice.uniform(1, 90)


def publish(port: int, rate: float, seconds: float) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(2000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    source = readings()

    def send(n: int) -> None:
        for _ in range(n):
            topic, value = next(source)
            body = {"time": time.time(), "result": round(value, 2), "unit": "ug/m3"}
            client.publish(topic, json.dumps(body), qos=1)

    say(0)
    paced(rate, seconds, send, say)
    time.sleep(3)
    client.loop_stop()


if __name__ == "__main__":
    kind, port, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    (ais if kind == "ais" else publish)(port, rate, seconds)
