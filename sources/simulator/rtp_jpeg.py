"""JPEG as RTP packets (RFC 2435): quantisation tables in the first packet, the usual Huffman tables in none."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from PIL import Image

PAYLOAD_B = 1400
_TYPE_420, _Q_IN_BAND, _PAYLOAD_TYPE, _SSRC = 1, 255, 26, 0x56_4C


def prepared(image: Image.Image) -> bytes:
    """A JPEG that RFC 2435 can carry: 4:2:0, the usual Huffman tables. Width and height must be multiples of 16."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70, subsampling=2, optimize=False)
    return out.getvalue()


def packets(jpeg: bytes, sequence: int, timestamp: int) -> Iterator[bytes]:
    """The RTP packets of one picture; the last has the marker. ``timestamp`` in 1/90,000 s."""
    tables, (width, height), scan = _parts(jpeg)
    offset = 0
    while offset < len(scan):
        head = struct.pack("!I", offset) + bytes((_TYPE_420, _Q_IN_BAND, width // 8, height // 8))
        if offset == 0:
            head += struct.pack("!BBH", 0, 0, len(tables)) + tables
        piece = scan[offset : offset + PAYLOAD_B]
        offset += len(piece)
        marker = 0x80 if offset >= len(scan) else 0
        yield struct.pack("!BBHII", 0x80, marker | _PAYLOAD_TYPE, sequence & 0xFFFF, timestamp, _SSRC) + head + piece
        sequence += 1


def _parts(jpeg: bytes) -> tuple[bytes, tuple[int, int], bytes]:
    """Quantisation tables in their order, width and height, and the scan without the end marker."""
    tables: dict[int, bytes] = {}
    size = (0, 0)
    at = 2
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        if marker == 0xDB:
            for n in range(0, len(body), 65):
                tables[body[n] & 15] = body[n + 1 : n + 65]
        elif marker == 0xC0:
            size = (int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
        elif marker == 0xDA:
            break
        at += 2 + length
    return b"".join(tables[n] for n in sorted(tables)), size, jpeg[at + 2 + length : -2]
