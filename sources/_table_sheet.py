"""Rows of a spreadsheet (.xlsx, .xls, .ods) through calamine, after a look at how large it would become."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import python_calamine
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from sources import _table_biff
from sources._table_text import Unreadable

MAX_FILE_B = 64 << 20
MAX_INFLATED_B = 512 << 20
MAX_CELLS = 5_000_000
"""Of one sheet, between its first and last cell: calamine keeps a place for each, empty or not."""

LOCKED = "the spreadsheet has a password; save it without one"

BINARY = ("xl/workbook", "xl/worksheets/")
"""Parts that are .bin in a binary workbook: how far its cells reach is not looked up there."""

_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 20
_ODF = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def sheets(body: bytes) -> list[tuple[str, Iterator[list[Any]]]]:
    """Every sheet's name and rows, in order, those that are hidden last: they hold what is not meant to be seen.

    Hidden rows and columns are read as any other: a filter hides them. Raises Unreadable for no spreadsheet, one with a
    password, a bomb.
    """
    if len(body) > MAX_FILE_B:
        raise Unreadable(f"a spreadsheet of more than {MAX_FILE_B >> 20} MB; send CSV")
    if body.startswith(b"PK"):
        _weigh(body)
    elif body.startswith(_table_biff.SIGNATURE):
        _weigh_biff(body)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        shown = python_calamine.SheetVisibleEnum.Visible
        found = sorted(book.sheets_metadata, key=lambda sheet: sheet.visible != shown)
        return [(sheet.name, _rows(book, sheet.name)) for sheet in found]
    except python_calamine.PasswordError as error:
        raise Unreadable(LOCKED) from error
    except (python_calamine.CalamineError, OSError) as error:
        raise Unreadable(f"no spreadsheet that can be read: {str(error)[:120]}") from error
    except BaseException as error:
        raise _panicked(error) from error


def _rows(book: python_calamine.CalamineWorkbook, name: str) -> Iterator[list[Any]]:
    try:
        yield from _bounded(book.get_sheet_by_name(name), name).iter_rows()
    except python_calamine.WorksheetNotFound:
        return  # a sheet of charts
    except (python_calamine.CalamineError, OSError) as error:
        raise Unreadable(f"sheet {name!r} cannot be read: {str(error)[:120]}") from error
    except (GeneratorExit, Unreadable):
        raise
    except BaseException as error:
        raise _panicked(error) from error


def _bounded(sheet: python_calamine.CalamineSheet, name: str) -> python_calamine.CalamineSheet:
    if sheet.height * sheet.width > MAX_CELLS:
        raise Unreadable(f"sheet {name!r} has more than {MAX_CELLS} cells")
    return sheet


def _panicked(error: BaseException) -> BaseException:
    """A broken spreadsheet may make the Rust library panic, which Python is told of by a BaseException."""
    return Unreadable("no spreadsheet that can be read") if type(error).__name__ == "PanicException" else error


def _weigh_biff(body: bytes) -> None:
    """Raises Unreadable."""
    try:
        places = _table_biff.places(body)
    except _table_biff.Locked as error:
        raise Unreadable(LOCKED) from error
    except ValueError as error:
        raise Unreadable(str(error)) from error
    if places > MAX_CELLS:
        raise Unreadable(f"the sheets span {places} places for cells: more than {MAX_CELLS}")


def _weigh(body: bytes) -> None:
    """Inflates every part without keeping it: sizes that a zip tells of itself may lie. Raises Unreadable."""
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            if any(part.filename.endswith(".bin") and part.filename.startswith(BINARY) for part in parts.infolist()):
                raise Unreadable("a binary workbook (.xlsb); save it as .xlsx")
            for part in parts.infolist():
                part.file_size = MAX_INFLATED_B + 1  # the reader would stop where the part says that it ends
                total += _inflated(parts, part, MAX_INFLATED_B - total)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"no spreadsheet that can be read: {str(error)[:120]}") from error


def _inflated(parts: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    size, columns, rows, tail = 0, 0, 0, b""
    sheet = part.filename.startswith("xl/worksheets/")
    with parts.open(part) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise Unreadable(f"the spreadsheet unpacks to more than {MAX_INFLATED_B >> 20} MB")
            if sheet:
                for letters, number in _CELL.findall(tail + chunk):
                    columns, rows = max(columns, _column(letters)), max(rows, int(number))
                tail = chunk[-16:]
    if columns * rows > MAX_CELLS:
        raise Unreadable(f"a sheet has cells down to row {rows} and column {columns}: more than {MAX_CELLS} places")
    if part.filename == "content.xml":
        with parts.open(part) as file:
            _weigh_odf(file)
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _weigh_odf(file: Any) -> None:
    """OpenDocument says once what stands in many cells: counts those that hold something. Raises Unreadable."""
    cells = columns = 0
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                continue
            if element.tag == f"{_ODF}table-cell" and len(element):
                columns += _repeated(element, "columns")
            elif element.tag == f"{_ODF}table-row":
                cells += columns * _repeated(element, "rows")
                columns = 0
                element.clear()
            if cells > MAX_CELLS:
                raise Unreadable(f"a sheet of more than {MAX_CELLS} cells")
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise Unreadable(f"no spreadsheet that can be read: {str(error)[:120]}") from error


def _repeated(element: Any, what: str) -> int:
    given = element.get(f"{_ODF}number-{what}-repeated", "1")
    return int(given) if given.isdigit() and len(given) < 9 else MAX_CELLS + 1
