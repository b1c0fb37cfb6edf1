"""OGC SensorThings 1.1 (18-088) over HTTP and MQTT: Things with Locations and Datastreams, Observations by key.

Observations are read per Datastream in the order of phenomenonTime from the last one on, never by count or offset:
public servers answer those after minutes or not at all. Links to the next page are followed as they are.

A recording's body is one reply as sent: a collection of Things, Datastreams or Observations, or one of these. An
Observation is read when its Datastream is expanded with ``Thing`` and ``ObservedProperty``, or when it stands inside
such a Datastream or inside a Thing's Datastream.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from pydantic import Field, field_validator

from geodata.records import Observation, Quality, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._mqtt import BrokerOptions, address
from sources._sta_client import Client, poll
from sources._sta_entities import observation, observations, rejected, stream, things
from sources._sta_mqtt import follow
from sources._values import loads
from sources.base import Context, Source


class SensorThingsOptions(BrokerOptions):
    """``url`` is the service root, with its version: ``https://…/v1.1``. With ``mqtt_url`` (``mqtt://…``) Observations
    are pushed, and read over HTTP only after a connection and every ``reconcile_s``; ``mqtt_prefix`` is the version.

    ``observed_properties`` maps a Datastream's id or name, or an ObservedProperty's name or definition, to an id of
    the catalogue; ``units`` a symbol or definition to UCUM; ``quality`` a word of resultQuality to a device state.
    """

    url: str
    issuer: str = Field(default="sta", pattern=r"^[a-z0-9_.-]+$")
    token_env: str | None = None  # bearer token
    things_filter: str | None = None  # OData, on Things
    observed_properties: Mapping[str, str] = Field(default_factory=dict)
    units: Mapping[str, str] = Field(default_factory=dict)
    quality: Mapping[str, Quality] = Field(default_factory=dict)
    history_days: float = Field(default=14, gt=0)  # read at first
    overlap_s: float = Field(default=0, ge=0)  # read again at every poll, for observations that come late
    page_size: int = Field(default=1000, ge=1, le=10_000)
    parallel: int = Field(default=4, ge=1, le=16)
    refresh_s: float = Field(default=3600, gt=0)  # of Things and Datastreams
    poll_s: float = Field(default=60, gt=0)
    mqtt_url: str | None = None
    mqtt_prefix: str = Field(default="v1.1", pattern=r"^[^/+#$][^+#]*[^/+#]$")
    reconcile_s: float = Field(default=900, gt=0)

    @field_validator("mqtt_url")
    @classmethod
    def _broker(cls, url: str | None) -> str | None:
        if url is not None:
            address(url)
        return url


def parse(payload: bytes, options: SensorThingsOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The Things and Observations of one reply. A body that is no JSON is one Rejected."""
    try:
        body = loads(payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    entities = body.get("value") if isinstance(body, Mapping) and "value" in body else body
    for entity in entities if isinstance(entities, list) else [entities]:
        try:
            yield from _entity(entity, options, arrival)
        except (ValueError, RecursionError) as error:
            yield rejected(entity, error, arrival)


def _entity(entity: Any, options: SensorThingsOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """Whatever one entity is: told by the properties that only its kind has."""
    if not isinstance(entity, Mapping):
        raise ValueError("not an entity")  # noqa: TRY004 (what is wrong is the payload)
    if "result" in entity or ("phenomenonTime" in entity and "unitOfMeasurement" not in entity):
        home = entity.get("Datastream")
        if not isinstance(home, Mapping) or "Thing" not in home:
            yield rejected(entity, "an Observation without its Datastream and Thing", arrival, "no_datastream")
            return
        yield observation(entity, stream(home, None, options), options, arrival)
    elif "unitOfMeasurement" in entity:
        if isinstance(home := entity.get("Thing"), Mapping) and "name" in home:
            yield from things(home, options, arrival)
        yield from observations(entity.get("Observations"), stream(entity, None, options), options, arrival)
    elif "encodingType" in entity or "definition" in entity:
        yield Rejected(reason="unused_entity", received_at=arrival)
    else:
        yield from things(entity, options, arrival)
        streams = entity.get("Datastreams")
        for entry in streams if isinstance(streams, list) else []:
            if not isinstance(entry, Mapping):
                yield rejected(entry, "not a Datastream", arrival)
            elif entry.get("Observations"):
                yield from observations(entry["Observations"], stream(entry, entity, options), options, arrival)


async def batches(options: SensorThingsOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: Things when they are due, then the new Observations of every Datastream; with MQTT a stream.

    Raises SourceError.
    """
    options = options.model_copy(update={"service": context.service or options.service})
    token = context.secret(options.token_env) if options.token_env else None
    client = Client(context.http, options, token)
    if options.mqtt_url is None:
        found = poll(client, context, cursor)
    else:
        found = follow(client, options, address(options.mqtt_url), context, cursor)
    async with aclosing(found) as flow:
        async for batch in flow:
            yield batch


SOURCE = Source(
    protocol="sensorthings",
    title="OGC SensorThings 1.1",
    kinds=frozenset({Thing, Observation}),
    options=SensorThingsOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s if options.mqtt_url is None else None,
    suffixes=(".json",),
    libraries=("httpx", "paho-mqtt"),
    limits="read per Datastream by phenomenonTime",
)
