"""The whole country in a corner of the wall, with Hoàng Sa and Trường Sa, and where the big map lies."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from app.panels.block import Block
from geodata.view import Bounds, mercator
from layers import basemap

if TYPE_CHECKING:
    from app.text import Text

COUNTRY = Bounds(101.2, 6.6, 118.2, 24.0)
"""Mainland, Hoàng Sa (Paracels, 16.5° N 112° E) and Trường Sa (Spratlys, to 6.8° N 117.8° E) whole."""

WIDTH_PX = 400
NAMES = {"paracel": (112.2, 16.5), "spratly": (114.2, 9.8)}


class WallInset(Block):
    """``data``: picture (data URI), ratio, box {x, y, w, h} in shares of the picture, names [{text, x, y}], note."""


def height_px() -> int:
    x0, y0, x1, y1 = COUNTRY.mercator
    return round(WIDTH_PX * (y1 - y0) / (x1 - x0))


@cache
def picture(city: str) -> str:
    """The basemap of the country as a data URI: the same for all walls of a city."""
    png = basemap.png(basemap.picture(COUNTRY, WIDTH_PX, height_px(), 1.4, city=city))
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def share(lon: float, lat: float) -> tuple[float, float]:
    """Place in the inset, 0–1 from its upper left corner."""
    x0, y0, x1, y1 = COUNTRY.mercator
    x, y = mercator(lon, lat)
    return (x - x0) / (x1 - x0), (y1 - y) / (y1 - y0)


def content(bounds: Bounds, city: str, text: Text) -> dict[str, Any]:
    """The inset of a scene with those bounds."""
    left, top = share(bounds.west, bounds.north)
    right, bottom = share(bounds.east, bounds.south)
    names = []
    for key, (lon, lat) in NAMES.items():
        x, y = share(lon, lat)
        names.append({"text": text(f"wall.{key}"), "x": x, "y": y})
    return {
        "picture": picture(city),
        "ratio": WIDTH_PX / height_px(),
        "box": {"x": left, "y": top, "w": right - left, "h": bottom - top},
        "names": names,
        "note": text("wall.approximate"),
    }
