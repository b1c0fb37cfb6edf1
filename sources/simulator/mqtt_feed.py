"""What speaks over MQTT in the simulated city: one connection to the source's own broker, with the source's faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from sources._mqtt_wire import Lost
from sources.simulator.broker import Broker
from sources.simulator.faults import Faults, Kind
from sources.simulator.host import Host
from sources.simulator.mqtt_wire import Said, Voice

HUGE_B = 12 << 20
HUGE_EVERY_S = 30.0
AGAIN_S = 0.3
CATCH_UP_S = 6 * 3600.0
"""Held back for longer than this, the older part is lost: devices have small memories."""

FRESH_S = 120.0
"""Nobody keeps a heart-beat (QoS 0) for longer to say it later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """``standing`` are the retained messages of an instant, said at every connection; ``spoken`` what is said in
    ``start < t <= end`` by a clock that is ``skew_s`` ahead (all epoch s). It is asked every ``step_s`` of real time.
    ``will`` is what the broker says when the connection dies.
    """

    source: str
    standing: Callable[[float], Iterable[Said]]
    spoken: Callable[[float, float, float], Iterable[Said]]
    will: Said | None = None
    step_s: float = 1.0


async def speak(speaker: Speaker, broker: Broker, host: Host) -> None:
    """Until cancelled; begins anew whenever the broker is there again. What was to say while it was gone is lost."""
    while True:
        if broker.is_open:
            with suppress(Lost, OSError):
                await _connection(speaker, broker, host)
        await asyncio.sleep(AGAIN_S)


async def _connection(speaker: Speaker, broker: Broker, host: Host) -> None:
    voice = Voice(broker.port, speaker.will)
    try:
        await voice.open()
        await _say(voice, speaker, host.faults, speaker.standing(host.now()))
        await _go_on(voice, speaker, broker, host)
    finally:
        await voice.close()


async def _go_on(voice: Voice, speaker: Speaker, broker: Broker, host: Host) -> None:
    """What there is to say, step by step, as long as the broker is there."""
    start = host.now()
    huge = 0.0
    loop = asyncio.get_running_loop()
    while broker.is_open:
        end = host.faults.held_at(speaker.source, host.now())
        if end > start:
            skew_s = host.faults.skew_s(speaker.source)
            said = speaker.spoken(max(start, end - CATCH_UP_S), end, skew_s)
            if end - start > FRESH_S * max(1.0, host.clock.speed):
                said = (message for message in said if message.qos)
            await _say(voice, speaker, host.faults, said)
            start = end
        if host.faults.is_on(speaker.source, Kind.HUGE_LINE) and loop.time() >= huge:
            huge = loop.time() + HUGE_EVERY_S
            first = next(iter(speaker.standing(host.now())), Said("vonglau/huge", ""))
            await voice.say(Said(first.topic, b"0" * HUGE_B))
        await asyncio.sleep(speaker.step_s)


async def _say(voice: Voice, speaker: Speaker, faults: Faults, messages: Iterable[Said]) -> None:
    for number, message in enumerate(messages):
        said = message
        if faults.is_on(speaker.source, Kind.GARBAGE) and number % 3 == 0:
            said = replace(message, payload=_broken(message.payload), retain=False)
        for _ in range(2 if faults.is_on(speaker.source, Kind.DUPLICATES) else 1):
            await voice.say(said)


def _broken(payload: str | bytes) -> bytes:
    data = payload.encode() if isinstance(payload, str) else payload
    return data[: len(data) // 2] + b"\xff\xfe\x00{<"


def beats(start: float, end: float, every_s: float, phase_s: float) -> list[float]:
    """The instants ``n × every + phase`` with ``start < t <= end``: when one of many devices speaks."""
    first = int((start - phase_s) // every_s) + 1
    last = int((end - phase_s) // every_s)
    return [n * every_s + phase_s for n in range(first, last + 1)]
