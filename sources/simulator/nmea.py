"""AIS messages of ITU-R M.1371 as NMEA 0183 sentences with a TAG block.

Fields, lengths and not-available values follow gpsd's AIVDM.adoc. A message is packed into one integer and armoured
through base64, whose six-bit groups are the same: far faster than bit arrays, and the history holds 300,000 of them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

NO_HEADING = 511
NO_COURSE = 3600
NO_SPEED = 1023

_ARMOUR = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    bytes(range(48, 88)) + bytes(range(96, 120)),
)
_LONGEST = 60  # six-bit characters that fit into one sentence of 82


@dataclass(frozen=True, slots=True)
class Fix:
    """A position report before it is packed: epoch s, degrees EPSG:4326, knots, degrees from true north."""

    t: float
    lon: float
    lat: float
    sog_kn: float
    cog_deg: float
    status: int = 15


@dataclass(frozen=True, slots=True)
class Static:
    """What a vessel's crew typed into the set. ``name`` and ``callsign`` are ASCII; dimensions in metres."""

    mmsi: int
    name: str
    callsign: str
    ship_type: int
    bow_m: int
    stern_m: int
    port_m: int
    starboard_m: int
    imo: int = 0
    draught_m: float = 0.0
    destination: str = ""


def checksum(data: bytes) -> str:
    """XOR of at most 128 bytes as two hexadecimal digits."""
    x = int.from_bytes(data, "big")
    for shift in (512, 256, 128, 64, 32, 16, 8):
        x ^= x >> shift
    return f"{x & 0xFF:02X}"


def tag_block(t: float, station: str) -> str:
    r"""``\s:STATION,c:SECONDS*hh\``: the receiver (at most 15 characters) and arrival there, whole seconds."""
    text = f"s:{station},c:{int(t)}"
    return f"\\{text}*{checksum(text.encode())}\\"


def _pack(fields: Iterable[tuple[int, int]]) -> tuple[int, int]:
    value = length = 0
    for number, bits in fields:
        value = (value << bits) | (number & ((1 << bits) - 1))
        length += bits
    return value, length


def _text(text: str, characters: int) -> tuple[int, int]:
    value = 0
    for character in text.upper()[:characters].ljust(characters, "@"):
        value = (value << 6) | (ord(character) & 0x3F)
    return value, characters * 6


def _armour(fields: Iterable[tuple[int, int]]) -> tuple[str, int]:
    value, length = _pack(fields)
    whole = -(-length // 24) * 24
    text = base64.b64encode((value << (whole - length)).to_bytes(whole // 8, "big")).translate(_ARMOUR)
    characters = -(-length // 6)
    return text[:characters].decode(), characters * 6 - length


def _kinematics(fix: Fix, heading: int) -> tuple[int, int]:
    """Speed, accuracy, place, course, heading and second as one field: what most of a history is made of."""
    value = min(round(fix.sog_kn * 10), 1022) & 0x3FF
    value = value << 1 | 1
    value = value << 28 | round(fix.lon * 600_000) & 0xFFF_FFFF
    value = value << 27 | round(fix.lat * 600_000) & 0x7FF_FFFF
    value = value << 12 | round(fix.cog_deg * 10) % 3600
    return value << 15 | heading << 6 | int(fix.t) % 60, 93


def class_a(mmsi: int, fix: Fix) -> tuple[str, int]:
    """Type 1: payload and fill bits. The set has a gyro, so heading follows the course; turn is not available."""
    heading = round(fix.cog_deg) % 360
    head = 1 << 44 | (mmsi & 0x3FFF_FFFF) << 12 | (fix.status & 0xF) << 8 | 0x80
    return _armour([(head, 50), _kinematics(fix, heading), (0, 25)])


_CLASS_B_TAIL = _pack([(0, 2), (1, 1), (0, 1), (1, 1), (1, 1), (0, 1), (0, 1), (0, 1), (393222, 20)])


def class_b(mmsi: int, fix: Fix) -> tuple[str, int]:
    """Type 18: payload and fill bits. Carrier sense, no compass."""
    head = 18 << 40 | (mmsi & 0x3FFF_FFFF) << 8
    return _armour([(head, 46), _kinematics(fix, NO_HEADING), _CLASS_B_TAIL])


def class_b_extended(static: Static, fix: Fix) -> tuple[str, int]:
    """Type 19: position and name in one message of two sentences."""
    return _armour(
        [
            *((19, 6), (0, 2), (static.mmsi, 30), (0, 8)),
            _kinematics(fix, NO_HEADING),
            *((0, 4), _text(static.name, 20), (static.ship_type, 8)),
            *_dimensions(static),
            *((1, 4), (0, 1), (1, 1), (0, 1), (0, 4)),
        ]
    )


def long_range(mmsi: int, fix: Fix) -> tuple[str, int]:
    """Type 27: coarse position for a distant receiver, 1/600 degree, whole knots."""
    return _armour(
        [
            *((27, 6), (3, 2), (mmsi, 30), (1, 1), (0, 1), (fix.status, 4)),
            *((round(fix.lon * 600), 18), (round(fix.lat * 600), 17), (min(round(fix.sog_kn), 62), 6)),
            *((round(fix.cog_deg) % 360, 9), (0, 1), (0, 1)),
        ]
    )


def voyage(static: Static) -> tuple[str, int]:
    """Type 5: name, call sign, size, destination of a class A set; 424 bits, two sentences. No ETA is set."""
    return _armour(
        [
            *((5, 6), (0, 2), (static.mmsi, 30), (2, 2), (static.imo, 30)),
            *(_text(static.callsign, 7), _text(static.name, 20), (static.ship_type, 8)),
            *_dimensions(static),
            *((1, 4), (0, 4), (0, 5), (24, 5), (60, 6), (round(static.draught_m * 10), 8)),
            *(_text(static.destination, 20), (1, 1), (0, 1)),
        ]
    )


def static_a(static: Static) -> tuple[str, int]:
    """Type 24 part A: the name, 160 bits as sets in the field send it."""
    return _armour([(24, 6), (0, 2), (static.mmsi, 30), (0, 2), _text(static.name, 20)])


def static_b(static: Static) -> tuple[str, int]:
    """Type 24 part B: type, call sign, size."""
    vendor = [_text("SRT", 3), (1, 4), (static.mmsi % 1000003, 20)]
    return _armour(
        [
            *((24, 6), (0, 2), (static.mmsi, 30), (1, 2), (static.ship_type, 8)),
            *vendor,
            _text(static.callsign, 7),
            *_dimensions(static),
            (0, 6),
        ]
    )


def _dimensions(static: Static) -> list[tuple[int, int]]:
    return [(static.bow_m, 9), (static.stern_m, 9), (static.port_m, 6), (static.starboard_m, 6)]


def sentences(message: tuple[str, int], t: float, station: str) -> list[str]:
    """The lines of one message as a receiver hands them over, TAG block first, without line ends.

    The channel alternates with the second, the sequence number of a two-sentence message with the message.
    """
    payload, fill = message
    channel = "AB"[int(t) % 2]
    tag = tag_block(t, station)
    parts = [payload[i : i + _LONGEST] for i in range(0, len(payload), _LONGEST)]
    number = sum(payload.encode()) % 10 if len(parts) > 1 else ""
    lines = []
    for index, part in enumerate(parts, 1):
        last = index == len(parts)
        body = f"AIVDM,{len(parts)},{index},{number},{channel},{part},{fill if last else 0}"
        lines.append(f"{tag}!{body}*{checksum(body.encode())}")
    return lines
