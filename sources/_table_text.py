"""Text of a table as lines: which encoding, which delimiter, never more than one line in memory."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, BinaryIO

from geodata.records import Rejected

MAX_LINE = 1 << 20
SAMPLE_B = 1 << 16
DELIMITERS = ",;\t|"

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_TONES = re.compile("[aăâeêioôơuưyAĂÂEÊIOÔƠUƯY][\u0300\u0301\u0303\u0309\u0323]")
_TONE = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_ABC = re.compile(r"[A-Za-z][\u00a8-\u00be][A-Za-z ]|[A-Za-z][\u00b5-\u00be]\b")
_VNI = re.compile("[aeiouyAEIOUY][øùûõïâåäãàáéèëêöôòóæ][a-z ]")


class Unreadable(ValueError):
    """The bytes are no table that can be read; the message says what to do."""


def encoding_of(sample: bytes, declared: str | None) -> str:
    """The encoding of a text by its first bytes. Raises Unreadable for TCVN3, VNI and what is no text."""
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name
    if declared is not None:
        return declared
    if b"\0" in sample[:4096]:
        raise Unreadable('not a text: NUL bytes; of UTF-16 without its mark say encoding = "utf-16-le"')
    told = sample.decode("utf-8", "surrogateescape")
    broken = len(re.findall("[\udc80-\udcff]", told[:-4]))
    letters = sum(letter > "\x7f" for letter in told) - broken
    if broken * 4 <= letters or (not broken):
        return "utf-8"
    if broken <= 3 and len(sample) > 200 * broken:
        return "utf-8"
    latin = sample.decode("cp1258", "replace")
    tones = len(_TONE.findall(latin))
    if tones and len(_TONES.findall(latin)) == tones and not _ABC.search(latin):
        return "cp1258"
    raise Unreadable(f"not UTF-8{font(sample.decode('latin-1'))}; save the file as Unicode (UTF-8), or say encoding")


def font(text: str) -> str:
    """A hint when a text is written in the code of an old font; empty for any other."""
    if len(_ABC.findall(text)) >= 2:
        return ", looks like TCVN3 (fonts .Vn…)"
    if len(_VNI.findall(text)) >= 3:
        return ", looks like VNI (fonts VNI-…)"
    return ""


class _Borrowed(io.RawIOBase):
    """A file that stays open when its text is no longer read: it is the caller's to close."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def opened(file: BinaryIO, declared: str | None) -> io.TextIOWrapper:
    """The text of a seekable file from its start. Bytes that are no letters stay as lone surrogates."""
    encoding = encoding_of(file.read(SAMPLE_B), declared)
    file.seek(0)
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    return io.TextIOWrapper(io.BufferedReader(_Borrowed(file), SAMPLE_B), encoding, errors=errors, newline="")


def lines(text: io.TextIOWrapper, dropped: list[Rejected]) -> Iterator[str]:
    """Lines with their ends; one longer than ``MAX_LINE`` is put aside as Rejected and read over."""
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            dropped.append(Rejected(reason="too_long", payload=line[:65536].encode("utf-8", "replace")[:65536]))
            while (more := text.readline(MAX_LINE)) and not more.endswith(("\n", "\r")):
                pass
            continue
        yield line


def records(text: io.TextIOWrapper, delimiter: str) -> Iterator[list[str] | Rejected]:
    """Rows of cells, and what is broken between them."""
    dropped: list[Rejected] = []
    reader = csv.reader(lines(text, dropped), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            row = []
            dropped.append(Rejected(reason="malformed", detail=str(error)[:200], payload=b"line %d" % reader.line_num))
        yield from dropped
        dropped.clear()
        if row is None:
            return
        yield row


def composed(row: list[str]) -> list[str]:
    """Cells of Windows-1258, whose tone marks stand alone, in NFC."""
    return [cell if cell.isascii() else unicodedata.normalize("NFC", cell) for cell in row]
