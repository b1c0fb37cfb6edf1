"""Workbooks as offices make them: a title, a header in two rows with merged groups, a total below, a signature."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

HEADER_ROW = 4
ORDINAL = "STT"
CORE = "docProps/core.xml"
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def workbook(
    heading: str, rows: Sequence[Mapping[str, Any]], *, groups: Mapping[str, str], merged: str | None
) -> bytes:
    """``groups`` names the row of groups above some headers; equal neighbours in the column ``merged`` become one cell.

    The same rows are the same file, byte for byte.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Số liệu"
    sheet.append(["ỦY BAN NHÂN DÂN"])
    sheet.append([heading])
    sheet.append([])
    names = [ORDINAL, *(rows[0] if rows else ())]
    _header(sheet, names, groups)
    for n, row in enumerate(rows, 1):
        sheet.append([n, *row.values()])
    first = HEADER_ROW + (2 if groups else 1)
    if merged is not None and rows:
        _merge(sheet, names.index(merged) + 1, first, [row[merged] for row in rows])
    if rows:
        sums = [_sum([row[name] for row in rows]) for name in names[1:]]
        sheet.append([None, "Tổng cộng", *sums[1:]])
    sheet.append([None, "Người lập biểu"])
    sheet.merge_cells(start_row=2, start_column=1, end_row=2, end_column=max(len(names), 2))
    return _settled(book)


def _header(sheet: Worksheet, names: Sequence[str], groups: Mapping[str, str]) -> None:
    """One row, or two when there are groups: a group stands over its columns in one merged cell."""
    if not groups:
        sheet.append(names)
        return
    above = [groups.get(name) for name in names]
    sheet.append([above[n] or name for n, name in enumerate(names)])
    sheet.append([name if above[n] else None for n, name in enumerate(names)])
    column = 1
    for group, members in groupby(above):
        count = len(list(members))
        if group is not None and count > 1:
            letters = get_column_letter(column), get_column_letter(column + count - 1)
            sheet.merge_cells(f"{letters[0]}{HEADER_ROW}:{letters[1]}{HEADER_ROW}")
        elif group is None:
            for n in range(column, column + count):
                letter = get_column_letter(n)
                sheet.merge_cells(f"{letter}{HEADER_ROW}:{letter}{HEADER_ROW + 1}")
        column += count


def _merge(sheet: Worksheet, column: int, first: int, values: Sequence[Any]) -> None:
    row = first
    for _, same in groupby(values):
        count = len(list(same))
        if count > 1:
            sheet.merge_cells(start_row=row, start_column=column, end_row=row + count - 1, end_column=column)
        row += count


def _sum(cells: Sequence[Any]) -> float | int | None:
    """Of columns of whole numbers."""
    found = [cell for cell in cells if isinstance(cell, int)]
    return sum(found) if found else None


def _settled(book: Workbook) -> bytes:
    """The file without the moment at which it was made."""
    made, out = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in parts.namelist():
            content = parts.read(name)
            if name == CORE:
                content = _STAMP.sub(b"2026-01-01T00:00:00Z", content)
            settled.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
