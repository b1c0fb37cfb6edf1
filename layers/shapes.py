"""The shapes of the marks (look.md 3.6), once: absolute SVG path strings that canvas, inline SVG and Agg all read.

Units are css px on the desk, y downwards, centre at 0,0; the wall multiplies by 2.2. Only the commands
M L H V A Z with absolute coordinates are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from math import cos, pi, sin

import numpy as np
import shapely
from matplotlib.path import Path
from numpy.typing import NDArray

from layers import palette


def circle(r: float, x: float = 0, y: float = 0) -> str:
    """A full circle as two arcs."""
    return f"M{x + r:g} {y:g}A{r:g} {r:g} 0 1 1 {x - r:g} {y:g}A{r:g} {r:g} 0 1 1 {x + r:g} {y:g}Z"


def rounded(x: float, y: float, w: float, h: float, r: float) -> str:
    """A rectangle with rounded corners; x, y is its upper left corner."""
    x1, y1 = x + w, y + h
    a = f"A{r:g} {r:g} 0 0 1 "
    return (
        f"M{x + r:g} {y:g}H{x1 - r:g}{a}{x1:g} {y + r:g}V{y1 - r:g}{a}{x1 - r:g} {y1:g}"
        f"H{x + r:g}{a}{x:g} {y1 - r:g}V{y + r:g}{a}{x + r:g} {y:g}Z"
    )


def polygon(n: int, r: float, *, turn: float = 0, inner: float | None = None) -> str:
    """A regular polygon, first corner up; with ``inner`` a star of n points. ``turn`` in degrees."""
    count = n if inner is None else 2 * n
    corners = []
    for i in range(count):
        radius = r if inner is None or i % 2 == 0 else inner
        angle = 2 * pi * i / count + turn * pi / 180
        corners.append(f"{radius * sin(angle):.2f} {-radius * cos(angle):.2f}")
    return "M" + "L".join(corners) + "Z"


def sector(r: float, azimuth: float, width: float) -> str:
    """A circular sector from the centre; degrees, azimuth clockwise from up."""
    a, b = ((azimuth + side * width / 2) * pi / 180 for side in (-1, 1))
    large = int(width > 180)
    return f"M0 0L{r * sin(a):.2f} {-r * cos(a):.2f}A{r:g} {r:g} 0 {large} 1 {r * sin(b):.2f} {-r * cos(b):.2f}Z"


def hatched(r: float, azimuth: float, width: float, gap: float = 6) -> str:
    """The 45° lines of a hatch inside such a sector, every ``gap`` px down."""
    turns = np.radians(azimuth + np.linspace(-width / 2, width / 2, 25))
    cone = shapely.Polygon([(0, 0), *zip(r * np.sin(turns), -r * np.cos(turns), strict=True)]).buffer(0)
    downs = gap * np.arange(np.ceil(-2 * r / gap), 2 * r / gap + 1e-9)
    lines = [((-r, -r + down), (r, r + down)) for down in downs]
    inside = shapely.get_parts(shapely.intersection(shapely.linestrings(lines), cone))
    ends = [shapely.get_coordinates(part) for part in inside if part.geom_type == "LineString" and not part.is_empty]
    return "".join(f"M{a:.2f} {b:.2f}L{c:.2f} {d:.2f}" for (a, b), *_, (c, d) in ends) or "M0 0"


def arc(r: float, share: float, x: float = 0, y: float = 0) -> str:
    """An open arc clockwise from 12 o'clock over that share of the circle."""
    share = min(max(share, 0.0), 0.9999)
    end = 2 * pi * share
    return f"M{x:g} {y - r:g}A{r:g} {r:g} 0 {int(share > 0.5)} 1 {x + r * sin(end):.2f} {y - r * cos(end):.2f}"


SHAPES: Mapping[str, str] = {
    "vessel": "M0 -9L5.5 7L0 4L-5.5 7Z",
    "vessel_lost": "M0 -13.5L8.25 10.5L0 6L-8.25 10.5Z",  # a 3 px stroke would fill the small one
    "pin": "M0 13L-5.2 5A6.5 6.5 0 1 1 5.2 5Z",
    "camera": rounded(-4.5, -4.5, 9, 9, 2),
    "camera_large": rounded(-6, -6, 12, 12, 2.5),
    "bus": circle(6.5),
    "bus_tick": "M0 -13L3 -8L-3 -8Z",
    "board": rounded(-8, -6, 16, 10, 1),
    "board_foot": "M0 4V8M-4 8H4",
    "cabinet": rounded(-3.5, -6, 7, 12, 1),
    "house": "M-7 7V-2L0 -8L7 -2V7Z",
    "hexagon": "M0 -7L6 -3.5V3.5L0 7L-6 3.5V-3.5Z",
    "shield": "M0 -8L6.5 -5.5V-0.5A9.5 9.5 0 0 1 0 8A9.5 9.5 0 0 1 -6.5 -0.5V-5.5Z",
    "plus": rounded(-7, -7, 14, 14, 2),
    "plus_sign": "M0 -4V4M-4 0H4",
    "pentagon": polygon(5, 7.5),
    "circle_dot": circle(6.5),
    "circle_dot_dot": circle(2),
    "dot": circle(3.5),
    "incident": "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
    "ward_count": rounded(-12, -9, 24, 18, 5),
    "aqi": rounded(-17, -11, 34, 22, 11),
    "aqi_wide": rounded(-20, -11, 40, 22, 11),
    "badge": rounded(-11, -6, 22, 12, 3),  # the badge of a legend; on the map its width follows its words
    "foot": circle(5),
    "road": "M-8 5L-2 -1L3 1L8 -5",
    "area": rounded(-8, -6, 16, 12, 2),
    "hatch": rounded(-8, -6, 16, 12, 1),
    "hatch_lines": "M-8 2L0 -6M-8 6L4 -6M-4 6L8 -6M0 6L8 -2",
    "network": "M-6 5L0 -5L6 5",
    "network_nodes": circle(2.4, -6, 5) + circle(2.4, 0, -5) + circle(2.4, 6, 5),
    "image": rounded(-8, -6, 16, 12, 1),
    "image_hill": "M-6 4L-2 -1L1 2L3 0L6 4Z",
    "feed": rounded(-5, -6, 10, 12, 1.5),
    "circle": circle(7.5),
    "triangle": "M0 -8L8.5 7L-8.5 7Z",
    "diamond": "M0 -9L9 0L0 9L-9 0Z",
    "octagon": polygon(8, 8.6, turn=22.5),
    "star12": polygon(12, 9.2, inner=7),
    "callout": circle(18),
    "letter": rounded(-13, -13, 26, 26, 5),
    "ring": circle(24),
    "over_line": circle(12),
    "brackets": "M-24 -15V-24H-15M15 -24H24V-15M24 15V24H15M-15 24H-24V15",
    "slash": "M-6 6L6 -6",
    "bars": "M-1.5 -2.5V2.5M1.5 -2.5V2.5",
    "notch": "M2 -7L7 -7L7 -2Z",
    "arrow_up": "M0 4V-4M-3 -1L0 -4L3 -1",
    "arrow_down": "M0 -4V4M-3 1L0 4L3 1",
    "arrow_flat": "M-4 0H4M1 -3L4 0L1 3",
}

