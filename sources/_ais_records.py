"""AIS messages to records, with every "not available" of ITU-R M.1371 masked.

Sources: gpsd's AIVDM page and the tables of navcen.uscg.gov (wording of ITU-R M.1371). pyais hands sentinels over
as plain numbers, so they are masked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from pyais.messages import (
    ANY_MESSAGE,
    MessageType1,
    MessageType2,
    MessageType3,
    MessageType5,
    MessageType18,
    MessageType19,
    MessageType24PartA,
    MessageType24PartB,
    MessageType24PartBAuxiliaryCraft,
    MessageType27,
)

from geodata.records import JSON, Position, Rejected, Thing
from sources._vocabulary import category

MIN_BITS: Mapping[int, int] = {1: 149, 2: 149, 3: 149, 5: 420, 18: 149, 19: 301, 24: 160, 27: 85}
"""Bits up to the last field that is read. 420-bit type 5, 160-bit type 24 A and long type 27 are in the wild."""

REPORTS = frozenset({1, 2, 3, 18, 19, 27})
Report = MessageType1 | MessageType2 | MessageType3 | MessageType18 | MessageType19 | MessageType27


class NoFix(ValueError):
    """The message says that it has no position. Not a fault."""


def thing_id(mmsi: int) -> str:
    """``mmsi:574123456``. Raises ValueError for a number that is no MMSI."""
    if not 0 < mmsi <= 999_999_999:
        raise ValueError(f"{mmsi} is no MMSI")
    return f"mmsi:{mmsi:09d}"


def position(message: Report, when: datetime, received_at: datetime | None) -> Position:
    """A fix at ``when``. Raises NoFix when the ship has none, ValueError when it lies outside the globe."""
    lon, lat = message.lon, message.lat
    if lon == 181 or lat == 91:
        raise NoFix
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"lon {lon:.4f} lat {lat:.4f}")
    kind = message.msg_type  # compared, as isinstance on pyais' abstract classes takes as long as the decoding
    sog_kn = None if message.speed > (62.5 if kind == 27 else 102.25) else float(message.speed)
    cog_deg = None if message.course >= 360 else float(message.course)
    heading = None if kind == 27 else cast("MessageType1", message).heading
    heading_deg = None if heading is None or heading >= 360 else float(heading)
    status = None if kind in {18, 19} else int(cast("MessageType1", message).status)
    return Position(
        thing_id=thing_id(message.mmsi),
        time=when,
        lon=lon,
        lat=lat,
        sog_kn=sog_kn,
        cog_deg=cog_deg,
        heading_deg=heading_deg,
        status=None if status == 15 else status,
        received_at=received_at,
    )


def ship(message: ANY_MESSAGE, service: str, received_at: datetime | None) -> Thing:
    """What a static report (5, 19, 24 A, 24 B) says of the ship; what it leaves out stays None. Never a place."""
    assert isinstance(
        message,
        MessageType5 | MessageType19 | MessageType24PartA | MessageType24PartB | MessageType24PartBAuxiliaryCraft,
    )
    kind: str | None = None
    properties: dict[str, JSON] = {}
    if not isinstance(message, MessageType24PartA):
        code = int(message.ship_type or 0)
        code = code if code <= 99 else 0
        if code:
            kind = category(service, f"ship_{code}", str(code)) or f"ship_{code}"
            properties["ship_type"] = code
    if isinstance(message, MessageType5 | MessageType24PartB | MessageType24PartBAuxiliaryCraft):
        _put(properties, "callsign", text(message.callsign))
    if isinstance(message, MessageType24PartBAuxiliaryCraft):
        if 0 < (mother := int(message.mothership_mmsi or 0)) <= 999_999_999:
            properties["mothership"] = thing_id(mother)
    elif not isinstance(message, MessageType24PartA):
        properties |= dimensions(message)
    if isinstance(message, MessageType5):
        properties |= voyage(message)
    properties["ais_class"] = "A" if isinstance(message, MessageType5) else "B"
    return Thing(
        id=thing_id(message.mmsi),
        name=None
        if isinstance(message, MessageType24PartB | MessageType24PartBAuxiliaryCraft)
        else text(message.shipname),
        category=kind,
        properties=properties,
        received_at=received_at,
    )


def dimensions(message: MessageType5 | MessageType19 | MessageType24PartB) -> dict[str, JSON]:
    """Distances in metres from the antenna, with length and beam when both ends are given. 0 is not available."""
    ends = {
        "to_bow_m": message.to_bow,
        "to_stern_m": message.to_stern,
        "to_port_m": message.to_port,
        "to_starboard_m": message.to_starboard,
    }
    given: dict[str, JSON] = {name: int(value) for name, value in ends.items() if value}
    if message.to_stern:  # bow 0 with a stern: the length is known, the antenna's place is not
        given["length_m"] = int(message.to_bow or 0) + int(message.to_stern)
    if message.to_starboard:
        given["beam_m"] = int(message.to_port or 0) + int(message.to_starboard)
    return given


def voyage(message: MessageType5) -> dict[str, JSON]:
    """IMO number, destination, draught and ETA (UTC, without a year), as typed in on board."""
    found: dict[str, JSON] = {}
    if message.imo:
        found["imo"] = int(message.imo)
    _put(found, "destination", text(message.destination))
    if message.draught:
        found["draught_m"] = message.draught
    if 1 <= (message.month or 0) <= 12 and 1 <= (message.day or 0) <= 31:
        hour = f"T{message.hour:02d}" if message.hour < 24 else ""
        minute = f":{message.minute:02d}" if hour and message.minute < 60 else ""
        found["eta"] = f"{message.month:02d}-{message.day:02d}{hour}{minute}"
    return found


def text(value: str | None) -> str | None:
    """A six-bit text ends at its first @; blanks around it are padding."""
    return (value or "").partition("@")[0].strip() or None


def _put(properties: dict[str, JSON], name: str, value: str | None) -> None:
    if value:
        properties[name] = value


def records(
    message: ANY_MESSAGE, bits: int, when: datetime, service: str, received_at: datetime | None
) -> list[Position | Thing | Rejected]:
    """Everything one whole message says to us. Raises ValueError when it is broken.

    A type that is not for us, and a report that says it has no fix, are Rejected without payload.
    """
    kind = message.msg_type
    least = MIN_BITS.get(kind)
    if kind == 24 and isinstance(message, MessageType24PartB | MessageType24PartBAuxiliaryCraft):
        least = 162  # to the end of the dimensions
    if least is None:
        return [Rejected(reason="unused_type", detail=f"type {kind}", received_at=received_at)]
    if bits < least:
        raise ValueError(f"type {kind} with {bits} bits")
    found: list[Position | Thing | Rejected] = []
    if kind in REPORTS:
        try:
            found.append(position(cast("Report", message), when, received_at))
        except NoFix:
            thing_id(message.mmsi)
            found.append(Rejected(reason="no_position", received_at=received_at))
    if kind not in REPORTS or kind == 19:
        found.append(ship(message, service, received_at))
    return found
