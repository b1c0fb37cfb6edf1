"""What lies over what in a picture of several layers (look.md 3.7): areas under every mark, the abnormal on top.

A layer's ``z_order`` counts inside a band: first all ground, then marks that are as usual, then those of level 2, then
those of level 3 and more; so no hatch lies on a number, and no quiet square on an urgent diamond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
from holoviews.core.options import Store
from numpy.typing import NDArray

from layers.elements import Marks, columns

GROUND, QUIET, RAISED, URGENT, OVER = range(5)
"""The bands from below; ``OVER`` is the page's own: selection, call-outs, names."""

OVER_Z = 900
"""From this z_order on a thing is not the layers' but the page's."""

WORDS = frozenset({"label", "chip", "callout", "letter"})
"""Marks that are words: they lie as high as what they name can lie."""


def flat(element: Any) -> Iterator[Any]:
    """The elements of an overlay, from below; a single element is its own."""
    if isinstance(element, hv.Overlay | hv.NdOverlay):
        for part in element:
            yield from flat(part)
    else:
        yield element


def style_of(element: Any) -> dict[str, Any]:
    """The element's style options as ``.opts`` set them."""
    return dict(Store.lookup_options("bokeh", element, "style").kwargs)


def bands(data: Mapping[str, NDArray[Any]]) -> NDArray[np.int_]:
    """The band of every row of the columns of marks."""
    levels = pd.to_numeric(pd.Series(data["level"]), errors="coerce").fillna(0) if "level" in data else None
    level = np.zeros(len(data["x"])) if levels is None else levels.to_numpy(float)
    out = np.select([level >= 3, level >= 2], [URGENT, RAISED], QUIET)
    if "mark" in data:
        out[pd.Series(data["mark"], dtype=object).isin(WORDS).to_numpy()] = URGENT
    return out


def parted(element: Any, z_order: float) -> Iterator[tuple[int, Any]]:
    """The parts of one element by band; marks of several levels come apart, anything else stays whole."""
    if z_order >= OVER_Z:
        yield OVER, element
    elif not isinstance(element, Marks):
        yield GROUND, element
    elif not len(element):
        yield QUIET, element
    else:
        data, style = columns(element), style_of(element)
        band = bands(data)
        found = np.unique(band)
        for one in found.tolist():
            if len(found) == 1:
                yield one, element
            else:
                names = [name for name in data if name not in {"x", "y"}]
                part = Marks({name: values[band == one] for name, values in data.items()}, ["x", "y"], names)
                yield one, part.opts(backend="bokeh", **style)


def stacked(drawn: Iterable[tuple[float, Any]]) -> list[Any]:
    """The elements of all layers, given as (z_order, element or overlay), in the order to draw them from below."""
    found = [
        (band, z_order, part)
        for z_order, element in drawn
        for whole in flat(element)
        for band, part in parted(whole, z_order)
    ]
    return [part for *_, part in sorted(found, key=lambda one: one[:2])]
