"""The area report as a PDF on A4: no browser on the server, Vietnamese letters embedded, the words searchable."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fpdf
import numpy as np
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace
from matplotlib import get_data_path
from PIL import Image

from app.pages import area_letters
from layers import palette
from layers.agg import Canvas

if TYPE_CHECKING:
    from app.text import Text

MARGIN_MM, WIDTH_MM = 14.0, 182.0
PICTURE_MM = WIDTH_MM * 1000 / 1600
ROOM_MM = 24.0
"""A heading needs so much room below it, or begins a page."""

GLYPH_PX = 72
BAR_MM = 6.0
LIGHT = palette.LIGHT


class Sheet(fpdf.FPDF):
    """A4 with our letters; the foot has the clock and the page."""

    def __init__(self, content: Mapping[str, Any], text: Text, folder: Path) -> None:
        super().__init__(format="A4")
        self.words, self.content = text, content
        for weight, style in ((400, ""), (700, "B")):
            path = folder / f"roboto-{weight}.ttf"
            path.write_bytes(area_letters.merged(weight))
            self.add_font("Roboto", style, path)
        self.add_font("DejaVu", "", Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
        self.set_fallback_fonts(["DejaVu"], exact_match=False)
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.c_margin = 0
        self.set_auto_page_break(True, 18)
        self.set_title(f"{text('product')} · {text('report.title')} · {content['title']}")
        self.set_lang(text.language)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-12)
        self.ink("", 8, "text-3")
        page = self.words("report.page", page=self.page_no(), pages="{nb}")
        self.cell(WIDTH_MM - 30, 5, f"{self.content['title']} · {self.content['clock']}")
        self.cell(30, 5, page, align="R")

    def ink(self, style: str, size: float, color: str = "text-1") -> None:
        """Weight (``B`` or none), size in pt and colour token of the light theme."""
        self.set_font("Roboto", style, size)
        self.set_text_color(*rgb(LIGHT[color]))

    def line_of(self, words: str, size: float = 10, color: str = "text-1", style: str = "") -> None:
        self.ink(style, size, color)
        self.multi_cell(WIDTH_MM, size * 0.49, words, new_x="LMARGIN", new_y="NEXT", align="L")

    def heading(self, words: str, beside: str = "") -> None:
        if self.get_y() + ROOM_MM > self.page_break_trigger:
            self.add_page()
        self.ln(5)
        self.ink("B", 12)
        self.cell(self.get_string_width(words) + 3, 7, words)
        self.ink("", 10, "text-2")
        self.cell(0, 7, beside, new_x="LMARGIN", new_y="NEXT")

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float], align: Any) -> None:
        """A table with hairlines; the head is repeated on each page."""
        self.ink("", 8.5)
        self.set_draw_color(*rgb(LIGHT["line-1"]))
        grey = FontFace(color=rgb(LIGHT["text-3"]), size_pt=8)
        with self.table(
            col_widths=tuple(widths),
            text_align=align,
            headings_style=grey,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=4.6,
            padding=(0.7, 1.5, 0.7, 0),
            first_row_as_headings=bool(head),
            num_heading_rows=1 if head else 0,
            width=WIDTH_MM,
        ) as table:
            for row in ([head] if head else []) + list(rows):
                line = table.row()
                for cell in row:
                    line.cell(str(cell))


def pdf(content: Mapping[str, Any], picture: Image.Image, text: Text) -> bytes:
    """The report's content (``area_words.content``) and its map as a PDF of A4."""
    with tempfile.TemporaryDirectory(prefix="vonglau-report-") as folder:
        sheet = Sheet(content, text, Path(folder))
        _head(sheet, content, picture, text)
        _summary(sheet, content, text)
        for part in content["parts"]:
            _part(sheet, part, text)
        _cameras(sheet, content)
        _people(sheet, content)
        _sources(sheet, content, text)
        return bytes(sheet.output())


def _head(sheet: Sheet, content: Mapping[str, Any], picture: Image.Image, text: Text) -> None:
    sheet.ink("", 9, "text-2")
    sheet.cell(120, 6, f"{text('product')} · {text('report.title')}")
    sheet.cell(WIDTH_MM - 120, 6, content["simulated"], align="R", new_x="LMARGIN", new_y="NEXT")
    sheet.ln(2)
    sheet.line_of(content["title"], 18, style="B")
    sheet.line_of(content["lead"], 13)
    sheet.ln(1)
    sheet.line_of(" · ".join(part for part in (content["clock"], content["known"]) if part), 10, "text-2")
    sheet.line_of(content["window"], 10, "text-2")
    sheet.ln(2)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=88)
    sheet.image(jpeg, w=WIDTH_MM, h=PICTURE_MM, alt_text=text("report.picture"))
    sheet.ln(1)
    sheet.line_of(text("map.attribution", basemap=text("map.basemap")), 8, "text-3")
    sheet.ln(3)
    facts = [[one["label"], one["value"]] for one in content["facts"]]
    sheet.rows([], facts, (55, 127), ("LEFT", "LEFT"))


