"""From a message and its rule to records. Pure; ValueError for what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from geodata.records import Event, Observation, Position, Quality, Record, Rejected, Thing
from sources._mqtt_envelope import body, rejected, unused
from sources._mqtt_rules import Place, Result, Rule
from sources._mqtt_wire import Message
from sources._sta_entities import quality
from sources._values import instant, number, point, text
from sources._vocabulary import category
from sources.units import ucum

KNOTS: Mapping[str, float] = {"km/h": 1 / 1.852, "m/s": 3600 / 1852, "kn": 1.0}
MILLISECONDS = 1e11
"""An epoch beyond this counts milliseconds: 1e11 s is the year 5138."""

ALIVE: Mapping[str, str] = {
    **dict.fromkeys(("online", "on", "1", "true", "alive", "up", "ok", "connected", "running"), "on"),
    **dict.fromkeys(("offline", "off", "0", "false", "down", "lost", "dead", "disconnected"), "off"),
}
"""What heart-beats and last wills say, where a rule has no words of its own."""


class MapOptions(Protocol):
    """What making records needs of the options."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def units(self) -> Mapping[str, str]: ...
    @property
    def quality(self) -> Mapping[str, Quality]: ...
    @property
    def status_property(self) -> str: ...
    @property
    def zone(self) -> tzinfo: ...


def records(
    message: Message, rule: Rule, levels: Mapping[str, str], options: MapOptions
) -> Iterator[Record | Rejected]:
    """What one rule makes of one message. Raises ValueError."""
    if rule.kind == "ignore":
        yield unused(message)
        return
    if not message.payload and (rule.kind != "heartbeat" or message.retain):
        yield unused(message, "empty")  # how a retained message is taken back
        return
    whole = body(message.payload) if message.payload else ""
    members: Any = [whole] if rule.each is None else Place(levels, whole).value(rule.each)
    if not isinstance(members, list):
        raise ValueError(f"no list at {rule.each}")  # noqa: TRY004 (what is wrong is the payload)
    for member in members:
        try:
            yield from MAKERS[rule.kind](message, rule, Place(levels, member), options)
        except ValueError as error:
            yield rejected(message, error)


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """Of ISO text or an epoch; None for a device that has no clock. Raises ValueError."""
    if value is None or value == "":
        return None
    try:
        seconds = number(value)
    except ValueError:
        return instant(value, zone)
    if seconds <= 0:
        return None
    try:
        found = datetime.fromtimestamp(seconds / 1000 if seconds >= MILLISECONDS else seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"no time of ours: {seconds:g}") from error
    return instant(found.isoformat())


def _time(message: Message, rule: Rule, place: Place, options: MapOptions) -> datetime | None:
    """The payload's own time; else the arrival, which a retained message does not tell: None."""
    own = moment(place.value(rule.time), options.zone)
    return own or (None if message.retain else message.arrival)


def _thing_id(rule: Rule, place: Place, options: MapOptions) -> str:
    name = text(place.value(rule.thing))
    if not name:
        raise ValueError("no thing is named")
    return f"{options.issuer}:{name}"


def _thing(message: Message, rule: Rule, place: Place, options: MapOptions) -> Iterator[Record | Rejected]:
    given = {name: place.value(expression) for name, expression in rule.fields.items()}
    wrong, geometry = "", None
    if given.get("lon") is not None and given.get("lat") is not None:
        try:
            geometry = point(given["lon"], given["lat"])
        except ValueError as error:
            wrong = str(error)
    word = text(given.get("category"))
    numbers = ("azimuth_deg", "fov_deg", "range_m", "mast_height_m")
    properties = {name: place.value(expression) for name, expression in rule.properties.items()}
    own = moment(place.value(rule.time), options.zone)
    yield Thing(
        id=_thing_id(rule, place, options),
        name=text(given.get("name")),
        category=(category(options.service, word) or word) if word else None,
        geometry=geometry,
        agency=text(given.get("agency")),
        time=own,
        properties={name: value for name, value in properties.items() if value is not None},
        received_at=message.arrival,
        **{name: number(given[name]) for name in numbers if given.get(name) is not None},
    )
    if wrong:
        yield rejected(message, wrong, "bad_position")


def _heartbeat(message: Message, rule: Rule, place: Place, options: MapOptions) -> Iterator[Record | Rejected]:
    told = place.value(rule.fields.get("status", "$"))
    if "status" not in rule.fields and (isinstance(told, dict) or told == ""):
        told = "on"  # that it came is what it says
    word = _word(told)
    if word is None:
        raise ValueError("a heart-beat without a state")
    known = {key.casefold(): value for key, value in rule.values.items()} or ALIVE
    result = known.get(word.casefold(), word)
    time = _time(message, rule, place, options)
    if message.retain and time is None:
        if result not in rule.gone:
            yield unused(message, "retained")  # it lived once: no sign of life
            return
        time = message.arrival
    yield Observation(
        thing_id=_thing_id(rule, place, options),
        observed_property=options.status_property,
        phenomenon_time=time or message.arrival,
        result=result,
        received_at=message.arrival,
    )