TINT: Mapping[str, str] = {
    "vessel": palette.TINT["sea"],
    "camera": palette.TINT["infrastructure"],
    "badge": palette.TINT["environment"],
    "aqi": palette.LINE2,
    "board": palette.TINT["infrastructure"],
    "cabinet": palette.TINT["infrastructure"],
    "network": palette.TINT["infrastructure"],
    "image": palette.TINT["environment"],
    "road": palette.TRAFFIC["free"],
    "feed": palette.TEXT_OFF,
}
"""Mark to its kind tint when a row sends none; every other mark takes the tint of city and people."""

ANCHOR: Mapping[str, tuple[float, float]] = {"pin": (0, -13)}
"""Where the mark's centre lies from the true place, px: the tip of a pin stands on it."""

_TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+(?:e-?\d+)?")
_COUNT = {"M": 2, "L": 2, "H": 1, "V": 1, "A": 7, "Z": 0}


def tint(mark: str) -> str:
    return TINT.get(mark, palette.TINT["people"])


def commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """The commands of an absolute path string with their numbers. Raises KeyError for any other command."""
    tokens = _TOKEN.findall(path)
    i = 0
    while i < len(tokens):
        name = tokens[i]
        n = _COUNT[name]
        yield name, [float(t) for t in tokens[i + 1 : i + 1 + n]]
        i += 1 + n


def _elliptic(x0: float, y0: float, args: list[float]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Cubic curves of a circular arc from (x0, y0); SVG 1.1 appendix F.6.5 with equal radii."""
    r, _, _, large, sweep, x, y = args
    mx, my, dx, dy = (x0 + x) / 2, (y0 + y) / 2, (x - x0) / 2, (y - y0) / 2
    half = float(np.hypot(dx, dy)) or 1e-9
    r = max(r, half)
    reach = (r * r - half * half) ** 0.5 / half * (1 if bool(large) != bool(sweep) else -1)
    cx, cy = mx - dy * reach, my + dx * reach
    a, b = np.arctan2(y0 - cy, x0 - cx), np.arctan2(y - cy, x - cx)
    if sweep and b <= a:
        b += 2 * pi
    if not sweep and b >= a:
        b -= 2 * pi
    n = max(1, int(np.ceil(abs(b - a) / (pi / 2) - 1e-9)))
    steps = np.linspace(a, b, n + 1)
    k = 4 / 3 * np.tan((b - a) / n / 4)
    points = []
    for s, e in pairwise(steps):
        points += [
            (cx + r * (np.cos(s) - k * np.sin(s)), cy + r * (np.sin(s) + k * np.cos(s))),
            (cx + r * (np.cos(e) + k * np.sin(e)), cy + r * (np.sin(e) - k * np.cos(e))),
            (cx + r * np.cos(e), cy + r * np.sin(e)),
        ]
    return np.array(points), np.full(3 * n, Path.CURVE4, dtype=np.uint8)


@cache
def mpl_path(path: str) -> Path:
    """An absolute SVG path string as a matplotlib path, same units and axes."""
    vertices: list[NDArray[np.float64]] = []
    codes: list[NDArray[np.uint8]] = []
    x = y = sx = sy = 0.0
    for name, args in commands(path):
        if name == "A":
            points, kinds = _elliptic(x, y, args)
            x, y = args[5], args[6]
        elif name == "Z":
            points, kinds = np.array([(sx, sy)]), np.array([Path.CLOSEPOLY], dtype=np.uint8)
            x, y = sx, sy
        else:
            x = args[0] if name != "V" else x
            y = args[-1] if name != "H" else y
            if name == "M":
                sx, sy = x, y
            points = np.array([(x, y)])
            kinds = np.array([Path.MOVETO if name == "M" else Path.LINETO], dtype=np.uint8)
        vertices.append(points)
        codes.append(kinds)
    return Path(np.concatenate(vertices), np.concatenate(codes))
