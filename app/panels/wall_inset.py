"""The whole country in a corner of the wall, with Hoàng Sa and Trường Sa, and where the big map lies."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.panels.block import Block
from geodata.view import Bounds
from layers import basemap

if TYPE_CHECKING:
    from app.text import Text

SIZE_PX = (398, 562)
"""Width and height of the picture as it stands on a wall 2160 px high."""


class WallInset(Block):
    """``data``: picture (data URI), ratio, words (what it shows, for who cannot see it)."""


@lru_cache(maxsize=16)
def picture(bounds: Bounds) -> str:
    """The inset as a data URI, ``bounds`` boxed in white: the same for every screen that shows the scene."""
    png = basemap.png(basemap.inset("wall", SIZE_PX, view=bounds).rgb)
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def content(bounds: Bounds, text: Text) -> dict[str, Any]:
    """The inset of a scene with those bounds."""
    names = ", ".join(text(f"wall.{name}") for name in ("paracel", "spratly"))
    return {"picture": picture(bounds), "ratio": SIZE_PX[0] / SIZE_PX[1], "words": names}
