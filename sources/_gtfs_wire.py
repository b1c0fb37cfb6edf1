"""A GTFS-realtime message taken apart by hand (protobuf wire format), so that one broken entity spoils no other.

The protobuf library refuses a whole message when its end is cut; and it does not say what lacks a required field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs

HEADER, ENTITY = 1, 2  # field numbers of FeedMessage
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MOST_UNKNOWN = 1000
"""Extensions of a message's own level: more are no GTFS-realtime."""


@dataclass(frozen=True, slots=True)
class Message:
    """The header and the entities as bytes, in order; ``rest`` is what could no longer be read."""

    header: gtfs.FeedHeader
    entities: tuple[bytes, ...]
    rest: bytes


def taken_apart(payload: bytes) -> Message:
    """Raises ValueError for what is no FeedMessage: without a header that names its version."""
    header, entities, at, unknown = b"", list[bytes](), 0, 0
    try:
        while at < len(payload):
            number, value, after = _field(payload, at)
            if number == ENTITY and value is not None:
                entities.append(value)
            elif number == HEADER and value is not None:
                header += value  # a field that comes twice is merged
            else:
                unknown += 1
                if unknown > MOST_UNKNOWN:
                    raise ValueError("too many unknown fields")  # noqa: TRY301 (the same end as a broken field)
            at = after
    except ValueError:
        if not header:
            raise
    return Message(_header(header), tuple(entities), payload[at:])


def _header(value: bytes) -> gtfs.FeedHeader:
    header = gtfs.FeedHeader()
    try:
        header.ParseFromString(value)
    except (DecodeError, ValueError) as error:
        raise ValueError(f"no header: {error}") from error
    if not header.IsInitialized():
        raise ValueError("no header that names its version")
    return header


def _field(payload: bytes, at: int) -> tuple[int, bytes | None, int]:
    """Number of the field at that place, its bytes if it is a message or text, and where the next begins."""
    tag, at = _varint(payload, at)
    number, kind = tag >> 3, tag & 7
    if number == 0:
        raise ValueError("no protobuf message: field 0")
    if kind == VARINT:
        return number, None, _varint(payload, at)[1]
    if kind in {FIXED64, FIXED32}:
        end = at + (8 if kind == FIXED64 else 4)
        value = None
    elif kind == LENGTH:
        size, at = _varint(payload, at)
        end = at + size
        value = payload[at:end]
    else:
        raise ValueError(f"no protobuf message: wire type {kind}")
    if end > len(payload):
        raise ValueError("the message is cut")
    return number, value, end


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    found = 0
    for shift in range(0, 64, 7):
        if at >= len(payload):
            raise ValueError("the message is cut")
        byte = payload[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, at
    raise ValueError("no protobuf message: a number without end")


def entities(message: Message) -> Iterator[gtfs.FeedEntity | tuple[bytes, str]]:
    """Each entity, or the bytes of one that cannot be read with the reason."""
    for part in message.entities:
        entity = gtfs.FeedEntity()
        try:
            entity.ParseFromString(part)
        except (DecodeError, ValueError) as error:
            yield part, " ".join(str(error).split())[:200]
            continue
        yield (
            entity if entity.IsInitialized() else (part, f"lacks {', '.join(entity.FindInitializationErrors())}"[:200])
        )


def whole(header: gtfs.FeedHeader, part: bytes) -> bytes:
    """A message of one entity alone, which can be parsed again."""
    return b"\x0a" + _length(header.SerializeToString()) + b"\x12" + _length(part)


def _length(part: bytes) -> bytes:
    size, told = len(part), bytearray()
    while size > 0x7F:
        told.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*told, size]) + part
