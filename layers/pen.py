"""The strokes and words that a mark is made of, and the pen that writes them down: state, level and tint of a row.

Lengths in css px, y downwards, the place at 0,0. Colours ``#RRGGBB`` or ``#RRGGBBAA``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from layers import palette
from layers.palette import BASEMAP, BG, INK, SEVERITY, TEXT1, TEXT2, UNKNOWN
from layers.shapes import SHAPES, tint

GROUND = BASEMAP["sea"]
LABELS: Mapping[str, tuple[float, int, bool, float, str]] = {
    # kind: size px, weight, italic, tracking px, colour (look.md 2.7)
    "city": (15, 700, False, 2.0, BASEMAP["label_city"]),
    "province": (13, 400, False, 2.0, BASEMAP["label"]),
    "ward": (13, 400, False, 0.2, BASEMAP["label"]),
    "place": (12, 400, False, 0.2, BASEMAP["label"]),
    "sea": (13, 400, True, 3.0, BASEMAP["label_sea"]),
    "river": (12, 400, True, 0.5, BASEMAP["label_sea"]),
    "lagoon": (12, 400, True, 0.5, BASEMAP["label_sea"]),
    "island": (12, 400, False, 0.4, BASEMAP["island"]),
    "warning": (14, 700, False, 0.2, TEXT1),
}
HOLLOW: Mapping[str, tuple[float, tuple[float, ...]]] = {
    "late": (1.8, ()),
    "silent": (3, ()),
    "maintenance": (1.8, ()),
    "planned": (1.5, (1.5, 2.5)),
}
Stroke = tuple[float, str, tuple[float, ...]]  # width, colour, dash


@dataclass(frozen=True, slots=True)
class Shape:
    """A path with its paint, turned clockwise by ``turn`` degrees, then moved."""

    path: str
    fill: str | None = None
    stroke: str | None = None
    width: float = 0
    dash: tuple[float, ...] = ()
    turn: float = 0
    at: tuple[float, float] = (0, 0)


@dataclass(frozen=True, slots=True)
class Words:
    """Text; ``at`` is the anchor's x and the y of the capitals' middle."""

    text: str
    at: tuple[float, float]
    size: float
    weight: int
    color: str
    anchor: str = "middle"
    italic: bool = False
    tracking: float = 0
    halo: bool = False


Op = Shape | Words


@dataclass(slots=True)
class Pen:
    """One mark being drawn: its columns as numbers and words, and what was drawn so far."""

    row: Mapping[str, Any]
    ops: list[Op] = field(default_factory=list)
    turn: float = 0
    at: tuple[float, float] = (0, 0)
    small: bool = False

    def get(self, name: str, missing: Any = None) -> Any:
        """A column's value; NaN, None and the empty word are missing."""
        value = self.row.get(name)
        if value is None or (isinstance(value, str) and not value) or (isinstance(value, float) and isnan(value)):
            return missing
        return value

    @property
    def state(self) -> str:
        return str(self.get("state", "fresh"))

    @property
    def level(self) -> int:
        return int(self.get("level", 0))

    @property
    def tint(self) -> str:
        return str(self.get("tint", tint(str(self.row["mark"]))))

    @property
    def main(self) -> str:
        return SEVERITY.get(self.level, self.tint)

    def look(self) -> Stroke | None:
        """Stroke of a hollow state (look.md 2.4); None when the mark is solid."""
        if self.state == "unknown":
            return 1.8, UNKNOWN, (3, 2) if self.small else (4, 3)
        if self.state not in HOLLOW:
            return None
        line, dash = HOLLOW[self.state]
        special = {"maintenance": palette.MAINTENANCE, "planned": palette.TEXT_OFF}
        return line, special.get(self.state, self.main), dash

    def stroke(self, path: str, color: str, line: float, dash: Sequence[float] = ()) -> None:
        self.ops.append(Shape(path, None, color, line, tuple(dash), self.turn, self.at))

    def halo(self, path: str, line: float = 0) -> None:
        self.stroke(path, BG[0], 3 + line)

    def fill(self, path: str, color: str) -> None:
        self.ops.append(Shape(path, color, None, 0, (), self.turn, self.at))

    def body(self, path: str) -> None:
        line = self.look()
        self.halo(path, line[0] if line else 0)
        self.fill(path, GROUND if line else self.main)
        if line:
            self.stroke(path, line[1], line[0], line[2])

    def write(self, text: str, x: float, y: float, size: float, weight: int, color: str, **more: Any) -> None:
        self.ops.append(Words(text, (x + self.at[0], y + self.at[1]), size, weight, color, **more))

    def query(self, x: float = 0, y: float = 0, size: float = 10) -> None:
        if self.state == "unknown":
            self.write("?", x, y, size, 700, UNKNOWN, halo=x != 0)

    def slash(self) -> None:
        if self.state == "silent":
            self.halo(SHAPES["slash"], 1)
            self.stroke(SHAPES["slash"], self.main, 1.8)

    def notch(self) -> None:
        if self.state == "maintenance":
            self.halo(SHAPES["notch"])
            self.fill(SHAPES["notch"], palette.MAINTENANCE)

    def framed(self, path: str, line: float, color: str | None = None) -> bool:
        """A box with words in it; its border says the state. True when it is filled (level 4, 5)."""
        look = self.look()
        strong = self.level > 3 and look is None
        color = color or self.main
        self.halo(path, look[0] if look else line)
        self.fill(path, color if strong else BG[0])
        if look and self.state == "unknown":
            self.stroke(path, look[1], look[0], look[2])
        elif look:
            self.stroke(path, look[1] if self.state in {"maintenance", "planned"} else color, look[0], look[2])
        else:
            self.stroke(path, color, line)
        return strong

    def leader(self, x: float, y: float, color: str, line: float) -> None:
        path = f"M0 0L{x:g} {y:g}"
        self.stroke(path, BG[0], line + 3)
        self.stroke(path, color, line)

    def words(self, *, strong: bool) -> str:
        """Colour of a framed number: dimmed when late, for a frame is always hollow."""
        if self.state == "unknown":
            return UNKNOWN
        return INK if strong else TEXT2 if self.state == "late" else TEXT1

    def offset(self) -> tuple[float, float]:
        return float(self.get("dx", 0)), float(self.get("dy", 0))
