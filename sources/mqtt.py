"""MQTT 3.1.1 and 5 with a map of topics: heart-beats, readings, events and positions of any maker's devices.

A recording's body is one message, or a list of messages: ``{"topic": "…", "payload": …}``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from geodata.records import Event, Observation, Position, Quality, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._mqtt import Address, BrokerOptions, Session, subscribed
from sources._mqtt_envelope import opened, read, unused
from sources._mqtt_records import records
from sources._mqtt_rules import Result, Rule
from sources._mqtt_wire import Message
from sources.base import Context, Source

PLACE = {name: f"$.{name}" for name in ("lon", "lat")}
OWN_RULES = (
    Rule(
        topic="things/{thing}",
        kind="thing",
        fields={**{name: f"$.{name}" for name in ("name", "category", "agency", "azimuth_deg")}, **PLACE},
        properties={"model": "$.model", "upstream": "$.upstream"},
    ),
    Rule(topic="things/{thing}/status", kind="heartbeat"),
    Rule(
        topic="things/{thing}/observations/{property}",
        kind="observation",
        time="$.time",
        fields={"quality": "$.quality"},
        results={"{property}": Result(value="$.result", unit="$.unit")},
    ),
    Rule(
        topic="things/{thing}/position",
        kind="position",
        time="$.time",
        fields={**PLACE, "speed": "$.speed", "course": "$.course"},
    ),
    Rule(
        topic="things/{thing}/events",
        kind="event",
        time="$.time",
        fields={**PLACE, **{name: f"$.{name}" for name in ("id", "end", "category", "title", "severity", "status")}},
    ),
)
"""The topics of a maker who has none of his own; an example of a map."""


class MQTTOptions(BrokerOptions):
    """``rules`` are the topic map; every rule that fits a message is applied. ``topics`` are subscribed to when they
    are not simply those of the rules.
    """

    host: str
    port: int = Field(default=1883, ge=1, le=65535)
    transport: Literal["tcp", "websocket"] = "tcp"
    tls: bool = False
    path: str = "/mqtt"  # of a websocket
    issuer: str = Field(default="mqtt", pattern=r"^[a-z0-9_.-]+$")
    rules: Sequence[Rule] = OWN_RULES
    topics: Sequence[str] = ()
    status_property: str = "status"
    units: Mapping[str, str] = Field(default_factory=dict)
    quality: Mapping[str, Quality] = Field(default_factory=dict)
    timezone: str = "Asia/Ho_Chi_Minh"  # of times without one

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {name!r}") from error
        return name

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.timezone)

    @property
    def filters(self) -> list[str]:
        """What is subscribed to, each once."""
        return list(dict.fromkeys(self.topics or [rule.filter for rule in self.rules]))


def made(message: Message, options: MQTTOptions) -> Iterator[Record | Rejected]:
    """What every fitting rule makes of one message. Raises ValueError."""
    fitting = [(rule, levels) for rule in options.rules if (levels := rule.match(message.topic)) is not None]
    if not fitting:
        yield unused(message)
    for rule, levels in fitting:
        yield from records(message, rule, levels, options)


def parse(payload: bytes, options: MQTTOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """One recorded message, or several."""
    yield from read(opened(payload, arrival), lambda message: made(message, options), options.max_message_b)


async def batches(options: MQTTOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """Messages as they come, until the connection is lost. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    where = Address(options.host, options.port, options.tls, options.path if options.transport == "websocket" else None)
    session = Session.of(cursor)
    again = True
    while again:
        again = False
        async with subscribed(where, options.filters, options, context, session) as subscription:
            yield Batch((), subscription.cursor())
            while not again:
                bunch: list[Message] = []
                try:
                    bunch = await subscription.bunch()
                except Exception:
                    if not subscription.starved:
                        raise
                    again = True  # the broker gave us up while the store took nothing: once more, and no word of it
                if bunch:
                    rows = list(read(bunch, lambda message: made(message, options), options.max_message_b))
                    refused = [row for row in rows if isinstance(row, Rejected)]
                    yield Batch([row for row in rows if not isinstance(row, Rejected)], subscription.cursor(), refused)


SOURCE = Source(
    protocol="mqtt",
    title="MQTT 3.1.1 and 5, mapped by topic",
    kinds=frozenset({Thing, Observation, Event, Position}),
    options=MQTTOptions,
    batches=batches,
    parse=parse,
    suffixes=(".json",),
    libraries=("paho-mqtt",),
    limits="QoS 0 and 1; JSON and plain values; no Sparkplug B",
)
