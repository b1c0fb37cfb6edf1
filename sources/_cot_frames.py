"""Messages of TAK in a stream: XML events one after the other, or protobuf frames, or both (the sides may change over).

XML ends with ``</event>`` and has nothing between messages; a frame is the byte BF, its length as a varint, and that
many bytes. A datagram of a mesh begins BF 01 BF and has no length.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

MAX_MESSAGE_B = 256 << 10
MAGIC = 0xBF
MESH = b"\xbf\x01\xbf"
ENDS = (b"</event>", b"</auth>")
BLANKS = b" \t\r\n\0"


class NoFrame(ValueError):
    """The bytes are neither an event nor a frame, or it is too long."""


def split(buffer: bytearray) -> Iterator[bytes]:
    """Takes whole messages off the front; what is unfinished stays. Raises NoFrame."""
    while True:
        blank = len(buffer) - len(buffer.lstrip(BLANKS))
        del buffer[:blank]
        if not buffer:
            return
        end = _frame_end(buffer) if buffer[0] == MAGIC else _xml_end(buffer)
        if end is None:
            if len(buffer) > MAX_MESSAGE_B:
                raise NoFrame("no end of a message in sight")
            return
        message = bytes(buffer[:end])
        del buffer[:end]
        yield message


def _frame_end(buffer: bytearray) -> int | None:
    length, at, shift = 0, 1, 0
    while True:
        if at >= len(buffer):
            return None
        byte = buffer[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
        if shift > 28:
            raise NoFrame("a length that is none")
    if length > MAX_MESSAGE_B:
        raise NoFrame(f"a message of {length} bytes")
    return at + length if at + length <= len(buffer) else None


def _xml_end(buffer: bytearray) -> int | None:
    if buffer[0] != ord("<"):
        raise NoFrame("neither XML nor a frame")
    found = [(at, len(end)) for end in ENDS if (at := buffer.find(end, 0, MAX_MESSAGE_B)) >= 0]
    return None if not found else sum(min(found))


def messages(payload: bytes) -> Iterator[bytes]:
    """Every message of a recorded payload: a stream's bytes, or one datagram; the rest as one piece, whole or not."""
    if payload[:3] == MESH:
        yield payload
        return
    buffer = bytearray(payload)
    with suppress(NoFrame):  # the rest is handed on as it is, and rejected by whoever reads it
        yield from split(buffer)
    if buffer.strip(BLANKS):
        yield bytes(buffer)
