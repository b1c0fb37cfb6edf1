"""Writes the spreadsheets of ``tests/payloads/table/books``: one table in three formats, broken and hostile ones.

The libraries that write the old formats are no part of the project (no test needs them): in an environment of its own,
``pip install openpyxl xlwt odfpy msoffcrypto-tool``, then ``python tools/make_table_books.py``.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "tests/payloads/table/books"
MADE = datetime(2026, 11, 22, 8, 0, 0)  # noqa: DTZ001 (a spreadsheet has no zone)
TITLE = "BẢNG KÊ TỦ ĐIỀU KHIỂN CHIẾU SÁNG, TỌA ĐỘ VN-2000, KINH TUYẾN TRỤC 106°15', MÚI 3°"
ABOVE = ("Mã tủ", "Tên tủ", "Tọa độ", "", "Kiểm tra", "", "Công suất (kW)", "Số đèn", "Đèn tắt", "Tỷ lệ")
BELOW = ("", "", "X (m)", "Y (m)", "Ngày", "Giờ", "", "", "", "")
GROUPS = ((2, 3), (4, 5))
"""First and last column of the merged titles; all others are merged downward."""

Row = Sequence[Any]

GOOD: Sequence[Row] = (
    ("T01", "Tủ Hùng Vương 1", 1860500.25, 588200.5, date(2026, 11, 20), "07:30", "12,5", 40, 2),
    ("T02", "Tủ Hùng Vương 2", "1.860.712,40", "588.310,75", "20/11/2026", "08h15", 9.75, 36, 0),
    ("T03", "Tủ Lê Duẩn", 1861020.0, 588950.0, 46346, "09:00", "1.204,5", 120, 3),
    ("T04", "Tủ Trần Hưng Đạo", 1861333.5, 589120.25, "20-11-2026", "10 giờ 05", 7.0, 24, 1),
)
"""A date as a date, as text, as the bare serial of a day; numbers with a comma. The third row is hidden."""

PARTIAL: Sequence[Row] = (
    GOOD[0],
    ("T05", "Ngày không có", 1860600.0, 588300.0, "31/02/2026", "07:00", 5.0, 20, 0),
    ("T06", "Đảo hai cột", 588310.75, 1860712.4, date(2026, 11, 20), "07:00", 5.0, 20, 0),
    ("T07", "Chữ trong cột số", 1860700.0, 588400.0, date(2026, 11, 20), "07:00", "hỏng", 20, 0),
    ("", "Không có mã", 1860700.0, 588400.0, date(2026, 11, 20), "07:00", 5.0, 20, 0),
    ("T08", "Chia cho không", 1860800.0, 588500.0, date(2026, 11, 20), "07:00", 5.0, 0, 0),
)
HIDDEN = 2
FIRST = 5
"""Number from 1 of the first row of data: a title, an empty row, the header in two rows."""


def xlsx(rows: Sequence[Row]) -> bytes:
    """An empty sheet first, a hidden sheet with older numbers second, then the table."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Bìa"
    old, sheet = book.create_sheet("Tháng 10"), book.create_sheet("Bảng kê")
    old.sheet_state = "hidden"
    for target, some in ((old, [(*GOOD[0][:6], 99.0, 40, 0)]), (sheet, rows)):
        _grid(_putting(target), some, "=I{0}/H{0}")
        for first, last in GROUPS:
            target.merge_cells(start_row=3, end_row=3, start_column=first + 1, end_column=last + 1)
    sheet.row_dimensions[FIRST + HIDDEN].hidden = True
    book.properties.created = book.properties.modified = MADE
    out = io.BytesIO()
    book.save(out)
    return _counted(out.getvalue(), rows)


def _putting(sheet: Any) -> Callable[[int, int, Any], object]:
    return lambda r, c, value: sheet.cell(r + 1, c + 1, value)


