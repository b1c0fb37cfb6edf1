"""The still map of a report or an export: the layers on show, the area's edge, the national inset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from app.text import Text
from layers import basemap, compose, elements, lettering, palette, words
from layers.agg import Canvas

if TYPE_CHECKING:
    import geopandas as gpd

    from app.pages.area_ask import Ask
    from geodata.areas import Area
    from geodata.store.reader import Reader
    from geodata.view import View
    from layers.base import Layer

INSET_SHARE = 0.20
"""Width of the inset as a share of the picture's height; it is 1 : 1.41."""

INSET_EDGE_PX, MARGIN_PX, GUTTER_PX = 2, 16, 8
EDGE_PX = 2.5
AREA_FILL = 0.08
LEFT, RIGHT = 0, 1
CHIP_PX, CHIP_PAD_PX = 13, 10


def drawn(ask: Ask, reader: Reader, view: View, area: Area | None) -> Image.Image:
    """The picture of a view at its clock with the layers asked for, RGB, width_px × height_px."""
    simulated: list[bool] = []

    def load(layer: Layer, at: View) -> gpd.GeoDataFrame:
        frame = ask.load(reader, layer, at)
        simulated.append("simulated" in frame and bool(frame["simulated"].fillna(False).astype(bool).any()))
        return frame

    picture = compose.still(
        reader,
        ["basemap", *ask.services()],
        view,
        city=ask.city.id,
        language=ask.language,
        load=load,
    )
    if area is not None:
        picture = outlined(picture, area, view)
    picture = told(picture, words.moment(ask.moment, ask.city.timezone), RIGHT)
    if any(simulated):
        picture = told(picture, Text(ask.language)("map.simulated"), LEFT)
    return with_inset(picture, view)


def told(picture: Image.Image, text: str, side: int) -> Image.Image:
    """The words in the upper corner of that side, for a picture goes where no page stands beside it."""
    width, height = picture.size
    wide = lettering.width(text, CHIP_PX, 700) + 2 * CHIP_PAD_PX
    x = float(MARGIN_PX if side == LEFT else width - MARGIN_PX - wide)
    chip = elements.of({"x": [x], "y": [height - 2.0 * MARGIN_PX], "mark": ["chip"], "text": [text], "dx": [0.0]})
    canvas = Canvas((0, 0, width, height), width, height, GUTTER_PX)
    compose.paint(canvas, chip, 1.0)
    over = Image.fromarray(np.ascontiguousarray(canvas.rgba()))
    return Image.alpha_composite(picture.convert("RGBA"), over).convert("RGB")


def shape(area: Area) -> elements.Areas:
    """The area as the page draws it: the colour of what a hand has made, no hatch, so it hides nothing."""
    return elements.areas([area.shape], palette.ACCENT, hatch=None, fill_alpha=AREA_FILL, line_width=EDGE_PX)


def outlined(picture: Image.Image, area: Area, view: View) -> Image.Image:
    """The area over the picture."""
    canvas = Canvas(view.bounds.mercator, view.width_px, view.height_px, GUTTER_PX)
    compose.paint(canvas, shape(area), 1.0)
    over = Image.fromarray(np.ascontiguousarray(canvas.rgba()))
    return Image.alpha_composite(picture.convert("RGBA"), over).convert("RGB")


def with_inset(picture: Image.Image, view: View) -> Image.Image:
    """The country with Hoàng Sa and Trường Sa at the lower left, as every print has it."""
    width = round(picture.height * INSET_SHARE)
    size = (width, round(width * 562 / 398))
    small = Image.fromarray(basemap.inset("desk", size, view=view.bounds).rgb)
    framed = Image.new("RGB", (size[0] + 2 * INSET_EDGE_PX, size[1] + 2 * INSET_EDGE_PX), palette.LINE2)
    framed.paste(small, (INSET_EDGE_PX, INSET_EDGE_PX))
    out = picture.copy()
    out.paste(framed, (MARGIN_PX, picture.height - framed.height - MARGIN_PX))
    return out
