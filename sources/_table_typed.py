"""Cells to the values of record fields: by the sort of the field, the source's words put into ours first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geodata.records import JSON, Quality
from sources._table_header import plain
from sources._table_options import TableOptions
from sources._table_values import boolean, instant, integer, number, period, text

QUALITY: Mapping[str, Quality] = {
    "00": Quality.MEASURING,
    "01": Quality.CALIBRATING,
    "02": Quality.FAULT,
    "03": Quality.MAINTENANCE,
    "0": Quality.MEASURING,
    "1": Quality.CALIBRATING,
    "2": Quality.FAULT,
    "3": Quality.MAINTENANCE,
    "đang đo": Quality.MEASURING,
    "hiệu chuẩn": Quality.CALIBRATING,
    "lỗi": Quality.FAULT,
    "bảo trì": Quality.MAINTENANCE,
    **{quality.value: quality for quality in Quality},
}
"""Device states of Circular 10/2021/TT-BTNMT and their words."""

KNOTS = {"kn": 1.0, "km/h": 1 / 1.852, "m/s": 3600 / 1852}


@dataclass(frozen=True, slots=True)
class Typed:
    """Reads cells by the table's options. ``words`` are the declared ones, by field, plainly written."""

    options: TableOptions
    zone: ZoneInfo
    words: Mapping[str, Mapping[str, JSON]]

    def worded(self, name: str, value: Any) -> Any:
        """Our word for the source's, where one is declared; ``*`` stands for every other."""
        table = self.words.get(name)
        if table is None:
            return value
        word = text(value)
        return table.get(plain(word or ""), table.get("*", value))

    def time(self, value: Any) -> datetime:
        return instant(value, self.zone, self.options.time_format)

    def period(self, value: Any) -> tuple[datetime, datetime]:
        return period(value, self.zone, self.options.time_format)

    def number(self, value: Any) -> float:
        return number(value, self.options.decimal)

    def integer(self, value: Any) -> int:
        return integer(value, self.options.decimal)

    def told(self, name: str, value: Any, sort: str) -> JSON:
        """A property: as declared; undeclared it is what the source sends, of a spreadsheet's 12.0 it is 12."""
        value = self.worded(name, value)
        declared: Callable[[Any], JSON] | None = {
            "number": self.number,
            "integer": self.integer,
            "bool": boolean,
            "time": lambda cell: self.time(cell).isoformat(),
        }.get(sort)
        if declared is not None:
            return declared(value)
        if sort == "" and isinstance(value, bool | int | dict | list):
            return value
        if sort == "" and isinstance(value, float):
            return int(value) if value.is_integer() and abs(value) < 1e15 else number(value)
        return text(value)
