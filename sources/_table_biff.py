"""How large an .xls would become: the library keeps a place for each cell between the first and the last, of all sheets
at once, and reserves what the file says that it has. A few bytes may say 4 billion rows.

The compound file as [MS-CFB] has it, the records as [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAMS = ("Workbook", "Book")
ENCRYPTED = "EncryptedPackage"
"""What an .xlsx with a password lies in."""

FREE = 0xFFFFFFFA
"""From this number on a sector is none: the end of a chain, a free one, one of the tables themselves."""

BOF, FILEPASS, DIMENSIONS = 0x0809, 0x002F, 0x0200
SINGLE = frozenset((0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x00D6, 0x00FD, 0x027E))
MULTIPLE = frozenset((0x00BD, 0x00BE))
"""Records of one cell (row, column, …), and of several in one row (row, first column, …, last column)."""


class Compound:
    """The streams of a compound file. Methods raise ValueError, IndexError or struct.error for one that is broken."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._size = 1 << struct.unpack_from("<H", body, 30)[0]
        self._mini_size = 1 << struct.unpack_from("<H", body, 32)[0]
        if self._size not in {512, 4096} or self._mini_size != 64:
            raise ValueError("no compound file")
        self._fat = self._table()
        directory, self._cutoff, mini = struct.unpack_from("<I4xII", body, 48)
        entries = b"".join(self._chain(directory))
        self._entries = [entries[n : n + 128] for n in range(0, len(entries) - 127, 128)]
        self._mini_fat = self._numbers(b"".join(self._chain(mini))) if mini < FREE else ()

    def stream(self, names: tuple[str, ...]) -> bytes | None:
        """The first stream of these names; None when there is none."""
        found = next((entry for entry in self._entries if _name(entry) in names and entry[66] == 2), None)
        return None if found is None else self._read(*struct.unpack_from("<II", found, 116))

    def has(self, name: str) -> bool:
        return any(_name(entry) == name for entry in self._entries)

    def _read(self, start: int, size: int) -> bytes:
        if size >= self._cutoff:
            return b"".join(self._chain(start))[:size]
        root = b"".join(self._chain(struct.unpack_from("<I", self._entries[0], 116)[0]))
        found, seen = [], 0
        while start < FREE and seen <= len(self._mini_fat):
            found.append(root[start * self._mini_size : (start + 1) * self._mini_size])
            start, seen = self._mini_fat[start], seen + 1
        return b"".join(found)[:size]

    def _table(self) -> tuple[int, ...]:
        """The number of the sector that follows each."""
        places = list(self._numbers(self._body[76:512]))
        following, count = struct.unpack_from("<II", self._body, 68)
        for _ in range(min(count, len(self._body) // self._size)):
            if following >= FREE:
                break
            more = self._numbers(self._sector(following))
            places += more[:-1]
            following = more[-1]
        return tuple(n for place in places if place < FREE for n in self._numbers(self._sector(place)))

    def _chain(self, start: int) -> Iterator[bytes]:
        seen = 0
        while start < FREE:
            seen += 1
            if seen > len(self._fat):
                raise ValueError("a chain of sectors without an end")
            yield self._sector(start)
            start = self._fat[start]

    def _sector(self, number: int) -> bytes:
        found = self._body[(number + 1) * self._size : (number + 2) * self._size]
        if not found:
            raise ValueError("a sector past the end of the file")
        return found

    @staticmethod
    def _numbers(data: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _name(entry: bytes) -> str:
    length = min(struct.unpack_from("<H", entry, 64)[0], 64)
    return entry[: max(length - 2, 0)].decode("utf-16-le", "replace")


class Locked(ValueError):
    """A workbook with a password."""


def places(body: bytes) -> int:
    """How many places for cells an .xls asks for, all its sheets together; 0 for a file of another kind.

    Raises Locked, and ValueError for a broken one.
    """
    try:
        book = Compound(body)
        if book.has(ENCRYPTED):
            raise Locked
        stream = book.stream(STREAMS)
        return 0 if stream is None else sum(_sheets(stream))
    except (struct.error, IndexError) as error:
        raise ValueError("no spreadsheet that can be read: a broken compound file") from error


def _sheets(stream: bytes) -> Iterator[int]:
    """Of each part of the workbook the places between its first and last cell, or what it says of itself."""
    corners: list[tuple[int, int]] = []
    said = 0
    for kind, data in _records(stream):
        if kind == BOF:
            yield max(said, _area(corners))
            corners, said = [], 0
        elif kind == FILEPASS:
            raise Locked
        elif kind == DIMENSIONS and len(data) >= 12:
            top, bottom, left, right = struct.unpack_from("<IIHH", data)
            said = max(said, max(bottom - top, 1) * max(right - left, 1))
        elif kind in SINGLE and len(data) >= 4:
            corners.append(struct.unpack_from("<HH", data))
        elif kind in MULTIPLE and len(data) >= 6:
            row, first = struct.unpack_from("<HH", data)
            corners += [(row, first), (row, struct.unpack_from("<H", data, len(data) - 2)[0])]
        if len(corners) > 4096:
            corners = _box(corners)
    yield max(said, _area(corners))


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _box(corners: list[tuple[int, int]]) -> list[tuple[int, int]]:
    rows, columns = zip(*corners, strict=True)
    return [(min(rows), min(columns)), (max(rows), max(columns))]


def _area(corners: list[tuple[int, int]]) -> int:
    for (top, left), (bottom, right) in pairwise(_box(corners) if corners else ()):
        return (bottom - top + 1) * (right - left + 1)
    return 0