def _summary(sheet: Sheet, content: Mapping[str, Any], text: Text) -> None:
    if not content["parts"]:
        sheet.line_of(text("report.empty"), 10, "text-2")
    else:
        sheet.heading(text("report.summary"))
        head = [text("report.what"), "n", text("report.abnormal"), text("report.trend")]
        rows = [
            [one["name"], one["count_text"], "?" if one["error"] else one["abnormal"], one["trend"]["text"]]
            for one in content["parts"]
        ]
        sheet.rows(head, rows, (56, 28, 26, 72), ("LEFT", "RIGHT", "RIGHT", "LEFT"))
    if content["quiet"]:
        sheet.ln(1)
        sheet.line_of(content["quiet"], 8.5, "text-3")


def _part(sheet: Sheet, part: Mapping[str, Any], text: Text) -> None:
    bad = f" · {text('report.abnormal_n', n=part['abnormal'])}" if part["abnormal"] else ""
    sheet.heading(part["name"], part["count_text"] + bad)
    _bars(sheet, part["trend"]["bins"])
    for words in (part["error"], part["hidden"]):
        if words:
            sheet.line_of(words, 9, "text-2")
    pairs = [f"{one['label']}: {one['n']}" for one in (*part["states"], *part["categories"])]
    if pairs:
        sheet.line_of(" · ".join(pairs), 9, "text-2")
    table = part["table"]
    if table["rows"]:
        sheet.ln(1)
        _abnormal(sheet, table)
        if table["more"]:
            sheet.line_of(table["more"], 8.5, "text-3")


def _abnormal(sheet: Sheet, table: Mapping[str, Any]) -> None:
    """The abnormal rows, each with its level's glyph: digit, shape and colour."""
    columns = table["columns"]
    widths = [7.0, *([(WIDTH_MM - 7) / len(columns)] * len(columns))]
    sheet.ink("", 8.5)
    sheet.set_draw_color(*rgb(LIGHT["line-1"]))
    with sheet.table(
        col_widths=tuple(widths),
        headings_style=FontFace(color=rgb(LIGHT["text-3"]), size_pt=8),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        text_align="LEFT",
        line_height=4.4,
        padding=(0.7, 1.5, 0.7, 0),
        width=WIDTH_MM,
    ) as grid:
        head = grid.row()
        for name in ("", *columns):
            head.cell(name)
        for row in table["rows"]:
            line = grid.row()
            line.cell(img=glyph(row["level"]), img_fill_width=False)
            for cell in row["cells"]:
                line.cell(str(cell))


def glyph(level: int) -> Image.Image:
    """The level's glyph as the map draws it."""
    half = GLYPH_PX / 2
    canvas = Canvas((-half, -half, half, half), GLYPH_PX, GLYPH_PX, 4)
    shape = {"mark": palette.LEVEL_SHAPE[level], "state": "fresh", "level": level, "tint": palette.SEVERITY[level]}
    canvas.mark(0, 0, shape, GLYPH_PX / 24)
    return Image.fromarray(np.ascontiguousarray(canvas.rgba()))


def _bars(sheet: Sheet, bins: Sequence[int]) -> None:
    most = max(bins, default=0)
    if not most:
        return
    top, step = sheet.get_y(), 2.0
    for i, n in enumerate(bins):
        high = max(n / most * BAR_MM, 0.2)
        sheet.set_fill_color(*rgb(LIGHT["line-2" if n else "line-1"]))
        sheet.rect(MARGIN_MM + i * step, top + BAR_MM - high, step - 0.4, high, style="F")
    sheet.set_fill_color(255)  # a table fills its cells with the colour that was set last
    sheet.set_xy(MARGIN_MM, top + BAR_MM + 1.5)


def _cameras(sheet: Sheet, content: Mapping[str, Any]) -> None:
    found = content["cameras"]
    if not found or not found["rows"]:
        return
    sheet.heading(found["title"])
    rows = [[one["title"], one["where"], one["state"], one["note"]] for one in found["rows"]]
    sheet.rows([], rows, (82, 26, 40, 34), "LEFT")
    for words in (found["more"], found["note"]):
        if words:
            sheet.line_of(words, 8.5, "text-3")


def _people(sheet: Sheet, content: Mapping[str, Any]) -> None:
    found = content["people"]
    if not found:
        return
    sheet.heading(found["title"])
    rows = [[one["label"], one["n"], one["share"]] for one in found["rows"]]
    sheet.rows([], rows, (100, 41, 41), ("LEFT", "RIGHT", "RIGHT"))
    sheet.line_of(found["note"], 8.5, "text-3")


def _sources(sheet: Sheet, content: Mapping[str, Any], text: Text) -> None:
    rows = [[one["name"], one["age"], one["whose"]] for part in content["parts"] for one in part["sources"]]
    if rows:
        sheet.heading(text("report.sources"))
        head = [text("report.source"), text("report.age"), text("report.whose")]
        sheet.rows(head, rows, (76, 50, 56), "LEFT")
    if content["made"]:
        sheet.ln(2)
        sheet.line_of(content["made"], 8.5, "text-3")


def rgb(color: str) -> tuple[int, int, int]:
    """``#RRGGBB`` as three numbers 0–255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
