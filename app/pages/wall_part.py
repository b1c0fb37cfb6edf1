"""One picture over several browsers: ``/wall?split=3x2&part=5`` is the fifth of six equal parts, row by row.

Each browser lays out the whole wall, as large as all of them together, and shows its own part of it: the same map, the
same lists, the same sizes in u. What they turn to is said once, by the server (``app.turns``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST = 8
"""Parts in a row or a column."""

SPLIT = re.compile(rf"([1-{MOST}])x([1-{MOST}])")


@dataclass(frozen=True, slots=True)
class Part:
    """``columns`` × ``rows`` browsers; this one is in ``column`` and ``row``, both from 0."""

    columns: int = 1
    rows: int = 1
    column: int = 0
    row: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Part:
        """That of the page's address; the whole wall where it names none that there is."""
        split, number = SPLIT.fullmatch(query.get("split", "")), query.get("part", "1")
        if split is None or not number.isdecimal() or not number.isascii():
            return cls()
        columns, rows = int(split[1]), int(split[2])
        if not 1 <= int(number) <= columns * rows:
            return cls()
        row, column = divmod(int(number) - 1, columns)
        return cls(columns, rows, column, row)

    @property
    def name(self) -> str | None:
        """What all parts of one wall have in common; None of a wall that is whole."""
        return f"{self.columns}x{self.rows}" if self.columns * self.rows > 1 else None

    def styles(self, scale: float) -> dict[str, str]:
        """CSS of the page's grid: the unit u (look.md 3.3), and where the whole lies seen from this part."""
        unit = {"--u": f"calc({100 * self.rows}vh / 108 * {scale:g})"}
        if self.name is None:
            return unit
        return {
            **unit,
            "position": "fixed",
            "left": f"{-100 * self.column}vw",
            "top": f"{-100 * self.row}vh",
            "min-width": f"{100 * self.columns}vw",  # Bokeh sets width and height itself: to those of the browser
            "min-height": f"{100 * self.rows}vh",
        }