def _word(value: Any) -> str | None:
    """A state as a word; true and 1.0 are words too."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text(value)


def _observations(message: Message, rule: Rule, place: Place, options: MapOptions) -> Iterator[Record | Rejected]:
    time = _time(message, rule, place, options)
    if time is None:
        yield unused(message, "retained")
        return
    thing, device = _thing_id(rule, place, options), quality(place.value(rule.fields.get("quality")), options.quality)
    told = {name: (wanted, place.value(wanted.value)) for name, wanted in rule.results.items()}
    if all(value is None for _, value in told.values()):
        raise ValueError("none of the results stands in the payload")
    for key, (wanted, value) in told.items():
        if value is None:
            continue
        try:
            name = str(place.value(key))
            unit = text(place.value(wanted.unit)) if (wanted.unit or "").startswith("$.") else wanted.unit
            result = _result(value, wanted, unit)
        except ValueError as error:
            yield rejected(message, f"{key}: {error}")
            continue
        yield Observation(
            thing_id=thing,
            observed_property=name,
            phenomenon_time=time,
            result=result,
            unit=(ucum(unit, more=options.units) or unit) if unit else None,
            quality=device,
            received_at=message.arrival,
        )


def _result(value: Any, wanted: Result, unit: str | None) -> float | str:
    word = _word(value)
    if wanted.values:
        known = {key.casefold(): mapped for key, mapped in wanted.values.items()}
        if word is not None and word.casefold() in known:
            return known[word.casefold()]
    if isinstance(value, dict | list):
        raise ValueError("no value but a structure")  # noqa: TRY004 (what is wrong is the payload)
    try:
        found = number(value) * wanted.scale + wanted.offset
    except ValueError:
        if unit is not None or word is None:
            raise
        return word
    return number(found)


def _event(message: Message, rule: Rule, place: Place, options: MapOptions) -> Iterator[Record | Rejected]:
    given = {name: place.value(expression) for name, expression in rule.fields.items()}
    name, word, time = text(given["id"]), text(given.get("category")), _time(message, rule, place, options)
    if not name:
        raise ValueError("an event without id")
    if time is None:
        yield unused(message, "retained")
        return
    word = {key.casefold(): value for key, value in rule.values.items()}.get((word or "").casefold(), word)
    placed = given.get("lon") is not None and given.get("lat") is not None
    severity = number(given["severity"]) if given.get("severity") is not None else None
    if severity is not None and not 1 <= severity <= 5:
        raise ValueError(f"a severity of {severity:g}")
    thing = text(place.value(rule.thing)) if rule.thing != "{thing}" or "thing" in place.levels else None
    yield Event(
        id=f"{options.issuer}:{name}",
        time=time,
        end_time=moment(given.get("end"), options.zone),
        category=(category(options.service, word) or word) if word else None,
        title=text(given.get("title")),
        description=text(given.get("description")),
        thing_id=f"{options.issuer}:{thing}" if thing else None,
        geometry=point(given["lon"], given["lat"]) if placed else None,
        severity=int(severity) if severity is not None else None,
        status=text(given.get("status")),
        url=text(given.get("url")),
        properties={key: value for key, path in rule.properties.items() if (value := place.value(path)) is not None},
        received_at=message.arrival,
    )


def _position(message: Message, rule: Rule, place: Place, options: MapOptions) -> Iterator[Record | Rejected]:
    given = {name: place.value(expression) for name, expression in rule.fields.items()}
    time = _time(message, rule, place, options)
    if time is None:
        yield unused(message, "retained")
        return
    if given["lon"] is None or given["lat"] is None:
        yield unused(message, "no_position")
        return
    where = point(given["lon"], given["lat"])
    speed, course, heading, status = (
        number(given[name]) if given.get(name) is not None else None
        for name in ("speed", "course", "heading", "status")
    )
    yield Position(
        thing_id=_thing_id(rule, place, options),
        time=time,
        lon=where.x,
        lat=where.y,
        sog_kn=None if speed is None else speed * KNOTS[rule.speed_unit],
        cog_deg=None if course is None else course % 360,
        heading_deg=None if heading is None else heading % 360,
        status=None if status is None else int(status),
        received_at=message.arrival,
    )


Maker = Callable[[Message, Rule, Place, MapOptions], Iterator[Record | Rejected]]

MAKERS: Mapping[str, Maker] = {
    "thing": _thing,
    "heartbeat": _heartbeat,
    "observation": _observations,
    "event": _event,
    "position": _position,
}
