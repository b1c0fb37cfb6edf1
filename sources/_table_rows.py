"""From a file to rows: CSV and NDJSON as streams, JSON and spreadsheets whole. Nothing here knows a record."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO

from geodata.records import Rejected
from sources._table_header import (
    LOOKED_AT,
    Header,
    NoColumns,
    descend,
    find,
    is_numbering,
    is_total,
    keyed,
    lookup,
    required,
    said,
)
from sources._table_options import TableOptions
from sources._table_sheet import MAX_FILE_B, sheets
from sources._table_text import DELIMITERS, SAMPLE_B, Unreadable, composed, lines, opened, records
from sources._values import loads

Row = Sequence[Any] | Mapping[str, Any]

SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
OTHERS = {b"\x1f\x8b": "gzip", b"%PDF": "PDF", b"Rar!": "RAR", b"7z\xbc\xaf": "7z"}


@dataclass(frozen=True, slots=True)
class Table:
    """``header`` is None where each row is an object with its own keys."""

    header: Header | None
    rows: Iterator[Row | Rejected]


def form_of(head: bytes, options: TableOptions) -> str:
    """csv, excel, json or ndjson by the first bytes; the declared form where these do not contradict it."""
    if head.startswith(SPREADSHEETS):
        return "excel"
    for mark, name in OTHERS.items():
        if head.startswith(mark):
            raise Unreadable(f"a {name} file; unpack or export it first")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<" and options.format != "csv":
        raise Unreadable("a web page or XML, no table")
    if options.format == "excel":
        raise Unreadable("no spreadsheet that can be read")
    if options.format is not None or options.rows:
        return options.format or "json"
    if start[:1] == b"[":
        return "json"
    if start[:1] == b"{":
        return "ndjson" if _is_ndjson(start) else "json"
    return "csv"


def _is_ndjson(start: bytes) -> bool:
    """Whether the first line is an object by itself and another begins after it."""
    first, _, rest = start.partition(b"\n")
    try:
        return isinstance(loads(first), dict) and rest.lstrip()[:1] == b"{"
    except ValueError:
        return False


def table(file: BinaryIO, options: TableOptions, *, strict: bool = True) -> Table:
    """The rows of a seekable file from its start. ``strict`` says that named columns must be there in objects too.

    Raises Unreadable, NoColumns.
    """
    head = file.read(4 * SAMPLE_B)
    file.seek(0)
    form = form_of(head, options)
    if form == "excel":
        return _excel(file.read(MAX_FILE_B + 1), options)
    if form == "csv":
        return _csv(file, options)
    if form == "ndjson":
        return _objects(_ndjson(file), options, strict=strict)
    return _json(file, options, strict=strict)


def kept_row(payload: bytes) -> Mapping[str, Any] | None:
    """A row kept as an object by a rejection; None for any other payload.

    Raises Unreadable for one that had more cells than columns.
    """
    if len(payload) > 65536 or not payload.startswith(b"{"):
        return None
    try:
        body = loads(payload)
    except ValueError:
        return None
    if isinstance(body, dict) and any(key.startswith(EXTRA) for key in body):
        raise Unreadable("a row with more cells than columns")
    return body if isinstance(body, dict) else None


def _csv(file: BinaryIO, options: TableOptions) -> Table:
    text = opened(file, options.encoding)
    delimiter = options.delimiter or _delimiter(text, options)
    text.seek(0)
    cells: Iterator[Any] = records(text, delimiter)
    if text.encoding in {"cp1258", "windows-1258"}:
        cells = (row if isinstance(row, Rejected) else composed(row) for row in cells)
    return grid(cells, options)


def _delimiter(text: io.TextIOWrapper, options: TableOptions) -> str:
    """The delimiter by which the header is found, else the one that parts the first lines most."""
    dropped: list[Rejected] = []
    first = list(islice(lines(text, dropped), LOOKED_AT))
    best: str = max(DELIMITERS, key=lambda mark: max((line.count(mark) for line in first), default=0))
    for mark in (best, *DELIMITERS):
        text.seek(0)
        head = [row for row in islice(records(text, mark), LOOKED_AT) if not isinstance(row, Rejected)]
        try:
            if options.header:
                find(head, options.specs())
        except NoColumns:
            continue
        return str(mark)
    return best


def grid(cells: Iterator[Any], options: TableOptions) -> Table:
    """Rows of cells under the header among them. Raises NoColumns."""
    if not options.header:
        most = max((spec for spec in options.specs() if isinstance(spec, int)), default=1)
        first = list(islice(cells, 1))
        width = max([most, *(len(row) for row in first if not isinstance(row, Rejected))])
        header = Header(tuple(str(n) for n in range(1, width + 1)))
        return Table(header, _body(header, chain(first, cells), options))
    begun: list[Any] = []
    head: list[Any] = []
    broken: list[Rejected] = []
    for row in cells:
        (broken if isinstance(row, Rejected) else head).append(row)
        begun.append(row)
        if len(head) >= LOOKED_AT:
            break
    header, start = find(head, options.specs() or ("kind",))
    if gone := header.missing(required(options.specs())):
        raise NoColumns(said(header, gone))
    return Table(header, chain(broken, _body(header, chain(head[start:], cells), options, head[start - 1])))


def _body(
    header: Header, cells: Iterator[Any], options: TableOptions, title: Sequence[Any] = ()
) -> Iterator[Row | Rejected]:
    """What stands under the header; rows that are no data are counted and not kept."""
    width, below, totals = len(header.names), False, options.totals == "skip" and options.header
    fills = [place for name in options.fill if (place := header.index(name)) is not None]
    last: dict[int, Any] = {}
    first = options.header
    for row in cells:
        if isinstance(row, Rejected):
            yield row
            continue
        if not any(row) and not any(cell not in {"", None} for cell in row if not isinstance(cell, list | dict)):
            continue
        numbering, first = first and is_numbering(row), False
        if numbering or row == title:
            yield Rejected(reason="header_row")
        elif totals and _may_be_total(row) and is_total(row):
            below = True
            yield Rejected(reason="total_row")
        elif below and sum(cell not in {"", None} for cell in row if not isinstance(cell, list | dict)) <= width // 3:
            yield Rejected(reason="footer")
        elif len(row) > width and any(cell not in {"", None} for cell in row[width:]):
            kept = json.dumps(_wide(header, row), ensure_ascii=False).encode("utf-8", "backslashreplace")
            detail = f"{len(row)} cells under {width} columns"
            yield Rejected(reason="malformed", detail=detail, payload=kept[:65536])
        else:
            yield _filled(row, fills, last) if fills else row


EXTRA = "(+"
"""Begins the keys of cells that stand under no column, in a row kept as an object."""


def _wide(header: Header, row: Sequence[Any]) -> dict[str, str]:
    extra = [f"{EXTRA}{n})" for n in range(len(header.names) + 1, len(row) + 1)]
    return dict(zip((*header.keys, *extra), map(str, row), strict=True))


_TOTAL = re.compile(r"\W*(?:t[oôổỗ]|c[oôộọ]|gr)", re.IGNORECASE)
"""A quick look before the marks are taken off."""


def _may_be_total(row: Sequence[Any]) -> bool:
    return any(isinstance(cell, str) and _TOTAL.match(cell) for cell in row[:4])


def _filled(row: Sequence[Any], fills: list[int], last: dict[int, Any]) -> Sequence[Any]:
    """With what the merged cell above says where a column is filled down."""
    filled = list(row) + [""] * (max(fills) + 1 - len(row))
    for place in fills:
        if filled[place] in {"", None}:
            filled[place] = last.get(place, "")
        else:
            last[place] = filled[place]
    return filled


def _excel(body: bytes, options: TableOptions) -> Table:
    """The declared sheet, else the first in which the header is found."""
    found = sheets(body)
    if isinstance(options.sheet, int):
        found = found[options.sheet - 1 : options.sheet] if options.sheet > 0 else []
    elif options.sheet is not None:
        found = [entry for entry in found if entry[0].strip().casefold() == options.sheet.strip().casefold()]
    if not found:
        names = ", ".join(name for name, _ in sheets(body))
        raise Unreadable(f"no sheet {options.sheet!r}; the sheets are: {names}")
    wrong: NoColumns | None = None
    for _, rows in found:
        try:
            return grid(rows, options)
        except NoColumns as error:
            wrong = error if wrong is None or error.near > wrong.near else wrong
    assert wrong is not None
    raise wrong


def _ndjson(file: BinaryIO) -> Iterator[Any]:
    dropped: list[Rejected] = []
    for line in lines(opened(file, "utf-8"), dropped):
        yield from dropped
        dropped.clear()
        if line.strip("\ufeff \t\r\n"):
            try:
                yield loads(line.lstrip("\ufeff").encode("utf-8", "surrogateescape"))
            except ValueError as error:
                kept = line.encode("utf-8", "surrogateescape")[:65536]
                yield Rejected(reason="garbled", detail=str(error)[:200], payload=kept)
    yield from dropped


def _json(file: BinaryIO, options: TableOptions, *, strict: bool) -> Table:
    body = file.read(MAX_FILE_B + 1)
    if len(body) > MAX_FILE_B:
        raise Unreadable(f"JSON of more than {MAX_FILE_B >> 20} MB; send NDJSON, or pages")
    return json_table(json_body(body), options, strict=strict)


def json_body(body: bytes) -> Any:
    """JSON that may begin with a mark of its encoding. Raises Unreadable."""
    try:
        if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            body = body.decode("utf-16").encode()
        return loads(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise Unreadable(str(error)[:200]) from error


def json_table(body: Any, options: TableOptions, *, strict: bool) -> Table:
    """The rows of a decoded body: objects, or lists under a list of names. Raises Unreadable, NoColumns."""
    found, there = descend(body, options.rows) if options.rows else (body, True)
    if not there or not isinstance(found, list):
        if not isinstance(body, Mapping):
            raise Unreadable("no array of rows")
        if strict:
            keys = ", ".join(map(str, list(body)[:20])) or "none"
            raise Unreadable(f"no array at {options.rows or 'the top'}: say rows; the keys are: {keys}")
        found = [body]
    if found and isinstance(found[0], list):
        return grid(iter(row if isinstance(row, list) else _odd(row) for row in found), options)
    return _objects(iter(found), options, strict=strict)


def _odd(row: Any) -> Rejected:
    kept = json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
    return Rejected(reason="malformed", detail="not a row", payload=kept[:65536])


def _objects(found: Iterator[Any], options: TableOptions, *, strict: bool) -> Table:
    first = list(islice(found, 100))
    objects = [row for row in first if isinstance(row, Mapping)]
    if strict and objects:
        gone = [name for name in required(options.specs()) if all(lookup(row, name) is None for row in objects)]
        keys = keyed(tuple(dict.fromkeys(str(key) for row in objects for key in row)))
        if gone := [name for name in gone if keys.index(name) is None and not _is_told(name, objects)]:
            raise NoColumns(said(keys, gone))
    rows = (row if isinstance(row, Mapping | Rejected) else _odd(row) for row in chain(first, found))
    return Table(None, rows)


def _is_told(name: str | int, objects: list[Mapping[str, Any]]) -> bool:
    """Whether some row has the key at all, be it with null."""
    return any(isinstance(name, str) and (name in row or descend(row, name)[1]) for row in objects)