def _counted(body: bytes, rows: Sequence[Row]) -> bytes:
    """With what the formulas give, as Excel keeps it beside them; openpyxl writes formulas alone. Times are settled."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet3.xml":
                part = re.sub(rb"<f>I(\d+)/H\d+</f><v\s*/?>(</v>)?", lambda m: _valued(m, rows), part)
            if name == "docProps/core.xml":
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-11-22T08:00:00Z", part)
            new.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _valued(match: re.Match[bytes], rows: Sequence[Row]) -> bytes:
    row = rows[int(match[1]) - FIRST]
    return match[0].partition(b"<v")[0] + f"<v>{row[8] / row[7] if row[7] else 0}</v>".encode()


def _grid(put: Callable[[int, int, Any], object], rows: Sequence[Row], formula: str) -> None:
    """The table by row and column from 0, with its formula and the total below."""
    put(0, 0, TITLE)
    for c, (above, below) in enumerate(zip(ABOVE, BELOW, strict=True)):
        put(2, c, above or None)
        put(3, c, below or None)
    for n, row in enumerate(rows):
        for c, value in enumerate(row):
            put(4 + n, c, None if value == "" else value)
        put(4 + n, 9, formula.format(FIRST + n))
    put(4 + len(rows), 1, "Tổng cộng")
    put(4 + len(rows), 7, sum(row[7] for row in rows))


def xls(rows: Sequence[Row]) -> bytes:
    """BIFF8. A formula of xlwt has no value beside it: Excel would count it when it opens the file."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    book.add_sheet("Bìa")
    sheet = book.add_sheet("Bảng kê")
    day = xlwt.easyxf(num_format_str="dd/mm/yyyy")

    def put(r: int, c: int, value: Any) -> None:
        if isinstance(value, str) and value.startswith("="):
            sheet.write(r, c, xlwt.Formula(value[1:]))
        elif value is not None:
            sheet.write(r, c, value, *([day] if isinstance(value, date) else []))

    _grid(lambda r, c, value: put(r, c, value) if r != 2 else None, rows, "=I{0}/H{0}")
    for c, name in enumerate(ABOVE):
        last = next((high for low, high in GROUPS if low == c), None)
        if last is not None:
            sheet.write_merge(2, 2, c, last, name)
        elif name:
            sheet.write(2, c, name)
    sheet.row(FIRST - 1 + HIDDEN).hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: Sequence[Row]) -> bytes:
    """OpenDocument as LibreOffice writes it: covered cells, repeated empty ones, formulas with their value."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableRow

    book = OpenDocumentSpreadsheet()
    book.spreadsheet.addElement(Table(name="Bìa"))
    table = Table(name="Bảng kê")
    grid: dict[tuple[int, int], Any] = {}
    _grid(lambda r, c, value: grid.__setitem__((r, c), value), rows, "of:=[.I{0}]/[.H{0}]")
    for r in range(5 + len(rows)):
        line = TableRow(visibility="collapse") if r == FIRST - 1 + HIDDEN else TableRow()
        for c in range(len(ABOVE)):
            line.addElement(_ods_cell(r, c, grid.get((r, c)), rows))
        table.addElement(line)
    table.addElement(TableRow(numberrowsrepeated="1048567"))
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.save(out)
    return _settled_ods(out.getvalue())


def _settled_ods(body: bytes) -> bytes:
    """Without the moment at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = re.sub(rb"<(meta:creation-date|dc:date)>[^<]*<", rb"<\1>2026-11-22T08:00:00<", old.read(name))
            new.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _ods_cell(r: int, c: int, value: Any, rows: Sequence[Row]) -> Any:
    from odf.table import CoveredTableCell, TableCell
    from odf.text import P

    if r == 2 and any(c == last for _, last in GROUPS):
        return CoveredTableCell()
    more = {"numbercolumnsspanned": "2"} if r == 2 and any(c == first for first, _ in GROUPS) else {}
    if value is None:
        return TableCell()
    if isinstance(value, str) and value.startswith("of:="):
        own = rows[r - 4]
        return TableCell(formula=value, valuetype="float", value=str(own[8] / own[7] if own[7] else 0))
    if isinstance(value, date):
        made, text = TableCell(valuetype="date", datevalue=value.isoformat()), value.strftime("%d/%m/%Y")
    elif isinstance(value, int | float):
        made, text = TableCell(valuetype="float", value=str(value)), str(value).replace(".", ",")
    else:
        made, text = TableCell(valuetype="string", **more), str(value)
    made.addElement(P(text=text))
    return made


def encrypted(body: bytes) -> bytes:
    """A workbook with a password, as Excel saves it: a compound file that holds the encrypted one."""
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(body)).encrypt("mat-khau", out)
    return out.getvalue()


def with_macro(body: bytes) -> bytes:
    """A workbook whose type says macros, with a part in the place of the macro project; nothing of ours runs it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "[Content_Types].xml":
                part = part.replace(
                    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                )
            new.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
        project = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Sub Auto_Open()" * 8
        new.writestr(zipfile.ZipInfo("xl/vbaProject.bin"), project, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def with_entities(body: bytes) -> bytes:
    """A workbook whose strings expand into each other: a bomb for a reader that would follow them."""
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9))
    doctype = b'<!DOCTYPE sst [<!ENTITY a0 "aaaaaaaaaa">' + laughs + b"]>"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet3.xml":
                part = doctype + re.sub(rb"<t>[^<]*</t>", b"<t>&a8;</t>", part, count=1)
            new.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def far_cell() -> bytes:
    """BIFF8 with a cell in each far corner: whoever keeps a place for each between them keeps 16.8 million."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("xa")
    sheet.write(0, 0, "Mã tủ")
    sheet.write(65535, 255, 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def main() -> None:
    good = xlsx(GOOD)
    files = {
        "good.xlsx": good,
        "good.xls": xls(GOOD),
        "good.ods": ods(GOOD),
        "partial.xlsx": xlsx(PARTIAL),
        "partial.xls": xls(PARTIAL),
        "partial.ods": ods(PARTIAL),
        "wrong_name.csv": good,
        "macro.xlsm": with_macro(good),
        "broken_cut.xlsx": good[: len(good) // 2],
        "broken_cut.xls": xls(GOOD)[:2500],
        "broken_cut.ods": ods(GOOD)[:1200],
        "broken_page.xls": "<html><body><table><tr><td>Mã tủ</td></tr></table></body></html>".encode(),
        "hostile_password.xlsx": encrypted(good),
        "hostile_entities.xlsx": with_entities(good),
        "hostile_far.xls": far_cell(),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (FOLDER / name).write_bytes(body)
        print(f"{len(body):7d} {name}")


if __name__ == "__main__":
    main()
